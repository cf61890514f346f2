/** What must hold of the scenarios as data. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { families } from "./families.ts";
import { scenarios } from "./scenarios/all.ts";
import { edited } from "./steps.ts";
import { readmePath, withScenarios } from "./table.ts";

test("the README's table is that of the data (else run npx tsx test/hostile/table.ts)", () => {
  const readme = readFileSync(readmePath, "utf8");
  expect(withScenarios(readme)).toBe(readme);
});

test("names are unique", () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
});

describe("each scenario has a source, a deviation that fits, and a control that is played", () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", (_, { source, family, edits }) => {
    expect(source).not.toBe("");
    expect(families).toContain(family);
    expect(edits.flatMap(({ steps }) => steps)).not.toEqual([]);
    expect(edited(family.script, edits)).not.toEqual(family.script);
  });
});

test("the server stands on node:crypto and node:net: nothing of src, nothing of noble", () => {
  const room = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
  const rooms = ["bytes.ts", "conversation.ts", "families.ts", "peer.ts", "steps.ts", "../support/peer-crypto.ts"];
  const imported = rooms.flatMap((path) => [...room(path).matchAll(/from "([^"]+)"/g)].map(([, from]) => from));
  expect(imported.length).toBeGreaterThan(0);
  const own = /^(node:(crypto|net)|\.\/(bytes|conversation|families|peer|steps)\.ts|\.\.\/support\/peer-crypto\.ts)$/;
  expect(imported.filter((from) => !own.test(from ?? ""))).toEqual([]);
});

describe("the table of attacks in docs/attacks.md", () => {
  const page = readFileSync("docs/attacks.md", "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Attack "));
  const cited = rows.map((row) => [...(row.split(" | ").at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name));

  test("says for each what shows it", () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(cited.filter((names) => names.length === 0)).toEqual([]);
  });

  test("names scenarios and test files that are there", () => {
    const isThere = (name = ""): boolean =>
      name.endsWith(".test.ts") ? existsSync(name) : scenarios.some((scenario) => scenario.name === name);
    expect(cited.flat().filter((name) => !isThere(name))).toEqual([]);
  });
});
