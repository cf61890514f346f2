/**
 * One run of vitest in a tree: some files, the tests whose names match, and what became of each.
 */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

/** Properties say the same each time here: whether a fault is caught must not be a matter of luck. */
const FIXED_SEED = "20261126";

export interface TestResult {
  /** As in `test/ssh/packet.test.ts`. */
  readonly file: string;
  /** Its groups and itself, with spaces between. */
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly messages: readonly string[];
}

export type Run =
  /** `broken`: why a file could not be loaded, if one could not. */
  | { readonly how: "finished"; readonly tests: readonly TestResult[]; readonly broken: string | undefined }
  | { readonly how: "timed-out" }
  | { readonly how: "died"; readonly output: string };

export interface RunOptions {
  readonly files: readonly string[];
  /** Parts of test names; any of them will do. */
  readonly names: readonly string[];
  /** For one test, milliseconds. */
  readonly testTimeout: number;
  /** For the whole run, milliseconds. */
  readonly timeout: number;
}

/** The parts of vitest's JSON report that are read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Runs the tests in the tree at `root`, which is the working directory of the tests. */
export async function runVitest(root: string, { files, names, testTimeout, timeout }: RunOptions): Promise<Run> {
  const reportFile = join(root, "report.json");
  rmSync(reportFile, { force: true });
  // threads: they end with the process, so that one kill ends all, also a test that never returns
  const child = spawn(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      ...files,
      ...["--testNamePattern", names.map(escaped).join("|")],
      ...["--pool=threads", "--maxWorkers=1", "--no-isolate", "--reporter=json", `--outputFile=${reportFile}`],
      ...[`--testTimeout=${testTimeout}`, `--hookTimeout=${testTimeout}`, `--teardownTimeout=1000`],
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, FUZZ_SEED: FIXED_SEED } },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  let isLate = false;
  const kill = (): boolean => child.kill("SIGKILL");
  process.on("exit", kill);
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, timeout);
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  process.off("exit", kill);
  if (isLate) return { how: "timed-out" };
  try {
    return finished(root, JSON.parse(readFileSync(reportFile, "utf8")));
  } catch {
    return { how: "died", output: output.slice(-2000) };
  }
}

function finished(root: string, { testResults }: Report): Run {
  const tests = testResults.flatMap(({ name: path, assertionResults }) =>
    assertionResults.map(
      ({ fullName, status, failureMessages }): TestResult => ({
        file: relative(root, path),
        name: fullName,
        status: status === "passed" || status === "failed" ? status : "skipped",
        messages: failureMessages ?? [],
      }),
    ),
  );
  const broken = testResults.find(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { how: "finished", tests, broken: broken?.message };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
