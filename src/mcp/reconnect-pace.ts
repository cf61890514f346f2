/**
 * Reconnect pace: when to dial again. At once where the lost session had lived, else after 5 s; then from 5 s up with
 * jitter, at most 30 s apart. OpenSSH 9.8 and later punish sources that come too often, before the banner
 * (PerSourcePenalties in sshd_config(5)), and hosts start us several times: jitter keeps these apart.
 */

/** A session that lived as long was no failure of the server's, milliseconds. */
const LIVED = 5_000;
const SHORTEST = 5_000;
const LONGEST = 30_000;

export class ReconnectPace {
  readonly #random: () => number;
  #isFirst = true;
  #isAtOnce = false;
  /** The longest that the next pause may be. */
  #most = SHORTEST;

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** A session that had stood was lost after `lived` milliseconds. */
  lost(lived: number): void {
    this.#isFirst = true;
    this.#isAtOnce = lived >= LIVED;
    this.#most = SHORTEST * 1.5;
  }

  /** How long to wait before the next attempt, milliseconds. */
  next(): number {
    if (this.#isFirst) {
      this.#isFirst = false;
      return this.#isAtOnce ? 0 : SHORTEST;
    }
    const most = this.#most;
    const least = Math.max(SHORTEST, most / 2);
    this.#most = Math.min(LONGEST, most * 2);
    return least + this.#random() * (most - least);
  }
}
