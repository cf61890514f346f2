/** MCP hosts and a real MCP server with three real sshds between them: two jump hosts, or one behind a command. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, test } from "vitest";
import { builtCommand, type Launch } from "../support/command.ts";
import { connectV1, connectV2, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
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
