/** A session that outlives its link: the official SDKs' clients, the built command, and a real sshd whose side is killed. */
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { everythingCommand } from "../support/everything.ts";
import {
  connectV1,
  connectV2,
  connectV2Legacy,
  type McpClient,
  type McpTransport,
  ROOTS,
} from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const URI = "demo://resource/dynamic/text/1";

describeNeeding(missingSshd(), "a link that is lost and dialled again", () => {
  const parameters = (server: SshServer) => ({
    ...launch(server, { exec: everythingCommand }),
    stderr: "pipe" as const,
  });
  const overV1 = (server: SshServer): McpTransport => new StdioV1(parameters(server));
  const overV2 = (server: SshServer): McpTransport => new StdioV2(parameters(server)) as McpTransport;

  test.concurrent.each<[string, (server: SshServer) => Promise<McpClient>]>([
    ["v1", (server) => connectV1(overV1(server))],
    ["v2", (server) => connectV2Legacy(overV2(server))],
    ["v2 in auto mode", (server) => connectV2(overV2(server))],
  ])("by the SDK %s", async (_, connect) => {
    const server = await startSshd();
    const client = await connect(server);
    try {
      expect((await client.tool("echo", { message: "before" })).content).toMatchObject([{ text: "Echo: before" }]);
      await client.subscribeResource({ uri: URI });
      await until("the server asked for the roots", () => client.requests.length > 0);
      const asked = client.requests.length;
      const call = client.tool("trigger-long-running-operation", { duration: 60, steps: 2 });
      const refused = expect(call).rejects.toMatchObject({
        code: -31001,
        data: { source: "mcp-ssh-client", reason: "link-lost", mayHaveRun: true },
      });
      await client.ping(); // behind the call, so that this has gone
      server.dropConnections();
      await refused;
      expect((await client.tool("echo", { message: "after" })).content).toMatchObject([{ text: "Echo: after" }]);
      await client.heard(({ method }) => method === "notifications/tools/list_changed");
      await client.heard(
        ({ method, params }) => method === "notifications/resources/updated" && params?.["uri"] === URI,
      );
      await until("the new server asked for the roots", () => client.requests.length > asked);
      expect((await client.tool("get-roots-list")).content[0]?.text).toContain(ROOTS[0]?.name);
      expect((await client.listTools()).tools.length).toBeGreaterThan(5);
      expect(client.errors).toEqual([]);
    } finally {
      await client.close();
      await server.stop();
    }
  });
});
