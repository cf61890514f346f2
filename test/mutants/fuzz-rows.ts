/** Faults that cases picked by hand pass over, and that properties meet. */
import type { Mutant } from "./mutant.ts";

export const fuzzRows: readonly Mutant[] = [
  {
    id: "envelope-params-left-early",
    file: "src/mcp/envelope.ts",
    find: 'if (this.#member === "params") this.#isInParams = container === IN_OBJECT;',
    replace: 'this.#isInParams = this.#member === "params" && container === IN_OBJECT;',
    why: "a cancellation that names its request twice is not understood",
    caughtBy: { file: "test/mcp/envelope.test.ts", test: "requestId that was none before" },
  },
  {
    id: "envelope-params-twice",
    file: "src/mcp/envelope-draft.ts",
    find: "this.#requestId = undefined;",
    replace: "this.#requestId ??= undefined;",
    why: "of a member that comes twice the first one counts: the host's parser and ours see different messages",
    caughtBy: { file: "test/fuzz/json.test.ts", test: "is what JSON.parse and JSON-RPC make of the text" },
  },
  {
    id: "envelope-params-never-left",
    file: "src/mcp/envelope.ts",
    find: "if (this.#depth === this.#envelopeDepth) this.#isInParams = false;",
    replace: "if (this.#depth < this.#envelopeDepth) this.#isInParams = false;",
    why: "a requestId in another member is taken for that of params: a request is struck off that nobody cancelled",
    caughtBy: { file: "test/fuzz/json.test.ts", test: "is what JSON.parse and JSON-RPC make of the text" },
  },
  {
    id: "jump-spec-first-at",
    file: "src/node/jump-spec.ts",
    find: 'const at = plain.lastIndexOf("@");',
    replace: 'const at = plain.indexOf("@");',
    why: "a user whose name holds an @ sends the connection to another host",
    caughtBy: { file: "test/fuzz/hosts.test.ts", test: "that is written out is read as it was" },
  },
  {
    id: "host-pattern-one-star",
    file: "src/ssh/host-pattern.ts",
    find: 'while (pattern[at] === "*") at++;',
    replace: 'if (pattern[at] === "*") at++;',
    why: "a pattern that ends in two stars matches nothing: a revoked key is taken",
    caughtBy: { file: "test/fuzz/hosts.test.ts", test: "matches what a regular expression of it matches" },
  },
  {
    id: "http-body-without-end",
    file: "src/node/http.ts",
    find: "if (length > bodyLimit) throw",
    replace: "if (length < 0) throw",
    why: "whoever answers in a key server's place fills our memory",
    caughtBy: { file: "test/fuzz/config.test.ts", test: "of any bytes is an answer within its bound" },
  },
  {
    id: "conversation-late-answer-passes",
    file: "src/mcp/conversation.ts",
    find: "this.#host.abandon(request);",
    replace: "this.#host.remove(request.id);",
    why: "a request that we have answered is answered once more when the remote comes to it",
    caughtBy: { file: "test/fuzz/proxy.test.ts", test: "every request is answered once" },
  },
];
