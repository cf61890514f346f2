/** Writes the table of flags in docs/flags.md from the rows that the command reads its flags by. */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { flagRows } from "../../src/cli/flags.ts";

export const flagsPage = "docs/flags.md";

const between = /(<!-- flags: .*? -->\n)[\s\S]*?(<!-- \/flags -->)/;

/** `page` with the table of today. @throws Error where it has no place for it. */
export function withFlags(page: string): string {
  if (!between.test(page)) throw new Error("the page has no place for the table of flags");
  return page.replace(between, (_, start: string, end: string) => `${start}${table()}${end}`);
}

function table(): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = flagRows.map(({ flag, value, about, initial }) => {
    const name = value === undefined ? flag : `${flag} ${value}`;
    return `| \`${cell(name)}\` | ${initial === undefined ? "" : `\`${initial}\``} | ${cell(about)} |\n`;
  });
  return `| Flag | Default | What for |\n|---|---|---|\n${rows.join("")}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(flagsPage, withFlags(readFileSync(flagsPage, "utf8")));
}
