/** MCP hosts and a real MCP server with three real sshds between them: two jump hosts, or one behind a command. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtCommand, type Launch } from "../support/command.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { connectV1, connectV2, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import {
  everythingEntry,
  missingReferenceServer,
  type ReferenceServer,
  startReferenceServer,
} from "../support/reference-server.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { everythingChecks } from "./everything-checks.ts";

const maxBufferSize = 64 * 2 ** 20;

describeNeeding(missingSshd(), "server-everything behind jump hosts", () => {
  let servers: readonly SshServer[] = [];
  beforeAll(async () => {
    servers = [await startSshd(), await startSshd(), await startSshd()];
  });
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  /** To the last of them, by a configuration that begins with `way`. */
  function launch(way: string, exec: string): Launch {
    const [first, , target] = servers;
    if (first === undefined || target === undefined) throw new Error("no servers");
    const blocks = servers.map(({ port, user, clientKey, knownHosts }, index) =>
      [
        `Host s${index}`,
        ...["HostName 127.0.0.1", `Port ${port}`, `User ${user}`, `IdentityFile ${clientKey}`],
        ...["IdentitiesOnly yes", `UserKnownHostsFile ${knownHosts}`],
      ].join("\n  "),
    );
    const path = join(target.folder, "config");
    const options = `-F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=${first.knownHosts}`;
    const relay = `ssh ${options} -i ${first.clientKey} -p ${first.port} -W %h:%p ${first.user}@127.0.0.1`;
    writeFileSync(path, `${way.replace("RELAY", relay)}\n${blocks.join("\n")}\n`, { mode: 0o600 });
    const flags = ["--ssh-config", path, "--host", "s2", "--command", exec];
    return { command: process.execPath, args: [builtCommand, ...flags] };
  }

  const parameters = (way: string, exec: string) => ({ ...launch(way, exec), stderr: "pipe" as const, maxBufferSize });

  describe("two of them, and the v1 SDK", () => {
    const way = "Host s2\n  ProxyJump s0,s1";
    everythingChecks((exec): McpTransport => new StdioV1(parameters(way, exec)), connectV1);
  });

  describe("one of them behind ssh -W, and the v2 SDK", () => {
    const way = "Host s2\n  ProxyJump s1\nHost s1\n  ProxyCommand RELAY";
    everythingChecks((exec) => new StdioV2(parameters(way, exec)) as McpTransport, connectV2);
  });

  test("leaves no process behind", () =>
    until("the remote processes' end", () => servers.every((server) => server.remoteProcesses().length === 0)));
});

describeNeeding(missingDropbear() ?? missingReferenceServer(), "the reference server behind dropbear", () => {
  let dropbear: SshServer;
  let reference: ReferenceServer;
  beforeAll(async () => {
    dropbear = await startDropbear();
    reference = await startReferenceServer({ servers: { everything: everythingEntry } });
  });
  afterAll(async () => {
    await reference?.stop();
    await dropbear?.stop();
  });

  test("with the login shell, by name, and the jump host's own key", async () => {
    const path = join(reference.folder, "config");
    const { port, user, clientKey, knownHosts } = dropbear;
    const files = `IdentityFile ${clientKey}\n  UserKnownHostsFile ${knownHosts}`;
    const config = [
      "Host reference",
      `  HostName ${reference.host}`,
      "  ProxyJump gate",
      "Host gate",
      ...[`  HostName 127.0.0.1`, `  Port ${port}`, `  User ${user}`, `  ${files}`],
    ];
    writeFileSync(path, `${config.join("\n")}\n`, { mode: 0o600 });
    const place = ["--host", "reference", "--port", String(reference.port), "--username", reference.user];
    const flags = [...place, "--client-key", reference.clientKey, "--known-hosts", reference.knownHosts];
    const args = [builtCommand, "--ssh-config", path, ...flags];
    const client = await connectV1(new StdioV1({ command: process.execPath, args, stderr: "ignore" }));
    try {
      await client.listTools();
      const { content } = await client.tool("echo", { message: "through" });
      expect(content[0]?.text).toBe("Echo: through");
    } finally {
      await client.close();
    }
  });
});
