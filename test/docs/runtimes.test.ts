/** docs/runtimes.md shows the code that the tests of the runtimes run, and starts them as those do. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runtimes } from "../runtimes/runtimes.ts";

const doc = readFileSync("docs/runtimes.md", "utf8");

/** The blocks of code, each with the last file that was named in a line of its own before it. */
function* shownCode(): Generator<{ readonly file: string; readonly code: string }> {
  let file = "";
  for (const [, named, code] of doc.matchAll(/^`(examples\/\S+)`.*:$|^```[tj]s\n([\s\S]*?)^```$/gm)) {
    if (named !== undefined) file = named;
    if (code !== undefined) yield { file, code };
  }
}

test.each([...shownCode()])("what it shows of $file is that file's", ({ file, code }) => {
  expect(readFileSync(file, "utf8")).toContain(code);
});

test("it shows all of the examples", () => {
  const files = new Set([...shownCode()].map(({ file }) => file));
  expect([...files].sort()).toEqual([
    "examples/browser/page.ts",
    "examples/browser/relay.mjs",
    "examples/browser/web-socket.ts",
    "examples/exec.ts",
    "examples/sdk-client.ts",
    "examples/worker/worker.ts",
  ]);
});

describe("it names the flags that the tests start runtimes with:", () => {
  test.each([...new Set(runtimes.map(({ flags }) => flags.join(" ")))].filter((flags) => flags !== ""))("%s", (flags) =>
    expect(doc).toContain(flags),
  );
});

test("it names the versions that are in the lock", () => {
  const { packages } = JSON.parse(readFileSync("test/runtimes/package-lock.json", "utf8")) as {
    packages: Readonly<Record<string, { readonly version?: string }>>;
  };
  const heavy = ["node-22", "node-24", "node-26", "@oven/bun-linux-x64", "@deno/linux-x64-glibc"];
  for (const name of [...heavy, "@cloudflare/workerd-linux-64"])
    expect(doc).toContain(packages[`node_modules/${name}`]?.version ?? `a version of ${name}`);
});
