/**
 * What is recorded for test/vectors/flows/: one row a file, with what a right server gives. As data, for record.ts.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Call, FlowOptions, Request } from "./flow.ts";
import type { SshdOptions } from "./sshd.ts";

export interface Scenario {
  readonly about: string;
  readonly sshd?: SshdOptions;
  /** Seeds of the keys that the client tries, and of those that the server accepts; `client key` unless given. */
  readonly keys?: readonly string[];
  readonly authorized?: readonly string[];
  readonly options?: Omit<FlowOptions, "user" | "keys">;
  /** Channel type and requests of each channel. */
  readonly open?: readonly (readonly [channelType: string, ...requests: readonly Request[]])[];
  /** Written to each channel: a text or so many seeded bytes. */
  readonly input?: string | number;
  /** At most so many bytes are written each time the server has sent something. */
  readonly portion?: number;
  /** No EOF behind the input. */
  readonly keepsOpen?: boolean;
  /** Calls beyond what every driver does, at the `times`th event or news of this name. */
  readonly on?: (what: string, times: number) => readonly Call[];
  /** All data of all channels, in the order in which it comes; where `echoes`, the input stands behind it. */
  readonly stdout?: string;
  readonly echoes?: boolean;
  readonly stderr?: string;
  readonly happened: readonly string[];
}

const banner = fileURLToPath(new URL("../vectors/banner.txt", import.meta.url));

const hello = [["session", ["exec", "echo hello"]]] as const;
const cat = [["session", ["exec", "cat"]]] as const;
const numbers = Array.from({ length: 4000 }, (_, i) => `${i + 1}\n`).join("");
/** Many small writes: some are in flight when a rekey starts. If none was, flows.test.ts says so: record again. */
const countThenCat = [
  ["session", ["exec", "for i in 0 1 2 3 4 5 6 7; do seq $((i * 500 + 1)) $((i * 500 + 500)); done; cat"]],
] as const;
const onceAt =
  (event: string, ...calls: readonly Call[]): NonNullable<Scenario["on"]> =>
  (what, times) =>
    what === event && times === 1 ? calls : [];

const rekeyThenEof: NonNullable<Scenario["on"]> = (what) => {
  if (what === "ready") return [{ name: "rekey" }];
  return what === "rekeyed" ? [{ name: "sendEof", channel: 0 }] : [];
};

/** By an authority that nobody has any more. */
function certifyHostKey(hostKey: string): void {
  execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", `${hostKey}-authority`]);
  const what = ["-I", "recorded", "-h", "-n", "127.0.0.1"];
  execFileSync("ssh-keygen", ["-q", "-s", `${hostKey}-authority`, ...what, `${hostKey}.pub`]);
}

/** Key exchange methods beside curve25519-sha256, each in a flow of its own. */
export const recordedKexMethods: readonly string[] = [
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group18-sha512",
  "mlkem768x25519-sha256",
];

/** Two exchanges by the method: the second K must not end up in the session id. */
const kexScenario = (method: string): readonly [name: string, scenario: Scenario] => [
  `rekey-${method}`,
  {
    about: `two key exchanges by ${method}`,
    options: { kex: [method] },
    open: cat,
    keepsOpen: true,
    on: rekeyThenEof,
    happened: ["host-key", "sign", "authenticated", "rekeyed", "closed"],
  },
];

/** Each cipher that is no AEAD, and each MAC, at least once. */
const macScenario = ([name, cipher, mac]: readonly [string, string, string]): readonly [string, Scenario] => [
  name,
  {
    about: `data both ways and a rekey under ${cipher} with ${mac}`,
    options: { ciphers: [cipher], macs: [mac], rekeyBytes: 4 * 1024 },
    open: cat,
    input: 6 * 1024,
    portion: 1024,
    echoes: true,
    happened: ["host-key", "sign", "authenticated", "ready", "data", "rekeyed", "exit-status", "closed", "ended"],
  },
];

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    (
      [
        ["ctr-256-mac-256", "aes256-ctr", "hmac-sha2-256"],
        ["ctr-192-mac-512", "aes192-ctr", "hmac-sha2-512"],
        ["ctr-128-etm-256", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"],
        ["ctr-256-etm-512", "aes256-ctr", "hmac-sha2-512-etm@openssh.com"],
      ] as const
    ).map(macScenario),
  ),
  ...Object.fromEntries(recordedKexMethods.map(kexScenario)),
  "exec-chacha20-poly1305": {
    about: "exec with output and an exit status",
    options: { ciphers: ["chacha20-poly1305@openssh.com"] },
    open: hello,
    stdout: "hello\n",
    happened: ["host-key", "sign", "authenticated", "ready", "data", "exit-status", "eof", "closed", "ended"],
  },
  "exec-aes256-gcm": {
    about: "exec with output and an exit status",
    options: { ciphers: ["aes256-gcm@openssh.com"] },
    open: hello,
    stdout: "hello\n",
    happened: ["host-key", "sign", "authenticated", "ready", "data", "exit-status", "eof", "closed", "ended"],
  },
  "exec-aes128-gcm": {
    about: "exec with output and an exit status",
    options: { ciphers: ["aes128-gcm@openssh.com"] },
    open: hello,
    stdout: "hello\n",
    happened: ["host-key", "sign", "authenticated", "ready", "data", "exit-status", "eof", "closed", "ended"],
  },
  "exec-ecdsa": {
    about: "an ECDSA host key and an ECDSA user key",
    sshd: { hostKey: ["-t", "ecdsa", "-b", "256"] },
    options: { hostKeys: ["ecdsa-sha2-nistp256"] },
    keys: ["nistp256 client key"],
    authorized: ["nistp256 client key"],
    open: hello,
    stdout: "hello\n",
    happened: ["host-key", "sign", "authenticated", "closed"],
  },
  "rekey-rsa": {
    about: "an RSA host key, which is of type ssh-rsa and signs as rsa-sha2-512; a rekey shows it again",
    sshd: { hostKey: ["-t", "rsa", "-b", "3072"] },
    options: { hostKeys: ["rsa-sha2-512"] },
    open: cat,
    keepsOpen: true,
    on: rekeyThenEof,
    happened: ["host-key", "sign", "authenticated", "rekeyed", "closed"],
  },
  "rekey-certificate": {
    about: "a host certificate, which a rekey shows again",
    sshd: { prepare: certifyHostKey, config: ["HostCertificate %HOSTKEY%-cert.pub"] },
    options: { hostKeys: ["ssh-ed25519-cert-v01@openssh.com"] },
    open: cat,
    keepsOpen: true,
    on: rekeyThenEof,
    happened: ["host-key", "sign", "authenticated", "rekeyed", "closed"],
  },
  shell: {
    about: "a shell that is told to leave with status 3",
    open: [["session", ["shell"]]],
    input: "echo hi\nexit 3\n",
    stdout: "hi\n",
    happened: ["ready", "exit-status", "closed"],
  },
  subsystem: {
    about: "a subsystem that gives back what it is given",
    sshd: { subsystems: { echo: "cat" } },
    open: [["session", ["subsystem", "echo"]]],
    input: "to the subsystem and back\n",
    echoes: true,
    happened: ["ready", "exit-status", "closed"],
  },
  "subsystem-unknown": {
    about: "a subsystem that the server does not have",
    open: [["session", ["subsystem", "nowhere"]]],
    happened: ["refused", "ended"],
  },
  environment: {
    about: "a variable that AcceptEnv allows, and one that it does not",
    open: [
      [
        "session",
        ["env", "MCP_SSH_ACCEPTED=yes"],
        ["env", "MCP_SSH_REFUSED=no"],
        ["exec", 'echo "$MCP_SSH_ACCEPTED$MCP_SSH_REFUSED"'],
      ],
    ],
    stdout: "yes\n",
    happened: ["env-refused", "ready", "closed"],
  },
  stderr: {
    about: "stderr beside stdout, and an exit status that is not 0",
    open: [["session", ["exec", "echo out; echo err >&2; exit 7"]]],
    stdout: "out\n",
    stderr: "err\n",
    happened: ["data", "stderr", "exit-status", "closed"],
  },
  "exit-signal": {
    about: "a command that kills itself with signal 9",
    open: [["session", ["exec", "kill -9 $$"]]],
    happened: ["ready", "exit-signal", "closed"],
  },
  signal: {
    about: "a signal that we send; this server delivers none to a command of the superuser's and says nothing",
    open: cat,
    on: onceAt("ready", { name: "signal", channel: 0, signal: "TERM" }),
    happened: ["ready", "exit-status", "closed"],
  },
  close: {
    about: "a channel that we close while its command runs",
    open: cat,
    keepsOpen: true,
    on: onceAt("ready", { name: "closeChannel", channel: 0 }),
    happened: ["ready", "closed"],
  },
  "two-channels": {
    about: "two channels at once",
    open: [cat[0], ["session", ["exec", "cat >&2"]]],
    input: "for both\n",
    stdout: "for both\n",
    stderr: "for both\n",
    happened: ["ready", "data", "stderr", "closed"],
  },
  "tunnel-refused": {
    about: "a direct-tcpip channel to a port where nobody listens",
    open: [["direct-tcpip"]],
    happened: ["refused", "ended"],
  },
  "64-kib-each-way": {
    about: "64 KiB there and back",
    open: cat,
    input: 64 * 1024,
    echoes: true,
    happened: ["data", "exit-status", "closed"],
  },
  "rekey-ours": {
    about: "a rekey that we start while data is in flight both ways",
    open: countThenCat,
    input: 8 * 1024,
    portion: 1024,
    on: onceAt("data", { name: "rekey" }),
    stdout: numbers,
    echoes: true,
    happened: ["data", "rekeyed", "closed"],
  },
  "rekey-ours-by-limit": {
    about: "a rekey that our own limit of 8 KiB starts, under AES-GCM",
    options: { ciphers: ["aes128-gcm@openssh.com"], rekeyBytes: 8 * 1024 },
    open: countThenCat,
    input: 8 * 1024,
    portion: 2 * 1024,
    stdout: numbers,
    echoes: true,
    happened: ["data", "rekeyed", "closed"],
  },
  "rekey-theirs": {
    about: "rekeys that the server starts again and again, with data both ways",
    sshd: { config: ["RekeyLimit 8K"] },
    open: countThenCat,
    input: 8 * 1024,
    portion: 1024,
    stdout: numbers,
    echoes: true,
    happened: ["data", "rekeyed", "closed"],
  },
  banner: {
    about: "a banner with an escape sequence, and a comment in the version line",
    sshd: { config: [`Banner ${banner}`, "VersionAddendum with a comment"] },
    open: hello,
    stdout: "hello\n",
    happened: ["banner", "authenticated"],
  },
  "key-refused": {
    about: "a key that the server does not know",
    authorized: [],
    happened: ["host-key", "ended"],
  },
  "second-key": {
    about: "a key that the server does not know, then one that it does",
    keys: ["another key", "client key"],
    open: hello,
    stdout: "hello\n",
    happened: ["sign", "authenticated"],
  },
  "partial-success": {
    about: "a server that wants two keys",
    sshd: { config: ["AuthenticationMethods publickey,publickey"] },
    keys: ["client key", "another key"],
    authorized: ["client key", "another key"],
    open: hello,
    stdout: "hello\n",
    happened: ["sign", "authenticated"],
  },
  "too-many-failures": {
    about: "a server that ends the connection at the first key that it does not know",
    sshd: { config: ["MaxAuthTries 1"] },
    keys: ["another key", "client key"],
    happened: ["host-key", "ended"],
  },
  "keepalive-theirs": {
    about: "the server asks for a sign of life each second",
    sshd: { config: ["ClientAliveInterval 1"] },
    open: [["session", ["exec", "sleep 3; echo awake"]]],
    stdout: "awake\n",
    happened: ["data", "closed"],
  },
  "keepalive-ours": {
    about: "we ask for a sign of life, twice",
    open: cat,
    input: "alive\n",
    on: onceAt("ready", { name: "keepalive" }, { name: "keepalive" }),
    echoes: true,
    happened: ["data", "closed"],
  },
};
