/** The judge of a soak finds each of the things that it is there for, and nothing in a run that was well. */
import { describe, expect, test } from "vitest";
import { growth, judgeSoak, type Run, type Sample } from "./soak-judge.ts";

const MIB = 2 ** 20;

const phases = ["calls", "idle", "deaf"];

/** A sample every 2 s for 4 minutes, each phase 8 s long; memory goes up and down, as it does. */
function samples(change: (sample: Sample) => Partial<Sample> = () => ({})): readonly Sample[] {
  return Array.from({ length: 120 }, (_, number) => {
    const resident = (80 + 6 * Math.sin(number)) * MIB;
    const sample = {
      second: number * 2,
      phase: phases[Math.floor(number / 4) % 3] ?? "",
      resident,
      descriptors: 20 + (number % 3),
      threads: 11,
    };
    return { ...sample, ...change(sample) };
  });
}

const well: Run = {
  samples: samples(),
  warmUp: 30,
  asked: 1000,
  results: 990,
  errors: 10,
  cuts: 5,
  restored: 5,
  rekeys: 40,
  faults: [],
  stderr: "… - WARNING - The link to the remote MCP server was lost: …\n… - INFO - The link … is restored\n",
};

describe("the judge of a soak", () => {
  test("finds nothing in a run that was well", () => {
    expect(judgeSoak(well)).toEqual([]);
  });

  test.each<[string, Partial<Run>, RegExp]>([
    [
      "memory that grows",
      { samples: samples(({ second, resident }) => ({ resident: resident + second * 0.15 * MIB })) },
      /^memory grows: 1\d\.\d MiB/,
    ],
    [
      "memory that is too much at one moment",
      { samples: samples(({ second }) => (second === 100 ? { resident: 170 * MIB } : {})) },
      /^memory reached 170\.0 MiB$/,
    ],
    [
      "a descriptor lost now and then",
      { samples: samples(({ second, descriptors }) => ({ descriptors: descriptors + Math.floor(second / 40) })) },
      /^descriptors grow: 2\d at first, 2\d at last$/,
    ],
    [
      "threads that stay",
      { samples: samples(({ second }) => ({ threads: 11 + Math.floor(second / 40) })) },
      /^threads grow: 1\d at first, 1\d at last$/,
    ],
    ["a request without an answer", { results: 989 }, /^1000 requests, but 989 results and 10 errors$/],
    ["a link that stays lost", { restored: 4 }, /^5 links were cut, and 4 stood again$/],
    ["a run without a cut", { cuts: 0, restored: 0 }, /^no link was cut$/],
    ["a run without fresh keys", { rekeys: 0 }, /^no keys were exchanged again$/],
    ["a run too short to be judged", { samples: samples().slice(0, 20) }, /^only 5 samples/],
    [
      "a warning about listeners",
      { stderr: "(node:1) MaxListenersExceededWarning: Possible EventTarget memory leak" },
      /^on stderr: .*MaxListeners/,
    ],
    ["an error of ours", { stderr: "x - ERROR - it broke" }, /^on stderr: x - ERROR/],
    ["a stack", { stderr: "TypeError\n    at file.js:1:1" }, /^on stderr:\s+at file/],
    ["wrong bytes", { faults: ["7: another answer"] }, /^7: another answer$/],
  ])("finds %s", (_, change, fault) => {
    expect(judgeSoak({ ...well, ...change })).toEqual([expect.stringMatching(fault)]);
  });

  test("forgives the growth of the warm-up", () => {
    const warming = samples(({ second, resident }) => (second < 130 ? { resident: resident - 40 * MIB } : {}));
    expect(judgeSoak({ ...well, samples: warming, warmUp: 130 })).toEqual([]);
    expect(judgeSoak({ ...well, samples: warming, warmUp: 0 })).toEqual([expect.stringMatching(/^memory grows/)]);
  });

  test("forgives a sawtooth, whatever its period and where it stands at the end", () => {
    for (const period of [14, 30, 50, 64, 86, 110]) {
      const teeth = samples(({ second }) => ({ resident: (66 + (40 * (second % period)) / period) * MIB }));
      expect(judgeSoak({ ...well, samples: teeth })).toEqual([]);
    }
  });

  test("finds a leak below a sawtooth", () => {
    const teeth = samples(({ second }) => ({ resident: (60 + 30 * ((second % 50) / 50) + second * 0.2) * MIB }));
    expect(judgeSoak({ ...well, samples: teeth })).toEqual([expect.stringMatching(/^memory grows/)]);
  });

  test("forgives a phase that takes more than the others, and a run that ends in it", () => {
    const uneven = samples(({ second }) =>
      second > 150 && second % 24 > 7 ? { phase: "new", resident: 140 * MIB } : {},
    );
    expect(judgeSoak({ ...well, samples: uneven })).toEqual([]);
  });

  test("measures growth between the halves, each phase by itself, and says nothing of too few turns", () => {
    const played = (...levels: readonly [string, number][]) => levels.map(([phase, resident]) => ({ phase, resident }));
    const twice = played(["a", 10], ["b", 50], ["a", 14], ["b", 51]);
    expect(growth(twice)).toBeUndefined();
    expect(growth([...twice, ...played(["a", 13], ["b", 70])])).toBe(3);
    expect(growth([...twice, ...played(["a", 9], ["b", 58])])).toBe(1);
  });
});
