import { describe, expect, test } from "vitest";
import { Liveness, type Look } from "../../src/ssh/liveness.ts";

/** Both clocks, and a timer that fires when it is told to. */
class Rig {
  readonly liveness: Liveness;
  readonly #start: number;
  #steady = 1_000_000;
  #wall = 1_700_000_000_000;
  #last: Look;
  readonly asked: number[] = [];
  deadAt: number | undefined;

  constructor(interval = 15_000, count = 3) {
    this.#start = this.#steady;
    this.liveness = new Liveness(interval, count, this.#now);
    this.#last = this.liveness.look(this.#now);
  }

  get #now() {
    return { steady: this.#steady, wall: this.#wall };
  }

  /** Milliseconds since the start. */
  get time(): number {
    return this.#steady - this.#start;
  }

  /** `isWhole`: with the end of a packet. */
  heard(isWhole = true): void {
    this.liveness.heard(this.#steady, isWhole);
  }

  /** Looks when it is due, `late` milliseconds after that, until `time`. */
  until(time: number, late = 0): void {
    while (this.deadAt === undefined && this.time + this.#last.next + late <= time) this.tick(late);
  }

  /** One look. `late`: it comes so many milliseconds after it was due; `slept`: the steady clock stood still so long. */
  tick(late = 0, slept = 0): void {
    this.#pass(this.#last.next + late);
    this.#wall += slept;
    this.#last = this.liveness.look(this.#now);
    if (this.#last.verdict === "ask") this.asked.push(this.time);
    if (this.#last.verdict === "dead") this.deadAt = this.time;
  }

  #pass(milliseconds: number): void {
    this.#steady += milliseconds;
    this.#wall += milliseconds;
  }
}

const minute = 60_000;

describe("silence", () => {
  test("is asked about after each interval, and ends with the last", () => {
    const rig = new Rig();
    rig.until(minute);
    expect([rig.asked, rig.deadAt]).toEqual([[15_000, 30_000], 45_000]);
    expect(rig.liveness.error.message).toBe("no sign of life on the connection within 45 s");
  });

  test("begins anew with whatever is heard", () => {
    const rig = new Rig();
    rig.until(31_000);
    rig.heard();
    const { time } = rig;
    rig.until(10 * minute);
    expect([rig.asked.slice(2), rig.deadAt]).toEqual([[time + 15_000, time + 30_000], time + 45_000]);
  });

  test("is broken by parts of a packet, but not for ever", () => {
    const rig = new Rig();
    for (let second = 0; second < 600 && rig.deadAt === undefined; second++) {
      rig.until(second * 1000);
      rig.heard(false);
    }
    expect(rig.deadAt).toBeGreaterThan(45_000);
    expect(rig.deadAt).toBeLessThanOrEqual(2 * 45_000);
  });

  test("is broken by a packet that takes long, and by what follows it", () => {
    const rig = new Rig();
    for (let second = 0; second <= 44; second++) {
      rig.until(second * 1000);
      rig.heard(false);
    }
    rig.until(80_000);
    rig.heard();
    rig.until(120_000);
    rig.heard(false);
    rig.until(160_000);
    expect(rig.deadAt).toBeUndefined();
  });

  test("after a standstill is broken by a part of a packet too", () => {
    const rig = new Rig();
    rig.until(10_000);
    rig.tick(60 * minute);
    const { time } = rig;
    rig.until(time + 4000);
    rig.heard(false);
    rig.until(time + 7000);
    expect(rig.deadAt).toBeUndefined();
  });

  test("with a count of 1 is asked about once before it ends", () => {
    const rig = new Rig(15_000, 1);
    rig.until(minute);
    expect([rig.asked, rig.deadAt]).toEqual([[15_000], 30_000]);
  });

  test("a look that is late gives the kernel one more turn, and no more", () => {
    const rig = new Rig();
    rig.until(minute, 300);
    expect(rig.deadAt).toBeGreaterThanOrEqual(45_000 + 1);
    expect(rig.deadAt).toBeLessThanOrEqual(47_000);
  });

  test("what that turn brings is life", () => {
    const rig = new Rig();
    rig.until(44_000);
    rig.tick(5_000); // busy for 5 s: 49 s of silence that nobody listened to
    expect(rig.deadAt).toBeUndefined();
    rig.heard();
    rig.tick();
    rig.until(minute);
    expect(rig.deadAt).toBeUndefined();
  });
});

describe("a standstill", () => {
  const kinds = [
    { what: "a process that was stopped", late: 60_000, slept: 0 },
    { what: "a machine that slept, where the steady clock stands still", late: 0, slept: 60_000 },
    { what: "a machine that slept, where it runs on", late: 60_000, slept: 0 },
  ];

  test.each(kinds)("is no silence of the peer's: $what", ({ late, slept }) => {
    const rig = new Rig();
    rig.until(40_000); // asked twice without an answer
    rig.tick(late, slept);
    const woke = rig.time;
    expect([rig.asked.at(-1), rig.deadAt]).toEqual([woke, undefined]);
  });

  test.each(kinds)("ends with a question at once, a second one, and the end 6 s after: $what", ({ late, slept }) => {
    const rig = new Rig();
    rig.tick(late, slept);
    const woke = rig.time;
    rig.until(woke + minute);
    expect([rig.asked, rig.deadAt]).toEqual([[woke, woke + 2_000], woke + 6_000]);
    expect(rig.liveness.error.message).toBe(
      "no sign of life on the connection since this machine slept or stood still for 60 s within 6 s",
    );
  });

  test("what is heard in the first moment may be old: only the answer to the second question is life", () => {
    const rig = new Rig();
    rig.tick(minute);
    const woke = rig.time;
    rig.heard(); // what the kernel had kept
    rig.until(woke + minute);
    expect(rig.deadAt).toBe(woke + 6_000);
  });

  test("what is heard after that is life, and the usual times hold again", () => {
    const rig = new Rig();
    rig.tick(minute);
    rig.until(rig.time + 2_000);
    rig.heard();
    const { time } = rig;
    rig.until(time + minute);
    expect([rig.asked.slice(2), rig.deadAt]).toEqual([[time + 15_000, time + 30_000], time + 45_000]);
    expect(rig.liveness.error.message).toBe("no sign of life on the connection within 45 s");
  });

  test("after another one the peer has its time again", () => {
    const rig = new Rig();
    rig.tick(minute);
    rig.until(rig.time + 5_000);
    rig.tick(minute);
    expect(rig.deadAt).toBeUndefined();
    const woke = rig.time;
    rig.until(woke + minute);
    expect(rig.deadAt).toBe(woke + 6_000);
  });

  test("of less than 10 s is none, nor is a clock that is set back", () => {
    const rig = new Rig();
    rig.tick(9_000);
    rig.heard();
    rig.tick(0, 9_000);
    rig.tick(0, -3_600_000);
    expect(rig.asked).toEqual([]);
  });

  test("with a short interval is as short as that", () => {
    const rig = new Rig(1_000, 3);
    rig.tick(1_500);
    const woke = rig.time;
    rig.until(woke + minute);
    expect([rig.asked, rig.deadAt]).toEqual([[woke, woke + 1_000], woke + 3_000]);
  });
});
