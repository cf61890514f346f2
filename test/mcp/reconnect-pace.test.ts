/** When a lost link is dialled again. */
import { describe, expect, it } from "vitest";
import { ReconnectPace } from "../../src/mcp/reconnect-pace.ts";

const pauses = (random: number, lived: number, count = 6): number[] => {
  const pace = new ReconnectPace(() => random);
  pace.lost(lived);
  return Array.from({ length: count }, () => pace.next());
};

describe("the first attempt", () => {
  it.each([
    [0, 5_000],
    [4_999, 5_000],
    [5_000, 0],
    [3_600_000, 0],
  ])("after a session of %i ms comes after %i ms", (lived, pause) => {
    expect(pauses(0.5, lived, 1)).toEqual([pause]);
  });
});

describe("further attempts", () => {
  it.each([
    ["at the earliest", 0, [5_000, 7_500, 15_000, 15_000, 15_000]],
    ["at the latest", 1, [7_500, 15_000, 30_000, 30_000, 30_000]],
  ])("are from 5 s up to 30 s apart: %s", (_, random, expected) => {
    expect(pauses(random, 10_000).slice(1)).toEqual(expected);
  });

  it("begin anew with each session that had stood", () => {
    const pace = new ReconnectPace(() => 1);
    pace.lost(10_000);
    for (let i = 0; i < 5; i++) pace.next();
    pace.lost(1_000);
    expect([pace.next(), pace.next()]).toEqual([5_000, 7_500]);
  });
});
