/**
 * A stdio MCP server of a few lines that does what server-everything cannot: it answers with the id's and the params'
 * own bytes, returns as much as one asks for, writes lines it is told to write, and dies when told.
 *
 * Plain JavaScript without dependencies: the "remote machine" needs nothing but node. A tool of `tools/call` and the
 * method `raw/<tool>` do the same; the first wraps its answer as a tool's result.
 */
import { createHash } from "node:crypto";

const received = { lines: 0, bytes: 0, cancelled: [] };
const hash = createHash("sha256");
const decoder = new TextDecoder();

const TOOLS = {
  /** The arguments, byte for byte. */
  echo: (_given, rawGiven) => rawGiven,
  /** `count` bytes of text, the same for every run: `text` and its `sha256`. */
  bytes: ({ count }) => {
    const text = "0123456789abcdef".repeat(Math.ceil(count / 16)).slice(0, count);
    return JSON.stringify({ sha256: createHash("sha256").update(text).digest("hex"), text });
  },
  /** Writes `lines` to stdout, each with a newline, in UTF-8; whatever they are. */
  emit: ({ lines }) => {
    for (const line of lines) process.stdout.write(`${line}\n`);
    return "{}";
  },
  /** Writes `text` to stderr `times` times. */
  stderr: ({ text, times = 1 }) => {
    for (let i = 0; i < times; i++) process.stderr.write(text);
    return "{}";
  },
  /** What came in, this line included: lines, bytes, their SHA-256, the ids that were cancelled. */
  received: () => JSON.stringify({ ...received, sha256: hash.copy().digest("hex") }),
  /** The environment variable `name`, or null. */
  env: ({ name }) => JSON.stringify({ value: process.env[name] ?? null }),
  /** Never answers. */
  silent: () => undefined,
  exit: ({ code }) => process.exit(code),
  kill: ({ signal }) => {
    process.kill(process.pid, signal);
  },
};

const METHODS = {
  initialize: ({ protocolVersion }) =>
    JSON.stringify({
      protocolVersion,
      capabilities: { tools: { listChanged: true }, prompts: { listChanged: true } },
      serverInfo: { name: "echo-server", version: "1.0.0" },
    }),
  ping: () => "{}",
  "tools/list": () =>
    JSON.stringify({ tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: "object" } })) }),
  "tools/call": (params, rawParams) => {
    const answer = TOOLS[params.name]?.(params.arguments ?? {}, members(rawParams).get("arguments") ?? "{}");
    return answer && `{"content":[],"structuredContent":${answer}}`;
  },
  ...Object.fromEntries(Object.entries(TOOLS).map(([name, tool]) => [`raw/${name}`, tool])),
};

let pending = [];
process.stdin.on("data", (chunk) => {
  let start = 0;
  for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
    onLine(Buffer.concat([...pending, chunk.subarray(start, end)]));
    pending = [];
    start = end + 1;
  }
  pending.push(chunk.subarray(start));
});

/** `line`: its bytes without the newline. Raw text is latin1 here, one character a byte, so that it goes back unchanged. */
function onLine(line) {
  received.lines += 1;
  received.bytes += line.length + 1;
  hash.update(line).update("\n");
  const raw = members(line.toString("latin1"));
  const message = JSON.parse(decoder.decode(line));
  if (message.method === "notifications/cancelled") received.cancelled.push(message.params.requestId);
  if (!raw.has("id") || message.method === undefined) return;
  const method = METHODS[message.method];
  if (method === undefined) {
    write(`{"jsonrpc":"2.0","id":${raw.get("id")},"error":{"code":-32601,"message":"Method not found"}}`);
    return;
  }
  const result = method(message.params ?? {}, raw.get("params") ?? "{}");
  if (result !== undefined) write(`{"jsonrpc":"2.0","id":${raw.get("id")},"result":${result}}`);
}

function write(latin1) {
  process.stdout.write(`${latin1}\n`, "latin1");
}

/** The members of a JSON object: name -> the value's own text. No regular expression: a line may have 64 MiB. */
function members(json) {
  const found = new Map();
  let depth = 0;
  let name;
  let from;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') {
      const end = endOfString(json, at);
      if (depth === 1 && from === undefined) name = JSON.parse(json.slice(at, end));
      at = end - 1;
    } else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    else if (depth === 1 && char === ":") from = at + 1;
    const valueEnds = from !== undefined && ((depth === 1 && char === ",") || depth === 0);
    if (valueEnds) {
      found.set(name, json.slice(from, at).trim());
      from = undefined;
    }
  }
  return found;
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(json, start) {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}
