/**
 * Host output: the one writer of the host's stdout. Whole lines only, in order, with the host's back-pressure; knows
 * when the host is gone (EPIPE) and when everything has reached it.
 */
import type { ByteSink } from "../ssh/connection.ts";

export class HostOutput {
  /** Resolves when the host does not read any more. */
  readonly gone: Promise<unknown>;
  readonly #sink: ByteSink;
  #lastWrite: Promise<void> | undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    this.gone = sink.broken;
  }

  /** Queues the bytes of whole lines at once, so that no other line can come between them. */
  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#lastWrite = this.#sink.write(chunk)?.catch(ignore);
  }

  /** Resolves when everything written has reached the host, or is lost with it; undefined: it has. */
  get unflushed(): Promise<void> | undefined {
    return this.#lastWrite;
  }

  /** As `unflushed`. */
  async flushed(): Promise<void> {
    await this.#lastWrite;
  }
}

function ignore(): void {
  // `gone` says it
}
