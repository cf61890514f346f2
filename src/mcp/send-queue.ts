/**
 * Send queue: what the host said and the server has not taken yet. It bridges the time while we connect; `room` holds
 * the host back meanwhile. Everything passes unchanged, junk included.
 */
import { append } from "./held-bytes.ts";
import type { PendingRequest } from "./pending.ts";
import { type Deferred, deferred } from "./waiting.ts";

interface Entry {
  /** Merged where they follow each other in one buffer. */
  readonly chunks: Uint8Array[];
  /** The requests whose lines end in `chunks`. */
  readonly requests: PendingRequest[];
}

/** `push` and `end` on one side, `feed` on the other. */
export class SendQueue {
  readonly #limit: number;
  #next: Entry = { chunks: [], requests: [] };
  #length = 0;
  #isEnded = false;
  #isDiscarding = false;
  #wake: Deferred<void> = deferred();
  #room: Deferred<void> = deferred();

  /** `limit`: the bytes that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** `requests`: those whose last byte is in `chunks`. */
  push(chunks: readonly Uint8Array[], requests: readonly PendingRequest[]): void {
    if (this.#isDiscarding || this.#isEnded) return;
    for (const chunk of chunks) {
      append(this.#next.chunks, chunk);
      this.#length += chunk.length;
    }
    this.#next.requests.push(...requests);
    this.#wake.resolve();
  }

  /** Resolves when more may be pushed. */
  async room(): Promise<void> {
    while (this.#length > this.#limit) await this.#room.promise;
  }

  /** Nothing more comes: what waits is sent, then EOF. */
  end(): void {
    this.#isEnded = true;
    this.#wake.resolve();
  }

  /** Nobody takes it any more: drops what waits and what comes. */
  discard(): void {
    this.#isDiscarding = true;
    this.#take();
  }

  /**
   * Sends what waits and what comes to `writable`, with its back-pressure, until the end, then closes it.
   * Rejects if it breaks. `onSent` hears of the requests whose lines were written.
   */
  async feed(
    writable: WritableStream<Uint8Array>,
    onSent: (requests: readonly PendingRequest[]) => void,
  ): Promise<void> {
    const writer = writable.getWriter();
    writer.closed.catch(() => this.#wake.resolve()); // one listener, not one a message
    for (;;) {
      while (!this.isEmpty) await this.#send(writer, onSent);
      if (this.#isEnded) return await writer.close();
      this.#wake = deferred();
      await this.#wake.promise;
      await writer.ready; // rejects if it broke meanwhile
    }
  }

  async #send(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    onSent: (requests: readonly PendingRequest[]) => void,
  ): Promise<void> {
    await writer.ready;
    const { chunks, requests } = this.#take();
    for (const request of requests) request.isSent = true;
    if (requests.length > 0) onSent(requests);
    for (const chunk of chunks) writer.write(chunk).catch(ignore);
  }

  #take(): Entry {
    const entry = this.#next;
    this.#next = { chunks: [], requests: [] };
    this.#length = 0;
    this.#room.resolve();
    this.#room = deferred();
    return entry;
  }
}

function ignore(): void {
  // the writer's `ready` and `closed` reject as well
}
