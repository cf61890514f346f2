/** One process that loses its link again and again: nothing of an old one may stay behind. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dialRemote } from "../../src/cli/remote.ts";
import { parseSettings, type Settings } from "../../src/cli/settings.ts";
import { runProxy } from "../../src/mcp/proxy.ts";
import { createLog } from "../../src/node/log.ts";
import { launch } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { descendants, until } from "../support/processes.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { ledgerServer, relay } from "./places.ts";

/** Losses before the count, and after it, by each way. */
const few = 3;
const ways = [
  ["TCP", 20],
  ["a ProxyCommand", 10],
] as const;

/** A host in this process. */
class NearHost {
  readonly lines: string[] = [];
  readonly exit: Promise<number>;
  log = "";
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(settings: Settings) {
    const log = createLog({ name: "test", level: "INFO", write: (line) => (this.log += line) });
    const input = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    const decoder = new TextDecoder();
    let text = "";
    const output = new WritableStream<Uint8Array>({
      write: (chunk) => {
        const parts = `${text}${decoder.decode(chunk, { stream: true })}`.split("\n");
        text = parts.pop() ?? "";
        this.lines.push(...parts);
      },
    });
    const remote = async (): Promise<void> => undefined;
    this.exit = runProxy({ ...dialRemote(settings, log), input, output, log: { ...log, remote } });
  }

  send(line: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(`${line}\n`));
  }

  end(): void {
    this.#controller?.close();
  }
}

describeNeeding(missingSshd(), "a process that loses its link many times", () => {
  let server: Sshd;
  beforeEach(async () => {
    server = await startSshd();
    // A session that has lived 5 s is dialled again at once: here all have.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() * 1000);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await server.stop();
  });

  test.each(ways)("by %s: has no more sockets, timers, children, listeners than after few", async (way, many) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const host = new NearHost(settingsOf(server, way));
    let asked = 0;
    const ask = async (method: string, params: object): Promise<object> => {
      const id = asked++;
      host.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      await until(`an answer to ${id}`, () => host.lines.length === asked, 30_000);
      return JSON.parse(host.lines.at(-1) ?? "");
    };
    const lose = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const restored = host.log.split("is restored").length;
        server.dropConnections();
        await until("another link", () => host.log.split("is restored").length > restored, 30_000);
        expect(
          await ask("tools/call", { name: "record", arguments: { call: `call-${asked}`, bytes: 10 } }),
        ).toMatchObject({
          id: asked - 1,
          result: {},
        });
      }
      await until("the end of the old remotes", () => server.remoteProcesses().length === 1, 20_000);
    };
    await ask("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "near", version: "1" },
    });
    host.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    await lose(few);
    const before = await holdings();
    await lose(many);
    const after = await holdings();
    expect(after.counts).toEqual(before.counts);
    expect(after.timers - before.timers).toBeLessThan(many / 2);
    expect(after.heap - before.heap).toBeLessThan(4 * 2 ** 20);
    expect(warnings).toEqual([]);
    host.end();
    expect(await host.exit).toBe(0);
    process.off("warning", onWarning);
  });
});

function settingsOf(server: Sshd, way: string): Settings {
  const folder = join(server.folder, "ssh");
  mkdirSync(folder, { mode: 0o700 });
  const config = join(folder, "config");
  const command = `Host *\n ProxyCommand ${process.execPath} ${relay} 127.0.0.1 ${server.port}\n`;
  writeFileSync(config, way === "TCP" ? "" : command, { mode: 0o600 });
  const { args } = launch(server, { exec: `${process.execPath} ${ledgerServer} /dev/null` }, ["--ssh-config", config]);
  return parseSettings(args.slice(1), () => server.user, "not here");
}

/** What a process can have too much of. */
interface Holdings {
  readonly counts: object;
  readonly timers: number;
  readonly heap: number;
}

async function holdings(): Promise<Holdings> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    collect();
  }
  const all = process.getActiveResourcesInfo();
  const resources = all.filter((name) => !/^(Timeout|Immediate)/.test(name));
  return {
    counts: {
      resources: resources.toSorted().join(" "),
      files: readdirSync("/proc/self/fd").length,
      children: descendants(process.pid).length,
      exitListeners: process.listenerCount("exit"),
    },
    timers: all.filter((name) => name === "Timeout").length,
    heap: process.memoryUsage().heapUsed,
  };
}
