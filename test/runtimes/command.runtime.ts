/** The built command in each runtime, started by the official SDK as a host does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { missingRuntimes, type Runtime, runtimes } from "./runtimes.ts";
import { environment, withoutOwnWords } from "./start.ts";

describeNeeding(missingSshd() ?? missingRuntimes(), "the built command", () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  test.each(runtimes)("carries a session in $name", async (runtime) => {
    expect(await session(runtime, server, [])).toBe("");
  });

  test.each(runtimes.filter(({ hasKernel }) => hasKernel))(
    "carries one that the kernel encrypts in $name",
    async (runtime) => {
      expect(await session(runtime, server, ["--crypto", "wasm"])).toBe("");
    },
  );

  test.each(runtimes.filter(({ hasKernel }) => !hasKernel))("does without the kernel in $name", async (runtime) => {
    const refusal = session(runtime, server, ["--crypto", "wasm"]);
    await expect(refusal).rejects.toThrow("compiles no WebAssembly with vectors");
    expect(await session(runtime, server, ["--crypto", "noble"])).toBe("");
  });

  test.each(runtimes.filter(({ hasKernel }) => hasKernel))(
    "loses nothing in $name to a server and a host that do not read for seconds",
    async (runtime) => {
      const { came, taken } = await slowSession(runtime, server);
      expect(came === Array.from({ length: LINES }, (_, i) => lineOf(i)).join("")).toBe(true);
      expect(taken).toBeLessThan(12); // MiB: two windows, and what stands between
    },
  );
});

const LINES = 6000;
const PAUSE = 1500;

/**
 * A server that reads nothing for a while, and then says all again; a host that does not read it for a while longer.
 * Gives the lines that came, and how many MiB were taken of the host before it read anything.
 */
async function slowSession(runtime: Runtime, server: Sshd): Promise<{ readonly came: string; readonly taken: number }> {
  const { args } = launch(server, { exec: `sleep ${PAUSE / 1000}; cat` });
  const stdio = ["pipe", "pipe", "ignore"] as const;
  const env = environment(server.home);
  const child = spawn(runtime.program, [...runtime.flags, ...args], { env, stdio: [...stdio] });
  let came = "";
  let written = 0;
  let taken = 0;
  setTimeout(() => child.stdout.setEncoding("utf8").on("data", (text: string) => (came += text)), 2 * PAUSE);
  for (let i = 0; i < LINES; i++) {
    written += lineOf(i).length;
    if (!child.stdin.write(lineOf(i))) await once(child.stdin, "drain");
    if (came === "") taken = written;
  }
  child.stdin.end();
  await once(child, "close");
  return { came, taken: taken / 2 ** 20 };
}

function lineOf(i: number): string {
  return `{"jsonrpc":"2.0","method":"line/${i}","params":{"text":"${String(i).repeat(1 + ((i * 7919) % 1500))}"}}\n`;
}

/** A session with server-everything. Gives what was said on stderr beside the end. */
async function session(runtime: Runtime, server: Sshd, flags: readonly string[]): Promise<string> {
  const { args } = launch(server, { exec: everythingCommand }, flags);
  const transport = new StdioClientTransport({
    command: runtime.program,
    args: [...runtime.flags, ...args],
    env: environment(server.home),
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const client = new Client({ name: "runtimes", version: "1.0.0" });
  const before = performance.now();
  await client.connect(transport);
  const firstReply = Math.round(performance.now() - before);
  const { tools } = await client.listTools();
  expect(tools.length).toBeGreaterThan(10);
  const message = "Ωmega 😀 ".repeat(2 ** 15); // crosses many packets and chunks
  const { content } = await client.callTool({ name: "echo", arguments: { message } });
  expect(content).toEqual([{ type: "text", text: `Echo: ${message}` }]);
  await client.close();
  console.log(`${runtime.name} ${flags.join(" ")}: first reply after ${firstReply} ms`);
  return withoutOwnWords(runtime, stderr)
    .replace("[remote stderr] Starting default (STDIO) server...\n", "")
    .replace(/.* - INFO - The remote MCP server exited with status 0\n/, "");
}
