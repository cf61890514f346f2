/**
 * Flow: a source's chunks given to whoever takes them in the moment in which they come, and no promise for a chunk that is
 * taken at once. Back-pressure is the promise of a taker that needs time.
 */
import type { Breach, ByteSource, TakeChunk } from "./connection.ts";
import { type Deferred, deferred } from "./deferred.ts";

/** Gives `take` all that comes from `source`, as `flow` does, whether the source has that or not. */
export function flowing(source: ByteSource, take: TakeChunk): Promise<Breach | undefined> {
  return source.flow === undefined ? readInto(source, take) : source.flow(take);
}

async function readInto(source: ByteSource, take: TakeChunk): Promise<Breach | undefined> {
  for (;;) {
    let chunk: Uint8Array | undefined;
    try {
      chunk = await source.read();
    } catch (error) {
      return { error };
    }
    if (chunk === undefined) return undefined;
    const time = take(chunk);
    if (time !== undefined) await time;
  }
}

/** What a source that flows keeps of whoever takes its chunks. The first may be given a turn after it was made. */
export class Flow {
  readonly #over: Deferred<Breach | undefined> = deferred();
  readonly over: Promise<Breach | undefined> = this.#over.promise;
  readonly #take: TakeChunk;
  readonly #onReady: () => void;
  #isReady = false;

  /** `onReady` is called whenever a chunk may be given again. */
  constructor(take: TakeChunk, onReady: () => void) {
    this.#take = take;
    this.#onReady = onReady;
    this.#waitFor(Promise.resolve());
  }

  /** Whether a chunk, or the end, may be given. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Gives a chunk. Whether it was taken at once; else it is lent until `onReady`, or for good where the taking failed. */
  give(chunk: Uint8Array): boolean {
    this.#isReady = false; // until this one is taken, whatever the taker sets going
    try {
      const time = this.#take(chunk);
      if (time === undefined) this.#isReady = true;
      else this.#waitFor(time);
    } catch (error) {
      this.#fail(error);
    }
    return this.#isReady;
  }

  end(breach: Breach | undefined): void {
    this.#isReady = false;
    this.#over.resolve(breach);
  }

  #waitFor(time: Promise<void>): void {
    this.#isReady = false;
    time.then(
      () => {
        this.#isReady = true;
        this.#onReady();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#isReady = false;
    this.#over.reject(error);
  }
}
