/**
 * Host output: the one writer of the host's stdout. Whole lines only, in order, with the host's back-pressure; knows
 * when the host is gone (EPIPE) and when everything has reached it.
 */
import type { ByteSink } from "../ssh/connection.ts";
import { deferred } from "../ssh/deferred.ts";

export class HostOutput {
  /** Resolves when the host does not read any more. */
  readonly gone: Promise<unknown>;
  readonly #failed = deferred<unknown>();
  readonly #sink: ByteSink;
  #lastWrite: Promise<void> | undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    this.gone = Promise.race([sink.broken, this.#failed.promise]);
  }

  /** Queues the bytes of whole lines at once, so that no other line can come between them. */
  write(chunks: readonly Uint8Array[]): void {
    try {
      for (const chunk of chunks) this.#lastWrite = this.#sink.write(chunk)?.catch(this.#failed.resolve);
    } catch (error) {
      this.#failed.resolve(error); // of a sink of the caller's
    }
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
