/** The Markdown of the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";

const rooms = ["docs", "src", "test", "bench", "examples", "packaging"];

/** All of it, as paths from the top folder. */
export const allPages: readonly string[] = [
  ...readdirSync("."),
  ...rooms
    .filter((room) => existsSync(room))
    .flatMap((room) => readdirSync(room, { recursive: true, encoding: "utf8" }).map((name) => join(room, name))),
]
  .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
  .sort();

/** What users read: the front page, and the pages behind it but for the one on releases. */
export const userPages: readonly string[] = allPages.filter(
  (path) => path === "README.md" || (/^docs\/[^/]+$/.test(path) && path !== "docs/releasing.md"),
);

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The blocks of code in one language. */
export function codeOf(page: string, language: string): readonly string[] {
  return [...readFileSync(page, "utf8").matchAll(fence)]
    .filter(([, given]) => given === language)
    .map(([, , code = ""]) => code);
}

/** Its text without the blocks of code. */
export function proseOf(page: string): string {
  return readFileSync(page, "utf8").replace(fence, "");
}
