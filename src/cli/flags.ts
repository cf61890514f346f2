/**
 * Flags: the one declaration of each. Help, the usage line and the table of docs/flags.md come from the same rows. Pure.
 */
import { logLevels } from "../node/log.ts";
import * as values from "./values.ts";

export interface Flag {
  /** The placeholder of its value; absent where it takes none. */
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

/** By their names, without dashes. */
export const flags = {
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

export type FlagName = keyof typeof flags;
export type Value<K extends FlagName> = (typeof flags)[K] extends { readonly read: values.Reader<infer T> } ? T : true;
export type HasInitial = {
  [K in FlagName]: (typeof flags)[K] extends { readonly initial: string } ? K : never;
}[FlagName];

/** As in `connectTimeout` for `connect-timeout`. */
type CamelCase<K extends string> = K extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : K;

/** What the flags that have a default come to, each under its name in camel case. */
export type Defaulted = { readonly [K in HasInitial as CamelCase<K>]: Value<K> };

/** A flag with its name as it is typed, as in `--host`. */
type FlagRow = Flag & { readonly flag: string };

/** All flags, in the order of help. */
export const flagRows: readonly FlagRow[] = Object.entries(flags).map(([name, row]) => ({ flag: `--${name}`, ...row }));

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
