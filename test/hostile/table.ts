/** Writes the README's table of scenarios from the data. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { families } from "./families.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/all.ts";

export const readmePath: string = fileURLToPath(new URL("README.md", import.meta.url));

const between = /(<!-- scenarios: .*? -->\n)[\s\S]*?(<!-- \/scenarios -->)/;

/** `readme` with the tables of today. @throws Error where it has no place for them. */
export function withScenarios(readme: string): string {
  if (!between.test(readme)) throw new Error("the README has no place for the table of scenarios");
  return readme.replace(between, (_, start: string, end: string) => `${start}${tables()}${end}`);
}

function tables(): string {
  const controls = families.map(({ name, about }) => `| ${cell(name)} | ${cell(about)} |\n`);
  const rows = scenarios.map(
    (scenario) =>
      `| ${cell(scenario.name)} | ${cell(scenario.source)} | ${cell(scenario.family.name)} | ${cell(outcome(scenario))} |\n`,
  );
  const counted = `${scenarios.length} scenarios, ${scenarios.filter(({ expect }) => "ends" in expect).length} of which must end the connection.`;
  return (
    `${counted}\n\n| Control | What it is |\n|---|---|\n${controls.join("")}\n` +
    `| The server's deviation | Known from | Control | What must come of it |\n|---|---|---|---|\n${rows.join("")}`
  );
}

function outcome({ expect }: Scenario): string {
  if ("stopped" in expect) return `exit ${expect.stopped} by the host's signal`;
  const says = said(expect.says ?? []);
  if ("succeeds" in expect) return `succeeds, byte for byte${says}`;
  const { ends, reason, exit = 1 } = expect;
  return `exit ${exit}, ${reason === "none" ? "no DISCONNECT" : `DISCONNECT ${reason}`}, "${ends}"${says}`;
}

function said(lines: readonly string[]): string {
  const [first] = lines;
  if (first === undefined) return "";
  return `; says "${first}"${lines.length === 1 ? "" : ` and ${lines.length - 1} lines more`}`;
}

function cell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(readmePath, withScenarios(readFileSync(readmePath, "utf8")));
}
