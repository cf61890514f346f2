/**
 * Kills under load: whatever is killed, and whenever, what the host was told is what has happened. `KILLS` trials, each
 * from `KILLS_SEED` and its number; `KILLS_TRIAL` runs one of them alone.
 */
import { describe, expect, test, vi } from "vitest";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd } from "../support/sshd.ts";
import { judge, type Tally, tally } from "./judge.ts";
import { codes, describePlan, type Plan, planOf } from "./plan.ts";
import { type Outcome, runTrial } from "./trial.ts";

/** Many only wait, for a link to be dialled again. */
vi.setConfig({ maxConcurrency: 10 });

const { KILLS, KILLS_SEED, KILLS_TRIAL, CI } = process.env;
const seed = Number(KILLS_SEED ?? 1);
const count = Number(KILLS ?? (CI === "true" ? 200 : 40));
const trials = KILLS_TRIAL === undefined ? Array.from({ length: count }, (_, trial) => trial) : [Number(KILLS_TRIAL)];

describeNeeding(missingSshd(), "a kill under load", () => {
  const sums: Tally[] = [];
  describe.concurrent("leaves every answered call done once, and no other more than once", () => {
    test.each(trials.map((trial) => planOf(seed, trial)).map((plan) => [describePlan(plan), plan] as const))(
      "%s",
      async (name, plan) => {
        const outcome = await runTrial(plan);
        sums.push(tally(outcome));
        expect(faultsOf(plan, outcome), `${name}\n${outcome.stderr}`).toEqual([]);
      },
      300_000, // one call in flight, 300 calls and 10 trials at once: minutes on a busy machine
    );
  });

  if (trials.length < 20) return; // too few for some of each
  test("meets calls in every state", () => {
    const sum = (of: keyof Tally): number => sums.reduce((total, tally) => total + tally[of], 0);
    expect(sums).toHaveLength(trials.length);
    for (const state of ["results", "errors", "silence", "uncertain"] as const)
      expect(sum(state), state).toBeGreaterThan(0);
  });
});

function faultsOf(plan: Plan, outcome: Outcome): readonly string[] {
  return [...judge(outcome), ...wrongEnd(plan, outcome), ...lostInVain(plan, outcome)];
}

/** Where we connect again, what was in flight is all that a loss may cost. */
function lostInVain({ victim, inFlight }: Plan, outcome: Outcome): readonly string[] {
  if (victim !== "link" && victim !== "sshd") return [];
  const { errors } = tally(outcome);
  return errors > inFlight ? [`${errors} errors, and ${inFlight} requests in flight at the loss`] : [];
}

function wrongEnd({ victim, replies }: Plan, { exit: { code, signal }, stderr }: Outcome): readonly string[] {
  const due = codes[victim];
  const isDue = code === due && signal === (victim === "ourselves" ? "SIGKILL" : null);
  const wasNeverReached = replies === 0 && victim === "listener" && code === 1 && signal === null;
  const faults = isDue || wasNeverReached ? [] : [`exit ${code} ${signal}, expected ${due}`];
  return /\n\s+at |CRITICAL|Warning:/.test(stderr) ? [...faults, "a stack or a warning on stderr"] : faults;
}
