/**
 * Tests that need something of the machine. Without it they are skipped, and say so on stderr; with CI=true they fail,
 * because a skipped proof is no proof.
 */
import { describe, test } from "vitest";

/** `missing`: why `body` cannot run here, undefined where it can. */
export function describeNeeding(missing: string | undefined, name: string, body: () => void): void {
  if (missing === undefined) {
    describe(name, body);
    return;
  }
  if (process.env["CI"] === "true") {
    test(name, () => {
      throw new Error(missing);
    });
    return;
  }
  process.stderr.write(`SKIPPED: ${name}: ${missing}\n`);
  describe.skip(name, body);
}
