/** Time in the properties of the proxy, whose timers are vitest's. */
import { vi } from "vitest";

/** Lets everything happen that needs no time: until nothing moves would be better, but nobody can tell. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function pass(milliseconds: number): Promise<void> {
  await settle();
  await vi.advanceTimersByTimeAsync(milliseconds);
  await settle();
}

/** Runs one play of a property on fake timers. */
export async function inFakeTime(play: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await play();
  } finally {
    vi.useRealTimers();
  }
}

/** Does the acts in order; `isSettled`: whether what follows from one happens before the next. */
export async function doAll<A>(
  play: { do(act: A): Promise<void> },
  acts: readonly (readonly [act: A, isSettled: boolean])[],
): Promise<void> {
  for (const [each, isSettled] of acts) {
    await play.do(each);
    if (isSettled) await settle();
  }
}
