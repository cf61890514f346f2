/** Run: plays one scenario against the built command, as a child process, and says what was not as it must be. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { makeKeyPair } from "../support/ssh-server.ts";
import {
  canaryCommand,
  canaryUser,
  canaryValue,
  canaryVariable,
  hostLines,
  moreOfHost,
  remoteLines,
} from "./conversation.ts";
import type { Family } from "./families.ts";
import { hostKey, Peer } from "./peer.ts";
import type { Ends, HostHabits, Scenario, Stopped, Succeeds } from "./scenario.ts";
import { edited, type Script } from "./steps.ts";

/** Milliseconds after which a scenario hangs, whatever its flags say; generous, since machines are slow at times. */
const hangs = 40_000;
/** MiB of resident memory. */
const mostMemory = 128;
/** MiB that a host may get rid of while the server reads nothing: windows, pipes and the kernel's buffers. */
const mostTaken = 32;

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
  /** MiB that the host got rid of. */
  readonly taken: number;
  /** One for each connection. */
  readonly peers: readonly Peer[];
  readonly script: Script;
}

let runs = 0;

export async function play(
  { family, edits, flags = [], host: habits = {} }: Pick<Scenario, "family" | "edits" | "flags" | "host">,
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
  const expected = Buffer.byteLength(passedTo(script));
  const talk = converse(host, habits, expected);
  const { code } = await host.exit;
  clearTimeout(timer);
  const taken = await talk;
  await endHosts([host]);
  await Promise.all(peers.map((peer) => peer.finish()));
  server.close();
  const peakMemory = existsSync(peakFile) ? Number(readFileSync(peakFile, "utf8")) / 1024 : undefined;
  return { code, isHung, stdout: host.stdout().toString(), stderr: host.stderr(), peakMemory, taken, peers, script };
}

/** Does what the host does, to the end of the command. Resolves to the MiB that the host got rid of. */
async function converse(
  host: Host,
  { offers = 0, deafFor, leavesAfter, endsUsAfter }: HostHabits,
  expected: number,
): Promise<number> {
  const { child } = host;
  const { stdin } = child;
  let heard = 0;
  let sent = 0;
  let isOver = false;
  let wake: () => void = () => undefined;
  const timers: NodeJS.Timeout[] = [];
  const hear = (): void => {
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
  };
  if (deafFor !== undefined) {
    for (const stream of [child.stdout, child.stderr]) stream?.pause();
    timers.push(setTimeout(hear, deafFor));
  }
  const taken = (): number => (sent - (stdin?.writableLength ?? 0)) / 1024 / 1024;
  let takenBefore: number | undefined; // what comes after the end, which is told first, is read and dropped
  const measure = (): void => {
    takenBefore ??= taken();
  };
  child.stderr?.once("data", measure);
  const stop = (): void => {
    measure();
    child.kill("SIGTERM");
  };
  if (leavesAfter !== undefined) timers.push(setTimeout(() => host.end(), leavesAfter));
  if (endsUsAfter !== undefined) timers.push(setTimeout(stop, endsUsAfter));
  child.once("exit", () => {
    isOver = true;
    hear(); // what it has said
    wake();
  });
  child.stdout?.on("data", (bytes: Uint8Array) => {
    heard += bytes.length;
    wake();
  });
  stdin?.on("drain", () => wake());
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds() && !isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const say = async (text: string): Promise<void> => {
    if (isOver) return;
    sent += Buffer.byteLength(text);
    if (stdin?.write(text) === false) await until(() => !stdin.writableNeedDrain);
  };
  await say(hostLines);
  for (let offer = 0; offer < offers && !isOver; offer++) await say(moreOfHost);
  await until(() => heard >= expected);
  measure();
  host.end();
  await host.exit;
  for (const timer of timers) clearTimeout(timer);
  return takenBefore ?? 0;
}

/** What the host must get of a script without faults: the lines that it pours, if they are messages, and the answers. */
function passedTo(script: Script): string {
  const poured = script.flatMap((step) => {
    const isPassed = step.do === "pour" && step.isStderr !== true && /^\{"jsonrpc".*\n$/.test(step.text);
    return isPassed ? [step.text.repeat(step.times)] : [];
  });
  return poured.join("") + remoteLines;
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
export function complaints(
  outcome: Outcome,
  { edits, expect, host = {} }: Pick<Scenario, "edits" | "expect" | "host">,
): readonly string[] {
  const { isHung, peers, peakMemory, taken } = outcome;
  const { stderr, missing } = withoutFlood(outcome.stderr, expect.floods);
  const [peer] = peers;
  const found: string[] = [];
  const hold = (isTrue: boolean, what: string): void => {
    if (!isTrue) found.push(what);
  };
  hold(!isHung, `it hung for ${hangs} ms`);
  hold(peers.length === 1, `${peers.length} connections`);
  hold(peakMemory !== undefined && peakMemory < mostMemory, `peak of memory: ${peakMemory} MiB`);
  hold(!missing, `nothing on stderr is like ${expect.floods}`);
  hold("succeeds" in expect || taken < mostTaken, `the host got rid of ${taken} MiB that nobody took`);
  hold(!unsafe.test(outcome.stderr), `stderr holds raw control characters: ${JSON.stringify(stderr)}`);
  for (const step of edits.flatMap(({ steps }) => steps)) {
    hold(
      peers.some(({ reached }) => reached.has(step)),
      `the deviation was not reached: ${step.do}`,
    );
  }
  for (const { violations } of peers) found.push(...violations);
  const judged = { ...outcome, stderr };
  if ("ends" in expect) found.push(...endComplaints(judged, expect, peer));
  else if ("stopped" in expect) found.push(...stopComplaints(judged, expect));
  else found.push(...successComplaints(judged, expect, host, peer));
  if (found.length > 0)
    found.push(`stderr: ${stderr}`, `messages: ${peer?.received.slice(-40).map(({ number }) => number)}`);
  return found;
}

/** `stderr` without the lines that may come any number of times; `missing`: there is none. */
function withoutFlood(
  stderr: string,
  floods: RegExp | undefined,
): { readonly stderr: string; readonly missing: boolean } {
  if (floods === undefined) return { stderr, missing: false };
  const lines = stderr.split("\n");
  const others = lines.filter((line) => !floods.test(line));
  return { stderr: others.join("\n"), missing: others.length === lines.length };
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

function stopComplaints({ code, stdout, stderr }: Outcome, { stopped }: Stopped): readonly string[] {
  const found = code === stopped ? [] : [`exit code ${code}, not ${stopped}`];
  if (stderr !== "") found.push(`it said ${JSON.stringify(stderr)}`);
  return [...found, ...hostComplaints(stdout, "was told to end, by SIGTERM")];
}

/** Said where the remote's end comes in time: a host that has gone is not kept waiting for it. */
const farewell = /^.* - INFO - The remote MCP server exited with status 0\n$/m;

function successComplaints(
  { code, stdout, stderr, script }: Outcome,
  { says = [] }: Succeeds,
  { offers = 0 }: HostHabits,
  peer: Peer | undefined,
): readonly string[] {
  const found = linesComplaints(stderr.replace(farewell, ""), says);
  if (code !== 0) found.push(`exit code ${code}, not 0`);
  if (stdout !== passedTo(script)) found.push(`stdout is ${JSON.stringify(stdout.slice(0, 2000))}`);
  const hash = createHash("sha256").update(hostLines);
  for (let offer = 0; offer < offers; offer++) hash.update(moreOfHost);
  if (peer?.dataDigest() !== hash.digest("hex")) {
    const heard = Buffer.from(peer?.data ?? []).toString("utf8");
    found.push(`the remote got ${peer?.dataLength} bytes: ${JSON.stringify(heard.slice(0, 2000))}`);
  }
  return found;
}

/** Each line of stderr holds its part, and there is no other. */
function linesComplaints(stderr: string, parts: readonly string[]): string[] {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const isRight = lines.length === parts.length && parts.every((part, index) => lines[index]?.includes(part));
  return isRight ? [] : [`stderr has ${lines.length} lines, asked for are: ${JSON.stringify(parts)}`];
}
