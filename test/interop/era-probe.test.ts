/**
 * Hosts of protocol 2026-07-28, with real servers that meet their probe in every way: the v2 SDK in auto mode over its
 * own stdio transport, where a process of its own probes beside the session, in place, and through SshClientTransport.
 */
import { join } from "node:path";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SshClientTransport } from "../../src/index.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { launch } from "../support/command.ts";
import { connectTo } from "../support/connect-to.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { everythingCommand, probedCommand } from "../support/everything.ts";
import { connectV2, type McpClient, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { signalAll, until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSsh2Server } from "../support/ssh2-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTinysshd, startTinysshd } from "../support/tinysshd.ts";

/** Not the SDK's own class: the SDK probes such a transport in place. */
class InPlace extends StdioClientTransport {}

/**
 * Seconds: one that answers, or ends, must not count as silent where the machine is busy. A closed stdout is silence: the
 * stdin of sshd's children is the same socket.
 */
const patienceOf = (exec: string): number => (/\b(silent|close)\b/.test(exec) ? 1 : 60);

describeNeeding(missingSshd(), "the era probe behind OpenSSH", () => {
  let server: SshServer;
  let client: McpClient | undefined;
  let starts = 0;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await until("the remote processes' end", () => server.remoteProcesses().length === 0);
  });
  afterAll(() => server?.stop());

  const parameters = (exec: string) => ({
    ...launch(server, { exec }, ["--probe-timeout", String(patienceOf(exec))]),
    stderr: "pipe" as const,
  });
  const transports = {
    "with a process of its own": (exec: string) => new StdioClientTransport(parameters(exec)) as McpTransport,
    "in place": (exec: string) => new InPlace(parameters(exec)) as McpTransport,
    "through SshClientTransport": (exec: string): McpTransport =>
      new SshClientTransport({
        open: async (signal) => {
          const connection = await connectTo(server, { signal });
          const reopen = async (signal: AbortSignal) => ({
            connection,
            session: await connection.session({ exec }, { signal }),
          });
          return { ...(await reopen(signal)), reopen };
        },
        limits: { probeTimeout: patienceOf(exec) * 1_000 },
      }),
  } as const;
  const counter = () => join(server.folder, `starts-${starts++}`);

  describe.each(Object.entries(transports))("%s", (name, over) => {
    const isInPlace = name !== "with a process of its own";

    test.each([
      // in place one connection serves the session: its first process had the probe, the second has the rest
      { manner: "silent", start: 2 },
      { manner: "exit", start: 2 },
      { manner: "close", start: 2 },
      { manner: "modern", start: isInPlace ? 1 : 2 },
    ])("a server that is $manner", async ({ manner, start }) => {
      client = await connectV2(over(probedCommand(manner, counter())));
      expect(client.getServerVersion()?.name).toBe("probed");
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual([`start-${start}`]);
      expect(client.errors).toEqual([]);
    });

    test("a server of an earlier protocol that says so", async () => {
      client = await connectV2(over(everythingCommand));
      const { content } = await client.tool("echo", { message: "after all" });
      expect(content[0]?.text).toBe("Echo: after all");
      await client.close();
      signalAll(server.remoteProcesses(), "SIGKILL"); // it does not always end with its stdin
    });
  });
});

const OTHERS: readonly { name: string; missing: string | undefined; start: () => Promise<SshServer> }[] = [
  { name: "tinysshd, which gives one session a connection", missing: missingTinysshd(), start: startTinysshd },
  { name: "dropbear", missing: missingDropbear(), start: startDropbear },
  { name: "npm ssh2", missing: undefined, start: startSsh2Server },
  { name: "AsyncSSH", missing: missingAsyncssh(), start: startAsyncssh },
  {
    name: "OpenSSH with MaxSessions 1",
    missing: missingSshd(),
    start: () => startSshd({ config: ["MaxSessions 1"] }),
  },
];

for (const { name, missing, start } of OTHERS) {
  describeNeeding(missing, `the era probe in place behind ${name}`, () => {
    let server: SshServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    test.each(["silent", "exit"])("a server that is %s", async (manner) => {
      const exec = probedCommand(manner, join(server.folder, manner));
      const flags = ["--probe-timeout", "1", "--allow-chacha-without-strict-kex"];
      const client = await connectV2(
        new InPlace({ ...launch(server, { exec }, flags), stderr: "pipe" }) as McpTransport,
      );
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["start-2"]);
      await client.close();
    });
  });
}

describeNeeding(
  missingAsyncssh(),
  "server-everything as the login shell behind AsyncSSH, as the reference server",
  () => {
    let server: SshServer;
    beforeAll(async () => {
      server = await startAsyncssh({ shell: everythingCommand });
    });
    afterAll(() => server?.stop());

    test("is told apart from it: what that does not know passes", async () => {
      const client = await connectV2(
        new InPlace({ ...launch(server, { shell: true }), stderr: "pipe" }) as McpTransport,
      );
      expect(client.getServerCapabilities()).toHaveProperty("tasks");
      const { content } = await client.tool("echo", { message: "a\u2028b" });
      expect(content[0]?.text).toBe("Echo: a\u2028b");
      await client.subscribeResource({ uri: "demo://resource/dynamic/text/1" });
      await client.close();
    });
  },
);
