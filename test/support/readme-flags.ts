/** Writes the README's table of flags from the rows that the command reads its flags by. */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { flagRows } from "../../src/cli/flags.ts";

const between = /(<!-- flags: .*? -->\n)[\s\S]*?(<!-- \/flags -->)/;

/** `readme` with the table of today. @throws Error where it has no place for it. */
export function withFlags(readme: string): string {
  if (!between.test(readme)) throw new Error("the README has no place for the table of flags");
  return readme.replace(between, (_, start: string, end: string) => `${start}${table()}${end}`);
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
  writeFileSync("README.md", withFlags(readFileSync("README.md", "utf8")));
}
