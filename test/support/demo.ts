/**
 * The whole way once, on any machine with Node: an MCP client, our command, SSH, an MCP server. The SSH server is npm
 * ssh2's on loopback, an implementation that we did not write. Fresh keys; all files are in a temporary folder.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { launch, startHost } from "./command.ts";
import { everythingCommand, shellCommand } from "./everything.ts";
import { until } from "./processes.ts";
import { makeKeyPair, type SshServer } from "./ssh-server.ts";
import { startSsh2Server } from "./ssh2-server.ts";

const steps: { readonly title: string; readonly run: () => Promise<string> }[] = [];
/** What is to be undone, however the demo ends; the last first. */
const undo: (() => Promise<unknown>)[] = [];

function step(title: string, run: () => Promise<string>): void {
  steps.push({ title, run });
}

let server: SshServer;
const client = new Client({ name: "mcp-ssh-client-demo", version: "1.0.0" });

step("start an SSH server on loopback (npm ssh2) with fresh keys", async () => {
  server = await startSsh2Server();
  undo.push(() => server.stop());
  return `${server.host}:${server.port}\nhost key   ${server.hostKey}\nknown_hosts ${server.knownHosts}`;
});

step("start mcp-ssh-client as an MCP host does, and initialize", async () => {
  const { command, args } = launch(server, { exec: everythingCommand });
  const transport = new StdioClientTransport({ command, args, stderr: "pipe" });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  undo.push(() => client.close());
  await client.connect(transport).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${stderr}`);
  });
  const { name, version } = client.getServerVersion() ?? {};
  return `mcp-ssh-client ${shellCommand(...args.slice(1))}\nanswered by ${name} ${version}`;
});

step("list the remote server's tools", async () => {
  const { tools } = await client.listTools();
  if (tools.length === 0) throw new Error("no tools");
  return `${tools.length} tools: ${tools.map(({ name }) => name).join(", ")}`;
});

step("call one of them", async () => {
  const { content } = await client.callTool({ name: "get-sum", arguments: { a: 40, b: 2 } });
  const [{ text }] = content as [{ text: string }];
  if (text !== "The sum of 40 and 2 is 42.") throw new Error(`get-sum answered ${JSON.stringify(text)}`);
  return `get-sum { a: 40, b: 2 } -> ${text}`;
});

step("refuse a server whose host key is not the one in known_hosts", async () => {
  const knownHosts = join(server.folder, "other_known_hosts");
  writeFileSync(knownHosts, readFileSync(server.knownHosts, "utf8").replace(server.hostKey, makeKeyPair().publicKey));
  const host = startHost(launch({ ...server, knownHosts }, { exec: everythingCommand }));
  undo.push(async () => host.child.kill());
  host.send('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  const { error } = JSON.parse(await host.line()) as { error?: { message: string } };
  const { code } = await host.exit;
  if (code !== 1 || !error?.message.includes("Host key verification failed")) {
    throw new Error(`exit ${code}, ${JSON.stringify(error)}\n${host.stderr()}`);
  }
  return `the host is told: ${error.message}`;
});

step("close, and leave nothing behind", async () => {
  await client.close();
  await until("the remote server's end", () => server.remoteProcesses().length === 0);
  await server.stop();
  undo.length = 0;
  if (existsSync(server.folder)) throw new Error(`${server.folder} is still there`);
  return `${server.folder} is removed`;
});

/** Runs the steps in order until one fails. Returns how many passed. */
async function runSteps(): Promise<number> {
  for (const [index, { title, run }] of steps.entries()) {
    try {
      const detail = await run();
      console.log(`✓ ${title}\n${detail.replace(/^/gm, "    ")}`);
    } catch (error) {
      console.log(`✗ ${title}\n${String(error).replace(/^/gm, "    ")}`);
      return index;
    }
  }
  return steps.length;
}

const passed = await runSteps();
for (const each of undo.reverse()) await each();
const isDone = passed === steps.length;
console.log(isDone ? `demo: all ${passed} steps passed` : `demo: FAILED at step ${passed + 1} of ${steps.length}`);
process.exitCode = isDone ? 0 : 1;
