/**
 * Stdio: the process's own streams. stdin and stdout carry MCP as bytes with back-pressure; stderr carries lines and
 * never makes anything wait: what a host does not read is dropped beyond a bound, and counted.
 */
import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { ByteSink, ByteSource } from "../ssh/connection.ts";
import { readableBytes, SocketBuffer, writableBytes } from "./byte-streams.ts";

/** What may wait for a host that does not read our stderr, in bytes. */
const stderrLimit = 256 * 1024;

/**
 * Our stdin: a pipe, a file, a terminal or /dev/null. A chunk is borrowed: valid until the next is asked for. To be asked
 * for once, and `process.stdin` is not to be used beside it.
 */
export function stdinBytes(): ByteSource {
  const isBun = process.versions["bun"] !== undefined; // a Socket over a descriptor reads nothing there (1.4.5)
  if (isBun || !isPipe(0)) return readableBytes(process.stdin, () => process.stdin.destroy());
  const buffer = new SocketBuffer(); // process.stdin would make an array of 64 KiB for each read
  const options = { fd: 0, readable: true, writable: false, onread: buffer.onread };
  const stdin = new Socket(options);
  return buffer.source(stdin, () => stdin.destroy());
}

/** Whether it is a pipe or a socket, as those are that hosts make. */
function isPipe(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false; // it is closed
  }
}

/**
 * Our stdout. A write is done when the system took its bytes, so nothing is left to lose once all writes are done.
 * A host that is gone (EPIPE) breaks it. Closing it does not close the file descriptor.
 */
export function stdoutBytes(): ByteSink {
  const isLengthUntold = process.versions["bun"] !== undefined; // its stdout has 0 there, whatever waits (1.4.5)
  return writableBytes(process.stdout, { close: (whenDone) => whenDone(), abort: () => {}, isLengthUntold });
}

/** Takes lines to our stderr. */
export interface Stderr {
  /** Takes a line with its newline and returns at once; drops it where too much waits already. */
  write(line: string): void;
  /** Takes a line with its newline, and resolves when it is out of our hands: for whoever has a bound of his own. */
  taken(line: string): Promise<void>;
  /** Resolves when what waits is written, or cannot be. */
  drained(): Promise<void>;
}

/**
 * Makes the one writer of a stderr. `isLengthUntold`: whether its `writableLength` is 0 whatever waits, as Bun's is (1.4.5);
 * elsewhere a write that the system has taken does not wait, though it is called back a turn later.
 */
export function createStderr(
  sink: Writable = process.stderr,
  isLengthUntold: boolean = process.versions["bun"] !== undefined,
): Stderr {
  let dropped = 0;
  let uncalled = 0; // in UTF-16 units: of writes that were not called back
  let isGone = false;
  sink.on("error", () => {
    isGone = true; // nobody is left to tell
  });
  const taken = (line: string): Promise<void> =>
    new Promise((resolve) => {
      if (isGone) resolve();
      else put(line, resolve);
    });
  const put = (text: string, whenTaken?: () => void): void => {
    uncalled += text.length;
    sink.write(text, () => {
      uncalled -= text.length;
      whenTaken?.();
    });
  };
  const write = (line: string): void => {
    if (isGone) return;
    const waiting = isLengthUntold ? uncalled : sink.writableLength;
    if (waiting + line.length > stderrLimit) {
      dropped += 1;
      return;
    }
    tellDropped();
    put(line);
  };
  const tellDropped = (): void => {
    if (dropped > 0) put(`(${dropped} lines were dropped here: nobody read them)\n`);
    dropped = 0;
  };
  const drained = (): Promise<void> => {
    if (!isGone) tellDropped();
    return taken("");
  };
  return { write, taken, drained };
}
