/**
 * The real reference server with its key server, and the built command with the official SDKs as hosts: nothing but the
 * host's name is known beforehand. What a key server may do wrong is in test/cli/key-server.test.ts.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { type HttpServer, startTcp } from "../support/http-servers.ts";
import { connectV1, connectV2, type McpClient, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { signalAll } from "../support/processes.ts";
import {
  everythingEntry,
  missingReferenceServer,
  type ReferenceServer,
  startReferenceServer,
} from "../support/reference-server.ts";
import { freePort, makeKeyPair } from "../support/ssh-server.ts";

/** All requests that it answers within a minute, whatever they ask for. */
const limit = 5;

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "test", version: "1" } },
});

describeNeeding(missingReferenceServer(), "the reference server's key server", () => {
  let server: ReferenceServer;
  let relay: HttpServer;
  let requests = 0;
  let home = "";
  let remembered = "";
  const clients: McpClient[] = [];
  const hosts: Host[] = [];

  /** A server of its own for each test: after five requests it answers nobody for a minute. */
  beforeEach(async () => {
    server = await startReferenceServer({ hasKeyServer: true });
    requests = 0;
    relay = await startTcp((socket) => {
      requests += 1;
      socket.pipe(connect(server.keyServerPort ?? 0, "127.0.0.1")).pipe(socket);
    });
    home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
    remembered = join(home, ".ssh", "mcp_ssh_client_known_hosts");
    writeFileSync(join(home, "key"), makeKeyPair().privateKey, { mode: 0o600 });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await endHosts(hosts.splice(0));
    await relay.stop();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  function parameters(key = join(home, "key")) {
    const place = ["--host", server.host, "--port", String(server.port), "--client-key", key];
    const args = [builtCommand, ...place, "--use-key-server", "--key-server-port", String(relay.port)];
    return { command: process.execPath, args, env: { ...(hostEnvironment() as Record<string, string>), HOME: home } };
  }

  function start(key?: string, flags: readonly string[] = []): Host {
    const { env, command, args } = parameters(key);
    const host = startHost({ command, args: [...args, ...flags] }, env);
    hosts.push(host);
    host.send(initialize);
    return host;
  }

  /** Takes leave once the server has answered; gives what stderr said. */
  async function served(host: Host): Promise<string> {
    expect(JSON.parse(await host.line())).toMatchObject({
      id: 1,
      result: { serverInfo: { name: expect.any(String) } },
    });
    host.end();
    expect((await host.exit).code).toBe(0);
    return host.stderr();
  }

  async function refused(host: Host): Promise<string> {
    expect(JSON.parse(await host.line())).toMatchObject({ id: 1, error: { code: -31001 } });
    expect((await host.exit).code).toBe(1);
    return /Error running MCP SSH client: (.*)\n/.exec(host.stderr())?.[1] ?? "";
  }

  /** Uses up what is left of the minute. */
  async function exhaust(): Promise<void> {
    for (let i = 0; i <= limit; i++) {
      const { status } = await fetch(`http://127.0.0.1:${server.keyServerPort}/health`);
      if (status === 429) return;
    }
    throw new Error("the key server answers more than it should");
  }

  const sdks = {
    v1: () => connectV1(new StdioV1({ ...parameters(), stderr: "pipe" })),
    "v2, which starts a probe beside": () =>
      connectV2(new StdioV2({ ...parameters(), stderr: "pipe" }) as McpTransport),
  } as const;

  test.each(Object.entries(sdks))(
    "with the SDK %s: initialize, list, call; the next time it is not asked",
    async (name, connectSdk) => {
      const counts: number[] = [];
      for (let i = 0; i < 2; i++) {
        const client = await connectSdk();
        clients.push(client);
        expect(client.getServerVersion()?.name).toBe("mcp-servers/everything");
        expect((await client.listTools()).tools.map((tool) => tool.name)).toContain("echo");
        expect((await client.tool("echo", { message: "Grüße 👋" })).content[0]?.text).toBe("Echo: Grüße 👋");
        counts.push(requests);
        expect(readFileSync(remembered, "utf8")).toBe(`[127.0.0.1]:${server.port} ${server.hostKey}\n`);
        expect((statSync(remembered).mode & 0o777).toString(8)).toBe("600");
      }
      expect(counts[0]).toBeLessThanOrEqual(name === "v1" ? 2 : 4);
      expect(counts[1]).toBe(counts[0]);
    },
  );

  test("three of us at once, without even a key, get by with the five requests it answers", async () => {
    rmSync(join(home, "key"));
    const said = await Promise.all([start(), start(), start()].map(served));
    expect(said.join("")).not.toContain("ERROR");
    expect(readFileSync(remembered, "utf8").trimEnd().split("\n")).toEqual([
      `[127.0.0.1]:${server.port} ${server.hostKey}`,
    ]);
  });

  test("a key that is made with a passphrase is registered, and unlocked by it the next time", async () => {
    const path = join(home, "new");
    const said = await served(start(path, ["--passphrase", "correct horse"]));
    expect(said).toContain(`Made a new key: ${path} `);
    expect(said).toContain("encrypted with the passphrase from --passphrase\n");
    const before = requests;
    expect(await served(start(path, ["--passphrase", "correct horse"]))).not.toContain("Made a new key");
    expect(requests).toBe(before);
    expect(await refused(start(path))).toContain("needs its passphrase; give it by MCP_SSH_PASSPHRASE");
  });

  test("another key of ours on a known host: not let in, registered, let in", async () => {
    await served(start());
    const other = join(home, "other");
    writeFileSync(other, makeKeyPair().privateKey, { mode: 0o600 });
    expect(await served(start(other))).toContain(
      "the server does not know our key: registering it with the key server",
    );
    expect(requests).toBe(3);
  });

  test("its limit, met by an unknown host and by an unknown key: said, with what to do", async () => {
    await served(start());
    await exhaust();
    const other = join(home, "other");
    writeFileSync(other, makeKeyPair().privateKey, { mode: 0o600 });
    const wait = "/register answered 429, too many requests; wait a minute, then start again";
    expect(await refused(start(other))).toMatch(/^Authentication failed: /);
    expect(hosts.at(-1)?.stderr()).toContain(wait);
    rmSync(remembered);
    expect(await refused(start())).toContain(
      "/server_pub_key answered 429, too many requests; wait a minute, then start",
    );
    // what is known needs no key server
    writeFileSync(remembered, `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
    await served(start());
  });
});

describeNeeding(missingReferenceServer(), "the reference server without its key server", () => {
  let server: ReferenceServer;
  let home = "";
  const hosts: Host[] = [];
  beforeEach(async () => {
    server = await startReferenceServer({ servers: { everything: everythingEntry } });
    home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    signalAll(server.remoteProcesses(), "SIGKILL");
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  function start(flags: readonly string[]): Host {
    const args = [builtCommand, "--host", server.host, "--port", String(server.port), "--client-key", server.clientKey];
    const host = startHost(
      { command: process.execPath, args: [...args, ...flags] },
      { ...hostEnvironment(), HOME: home },
    );
    hosts.push(host);
    host.send(initialize);
    return host;
  }

  test("asked for one, says what to check; not asked for one, serves", async () => {
    const port = await freePort();
    const asking = start(["--use-key-server", "--key-server-port", String(port)]);
    expect(JSON.parse(await asking.line())).toMatchObject({ id: 1, error: { code: -31001 } });
    expect(asking.stderr()).toContain(
      `check that the server was started with --run-key-server, and with a --key-server-host that can be reached from here, and that ${port} is its port`,
    );
    const plain = start(["--known-hosts", server.knownHosts]);
    expect(JSON.parse(await plain.line())).toMatchObject({ id: 1, result: {} });
  });

  test("a pinned host key needs no key server", async () => {
    const pinned = start([
      "--use-key-server",
      "--key-server-port",
      String(await freePort()),
      "--host-key",
      server.hostKey,
    ]);
    expect(JSON.parse(await pinned.line())).toMatchObject({ id: 1, result: {} });
  });
});
