/** Faults in what stands between hosts and servers of other eras and habits. */
import type { Mutant } from "./mutant.ts";

export const habitsRows: readonly Mutant[] = [
  {
    id: "remote-lines-late-in-batch",
    file: "src/mcp/remote-lines.ts",
    find: "return envelope !== undefined && !this.#conversation.isLate(envelope);",
    replace: "return envelope !== undefined;",
    why: "a request gets two answers: ours, and the late one that came in a batch",
    caughtBy: { file: "test/mcp/proxy-end.test.ts", test: "too late in a batch is cut out of it" },
  },
  {
    id: "batch-comma-in-string",
    file: "src/mcp/batch.ts",
    find: "at = endOfString(line, at);",
    replace: "at = at + 0;",
    why: "a bracket inside a string tears the members of a batch",
    caughtBy: { file: "test/mcp/batch.test.ts", test: "with them in strings" },
  },
  {
    id: "envelope-deep-for-ever",
    file: "src/mcp/envelope.ts",
    find: "return --this.#depth === DEEPEST ? STATE.after : STATE.deep;",
    replace: "return --this.#depth === 0 ? STATE.after : STATE.deep;",
    why: "an answer nested too deeply with its id last is never answered for",
    caughtBy: { file: "test/mcp/proxy.test.ts", test: "an answer nested too deeply" },
  },
  {
    id: "envelope-deep-passes",
    file: "src/mcp/envelope.ts",
    find: "isMessage: isMessage && !isTooComplex &&",
    replace: "isMessage: isMessage &&",
    why: "what no host can parse is judged a message",
    caughtBy: { file: "test/mcp/envelope.test.ts", test: "nested too deeply" },
  },
];
