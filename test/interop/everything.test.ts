/** MCP hosts and a real MCP server with a real sshd between them. */
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SshClientTransport } from "../../src/index.ts";
import { launch } from "../support/command.ts";
import { connectTo } from "../support/connect-to.ts";
import { echoCommand } from "../support/everything.ts";
import { connectV1, connectV2, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { everythingChecks } from "./everything-checks.ts";

/** The SDK caps what it buffers of one line at 10 MB; a host that wants 16 MiB results raises it. */
const maxBufferSize = 64 * 2 ** 20;

describeNeeding(missingSshd(), "server-everything behind OpenSSH", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  const parameters = (exec: string) => ({ ...launch(server, { exec }), stderr: "pipe" as const, maxBufferSize });
  const overV1 = (exec: string): McpTransport => new StdioV1(parameters(exec));
  const overV2 = (exec: string) => new StdioV2(parameters(exec)) as McpTransport;

  describe("through the v1 SDK's StdioClientTransport", () => everythingChecks(overV1, connectV1));

  const overSsh = (exec: string): McpTransport =>
    new SshClientTransport({
      open: async (signal) => {
        const connection = await connectTo(server, { signal });
        return { connection, session: await connection.session({ exec }, { signal }) };
      },
    });

  describe("through SshClientTransport and the v1 SDK", () => everythingChecks(overSsh, connectV1));

  describe("through SshClientTransport and the v2 SDK", () => everythingChecks(overSsh, connectV2));

  describe("through the v2 SDK in auto mode", () => {
    everythingChecks(overV2, connectV2);

    test("starts the command twice", async () => {
      const before = connections(server);
      const client = await connectV2(overV2(echoCommand));
      await client.close();
      expect(connections(server) - before).toBe(2);
    });
  });

  test("leaves no process behind", () =>
    until("the remote processes' end", () => server.remoteProcesses().length === 0));
});

/** How many clients the server let in. */
function connections(server: SshServer): number {
  return server.log().split("Accepted publickey").length - 1;
}
