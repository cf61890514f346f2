import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chart } from "../../bench/chart.ts";
import { type Release, withRelease } from "../../bench/history.ts";
import { report } from "../../bench/report.ts";
import type { Results } from "../../bench/results.ts";

function benchFile(name: string): string {
  return readFileSync(new URL(`../../bench/${name}`, import.meta.url), "utf8");
}

describe("what people read of the benches comes from results.json alone", () => {
  const results = JSON.parse(benchFile("results.json")) as Results;
  const history = JSON.parse(benchFile("history.json")) as Release[];

  test("README.md is what report makes of it", () => {
    expect(benchFile("README.md")).toBe(report(results, history));
  });

  test("history.json has one row a version, the latest run of it", () => {
    const [release] = withRelease([], "1.0.0", results);
    const again = withRelease(withRelease([], "1.0.0", { ...results, date: "2026-01-01" }), "1.0.0", results);
    expect(again).toEqual([release]);
    expect(withRelease(again, "1.1.0", results).map(({ version }) => version)).toEqual(["1.0.0", "1.1.0"]);
    expect(new Set(history.map(({ version }) => version)).size).toBe(history.length);
  });

  test("chart.svg is what chart makes of it", () => {
    expect(benchFile("chart.svg")).toBe(chart(results));
  });
});
