/**
 * A small MCP server on stdio that meets `server/discover` as real ones do, by its argument: `silent` never says a word
 * again, `exit` ends, `close` closes its stdout and stays, `modern` knows protocol 2026-07-28 and refuses `initialize`.
 * `initialize` and `tools/list` work otherwise. How often it was started is in the name of its tool.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , manner, counter] = process.argv;
const starts = 1 + countBefore();
writeFileSync(counter, String(starts));

function countBefore() {
  try {
    return Number(readFileSync(counter, "utf8"));
  } catch {
    return 0;
  }
}

let isMute = false;
const say = (message) => {
  if (!isMute) process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
};
const serverInfo = { name: "probed", version: "1.0.0" };
const tools = [{ name: `start-${starts}`, inputSchema: { type: "object" } }];

const legacy = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo }),
  "tools/list": () => ({ tools }),
  ping: () => ({}),
};
const modern = {
  "server/discover": () => ({
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {} },
    resultType: "complete",
    ttlMs: 0,
    cacheScope: "private",
    _meta: { "io.modelcontextprotocol/serverInfo": serverInfo },
  }),
  "tools/list": () => ({ tools, resultType: "complete", ttlMs: 0, cacheScope: "private" }),
};
const methods = manner === "modern" ? modern : legacy;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  if (method === "server/discover" && manner === "exit") process.exit(1);
  if (method === "server/discover" && manner === "silent") isMute = true;
  if (method === "server/discover" && manner === "close") process.stdout.end();
  const answer = methods[method];
  if (answer !== undefined) say({ id, result: answer(params ?? {}) });
  else if (method !== "server/discover" || manner === "modern") say({ id, error: { code: -32601, message: "no" } });
}
