/**
 * A stdio MCP server that keeps a book of what it did: a call of its tool is a line in a file (O_APPEND) before it is
 * answered, so that a test can compare what the host was told with what has happened.
 *
 * `node ledger-server.mjs FILE [stubborn]`; `stubborn`: neither its end of stdin nor a broken stdout ends it. Plain
 * JavaScript without dependencies: the "remote machine" needs nothing but node.
 */
import { openSync, writeSync } from "node:fs";

const [path, habit] = process.argv.slice(2);
const ledger = openSync(path, "a");

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "ledger-server", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools: [{ name: "record", inputSchema: { type: "object" } }] }),
  /** `call`: the line for the book; `bytes`: of text in the answer, which comes after `wait` milliseconds. */
  "tools/call": ({ arguments: { call, bytes } }) => {
    writeSync(ledger, `${call}\n`);
    return { content: [{ type: "text", text: "x".repeat(bytes) }], structuredContent: { call } };
  },
};

if (habit === "stubborn") {
  setInterval(() => {}, 60_000);
  process.stdout.on("error", () => {});
}

let partial = "";
process.stdin.setEncoding("utf8").on("data", (chunk) => {
  const lines = `${partial}${chunk}`.split("\n");
  partial = lines.pop();
  for (const line of lines) onMessage(JSON.parse(line));
});

function onMessage({ id, method, params }) {
  if (id === undefined) return;
  const result = METHODS[method](params ?? {});
  const answer = () => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
  const wait = params?.arguments?.wait ?? 0;
  if (wait > 0) setTimeout(answer, wait);
  else answer();
}
