import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { applied, type Mutant } from "./mutant.ts";
import { table } from "./table.ts";
import { judge, soundness } from "./verdict.ts";
import type { Run, TestResult } from "./vitest-run.ts";

describe("the table", () => {
  test.each(table)("$id fits its file, and names a test file that is there", (mutant) => {
    expect(applied(mutant, readFileSync(mutant.file, "utf8"))).toContain(mutant.replace);
    expect(existsSync(mutant.caughtBy.file)).toBe(true);
    expect(mutant.caughtBy.test).not.toBe("");
  });

  test("has at least 60 rows, with ids of their own", () => {
    expect(new Set(table.map(({ id }) => id)).size).toBe(table.length);
    expect(table.length).toBeGreaterThanOrEqual(60);
  });
});

const row: Mutant = {
  id: "row",
  file: "src/a.ts",
  find: "if (bad) return;",
  replace: "",
  why: "a reason",
  caughtBy: { file: "test/a.test.ts", test: "refuses it" },
};
const text = "export function f(bad: boolean): void {\n  if (bad) return;\n  g();\n}\n";

describe("a fault is refused", () => {
  test.each<[string, Partial<Mutant>, string]>([
    ["that does not occur", { find: "if (good) return;" }, "occurs 0 times"],
    ["that occurs twice", { find: "return;", replace: "" }, ""],
    ["that changes nothing", { replace: "if (bad) return;" }, "changes nothing"],
    ["of two lines", { replace: "h();\n" }, "one line"],
    ["that does not parse", { replace: "if (" }, "does not parse"],
  ])("%s", (name, change, message) => {
    const twice = name === "that occurs twice" ? text + text : text;
    expect(() => applied({ ...row, ...change }, twice)).toThrow(message || "occurs 2 times");
    expect(() => applied({ ...row, ...change }, twice)).toThrow(/^row: /);
  });

  test("but not one that fits: it is put in as it stands, dollars and all", () => {
    expect(applied({ ...row, replace: "$$();" }, text)).toContain("  $$();\n");
  });
});

const result = (change: Partial<TestResult> = {}): TestResult => ({
  file: "test/a.test.ts",
  name: "a refuses it, whole",
  status: "passed",
  messages: [],
  ...change,
});
const failed = result({ status: "failed", messages: ["AssertionError: expected 1 to be 2"] });
const late = result({ status: "failed", messages: ["Error: Test timed out in 20000ms.\n at x"] });
const finished = (...tests: TestResult[]): Run => ({ how: "finished", tests, broken: undefined });

describe("a mutant is", () => {
  test.each<[string, Run, Partial<Mutant>, string]>([
    ["caught where its test fails", finished(result(), failed), {}, "caught"],
    ["not caught where its test passes", finished(result()), {}, "survived"],
    ["not caught by another test", finished(result(), result({ ...failed, name: "b" })), {}, "survived"],
    ["not caught by a test of another file", finished({ ...failed, file: "test/b.test.ts" }), {}, "problem"],
    ["not judged where its test was skipped", finished(result({ status: "skipped" })), {}, "problem"],
    ["not caught by a file that does not load", { how: "finished", tests: [], broken: "SyntaxError" }, {}, "problem"],
    ["not caught by a run that dies", { how: "died", output: "out of memory" }, {}, "problem"],
    ["not caught by a test that is late", finished(late), {}, "problem"],
    ["caught by a test that is late if it is known to hang", finished(late), { hangs: true }, "caught"],
    ["not caught by a run that is late", { how: "timed-out" }, {}, "problem"],
    ["caught by a run that is late if it is known to hang", { how: "timed-out" }, { hangs: true }, "caught"],
  ])("%s", (_, run, change, verdict) => {
    expect(judge({ ...row, ...change }, run).verdict).toBe(verdict);
  });

  test("run only where its test is there and passes without it", () => {
    expect(soundness(row, [result()])).toBeUndefined();
    expect(soundness(row, [result({ name: "b" })])).toContain("no test named");
    expect(soundness(row, [result(), failed])).toContain("fails without the fault");
  });
});
