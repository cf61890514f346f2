/** The front page: short, and its entries are what `config` writes for each host. */
import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run } from "../../src/cli/config.ts";
import { hosts } from "../../src/cli/hosts.ts";
import { codeOf } from "./pages.ts";

const page = "README.md";
const text = readFileSync(page, "utf8");

test("is short enough to be read", () => {
  expect(statSync(page).size).toBeLessThan(15_000);
});

/** What `config` writes for the flags of its first entry. */
async function written(host: string): Promise<string> {
  const [first = "{}"] = codeOf(page, "json");
  const [, , ...flags] = JSON.parse(first).mcpServers.remote.args;
  let told = "";
  const out = async (more: string): Promise<void> => {
    told += more;
  };
  const terminal = { program: "mcp-ssh-client", localUser: () => "local-user", out, err: () => undefined };
  expect(await run([host, "--name", "remote", ...flags], terminal)).toBe(0);
  return told;
}

describe("has the entry for", () => {
  test.each(["json", "claude", "cursor", "windsurf", "cline", "gemini", "vscode", "zed"])("%s", async (host) => {
    const entry = JSON.parse(await written(host));
    expect(codeOf(page, "json").map((code) => JSON.parse(code))).toContainEqual(entry);
  });

  test("claude-code, but for the type, which it takes for granted", async () => {
    const { mcpServers } = JSON.parse(await written("claude-code"));
    const { type, ...remote } = mcpServers.remote;
    expect(type).toBe("stdio");
    expect(codeOf(page, "json").map((code) => JSON.parse(code))).toContainEqual({ mcpServers: { remote } });
  });

  test("codex", async () => expect(codeOf(page, "toml")).toEqual([await written("codex")]));

  test("goose", async () => expect(codeOf(page, "yaml")).toEqual([await written("goose")]));
});

describe("has a row for", () => {
  test.each(Object.entries(hosts))("%s", async (name, { title, where }) => {
    const [, shown, file = "", key] =
      new RegExp(`^\\| (.+) \\| \`${name}\` \\| (.+) \\| \`(.+)\` \\|$`, "m").exec(text) ?? [];
    if (name !== "json") expect(shown).toBe(title);
    const named = /[\w.]+\.(?:json|toml|yaml)\b/.exec(where.join(" "))?.[0];
    expect(file).toContain(named ?? where[0]);
    expect(await written(name)).toContain(key);
  });
});
