/**
 * Verdict: whether a run of its named test shows that a mutant was caught. Fails closed: a fault that only breaks the
 * loading of the file, runs out of time or matches no test is a problem of its row, not a success.
 */
import type { Mutant } from "./mutant.ts";
import type { Run, TestResult } from "./vitest-run.ts";

export type Verdict =
  | { readonly verdict: "caught" }
  | { readonly verdict: "survived" }
  | { readonly verdict: "problem"; readonly what: string };

const caught: Verdict = { verdict: "caught" };

/** How a run of the mutated tree is to be read. */
export function judge({ hangs, caughtBy }: Mutant, run: Run): Verdict {
  if (run.how === "timed-out") return hangs ? caught : problem("the run takes for ever, and the row does not say so");
  if (run.how === "died") return problem(`vitest died: ${lastLine(run.output)}`);
  const named = testsNamed(caughtBy, run.tests);
  if (named.length === 0)
    return problem(run.broken ? `the file does not load: ${run.broken}` : "no test has that name");
  const failed = named.filter(({ status }) => status === "failed");
  if (failed.length === 0) return { verdict: "survived" };
  if (failed.some((test) => !isTimeout(test)) || hangs) return caught;
  return problem("the test runs out of time, and the row does not say so");
}

/** What is wrong with a row's named test before any fault; undefined if it passes. */
export function soundness({ caughtBy }: Mutant, tests: readonly TestResult[]): string | undefined {
  const named = testsNamed(caughtBy, tests);
  if (named.length === 0) return `${caughtBy.file} has no test named ${JSON.stringify(caughtBy.test)}`;
  const failed = named.find(({ status }) => status === "failed");
  return failed && `${JSON.stringify(failed.name)} fails without the fault: ${failed.messages[0]?.split("\n")[0]}`;
}

function testsNamed({ file, test }: Mutant["caughtBy"], tests: readonly TestResult[]): readonly TestResult[] {
  return tests.filter((each) => each.file === file && each.status !== "skipped" && each.name.includes(test));
}

function isTimeout({ messages }: TestResult): boolean {
  return messages.every((message) => /(Test|Hook) timed out in \d+ms/.test(message));
}

function problem(what: string): Verdict {
  return { verdict: "problem", what };
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
