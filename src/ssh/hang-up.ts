/**
 * Hanging up: the last words leave, what the server still sends is read for a moment where that matters, and both streams
 * are closed. Everything is bounded in time, and nothing throws: the streams may be broken already.
 */
import type { ByteSink, ByteSource } from "./connection.ts";
import { within } from "./deadline.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { ProtocolError, type SshError } from "./errors.ts";

const closeTimeout = 1_000; // how long the last bytes may take to leave
/**
 * After a fault of the server's we read on for so long, milliseconds and bytes, and drop it: a socket that is closed with
 * bytes unread is reset, which may cost the server the DISCONNECT that says why (RFC 1122 §4.2.2.13).
 */
const lingerTime = 200;
const lingerBytes = 4 * 1024 * 1024;

export class HangUp {
  readonly #source: ByteSource;
  readonly #sink: ByteSink;
  /** Bytes that are still read and dropped after the end; `#lingered` resolves when no more come. */
  #left = 0;
  readonly #lingered: Deferred<void> = deferred();

  constructor(source: ByteSource, sink: ByteSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** Sends `lastWords`, a DISCONNECT at their end, and closes both streams. `error`: why it ends. */
  async finish(lastWords: Uint8Array, error: SshError | undefined): Promise<void> {
    const isLingering = error instanceof ProtocolError;
    this.#left = isLingering ? lingerBytes : 0;
    await within(closeTimeout, "the last bytes to leave", this.#say(lastWords)).catch(ignore);
    if (isLingering) await within(lingerTime, "the server's end", this.#lingered.promise).catch(ignore);
    this.#left = 0;
    const releases = [async () => this.#sink.abort(), async () => this.#source.cancel()]; // abort waits for a stuck write
    const released = Promise.allSettled(releases.map((release) => release()));
    await within(closeTimeout, "the streams to end", released).catch(ignore);
  }

  /** Drops `length` bytes that came after the end: as long as we linger, more may come; then never. */
  drop(length: number): Promise<void> | undefined {
    this.#left -= length;
    if (this.#left > 0) return undefined;
    this.#lingered.resolve();
    return new Promise(() => undefined);
  }

  /** Nothing comes any more. */
  sourceEnded(): void {
    this.#lingered.resolve();
  }

  async #say(lastWords: Uint8Array): Promise<void> {
    if (lastWords.length > 0) await this.#sink.write(lastWords);
    await this.#sink.close();
  }
}

function ignore(): void {
  // the stream is broken already: nothing is left to do with it
}
