/** Judging: one case on one site, in its time; and what a known difference makes of the outcome. */
import { type Case, type Need, NotOffered, NotRun, type Site } from "./case.ts";
import type { Difference } from "./targets.ts";
import { type OpenVisit, visit } from "./visit.ts";

export type Outcome =
  | { readonly outcome: "passed"; readonly word?: string }
  /** Among them a known difference that is none any more. */
  | { readonly outcome: "failed"; readonly why: string }
  /** A case that a server cannot pass, and did not. */
  | { readonly outcome: "known difference"; readonly why: string }
  /** The server has no such algorithm. */
  | { readonly outcome: "not offered"; readonly why: string }
  | { readonly outcome: "not run"; readonly why: string };

export interface Result {
  readonly id: string;
  readonly sentence: string;
  readonly milliseconds: number;
  readonly result: Outcome;
}

const WHY_NOT: Readonly<Record<Need, string>> = {
  fixtures: "it needs a server that holds the suite's own keys and settings",
  mcp: "it needs to know how the MCP server is asked for (--mcp-command)",
  keyServerPort: "it needs a key server",
};

export interface Conditions {
  readonly open?: (site: Site, signal: AbortSignal) => OpenVisit;
  /** Ends a case that runs, as a failure. */
  readonly interrupted?: AbortSignal;
}

/** Runs a case. A failure never rejects. */
export async function judge(
  one: Case,
  site: Site,
  differences: readonly Difference[],
  conditions: Conditions = {},
): Promise<Result> {
  const { id, sentence } = one;
  const from = Date.now();
  const missing = one.needs?.find((need) => site[need] === undefined);
  const found: Outcome =
    missing === undefined ? await attempt(one, site, conditions) : { outcome: "not run", why: WHY_NOT[missing] };
  const known = differences.find((difference) => difference.case === id);
  return { id, sentence, milliseconds: Date.now() - from, result: known === undefined ? found : weigh(found, known) };
}

/** A list of what does not work has to stay true: what works now is a failure until the list says so. */
function weigh(found: Outcome, { reason, isErratic = false }: Difference): Outcome {
  if (found.outcome === "not run" || (found.outcome === "passed" && isErratic)) return found;
  if (found.outcome !== "passed") return { outcome: "known difference", why: reason };
  return { outcome: "failed", why: `now works, and is listed as a known difference: ${reason}` };
}

async function attempt(
  { run, seconds = 60 }: Case,
  site: Site,
  { open = visit, interrupted }: Conditions,
): Promise<Outcome> {
  const over = new AbortController();
  const here = open(site, over.signal);
  let timer: NodeJS.Timeout | undefined;
  let onInterrupt = () => {};
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} seconds`)), seconds * 1000);
    onInterrupt = () => reject(interrupted?.reason);
    interrupted?.addEventListener("abort", onInterrupt);
  });
  try {
    const word = await Promise.race([run(here), late]);
    return word === undefined ? { outcome: "passed" } : { outcome: "passed", word };
  } catch (error) {
    if (error instanceof NotOffered) return { outcome: "not offered", why: error.message };
    if (error instanceof NotRun) return { outcome: "not run", why: error.message };
    return { outcome: "failed", why: wordsOf(error) };
  } finally {
    clearTimeout(timer);
    interrupted?.removeEventListener("abort", onInterrupt);
    over.abort(new Error("the case is over"));
    await here.leave();
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.name}: ${error.message.split("\n").slice(0, 8).join(" ")}${cause}`;
}
