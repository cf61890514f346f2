/** A command with a terminal of its own, for what it asks there. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtCommand, hostEnvironment } from "./command.ts";
import { endTree } from "./processes.ts";
import { findExecutable } from "./ssh-server.ts";

/** Why there can be no such terminal here; undefined where there can. */
export function missingTerminal(): string | undefined {
  return findExecutable("python3") === undefined
    ? "no python3 here, which makes terminals: install python3"
    : undefined;
}

export interface OnTerminal {
  /** Resolves when what the terminal shows matches. */
  shown(pattern: RegExp): Promise<void>;
  /** Types at the terminal. */
  type(text: string): void;
  /** Writes to stdin, which is a pipe. */
  write(text: string): void;
  /** Closes stdin. */
  end(): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves to the exit code, all that the terminal showed, and stdout, which is a pipe. */
  readonly done: Promise<{ readonly code: number | null; readonly terminal: string; readonly stdout: string }>;
  stop(): Promise<void>;
}

/** Starts the built command; `--background`: as a job that may not touch the terminal; `--stdin`: which its stdin is too. */
export function onTerminal(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  how?: "--background" | "--stdin",
): OnTerminal {
  const script = join(dirname(fileURLToPath(import.meta.url)), "with-terminal.py");
  const command = [script, ...(how === undefined ? [] : [how]), process.execPath, builtCommand, ...args];
  const child = spawn("python3", command, {
    env: { ...hostEnvironment(), ...env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  let terminal = "";
  let stdout = "";
  const waiting = new Set<() => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    terminal += text;
    for (const check of waiting) check();
  });
  const typed = child.stdio[3] as NodeJS.WritableStream;
  for (const stream of [child.stdin, typed]) stream?.on("error", () => {}); // it has ended: the exit code says the rest
  const done = new Promise<Awaited<OnTerminal["done"]>>((resolve) => {
    child.once("close", (code) => resolve({ code, terminal, stdout }));
  });
  return {
    shown: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(terminal)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
        void done.then(() => reject(new Error(`the terminal never showed ${pattern}:\n${terminal}`)));
      }),
    type: (text) => void typed.write(text),
    write: (text) => void child.stdin?.write(text),
    end: () => void child.stdin?.end(),
    kill: (signal) => void child.kill(signal),
    done,
    stop: () => endTree(child),
  };
}
