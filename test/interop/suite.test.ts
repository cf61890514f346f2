/** The suite's own judgement: what is wrong must fail, what is known must stay known, and reports must say so. */
import { describe, expect, test } from "vitest";
import { type Case, NotOffered, type Site } from "./case.ts";
import { cases } from "./cases.ts";
import { judge } from "./judge.ts";
import { parseOptions, UsageError } from "./options.ts";
import { count, json, junit, lastLine, matrix, type Run, resultsPage } from "./report.ts";
import { targets, unable } from "./targets.ts";
import type { OpenVisit } from "./visit.ts";

const site: Site = { host: "127.0.0.1", port: 2222, user: "tester", clientKey: "/no/key" };

/** Judges a case that does what `run` does, on a site where there is nothing to connect to. */
async function judged(run: Case["run"], changes: Partial<Case> = {}, differences = unable("its ways", "other")) {
  const left: string[] = [];
  const open = () => ({ site, leave: async () => void left.push("left") }) as unknown as OpenVisit;
  const result = await judge({ id: "one", sentence: "it holds", run, ...changes }, site, differences, { open });
  return { ...result.result, left };
}

describe("a case", () => {
  const passes = async () => undefined;
  const fails = async () => {
    throw new Error("something else came back");
  };
  const known = unable("its ways", "one");

  test.each([
    { name: "that throws has failed", run: fails, expected: { outcome: "failed" } },
    { name: "that resolves has passed", run: passes, expected: { outcome: "passed" } },
    {
      name: "that throws as it is known to",
      run: fails,
      differences: known,
      expected: { outcome: "known difference" },
    },
    { name: "that works again fails the run", run: passes, differences: known, expected: { outcome: "failed" } },
    {
      name: "that is known to be a matter of luck may pass",
      run: passes,
      differences: [{ case: "one", reason: "luck", isErratic: true }],
      expected: { outcome: "passed" },
    },
    { name: "that takes too long has failed", run: () => new Promise<never>(() => {}), changes: { seconds: 0.01 } },
    {
      name: "of an algorithm that the server lacks",
      run: () => Promise.reject(new NotOffered("the server offers nothing")),
      expected: { outcome: "not offered" },
    },
    {
      name: "that needs what the site has not",
      run: fails,
      changes: { needs: ["fixtures"] as const },
      expected: { outcome: "not run" },
    },
  ])("$name", async ({ run, changes, differences, expected = { outcome: "failed" } }) => {
    const { outcome, left } = await judged(run, changes, differences as typeof known);
    expect(outcome).toBe(expected.outcome);
    expect(left).toEqual(expected.outcome === "not run" ? [] : ["left"]);
  });
});

describe("the lists", () => {
  test("no two cases have one id, and no two targets one name", () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  });

  test.each(targets)(
    "$name's known differences are cases that there are, each once",
    ({ differences, cases: only }) => {
      const ids = differences.map((difference) => difference.case);
      expect(ids.filter((id) => !cases.some((one) => one.id === id))).toEqual([]);
      expect((only ?? []).filter((id) => !cases.some((one) => one.id === id))).toEqual([]);
      expect(new Set(ids).size).toBe(ids.length);
    },
  );
});

describe("a report", () => {
  const result = (id: string, outcome: Run["results"][number]["result"]) => ({
    ...{ id, sentence: `${id} holds`, milliseconds: 12 },
    result: outcome,
  });
  const run: Run = {
    ...{ name: "one", server: "A <server>", version: "1|2", negotiated: "a, b, c" },
    offer: { kexAlgorithms: ["a", "x"], serverHostKeyAlgorithms: ["b"] },
    results: [
      result("works", { outcome: "passed" }),
      result("breaks", { outcome: "failed", why: 'got "<a>"\u0007\nand more' }),
      result("differs", { outcome: "known difference", why: "its ways" }),
      result("lacks", { outcome: "not offered", why: "offers x" }),
      result("rests", { outcome: "not run", why: "no key" }),
    ],
  };
  const other: Run = { ...run, name: "two", results: [result("works", { outcome: "passed" })] };
  const rows = ["works", "breaks", "differs", "lacks", "rests", "nobody's"].map((id) => ({ id, sentence: "S" }));

  test("counts what failed and what did not run, and neither what differs nor what is not offered", () => {
    expect(lastLine(count([run, other]))).toBe("2 passed, 1 failed, 1 skipped");
  });

  test("shows cases down and servers across, without cases that nobody ran", () => {
    expect(matrix([run, other], rows).split("\n")).toEqual([
      "| Case | What holds | one | two |",
      "| --- | --- | --- | --- |",
      "| `works` | S | ✓ | ✓ |",
      "| `breaks` | S | FAILED |  |",
      "| `differs` | S | ≠ |  |",
      "| `lacks` | S | – |  |",
      "| `rests` | S | ? |  |",
    ]);
  });

  test("as a page has every reason, and no HTML of a server's", () => {
    const page = resultsPage([run, other], rows as unknown as Case[], "2026-11-26");
    expect(page).toContain("on 2026-11-26: 2 passed, 1 failed, 1 skipped.");
    expect(page).toContain("| one | A &lt;server> | 1\\|2 | a, b, c |");
    expect(page).toContain("- **one**: its ways: `differs`");
    expect(page).toContain('- **one**: got "&lt;a>"\u0007 and more: `breaks`');
    expect(page).toContain("- kexAlgorithms: a, x");
  });

  test("as JUnit XML has a failure with its words, and skips with their reasons", () => {
    const text = junit([run]);
    expect(text).toContain('<testsuite name="one" tests="5" failures="1" skipped="3">');
    expect(text).toContain('name="breaks" time="0.012"><failure message="got &quot;&lt;a&gt;&quot; and more"/>');
    expect(text).toContain('<skipped message="known difference: its ways"/>');
    expect(text.match(/<testcase /g)).toHaveLength(5);
  });

  test("as JSON has it all", () => {
    const read = JSON.parse(json([run], "2026-11-26"));
    expect(read).toMatchObject({ date: "2026-11-26", passed: 1, failed: 1, skipped: 1 });
    expect(read.targets[0].results[1]).toEqual(run.results[1]);
  });
});

describe("the command line", () => {
  const own = ["--username", "me", "--client-key", "key"];

  test.each([
    { target: "example.com", host: "example.com", port: 22 },
    { target: "example.com:2222", host: "example.com", port: 2222 },
    { target: "[::1]:2222", host: "::1", port: 2222 },
    { target: "[::1]", host: "::1", port: 22 },
  ])("takes $target", ({ target, host, port }) => {
    expect(parseOptions(["--target", target, ...own]).own).toMatchObject({ host, port, username: "me" });
  });

  test.each([
    { name: "a target without a user", argv: ["--target", "a", "--client-key", "key"] },
    { name: "a target without a key", argv: ["--target", "a", "--username", "me"] },
    { name: "a port that is none", argv: ["--target", "a:70000", ...own] },
    { name: "an address without brackets", argv: ["--target", "::1", ...own] },
    { name: "a target among others", argv: ["--target", "a", ...own, "--only", "dropbear"] },
    { name: "a user for nobody", argv: ["--username", "me"] },
    { name: "a flag that there is not", argv: ["--no-such-flag"] },
  ])("refuses $name", ({ argv }) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  });
});
