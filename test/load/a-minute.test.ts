/**
 * A minute without reading: the host, and the server. Longer than any buffer on the way lasts, and than the keepalive
 * waits for a dead server. Both at the same time, since they mostly wait.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { agree, MIB, OTHERWISE } from "./agreement.ts";
import { LoadHost, missingProc } from "./load-host.ts";

const MINUTE = 60_000;
/** By then all that can fill up on the way has. */
const FILLED = 10_000;
/** What memory may grow by from then on. */
const FLAT = 4 * MIB;

const program = fileURLToPath(new URL("server.mjs", import.meta.url));
const exec = `exec '${process.execPath}' '${program}'`;

describeNeeding(missingSshd() ?? missingProc(), "for a minute", () => {
  let server: SshServer;
  const hosts: LoadHost[] = [];
  const start = (): LoadHost => {
    const host = new LoadHost(launch(server, { exec }));
    hosts.push(host);
    return host;
  };
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(async () => {
    for (const host of hosts) await host.kill();
    await server?.stop();
  });

  test.concurrent("a host that does not read holds the server up, not us", async () => {
    const host = start();
    await host.ask("ping");
    host.pause();
    const { line, answer } = host.question("load/say", { lines: 300_000, length: 200 });
    await host.send(line);
    await passing(FILLED);
    const filled = host.resident;
    await passing(MINUTE - FILLED);
    expect(host.resident - filled).toBeLessThan(FLAT);
    host.resume();
    await answer;
    expect(host.read.bytes).toBeGreaterThan(300_000 * 200);
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });

  test.concurrent("a server that does not read holds the host up, not us", async () => {
    const host = start();
    await host.ask("ping"); // without a first answer the session would be given up meanwhile
    const { line, answer } = host.question("load/deaf", { milliseconds: MINUTE });
    await host.send(line);
    const writing = writeUntil(host, answer);
    await passing(FILLED);
    const [filled, written] = [host.resident, host.written.bytes];
    await passing(MINUTE - 2 * FILLED);
    expect(host.resident - filled).toBeLessThan(FLAT);
    expect(host.written.bytes - written).toBeLessThan(MIB); // a chunk every 5 s, to see whether the host is still there
    expect(await writing).toBeLessThan(32 * MIB);
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });
});

/** How long somebody does not read is the very thing. */
function passing(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Writes notifications until `answer` comes. Returns how many bytes went before. */
async function writeUntil(host: LoadHost, answer: Promise<unknown>): Promise<number> {
  let isOver = false;
  void answer.then(() => {
    isOver = true;
  });
  const line = `${JSON.stringify({ jsonrpc: "2.0", method: "load/heard", params: "x".repeat(8000) })}\n`;
  const bytes = Buffer.from(line);
  const before = host.written.bytes;
  while (!isOver) {
    await Promise.race([host.write(bytes), answer]);
    await new Promise(setImmediate);
  }
  return host.written.bytes - before;
}
