/** What a start that needs nothing special does not load: a host pays for it each time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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

/** Node's own modules that stand in memory when a session has ended. */
async function loadedBy({ command, args }: Launch): Promise<readonly string[]> {
  const list = join(folder, "list.json");
  const spy = join(folder, "spy.cjs");
  const write = `require("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(process.moduleLoadList))`;
  writeFileSync(spy, `process.on("exit", () => ${write});\n`);
  const host = startHost({ command, args: ["--require", spy, ...args] });
  try {
    host.send(ping);
    expect(await host.line()).toBe(pong);
    host.end();
    expect((await host.exit).code).toBe(0);
  } finally {
    await endHosts([host]);
  }
  return JSON.parse(readFileSync(list, "utf8"));
}

test("a session loads neither web streams nor what WebCrypto checks its arguments with", async () => {
  const loaded = await loadedBy(launch(server, { exec: `read line; echo '${pong}'` }));
  expect(loaded).toContain("NativeModule net");
  expect(
    loaded.filter((name) => /internal\/(webstreams\/(readable|writable)stream|crypto\/webidl)$/.test(name)),
  ).toEqual([]);
});
