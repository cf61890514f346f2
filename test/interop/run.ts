/** `npm run test:interop`: options in, servers started and ended, cases run, reports out. --help says how. */
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Case, Site } from "./case.ts";
import { cases } from "./cases.ts";
import { type Container, type Engine, findEngine } from "./compose.ts";
import { type Fixtures, makeFixtures, USER } from "./fixtures.ts";
import { judge, type Outcome, type Result } from "./judge.ts";
import { localMcp, localTargets } from "./local.ts";
import { HELP, type Options, type OwnServer, parseOptions, UsageError } from "./options.ts";
import {
  count,
  json,
  junit,
  LEGEND,
  lastLine,
  matrix,
  notRunLines,
  type Run,
  resultLine,
  resultsPage,
} from "./report.ts";
import { type Difference, type Target, targets } from "./targets.ts";
import { listenTo, visit } from "./visit.ts";

const RESULTS = join(import.meta.dirname, "RESULTS.md");
const say = (text: string) => void process.stdout.write(`${text}\n`);

/** A server on its way to be tested. */
interface Plan {
  readonly name: string;
  readonly server: string;
  readonly differences: readonly Difference[];
  readonly cases: readonly Case[];
  /** @throws Error where it does not start */
  start(): Promise<Started>;
}

interface Started {
  readonly site: Site;
  readonly version: string;
  /** The end of what the server logged. */
  log(): string;
  stop(): Promise<void>;
}

/** The first SIGINT or SIGTERM: what runs then ends early, and what was made is taken away as always. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => interruption.abort(new Interrupted(signal)));

async function main(argv: readonly string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options.help) {
    say(HELP);
    return 0;
  }
  if (options.list) {
    say(`Servers\n${targets.map(({ name, server }) => `  ${name}  ${server}`).join("\n")}`);
    say(`Cases\n${cases.map(({ id, sentence }) => `  ${id}  ${sentence}`).join("\n")}`);
    return 0;
  }
  const chosen = chooseCases(options.cases);
  if (options.own !== undefined) return report([await runAll(ownPlan(options.own, chosen))], options, false);
  const known = options.local ? localTargets : targets;
  const wrong = options.only.find((name) => !known.some((target) => target.name === name));
  if (wrong !== undefined) throw new UsageError(`--only ${wrong}: there is no such server (--list)`);
  if (options.local) return report(await runLocal(options.only, chosen), options, false);
  return runImages(options, chosen);
}

function chooseCases(words: readonly string[]): readonly Case[] {
  if (words.length === 0) return cases;
  const chosen = cases.filter(({ id, sentence }) => words.some((word) => `${id} ${sentence}`.includes(word)));
  if (chosen.length === 0) throw new UsageError(`no case has ${words.join(" or ")} in its id or sentence (--list)`);
  return chosen;
}

async function runImages(options: Options, chosen: readonly Case[]): Promise<number> {
  const fixtures = await makeFixtures();
  const engine = findEngine(fixtures.server, interruption.signal);
  try {
    if (typeof engine === "string") {
      say(`${engine}: only the servers of this machine run. See test/interop/README.md.`);
      const names = targets.map(({ name }) => name).filter((name) => isAsked(name, options.only));
      return report(
        [...(await runLocal([], chosen)), ...names.map((name) => notRun(name, engine, chosen))],
        options,
        false,
      );
    }
    say(engine.name);
    const runs: Run[] = [];
    for (const target of targets.filter(({ name }) => isAsked(name, options.only)))
      runs.push(await runAll(imagePlan(target, engine, fixtures, chosen)));
    return report(runs, options, options.only.length === 0 && options.cases.length === 0);
  } finally {
    if (typeof engine !== "string") await engine.down();
    fixtures.remove();
  }
}

const isAsked = (name: string, only: readonly string[]) => only.length === 0 || only.includes(name);

async function runLocal(only: readonly string[], chosen: readonly Case[]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const { name, as, missing, start, differences: more = [] } of localTargets.filter((target) =>
    isAsked(target.name, only),
  )) {
    const why = missing();
    if (why !== undefined) {
      runs.push(notRun(name, why, chosen));
      continue;
    }
    const differences = [...more, ...(targets.find((target) => target.name === as)?.differences ?? [])];
    const begin = async () => {
      const server = await start();
      const site = { ...server, mcp: localMcp, allowChachaWithoutStrictKex: true }; // Debian 12's tinysshd needs it
      return { site, version: server.name, log: server.log, stop: server.stop };
    };
    const cases = chosen.filter(({ isSpecial }) => isSpecial !== true);
    runs.push(await runAll({ name, server: "a program of this machine", differences, cases, start: begin }));
  }
  return runs;
}

function ownPlan({ username, mcpCommand, ...server }: OwnServer, chosen: readonly Case[]): Plan {
  const mcp = mcpCommand === undefined ? {} : { mcp: { exec: mcpCommand } };
  return {
    name: `${server.host}:${server.port}`,
    server: "your own server",
    differences: [],
    cases: chosen.filter(({ isSpecial }) => isSpecial !== true),
    start: async () => {
      const site: Site = { ...server, user: username, ...mcp };
      const first = visit(site, interruption.signal); // else each case is one more failed login, for which sshd shuts us out
      await first.connect().finally(first.leave);
      return { site, version: "", log: () => "", stop: async () => undefined };
    },
  };
}

function imagePlan(target: Target, engine: Engine, fixtures: Fixtures, chosen: readonly Case[]): Plan {
  const { name, server, differences, mcp = { subsystem: "mcp" } } = target;
  const concern = chosen.filter(({ id, isSpecial }) => target.cases?.includes(id) ?? isSpecial !== true);
  return {
    name,
    server,
    differences,
    cases: concern,
    start: async () => {
      await engine.build(name);
      const container = await engine.start(name);
      const site = { ...siteOf(target, container, fixtures), mcp };
      return { site, version: container.exec(target.version), log: container.log, stop: container.stop };
    },
  };
}

function siteOf(target: Target, container: Container, fixtures: Fixtures): Site {
  const port = container.port(2222);
  if (port === undefined) throw new Error(`${target.name} publishes no port 2222`);
  const keyServerPort = container.port(8000);
  return {
    host: "127.0.0.1",
    port,
    user: USER,
    clientKey: fixtures.userKey(target.userKey ?? "ssh-ed25519"),
    knownHosts: fixtures.knownHosts(port, "keys"),
    fixtures,
    ...(target.farewell === undefined ? {} : { farewell: target.farewell }),
    ...(keyServerPort === undefined ? {} : { keyServerPort }),
  };
}

/** Starts the server, runs its cases one by one, ends it. A server that does not start is one failure. */
async function runAll(plan: Plan): Promise<Run> {
  const { name, server, differences } = plan;
  if (plan.cases.length === 0) return { name, server, version: "", negotiated: "", offer: {}, results: [] };
  interruption.signal.throwIfAborted();
  say(`\n== ${name}: ${server}`);
  let started: Started;
  try {
    started = await plan.start();
  } catch (error) {
    interruption.signal.throwIfAborted();
    const result: Outcome = { outcome: "failed", why: (error as Error).message };
    const failed: Result = { id: "start", sentence: "the server starts", milliseconds: 0, result };
    say(resultLine(name, failed));
    return { name, server, version: "did not start", negotiated: "", offer: {}, results: [failed] };
  }
  try {
    const results: Result[] = [];
    for (const one of plan.cases) {
      const result = await judge(one, started.site, differences, { interrupted: interruption.signal });
      interruption.signal.throwIfAborted();
      results.push(result);
      if (result.result.outcome !== "not run") say(resultLine(name, result));
    }
    for (const line of notRunLines(name, results)) say(line);
    const log = results.some(({ result }) => result.outcome === "failed") ? started.log() : "";
    if (log !== "") say(`-- the end of its log\n${log.split("\n").slice(-40).join("\n")}`);
    const { offer, negotiated, version } = await look(started.site);
    return { name, server, version: started.version || version, negotiated, offer, results };
  } finally {
    await started.stop();
  }
}

/** What a plain connection shows of a server, for the report. */
async function look(site: Site): Promise<Pick<Run, "offer" | "negotiated" | "version">> {
  const { heard, serverVersion } = await listenTo(site);
  const { kex, hostKey, cipherClientToServer } = heard.negotiated;
  const negotiated = kex === undefined ? "no connection" : [kex, hostKey, cipherClientToServer].join(", ");
  return { offer: heard.offer(), negotiated, version: serverVersion };
}

function notRun(name: string, why: string, chosen: readonly Case[]): Run {
  const result: Outcome = { outcome: "not run", why };
  const results = chosen
    .filter(({ isSpecial }) => isSpecial !== true)
    .map(({ id, sentence }) => ({ id, sentence, milliseconds: 0, result }));
  for (const line of notRunLines(name, results)) say(line);
  return { name, server: "", version: "", negotiated: "", offer: {}, results };
}

/** `isWhole`: all of it ran, so that the page may be written. */
function report(runs: readonly Run[], options: Options, isWhole: boolean): number {
  const date = new Date().toISOString().slice(0, 10);
  say(`\n${LEGEND}\n${matrix(runs, cases)}`);
  const page = options.results ?? (isWhole ? RESULTS : undefined);
  if (page !== undefined) writeFileSync(page, resultsPage(runs, cases, date));
  if (options.junit !== undefined) writeFileSync(options.junit, junit(runs));
  if (options.json !== undefined) writeFileSync(options.json, json(runs, date));
  const counts = count(runs);
  for (const run of runs) {
    for (const result of run.results) if (result.result.outcome === "failed") say(resultLine(run.name, result));
  }
  say(lastLine(counts));
  return counts.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode); // a case that was cut short may hold on to something
  }
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nSee npm run test:interop -- --help\n`);
  process.exitCode = 2;
}
