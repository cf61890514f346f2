/** Run: plays one scenario against the built command, as a child process, and says what was not as it must be. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtCommand, endHosts, hostEnvironment, startHost } from "../support/command.ts";
import { makeKeyPair } from "../support/ssh-server.ts";
import { canaryCommand, canaryUser, canaryValue, canaryVariable, hostLines, remoteLines } from "./conversation.ts";
import type { Family } from "./families.ts";
import { hostKey, Peer } from "./peer.ts";
import type { Ends, Scenario, Succeeds } from "./scenario.ts";
import { edited, type Script } from "./steps.ts";

/** Milliseconds after which a scenario hangs, whatever its flags say; generous, since machines are slow at times. */
const hangs = 40_000;
/** MiB of resident memory. */
const mostMemory = 128;

/** What every run shares: a home with a known_hosts file and a client key. */
export interface Ground {
  readonly home: string;
  readonly command: string;
  remove(): void;
}

export async function layGround(): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "mcp-ssh-hostile-"));
  const key = Buffer.from(hostKey.publicKeyBlob).toString("base64");
  writeFileSync(join(home, "known_hosts"), `[127.0.0.1]:* ssh-ed25519 ${key}\n`);
  writeFileSync(join(home, "key"), makeKeyPair().privateKey, { mode: 0o600 });
  mkdirSync(join(home, "peaks"));
  chmodSync(home, 0o700);
  return { home, command: await commandIn(home), remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** The built command; where there is none, as in a copy of the tree with a fault in it, what is bundled from there. */
async function commandIn(home: string): Promise<string> {
  if (existsSync(builtCommand)) return builtCommand;
  const { build } = await import("esbuild");
  const outfile = join(home, "command.mjs");
  const options = { bundle: true, platform: "node", target: "node20", format: "esm", logLevel: "error" } as const;
  await build({ ...options, entryPoints: ["src/cli.ts"], outfile });
  return outfile;
}

/** What came of a run. */
export interface Outcome {
  readonly code: number | null;
  readonly isHung: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** MiB; undefined where the process could not say. */
  readonly peakMemory: number | undefined;
  /** One for each connection. */
  readonly peers: readonly Peer[];
  readonly script: Script;
}

let runs = 0;

export async function play(
  { family, edits, flags = [] }: Pick<Scenario, "family" | "edits" | "flags">,
  ground: Ground,
): Promise<Outcome> {
  const script = edited(family.script, edits);
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(new Peer(socket, family, script)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const peakFile = join(ground.home, "peaks", String(runs++));
  const host = startHost(
    { command: process.execPath, args: argumentsOf((server.address() as AddressInfo).port, family, flags, ground) },
    { ...hostEnvironment(), HOME: ground.home, HOSTILE_PEAK_FILE: peakFile },
  );
  let isHung = false;
  const timer = setTimeout(() => {
    isHung = true;
    host.child.kill("SIGKILL");
  }, hangs);
  host.write(hostLines);
  void goodbye();
  const { code } = await host.exit;
  clearTimeout(timer);
  await endHosts([host]);
  await Promise.all(peers.map((peer) => peer.finish()));
  server.close();
  const peakMemory = existsSync(peakFile) ? Number(readFileSync(peakFile, "utf8")) / 1024 : undefined;
  return { code, isHung, stdout: host.stdout().toString(), stderr: host.stderr(), peakMemory, peers, script };

  /** The host leaves when it has all that the remote says. */
  async function goodbye(): Promise<void> {
    try {
      while (host.stdout().length < Buffer.byteLength(remoteLines)) await host.line();
      host.end();
    } catch {
      // the command ended before that
    }
  }
}

function argumentsOf(port: number, family: Family, flags: readonly string[], { home, command }: Ground): string[] {
  const preload = fileURLToPath(new URL("peak-memory.cjs", import.meta.url));
  return [
    ...["--require", preload, command, "--host", "127.0.0.1", "--port", String(port)],
    ...["--username", canaryUser, "--client-key", join(home, "key"), "--known-hosts", join(home, "known_hosts")],
    ...[
      "--no-reconnect",
      "--ssh-config",
      "none",
      "--command",
      canaryCommand,
      "--env",
      `${canaryVariable}=${canaryValue}`,
    ],
    ...(family.flags ?? []),
    ...flags,
  ];
}

/** What was not as it must be; nothing where all is well. */
export function complaints(outcome: Outcome, { edits, expect }: Pick<Scenario, "edits" | "expect">): readonly string[] {
  const { isHung, peers, peakMemory, stderr } = outcome;
  const [peer] = peers;
  const found: string[] = [];
  const hold = (isTrue: boolean, what: string): void => {
    if (!isTrue) found.push(what);
  };
  hold(!isHung, `it hung for ${hangs} ms`);
  hold(peers.length === 1, `${peers.length} connections`);
  hold(peakMemory !== undefined && peakMemory < mostMemory, `peak of memory: ${peakMemory} MiB`);
  hold(!unsafe.test(stderr), `stderr holds raw control characters: ${JSON.stringify(stderr)}`);
  for (const step of edits.flatMap(({ steps }) => steps)) {
    hold(
      peers.some(({ reached }) => reached.has(step)),
      `the deviation was not reached: ${step.do}`,
    );
  }
  for (const { violations } of peers) found.push(...violations);
  found.push(...("ends" in expect ? endComplaints(outcome, expect, peer) : successComplaints(outcome, expect, peer)));
  if (found.length > 0)
    found.push(`stderr: ${stderr}`, `messages: ${peer?.received.slice(-40).map(({ number }) => number)}`);
  return found;
}

/** Control characters but the newline, bidi controls, line separators. RFC 4251 §9.2. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

const errorLine = / - ERROR - /;

function endComplaints({ code, stdout, stderr }: Outcome, expect: Ends, peer: Peer | undefined): readonly string[] {
  const { ends, reason, exit = 1, says = [] } = expect;
  const found = linesComplaints(stderr, [...says, ends]);
  const lines = stderr.split("\n");
  if (lines.filter((line) => errorLine.test(line)).length !== 1) found.push("not one line of error");
  if (!lines.some((line) => errorLine.test(line) && line.includes(ends)))
    found.push(`the line lacks ${JSON.stringify(ends)}`);
  if (code !== exit) found.push(`exit code ${code}, not ${exit}`);
  const seen = peer?.disconnectReason ?? "none";
  // a socket that is closed with bytes unread is reset, and may lose what it was to send (RFC 1122 §4.2.2.13)
  const isLost = seen === "none" && peer?.left === "rst";
  if (seen !== reason && !isLost) found.push(`DISCONNECT reason ${seen}, not ${reason}`);
  found.push(...hostComplaints(stdout, ends));
  return found;
}

/** The host gets one answer to its one request: an error that says the same. */
function hostComplaints(stdout: string, ends: string): readonly string[] {
  const lines = stdout.split("\n");
  if (lines.length !== 2 || lines[1] !== "") return [`stdout is not one line: ${JSON.stringify(stdout)}`];
  const { id, error } = JSON.parse((lines[0] as string).replace('"id":90071992547409931', '"id":"x"')) as {
    readonly id: unknown;
    readonly error?: { readonly code: number; readonly message: string };
  };
  if (id !== "x" || error?.code !== -31001) return [`the host is told ${lines[0]}`];
  const message = error.message.replaceAll("\n", " ");
  const found = message.includes(ends) ? [] : [`the host is told another thing: ${message}`];
  return unsafe.test(message) ? [...found, "the host is told raw control characters"] : found;
}

/** Said where the remote's end comes in time: a host that has gone is not kept waiting for it. */
const farewell = /^.* - INFO - The remote MCP server exited with status 0\n$/m;

function successComplaints(
  { code, stdout, stderr }: Outcome,
  { says = [] }: Succeeds,
  peer: Peer | undefined,
): readonly string[] {
  const found = linesComplaints(stderr.replace(farewell, ""), says);
  if (code !== 0) found.push(`exit code ${code}, not 0`);
  if (stdout !== remoteLines) found.push(`stdout is ${JSON.stringify(stdout)}`);
  const heard = Buffer.from(peer?.data ?? []).toString("utf8");
  if (heard !== hostLines) found.push(`the remote got ${JSON.stringify(heard)}`);
  return found;
}

/** Each line of stderr holds its part, and there is no other. */
function linesComplaints(stderr: string, parts: readonly string[]): string[] {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const isRight = lines.length === parts.length && parts.every((part, index) => lines[index]?.includes(part));
  return isRight ? [] : [`stderr has ${lines.length} lines, asked for are: ${JSON.stringify(parts)}`];
}
