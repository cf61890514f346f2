/**
 * An end of ours at every moment: while we connect, log in, open the session, carry messages, by a way that leads through
 * or stops after a number of bytes, over TCP or a ProxyCommand. `MOMENTS` of them, from `KILLS_SEED` and a number;
 * `KILLS_TRIAL` runs one alone.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seeded } from "../mcp/cuts.ts";
import { type Exit, type Host, hostEnvironment, launch, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree, marked, markedProcesses, signalAll, until } from "../support/processes.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { ledgerServer, relay } from "./places.ts";
import { startStall } from "./stall.ts";

const { MOMENTS, KILLS_SEED, KILLS_TRIAL, CI } = process.env;
const seed = Number(KILLS_SEED ?? 1);
const count = Number(MOMENTS ?? (CI === "true" ? 60 : 20));
const trials = KILLS_TRIAL === undefined ? Array.from({ length: count }, (_, trial) => trial) : [Number(KILLS_TRIAL)];

const ends = ["SIGTERM", "SIGINT", "SIGHUP", "EOF", "EPIPE", "SIGKILL"] as const;
const signals: readonly string[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"];

/** From the end on, in milliseconds: a signal's second, and the times of the others, many times over. */
const patience = 20_000;

/** A signal must not wait for any of these to be over; what else ends us may. */
function flagsOf({ end }: Moment): readonly string[] {
  const seconds = signals.includes(end) ? "60" : "3";
  const names = ["--connect-timeout", "--auth-timeout", "--channel-timeout", "--first-reply-timeout"];
  return names.flatMap((name) => [name, seconds]);
}

interface Moment {
  readonly name: string;
  readonly end: (typeof ends)[number];
  /** From the start of our process. */
  readonly milliseconds: number;
  /** The bytes of the server's that come through. */
  readonly bytes: number;
  readonly isByCommand: boolean;
  /** Whether the host has asked something. */
  readonly hasAsked: boolean;
}

function momentOf(trial: number): Moment {
  const random = seeded(seed * 999_983 + trial);
  const end = ends[trial % ends.length] ?? "SIGTERM";
  const milliseconds = Math.floor(random() * 700);
  // A whole login is some 3,000 bytes of the server's.
  const bytes = random() < 0.3 ? Number.POSITIVE_INFINITY : Math.floor(random() * 4_000);
  const isByCommand = random() < 0.5;
  const hasAsked = random() < 0.7;
  const way = `${bytes} bytes by ${isByCommand ? "a ProxyCommand" : "TCP"}`;
  const name = `${end} at ${milliseconds} ms, ${way}, ${hasAsked ? "asked" : "unasked"} (KILLS_SEED=${seed} KILLS_TRIAL=${trial})`;
  return { name, end, milliseconds, bytes, isByCommand, hasAsked };
}

describeNeeding(missingSshd(), "an end of ours at any moment", () => {
  describe.concurrent("comes in time, with its code, and leaves nothing behind", () => {
    test.each(trials.map(momentOf).map((moment) => [moment.name, moment] as const))("%s", async (_name, moment) => {
      const server = await startSshd();
      const stall = await startStall(server.port, moment.bytes);
      const mark = randomBytes(8).toString("hex");
      const config = configOf(server.folder, moment, stall.port);
      const remote = { exec: `${process.execPath} ${ledgerServer} /dev/null` };
      const place = { ...server, port: stall.port, knownHosts: join(server.folder, "known_hosts") };
      writeFileSync(place.knownHosts, `[127.0.0.1]:${stall.port} ${server.hostKey}\n`);
      const flags = [...flagsOf(moment), "--ssh-config", config];
      const host = startHost(launch(place, remote, flags), { ...hostEnvironment(), ...marked(mark) });
      try {
        if (moment.hasAsked) host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
        await new Promise((resolve) => setTimeout(resolve, moment.milliseconds));
        bringAbout(moment.end, host);
        await until("our end", () => exitOf(host) !== undefined, patience);
        expect(exitsOf(moment), host.stderr()).toContainEqual(exitOf(host));
        await until("the end of what is ours", () => markedProcesses(mark).length === 0, patience);
        await until("the end of the remote", () => server.remoteProcesses().length === 0, patience);
        await until("the end of sshd's processes", () => server.connectionProcesses().length === 0, patience);
        expect(host.stdout().toString()).toMatch(/^(\{"jsonrpc":"2\.0","id":1,.*\}\n)?$/);
        expect(host.stderr()).not.toMatch(/\n\s+at |CRITICAL|Warning:/);
      } finally {
        await endTree(host.child);
        signalAll(markedProcesses(mark), "SIGKILL");
        await stall.stop();
        await server.stop();
      }
    });
  });
});

/** The path of an ssh_config. */
function configOf(folder: string, { isByCommand }: Moment, port: number): string {
  const path = join(folder, "ssh", "config");
  mkdirSync(join(folder, "ssh"), { mode: 0o700 });
  const command = `Host *\n ProxyCommand sh -c '${process.execPath} ${relay} 127.0.0.1 ${port} | cat; true'\n`;
  writeFileSync(path, isByCommand ? command : "", { mode: 0o600 });
  return path;
}

function bringAbout(end: Moment["end"], host: Host): void {
  if (end === "EOF") host.end();
  else if (end === "EPIPE") host.child.stdout?.destroy();
  else host.child.kill(end);
  // A broken pipe shows with what we write: here at the latest.
  if (end === "EPIPE") host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
}

function exitOf({ child: { exitCode: code, signalCode: signal } }: Host): Exit | undefined {
  return code === null && signal === null ? undefined : { code, signal };
}

/** How we may end: by the signal itself before Node has run a line of ours, or while a thread would hold an exit up. */
function exitsOf({ end }: Moment): readonly Exit[] {
  if (end === "SIGKILL") return [{ code: null, signal: end }];
  if (signals.includes(end))
    return [
      { code: 128 + constants.signals[end as NodeJS.Signals], signal: null },
      { code: null, signal: end as NodeJS.Signals },
    ];
  return [
    { code: 0, signal: null },
    { code: 1, signal: null },
  ];
}
