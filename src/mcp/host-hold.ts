/**
 * Host hold: while the server takes nothing, the host is not read; but only reading shows that it is gone. So now and then
 * a little more is read than there is room for, up to a bound, and a server that has taken nothing for long is given up.
 */
import type { ProxyLimits } from "./limits.ts";
import type { SendQueue } from "./send-queue.ts";
import { within } from "./waiting.ts";

/** Bytes that are read beyond the room there is: more than stands in the pipe of a host that has gone. */
export const MOST_BEYOND: number = 2 * 1024 * 1024;

export class HostHold {
  readonly #limits: Pick<ProxyLimits, "holdInterval" | "stallTimeout">;
  readonly #queue: Pick<SendQueue, "isEmpty" | "taken">;
  readonly #onStalled: () => void;
  #beyond = 0;
  #takenBefore = 0;
  #stalledFor = 0;

  /** `queue`: what the server is to take; `onStalled`: it took nothing of that for `stallTimeout` of holding back. */
  constructor(
    limits: Pick<ProxyLimits, "holdInterval" | "stallTimeout">,
    queue: Pick<SendQueue, "isEmpty" | "taken">,
    onStalled: () => void,
  ) {
    this.#limits = limits;
    this.#queue = queue;
    this.#onStalled = onStalled;
  }

  /** `length` bytes were read, and `room` resolves when there is room again: waits until the host may be read on. */
  async over(room: Promise<void>, length: number): Promise<void> {
    const { holdInterval } = this.#limits;
    this.#beyond += length;
    void room.then(() => this.#end()); // it may come when nobody waits here
    while (!(await within(holdInterval, isThere(room)))) {
      this.#noteStall();
      if (this.#beyond < MOST_BEYOND) return;
    }
  }

  #end(): void {
    this.#beyond = 0;
    this.#stalledFor = 0;
  }

  #noteStall(): void {
    const { isEmpty, taken } = this.#queue;
    const isStalled = !isEmpty && taken === this.#takenBefore; // where nothing waits, the host is held back for another reason
    this.#stalledFor = isStalled ? this.#stalledFor + this.#limits.holdInterval : 0;
    this.#takenBefore = taken;
    if (this.#stalledFor < this.#limits.stallTimeout) return;
    this.#stalledFor = 0;
    this.#onStalled();
  }
}

async function isThere(room: Promise<void>): Promise<boolean> {
  await room;
  return true;
}
