/**
 * `npm run soak -- [MINUTES]` (6 unless given): the built command between a host and a real sshd for as long, under load
 * that changes: small calls, large ones, keys exchanged again every 512 KiB by both sides, links that are cut, idle
 * stretches, a host that does not read, a server that does not. Prints what was sampled and a verdict; exits 1 if
 * something grew, was lost or was wrong.
 */
import { launch } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { signalAll } from "../support/processes.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { LoadHost, missingProc } from "./load-host.ts";
import { growth, judgeSoak, type Run, type Sample } from "./soak-judge.ts";
import { passing, Traffic } from "./soak-traffic.ts";

const MIB = 2 ** 20;
const LONGEST_RUN = 24 * 60;
const SAMPLE_EVERY = 2_000;
const REKEY_BYTES = 512 * 1024;
/** A link that is cut stands again by then; its first dial is at once where the session lived 5 s. */
const RESTORED_WITHIN = 120_000;

interface Soak {
  readonly server: Sshd;
  readonly host: LoadHost;
  readonly traffic: Traffic;
  /** Ends at the end of the run at the latest. Seconds. */
  readonly timer: (seconds: number) => () => boolean;
  /** How long the host does not read: a whole minute, once, where there is time. Seconds. */
  readonly deafness: () => number;
  cuts: number;
}

type Phase = (soak: Soak) => Promise<void>;

/** One after the other, again and again. */
const phases: Readonly<Record<string, Phase>> = {
  "small calls": ({ traffic, timer }) => traffic.go(16, 2_000, timer(8)),
  "large calls": ({ traffic, timer }) => traffic.go(4, 200_000, timer(8)),
  "cut under load": async (soak) => {
    const whole = soak.traffic.go(32, 20_000, soak.timer(8));
    await cut(soak, Math.random() * 4_000);
    await whole;
  },
  idle: async ({ traffic, timer }) => {
    await traffic.settle();
    await untilOver(timer(10));
  },
  "cut while idle": async (soak) => {
    await soak.traffic.settle();
    await cut(soak, 0);
    await soak.traffic.go(1, 2_000, soak.timer(6));
  },
  "server does not read": async ({ server, traffic, timer }) => {
    const remotes = server.remoteProcesses();
    signalAll(remotes, "SIGSTOP");
    try {
      await traffic.go(300, 40_000, timer(10));
    } finally {
      signalAll(remotes, "SIGCONT");
    }
    await traffic.settle();
  },
  "one call at a time": ({ traffic, timer }) => traffic.go(1, 500, timer(6)),
  "host does not read": async ({ host, traffic, timer, deafness }) => {
    host.pause();
    await traffic.go(300, 40_000, timer(deafness()));
    host.resume();
    await traffic.settle();
  },
};

const minutes = Number(process.argv[2] ?? 6);
if (!(minutes > 0 && minutes <= LONGEST_RUN)) end(2, `usage: npm run soak -- [MINUTES], up to ${LONGEST_RUN}`);
const missing = missingSshd() ?? missingProc();
if (missing !== undefined) end(2, missing);
const run = await soak(minutes * 60);
report(run);
const faults = judgeSoak(run);
for (const fault of faults) console.log(`FAULT: ${fault}`);
console.log(faults.length === 0 ? "verdict: well" : `verdict: ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);

async function soak(seconds: number): Promise<Run> {
  const server = await startSshd({ config: [`RekeyLimit ${REKEY_BYTES / 1024}K`, "LogLevel DEBUG"] });
  const flags = ["--rekey-bytes", String(REKEY_BYTES), "--keepalive-interval", "5", "--log-level", "INFO"];
  const host = new LoadHost(launch(server, { exec: echoCommand }, flags), { longestKept: 4 * MIB });
  try {
    return await play(server, host, seconds);
  } finally {
    await host.kill();
    await server.stop();
  }
}

async function play(server: Sshd, host: LoadHost, seconds: number): Promise<Run> {
  await host.ask("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "soak" } });
  await host.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  const traffic = new Traffic(host);
  let isMinuteSpent = seconds < 180;
  const deafness = (): number => {
    if (isMinuteSpent) return 10;
    isMinuteSpent = true;
    return 60;
  };
  let isStopped = false;
  const isOver = (): boolean => isStopped || elapsed() >= seconds || traffic.faults.length > 0;
  const timer = (length: number): (() => boolean) => {
    const over = elapsed() + length;
    return () => isOver() || elapsed() >= over;
  };
  const state: Soak = { server, host, traffic, timer, deafness, cuts: 0 };
  const samples: Sample[] = [];
  let phase = "";
  const sampling = setInterval(() => {
    try {
      const { resident, descriptors, threads } = host;
      samples.push({ second: Math.round(elapsed()), phase, resident, descriptors, threads });
    } catch {
      traffic.fault(`it is gone in the phase "${phase}"`); // its stderr, at the end, says why
    }
  }, SAMPLE_EVERY);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      isStopped = true; // what was stopped goes on, and what was started ends
    });
  }
  while (!isOver()) {
    for (const [name, play] of Object.entries(phases)) {
      if (isOver()) break;
      phase = name;
      await play(state);
    }
  }
  await traffic.settle();
  clearInterval(sampling);
  host.end();
  const exit = await Promise.race([host.exit, passing(30_000)]);
  if (exit?.code !== 0) traffic.fault(`its end: ${JSON.stringify(exit) ?? "none within 30 s"}`);
  const { asked, results, errors, faults } = traffic;
  const rekeys = Math.floor(count(server.log(), /set_newkeys: rekeying/g) / 2); // sshd says it of each direction
  const warmUp = Math.min(60, (samples.at(-1)?.second ?? 0) / 4);
  const { stderr } = host;
  return {
    samples,
    warmUp,
    asked,
    results,
    errors,
    cuts: state.cuts,
    restored: restored(host),
    rekeys,
    faults,
    stderr,
  };
}

/** Kills sshd's end of the connection after `milliseconds`, and waits for another one. */
async function cut(soak: Soak, milliseconds: number): Promise<void> {
  const { server, host, traffic } = soak;
  await passing(milliseconds);
  const before = restored(host);
  server.dropConnections();
  soak.cuts++;
  const deadline = performance.now() + RESTORED_WITHIN;
  while (restored(host) === before && !traffic.hasEnded) {
    if (performance.now() > deadline) {
      traffic.fault("a link that was cut did not come again");
      return;
    }
    await passing(50);
  }
}

/** Its stderr is short enough to be counted in: two lines for each cut. */
function restored(host: LoadHost): number {
  return count(host.stderr, /The link to the remote MCP server is restored/g);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

async function untilOver(isOver: () => boolean): Promise<void> {
  while (!isOver()) await passing(100);
}

function report(run: Run): void {
  const { samples, warmUp, asked, results, errors, cuts, restored, rekeys, stderr } = run;
  console.log("second  phase                  resident MiB  descriptors  threads");
  for (const { second, phase, resident, descriptors, threads } of samples) {
    const memory = (resident / MIB).toFixed(1).padStart(12);
    console.log(
      `${String(second).padStart(6)}  ${phase.padEnd(21)}  ${memory}  ${String(descriptors).padStart(11)}  ${String(threads).padStart(7)}`,
    );
  }
  const judged = samples.filter(({ second }) => second >= warmUp);
  console.log(`${asked} requests: ${results} results, ${errors} told to be lost with their link; ${rekeys} rekeys`);
  console.log(`${cuts} links cut, ${restored} restored`);
  const grown = growth(judged);
  const verdict = grown === undefined ? "too few rounds to tell" : `${(grown / MIB).toFixed(1)} MiB`;
  console.log(`memory from ${warmUp} s on, its growth from half to half, phase by phase: ${verdict}`);
  if (/Warning:|ERROR|CRITICAL/.test(stderr)) console.log(stderr);
}

function end(code: number, text: string): never {
  console.error(text);
  process.exit(code);
}
