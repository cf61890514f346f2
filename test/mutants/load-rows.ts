/** Faults that show under load: lost and overwritten bytes, memory that nothing bounds. */
import type { Mutant } from "./mutant.ts";

export const loadRows: readonly Mutant[] = [
  {
    id: "batch-cuts-in-strings",
    file: "src/mcp/batch.ts",
    find: "else if (isString) isEscaped = byte === BACKSLASH;",
    replace: "else if (isString) isEscaped = false;",
    why: "a quote that is escaped ends its string, and a member is cut in its middle",
    caughtBy: { file: "test/mcp/batch.test.ts", test: "'with them in strings': the others stay as they were" },
  },
  {
    id: "tcp-stream-lends",
    file: "src/node/tcp.ts",
    find: "return duplexOf({ source, sink }, true);",
    replace: "return duplexOf({ source, sink });",
    why: "who pipes the socket's stream, or keeps its chunks, gets the bytes of later ones in their place",
    caughtBy: { file: "test/node/tcp.test.ts", test: "gives whoever keeps the chunks of its stream chunks of his own" },
  },
  {
    id: "socket-buffer-reads-ahead",
    file: "src/node/byte-streams.ts",
    find: "return !this.#isLent && this.#length < highWaterMark;",
    replace: "return this.#length < highWaterMark;",
    why: "the next read overwrites what nobody has looked at yet",
    caughtBy: { file: "test/node/tcp.test.ts", test: "reads into one buffer, and no further" },
  },
  {
    id: "json-lines-reuses-too-soon",
    file: "src/mcp/held-bytes.ts",
    find: "this.#taken.push(...blocks);",
    replace: "this.#spare.push(...blocks);",
    why: "the beginning of the next line overwrites the line that is on its way to the host",
    caughtBy: { file: "test/mcp/json-lines.test.ts", test: "stay whole until the next chunk" },
  },
  {
    id: "json-lines-noise-swallows",
    file: "src/mcp/envelope.ts",
    find: "return at < bytes.length ? bytes.indexOf(NEWLINE, at) : -1;",
    replace: "return -1;",
    why: "what comes in one chunk with noise is noise: messages are lost behind a shell's greeting",
    caughtBy: { file: "test/mcp/json-lines.test.ts", test: "come out unchanged and in order" },
  },
  {
    id: "json-lines-never-reuses",
    file: "src/mcp/json-lines.ts",
    find: "if (this.#held instanceof CopiedBytes) this.#held.reuse();",
    replace: "",
    why: "every long line leaves its whole length behind, and the list of it, for ever",
    caughtBy: { file: "test/mcp/json-lines.test.ts", test: "held in the same memory" },
  },
  {
    id: "json-lines-keeps-lent-chunks",
    file: "src/mcp/json-lines.ts",
    find: "this.#held = isLent ? new CopiedBytes() : new HeldBytes(onCopied);",
    replace: "this.#held = new HeldBytes();",
    why: "a long line holds chunks that are somebody else's by the time it ends",
    caughtBy: { file: "test/mcp/json-lines.test.ts", test: "may be overwritten before" },
  },
  {
    id: "proxy-lends-too-long",
    file: "src/mcp/remote-voice.ts",
    find: "return output.unflushed?.then(",
    replace: "void output.unflushed?.then(",
    why: "a line is overwritten while it waits for a slow host, and what waits for it has no bound",
    caughtBy: { file: "test/mcp/proxy.test.ts", test: "promise 4" },
  },
];
