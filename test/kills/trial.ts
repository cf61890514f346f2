/**
 * One trial: a real sshd, the built command under load, a kill, and what was left of it all.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Exit, launch, type Remote } from "../support/command.ts";
import { commandLine, endTree, isAlive, signalAll, until } from "../support/processes.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";
import { BusyHost } from "./busy-host.ts";
import type { Evidence } from "./judge.ts";
import { ledgerServer } from "./places.ts";
import { codes, type Plan, type Victim } from "./plan.ts";

export interface Outcome extends Evidence {
  readonly exit: Exit;
  readonly stderr: string;
  /** How many processes were killed; 0 where the moment came before there was one, and we ended before it came. */
  readonly killed: number;
}

/** Runs it to the end of our process, and of all that it had started. @throws Error that names what did not end. */
export async function runTrial(plan: Plan): Promise<Outcome> {
  const server = await startSshd();
  const ledger = join(server.folder, "ledger");
  writeFileSync(ledger, "");
  const flags = plan.victim === "connection" ? ["--no-reconnect"] : ["--reconnect-wait", "120"];
  const busy = new BusyHost(launch(server, remoteOf(plan.victim, server, ledger), flags), plan);
  try {
    const isEarly = plan.replies === 0;
    if (!isEarly) await busy.replied(1);
    const early = isEarly ? undefined : await find(plan.victim, server, busy); // a look at all processes takes its time
    await busy.replied(plan.replies);
    await new Promise((resolve) => setTimeout(resolve, plan.milliseconds));
    const found = early ?? (await find(plan.victim, server, busy));
    const due = busy.hasEnded ? 0 : busy.written;
    const isListener = plan.victim === "listener" || plan.victim === "sshd";
    if (isListener) await server.killListener();
    signalAll(found, "SIGKILL");
    if (plan.victim === "link" || plan.victim === "sshd") await goOn(plan, server, busy);
    busy.rest();
    if (codes[plan.victim] === 0) await busy.settled().then(() => busy.host.end());
    const exit = await busy.exit;
    await until("the end of the remote's processes", () => server.remoteProcesses().length === 0, 20_000);
    await until("the end of the connection's processes", () => connectionOf(server).length === 0, 20_000);
    return {
      asked: busy.asked,
      due,
      stdout: busy.host.stdout().toString(),
      ledger: readFileSync(ledger, "utf8"),
      isKilled: plan.victim === "ourselves",
      exit,
      stderr: busy.host.stderr(),
      killed: found.length,
    };
  } finally {
    await endTree(busy.host.child);
    await server.stop();
  }
}

/** Calls on while the link is lost, and for a while on the new one. */
async function goOn({ victim, absence, inFlight }: Plan, server: Sshd, busy: BusyHost): Promise<void> {
  if (victim === "sshd") {
    await new Promise((resolve) => setTimeout(resolve, absence));
    await server.listenAgain();
  }
  await busy.restored();
  await busy.repliedMore(2 * inFlight + 20);
}

function connectionOf(server: Sshd): readonly number[] {
  return server.connectionProcesses().filter((id) => isAlive(id));
}

/** The same server each time, below what is to be killed. */
function remoteOf(victim: Victim, server: Sshd, ledger: string): Remote {
  const command = `${process.execPath} ${ledgerServer} ${ledger}`;
  if (victim === "shell") return { exec: `${command}; exit $?` };
  if (victim !== "login shell") return { exec: `exec ${command}` };
  writeFileSync(join(server.home, ".profile"), `${command}\nexit $?\n`);
  return { shell: true };
}

/** What the victim's name stands for, as soon as there is one; nothing if our process ends before. */
async function find(victim: Victim, server: Sshd, busy: BusyHost): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await until(
    `the ${victim}`,
    () => {
      found = finders[victim](server, busy);
      return found.length > 0 || busy.hasEnded;
    },
    30_000,
  );
  return found;
}

const finders: Readonly<Record<Victim, (server: Sshd, busy: BusyHost) => readonly number[]>> = {
  connection: (server) => server.connectionProcesses(),
  link: (server) => server.connectionProcesses(),
  sshd: (server) => server.connectionProcesses(),
  server: (server) => server.remoteProcesses().filter(isLedgerServer),
  shell: (server) => shells(server),
  "login shell": (server) => shells(server),
  ourselves: (_server, { host }) => [host.child.pid ?? -1],
  listener: (server) => [server.listener],
};

function isLedgerServer(id: number): boolean {
  return commandLine(id)[1] === ledgerServer;
}

function shells(server: Sshd): readonly number[] {
  return server.remoteProcesses().filter((id) => !isLedgerServer(id));
}
