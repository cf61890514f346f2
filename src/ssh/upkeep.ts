/**
 * Upkeep: what an established connection does as time passes. After silence it asks for a sign of life, after an hour it
 * changes keys (RFC 4253 §9), and it gives up a peer that is dead, or a rekey that has no end.
 */
import type { Limits } from "./connection.ts";
import { type Clock, Deadline } from "./deadline.ts";
import { TimeoutError } from "./errors.ts";
import { Liveness, type Moment } from "./liveness.ts";

/** What it does, by the connection's hands. */
export interface Upkept {
  keepalive(): void;
  rekey(): void;
  giveUp(error: TimeoutError): void;
}

export class Upkeep {
  /** To be told what was heard. */
  readonly liveness: Liveness;
  readonly #limits: Limits;
  readonly #now: Clock;
  readonly #connection: Upkept;
  readonly #rekeyDeadline: Deadline;
  #keepaliveTimer: ReturnType<typeof setTimeout> | undefined;
  #rekeyTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: Limits, now: Clock, connection: Upkept) {
    this.#limits = limits;
    this.#now = now;
    this.#connection = connection;
    this.#rekeyDeadline = new Deadline(now);
    this.liveness = new Liveness(limits.keepaliveInterval, limits.keepaliveCount, this.#moment());
    this.#watchLife();
    this.#startRekeyTimer();
  }

  /** A key exchange, whoever began it, must come to its end. */
  watchRekey(isExchangingKeys: boolean): void {
    if (!isExchangingKeys || this.#rekeyDeadline.isRunning) return;
    const { rekeyTimeout } = this.#limits;
    this.#rekeyDeadline.start(rekeyTimeout, () => {
      this.#connection.giveUp(new TimeoutError("the end of a rekey", rekeyTimeout));
    });
  }

  /** It has come to its end. */
  rekeyed(): void {
    this.#rekeyDeadline.stop();
    this.#startRekeyTimer();
  }

  stop(): void {
    this.#rekeyDeadline.stop();
    for (const timer of [this.#keepaliveTimer, this.#rekeyTimer]) clearTimeout(timer);
  }

  /** Any packet counts as life, for a while a part of one; after `keepaliveCount` silent intervals the link is dead. */
  #watchLife(): void {
    const { verdict, next } = this.liveness.look(this.#moment());
    if (verdict === "dead") {
      this.#connection.giveUp(this.liveness.error);
      return;
    }
    this.#keepaliveTimer = setTimeout(() => this.#watchLife(), next);
    if (verdict === "ask") this.#connection.keepalive();
  }

  #startRekeyTimer(): void {
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = setTimeout(() => this.#connection.rekey(), this.#limits.rekeyInterval);
  }

  #moment(): Moment {
    return { steady: this.#now(), wall: Date.now() };
  }
}
