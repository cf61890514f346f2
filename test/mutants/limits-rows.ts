/** Faults in what happens beyond a limit. */
import type { Mutant } from "./mutant.ts";

const proxy = "test/mcp/proxy.test.ts";

export const limitsRows: readonly Mutant[] = [
  {
    id: "limits-table-untrue",
    file: "src/mcp/limits.ts",
    find: "reconnectWait: 30_000,",
    replace: "reconnectWait: 60_000,",
    why: "who reads the README waits for another time than it says",
    caughtBy: { file: "test/cli/limits-table.test.ts", test: "reconnectWait stands in it, with its default" },
  },
  {
    id: "limits-server-request-entered",
    file: "src/mcp/conversation.ts",
    find: 'const envelopes = verdict.envelopes.filter(({ kind }) => kind === "response");',
    replace: "const { envelopes } = verdict;",
    why: "the host is told that a question is cancelled which it never saw",
    caughtBy: { file: "test/mcp/reconnect.test.ts", test: "says nothing to the host of a question that was longer" },
  },
  {
    id: "limits-server-request-unanswered",
    file: "src/mcp/remote-lines.ts",
    find: "id !== undefined && this.#ports.toRemote(answerLine({ id, method, isSent: false }, why, []))",
    replace: "id !== undefined && why !== undefined && method !== undefined",
    why: "the server waits for ever for the answer to a request that was dropped here",
    caughtBy: { file: proxy, test: "is answered with an error under its id" },
  },
  {
    id: "limits-interject-cuts-a-line",
    file: "src/mcp/send-queue.ts",
    find: "if (this.#isInPieces) this.#behind.push(line);",
    replace: "if (this.#isDiscarding) this.#behind.push(line);",
    why: "an answer of ours lands in the middle of a long line of the host's, and both are lost",
    caughtBy: { file: proxy, test: "does not cut a line of the host's that goes in pieces" },
  },
  {
    id: "limits-interject-without-end",
    file: "src/mcp/send-queue.ts",
    find: "if (waiting > 2 * this.#limit ||",
    replace: "if (waiting > Infinity ||",
    why: "a server that asks too much and reads nothing fills our memory with answers",
    caughtBy: { file: proxy, test: "is not answered where its id is not known, or the server does not read" },
  },
];
