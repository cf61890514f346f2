/**
 * Passphrase prompt: asks a person at the terminal, without echo. stdin and stdout carry MCP, so it opens the terminal
 * itself, and only where stderr is one too: a host that keeps our stderr to itself has the terminal for itself, and the
 * keys that are typed there.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";
import { concat } from "../ssh/wire.ts";

/** Nobody is asked for ever; servers too hang up after a time. In milliseconds. */
const patience = 60_000;

/** Far more than anybody types, in bytes. */
const longest = 1024;

/** Whether there is a person to ask. Windows has no such terminal file. */
export function isPromptPossible(): boolean {
  if (process.platform === "win32" || !process.stderr.isTTY || isInBackground()) return false;
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false; // we have no terminal that controls us
  }
}

/** Whoever touches the terminal from the background is stopped by it. Only Linux says so in a file. */
function isInBackground(): boolean {
  try {
    const fields = readFileSync("/proc/self/stat", "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[2] !== fields[5]; // pgrp, tpgid: proc(5)
  } catch {
    return false;
  }
}

/**
 * Asks and resolves to what was typed, UTF-8 as the terminal gives it; undefined where nothing was, where it was called
 * off (^C, ^D), where the signal aborts or the time is up. The terminal is as it was by then, and at the process's end.
 */
export function promptPassphrase(question: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const fd = openSync("/dev/tty", "r+");
  const terminal = new ReadStream(fd);
  const restore = (): void => void terminal.setRawMode(false);
  const line = new TypedLine();
  const resumeStdin = pauseStdin();
  return new Promise((resolve) => {
    let isOver = false;
    const end = (typed: Uint8Array | undefined): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      process.removeListener("exit", restore);
      restore();
      writeSync(fd, "\n");
      terminal.destroy();
      line.wipe();
      resumeStdin();
      resolve(typed === undefined || typed.length === 0 ? undefined : typed);
    };
    const cancel = (): void => end(undefined);
    const timer = setTimeout(cancel, patience);
    process.once("exit", restore);
    terminal.on("error", cancel);
    terminal.on("end", cancel);
    terminal.on("data", (chunk: Buffer) => {
      const event = line.type(chunk);
      chunk.fill(0);
      if (event === "done") end(line.taken());
      if (event === "interrupt") process.kill(process.pid, "SIGINT"); // no echo means no signals from keys either
      if (event === "interrupt" || event === "cancel") cancel();
    });
    if (signal.aborted) return cancel();
    signal.addEventListener("abort", cancel);
    terminal.setRawMode(true);
    writeSync(fd, question);
  });
}

/** Where stdin is the terminal too, whoever reads it would get some of what is typed. */
function pauseStdin(): () => void {
  if (!isatty(0)) return () => {}; // process.stdin is made when it is named, and a pipe has its reader: see stdio.ts
  const { stdin } = process;
  if (stdin.isPaused()) return () => {};
  stdin.pause();
  return () => void stdin.resume();
}

/** A line as a terminal without echo gives it: erasing is ours to do. */
export class TypedLine {
  #bytes: Uint8Array = new Uint8Array(0);

  /** Takes what was typed; says whether the line is done or called off. What follows is dropped. */
  type(chunk: Uint8Array): "done" | "interrupt" | "cancel" | undefined {
    for (const byte of chunk) {
      if (byte === 0x0d || byte === 0x0a) return "done";
      if (byte === 0x03) return "interrupt"; // ^C
      if (byte === 0x04) return this.#bytes.length > 0 ? "done" : "cancel"; // ^D
      if (byte === 0x7f || byte === 0x08) this.#keep(this.#withoutLast());
      else if (byte === 0x15)
        this.#keep(0); // ^U
      else if (byte >= 0x20 && this.#bytes.length < longest) this.#append(byte);
    }
    return undefined;
  }

  /** A copy, whose owner wipes it. */
  taken(): Uint8Array {
    return this.#bytes.slice();
  }

  wipe(): void {
    this.#keep(0);
  }

  #append(byte: number): void {
    const before = this.#bytes;
    this.#bytes = concat(before, Uint8Array.of(byte));
    before.fill(0);
  }

  #keep(length: number): void {
    const before = this.#bytes;
    this.#bytes = before.slice(0, length);
    before.fill(0);
  }

  /** The length without the last character, which UTF-8 may have spelled in several bytes. */
  #withoutLast(): number {
    let length = this.#bytes.length;
    while (length > 0) {
      length -= 1;
      if (((this.#bytes[length] ?? 0) & 0xc0) !== 0x80) break;
    }
    return length;
  }
}
