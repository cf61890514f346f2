/** The reference server, as it is, behind the built command with the official SDKs as hosts, and its habits survived. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { endHosts, type Host, launch, startHost } from "../support/command.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { connectV1, connectV2, connectV2Legacy, type McpClient, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { signalAll } from "../support/processes.ts";
import {
  badEntry,
  everythingEntry,
  missingReferenceServer,
  type ReferenceServer,
  startReferenceServer,
} from "../support/reference-server.ts";

/** Not the SDK's own class: the SDK probes such a transport in place. */
class InPlace extends StdioV2 {}

const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const request = (id: number | string, method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const echo = (id: number | string, message: string) =>
  request(id, "tools/call", { name: "echo", arguments: { message } });

describeNeeding(missingReferenceServer(), "the reference server", () => {
  let server: ReferenceServer;
  const clients: McpClient[] = [];
  const hosts: Host[] = [];
  const start = (flags: readonly string[] = [], to = server) => {
    const host = startHost(launch(to, { shell: true }, flags));
    hosts.push(host);
    return host;
  };
  /** A host that is through with `initialize`. */
  const initialized = async (flags: readonly string[] = []) => {
    const host = start(flags);
    host.send(INITIALIZE);
    expect(JSON.parse(await host.line())).toMatchObject({ id: 0, result: { protocolVersion: "2024-11-05" } });
    host.send(INITIALIZED);
    return host;
  };
  beforeAll(async () => {
    server = await startReferenceServer({ servers: { first: everythingEntry, second: everythingEntry } });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await endHosts(hosts.splice(0));
    signalAll(server.remoteProcesses(), "SIGKILL"); // it leaves its servers running when a session ends
  });
  afterAll(() => server?.stop());

  const parameters = () => ({ ...launch(server, { shell: true }), stderr: "pipe" as const });
  const sdks = {
    v1: () => connectV1(new StdioV1(parameters())),
    "v2, legacy mode": () => connectV2Legacy(new StdioV2(parameters()) as McpTransport),
    "v2, auto mode": () => connectV2(new StdioV2(parameters()) as McpTransport),
    "v2, auto mode in place": () => connectV2(new InPlace(parameters()) as McpTransport),
  } as const;

  describe.each(Object.entries(sdks))("with the SDK %s", (_name, connect) => {
    test("lists what its servers have and calls it", async () => {
      const client = await connect();
      clients.push(client);
      expect(client.getServerVersion()?.name).toBe("Merged: mcp-servers/everything, mcp-servers/everything");
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["echo", "echo_1"]));
      for (const name of ["echo", "echo_1"]) {
        const { content } = await client.tool(name, { message: "Grüße 👋" });
        expect(content[0]?.text).toBe("Echo: Grüße 👋");
      }
    });
  });

  test("calls, prompts and resources work without their lists, together", async () => {
    const host = await initialized();
    const uri = "demo://resource/static/document/architecture.md";
    host.write(
      `${echo(1, "one")}\n${echo(2, "two")}\n${request(3, "prompts/get", { name: "simple-prompt" })}\n` +
        `${request(4, "resources/read", { uri })}\n`,
    );
    const answers = [await host.line(), await host.line(), await host.line(), await host.line()].map((line) =>
      JSON.parse(line),
    );
    const byId = new Map(answers.map((answer) => [answer.id, answer.result]));
    expect(byId.get(1)?.content[0].text).toBe("Echo: one");
    expect(byId.get(2)?.content[0].text).toBe("Echo: two");
    expect(byId.get(3)?.messages[0].content.text).toBe("This is a simple prompt without arguments.");
    expect(byId.get(4)?.contents[0].uri).toBe(uri);
  });

  test("a list and a call sent together, again and again", async () => {
    const host = await initialized();
    for (let turn = 0; turn < 5; turn++) {
      host.write(`${request(`list ${turn}`, "tools/list")}\n${echo(`call ${turn}`, `turn ${turn}`)}\n`);
      const answers = [JSON.parse(await host.line()), JSON.parse(await host.line())];
      const call = answers.find(({ id }) => id === `call ${turn}`);
      expect(call.result).toEqual({ content: [{ type: "text", text: `Echo: turn ${turn}` }], isError: false });
    }
  });

  test.each([
    { name: "U+2028", message: "a\u2028b" },
    { name: "U+2029", message: "a\u2029b" },
    { name: "U+0085", message: "a\u0085b" },
    { name: "2 MiB of them, which leave in pieces elsewhere", message: "\u2028ä\u0085".repeat(2 ** 18) },
  ])("takes $name raw in a string", async ({ message }) => {
    const host = await initialized();
    host.send(echo(1, message));
    expect(JSON.parse(await host.line()).result.content[0].text === `Echo: ${message}`).toBe(true);
  });

  test.each([
    { name: "an unknown method", line: request("bad", "tasks/list"), code: -32601 },
    { name: "server/discover", line: request("bad", "server/discover"), code: -32601 },
    { name: "a call without a name", line: request("bad", "tools/call"), code: -31001 },
    {
      name: "a prompt's argument that is a number",
      line: request("bad", "prompts/get", { name: "x", arguments: { a: 1 } }),
      code: -31001,
    },
    { name: "a uri that is none", line: request("bad", "resources/read", { uri: "nowhere" }), code: -31001 },
    { name: "a level that nobody knows", line: request("bad", "logging/setLevel", { level: "loud" }), code: -31001 },
    {
      name: "a ref that is none",
      line: request("bad", "completion/complete", { ref: {}, argument: { name: "a", value: "b" } }),
      code: -31001,
    },
    {
      name: "a progressToken of 1.5",
      line: request("bad", "tools/list", { _meta: { progressToken: 1.5 } }),
      code: -31001,
    },
    {
      name: "params that are an array",
      line: '{"jsonrpc":"2.0","id":"bad","method":"ping","params":[]}',
      code: -31001,
    },
    {
      name: "half a surrogate pair",
      line: '{"jsonrpc":"2.0","id":"bad","method":"ping","params":{"x":"\\ud800"}}',
      code: -31001,
    },
    {
      name: "200 brackets",
      line: `{"jsonrpc":"2.0","id":"bad","method":"ping","params":{"x":${"[".repeat(200)}${"]".repeat(200)}}}`,
      code: -31001,
    },
    {
      name: "what is no UTF-8",
      line: Buffer.from('{"jsonrpc":"2.0","id":"bad","method":"ping","params":{"x":"\xff"}}', "latin1"),
      code: -31001,
    },
  ])("is not muted by $name", async ({ line, code }) => {
    const host = await initialized();
    host.write(line);
    host.write("\n");
    const data = { source: "mcp-ssh-client" };
    expect(JSON.parse(await host.line())).toMatchObject({ id: "bad", error: { code, data } });
    host.send(request("after", "ping"));
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":"after","result":{}}');
  });

  test.each([
    { name: "199 brackets in params", line: request("good", "ping", { x: nested(198) }) },
    { name: "an id beyond 2^53", line: '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}' },
    { name: "params that are null", line: '{"jsonrpc":"2.0","id":"good","method":"ping","params":null}' },
    {
      name: "a whole surrogate pair in escapes",
      line: '{"jsonrpc":"2.0","id":"good","method":"ping","params":{"x":"\\ud83d\\ude00\\\\ud800"}}',
    },
    { name: "a uri of a scheme of its own", line: request("good", "resources/read", { uri: "demo:x y" }) },
  ])("takes $name, and we let it", async ({ line }) => {
    const host = await initialized();
    host.send(line);
    expect(JSON.parse(await host.line())).toHaveProperty("result");
  });

  test("answers each of its 13 methods, in one session", async () => {
    const host = await initialized();
    const uri = "demo://resource/static/document/architecture.md";
    const ref = { type: "ref/prompt", name: "completable-prompt" };
    const asked: Readonly<Record<string, object>> = {
      ping: {},
      "tools/list": {},
      "prompts/list": { cursor: "none" },
      "resources/list": {},
      "resources/templates/list": {},
      "tools/call": { name: "get-sum", arguments: { a: 1, b: 2 }, _meta: { progressToken: "t" } },
      "prompts/get": { name: "args-prompt", arguments: { city: "Zürich" } },
      "resources/read": { uri },
      "resources/subscribe": { uri },
      "resources/unsubscribe": { uri },
      "logging/setLevel": { level: "error" },
      "completion/complete": { ref, argument: { name: "department", value: "S" } },
      initialize: JSON.parse(INITIALIZE).params,
    };
    for (const [method, params] of Object.entries(asked)) {
      host.send(request(method, method, params));
      const answer = JSON.parse(await host.line());
      expect(answer.id).toBe(method);
      if (method === "resources/templates/list")
        expect(answer.error).toEqual({ code: -32601, message: "Method not found" });
      else expect(answer).toHaveProperty("result");
    }
  });

  test("is not muted by what comes before initialize and initialized", async () => {
    const host = start();
    host.send(request("early", "ping"));
    expect(JSON.parse(await host.line())).toMatchObject({ id: "early", error: { code: -31001 } });
    host.write(`${INITIALIZE}\n${request("soon", "ping")}\n${request("list", "tools/list")}\n`);
    expect(JSON.parse(await host.line())).toMatchObject({ id: 0, result: {} });
    host.send(INITIALIZED);
    const answers = [JSON.parse(await host.line()).id, JSON.parse(await host.line()).id];
    expect(answers.sort()).toEqual(["list", "soon"]);
  });

  test("a host that never says initialized is helped", async () => {
    const host = start();
    host.write(`${INITIALIZE}\n${request("after", "ping")}\n`);
    expect(JSON.parse(await host.line())).toMatchObject({ id: 0, result: {} });
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":"after","result":{}}');
  });

  test("a batch is answered by a batch", async () => {
    const host = await initialized();
    host.send(`[${request("a", "ping")}, ${request("b", "tasks/list")},${INITIALIZED},${echo("c", "[,]")} ]`);
    host.send(`[${INITIALIZED}]`);
    const answers = JSON.parse(await host.line());
    const ids = answers.map(({ id }: { id: string }) => id).sort();
    expect(ids).toEqual(["a", "b", "c"]);
    host.send(request("after", "ping"));
    expect(await host.line()).toBe('{"jsonrpc":"2.0","id":"after","result":{}}');
  });

  test("a link that is lost and dialled again finds it with the same habits", async () => {
    const proxy = await startFaultProxy(server.port);
    try {
      const known = join(server.folder, "known_hosts_of_the_proxy");
      writeFileSync(known, `[127.0.0.1]:${proxy.port} ${server.hostKey}\n`);
      const host = start([], { ...server, port: proxy.port, knownHosts: known });
      host.write(`${INITIALIZE}\n${INITIALIZED}\n`);
      expect(JSON.parse(await host.line())).toMatchObject({ id: 0, result: {} });
      host.send(echo(1, "before"));
      expect(await host.line()).toContain("before");
      proxy.now("cut");
      await host.stderrMatch(/connecting again/);
      host.write(`${request(2, "tasks/list")}\n[${echo(3, "a\u2028b")},${request(4, "ping")}]\n`);
      expect(JSON.parse(await host.line())).toMatchObject({ id: 2, error: { code: -32601 } });
      const answers = JSON.parse(await host.line());
      expect(answers.map(({ id }: { id: number }) => id).sort()).toEqual([3, 4]);
      expect(JSON.stringify(answers)).toContain("a\u2028b");
    } finally {
      await proxy.stop();
    }
  });

  test("with --reference-server off it is what it is: mute after one wrong request", async () => {
    const host = await initialized(["--reference-server", "off"]);
    host.send(request("bad", "tasks/list"));
    host.send(request("after", "ping"));
    host.end();
    const answers = [JSON.parse(await host.line()), JSON.parse(await host.line())];
    expect(answers).toMatchObject([
      { id: "bad", error: { code: -31001 } },
      { id: "after", error: { code: -31001 } },
    ]);
  });

  describe("with one bad entry in its servers.json", () => {
    let silent: ReferenceServer;
    beforeAll(async () => {
      silent = await startReferenceServer({ servers: { good: everythingEntry, bad: badEntry } });
    });
    afterAll(() => silent?.stop());

    test("its silence is explained, with the command that works", async () => {
      const host = start(["--first-reply-timeout", "3"], silent);
      host.send(INITIALIZE);
      const { error } = JSON.parse(await host.line());
      expect(error).toMatchObject({ code: -31001, data: { reason: "no-first-reply" } });
      const command =
        "uvx --with 'mcp<1.8' --with 'pydantic<2.13' --from 'm2m-mcp-server-ssh-server[key-server]==0.1.0'";
      expect(error.message).toContain(command);
      expect(host.stderr()).toContain(command);
    });
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? [] : Array.from({ length: 1 }, () => (depth === 1 ? [] : nested(depth - 1)));
}
