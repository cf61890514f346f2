/**
 * `--crypto`: the built command against a real sshd under each choice, with keys that change all the time and long lines
 * in both directions meanwhile. Which cipher it was, sshd says.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { endHosts, launch, startHost } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const chacha = "chacha20-poly1305@openssh.com";

describeNeeding(missingSshd(), "--crypto with OpenSSH", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd({ config: ["LogLevel DEBUG1"] });
  });
  afterAll(() => server?.stop());

  test.each([
    ["auto", chacha, []],
    ["noble", chacha, []],
    ["wasm", chacha, []],
    ["auto", "aes256-gcm@openssh.com", ["--jitless"]],
  ] as const)("%s uses %s", async (choice, cipher, nodeFlags) => {
    const { command, args } = launch(server, { exec: echoCommand }, ["--crypto", choice, "--rekey-bytes", "65536"]);
    const before = server.log().length;
    const host = startHost({ command, args: [...nodeFlags, ...args] });
    try {
      for (const size of [0, 1, 100, 30_000, 200_000]) {
        const line = `{"jsonrpc":"2.0","id":${size},"method":"raw/echo","params":{"text":"${"x".repeat(size)}"}}`;
        const answer = `{"jsonrpc":"2.0","id":${size},"result":{"text":"${"x".repeat(size)}"}}`;
        for (let i = 0; i < 3; i++) host.send(line);
        for (let i = 0; i < 3; i++) expect((await host.line()) === answer).toBe(true);
      }
      host.end();
      expect(await host.exit).toEqual({ code: 0, signal: null });
      const said = (): string[] =>
        [
          ...server
            .log()
            .slice(before)
            .matchAll(/kex: (?:server->client|client->server) cipher: (\S+)/g),
        ].map(([, name]) => name as string);
      await until("sshd's word on the ciphers", () => said().length >= 2 * 3);
      expect(new Set(said())).toEqual(new Set([cipher]));
    } finally {
      await endHosts([host]);
    }
  });
});
