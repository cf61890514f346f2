import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { keptSeeds } from "./property.ts";

const folder = new URL(".", import.meta.url);
const tests = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

test("each seed that is kept says what was wrong, and its property is there", () => {
  for (const { property, about } of keptSeeds) {
    expect(about.length).toBeGreaterThan(10);
    expect(tests).toContain(JSON.stringify(property));
  }
});

test("no two properties have one name: a seed is kept by it", () => {
  const names = [...tests.matchAll(/^ *property\(\s*("[^"]*")/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names).size).toBe(names.length);
});
