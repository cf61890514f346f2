import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseFlags } from "../../src/cli/settings.ts";
import { withFlags } from "../support/readme-flags.ts";

const readme = readFileSync("README.md", "utf8");

test("the README's table of flags is what the command reads (else run test/support/readme-flags.ts)", () => {
  expect(withFlags(readme)).toBe(readme);
});

test("the command lines in the README's host configurations are accepted", () => {
  const snippets = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) => JSON.parse(json));
  const entries = snippets.flatMap((snippet) => Object.values(snippet.mcpServers ?? { remote: snippet }));
  expect(entries.length).toBeGreaterThan(1);
  for (const { args } of entries as { args: string[] }[]) {
    const at = args.indexOf("mcp-ssh-client");
    expect(parseFlags(args.slice(at + 1), () => "local-user")).toMatchObject({ isHostKeyChecked: true });
  }
});
