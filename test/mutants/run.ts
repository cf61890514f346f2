/**
 * Mutants: plants each fault of `table.ts` in a copy of the tree and runs the test that must notice it. One line for
 * each that lives or cannot be judged; the last line counts. Exits 1 unless all are caught.
 *
 * `npm run mutants -- WORD...` runs only the rows whose ids hold one of the words.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { applied, type Mutant } from "./mutant.ts";
import { table } from "./table.ts";
import { judge, soundness, type Verdict } from "./verdict.ts";
import { runVitest } from "./vitest-run.ts";

/** What the tests of a copy need. */
const PARTS = [
  "src",
  "test",
  "README.md",
  "docs",
  "package.json",
  "tsconfig.json",
  "tsconfig.base.json",
  "vitest.config.ts",
] as const;

/** Milliseconds: for a run with one fault, for one where the fault is known to hang, for all tests without a fault. */
const USUAL = { testTimeout: 20_000, timeout: 30_000 };
const HANGING = { testTimeout: 5_000, timeout: 12_000 };
const BASELINE = { testTimeout: 20_000, timeout: 300_000 };

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

async function main(words: readonly string[]): Promise<void> {
  const mutants = table.filter(({ id }) => words.length === 0 || words.some((word) => id.includes(word)));
  if (mutants.length === 0) throw new RangeError(`no row's id holds ${words.join(" or ")}`);
  const roots = Array.from({ length: Math.min(availableParallelism(), 4) }, copyTree);
  process.on("exit", () => {
    for (const root of roots) rmSync(root, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
  const refused = await refusals(roots[0] as string, mutants);
  const waiting = mutants.filter((mutant) => !refused.has(mutant));
  const judged: Judged[] = [];
  const work = async (root: string): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      judged.push(tell({ mutant, verdict: await plant(root, mutant) }));
    }
  };
  for (const [mutant, what] of refused) judged.push(tell({ mutant, verdict: { verdict: "problem", what } }));
  await Promise.all(roots.map(work));
  const caught = judged.filter(({ verdict }) => verdict.verdict === "caught").length;
  console.log(`${mutants.length} faults in ${new Set(mutants.map(({ file }) => file)).size} files`);
  console.log(`${caught} passed, ${judged.length - caught} failed, 0 skipped`);
  process.exitCode = caught === mutants.length ? 0 : 1;
}

/** A copy of the tree that shares the installed packages. */
function copyTree(): string {
  const root = mkdtempSync(join(tmpdir(), "mutants-"));
  for (const part of PARTS) cpSync(part, join(root, part), { recursive: true });
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
  return root;
}

/** The rows that cannot be run, and why: the fault does not fit its file, or the named test does not pass without it. */
async function refusals(root: string, mutants: readonly Mutant[]): Promise<ReadonlyMap<Mutant, string>> {
  const files = [...new Set(mutants.map(({ caughtBy }) => caughtBy.file))];
  const names = mutants.map(({ caughtBy }) => caughtBy.test);
  const run = await runVitest(root, { files, names, ...BASELINE });
  if (run.how !== "finished") throw new Error(`the tests do not run without a fault: ${JSON.stringify(run)}`);
  if (run.broken !== undefined) console.log(`a test file does not load: ${run.broken}`);
  const refused = new Map<Mutant, string>();
  for (const mutant of mutants) {
    const what = misfit(root, mutant) ?? soundness(mutant, run.tests);
    if (what !== undefined) refused.set(mutant, what);
  }
  return refused;
}

function misfit(root: string, mutant: Mutant): string | undefined {
  try {
    applied(mutant, readFileSync(join(root, mutant.file), "utf8"));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Plants the fault in the copy at `root`, runs the test, and takes the fault out again. */
async function plant(root: string, mutant: Mutant): Promise<Verdict> {
  const path = join(root, mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, applied(mutant, text));
  try {
    const { file, test } = mutant.caughtBy;
    const times = mutant.hangs ? HANGING : USUAL;
    return judge(mutant, await runVitest(root, { files: [file], names: [test], ...times }));
  } finally {
    writeFileSync(path, text);
  }
}

function tell(judged: Judged): Judged {
  const { mutant, verdict } = judged;
  const { id, file, why, caughtBy } = mutant;
  if (verdict.verdict === "survived") {
    console.log(`${id} SURVIVED (${why}): ${file} is wrong, and ${caughtBy.file} > ${caughtBy.test} passes`);
  }
  if (verdict.verdict === "problem") console.log(`${id} PROBLEM: ${verdict.what}`);
  return judged;
}

await main(process.argv.slice(2));
