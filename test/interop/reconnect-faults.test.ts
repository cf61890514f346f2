/**
 * A session that outlives its link, whatever breaks that: the built command and real sshds, with a scripted network
 * between them. Most of the time of these tests is the pace of the attempts, so they run beside each other.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { endHosts, type Host, type Launch, launch, startHost } from "../support/command.ts";
import { echoCommand, everythingCommand, probedCommand } from "../support/everything.ts";
import { afterBytes, type FaultProxy, startFaultProxy, type Treatment } from "../support/fault-proxy.ts";
import { connectV1, connectV2, type McpClient, type McpTransport } from "../support/mcp-client.ts";
import { describeNeeding } from "../support/needs.ts";
import { makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const hosts: Host[] = [];
const proxies: FaultProxy[] = [];
let sshd: SshServer;

type Answer = Record<string, unknown>;

const lost = { code: -31001, data: { source: "mcp-ssh-client", reason: "link-lost", mayHaveRun: true } };
const keepalive = ["--keepalive-interval", "1", "--keepalive-count", "3"];
const initialize =
  '{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}';

async function proxied(treat?: (n: number) => Treatment, port = sshd.port): Promise<FaultProxy> {
  const proxy = await startFaultProxy(port, treat);
  proxies.push(proxy);
  return proxy;
}

/** To `server` by way of `proxy`, under a known_hosts of its own. */
function through(proxy: FaultProxy, exec: string, flags: readonly string[] = [], server: SshServer = sshd): Launch {
  const known = join(server.folder, `known_${proxy.port}`);
  writeFileSync(known, `[127.0.0.1]:${proxy.port} ${server.hostKey}\n${readFileSync(server.knownHosts, "utf8")}`);
  return launch({ ...server, port: proxy.port, knownHosts: known }, { exec }, flags);
}

/** A raw host: its requests are numbered, and no answer may come twice or unasked. */
class RawHost {
  readonly host: Host;
  #id = 0;
  #asked = new Set<unknown>();
  readonly notifications: string[] = [];

  constructor(command: Launch) {
    this.host = startHost(command);
    hosts.push(this.host);
  }

  async handshake(): Promise<this> {
    this.#asked.add("init");
    this.host.send(initialize);
    expect(await this.answer()).toMatchObject({ id: "init", result: {} });
    this.host.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return this;
  }

  /** Sends a request; returns its id. `params` come before the id, as SDK v1 has them. */
  send(method: string, params: object = {}): number {
    const id = ++this.#id;
    this.#asked.add(id);
    this.host.send(`{"method":"${method}","params":${JSON.stringify(params)},"jsonrpc":"2.0","id":${id}}`);
    return id;
  }

  tool(name: string, args: object = {}): number {
    return this.send("tools/call", { name, arguments: args });
  }

  /** A call that the remote has and does not answer. */
  async inFlight(): Promise<number> {
    const id = this.tool("silent");
    await this.works(); // behind it, so that it has gone
    return id;
  }

  /** The next answer. */
  async answer(): Promise<Answer> {
    for (;;) {
      const message = JSON.parse(await this.host.line()) as Answer;
      if (message["id"] === undefined) {
        this.notifications.push(String(message["method"]));
        continue;
      }
      expect(this.#asked.delete(message["id"])).toBe(true);
      return message;
    }
  }

  /** A request, and what answers it. */
  async ask(method: string, params: object = {}): Promise<Answer> {
    const id = this.send(method, params);
    const answer = await this.answer();
    expect(answer["id"]).toBe(id);
    return answer;
  }

  /** It works: another call of the session is answered by the remote. */
  async works(): Promise<void> {
    const text = `still here ${this.#id}`;
    expect(await this.ask("tools/call", { name: "echo", arguments: { text } })).toMatchObject({
      result: { structuredContent: { text } },
    });
  }

  /** The host leaves, and nothing is owed. */
  async leave(): Promise<void> {
    this.host.end();
    expect(await this.host.exit).toEqual({ code: 0, signal: null });
    expect([...this.#asked]).toEqual([]);
    expect(this.host.stderr()).not.toMatch(/ ERROR |CRITICAL/);
    this.expectWholeLines();
  }

  /** It ended by itself for `why`, with all answered. */
  async ended(why: RegExp): Promise<void> {
    expect(await this.host.exit).toEqual({ code: 1, signal: null });
    const stdout = this.host.stdout().toString();
    for (const line of stdout.trimEnd().split("\n")) this.#asked.delete(JSON.parse(line).id);
    expect([...this.#asked]).toEqual([]);
    expect(this.host.stderr()).toMatch(why);
    this.expectWholeLines();
  }

  expectWholeLines(): void {
    expect(this.host.stdout().toString().endsWith("\n")).toBe(true);
  }

  get losses(): number {
    return this.host.stderr().match(/was lost/g)?.length ?? 0;
  }
}

vi.setConfig({ testTimeout: 90_000, maxConcurrency: 8 });

describeNeeding(missingSshd(), "a link that breaks is dialled again", () => {
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await endHosts(hosts.splice(0));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
    await sshd?.stop();
  });

  test.concurrent.each(["cut", "reset"] as const)("%s in the middle of a call", async (kind) => {
    const proxy = await proxied();
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    const id = await host.inFlight();
    proxy.now(kind);
    expect(await host.answer()).toMatchObject({ id, error: lost });
    await host.works();
    expect(host.notifications).toContain("notifications/tools/list_changed");
    expect([host.losses, proxy.connections]).toEqual([1, 2]);
    await host.leave();
  });

  test.concurrent("in the middle of a line of the server's", async () => {
    const fault = { kind: "reset", direction: "to client", at: afterBytes(400_000) } as const;
    const proxy = await proxied((n) => (n === 0 ? { fault } : {}));
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    const id = host.tool("bytes", { count: 1_000_000 });
    expect(await host.answer()).toMatchObject({ id, error: lost });
    expect(await host.ask("tools/call", { name: "bytes", arguments: { count: 1_000_000 } })).toMatchObject({
      result: { structuredContent: {} },
    });
    expect(proxy.fired).toBe(1);
    await host.leave();
  });

  test.concurrent.each([1_000_000, 3_000_000])("in the middle of a line of the host's of %i bytes", async (length) => {
    const fault = { kind: "cut", direction: "to server", at: afterBytes(length / 2) } as const;
    const proxy = await proxied((n) => (n === 0 ? { fault } : {}));
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    const id = host.tool("echo", { text: "x".repeat(length) });
    const answer = await host.answer();
    expect(answer).toMatchObject({ id, error: { code: -31001 } });
    await host.works();
    expect(proxy.fired).toBe(1);
    await host.leave();
  });

  test.concurrent("a black hole, found by the keepalive", async () => {
    const proxy = await proxied();
    const host = await new RawHost(through(proxy, echoCommand, keepalive)).handshake();
    const id = await host.inFlight();
    proxy.now("black hole");
    expect(await host.answer()).toMatchObject({ id, error: lost });
    await host.works();
    expect(host.host.stderr()).toContain("no sign of life on the connection within 3 s");
    await host.leave();
  });

  test.concurrent("a black hole behind a sleep", async () => {
    const proxy = await proxied();
    const flags = ["--keepalive-interval", "1", "--keepalive-count", "100"];
    const host = await new RawHost(through(proxy, echoCommand, flags)).handshake();
    host.host.child.kill("SIGSTOP");
    proxy.now("black hole");
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    host.host.child.kill("SIGCONT");
    await host.host.stderrMatch(/slept or stood still/);
    await host.works();
    await host.leave();
  });

  test.concurrent("a server that is away for a while: refused, then there again", async () => {
    const proxy = await proxied();
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    const id = await host.inFlight();
    await proxy.down();
    expect(await host.answer()).toMatchObject({ id, error: lost });
    const waiting = host.works();
    await host.host.stderrMatch(/Connecting again failed.*Connection refused/);
    await proxy.up();
    await waiting;
    expect(host.losses).toBe(1);
    await host.leave();
  });

  test.concurrent("a server that turns us away for coming too often is told as that, and tried further", async () => {
    const proxy = await proxied((n) => (n === 1 ? { refusal: "Not allowed at this time\r\n" } : {}));
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    proxy.now("cut");
    await host.host.stderrMatch(/Connecting again failed.*Not allowed at this time.*PerSourcePenalties/);
    await host.works();
    expect(proxy.connections).toBe(3);
    await host.leave();
  });

  test.concurrent("again and again", async () => {
    const proxy = await proxied();
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    for (const kind of ["cut", "reset", "cut"] as const) {
      const id = await host.inFlight();
      proxy.now(kind);
      expect(await host.answer()).toMatchObject({ id, error: lost });
      await host.works();
    }
    expect([host.losses, proxy.connections]).toEqual([3, 4]);
    await host.leave();
  });

  test.concurrent("protocol 2026-07-28: no handshake is replayed, and the next request finds the new server", async () => {
    const proxy = await proxied();
    const command = probedCommand("modern", join(sshd.folder, "starts"));
    const host = new RawHost(through(proxy, command));
    expect(await host.ask("server/discover")).toMatchObject({ result: { supportedVersions: ["2026-07-28"] } });
    proxy.now("cut");
    await host.host.stderrMatch(/was lost/);
    expect(await host.ask("tools/list")).toMatchObject({ result: { tools: [{ name: "start-2" }] } });
    await host.leave();
  });

  test.concurrent("behind a jump host", async () => {
    const proxy = await proxied();
    const command = through(proxy, echoCommand);
    const way = ["--proxy-jump", `${sshd.user}@127.0.0.1:${proxy.port}`, "--port", String(sshd.port)];
    const host = await new RawHost({ ...command, args: [...command.args, ...way] }).handshake();
    expect(proxy.connections).toBe(1);
    const id = await host.inFlight();
    proxy.now("reset");
    expect(await host.answer()).toMatchObject({ id, error: lost });
    await host.works();
    expect(proxy.connections).toBe(2);
    await host.leave();
  });

  test.concurrent("behind a ProxyCommand", async () => {
    const proxy = await proxied();
    const { command, args } = through(proxy, echoCommand);
    const relay = fileURLToPath(new URL("../support/relay.mjs", import.meta.url));
    const config = join(sshd.folder, "config_relay");
    writeFileSync(config, `Host *\n ProxyCommand ${process.execPath} ${relay} %h %p\n`, { mode: 0o600 });
    const flags = args.map((arg, i) => (args[i - 1] === "--ssh-config" ? config : arg));
    const host = await new RawHost({ command, args: flags }).handshake();
    const id = await host.inFlight();
    proxy.now("cut");
    expect(await host.answer()).toMatchObject({ id, error: lost });
    await host.works();
    await host.leave();
  });

  test.concurrent("not to a server with another host key", async () => {
    const other = await startSshd();
    const proxy = await proxied();
    const host = await new RawHost(through(proxy, echoCommand)).handshake();
    await host.inFlight();
    proxy.target(other.port);
    proxy.now("cut");
    await host.answer();
    host.tool("echo");
    await host.ended(/cannot be restored: .*HAS CHANGED/);
    await other.stop();
  });

  test.concurrent("not where our key is not let in any more", async () => {
    const own = await startSshd();
    const proxy = await proxied(undefined, own.port);
    const host = await new RawHost(through(proxy, echoCommand, [], own)).handshake();
    await host.inFlight();
    writeFileSync(join(own.folder, "authorized_keys"), `${makeKeyPair().publicKey}\n`);
    proxy.now("cut");
    await host.answer();
    host.tool("echo");
    await host.ended(/cannot be restored: .*Authentication failed/);
    await own.stop();
  });

  test.concurrent("not to another MCP server", async () => {
    const proxy = await proxied();
    const flag = join(sshd.folder, "was_there");
    const answer = (name: string) =>
      `{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"${name}","version":"1"}}}\\n`;
    const id = `id=$(printf %s "$line" | sed 's/.*"id":\\("[^"]*"\\).*/\\1/')`;
    const command = `read -r line; ${id}; if [ -e ${flag} ]; then printf '${answer("second")}' "$id"; else touch ${flag}; printf '${answer("first")}' "$id"; fi; cat >/dev/null`;
    const host = await new RawHost(through(proxy, command)).handshake();
    proxy.now("cut");
    await host.host.stderrMatch(/connecting again/);
    host.tool("a");
    await host.ended(/cannot be restored: another MCP server answers there now/i);
  });

  test.concurrent.each<[string, (command: Launch) => Promise<McpClient>]>([
    ["v1", (command) => connectV1(new StdioV1({ ...command, stderr: "pipe" }))],
    ["v2", (command) => connectV2(new StdioV2({ ...command, stderr: "pipe" }) as McpTransport)],
  ])("the SDK %s goes on behind a black hole", async (_, connect) => {
    const proxy = await proxied();
    const client = await connect(through(proxy, everythingCommand, keepalive));
    try {
      expect((await client.tool("echo", { message: "before" })).content).toMatchObject([{ text: "Echo: before" }]);
      const call = client.tool("trigger-long-running-operation", { duration: 60, steps: 2 });
      const refused = expect(call).rejects.toMatchObject({ code: -31001, data: { reason: "link-lost" } });
      await client.ping();
      proxy.now("black hole");
      await refused;
      expect((await client.tool("echo", { message: "after" })).content).toMatchObject([{ text: "Echo: after" }]);
      expect(client.errors).toEqual([]);
    } finally {
      await client.close();
    }
  });
});
