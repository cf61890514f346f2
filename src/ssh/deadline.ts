/** Deadlines: how long the other side, or whoever we ask, may take; by a clock that only goes forward. */
import { TimeoutError } from "./errors.ts";

const mostLate = 1_000; // by which a busy process may be late: a timer that is later shows that we stood still

/** Gives the milliseconds of a clock that only goes forward. */
export type Clock = () => number;

/** A time that the other side has. Where we stood still meanwhile and heard nothing, it has it again. */
export class Deadline {
  readonly #now: Clock;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #at = 0;

  constructor(clock: Clock = now) {
    this.#now = clock;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  start(milliseconds: number, onOver: () => void): void {
    clearTimeout(this.#timer);
    this.#at = this.#now() + milliseconds;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#now() - this.#at > mostLate) this.start(milliseconds, onOver);
      else onOver();
    }, milliseconds);
  }

  /** Returns the milliseconds that were left, 1 at least. */
  stop(): number {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return Math.max(this.#at - this.#now(), 1);
  }
}

/** `promise`, but no longer than `milliseconds`, nor than `signal` allows. */
export async function within<T>(
  milliseconds: number,
  what: string,
  promise: T | Promise<T>,
  signal?: AbortSignal,
  clock?: Clock,
): Promise<T> {
  const deadline = new Deadline(clock);
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    deadline.start(milliseconds, () => reject(new TimeoutError(what, milliseconds)));
    onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    deadline.stop();
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
  }
}

/** Milliseconds of the clock that only goes forward. */
export function now(): number {
  return performance.now();
}
