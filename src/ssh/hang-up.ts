/**
 * Hanging up: the last words leave, what the server still sends is read for a moment where that matters, and both streams
 * are closed. Everything is bounded in time, and nothing throws: the streams may be broken already.
 */
import type { ByteSink, ByteSource } from "./connection.ts";
import { within } from "./deadline.ts";
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
  /** Whether what comes after the end is read and dropped; `#lingered` is called when no more does. */
  #isLingering = false;
  #lingered: () => void = () => undefined;

  constructor(source: ByteSource, sink: ByteSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** Sends `lastWords`, a DISCONNECT at their end, and closes both streams. `error`: why it ends. */
  async finish(lastWords: Uint8Array, error: SshError | undefined): Promise<void> {
    this.#isLingering = error instanceof ProtocolError;
    const lingered = new Promise<void>((resolve) => {
      this.#lingered = resolve;
    });
    await within(closeTimeout, "the last bytes to leave", this.#say(lastWords)).catch(ignore);
    if (this.#isLingering) await within(lingerTime, "the server's end", lingered).catch(ignore);
    this.#isLingering = false;
    const released = Promise.allSettled([this.#sink.abort(), this.#source.cancel()]); // abort waits for a stuck write
    await within(closeTimeout, "the streams to end", released).catch(ignore);
  }

  /** For whoever has read the source until now: reads on and drops what comes, for as long as we linger. */
  async dropRest(): Promise<void> {
    await this.#drop().catch(ignore);
    this.#lingered();
  }

  async #say(lastWords: Uint8Array): Promise<void> {
    if (lastWords.length > 0) await this.#sink.write(lastWords);
    await this.#sink.close();
  }

  async #drop(): Promise<void> {
    for (let left = lingerBytes; left > 0 && this.#isLingering; ) {
      const bytes = await this.#source.read();
      if (bytes === undefined) return;
      left -= bytes.length;
    }
  }
}

function ignore(): void {
  // the stream is broken already: nothing is left to do with it
}
