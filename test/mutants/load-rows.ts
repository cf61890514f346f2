/** Faults that show under load: lost and overwritten bytes, memory that nothing bounds. */
import type { Mutant } from "./mutant.ts";

export const loadRows: readonly Mutant[] = [
  {
    id: "socket-buffer-reads-ahead",
    file: "src/node/byte-streams.ts",
    find: "return false; // the next read waits",
    replace: "return true; // the next read waits",
    why: "the next read overwrites what nobody has looked at yet",
    caughtBy: { file: "test/node/tcp.test.ts", test: "reads into one buffer, and no further" },
  },
];
