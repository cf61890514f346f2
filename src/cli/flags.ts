/**
 * Flags: the one declaration of each, and the walker that reads argv by it. Help, the usage line and the README's table
 * come from the same rows. The values are raw text: a parser that guesses types makes 00123 a number and `--flag=false`
 * a truthy text. The rules and the words of errors are argparse's, which the replaced tool used, held to what it said
 * (test/vectors/argparse.json). Pure.
 */
import type { ReferenceServerMode } from "../mcp/reference-server.ts";
import type { HostConfig } from "../node/host-config.ts";
import type { HostKeyPin } from "../node/host-key-pin.ts";
import type { JumpSpec } from "../node/jump-spec.ts";
import type { LogLevel } from "../node/log.ts";
import { logLevels } from "../node/log.ts";
import type { CryptoChoice } from "../node/platform.ts";
import type { Offer } from "../ssh/algorithms/offer.ts";
import type { SessionRequest } from "../ssh/connection.ts";
import * as values from "./values.ts";
import { UsageError } from "./values.ts";

/** A flag as help and the README show it. */
export interface FlagRow {
  /** With dashes, as in `--host`. */
  readonly flag: string;
  /** The placeholder of its value; undefined where it takes none. */
  readonly value: string | undefined;
  readonly about: string;
  readonly initial: string | undefined;
  /** Flags of one group exclude each other. */
  readonly group: string | undefined;
}

/** What the command line asks for. Times in milliseconds, sizes in bytes; paths as typed. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Never empty. */
  readonly clientKeys: readonly string[];
  /** Whether they are no default. */
  readonly isClientKeyGiven: boolean;
  /** The path of its socket, `none`, or `SSH_AUTH_SOCK`; undefined where not given. */
  readonly agent: string | undefined;
  /** A secret: it goes into no message. */
  readonly passphrase: string | undefined;
  readonly passphraseFile: string | undefined;
  /** Undefined where not given: then ssh's own files count. */
  readonly knownHosts: string | undefined;
  readonly isHostKeyChecked: boolean;
  /** Where there are any, no other key is trusted. */
  readonly hostKeyPins: readonly HostKeyPin[];
  /** Whether the key of a host that has none yet is added to known_hosts. */
  readonly acceptNew: boolean;
  /** Whether known_hosts follows the keys that the host lists and proves. */
  readonly updateHostKeys: boolean;
  /** Undefined where no key server is to be asked. */
  readonly keyServer: KeyServerSettings | undefined;
  readonly logLevel: LogLevel;
  readonly request: SessionRequest;
  readonly env: readonly values.EnvEntry[];
  readonly allowChachaWithoutStrictKex: boolean;
  readonly crypto: CryptoChoice;
  /** What is offered of the algorithms; which names there are is known once they are loaded. */
  readonly offer: Offer;
  /** The same from ssh's configuration, where no flag says otherwise; it may name what we do not have. */
  readonly configuredOffer: Offer;
  readonly connectTimeout: number;
  readonly authTimeout: number;
  readonly channelTimeout: number;
  readonly firstReplyTimeout: number;
  readonly probeTimeout: number;
  readonly referenceServer: ReferenceServerMode;
  readonly drainTimeout: number;
  /** Whether a link that is lost is dialled again. */
  readonly isReconnecting: boolean;
  readonly reconnectWait: number;
  readonly reconnectQueue: number;
  readonly keepaliveInterval: number;
  readonly keepaliveCount: number;
  readonly rekeyBytes: number;
  readonly rekeyInterval: number;
  readonly maxLine: number;
  /** What to warn of before anything is done, a line each. */
  readonly warnings: readonly string[];
  /** The file of ssh's configuration, `none`; undefined where not given: then ssh's own files count. */
  readonly sshConfig: string | undefined;
  /** The jump hosts, in order; undefined where not given. */
  readonly proxyJump: readonly JumpSpec[] | undefined;
  /** The flags that were given, without dashes: what stands in the others is their default. Of a jump host what its name came with. */
  readonly given: ReadonlySet<string>;
  /** Whether ssh's defaults count and not the replaced tool's: with a command or a subsystem, and for jump hosts. */
  readonly isSshLike: boolean;
  /** Whether these are the settings of a server on the way. */
  readonly isJump: boolean;
  /** The port that ssh's configuration has and that does not count, since the replaced tool's default does. */
  readonly passedOverPort?: number | undefined;
  /** What ssh's configuration says of this server; undefined where none is read. */
  readonly config: HostConfig | undefined;
}

/** Where the key server is, besides port 443 of the same host. */
export interface KeyServerSettings {
  /** Of plain HTTP. */
  readonly port: number;
  /** Whether plain HTTP is forbidden. */
  readonly isHttpsOnly: boolean;
}

interface Flag {
  readonly value?: string;
  readonly about: string;
  /** The default, as one would type it. */
  readonly initial?: string;
  /** Flags of one group exclude each other, and stand together in the usage line. */
  readonly group?: "trust" | "request" | "passphrase";
  /** Other flags that it cannot stand beside. */
  readonly excludes?: readonly string[];
  /** Absent where the flag takes no value. */
  readonly read?: values.Reader<unknown>;
}

const hour = 3600;
const mebibyte = 2 ** 20;

const flags = {
  help: { about: "show this help and exit" },
  version: { about: "show the version and exit" },
  host: { value: "HOST", about: "the SSH server's name or address", initial: "localhost", read: values.host },
  port: {
    value: "PORT",
    about: "its port; 22 with --command or --subsystem",
    initial: "8022",
    read: values.port,
  },
  username: {
    value: "NAME",
    about: "the user there; the local user with --command or --subsystem",
    initial: "mcp",
    read: values.username,
  },
  "client-key": {
    value: "FILE",
    about: "the key to log in with: a private key, or a public key that an agent signs for (repeatable)",
    initial: "~/.ssh/m2m_mcp_server_ssh_client",
    read: values.path,
  },
  passphrase: {
    value: "TEXT",
    about: "the passphrase of the key; others on this machine can see it: better is MCP_SSH_PASSPHRASE, or a file",
    group: "passphrase",
    read: values.passphrase,
  },
  "passphrase-file": {
    value: "FILE",
    about: "the file whose first line is the passphrase of the key",
    group: "passphrase",
    read: values.path,
  },
  agent: {
    value: "SOCKET",
    about: "the agent to ask, or none; with --command or --subsystem that of SSH_AUTH_SOCK is asked unless given",
    read: values.path,
  },
  "known-hosts": {
    value: "FILE",
    about: "the host keys to trust; unless given, known_hosts2 and /etc/ssh count too",
    initial: "~/.ssh/known_hosts",
    group: "trust",
    read: values.path,
  },
  "disable-host-key-checking": {
    about: "trust any server: whoever sits on the network path can read and change everything",
    group: "trust",
  },
  "host-key": {
    value: "KEY",
    about: "trust this host key alone, no file needed: SHA256:... or 'ssh-ed25519 AAAA...' (repeatable)",
    excludes: ["disable-host-key-checking"],
    read: values.hostKeyPin,
  },
  "accept-new": {
    about: "add the key of a host that is not known yet to known_hosts; a changed key is still refused",
    excludes: ["disable-host-key-checking", "use-key-server", "host-key"],
  },
  "update-host-keys": {
    about: "add other keys that the host proves to hold to known_hosts, remove those that it has no more",
    excludes: ["disable-host-key-checking", "host-key"],
  },
  "use-key-server": {
    about: "ask the server's key server for its host key, and register our key there",
    group: "trust",
  },
  "key-server-port": {
    value: "PORT",
    about: "the key server's port for plain HTTP, which is asked where https on port 443 does not answer",
    initial: "8000",
    read: values.port,
  },
  "key-server-https": {
    about: "never ask the key server over plain HTTP",
  },
  "log-level": { value: "LEVEL", about: logLevels.join(", "), initial: "INFO", read: values.choice(logLevels) },
  command: {
    value: "CMD",
    about: "run this command there, not the login shell",
    group: "request",
    read: values.command,
  },
  subsystem: {
    value: "NAME",
    about: "start this subsystem there, not the login shell",
    group: "request",
    read: values.subsystem,
  },
  "ssh-config": {
    value: "FILE",
    about: "ssh's configuration, or none; unless given, ~/.ssh/config and /etc/ssh/ssh_config count",
    read: values.path,
  },
  "proxy-jump": {
    value: "HOSTS",
    about: "go through these SSH servers, or none: [user@]host[:port], with commas between",
    read: values.proxyJump,
  },
  env: {
    value: "NAME[=VALUE]",
    about: "set a variable there, from here if no value is given (repeatable; the server's AcceptEnv must allow it)",
    read: values.env,
  },
  "allow-chacha-without-strict-kex": {
    about: "use chacha20-poly1305 with a server that lacks strict key exchange (open to Terrapin, CVE-2023-48795)",
  },
  crypto: {
    value: "auto|noble|wasm",
    about:
      "what encrypts: the best there is, JavaScript alone, or chacha20-poly1305 in WebAssembly and nothing without it",
    initial: "auto",
    read: values.choice(["auto", "noble", "wasm"]),
  },
  kex: {
    value: "LIST",
    about: "key exchange methods to offer, as ssh has them: a,b or ^a (first) or -a (not these; * and ? match)",
    read: values.algorithms,
  },
  "host-key-algorithms": {
    value: "LIST",
    about: "host key algorithms to offer, likewise; what known_hosts has of the host goes first",
    read: values.algorithms,
  },
  ciphers: { value: "LIST", about: "ciphers to offer, likewise", read: values.algorithms },
  macs: { value: "LIST", about: "MACs to offer, likewise: for the ciphers that need one", read: values.algorithms },
  "list-algorithms": { about: "show what is offered to a server, most wanted first, and exit" },
  "connect-timeout": {
    value: "SECONDS",
    about: "for the TCP connection, and again for the key exchange",
    initial: "15",
    read: values.seconds(hour),
  },
  "auth-timeout": { value: "SECONDS", about: "for authentication", initial: "20", read: values.seconds(hour) },
  "channel-timeout": {
    value: "SECONDS",
    about: "for the server to start the command",
    initial: "15",
    read: values.seconds(hour),
  },
  "first-reply-timeout": {
    value: "SECONDS",
    about: "for the remote's first MCP reply",
    initial: "45",
    read: values.seconds(hour),
  },
  "probe-timeout": {
    value: "SECONDS",
    about: "for its answer to server/discover; then we say that it has none, and initialize gets a new session",
    initial: "8",
    read: values.seconds(hour),
  },
  "reference-server": {
    value: "auto|on|off",
    about: "whether the remote is m2m-mcp-server-ssh-server, which is mute for ever after one wrong request",
    initial: "auto",
    read: values.choice(["auto", "on", "off"]),
  },
  "drain-timeout": {
    value: "SECONDS",
    about: "for answers that are still owed when the host closes our stdin",
    initial: "30",
    read: values.seconds(hour),
  },
  "no-reconnect": {
    about: "end when the link is lost; unless given, it is dialled again, and the session goes on",
  },
  "reconnect-wait": {
    value: "SECONDS",
    about: "while the link is lost: how long a request waits for another one",
    initial: "30",
    read: values.seconds(hour),
  },
  "reconnect-queue": {
    value: "N",
    about: "while the link is lost: how many requests wait, in 16 MiB at most",
    initial: "256",
    read: values.integer(0, 10_000),
  },
  "keepalive-interval": {
    value: "SECONDS",
    about: "silence after which the server is asked for a sign of life",
    initial: "15",
    read: values.seconds(hour),
  },
  "keepalive-count": {
    value: "N",
    about: "intervals of silence after which the link counts as dead",
    initial: "3",
    read: values.integer(1, 100),
  },
  "rekey-bytes": {
    value: "BYTES",
    about: "traffic after which fresh keys are exchanged",
    initial: String(1024 * mebibyte),
    read: values.integer(16 * 1024, 64 * 1024 * mebibyte),
  },
  "rekey-interval": {
    value: "SECONDS",
    about: "time after which fresh keys are exchanged",
    initial: String(hour),
    read: values.seconds(24 * hour),
  },
  "max-line": {
    value: "BYTES",
    about: "the longest line taken from the remote (10485760 for hosts whose SDK buffers no more)",
    initial: String(64 * mebibyte),
    read: values.integer(1024, 1024 * mebibyte),
  },
} as const satisfies Readonly<Record<string, Flag>>;

type FlagName = keyof typeof flags;
type Value<K extends FlagName> = (typeof flags)[K] extends { readonly read: values.Reader<infer T> } ? T : true;
type HasInitial = { [K in FlagName]: (typeof flags)[K] extends { readonly initial: string } ? K : never }[FlagName];

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

/** All flags, in the order of help. */
export const flagRows: readonly FlagRow[] = Object.entries(flags as Readonly<Record<string, Flag>>).map(
  ([name, { value, about, initial, group }]) => ({ flag: `--${name}`, value, about, initial, group }),
);

/** What is to be shown of the algorithms, and nothing else done. */
export interface Listing {
  readonly lists: Offer;
  readonly crypto: CryptoChoice;
}

/**
 * Reads the arguments (without node and script). `localUser` gives the local user's name, if it is needed.
 * @throws UsageError for what cannot be meant.
 */
export function parseFlags(argv: readonly string[], localUser: () => string): Settings | Listing | "help" | "version" {
  const given = new Given();
  for (const { name, value } of walk(argv)) {
    if (name === "help" || name === "version") return name;
    given.add(name, value);
  }
  if (given.has("list-algorithms")) return { lists: offer(given), crypto: given.lastOrInitial("crypto") };
  return settings(given, localUser);
}

/** Reads a subcommand's arguments. `why`: what to say of a flag that is not for it. @throws UsageError */
export function parseSettings(argv: readonly string[], localUser: () => string, why: string): Settings {
  const asked = parseFlags(argv, localUser);
  if (typeof asked === "string") throw new UsageError(`argument --${asked}: ${why}`);
  if ("lists" in asked) throw new UsageError(`argument --list-algorithms: ${why}`);
  return asked;
}

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

/** The usage line of argparse, folded to 80 columns: flags that exclude each other stand together. */
export function usage(program: string): string {
  const lead = `usage: ${program}`;
  const lines = [lead];
  for (const rows of grouped(flagRows)) {
    const words = rows.map(({ flag, value }) =>
      flag === "--help" ? "-h" : value === undefined ? flag : `${flag} ${value}`,
    );
    const word = ` [${words.join(" | ")}]`;
    const last = lines.pop() ?? "";
    if (last.length + word.length <= 80) lines.push(last + word);
    else lines.push(last, " ".repeat(lead.length) + word);
  }
  return lines.join("\n");
}

/** The rows in order, each group where its first row stands. */
function grouped(rows: readonly FlagRow[]): readonly (readonly FlagRow[])[] {
  return rows.flatMap((row) => {
    if (row.group === undefined) return [[row]];
    const members = rows.filter(({ group }) => group === row.group);
    return members[0] === row ? [members] : [];
  });
}

/** What was given, each flag's values in order. */
class Given {
  readonly #values = new Map<FlagName, unknown[]>();

  add(name: FlagName, value: unknown): void {
    for (const other of this.#values.keys()) {
      if (isExcluded(name, other)) throw new UsageError(`argument --${name}: not allowed with argument --${other}`);
    }
    this.#values.set(name, [...this.all(name), value]);
  }

  all<K extends FlagName>(name: K): readonly Value<K>[] {
    return (this.#values.get(name) ?? []) as Value<K>[];
  }

  names(): ReadonlySet<string> {
    return new Set(this.#values.keys());
  }

  has(name: FlagName): boolean {
    return this.#values.has(name);
  }

  /** The last one counts. */
  last<K extends FlagName>(name: K): Value<K> | undefined {
    return this.all(name).at(-1);
  }

  lastOrInitial<K extends HasInitial>(name: K): Value<K> {
    return this.last(name) ?? (flags[name].read(flags[name].initial) as Value<K>);
  }
}

function isExcluded(name: FlagName, other: FlagName): boolean {
  const row: Flag = flags[name];
  const otherRow: Flag = flags[other];
  if (row.excludes?.includes(other) || otherRow.excludes?.includes(name)) return true;
  return name !== other && row.group !== undefined && row.group === otherRow.group;
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

/** One flag, read: `value` is what its raw text became, true where it takes none. */
interface ReadFlag {
  readonly name: FlagName;
  readonly raw: string | undefined;
  readonly value: unknown;
}

/** The flags in order; ends at the first one that is wrong. @throws UsageError */
function* walk(argv: readonly string[]): Generator<ReadFlag> {
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

function offer(given: Given): Offer {
  return {
    kex: given.last("kex"),
    hostKeys: given.last("host-key-algorithms"),
    ciphers: given.last("ciphers"),
    macs: given.last("macs"),
  };
}

function settings(given: Given, localUser: () => string): Settings {
  const exec = given.last("command");
  const subsystem = given.last("subsystem");
  const isSshLike = exec !== undefined || subsystem !== undefined;
  return {
    host: given.lastOrInitial("host"),
    port: isSshLike ? (given.last("port") ?? 22) : given.lastOrInitial("port"),
    username: isSshLike ? (given.last("username") ?? localUser()) : given.lastOrInitial("username"),
    clientKeys: given.has("client-key") ? given.all("client-key") : [given.lastOrInitial("client-key")],
    isClientKeyGiven: given.has("client-key"),
    passphrase: given.last("passphrase"),
    passphraseFile: given.last("passphrase-file"),
    agent: given.last("agent"),
    knownHosts: given.last("known-hosts"),
    isHostKeyChecked: !given.has("disable-host-key-checking"),
    hostKeyPins: given.all("host-key"),
    acceptNew: given.has("accept-new"),
    updateHostKeys: given.has("update-host-keys"),
    keyServer: keyServerOf(given),
    logLevel: given.lastOrInitial("log-level"),
    request: exec !== undefined ? { exec } : subsystem !== undefined ? { subsystem } : { shell: true },
    env: given.all("env"),
    allowChachaWithoutStrictKex: given.has("allow-chacha-without-strict-kex"),
    crypto: given.lastOrInitial("crypto"),
    offer: offer(given),
    configuredOffer: {},
    connectTimeout: given.lastOrInitial("connect-timeout"),
    authTimeout: given.lastOrInitial("auth-timeout"),
    channelTimeout: given.lastOrInitial("channel-timeout"),
    firstReplyTimeout: given.lastOrInitial("first-reply-timeout"),
    probeTimeout: given.lastOrInitial("probe-timeout"),
    referenceServer: given.lastOrInitial("reference-server"),
    drainTimeout: given.lastOrInitial("drain-timeout"),
    isReconnecting: !given.has("no-reconnect"),
    reconnectWait: given.lastOrInitial("reconnect-wait"),
    reconnectQueue: given.lastOrInitial("reconnect-queue"),
    keepaliveInterval: given.lastOrInitial("keepalive-interval"),
    keepaliveCount: given.lastOrInitial("keepalive-count"),
    rekeyBytes: given.lastOrInitial("rekey-bytes"),
    rekeyInterval: given.lastOrInitial("rekey-interval"),
    maxLine: given.lastOrInitial("max-line"),
    warnings: warningsOf(given),
    sshConfig: given.last("ssh-config"),
    proxyJump: given.last("proxy-jump"),
    given: given.names(),
    isSshLike,
    isJump: false,
    config: undefined,
  };
}

function keyServerOf(given: Given): KeyServerSettings | undefined {
  if (!given.has("use-key-server")) return undefined;
  return { port: given.lastOrInitial("key-server-port"), isHttpsOnly: given.has("key-server-https") };
}

function warningsOf(given: Given): readonly string[] {
  const warnings: string[] = [];
  if (given.has("disable-host-key-checking")) {
    warnings.push("Host key checking is disabled: whoever sits on the network path can read and change everything");
  }
  if (given.last("passphrase")) {
    warnings.push(
      "--passphrase can be seen by others on this machine, in its list of processes: MCP_SSH_PASSPHRASE and --passphrase-file cannot",
    );
  }
  if (given.has("use-key-server")) return warnings;
  if (given.has("key-server-port")) {
    warnings.push("--key-server-port specified but --use-key-server not enabled. Key server port will be ignored.");
  }
  if (given.has("key-server-https")) {
    warnings.push("--key-server-https specified but --use-key-server not enabled. It will be ignored.");
  }
  return warnings;
}
