/** The command line of `npm run test:interop`. */
import { parseArgs } from "node:util";

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  readonly local: boolean;
  /** Names of targets; all unless given. */
  readonly only: readonly string[];
  /** Words of a case's id or sentence, one of which must be in it; all cases unless given. */
  readonly cases: readonly string[];
  /** Somebody's own server. */
  readonly own?: OwnServer;
  readonly junit?: string;
  readonly json?: string;
  readonly results?: string;
}

export interface OwnServer {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly clientKey: string;
  readonly passphrase?: string;
  readonly knownHosts?: string;
  readonly mcpCommand?: string;
  readonly allowChachaWithoutStrictKex: boolean;
}

export const HELP = `Runs the interop suite: every case on every SSH server.

  npm run test:interop                                 all servers, each in a Docker image that is built here
  npm run test:interop -- --only dropbear              one of them (repeatable)
  npm run test:interop -- --case rekey                 the cases with that word in their id or sentence (repeatable)
  npm run test:interop -- --local                      without Docker: the sshd, dropbear and tinysshd of this machine
  npm run test:interop -- --list                       the names of servers and cases
  npm run test:interop -- --target HOST:PORT --username USER --client-key FILE
                                                       your own server

Your own server
  --target HOST:PORT      where it listens; the port is 22 unless given, IPv6 as [::1]:22
  --username USER         who logs in; a POSIX shell, cat, head, sleep, yes and sha256sum are needed there
  --client-key FILE       the private key; its passphrase, if it has one, in the variable MCP_SSH_PASSPHRASE
  --known-hosts FILE      the host keys to trust; ssh's own files unless given
  --mcp-command COMMAND   starts an MCP server there, for the MCP sessions
  --allow-chacha-without-strict-kex
                          for a server that has no other cipher, and no strict key exchange
  Cases that need keys or settings of the suite's own on the server are listed as not run. Nothing is written there.

Reports
  --junit FILE            JUnit XML
  --json FILE             JSON
  --results FILE          the page with the matrix; RESULTS.md beside this program when all servers and cases ran

Exit code: 0 if nothing failed, 1 if a case failed, if a known difference passed or if a server could not be started,
2 for wrong usage. The last line: N passed, N failed, N skipped. A skipped case is one that did not run.
`;

const ALLOW_CHACHA = "allow-chacha-without-strict-kex";

export class UsageError extends Error {}

/** @throws UsageError */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parsed(argv);
  const { target } = values;
  const ownOnly = ["username", "client-key", "known-hosts", "mcp-command", ALLOW_CHACHA] as const;
  const stray = target === undefined ? ownOnly.find((name) => values[name] !== undefined) : undefined;
  if (stray !== undefined) throw new UsageError(`--${stray} goes with --target`);
  if (target !== undefined && (values.local || values.only !== undefined))
    throw new UsageError("--target goes with neither --local nor --only");
  return {
    help: values.help ?? false,
    list: values.list ?? false,
    local: values.local ?? false,
    only: values.only ?? [],
    cases: values.case ?? [],
    ...(target === undefined ? {} : { own: ownServer(target, values) }),
    ...given("junit", values.junit),
    ...given("json", values.json),
    ...given("results", values.results),
  };
}

function parsed(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { ...flag, short: "h" },
        list: flag,
        local: flag,
        only: { ...text, multiple: true },
        case: { ...text, multiple: true },
        target: text,
        username: text,
        "client-key": text,
        "known-hosts": text,
        "mcp-command": text,
        [ALLOW_CHACHA]: flag,
        junit: text,
        json: text,
        results: text,
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function ownServer(target: string, values: Readonly<Record<string, unknown>>): OwnServer {
  const address = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(target);
  const host = address?.[1] ?? address?.[2];
  const port = Number(address?.[3] ?? 22);
  if (host === undefined || port < 1 || port > 65535) throw new UsageError(`--target ${target}: write HOST:PORT`);
  const { username, "client-key": clientKey } = values;
  if (typeof username !== "string") throw new UsageError("--target needs --username");
  if (typeof clientKey !== "string") throw new UsageError("--target needs --client-key");
  return {
    host,
    port,
    username,
    clientKey,
    allowChachaWithoutStrictKex: values[ALLOW_CHACHA] === true,
    ...given("passphrase", process.env["MCP_SSH_PASSPHRASE"]),
    ...given("knownHosts", values["known-hosts"] as string | undefined),
    ...given("mcpCommand", values["mcp-command"] as string | undefined),
  };
}

/** Nothing where there is no value. */
function given<Name extends string>(name: Name, value: string | undefined): { readonly [_ in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [_ in Name]: string });
}
