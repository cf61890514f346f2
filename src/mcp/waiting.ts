/** Waiting: bounded, and without a timer left behind. */
import { type Deferred, deferred } from "../ssh/deferred.ts";

/** What `promise` gives, or undefined if that takes more than `milliseconds`; rejects as it does. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Something that may happen once, however long that takes. A promise keeps whoever waits for it as long as it is open;
 * this keeps nobody who has stopped waiting.
 */
export class Occurrence<T> {
  #happened: { readonly value: T } | undefined;
  readonly #waiting = new Set<(value: T) => void>();

  constructor(promise: Promise<T>) {
    void promise.then((value) => {
      this.#happened = { value };
      for (const resolve of this.#waiting) resolve(value);
      this.#waiting.clear();
    });
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Waits for it, `milliseconds` at most: then undefined. */
  async within(milliseconds: number): Promise<T | undefined> {
    const { promise, resolve } = deferred<undefined>();
    const limit = setTimeout(() => resolve(undefined), milliseconds);
    const first = await this.or(promise);
    clearTimeout(limit);
    return first;
  }

  /** What comes first: this, or what `promise` gives; rejects as it does. */
  async or<U>(promise: Promise<U>): Promise<T | U> {
    if (this.#happened !== undefined) return this.#happened.value;
    const { promise: happened, resolve } = deferred<T>();
    this.#waiting.add(resolve);
    try {
      return await Promise.race([promise, happened]);
    } finally {
      this.#waiting.delete(resolve);
    }
  }
}

/** Waits for a silence: from `begin` on, `over` resolves `milliseconds` after the last sound, if `isOver` says so then. */
export class Silence {
  readonly over: Promise<void>;
  readonly #milliseconds: number;
  readonly #isOver: () => boolean;
  readonly #over: Deferred<void> = deferred();
  #state: "waiting" | "begun" | "stopped" = "waiting";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, isOver: () => boolean) {
    this.#milliseconds = milliseconds;
    this.#isOver = isOver;
    this.over = this.#over.promise;
  }

  begin(): void {
    if (this.#state === "waiting") this.#state = "begun";
    this.sound();
  }

  /** The silence starts anew. */
  sound(): void {
    if (this.#state !== "begun") return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isOver()) this.#over.resolve();
    }, this.#milliseconds);
  }

  stop(): void {
    this.#state = "stopped";
    clearTimeout(this.#timer);
  }
}

/** First reply: the time that the remote has to answer anything at all; hosts give up after 60 s and say nothing. */
export class FirstReply {
  readonly #milliseconds: number;
  readonly #onLate: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onLate` is called `milliseconds` after `asked`. */
  constructor(milliseconds: number, onLate: () => void) {
    this.#milliseconds = milliseconds;
    this.#onLate = onLate;
  }

  /** A request was sent, and none has been answered yet. */
  asked(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onLate();
    }, this.#milliseconds);
  }

  /** One was, or there is nobody to wait for. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
