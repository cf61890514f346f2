/** docs/flags.md has the flags that the command reads. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { flagsPage, withFlags } from "../support/flags-table.ts";

test("the table of flags is what the command reads (else run test/support/flags-table.ts)", () => {
  const page = readFileSync(flagsPage, "utf8");
  expect(withFlags(page)).toBe(page);
});
