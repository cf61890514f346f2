/**
 * The built command beside OpenSSH's ssh and a pipe by npm ssh2, each started as a host starts it, against one real sshd
 * on loopback that runs a tiny MCP server: the first reply, round trips, calls a second, transfers, CPU and memory.
 * Then the same with a delay in the link.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostEnvironment } from "../test/support/command.ts";
import type { SshServer } from "../test/support/ssh-server.ts";
import { startSshd } from "../test/support/sshd.ts";
import { startBareLink } from "./bare-link.ts";
import { clients, type Target } from "./clients.ts";
import { type Launch, LineProcess } from "./line-process.ts";
import { fullOrQuick, median, print, quantile, significant, takeTurns } from "./measure.ts";
import type { ClientName, CommandResults, Figures, LinkResults, Load } from "./results.ts";

const names = Object.keys(clients) as ClientName[];
const startRounds = fullOrQuick(15, 1);
const loadRounds = fullOrQuick(9, 1);
const delay = 50;
const nearLoad: Load = {
  pings: fullOrQuick(1000, 50),
  pipelinedCalls: fullOrQuick(6400, 128),
  inFlight: 64,
  transfers: fullOrQuick(48, 4),
  latePings: fullOrQuick(5000, 50),
};
const farLoad: Load = {
  ...nearLoad,
  pings: fullOrQuick(30, 3),
  pipelinedCalls: fullOrQuick(1280, 64),
  latePings: fullOrQuick(30, 3),
};
const mebibyte = "0123456789abcdef".repeat(65536);
const initialize = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1.0.0"}}`;

const server = await startSshd();
try {
  print(await measure());
} finally {
  await server.stop();
}

async function measure(): Promise<CommandResults> {
  const remoteServer = join(server.folder, "remote-server.mjs");
  copyFileSync(join(import.meta.dirname, "remote-server.mjs"), remoteServer);
  const serving: Launch = { command: process.execPath, args: [remoteServer] };
  const bare = await startBareLink(serving);
  const proxy = await startProxy(server);
  try {
    const loopback = await measureLink(server, serving, 0, nearLoad, bare?.launch);
    const delayed = await measureLink(proxy.target, serving, delay, farLoad);
    return { startRounds, loadRounds, negotiated: await findNegotiated(serving), loopback, delayed };
  } finally {
    proxy.stop();
    bare?.stop();
  }
}

async function measureLink(
  target: Target,
  serving: Launch,
  delayMs: number,
  load: Load,
  bare?: Launch,
): Promise<LinkResults> {
  const remoteCommand = [serving.command, ...serving.args].join(" ");
  const launches = new Map<ClientName, Launch>(names.map((name) => [name, clients[name](target, remoteCommand)]));
  const launchOf = (name: ClientName): Launch => launches.get(name) as Launch;
  const direct: Launch = serving;
  const measured = [...launches.values(), ...(bare === undefined ? [] : [bare])];
  const starts = await takeTurns(startRounds, [direct, ...measured], start);
  const sessions = await takeTurns(loadRounds, measured, (launch) => runSession(launch, load));
  const figures = (launch: Launch): Figures => figuresOf(starts.get(launch) ?? [], sessions.get(launch) ?? []);
  const directSession = await runSession(direct, nearLoad);
  return {
    delay: delayMs,
    load,
    direct: {
      firstReply: significant(median((starts.get(direct) ?? []).map((it) => it.firstReply))),
      roundTripP50: significant(directSession.roundTripP50),
    },
    clients: names.map((client) => ({ client, ...figures(launchOf(client)) })),
    bare: bare === undefined ? null : figures(bare),
  };
}

type Start = Pick<Figures, "firstReply" | "firstReplyCpu">;
type Session = Omit<Figures, keyof Start>;

function figuresOf(starts: readonly Start[], sessions: readonly Session[]): Figures {
  const of = <K extends string>(samples: readonly Readonly<Record<K, number>>[], name: K): number =>
    significant(median(samples.map((sample) => sample[name])));
  return {
    firstReply: of(starts, "firstReply"),
    firstReplyCpu: of(starts, "firstReplyCpu"),
    roundTripP50: of(sessions, "roundTripP50"),
    roundTripP99: of(sessions, "roundTripP99"),
    lateRoundTripP50: of(sessions, "lateRoundTripP50"),
    callsPerSecond: of(sessions, "callsPerSecond"),
    download: of(sessions, "download"),
    upload: of(sessions, "upload"),
    cpu: of(sessions, "cpu"),
    peakRssOfCalls: of(sessions, "peakRssOfCalls"),
    peakRss: of(sessions, "peakRss"),
  };
}

async function start(launch: Launch): Promise<Start> {
  const begun = performance.now();
  const client = new LineProcess(launch, hostEnvironment());
  await client.request("initialize", initialize);
  const firstReply = performance.now() - begun;
  const { cpu } = client.usage();
  await client.end();
  return { firstReply, firstReplyCpu: cpu };
}

async function runSession(launch: Launch, load: Load): Promise<Session> {
  const client = new LineProcess(launch, hostEnvironment());
  await client.request("initialize", initialize);
  client.notify("notifications/initialized");
  await pings(client, load.pings / 5);
  const trips = await pings(client, load.pings);
  const calls = await elapsed(() => pipeline(load.pipelinedCalls, load.inFlight, () => client.request("ping")));
  const peakRssOfCalls = client.usage().peakRss;
  const download = await elapsed(() => pipeline(load.transfers, load.transfers, () => receive(client)));
  const uploaded = `{"text":"${mebibyte}"}`;
  const upload = await elapsed(() =>
    pipeline(load.transfers, load.transfers, () => client.request("bench/upload", uploaded)),
  );
  const usage = client.usage();
  await pings(client, 2 * load.latePings);
  const lateTrips = await pings(client, load.latePings);
  await client.end();
  const megabytesPerSecond = (milliseconds: number): number => (load.transfers * mebibyte.length) / 1000 / milliseconds;
  return {
    roundTripP50: quantile(trips, 0.5),
    roundTripP99: quantile(trips, 0.99),
    lateRoundTripP50: quantile(lateTrips, 0.5),
    callsPerSecond: load.pipelinedCalls / (calls / 1000),
    download: megabytesPerSecond(download),
    upload: megabytesPerSecond(upload),
    cpu: usage.cpu / 1000,
    peakRssOfCalls,
    peakRss: usage.peakRss,
  };
}

/** One after the other; microseconds each. */
async function pings(client: LineProcess, count: number): Promise<number[]> {
  const trips: number[] = [];
  for (let i = 0; i < count; i++) trips.push((await elapsed(() => client.request("ping"))) * 1000);
  return trips;
}

async function receive(client: LineProcess): Promise<void> {
  const { length } = await client.request("bench/download");
  if (length < mebibyte.length) throw new Error(`${length} bytes came`);
}

async function pipeline(count: number, inFlight: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** The server behind a proxy that delays each way by half of `delay`. */
async function startProxy(far: SshServer): Promise<{ readonly target: Target; stop(): void }> {
  const script = join(import.meta.dirname, "delay-proxy.ts");
  const args = [...process.execArgv, script, String(far.port), String(delay / 2)];
  const proxy = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(proxy.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const knownHosts = join(far.folder, "known_hosts_of_the_proxy");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${far.hostKey}\n`);
  const { host, user, clientKey } = far;
  return { target: { host, port, user, clientKey, knownHosts }, stop: () => proxy.kill() };
}

/** What sshd says that it agreed on with each client; a server of its own, since it must talk for this. */
async function findNegotiated(serving: Launch): Promise<CommandResults["negotiated"]> {
  const negotiated: Partial<Record<ClientName, { kex: string; cipher: string }>> = {};
  for (const name of names) {
    const talkative = await startSshd({ config: ["LogLevel DEBUG1"] });
    try {
      await start(clients[name](talkative, [serving.command, ...serving.args].join(" ")));
      const find = (pattern: RegExp): string => pattern.exec(talkative.log())?.[1] ?? "unknown";
      negotiated[name] = {
        kex: find(/kex: algorithm: (\S+)/),
        cipher: find(/kex: client->server cipher: (\S+)/),
      };
    } finally {
      await talkative.stop();
    }
  }
  return negotiated;
}
