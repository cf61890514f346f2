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
