/**
 * Stdio: the process's own streams. stdin and stdout carry MCP as bytes with back-pressure; stderr carries lines and
 * never makes anything wait: what a host does not read is dropped beyond a bound, and counted.
 */
import type { Writable } from "node:stream";
import type { ByteSink, ByteSource } from "../ssh/connection.ts";
import { readableBytes, writableBytes } from "./byte-streams.ts";

/** What may wait for a host that does not read our stderr, in bytes. */
const stderrLimit = 256 * 1024;

/** Our stdin: a pipe, a file, a terminal or /dev/null. */
export function stdinBytes(): ByteSource {
  return readableBytes(process.stdin, () => process.stdin.destroy());
}

/**
 * Our stdout. A write is done when the system took its bytes, so nothing is left to lose once all writes are done.
 * A host that is gone (EPIPE) breaks it. Closing it does not close the file descriptor.
 */
export function stdoutBytes(): ByteSink {
  return writableBytes(process.stdout, { close: (whenDone) => whenDone(), abort: () => {} });
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

/** Makes the one writer of a stderr. */
export function createStderr(sink: Writable = process.stderr): Stderr {
  let dropped = 0;
  let isGone = false;
  sink.on("error", () => {
    isGone = true; // nobody is left to tell
  });
  const taken = (line: string): Promise<void> =>
    new Promise((resolve) => {
      if (isGone) resolve();
      else sink.write(line, () => resolve());
    });
  const write = (line: string): void => {
    if (isGone) return;
    if (sink.writableLength + line.length > stderrLimit) {
      dropped += 1;
      return;
    }
    if (dropped > 0) sink.write(`(${dropped} lines were dropped here: nobody read them)\n`);
    dropped = 0;
    sink.write(line);
  };
  return { write, taken, drained: () => taken("") };
}
