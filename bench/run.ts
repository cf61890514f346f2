/**
 * `npm run bench`: runs all benches, each in a process of its own, and writes results.json, this version's row of
 * history.json, README.md and chart.svg.
 * With `--quick` it only sees that they run: few rounds, and nothing is written. `--also=NODE`, the path of another Node,
 * runs the bench of the command by that one as well; several may be given.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { chart } from "./chart.ts";
import { type Release, withRelease } from "./history.ts";
import { describeCommit, describeMachine, describeVersions } from "./machine.ts";
import { isQuick } from "./measure.ts";
import { report } from "./report.ts";
import type { Results } from "./results.ts";
import { ssh2Option, ssh2Package } from "./ssh2-package.ts";

const ssh2 = ssh2Package();
let results: Results = {
  date: new Date().toISOString().slice(0, 10),
  commit: describeCommit(),
  machine: describeMachine(),
  versions: describeVersions(),
  ssh2Addon: ssh2.addon,
  packet: await run("packet"),
  channel: await run("channel"),
  handshake: await run("handshake"),
  command: await run("command"),
  alsoOn: [],
};
for (const node of process.argv.flatMap((argument) => /^--also=(.+)$/.exec(argument)?.[1] ?? [])) {
  const { loopback } = await run("command", node);
  const { stdout } = await promisify(execFile)(node, ["--version"]);
  results = { ...results, alsoOn: [...results.alsoOn, { node: stdout.trim(), loopback }] };
}

const { version } = JSON.parse(read("../package.json")) as { readonly version: string };
const history = withRelease(JSON.parse(read("history.json")) as Release[], version, results);
if (isQuick) process.stdout.write(report(results, history));
else {
  write("results.json", `${JSON.stringify(results, null, 2)}\n`);
  write("history.json", `${JSON.stringify(history, null, 2)}\n`);
  write("README.md", report(results, history));
  write("chart.svg", chart(results));
}

async function run<Name extends "packet" | "channel" | "handshake" | "command">(
  name: Name,
  node: string = process.execPath,
): Promise<Results[Name]> {
  const begun = performance.now();
  const args = [
    ...process.execArgv,
    join(import.meta.dirname, `${name}.bench.ts`),
    ssh2Option(ssh2),
    ...process.argv.slice(2),
  ];
  const { stdout } = await promisify(execFile)(node, args);
  process.stderr.write(`bench/${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
  return JSON.parse(stdout) as Results[Name];
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

function write(name: string, text: string): void {
  writeFileSync(join(import.meta.dirname, name), text);
}
