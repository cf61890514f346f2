/** A program that uses the library on Node, and a real sshd. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTcp, HostKeyError, knownHostsTrust, loadPrivateKey } from "../../src/index.ts";
import { parseHostKeyPin } from "../../src/node/index.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";

describeNeeding(missingSshd(), "connectTcp", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd({ hostKeyTypes: ["rsa"] });
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

  test("finds the key that a fingerprint pins among the server's, and takes no other", async () => {
    const { host, port, user } = server;
    const options = { host, port, user, keys: [await loadPrivateKey(server.clientKey)] };
    const pinned = (fingerprint: string) =>
      connectTcp({ ...options, trust: { files: [], pins: [parseHostKeyPin(fingerprint)] } });
    const connection = await pinned(fingerprintOf(join(server.folder, "host_rsa.pub")));
    expect(connection.hostKey.algorithm).toMatch(/^rsa-sha2-/);
    await connection.close();
    await expect(pinned(`SHA256:${"A".repeat(43)}`)).rejects.toThrow(
      /IS NOT THE PINNED ONE.* ssh-ed25519 .*, then ssh-rsa /,
    );
    const only = { ...options, hostKeyAlgorithms: ["rsa-sha2-256"], trust: { files: [server.knownHosts] } };
    await expect(connectTcp(only)).rejects.toThrow("only another type of key is known, ssh-ed25519 SHA256:");
  });
});
