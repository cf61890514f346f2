/**
 * A mutant: one line of `src` made wrong, and the test that must notice. What can be said of a row without running it.
 */
import { transformSync } from "esbuild";

export interface Mutant {
  /** Short and unique, as in `packet-tag-ignored`: the room, then the fault. */
  readonly id: string;
  /** The file of the fault, as in `src/ssh/packet.ts`. */
  readonly file: string;
  /** Text of one line that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The attack or the bug that the fault would be, in a phrase. */
  readonly why: string;
  readonly caughtBy: {
    /** As in `test/ssh/packet.test.ts`. */
    readonly file: string;
    /** A part of the full name of the test: its groups and itself, with spaces between. */
    readonly test: string;
  };
  /** Whether the fault makes its test wait for ever, so that running out of time is how it is noticed. */
  readonly hangs?: true;
}

/** `text` with the fault in it. @throws Error that names the row where it does not fit the text any more. */
export function applied({ id, file, find, replace }: Mutant, text: string): string {
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`${id}: ${JSON.stringify(find)} occurs ${count} times in ${file}, once is needed`);
  if (/\n/.test(find + replace)) throw new Error(`${id}: a fault is one line`);
  const mutated = text.replace(find, () => replace);
  if (mutated === text) throw new Error(`${id}: the fault changes nothing`);
  try {
    transformSync(mutated, { loader: "ts" });
  } catch (error) {
    throw new Error(`${id}: ${file} does not parse with the fault in it`, { cause: error });
  }
  return mutated;
}
