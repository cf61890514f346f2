/** What is thrown: whatever it is, and what a refusal inside of a key exchange must be. */
import { expect } from "vitest";
import { ProtocolError } from "../../src/ssh/errors.ts";

/** Fails unless `run` throws a ProtocolError of that section which ends the connection with reason 3. RFC 4253 §11.1. */
export function expectRefusal(run: () => unknown, says: string | RegExp, section: string): void {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ProtocolError);
  const message = typeof says === "string" ? expect.stringContaining(says) : expect.stringMatching(says);
  expect(error).toMatchObject({ message, section, reason: 3 });
}

/** What `act` throws, which is one of these; anything else is thrown on. */
export function thrownBy<E extends Error>(kind: new (...args: never[]) => E, act: () => unknown): E {
  try {
    act();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
