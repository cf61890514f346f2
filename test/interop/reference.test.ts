/** The reference server, as it is, behind the built command with the official SDKs as hosts. */
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { connectV1, connectV2Legacy, type McpClient, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { signalAll } from "../support/processes.ts";
import {
  everythingEntry,
  missingReferenceServer,
  type ReferenceServer,
  startReferenceServer,
} from "../support/reference-server.ts";

describeNeeding(missingReferenceServer(), "the reference server", () => {
  let server: ReferenceServer;
  const clients: McpClient[] = [];
  beforeAll(async () => {
    server = await startReferenceServer({ servers: { first: everythingEntry, second: everythingEntry } });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    signalAll(server.remoteProcesses(), "SIGKILL"); // it leaves its servers running when a session ends
  });
  afterAll(() => server?.stop());

  const parameters = () => ({ ...launch(server, { shell: true }), stderr: "pipe" as const });
  const hosts = {
    v1: () => connectV1(new StdioV1(parameters())),
    "v2, legacy mode": () => connectV2Legacy(new StdioV2(parameters()) as McpTransport),
  } as const;

  describe.each(Object.entries(hosts))("with the SDK %s", (_name, connect) => {
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
});
