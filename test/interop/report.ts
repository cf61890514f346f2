/** What the runs came to: as lines for a person, as the page RESULTS.md, as JUnit XML and as JSON. Pure. */
import type { Case } from "./case.ts";
import type { Outcome, Result } from "./judge.ts";

/** One server and what came of its cases. */
export interface Run {
  readonly name: string;
  readonly server: string;
  readonly version: string;
  /** By default: key exchange, host key, cipher. */
  readonly negotiated: string;
  /** The server's own lists, by their names in RFC 4253 §7.1. */
  readonly offer: Readonly<Record<string, readonly string[]>>;
  readonly results: readonly Result[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Cases that did not run. What a server cannot do is none of them: it ran. */
  readonly skipped: number;
}

export function count(runs: readonly Run[]): Counts {
  const all = runs.flatMap(({ results }) => results.map(({ result }) => result.outcome));
  const of = (...outcomes: readonly Outcome["outcome"][]) => all.filter((one) => outcomes.includes(one)).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("not run") };
}

/** The last line of every run. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

const MARKS: Readonly<Record<Outcome["outcome"], string>> = {
  passed: "✓",
  failed: "FAILED",
  "known difference": "≠",
  "not offered": "–",
  "not run": "?",
};

export const LEGEND: string =
  "✓ passed, – the server does not offer it, ≠ a known difference (below), FAILED, ? not run; empty: not about it";

/** A line as soon as a case is over. */
export function resultLine(target: string, { id, milliseconds, result }: Result): string {
  const detail = result.outcome === "passed" ? (result.word ?? "") : result.why;
  const text = `${target}  ${result.outcome === "passed" ? "ok" : result.outcome}  ${id} (${milliseconds} ms)`;
  return detail === "" ? text : `${text}: ${detail}`;
}

/** What did not run, a line for each reason. */
export function notRunLines(target: string, results: readonly Result[]): readonly string[] {
  const reasons = byReason(results, "not run");
  return [...reasons].map(([why, ids]) => `${target}  not run  ${ids.join(", ")}: ${why}`);
}

function byReason(results: readonly Result[], outcome: Outcome["outcome"]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, result } of results) {
    if (result.outcome !== outcome || result.outcome === "passed") continue;
    found.set(result.why, [...(found.get(result.why) ?? []), id]);
  }
  return found;
}

/** Cases down, servers across: a table of Markdown. */
export function matrix(runs: readonly Run[], cases: readonly Pick<Case, "id" | "sentence">[]): string {
  const rows = cases.flatMap(({ id, sentence }) => {
    const cells = runs.map(({ results }) => results.find((one) => one.id === id)?.result);
    if (cells.every((cell) => cell === undefined)) return [];
    return [[`\`${id}\``, sentence, ...cells.map((cell) => (cell === undefined ? "" : MARKS[cell.outcome]))]];
  });
  return table([["Case", "What holds", ...runs.map(({ name }) => name)], ...rows]);
}

/** What was seen last, for the repository. */
export function resultsPage(runs: readonly Run[], cases: readonly Case[], date: string): string {
  const servers = runs.map((run) => [run.name, run.server, run.version, run.negotiated]);
  const parts = [
    "# What the interop suite saw last",
    `Written by \`npm run test:interop\` on ${date}: ${lastLine(count(runs))}.`,
    "## Servers",
    table([["Name", "Server", "Version", "Negotiated by default"], ...servers]),
    "## Cases",
    `${LEGEND}.`,
    matrix(runs, cases),
    "## Known differences",
    "What a server cannot do. The suite runs these cases too, and fails when one of them passes.",
    listed(runs, "known difference"),
    "## Failed",
    listed(runs, "failed"),
    "## Not run",
    listed(runs, "not run"),
    "## What the servers offer",
    runs.map(offerOf).join("\n\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** One line for all cases of a server that have the same reason. */
function listed(runs: readonly Run[], outcome: "known difference" | "failed" | "not run"): string {
  const lines = runs.flatMap(({ name, results }) =>
    [...byReason(results, outcome)].map(
      ([why, ids]) => `- **${name}**: ${safe(why)}: ${ids.map((id) => `\`${id}\``).join(", ")}`,
    ),
  );
  return lines.length === 0 ? "None." : lines.join("\n");
}

function offerOf({ name, offer }: Run): string {
  const lines = Object.entries(offer).flatMap(([list, names]) =>
    /languages|serverToClient|cookie/i.test(list) ? [] : [`- ${list}: ${safe(names.join(", "))}`],
  );
  return [`### ${name}`, lines.length === 0 ? "Nothing was seen." : lines.join("\n")].join("\n\n");
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows.map((row) => row.map((cell) => safe(cell).replaceAll("|", "\\|")));
  return [head, head.map(() => "---"), ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** On one line, and no HTML: some of it is the server's. */
function safe(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("<", "&lt;");
}

/** For tools that read test reports. A suite a server. */
export function junit(runs: readonly Run[]): string {
  const suites = runs.map(({ name, results }) => {
    const { passed, failed, skipped } = count([{ results } as Run]);
    const others = results.length - passed - failed - skipped;
    const head = `tests="${results.length}" failures="${failed}" skipped="${skipped + others}"`;
    return `  <testsuite name="${xml(name)}" ${head}>\n${results.map((one) => testcase(name, one)).join("")}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
}

function testcase(target: string, { id, milliseconds, result }: Result): string {
  const head = `    <testcase classname="${xml(target)}" name="${xml(id)}" time="${(milliseconds / 1000).toFixed(3)}"`;
  if (result.outcome === "passed") return `${head}/>\n`;
  const tag = result.outcome === "failed" ? "failure" : "skipped";
  const words = result.outcome === "failed" || result.outcome === "not run" ? "" : `${result.outcome}: `;
  return `${head}><${tag} message="${xml(words + result.why)}"/></testcase>\n`;
}

/** Characters that XML 1.0 cannot hold are left out. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
  const held = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "");
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return held.replace(/[&<>"]/g, (character) => names[character] ?? "").replace(/\s+/g, " ");
}

/** For programs. */
export function json(runs: readonly Run[], date: string): string {
  return `${JSON.stringify({ date, ...count(runs), targets: runs }, undefined, 2)}\n`;
}
