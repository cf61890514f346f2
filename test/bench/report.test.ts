import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chart } from "../../bench/chart.ts";
import { report } from "../../bench/report.ts";
import type { Results } from "../../bench/results.ts";

function benchFile(name: string): string {
  return readFileSync(new URL(`../../bench/${name}`, import.meta.url), "utf8");
}

describe("what people read of the benches comes from results.json alone", () => {
  const results = JSON.parse(benchFile("results.json")) as Results;

  test("README.md is what report makes of it", () => {
    expect(benchFile("README.md")).toBe(report(results));
  });

  test("chart.svg is what chart makes of it", () => {
    expect(benchFile("chart.svg")).toBe(chart(results));
  });
});
