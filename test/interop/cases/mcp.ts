/** MCP sessions: the official SDKs' clients start the built command, as a host does. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { getDefaultEnvironment, StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { connectV1, connectV2, type McpClient, type McpTransport } from "../../support/mcp-client.ts";
import type { Case, Visit } from "../case.ts";

type Sdk = "v1" | "v2";

export const mcpCases: readonly Case[] = (["v1", "v2"] as const).map((sdk) => ({
  id: `mcp-sdk-${sdk}`,
  sentence: `the SDK ${sdk}'s client has a session with the MCP server through the built command`,
  needs: ["mcp"],
  run: async (visit) => {
    const client = await open(visit, sdk, [], []);
    return visit.site.fixtures === undefined ? listed(client) : used(client);
  },
}));

export const keyServerCase: Case = {
  id: "key-server",
  sentence: "the key server introduces both sides to each other: nothing is known beforehand but the host's name",
  needs: ["keyServerPort", "fixtures"],
  isSpecial: true,
  run: async (visit) => {
    const { keyServerPort, fixtures } = visit.site;
    ok(fixtures !== undefined);
    const flags = ["--use-key-server", "--key-server-port", String(keyServerPort)];
    flags.push("--client-key", fixtures.userKey("registered"));
    await used(await open(visit, "v1", flags, ["--client-key", "--known-hosts"]));
    return undefined;
  },
};

async function open(visit: Visit, sdk: Sdk, flags: readonly string[], without: readonly string[]): Promise<McpClient> {
  const { mcp = { shell: true }, fixtures } = visit.site;
  const asked = "exec" in mcp ? ["--command", mcp.exec] : "subsystem" in mcp ? ["--subsystem", mcp.subsystem] : [];
  const env = fixtures === undefined ? {} : { env: { ...getDefaultEnvironment(), HOME: fixtures.home } };
  const parameters = { ...visit.command([...asked, ...flags], without), ...env, stderr: "pipe" as const };
  const client =
    sdk === "v1" ? await connectV1(new StdioV1(parameters)) : await connectV2(new StdioV2(parameters) as McpTransport);
  visit.afterwards(() => client.close());
  return client;
}

/** All that can be asked of a server that we do not know. */
async function listed(client: McpClient): Promise<string> {
  await client.ping();
  const { tools } = await client.listTools();
  return `${client.getServerVersion()?.name}, ${tools.length} tools`;
}

/** Our own server's tools, with texts that break what counts in lines or characters. */
async function used(client: McpClient): Promise<undefined> {
  const textOf = async (name: string, args: Record<string, unknown>) =>
    (await client.tool(name, args)).content[0]?.text;
  const { tools } = await client.listTools();
  deepEqual(tools.map(({ name }) => name).sort(), ["echo", "hash", "sum"]);
  equal(await textOf("sum", { a: 40, b: 2 }), "42");
  for (const message of ["Grüße 👋", "one\ntwo\u2028three\u0085", ""])
    equal(await textOf("echo", { message }), message);
  const long = "0123456789abcde\n".repeat(2 ** 16);
  equal(await textOf("hash", { message: long }), createHash("sha256").update(long).digest("hex"));
  equal(await textOf("echo", { message: long }), long);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, a) => textOf("sum", { a, b: 1 })));
  deepEqual(
    answers,
    Array.from({ length: 20 }, (_, a) => String(a + 1)),
  );
  deepEqual(client.errors, []);
  return undefined;
}
