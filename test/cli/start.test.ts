/** What a start that needs nothing special does not load: a host pays for it each time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { endHosts, type Launch, launch, startHost } from "../support/command.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const ping = '{"jsonrpc":"2.0","id":"p","method":"ping"}';
const pong = '{"jsonrpc":"2.0","id":"p","result":{}}';

let server: Sshd;
let folder = "";

beforeAll(async () => {
  server = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  /** `connect`, and `open` with each file's path, in order. */
  readonly done: readonly string[];
  /** Node's own modules that stand in memory. */
  readonly loaded: readonly string[];
  /** Whether process.stderr was asked for. */
  readonly isStderrMade: boolean;
}

/** What is there when the first reply has come, told by a spy that is loaded before all else. */
async function seenIn({ command, args }: Launch): Promise<Seen> {
  const seen = join(folder, "seen.json");
  const spy = join(folder, "spy.cjs");
  writeFileSync(
    spy,
    `const fs = require("node:fs");
    const { openSync, renameSync, writeFileSync } = fs;
    const done = [];
    fs.openSync = (path, ...rest) => (done.push("open " + path), openSync(path, ...rest));
    require("node:module").syncBuiltinESMExports();
    require("node:async_hooks")
      .createHook({ init: (_, type) => void (type === "TCPCONNECTWRAP" && done.push("connect")) })
      .enable();
    const { get, ...others } = Object.getOwnPropertyDescriptor(process, "stderr");
    let isStderrMade = false;
    Object.defineProperty(process, "stderr", { ...others, get: () => ((isStderrMade = true), get.call(process)) });
    process.on("SIGUSR2", () => {
      writeFileSync("${seen}.new", JSON.stringify({ done, loaded: process.moduleLoadList, isStderrMade }));
      renameSync("${seen}.new", "${seen}");
    });\n`,
  );
  const host = startHost({ command, args: ["--require", spy, ...args] });
  try {
    host.send(ping);
    expect(await host.line()).toBe(pong);
    host.child.kill("SIGUSR2");
    return await vi.waitFor(() => JSON.parse(readFileSync(seen, "utf8")), 5_000);
  } finally {
    await endHosts([host]);
  }
}

test("a start loads nothing of Node's that it does not need", async () => {
  const { loaded, isStderrMade } = await seenIn(launch(server, { exec: `read line; echo '${pong}'; cat` }));
  expect(loaded).toContain("NativeModule net");
  expect(loaded).toContain("NativeModule crypto");
  const others =
    /(webstreams\/(readable|writable)stream|crypto\/webidl|dns\/promises|http|tls|child_process|readline|perf_hooks)$/;
  expect(loaded.filter((name) => others.test(name))).toEqual([]);
  expect(isStderrMade).toBe(false);
});

test("a start reads its files while the server answers", async () => {
  const { done } = await seenIn(launch(server, { exec: `read line; echo '${pong}'; cat` }));
  expect(done).toContain(`open ${server.clientKey}`);
  expect(done).toContain(`open ${server.knownHosts}`);
  expect(done[0]).toBe("connect");
});
