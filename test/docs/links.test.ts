/** Every link between files of the repository leads to a file that is there, and to a heading that it has. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, expect, test } from "vitest";
import { allPages, proseOf } from "./pages.ts";

/** As GitHub makes them of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-");
    let unique = anchor;
    for (let times = 1; anchors.has(unique); times++) unique = `${anchor}-${times}`;
    anchors.add(unique);
  }
  return anchors;
}

function* linksOf(page: string): Generator<string> {
  const prose = proseOf(page).replace(/`[^`\n]*`/g, "``");
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) if (!/^[a-z]+:/.test(target)) yield target;
}

/** What is wrong with a link; undefined where nothing is. */
function faultOf(page: string, link: string): string | undefined {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (target.startsWith("..") || !existsSync(target)) return `${page}: no file ${link}`;
  if (anchor === undefined) return undefined;
  const text = statSync(target).isDirectory() ? join(target, "README.md") : target;
  return anchorsOf(text).has(anchor) ? undefined : `${page}: no heading ${link}`;
}

test("there are pages and links", () => {
  expect(allPages).toEqual(expect.arrayContaining(["README.md", "SECURITY.md", "docs/flags.md", "src/ssh/README.md"]));
  expect([...linksOf("README.md")].length).toBeGreaterThan(10);
});

test.each(allPages)("%s", (page) => {
  expect([...linksOf(page)].flatMap((link) => faultOf(page, link) ?? [])).toEqual([]);
});

describe("a link is refused", () => {
  test.each(["docs/none.md", "docs/trust.md#none", "#none", "../README.md"])("to %s", (link) => {
    expect(faultOf("README.md", link)).toContain(link);
  });
});

test("the index leads to every page beside it", () => {
  const beside = allPages.filter((path) => /^docs\/[^/]+$/.test(path) && path !== "docs/README.md");
  const named = new Set([...linksOf("docs/README.md")].map((link) => join("docs", link)));
  expect(beside.filter((path) => !named.has(path))).toEqual([]);
});
