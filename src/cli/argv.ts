/**
 * Argv: the walker that reads it by the flags' rows. The values are raw text: a parser that guesses types makes 00123 a
 * number and `--flag=false` a truthy text. The rules and the words of errors are argparse's, which the replaced tool
 * used, held to what it said (test/vectors/argparse.json). Pure.
 */
import { type Flag, type FlagName, flags } from "./flags.ts";
import * as values from "./values.ts";
import { UsageError } from "./values.ts";

/** A flag as it was given, under its whole name. */
export interface GivenFlag {
  /** With dashes, as in `--host`. */
  readonly flag: string;
  /** Its value as typed; undefined where it takes none. */
  readonly raw: string | undefined;
  /** Whether its value names a file. */
  readonly isPath: boolean;
}

/** The flags of a command line in order, each by itself right; whether they go together is `parseFlags`'s. @throws UsageError */
export function givenFlags(argv: readonly string[]): readonly GivenFlag[] {
  return [...walk(argv)].map(({ name, raw }) => {
    const { read }: Flag = flags[name];
    return { flag: `--${name}`, raw, isPath: read === values.path };
  });
}

/**
 * The replaced tool's flags, in its order. What is a prefix of one of them alone means that one, whatever flags we add:
 * a host's configuration that worked with `--key 9000` goes on to work.
 */
const referenceFlags: readonly string[] = [
  "help",
  "host",
  "port",
  "username",
  "client-key",
  "known-hosts",
  "disable-host-key-checking",
  "use-key-server",
  "key-server-port",
  "passphrase",
  "log-level",
];

/** One flag, read: `value` is what its raw text became, true where it takes none. */
export interface ReadFlag {
  readonly name: FlagName;
  readonly raw: string | undefined;
  readonly value: unknown;
}

/** The flags in order; ends at the first one that is wrong. @throws UsageError */
export function* walk(argv: readonly string[]): Generator<ReadFlag> {
  const args = classify(argv);
  const all = [...args];
  let before: FlagName | undefined;
  for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
    if (arg.flag === undefined)
      throw new UsageError(`unrecognized arguments: ${shown(arg.raw)}${hint(arg, before, all)}`);
    const name = arg.flag;
    before = name;
    const { read }: Flag = flags[name];
    if (read === undefined) {
      yield { name, raw: undefined, value: refuseValue(name, arg.inline) };
    } else {
      const raw = rawValue(name, arg.inline, args);
      yield { name, raw, value: readValue(name, read, raw) };
    }
  }
}

/** One argument as argparse classes it, before any value is taken. */
interface Arg {
  readonly raw: string;
  /** Undefined where it names no flag that we have. */
  readonly flag: FlagName | undefined;
  /** What follows the first `=`; undefined without one. */
  readonly inline: string | undefined;
  /** Whether it may be the value of the flag before it. */
  readonly isValue: boolean;
}

/** All arguments, each by itself but for those behind a `--`, which are no flags. @throws UsageError for a prefix of several */
function classify(argv: readonly string[]): Arg[] {
  const end = argv.indexOf("--");
  return argv.map((raw, index) => {
    if (end < 0 || index < end) return classOf(raw);
    return { raw, flag: undefined, inline: undefined, isValue: index > end };
  });
}

/** The order of the questions is argparse's. */
function classOf(raw: string): Arg {
  const other = { raw, flag: undefined, inline: undefined };
  if (!raw.startsWith("-") || raw === "-") return { ...other, isValue: true };
  if (/^-h./s.test(raw)) return { raw, flag: "help", inline: raw.slice(2).replace(/^=/, ""), isValue: false };
  const [, typed = "", inline] = raw === "-h" ? ["", "help"] : (/^--([^=]*)(?:=(.*))?$/s.exec(raw) ?? []);
  const flag = typed === "" ? undefined : flagOf(typed);
  if (flag !== undefined) return { raw, flag, inline, isValue: false };
  // a negative number is a value, and so is what holds a space: a passphrase of several words may begin with a dash
  return { ...other, isValue: /^-(\d+|\d*\.\d+)$/.test(raw) || raw.includes(" ") };
}

/** The flag of that name or, if there is none, the only one that begins so. */
function flagOf(typed: string): FlagName | undefined {
  const names = Object.keys(flags);
  const begun = (all: readonly string[]): readonly string[] => all.filter((name) => name.startsWith(typed));
  const candidates = [
    [...names, ...referenceFlags].filter((name) => name === typed),
    begun(referenceFlags),
    begun(names),
  ];
  const [name, ...others] = candidates.find(({ length }) => length > 0) ?? [];
  // what follows the `=` may be a secret: unlike argparse, we do not repeat it
  if (name !== undefined && others.some((other) => other !== name)) {
    const could = [name, ...others].map((candidate) => `--${candidate}`).join(", ");
    throw new UsageError(`ambiguous option: --${typed} could match ${could}`);
  }
  return name as FlagName | undefined;
}

/** What may have been meant by an argument behind that flag that we do not know. */
function hint({ raw }: Arg, before: FlagName | undefined, all: readonly Arg[]): string {
  if (before === "command" && !raw.startsWith("--")) return " (the command is one argument: put all of it in quotes)";
  const [, user, host] = /^(?:([\w.-]+)@)?([A-Za-z0-9][\w.-]{0,80})$/.exec(raw) ?? [];
  const isSwitch = before !== undefined && (flags[before] as Flag).read === undefined;
  if (host === undefined || isSwitch || all.some(({ flag }) => flag === "host")) return "";
  return ` (did you mean ${user === undefined ? "" : `--username ${user} `}--host ${host}?)`;
}

/** The flag's raw value: from the argument itself, or the next one, which `args` loses then. */
function rawValue(name: FlagName, inline: string | undefined, args: Arg[]): string {
  const raw = inline ?? (args[0]?.isValue ? args.shift()?.raw : undefined);
  if (raw !== undefined) return raw;
  throw new UsageError(`argument --${name}: expected one argument (one that begins with - goes in --${name}=VALUE)`);
}

function readValue(name: FlagName, read: values.Reader<unknown>, raw: string): unknown {
  try {
    return read(raw);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`argument --${name}: ${error.message}`);
    throw error;
  }
}

function refuseValue(name: FlagName, inline: string | undefined): true {
  if (inline === undefined) return true;
  const spelled = name === "help" ? "-h/--help" : `--${name}`;
  throw new UsageError(`argument ${spelled}: ignored explicit argument ${values.quote(inline)}`);
}

/** An argument that we do not know. What follows its `=` may be a secret. */
function shown(raw: string): string {
  return values.quote(/^--[^=]+/.exec(raw)?.[0] ?? raw);
}
