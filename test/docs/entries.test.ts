/** What the pages say to paste into a host, and to type, is what the command takes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { run as config } from "../../src/cli/config.ts";
import { parseFlags } from "../../src/cli/settings.ts";
import { subcommandOf } from "../../src/cli/subcommands.ts";
import { allPages, codeOf, proseOf, userPages } from "./pages.ts";

interface Entry {
  readonly args: readonly string[];
}

/** A file of a host's with one entry or more, or an entry alone. */
function entriesOf(json: string): readonly Entry[] {
  const snippet = JSON.parse(json);
  return Object.values(snippet.mcpServers ?? snippet.servers ?? snippet.context_servers ?? { remote: snippet });
}

const localUser = (): string => "local-user";

describe("entries for hosts, by page", () => {
  const pages = userPages.filter((page) => codeOf(page, "json").length > 0);

  test("are on these", () => {
    expect(pages).toEqual(
      expect.arrayContaining(["README.md", "docs/install.md", "docs/keys.md", "docs/ssh-config.md"]),
    );
  });

  test.each(pages)("%s", (page) => {
    for (const { args } of codeOf(page, "json").flatMap(entriesOf)) {
      const at = args.indexOf("mcp-ssh-client");
      expect(at).toBeGreaterThan(-1);
      expect(parseFlags(args.slice(at + 1), localUser)).toMatchObject({ isHostKeyChecked: true });
    }
  });
});

describe("lines to type", () => {
  const typed = userPages.flatMap((page) =>
    ["sh", ""].flatMap((language) =>
      codeOf(page, language).flatMap((code) =>
        [...code.matchAll(/^(?:\$ )?npx -y mcp-ssh-client (.*?)(?: > \S+)?$/gm)].map(([, line = ""]) => line),
      ),
    ),
  );

  test("are there", () => {
    expect(new Set(typed.map((line) => line.split(" ")[0]))).toEqual(new Set(["keygen", "trust", "doctor", "config"]));
  });

  test.each(typed)("%s", async (line) => {
    const [name = "", ...words] = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
    expect(subcommandOf([name])).toBe(name);
    if (name === "config") {
      const told: string[] = [];
      const out = async (text: string): Promise<void> => void told.push(text);
      expect(await config(words, { program: "mcp-ssh-client", localUser, out, err: () => undefined })).toBe(0);
      expect(told.join("")).toContain("mcp-ssh-client");
    } else parseFlags(name === "trust" ? ["--host", ...words] : words, localUser);
  });
});

test("every `npm run` of any page is a script", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const named = allPages.flatMap((page) =>
    [proseOf(page), ...codeOf(page, "sh")].flatMap((text) =>
      [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name ?? ""),
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});
