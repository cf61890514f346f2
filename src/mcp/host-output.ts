/**
 * Host output: the one writer of the host's stdout. Whole lines only, in order, with the host's back-pressure; knows
 * when the host is gone (EPIPE) and when everything has reached it.
 */
export class HostOutput {
  /** Resolves when the host does not read any more. */
  readonly gone: Promise<void>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(output: WritableStream<Uint8Array>) {
    this.#writer = output.getWriter();
    this.gone = this.#writer.closed.catch(ignore);
  }

  /** Queues the bytes of whole lines at once, so that no other line can come between them. */
  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#lastWrite = this.#writer.write(chunk).catch(ignore);
  }

  /** Resolves when the host takes more, or is gone. */
  async room(): Promise<void> {
    await this.#writer.ready.catch(ignore);
  }

  /** Resolves when everything written has reached the host, or is lost with it. */
  async flushed(): Promise<void> {
    await this.#lastWrite;
  }
}

function ignore(): void {
  // `gone` says it
}
