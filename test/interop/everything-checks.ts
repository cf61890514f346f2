/**
 * What an MCP host does with a server, as a table of checks that runs through any transport and either SDK. Registered
 * in a `describe` of the caller's. The server is the official server-everything, and echo-server.mjs for volume and for
 * what server-everything never says.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { echoCommand, everythingCommand, everythingFolder } from "../support/everything.ts";
import { type McpClient, type McpTransport, ROOTS } from "../support/mcp-client.ts";

type Check = (client: McpClient) => Promise<void>;

/** `makeTransport`: a fresh transport, not started, to a server that runs `command`. `connect`: either SDK's. */
export function everythingChecks(
  makeTransport: (command: string) => McpTransport | Promise<McpTransport>,
  connect: (transport: McpTransport) => Promise<McpClient>,
): void {
  runAll("server-everything", everythingCommand, EVERYTHING);
  runAll("echo-server", echoCommand, ECHO);

  function runAll(name: string, command: string, checks: Readonly<Record<string, Check>>): void {
    describe(name, () => {
      let client: McpClient;
      beforeAll(async () => {
        client = await connect(await makeTransport(command));
      });
      afterAll(() => client?.close());
      test.each(Object.entries(checks))("%s", (_name, check) => check(client));
      test("reports no error through the SDK", () =>
        expect(client.errors.filter((error) => !isLateProgress(error))).toEqual([]));
    });
  }
}

/** Of server-everything's tools, those that depend on the client's capabilities included. */
const TOOLS = [
  ...["echo", "get-annotated-message", "get-env", "get-resource-links", "get-resource-reference"],
  ...["get-structured-content", "get-sum", "get-tiny-image", "gzip-file-as-resource", "toggle-simulated-logging"],
  ...["toggle-subscriber-updates", "trigger-long-running-operation", "get-roots-list", "trigger-elicitation-request"],
  ...["trigger-url-elicitation", "trigger-sampling-request", "simulate-research-query"],
];

const STATIC_DOCUMENT = "demo://resource/static/document/architecture.md";

const UNICODE: Readonly<Record<string, string>> = {
  "emoji beyond the basic plane": "👩‍👩‍👧‍👦 🏳️‍🌈 𝕊𝕊ℍ",
  "line and paragraph separators": "a\u2028b\u2029c\u0085d",
  "a lone high surrogate": "x\ud800y",
  "a lone low surrogate": "x\udfffy",
  "all control characters": String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code), 127),
  "newlines and what looks like JSON-RPC": 'a\n{"jsonrpc":"2.0","id":1,"result":{}}\r\nb',
  "combining marks and right-to-left": "e\u0301 \u202eשלום\u202c العربية",
  "a byte order mark": "\ufeffbom",
  nothing: "",
};

const EVERYTHING: Readonly<Record<string, Check>> = {
  "says who it is": async (client) => {
    expect(client.getServerVersion()?.name).toBe("mcp-servers/everything");
    expect(client.getInstructions()).toBe(readFileSync(join(everythingFolder, "docs", "instructions.md"), "utf8"));
    expect(client.getServerCapabilities()).toMatchObject({ resources: { subscribe: true }, logging: {}, tasks: {} });
    await client.ping();
  },
  "tells that its list of tools changed, and lists them all": async (client) => {
    await client.heard(({ method }) => method === "notifications/tools/list_changed");
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(TOOLS));
  },
  "answers tool calls": async (client) => {
    expect(textOf(await client.tool("echo", { message: "through" }))).toBe("Echo: through");
    expect(textOf(await client.tool("get-sum", { a: 40, b: 2 }))).toBe("The sum of 40 and 2 is 42.");
  },
  "gives structured, annotated, embedded, linked and binary content": async (client) => {
    const weather = await client.tool("get-structured-content", { location: "Chicago" });
    expect(weather.structuredContent).toEqual({ temperature: 36, conditions: "Light rain / drizzle", humidity: 82 });
    const annotated = await client.tool("get-annotated-message", { messageType: "error", includeImage: true });
    expect(annotated.content[0]?.annotations).toEqual({ priority: 1, audience: ["user", "assistant"] });
    const image = await client.tool("get-tiny-image");
    const data = image.content.find(({ type }) => type === "image")?.data ?? "";
    expect(Buffer.from(data, "base64").subarray(1, 4).toString()).toBe("PNG");
    const reference = await client.tool("get-resource-reference", { resourceType: "Blob", resourceId: 3 });
    expect(reference.content[1]?.resource?.uri).toBe("demo://resource/dynamic/blob/3");
    const links = await client.tool("get-resource-links", { count: 10 });
    expect(links.content.filter(({ type }) => type === "resource_link")).toHaveLength(10);
  },
  "refuses an unknown tool and wrong arguments as the server does": async (client) => {
    expect(await failureOf(client.tool("no-such-tool"))).toMatch(/no-such-tool/);
    expect(await failureOf(client.tool("get-sum", { a: "x" }))).toMatch(/Input validation error/);
    await expect(client.readResource({ uri: "demo://resource/no-such" })).rejects.toThrow(/no-such/);
  },
  "lists and gives prompts": async (client) => {
    const { prompts } = await client.listPrompts();
    const names = prompts.map(({ name }) => name).sort();
    expect(names).toEqual(["args-prompt", "completable-prompt", "resource-prompt", "simple-prompt"]);
    const args = await client.getPrompt({ name: "args-prompt", arguments: { city: "Zürich" } });
    expect(args.messages[0]?.content.text).toBe("What's weather in Zürich?");
    const embedded = { resourceType: "Text", resourceId: "7" };
    const resource = await client.getPrompt({ name: "resource-prompt", arguments: embedded });
    expect(resource.messages[1]?.content.resource?.uri).toBe("demo://resource/dynamic/text/7");
  },
  "completes arguments of prompts and templates": async (client) => {
    const ref = { type: "ref/prompt", name: "completable-prompt" } as const;
    const department = await client.complete({ ref, argument: { name: "department", value: "S" } });
    expect(department.completion.values).toEqual(["Sales", "Support"]);
    const context = { arguments: { department: "Sales" } };
    const name = await client.complete({ ref, argument: { name: "name", value: "E" }, context });
    expect(name.completion.values).toEqual(["Eve"]);
    const template = { type: "ref/resource", uri: "demo://resource/dynamic/text/{resourceId}" } as const;
    const id = await client.complete({ ref: template, argument: { name: "resourceId", value: "12" } });
    expect(id.completion.values).toEqual(["12"]);
  },
  "lists resources and reads one byte for byte": async (client) => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain(STATIC_DOCUMENT);
    const { contents } = await client.readResource({ uri: STATIC_DOCUMENT });
    expect(contents[0]?.text).toBe(readFileSync(join(everythingFolder, "docs", "architecture.md"), "utf8"));
  },
  "lists resource templates and reads through them": async (client) => {
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate).sort()).toEqual([
      "demo://resource/dynamic/blob/{resourceId}",
      "demo://resource/dynamic/text/{resourceId}",
    ]);
    const text = await client.readResource({ uri: "demo://resource/dynamic/text/5" });
    expect(text.contents[0]?.text).toMatch(/^Resource 5: This is a plaintext resource/);
    const blob = await client.readResource({ uri: "demo://resource/dynamic/blob/6" });
    expect(Buffer.from(blob.contents[0]?.blob ?? "", "base64").toString()).toMatch(
      /^Resource 6: This is a base64 blob/,
    );
  },
  "asks the host for sampling and uses its answer": async (client) => {
    const result = await client.tool("trigger-sampling-request", { prompt: "Wie geht's?", maxTokens: 9 });
    expect(textOf(result)).toContain("sampled: Grüße 👋");
    const request = client.requests.findLast(({ method }) => method === "sampling/createMessage");
    expect(request?.params).toMatchObject({ maxTokens: 9, systemPrompt: "You are a helpful test server." });
  },
  "elicits a form, whether accepted or declined": async (client) => {
    expect(textOf(await client.tool("trigger-elicitation-request"))).toContain("- Name: Ada");
    await answering(client, "elicitation/create", { action: "decline" }, async () => {
      expect(textOf(await client.tool("trigger-elicitation-request"))).toContain("User declined");
    });
  },
  "elicits by URL, as a request and as an error": async (client) => {
    const url = "https://example.org/?a=1&b=%20";
    await answering(client, "elicitation/create", { action: "accept" }, async () => {
      const accepted = await client.tool("trigger-url-elicitation", { url, elicitationId: "e-1" });
      expect(textOf(accepted)).toContain("Elicitation ID: e-1");
    });
    const request = client.requests.findLast(({ method }) => method === "elicitation/create"); // the roots may be asked for at any time
    expect(request?.params).toMatchObject({ mode: "url", url });
    await expect(client.tool("trigger-url-elicitation", { url, errorPath: true })).rejects.toMatchObject({
      code: -32042,
    });
  },
  "asks for the roots, and again when they change": async (client) => {
    expect(textOf(await client.tool("get-roots-list"))).toContain(`${ROOTS[0]?.name}\n   URI: ${ROOTS[0]?.uri}`);
    const changed = [{ uri: "file:///a" }, { uri: "file:///b" }];
    await answering(client, "roots/list", { roots: changed }, async () => {
      await client.sendRootsListChanged();
      await client.heard(({ params }) => params?.["data"] === "Roots updated: 2 root(s) received from client");
    });
    expect(textOf(await client.tool("get-roots-list"))).toContain("URI: file:///b");
  },
  "reports progress in order": async (client) => {
    const seen: number[] = [];
    const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
    await client.tool("trigger-long-running-operation", { duration: 0.2, steps: 8 }, { onprogress });
    // The SDK forgets the handler at once when the result comes, so what shares a chunk with the result may be lost.
    expect(seen.length).toBeGreaterThanOrEqual(6);
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
  },
  "goes on after a call was cancelled": async (client) => {
    const abort = new AbortController();
    const onprogress = () => abort.abort("enough");
    const call = client.tool(
      "trigger-long-running-operation",
      { duration: 1, steps: 20 },
      { onprogress, signal: abort.signal },
    );
    await expect(call).rejects.toThrow(/enough/);
    expect(textOf(await client.tool("echo", { message: "still here" }))).toBe("Echo: still here");
  },
  "sends log messages from the chosen level up": async (client) => {
    const isLog = ({ method }: { method: string }) => method === "notifications/message";
    const uri = "demo://resource/dynamic/text/1";
    await client.setLoggingLevel("error");
    const before = client.notifications.filter(isLog).length;
    await client.subscribeResource({ uri });
    await client.ping();
    expect(client.notifications.filter(isLog)).toHaveLength(before);
    await client.setLoggingLevel("info");
    await client.unsubscribeResource({ uri });
    const data = `Received Unsubscribe Resource request: ${uri} `;
    await client.heard(({ params }) => params?.["data"] === data);
  },
  "sends simulated log messages until told to stop": async (client) => {
    const levels = /^(Debug|Info|Notice|Warning|Error|Critical|Alert|Emergency)/;
    await client.setLoggingLevel("debug");
    expect(textOf(await client.tool("toggle-simulated-logging"))).toMatch(/^Started/);
    await client.heard(({ params }) => levels.test(String(params?.["data"])));
    expect(textOf(await client.tool("toggle-simulated-logging"))).toMatch(/^Stopped/);
  },
  "tells subscribers that a resource was updated": async (client) => {
    const uri = "demo://resource/dynamic/text/2";
    await client.subscribeResource({ uri });
    await client.tool("toggle-subscriber-updates");
    const isUpdate = ({ method, params }: { method: string; params?: Record<string, unknown> }) =>
      method === "notifications/resources/updated" && params?.["uri"] === uri;
    await client.heard(isUpdate);
    await client.tool("toggle-subscriber-updates");
    await client.unsubscribeResource({ uri });
  },
  "tells that its list of resources changed, and gives the new one": async (client) => {
    const data = `data:text/plain;base64,${Buffer.from("zip me").toString("base64")}`;
    const result = await client.tool("gzip-file-as-resource", { name: "x.gz", data, outputType: "resourceLink" });
    await client.heard(({ method }) => method === "notifications/resources/list_changed");
    const { contents } = await client.readResource({ uri: result.content[0]?.uri ?? "" });
    expect(gunzipSync(Buffer.from(contents[0]?.blob ?? "", "base64")).toString()).toBe("zip me");
  },
  "answers 200 concurrent calls, each its own": async (client) => {
    const messages = Array.from({ length: 200 }, (_, index) => `call ${index} ${"x".repeat(index * 10)}`);
    const results = await Promise.all(messages.map((message) => client.tool("echo", { message })));
    expect(results.map(textOf)).toEqual(messages.map((message) => `Echo: ${message}`));
  },
  "echoes Unicode unchanged": async (client) => {
    for (const [name, message] of Object.entries(UNICODE)) {
      expect(textOf(await client.tool("echo", { message })), name).toBe(`Echo: ${message}`);
    }
  },
  "carries a 4 MiB argument there and back": async (client) => {
    const message = "Ωmega 😀 ".repeat(2 ** 18);
    expect(textOf(await client.tool("echo", { message })) === `Echo: ${message}`).toBe(true);
  },
};

const MIB = 2 ** 20;

const ECHO: Readonly<Record<string, Check>> = {
  "gives a 16 MiB result": (client) => expectBytes(client, 16 * MIB),
  "gives eight results of 2 MiB asked for at once": async (client) => {
    await Promise.all(Array.from({ length: 8 }, () => expectBytes(client, 2 * MIB)));
  },
  "takes a 16 MiB argument": async (client) => {
    const text = "fedcba9876543210".repeat(MIB);
    const { structuredContent } = await client.tool("echo", { text });
    expect(structuredContent?.["text"] === text).toBe(true);
  },
  "tells that its list of prompts changed": async (client) => {
    await client.tool("emit", { lines: ['{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}'] });
    await client.heard(({ method }) => method === "notifications/prompts/list_changed");
  },
  "passes notifications that no SDK knows": async (client) => {
    await client.tool("emit", { lines: ['{"jsonrpc":"2.0","method":"notifications/x-új","params":{"n":[1,2]}}'] });
    const message = await client.heard(({ method }) => method === "notifications/x-új");
    expect(message.params).toMatchObject({ n: [1, 2] });
  },
  "hears which call was cancelled": async (client) => {
    const abort = new AbortController();
    const call = client.tool("silent", {}, { signal: abort.signal });
    await client.ping();
    abort.abort("no longer needed");
    await expect(call).rejects.toThrow(/no longer needed/);
    const { structuredContent } = await client.tool("received");
    expect(structuredContent?.["cancelled"]).toHaveLength(1);
  },
};

/** What the SDKs report where a server goes on telling the progress of a call that ended: true of server-everything. */
function isLateProgress({ message }: Error): boolean {
  return message.startsWith("Received a progress notification for an unknown token");
}

async function expectBytes(client: McpClient, count: number): Promise<void> {
  const { structuredContent } = await client.tool("bytes", { count });
  const text = String(structuredContent?.["text"]);
  expect(text.length).toBe(count);
  expect(text === "0123456789abcdef".repeat(count / 16)).toBe(true);
}

/** All the text of a tool's answer. */
function textOf({ content }: { readonly content: readonly { readonly text?: string }[] }): string {
  return content.map(({ text }) => text ?? "").join("\n");
}

/** What a refused call says, whether as a JSON-RPC error or as a tool's error. */
async function failureOf(call: ReturnType<McpClient["tool"]>): Promise<string> {
  try {
    const result = await call;
    return result.isError === true ? textOf(result) : `no failure: ${textOf(result)}`;
  } catch (error) {
    return String(error);
  }
}

/** Runs `body` with another answer to one of the server's requests. */
async function answering(
  { answers }: McpClient,
  method: string,
  answer: Record<string, unknown>,
  body: () => Promise<void>,
): Promise<void> {
  const usual = answers[method];
  answers[method] = () => answer;
  await body();
  if (usual !== undefined) answers[method] = usual;
}
