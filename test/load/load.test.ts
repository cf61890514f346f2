/**
 * Load: the built command between a host and a program behind a real sshd, at sizes and rates that nobody promised to
 * keep below. All bytes arrive, in order, and our memory stays bounded: what is not read stays where it comes from.
 */
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launch } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { agree, MIB, OTHERWISE, WITH_A_LARGE_LINE } from "./agreement.ts";
import { LoadHost, type LoadHostOptions, missingProc } from "./load-host.ts";

const program = fileURLToPath(new URL("server.mjs", import.meta.url));
const exec = `exec '${process.execPath}' '${program}'`;

describeNeeding(missingSshd() ?? missingProc(), "under load", () => {
  let server: SshServer;
  const hosts: LoadHost[] = [];
  const start = (flags: readonly string[] = [], options?: LoadHostOptions): LoadHost => {
    const host = new LoadHost(launch(server, { exec }, flags), options);
    hosts.push(host);
    return host;
  };
  beforeAll(async () => {
    server = await startSshd();
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.kill();
  });
  afterAll(async () => {
    await server?.stop();
  });

  test("a line of 64 MiB comes whole", async () => {
    const host = start();
    await host.ask("load/big", { length: 64 * MIB - 200 });
    expect(await agree(host)).toBeLessThan(WITH_A_LARGE_LINE);
  });

  test("lines of 63 MiB cross both ways at once", async () => {
    const host = start();
    await host.ask("ping");
    const answer = host.ask("load/big", { length: 63 * MIB });
    await host.send(notification(63 * MIB));
    await answer;
    expect(await agree(host)).toBeLessThan(WITH_A_LARGE_LINE);
  });

  test("2,000 lines of 100 kB come in the memory of a few", async () => {
    const host = start();
    await host.ask("load/say", { lines: 2000, length: 100_000 });
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });

  test("100,000 notifications come in order", async () => {
    const host = start();
    const numbers: number[] = [];
    host.onLine = (line) => {
      const number = /"number":(\d+)/.exec(line)?.[1];
      if (number !== undefined) numbers.push(Number(number));
    };
    await host.ask("load/say", { lines: 100_000, length: 200 });
    expect(numbers).toEqual(Array.from({ length: 100_000 }, (_, number) => number));
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });

  test("1,000 requests in flight are answered each once, though in the reverse order", async () => {
    const host = start();
    const questions = Array.from({ length: 1000 }, (_, number) => host.question("load/hold", { number }));
    const answered: unknown[] = [];
    const answers = questions.map(async ({ answer }) => answered.push((await answer).result?.["number"]));
    for (const { line } of questions) await host.send(line);
    await host.ask("load/release");
    await Promise.all(answers);
    expect(answered).toEqual(Array.from({ length: 1000 }, (_, number) => 999 - number));
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });

  test("a remote that floods its stderr while nobody reads ours holds nothing up", async () => {
    const host = start([], { readsStderr: false });
    await host.ask("load/stderr", { bytes: 64 * MIB });
    await host.ask("load/say", { lines: 1000, length: 1000 });
    expect(await agree(host)).toBeLessThan(OTHERWISE);
  });

  test("fresh keys every 64 KiB, asked for by both sides at once, cost no byte either way", async () => {
    const storming = await startSshd({ config: ["RekeyLimit 64K"] });
    const host = new LoadHost(launch(storming, { exec }, ["--rekey-bytes", String(64 * 1024), "--log-level", "DEBUG"]));
    hosts.push(host);
    try {
      const { line, answer } = host.question("load/say", { lines: 80, length: 100_000 });
      await host.send(line);
      for (let sent = 0; sent < 80; sent++) await host.send(notification(100_000));
      await answer;
      expect(await agree(host)).toBeLessThan(OTHERWISE);
      expect(host.stderr.match(/sent SSH_MSG_NEWKEYS/g)?.length).toBeGreaterThan(2); // in its last 64 KiB
    } finally {
      await storming.stop();
    }
  });
});

/** A notification of about `length` bytes. */
function notification(length: number): string {
  return JSON.stringify({ jsonrpc: "2.0", method: "load/heard", params: "x".repeat(length) });
}
