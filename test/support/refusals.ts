/** What a refusal inside of a key exchange must be. */
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
