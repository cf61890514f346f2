/**
 * Proxy command: the one child process that we ever start, a command of ssh's configuration that carries the bytes to the
 * server in place of a TCP connection. Run by the user's shell, as ssh runs it.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Readable } from "node:stream";
import type { ByteDuplex } from "../ssh/connection.ts";
import { SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { duplexOf } from "../ssh/web-streams.ts";
import { readableBytes, writableBytes } from "./byte-streams.ts";
import { causeOf } from "./files.ts";

/** The command could not be started, or ended when it should not have. The message names it and its last words. */
export class ProxyCommandError extends SshError {
  override readonly name = "ProxyCommandError";
}

export interface ProxyCommandOptions {
  /** Ends it; the streams are in error then. */
  readonly signal?: AbortSignal;
  /** Takes a line of its stderr, printable. */
  readonly onLine: (line: string) => void;
}

/** What a command that has been told to end may take for it, and how long its end may come behind that of its stdout. */
const patience = 500;

/** What of its stderr may wait for the end of a line, in UTF-16 units. */
const lineLimit = 4 * 1024;

type Spawn = typeof import("node:child_process").spawn;

const isWindows = process.platform === "win32";

/**
 * Starts `command` and gives its stdin and stdout. What it starts ends with it: it is asked to when nobody reads or
 * writes any more, and made to half a second later.
 */
export async function proxyCommand(command: string, options: ProxyCommandOptions): Promise<ByteDuplex> {
  const { signal, onLine } = options;
  const { spawn } = await import("node:child_process"); // at the head of this file it would be loaded at every start
  const run = new Run(started(spawn, command), command, onLine);
  signal?.addEventListener("abort", () => run.end(), { once: true });
  if (signal?.aborted) run.end();
  return run.streams;
}

class Run {
  readonly streams: ByteDuplex;
  readonly #command: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<void>;
  readonly #spoken: Promise<void>;
  /** How it ended, if that was wrong and not our doing. */
  #fault: string | undefined;
  #lastLine = "";
  #isEnding = false;

  constructor(child: ChildProcessWithoutNullStreams, command: string, onLine: (line: string) => void) {
    this.#command = command;
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const exit = (fault: string | undefined): void => {
        this.#fault = fault;
        resolve();
      };
      child.once("error", (error) => exit(`could not be started: ${printable(error.message)}`));
      child.once("exit", (code, signal) => exit(this.#isEnding ? undefined : faultOf(code, signal)));
    });
    const kill = (): void => this.#signal("SIGKILL");
    process.once("exit", kill); // it gets no more time than we have
    void this.#exited.then(() => process.removeListener("exit", kill));
    const { stdin, stdout, stderr } = child;
    this.#spoken = eachLine(stderr, (line) => {
      this.#lastLine = line;
      onLine(line);
    });
    this.streams = duplexOf({
      source: readableBytes(
        stdout,
        () => this.end(),
        () => this.#verdict(),
      ),
      sink: writableBytes(stdin, {
        close: (whenDone) => stdin.end(whenDone),
        abort: () => this.end(),
        verdict: () => this.#verdict(),
      }),
    });
  }

  /** Asks it, with all that it has started, to end; then makes it, and those that it leaves behind. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#child.stdin.destroy();
    this.#signal("SIGHUP");
    const timer = setTimeout(() => this.#signal("SIGKILL"), patience);
    timer.unref();
    void this.#exited.then(() => {
      clearTimeout(timer);
      this.#signal("SIGKILL");
    });
  }

  /** After the end of its stdout: how it ended says whether that was meant. */
  async #verdict(): Promise<void> {
    const late = new Promise<void>((resolve) => {
      setTimeout(() => resolve(), patience).unref();
    });
    await Promise.race([Promise.all([this.#exited, this.#spoken]), late]);
    if (this.#fault === undefined) return;
    const words = this.#lastLine === "" ? "" : `: ${this.#lastLine}`;
    throw new ProxyCommandError(`${named(this.#command)} ${this.#fault}${words}`);
  }

  #signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (isWindows) this.#child.kill();
      else process.kill(-pid, name); // a group of its own: a shell's children too
    } catch {
      // it is gone
    }
  }
}

/**
 * As ssh: the shell is replaced by the command, so that signals and the exit status are the command's own.
 * @throws ProxyCommandError where the runtime's permissions forbid child processes, which it says at once
 */
function started(spawn: Spawn, command: string): ChildProcessWithoutNullStreams {
  try {
    if (isWindows) return spawn(command, { shell: true, windowsHide: true });
    return spawn(process.env["SHELL"] || "/bin/sh", ["-c", `exec ${command}`], { detached: true });
  } catch (error) {
    const why = causeOf(error as NodeJS.ErrnoException);
    throw new ProxyCommandError(`${named(command)} could not be started: ${why}`, { cause: error });
  }
}

function named(command: string): string {
  return `the ProxyCommand '${printable(command, 200)}'`;
}

/** Undefined for the end of a command that has done what it should. */
function faultOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
  if (signal !== null) return `was ended by ${signal}`;
  return code === 0 ? undefined : `exited with status ${code}`;
}

/** Takes the lines that say something, printable; one that does not end is cut. Resolves at the end. */
function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  let partial = "";
  const flush = (line: string): void => {
    if (line.trim() !== "") take(printable(line.trimEnd()));
  };
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${partial}${text}`.split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) flush(line);
    if (partial.length < lineLimit) return;
    flush(partial);
    partial = "";
  });
  return new Promise((resolve) => {
    stream.on("error", () => undefined); // its exit says what is to be said
    stream.on("close", () => {
      flush(partial);
      resolve();
    });
  });
}
