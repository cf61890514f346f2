/**
 * Subcommands: what else the command does when its first argument names one of these. Each has a room of its own, loaded
 * only then, so that a host's start pays for none. They carry no MCP: stdout is theirs.
 */
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./values.ts";

/** A subcommand's room. */
export interface SubcommandRoom {
  /** All of `--help`, with what follows `usage: `. */
  readonly help: (program: string) => string;
  /** Resolves to the exit code. @throws UsageError */
  readonly run: (argv: readonly string[], terminal: Terminal) => Promise<number>;
}

const subcommands = {
  doctor: {
    about: "walk the way to the remote's tools, and say where it ends and why",
    load: () => import("./doctor.ts"),
  },
  keygen: {
    about: "make the key to log in with, and say what the server must know",
    load: () => import("./keygen.ts"),
  },
  trust: {
    about: "show a server's host keys, ask, and write them to known_hosts",
    load: () => import("./trust-host.ts"),
  },
  config: {
    about: "print the entry that makes an app start us with these flags",
    load: () => import("./config.ts"),
  },
} as const satisfies Readonly<Record<string, { readonly about: string; readonly load: () => Promise<SubcommandRoom> }>>;

type SubcommandName = keyof typeof subcommands;

/** All of them, in the order of help. */
export const subcommandRows: readonly { readonly name: string; readonly about: string }[] = Object.entries(
  subcommands,
).map(([name, { about }]) => ({ name, about }));

/** The subcommand that the first argument names, whole; undefined where the arguments are the proxy's. */
export function subcommandOf([first = ""]: readonly string[]): SubcommandName | undefined {
  return Object.hasOwn(subcommands, first) ? (first as SubcommandName) : undefined;
}

/** Runs it with the arguments behind its name. Resolves to the exit code: 2 for wrong usage, which it has told. */
export async function runSubcommand(
  name: SubcommandName,
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { help, run } = await subcommands[name].load();
  const text = help(terminal.program);
  try {
    if (argv.includes("--help") || argv.includes("-h")) {
      await terminal.out(`${text}\n`);
      return 0;
    }
    return await run(argv, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [usage = ""] = text.split("\n\n");
    terminal.err(`${usage}\n${terminal.program} ${name}: error: ${error.message}`);
    return 2;
  }
}
