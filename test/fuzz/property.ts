/**
 * A property: what must hold for every input that fast-check makes. In `npm test` each has few runs and one seed, so that
 * it says the same every time; in CI each state of the tree has a seed of its own; `npm run fuzz` gives each its share of the time, and a
 * seed of its own. What failed once stands in seeds.json and is run first, always.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SshError } from "../../src/ssh/errors.ts";

/** One failure that was, and is not any more. */
export interface KeptSeed {
  /** The property's name. */
  readonly property: string;
  readonly seed: number;
  /** The way to the smallest input that failed, as fast-check prints it. */
  readonly path: string;
  /** What was wrong. */
  readonly about: string;
}

export const keptSeeds: readonly KeptSeed[] = JSON.parse(
  readFileSync(new URL("seeds.json", import.meta.url), "utf8"),
) as KeptSeed[];

const fixedSeed = 20_261_126;
const isInCi = process.env["CI"] === "true";
const seed = Number(process.env["FUZZ_SEED"] ?? (isInCi ? seedOfTree() : fixedSeed));
/** Milliseconds for each property; undefined where runs are counted instead. */
const time = process.env["FUZZ_TIME"] === undefined ? undefined : Number(process.env["FUZZ_TIME"]);
/** A failure is made smaller for so long, milliseconds. */
const shrinkTime = 30_000;

/** New for each change, so that luck may find what stands; the same for the same files, so that CI says the same of them. */
function seedOfTree(): number {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD^{tree}"], { encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : fixedSeed;
}

/**
 * Makes a test of a property. `holds` throws where it does not hold. `runs`: how many in `npm test`, as many as take
 * well under a second.
 */
export function property<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
  runs = 200,
): void {
  const checked = fc.asyncProperty(inputs, async (input) => {
    await holds(input);
  });
  const check = async (parameters: fc.Parameters<[T]>): Promise<void> => {
    const details = await fc.check(checked, parameters);
    if (!details.failed) return;
    const keep = JSON.stringify({ property: name, seed: details.seed, path: details.counterexamplePath, about: "" });
    const input = fc.stringify(details.counterexample).slice(0, 4000);
    const error = details.errorInstance instanceof Error ? details.errorInstance.stack : details.errorInstance;
    const again = `FUZZ_SEED=${details.seed} npx vitest run test/fuzz -t ${JSON.stringify(name)}`;
    throw new Error(
      `does not hold for ${input}\n${error}\nagain: ${again}\nto be kept in test/fuzz/seeds.json: ${keep}`,
    );
  };
  const timeout = (time ?? 0) + 2 * shrinkTime + 60_000;
  test(
    name,
    async () => {
      for (const kept of keptSeeds.filter((each) => each.property === name)) {
        await check({ seed: kept.seed, path: kept.path, endOnFailure: true });
      }
      if (time === undefined) await check({ seed, numRuns: runs, interruptAfterTimeLimit: shrinkTime });
      else await check({ seed, numRuns: 100_000_000, interruptAfterTimeLimit: time, markInterruptAsFailure: false });
    },
    timeout,
  );
}

/** Runs what may be refused, with errors of these classes only: whatever else is thrown is thrown on. */
export function refusable<T>(
  run: () => T,
  ...classes: readonly (abstract new (
    ...rest: never[]
  ) => Error)[]
): T | undefined {
  try {
    return run();
  } catch (error) {
    const isOurs = (classes.length === 0 ? [SshError] : classes).some((each) => error instanceof each);
    if (!isOurs) throw error;
    expectPrintable((error as Error).message);
    return undefined;
  }
}

/** What reaches a terminal or a log: one line, no control characters, no bidi, not without end. */
export function expectPrintable(text: string, most = 20_000): void {
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  expect(text.length).toBeLessThanOrEqual(most);
}
