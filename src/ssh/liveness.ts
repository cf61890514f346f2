/**
 * Liveness: whether the peer still lives, judged by what was received of it and by two clocks. Pure: times come in,
 * what is to be done comes out; `upkeep.ts` has the timer.
 *
 * Silence that nobody listened to proves nothing. Where this process or its machine stood still (a laptop that slept, a
 * SIGSTOP), the peer is asked at once and gets a few seconds, whatever the silence was: a live one answers, and a link
 * that did not outlast the sleep is found in seconds.
 */
import { TimeoutError } from "./errors.ts";

/** One moment on both clocks, in milliseconds. */
export interface Moment {
  /** Of a clock that nobody sets; while the machine sleeps it stands still on Linux and runs on elsewhere. */
  readonly steady: number;
  /** The time of day, which jumps ahead where the machine slept. */
  readonly wall: number;
}

/** What is to be done; `next`: milliseconds until the next look. */
export interface Look {
  readonly verdict: "alive" | "ask" | "dead";
  readonly next: number;
}

const pulse = 2_000; // between two looks at most: so soon a sleep is noticed
const standstill = 10_000; // a shorter one is like any other silence
const patience = 6_000; // after a standstill; a Wi-Fi that comes back needs some of it
const settling = 2_000; // what is heard so soon after one may be what the kernel had kept: it is no sign of life

export class Liveness {
  readonly #interval: number;
  readonly #count: number;
  #heardAt: number;
  /** When a packet came to its end. */
  #wholeAt: number;
  /** Questions since something was heard. */
  #asked = 0;
  /** When the next look is due, and by how much the time of day was ahead at the last one. */
  #dueAt: number;
  #ahead: number;
  /** When we found that we had stood still, and for how long. */
  #woke: { readonly at: number; readonly after: number } | undefined;
  #isLookedTwice = false;

  /** `interval`: milliseconds of silence after which the peer is asked; `count`: of them after which it is dead, 2 at least. */
  constructor(interval: number, count: number, now: Moment) {
    this.#interval = interval;
    this.#count = Math.max(count, 2); // a peer that was not asked owes nothing
    this.#heardAt = now.steady;
    this.#wholeAt = now.steady;
    this.#dueAt = now.steady;
    this.#ahead = now.wall - now.steady;
  }

  /** Why the peer is taken for dead. */
  get error(): TimeoutError {
    const whose = "life on the connection";
    if (this.#woke === undefined) return new TimeoutError(whose, this.#interval * this.#count);
    const seconds = Math.round(this.#woke.after / 1000);
    return new TimeoutError(`${whose} since this machine slept or stood still for ${seconds} s`, this.#patience);
  }

  /**
   * Bytes came, at a time of the steady clock; `isWhole`: a packet came to its end with them. A part of one counts on a
   * slow link, but a packet that has not ended for as long as silence may last is no sign of life any more.
   */
  heard(steady: number, isWhole: boolean): void {
    if (isWhole) this.#wholeAt = steady;
    else if (steady - this.#wholeAt > this.#interval * this.#count) return;
    this.#heardAt = steady;
    this.#asked = 0;
  }

  look(now: Moment): Look {
    const { steady } = now;
    const late = steady - this.#dueAt;
    const stood = Math.max(late, now.wall - steady - this.#ahead);
    this.#ahead = now.wall - steady;
    if (stood > Math.min(standstill, this.#interval)) {
      this.#woke = { at: steady, after: stood };
      this.#wholeAt = steady;
      this.#asked = 0;
      return this.#then("ask", now);
    }
    if (this.#woke !== undefined && this.#heardAt >= this.#woke.at + this.#settling) this.#woke = undefined;
    if (this.#questionAt - steady >= 1) return this.#then("alive", now);
    this.#asked += 1;
    if (this.#asked < (this.#woke === undefined ? this.#count : 2)) return this.#then("ask", now);
    if (late <= 1 || this.#isLookedTwice) return { verdict: "dead", next: 0 };
    this.#asked -= 1; // this look is late: what the kernel holds is read before the next one
    this.#isLookedTwice = true;
    this.#dueAt = steady + 1;
    return { verdict: "alive", next: 1 };
  }

  /** When the next question is due, or the end in the place of the last. */
  get #questionAt(): number {
    if (this.#woke === undefined) return this.#heardAt + this.#interval * (this.#asked + 1);
    return this.#woke.at + (this.#asked === 0 ? this.#settling : this.#patience);
  }

  get #patience(): number {
    return Math.min(patience, this.#interval * this.#count);
  }

  get #settling(): number {
    return Math.min(settling, this.#patience / 3);
  }

  #then(verdict: Look["verdict"], { steady }: Moment): Look {
    this.#isLookedTwice = false;
    const next = Math.ceil(Math.min(pulse, Math.max(1, this.#questionAt - steady)));
    this.#dueAt = steady + next;
    return { verdict, next };
  }
}
