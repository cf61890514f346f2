/** The built command against a hostile server: every scenario, and every family of scripts without a deviation. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { families } from "./families.ts";
import { complaints, type Ground, layGround, play } from "./run.ts";
import { scenarios } from "./scenarios/all.ts";

let ground: Ground;
beforeAll(async () => {
  ground = await layGround();
});
afterAll(() => ground.remove());

describe.concurrent("without the deviation", () => {
  test.each(families.map((family) => [`${family.name}: ${family.about}`, family] as const))("%s", async (_, family) => {
    const outcome = await play({ family, edits: [] }, ground);
    judge(complaints(outcome, { edits: [], expect: { succeeds: true } }));
    const [peer] = outcome.peers;
    expect(outcome.script.every((step) => peer?.reached.has(step))).toBe(true);
  });
});

describe.concurrent("a hostile server:", () => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", async (_, scenario) => {
    judge(complaints(await play(scenario, ground), scenario));
  });
});

/** Not by `expect`, which cuts long texts. */
function judge(found: readonly string[]): void {
  if (found.length > 0) throw new Error(found.join("\n"));
}
