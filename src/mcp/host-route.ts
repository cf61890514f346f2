/**
 * Host route: the way of the host's lines from the input to the queue. Most go straight; a route in between may hold
 * them, or do something about a remote that would not bear them.
 */

import { type Deferred, deferred } from "../ssh/deferred.ts";
import type { Verdict } from "./envelope.ts";
import type { PendingRequest } from "./pending.ts";

/** A line of the host's, entered in the books. */
export interface HostLine {
  /** Its bytes and its newline, if it has one; without what was given in pieces. */
  readonly chunks: readonly Uint8Array[];
  readonly verdict: Verdict;
  /** The requests in it. */
  readonly requests: readonly PendingRequest[];
  /** Whether it was given in pieces, and `chunks` are not all of it. */
  readonly isRest?: boolean;
  /** Whether it answers what the server of the link that stands has asked, and nothing else. */
  readonly isAnswer?: boolean;
  /** Whether it is not the host's but ours, for the session that stands only. */
  readonly isOurs?: boolean;
}

/** Of a line that nobody behind asks for what it says. */
export const NO_MESSAGE: Verdict = { isMessage: false, isTooComplex: false, envelopes: [] };

/** In bytes. */
export function lengthOf({ chunks }: Pick<HostLine, "chunks">): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Takes lines, in order. */
export interface HostRoute {
  /** Takes some bytes of a line that is too long to be held, before its `line`. */
  piece(bytes: Uint8Array): void;
  line(line: HostLine): void;
  /** Resolves when more may come; undefined: it may come now. */
  room(): Promise<void> | undefined;
}

/** Holds lines until it is known what the remote is. */
export class WaitingRoute implements HostRoute {
  readonly #limit: number;
  #parts: (HostLine | Uint8Array)[] = [];
  #length = 0;
  #isOver = false;
  readonly #room: Deferred<void> = deferred();

  /** `limit`: the bytes that may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  piece(bytes: Uint8Array): void {
    this.#hold(bytes, bytes.length);
  }

  line(line: HostLine): void {
    this.#hold(line, lengthOf(line));
  }

  async room(): Promise<void> {
    if (this.#length > this.#limit) await this.#room.promise;
  }

  /** Gives all that waits to `next`. */
  release(next: HostRoute): void {
    for (const part of this.#parts) {
      if (part instanceof Uint8Array) next.piece(part);
      else next.line(part);
    }
    this.discard();
  }

  /** Drops what waits and what comes. */
  discard(): void {
    this.#isOver = true;
    this.#parts = [];
    this.#length = 0;
    this.#room.resolve();
  }

  #hold(part: HostLine | Uint8Array, length: number): void {
    if (this.#isOver) return;
    this.#parts.push(part);
    this.#length += length;
  }
}

/** Leads nowhere: the remote is gone, and each request is answered as it is entered. */
export class NoRoute implements HostRoute {
  readonly room: () => Promise<void>;

  readonly #onDropped: (bytes: Uint8Array) => void;

  /** `room`: resolves when the host has its answers; `onDropped` is told of bytes that nobody needs any more. */
  constructor(room: () => Promise<unknown>, onDropped: (bytes: Uint8Array) => void) {
    this.room = async () => {
      await room();
    };
    this.#onDropped = onDropped;
  }

  piece(bytes: Uint8Array): void {
    this.#onDropped(bytes);
  }

  line({ chunks }: HostLine): void {
    for (const chunk of chunks) this.#onDropped(chunk);
  }
}
