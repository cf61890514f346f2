/** Dialling leaves nothing on the signal that may end it: a signal may see many attempts. */
import { getEventListeners, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dialRemote } from "../../src/cli/remote.ts";
import { parseSettings, type Settings } from "../../src/cli/settings.ts";
import { createLog } from "../../src/node/log.ts";
import { launch } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { makeKeyPair } from "../support/ssh-server.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";

const log = createLog({ name: "test", level: "ERROR", write: () => undefined });

function settingsOf(args: readonly string[]): Settings {
  return parseSettings([...args], () => "user", "not here");
}

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

describe("a dial", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
    writeFileSync(join(folder, "key"), makeKeyPair().privateKey, { mode: 0o600 });
    writeFileSync(join(folder, "known"), "");
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const near = (port: number): Settings => {
    const files = ["--client-key", join(folder, "key"), "--known-hosts", join(folder, "known"), "--ssh-config", "none"];
    return settingsOf(["--host", "127.0.0.1", "--port", String(port), "--connect-timeout", "1000", ...files]);
  };

  test("leaves nothing on the signal when it fails, however often", async () => {
    const { redial } = dialRemote(near(await closedPort()), log);
    const { signal } = new AbortController();
    for (let attempt = 0; attempt < 3; attempt++) await expect(redial(signal)).rejects.toThrow(/refused/);
    expect(listeners(signal)).toBe(0);
  });

  test("is ended by the signal while the server is silent", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const abort = new AbortController();
    const dialled = dialRemote(near(port), log).redial(abort.signal);
    const [socket] = await once(silent, "connection");
    abort.abort(new Error("enough"));
    await expect(dialled).rejects.toThrow("enough");
    expect(listeners(abort.signal)).toBe(0);
    socket.destroy();
    silent.close();
  });
});

describeNeeding(missingSshd(), "a dial of a real sshd", () => {
  let server: Sshd;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(async () => {
    await server?.stop();
  });

  test("leaves nothing on the signal when the session stands", async () => {
    const { open, redial } = dialRemote(settingsOf(launch(server, { exec: echoCommand }).args.slice(1)), log);
    const { signal } = new AbortController();
    for (const dial of [open, redial, redial]) {
      const { connection } = await dial(signal);
      expect(listeners(signal)).toBe(0);
      await connection.close();
    }
  });
});

/** Nobody listens there any more. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
