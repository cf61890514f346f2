/**
 * Processes that a test starts and must end again, by their ids only. What a server starts for a session leaves the
 * server's process tree when the session's process dies, so it is marked in its environment instead.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";

const MARK = "MCP_SSH_CLIENT_TEST";

/** What is started, and will be ended with the rest of `stops`. */
export async function stoppedWith<T extends { readonly stop: () => Promise<void> }>(
  stops: (() => Promise<void>)[],
  starting: Promise<T>,
): Promise<T> {
  const started = await starting;
  stops.push(started.stop);
  return started;
}

/** The environment that marks a process, and all that it starts, as belonging to `mark`. */
export function marked(mark: string): Record<string, string> {
  return { [MARK]: mark };
}

/** The living processes marked with `mark`. Empty where there is no /proc. */
export function markedProcesses(mark: string): readonly number[] {
  return processIds().filter((id) => readProc(id, "environ").split("\0").includes(`${MARK}=${mark}`) && isAlive(id));
}

/** The processes that descend from `root`, itself left out, parents first. */
export function descendants(root: number): readonly number[] {
  const found: number[] = [root];
  const table = parents();
  for (const ancestor of found) {
    for (const [id, parent] of table) {
      if (parent === ancestor) found.push(id);
    }
  }
  return found.slice(1);
}

/** Sends `signal` to each process that still lives. */
export function signalAll(ids: readonly number[], signal: NodeJS.Signals): void {
  for (const id of ids) {
    try {
      process.kill(id, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Ends a child and all that descends from it; resolves when the child is gone. */
export async function endTree(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  const tree = descendants(child.pid);
  child.kill("SIGKILL");
  signalAll(tree, "SIGKILL");
  await gone;
}

/**
 * Polls `condition` until it holds.
 * @throws Error naming `what` after `milliseconds`.
 */
export async function until(what: string, condition: () => boolean, milliseconds = 30_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process runs: one that has ended and waits for its parent does not. */
export function isAlive(id: number): boolean {
  return /^State:\s+[^ZX]/m.test(readProc(id, "status"));
}

function parents(): ReadonlyMap<number, number> {
  if (process.platform !== "linux") return parentsByPs();
  return new Map(processIds().map((id) => [id, Number(/^PPid:\s+(\d+)/m.exec(readProc(id, "status"))?.[1] ?? -1)]));
}

function parentsByPs(): ReadonlyMap<number, number> {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
}

function processIds(): readonly number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The words of a process's command line; none if it is gone, or another user's. */
export function commandLine(id: number): readonly string[] {
  return readProc(id, "cmdline").split("\0").slice(0, -1);
}

function readProc(id: number, file: "cmdline" | "environ" | "status"): string {
  try {
    return readFileSync(`/proc/${id}/${file}`, "utf8");
  } catch {
    return ""; // gone meanwhile, or another user's
  }
}
