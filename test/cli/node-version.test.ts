import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { leastNode, nodeTooOld } from "../../src/cli/node-version.ts";

it("is what package.json says", () => {
  const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${leastNode}`);
});

it.each(["20.18.3", "18.20.8", "16.20.2", "8.0.0"])("%s is too old", (version) => {
  expect(nodeTooOld("mcp-ssh-client", version)).toBe(`mcp-ssh-client needs Node 20.19 or newer, this is ${version}`);
});

it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0-nightly"])("%s will do", (version) => {
  expect(nodeTooOld("mcp-ssh-client", version)).toBeUndefined();
});
