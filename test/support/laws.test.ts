import { expect, test } from "vitest";
import { breaches } from "./laws.ts";

const CASES: readonly { name: string; path: string; text: string; breach?: string }[] = [
  { name: "a lower floor may be imported", path: "src/ssh/channel.ts", text: 'import { a } from "./wire.ts";' },
  {
    name: "an upper floor may not be imported, not even a type of it",
    path: "src/ssh/wire.ts",
    text: 'import type { A } from "./messages.ts";',
    breach: "src/ssh/wire.ts:1: wire does not stand on messages: a room imports from lower floors only",
  },
  {
    name: "a neighbour on the same floor may not be imported",
    path: "src/ssh/packet.ts",
    text: '\nimport {\n  a,\n  b,\n} from "./kex.ts";',
    breach: "src/ssh/packet.ts:5: packet does not stand on kex: a room imports from lower floors only",
  },
  {
    name: "transport knows nothing of channel, though it stands higher",
    path: "src/ssh/transport.ts",
    text: 'export { a } from "./channel.ts";',
    breach: "src/ssh/transport.ts:1: transport and channel meet only in client.ts",
  },
  {
    name: "an algorithm stands on interfaces and wire",
    path: "src/ssh/algorithms/ssh-new@example.org.ts",
    text: 'import { a } from "../wire.ts";\nimport type { B } from "./interfaces.ts";\nimport { c } from "@noble/curves/ed25519.js";',
  },
  {
    name: "an algorithm does not import another",
    path: "src/ssh/algorithms/a.ts",
    text: 'import { b } from "./b.ts";',
    breach:
      "src/ssh/algorithms/a.ts:1: algorithms/a does not stand on algorithms/b: a room imports from lower floors only",
  },
  {
    name: "a new room needs a floor",
    path: "src/ssh/attic.ts",
    text: "",
    breach: "src/ssh/attic.ts:1: a room without a floor: give it one in test/support/laws.ts",
  },
  {
    name: "noble is imported by algorithms only",
    path: "src/ssh/kex.ts",
    text: 'import { sha256 } from "@noble/hashes/sha2.js";',
    breach: "src/ssh/kex.ts:1: @noble/hashes/sha2.js may not be imported here",
  },
  {
    name: "src/ssh knows no other part",
    path: "src/ssh/connect.ts",
    text: 'import { tcp } from "../node/tcp.ts";',
    breach: "src/ssh/connect.ts:1: src/ssh imports nothing of src/node",
  },
  {
    name: "src/mcp imports the SDK as types only",
    path: "src/mcp/ssh-client-transport.ts",
    text: 'import { Client } from "@modelcontextprotocol/sdk/client/index.js";',
    breach: "src/mcp/ssh-client-transport.ts:1: @modelcontextprotocol/sdk/client/index.js may not be imported here",
  },
  {
    name: "src/mcp may import a type of the SDK's",
    path: "src/mcp/ssh-client-transport.ts",
    text: 'import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";',
  },
  {
    name: "a dynamic import counts",
    path: "src/mcp/json-lines.ts",
    text: 'const fs = await import("node:fs");',
    breach: "src/mcp/json-lines.ts:1: node:fs may not be imported here",
  },
  { name: "the command may import all", path: "src/cli.ts", text: 'import cac from "cac";\nimport "./node/tcp.ts";' },
  {
    name: "process is Node's",
    path: "src/mcp/proxy.ts",
    text: "const a = 1;\nprocess.exit(a);",
    breach: "src/mcp/proxy.ts:2: process is Node's: only src/node and the command",
  },
  {
    name: "await belongs to connect",
    path: "src/ssh/client.ts",
    text: "export async function f() {}",
    breach:
      "src/ssh/client.ts:1: async belongs to connect, hang-up, upkeep, deadline, signers, channel-streams, web-streams, flow, read-queue: the rest of src/ssh is bytes in, values out",
  },
  { name: "await may stand in connect", path: "src/ssh/connect.ts", text: "await f(); setTimeout(f, 1);" },
  {
    name: "streams belong to connect",
    path: "src/ssh/channel.ts",
    text: "let r: ReadableStream<Uint8Array>;",
    breach:
      "src/ssh/channel.ts:1: ReadableStream belongs to connect, hang-up, upkeep, deadline, signers, channel-streams, web-streams, flow, read-queue",
  },
  {
    name: "comments, strings and regular expressions are not code",
    path: "src/ssh/kex.ts",
    text: '// await process\n/* async\n import "./client.ts" */\nconst a = "process", b = /"await\'/, c = `async`;',
  },
  {
    name: "a quote inside a regular expression does not hide what follows",
    path: "src/ssh/kex.ts",
    text: 'const a = /"/;\nawait b;',
    breach:
      "src/ssh/kex.ts:2: await belongs to connect, hang-up, upkeep, deadline, signers, channel-streams, web-streams, flow, read-queue: the rest of src/ssh is bytes in, values out",
  },
  {
    name: "no file is called utils",
    path: "test/support/test-utils.ts",
    text: "",
    breach: "test/support/test-utils.ts:1: a name says what it is",
  },
];

test.each(CASES)("$name", ({ path, text, breach }) => {
  expect(breaches(new Map([[path, text]]))).toEqual(breach === undefined ? [] : [breach]);
});
