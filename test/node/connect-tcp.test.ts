/** A program that uses the library on Node, and a real sshd. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTcp, HostKeyError, knownHostsTrust, loadPrivateKey } from "../../src/index.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

describeNeeding(missingSshd(), "connectTcp", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  test("connects, runs a command and gives its output and status", async () => {
    const { host, port, user } = server;
    const trust = await knownHostsTrust({ host, port, files: [server.knownHosts] });
    const keys = [await loadPrivateKey(server.clientKey)];
    const connection = await connectTcp({ host, port, user, keys, ...trust });
    const session = await connection.session({ exec: "echo hello; exit 3" });
    let text = "";
    for await (const chunk of session.readable) text += new TextDecoder().decode(chunk);
    expect(text).toBe("hello\n");
    expect(await session.exited).toEqual({ status: 3 });
    await connection.close();
    expect(await connection.closed).toBeUndefined();
  });

  test("trusts nobody whom ssh's own files do not know, unless told otherwise", async () => {
    const before = process.env["HOME"];
    process.env["HOME"] = server.home;
    try {
      const keys = [await loadPrivateKey(server.clientKey)];
      const connecting = connectTcp({ host: server.host, port: server.port, user: server.user, keys });
      await expect(connecting).rejects.toBeInstanceOf(HostKeyError);
    } finally {
      process.env["HOME"] = before;
    }
  });
});
