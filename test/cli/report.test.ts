import { describe, expect, test } from "vitest";
import { plainReport, Report, type Step, stepLines, stepNames } from "../../src/cli/report.ts";

interface Rig {
  readonly report: Report;
  readonly told: Step[];
  /** The clock, in milliseconds. */
  at: number;
}

/** A rig whose clock stands at 0 when the report begins. */
function begun(): Rig {
  let at = 0;
  const told: Step[] = [];
  const report = new Report(
    (step) => void told.push(step),
    () => at,
  );
  return {
    report,
    told,
    get at() {
      return at;
    },
    set at(now) {
      at = now;
    },
  };
}

describe("a report", () => {
  test("all steps passed is ok, with a time each", () => {
    const { report, told } = begun();
    for (const name of stepNames) report.passed(name, `the ${name}`);
    expect(report.isOk).toBe(true);
    expect(told.map(({ name }) => name)).toEqual([...stepNames]);
    expect(told[0]).toEqual({
      name: "config",
      ok: true,
      ms: 0,
      detail: "the config",
      notes: [],
      cause: null,
      cure: null,
    });
  });

  test("what passed with something to do says so, and is marked", () => {
    const { report, told } = begun();
    report.note("it is old", "update it");
    report.passed("config", "x");
    expect(told[0]).toMatchObject({ ok: true, notes: ["it is old"], cure: "update it" });
    expect(told.flatMap(stepLines)).toEqual([
      "! config             0 ms  x",
      "  note: it is old",
      "  what to do: update it",
    ]);
    report.note("so is this", "update that");
    report.failed("name", { what: "no", cure: "look" });
    expect(told[1]).toMatchObject({ ok: false, cure: "look; update that" });
  });

  test("a time is that since the step before", () => {
    const made = begun();
    made.at = 10;
    made.report.passed("config", "");
    made.at = 35;
    made.report.passed("name", "");
    expect(made.told.map(({ ms }) => ms)).toEqual([10, 25]);
  });

  test("what went on beside an earlier step waits for its turn, and is timed from the start", () => {
    const made = begun();
    made.at = 5;
    made.report.passed("name", "x");
    made.at = 8;
    made.report.passed("tcp", "y");
    expect(made.told).toEqual([]);
    made.at = 50;
    made.report.passed("config", "z");
    made.at = 60;
    made.report.passed("banner", "v");
    expect(made.told.map(({ name, ms }) => [name, ms])).toEqual([
      ["config", 50],
      ["name", 5],
      ["tcp", 8],
      ["banner", 10],
    ]);
  });

  test("said twice, the first counts", () => {
    const { report, told } = begun();
    report.passed("config", "first");
    report.passed("config", "second");
    expect(told.map(({ detail }) => detail)).toEqual(["first"]);
  });

  test("for a program, in the members that were promised and no other", () => {
    const { report } = begun();
    report.note("n");
    report.failed("config", { what: "w", cure: "c" });
    const { steps } = plainReport(report) as { steps: Step[] };
    expect(steps[0]).toEqual({ name: "config", ok: false, ms: 0, detail: "n", cause: "w", cure: "c" });
    expect(steps[1]).toEqual({ name: "name", ok: null, ms: null, detail: "", cause: null, cure: null });
  });

  test("a failure ends it: no step behind it is told as passed", () => {
    const { report, told } = begun();
    report.passed("config", "");
    report.passed("name", "");
    report.failed("tcp", { what: "refused", cure: "look" });
    expect(report.isOk).toBe(false);
    expect(told.map(({ name, ok }) => [name, ok])).toEqual(
      stepNames.map((name) => [name, name === "tcp" ? false : ["config", "name"].includes(name) ? true : null]),
    );
    expect(told[2]).toEqual({ name: "tcp", ok: false, ms: 0, detail: "", notes: [], cause: "refused", cure: "look" });
    expect(told[3]).toEqual({ name: "banner", ok: null, ms: null, detail: "", notes: [], cause: null, cure: null });
  });

  test("where the first step fails, what passed beside it is not told", () => {
    const { report, told } = begun();
    report.passed("name", "");
    report.failed("config", { what: "no key", cure: "" });
    expect(told.map(({ ok }) => ok)).toEqual([false, ...stepNames.slice(1).map(() => null)]);
    expect(told[0]?.cure).toBeNull();
  });

  test("notes go with the next step", () => {
    const { report, told } = begun();
    report.note("mode 644");
    report.passed("config", "a key");
    report.note("a banner");
    report.note("another");
    report.passed("name", "");
    expect(told.map(({ notes }) => notes)).toEqual([["mode 644"], ["a banner", "another"]]);
    expect(plainReport(report)).toMatchObject({
      ok: false,
      steps: [{ detail: "a key; mode 644" }, { detail: "a banner; another" }],
    });
  });

  test("not yet at its end it is not ok", () => {
    const { report } = begun();
    report.passed("config", "");
    expect([report.isOk, report.next]).toEqual([false, "name"]);
  });
});

describe("for a person", () => {
  const step: Step = { name: "tcp", ok: true, ms: 3, detail: "1.2.3.4", notes: [], cause: null, cure: null };
  test.each<[Partial<Step>, string[]]>([
    [{}, ["✓ tcp                3 ms  1.2.3.4"]],
    [
      { ok: false, detail: "", cause: "refused", cure: "look" },
      ["✗ tcp                3 ms  refused", "  what to do: look"],
    ],
    [
      { ok: false, detail: "", notes: ["a", "b"], cause: "refused", cure: "look" },
      ["✗ tcp                3 ms  refused", "  note: a", "  note: b", "  what to do: look"],
    ],
  ])("%j", (change, lines) => {
    expect(stepLines({ ...step, ...change })).toEqual(lines);
  });
});
