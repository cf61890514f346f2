/**
 * How sessions end: the built command and a real sshd, ended from every side. What the command says where no session
 * comes about is in test/cli.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { seeded } from "../mcp/cuts.ts";
import { type Exit, endHosts, type Host, launch, startHost } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { signalAll, until } from "../support/processes.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const PONG = '{"jsonrpc":"2.0","id":1,"result":{}}';
const SILENT = '{"jsonrpc":"2.0","id":"s","method":"raw/silent"}';

describeNeeding(missingSshd(), "the end of a session", () => {
  let server: SshServer;
  const hosts: Host[] = [];
  const start = (exec: string, flags: readonly string[] = []) => {
    const host = startHost(launch(server, { exec }, flags));
    hosts.push(host);
    return host;
  };
  /** A session that has answered once. */
  const running = async (exec: string = echoCommand, flags: readonly string[] = []) => {
    const host = start(exec, flags);
    host.send(PING);
    expect(await host.line()).toBe(PONG);
    return host;
  };
  /** What does not end at its end of stdin gets our TERM, which OpenSSH delivers to every user's processes but root's. */
  const endStubborn = async () => {
    if (process.getuid?.() === 0) signalAll(server.remoteProcesses(), "SIGKILL");
    await until("the stubborn remote's end", () => server.remoteProcesses().length === 0);
  };
  beforeAll(async () => {
    server = await startSshd();
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    await until("the remote processes' end", () => server.remoteProcesses().length === 0);
  });
  afterAll(() => server?.stop());

  describe("by the host's end of stdin", () => {
    test.each([0, 1, 7, 255])("gives the remote's status: %i", async (status) => {
      const host = await running(`${echoCommand}; exit ${status}`);
      host.end();
      expect(await host.exit).toEqual({ code: status, signal: null });
    });

    test("waits for an answer that is still owed", async () => {
      const host = start(`read line; sleep 1.5; echo '${PONG}'; cat >/dev/null`);
      host.send(PING);
      host.end();
      expect(await host.line()).toBe(PONG);
      expect(await host.exit).toEqual({ code: 0, signal: null });
    });

    test("waits for an answer that comes only at EOF", async () => {
      const host = start(`cat >/dev/null; echo '${PONG}'`, ["--drain-timeout", "4"]);
      host.send(PING);
      host.end();
      expect(await host.line()).toBe(PONG);
      expect(await host.exit).toEqual({ code: 0, signal: null });
    });

    test("gives up on an answer that never comes, and says so to the host", async () => {
      const host = start("cat >/dev/null; exec sleep 1000", ["--drain-timeout", "1"]);
      host.send(PING);
      host.end();
      expectGone(await host.line(), 1);
      expect(await host.exit).toEqual({ code: 1, signal: null });
      await endStubborn();
    });

    test("ends a remote that does not end by itself", async () => {
      const host = await running(`${echoCommand}; exec sleep 1000`);
      host.end();
      expect(await host.exit).toEqual({ code: 0, signal: null });
      await endStubborn();
    });
  });

  describe("by the remote", () => {
    test.each([
      { name: "with 0 and nothing owed", exec: "exit 0", code: 0 },
      { name: "with 3 and nothing owed", exec: "exit 3", code: 3 },
      { name: "killed by SIGKILL", exec: "kill -KILL $$", code: 137 },
      { name: "killed by SIGTERM", exec: "kill -TERM $$", code: 143 },
    ])("$name", async ({ exec, code }) => {
      expect(await start(exec).exit).toEqual({ code, signal: null });
    });

    test.each([
      { name: "with 0", request: '{"jsonrpc":"2.0","id":2,"method":"raw/exit","params":{"code":0}}', code: 1 },
      { name: "with 9", request: '{"jsonrpc":"2.0","id":2,"method":"raw/exit","params":{"code":9}}', code: 9 },
      {
        name: "by SIGKILL",
        request: '{"jsonrpc":"2.0","id":2,"method":"raw/kill","params":{"signal":"SIGKILL"}}',
        code: 137,
      },
    ])("$name while it owes answers: each is answered, the last words of stderr in it", async ({ request, code }) => {
      const host = await running();
      host.send(SILENT);
      host.send('{"jsonrpc":"2.0","id":5,"method":"raw/stderr","params":{"text":"Segfault in módule 7\\n"}}');
      expect(await host.line()).toBe('{"jsonrpc":"2.0","id":5,"result":{}}');
      host.send(request);
      const errors = [await host.line(), await host.line()];
      expectGone(errors[0] ?? "", "s");
      expectGone(errors[1] ?? "", 2);
      expect(errors[0]).toContain("Segfault in módule 7");
      expect(await host.exit).toEqual({ code, signal: null });
    });

    test("before it ever spoke: the host's first request is told why", async () => {
      const host = start("echo 'npx: command not found' >&2; exit 127");
      host.send('{"jsonrpc":"2.0","id":"init","method":"initialize","params":{}}');
      const error = expectGone(await host.line(), "init");
      expect(error.message).toContain("npx: command not found");
      expect(await host.exit).toEqual({ code: 127, signal: null });
    });

    test("before it ever spoke: an errored server/discover leaves time for initialize", async () => {
      const host = start("echo 'no such program' >&2; exit 127");
      host.send('{"jsonrpc":"2.0","id":0,"method":"server/discover","params":{}}');
      expectGone(await host.line(), 0);
      host.send('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
      expectGone(await host.line(), 1);
      expect((await host.exit).code).toBe(127);
    });
  });

  describe("by a signal to us", () => {
    const CODES = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

    test.each(Object.entries(CODES))("%s while a request is under way: exit %i", async (signal, code) => {
      const host = await running();
      host.send(SILENT);
      host.child.kill(signal as NodeJS.Signals);
      expect(await host.exit).toEqual({ code, signal: null });
    });

    test("SIGTERM while the host reads nothing", async () => {
      const host = start(`yes '{"jsonrpc":"2.0","method":"m"}'`);
      await host.line();
      host.child.stdout?.pause();
      host.child.kill("SIGTERM");
      // Its exit, not the close of its pipes, which are paused here.
      await until("its end", () => host.child.exitCode !== null || host.child.signalCode !== null);
      expect(host.child.exitCode).toBe(143);
      host.child.stdout?.resume();
    });

    test.each(moments(12))("SIGTERM %i ms after the start", async (milliseconds) => {
      const host = start(echoCommand);
      host.send(PING);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      host.child.kill("SIGTERM");
      // Before Node has run a line of ours, the signal itself ends it.
      const ends: Exit[] = [
        { code: 143, signal: null },
        { code: null, signal: "SIGTERM" },
      ];
      expect(ends).toContainEqual(await host.exit);
    });

    test("three of us at once on one server end each for itself", async () => {
      const three = await Promise.all([running(), running(), running()]);
      three[1]?.child.kill("SIGTERM");
      expect((await three[1]?.exit)?.code).toBe(143);
      for (const host of [three[0], three[2]]) {
        host?.send(PING);
        expect(await host?.line()).toBe(PONG);
        host?.end();
        expect((await host?.exit)?.code).toBe(0);
      }
    });
  });

  describe("by the link", () => {
    test("sshd's process is killed: what is owed is answered, exit 1 without another link", async () => {
      const host = await running(echoCommand, ["--no-reconnect"]);
      host.send(SILENT);
      host.send(PING);
      expect(await host.line()).toBe(PONG);
      server.dropConnections();
      expectGone(await host.line(), "s");
      expect(await host.exit).toEqual({ code: 1, signal: null });
      expect(host.stderr()).toMatch(/connection|link/i);
    });

    test("the host stops reading: we end, and the remote with us", async () => {
      const host = start(`yes '{"jsonrpc":"2.0","method":"m"}'`);
      await host.line();
      host.child.stdout?.destroy();
      await until("its end", () => host.child.exitCode !== null || host.child.signalCode !== null);
      expect(host.child.signalCode).toBe(null);
    });
  });

  test("a shell profile that prints on every login is heard on stderr only", async () => {
    writeFileSync(join(server.home, ".bashrc"), "echo profile noise\n");
    writeFileSync(join(server.home, ".profile"), "echo profile noise\n");
    const host = startHost(launch(server, { shell: true }));
    hosts.push(host);
    host.write(`${echoCommand}\n`);
    host.send(PING);
    expect(await host.line()).toBe(PONG);
    host.end();
    expect((await host.exit).code).toBe(0);
    expect(host.stdout().toString()).toBe(`${PONG}\n`);
  });
});

/** Milliseconds after the start, seeded: most while it connects. */
function moments(count: number): readonly number[] {
  const random = seeded(7);
  return Array.from({ length: count }, () => Math.floor(random() * 450)).sort((a, b) => a - b);
}

/** Holds a line to be our own error for the request `id`. */
function expectGone(line: string, id: number | string): { readonly message: string } {
  const message = JSON.parse(line);
  expect(message).toMatchObject({ jsonrpc: "2.0", id, error: { code: -31001, data: { source: "mcp-ssh-client" } } });
  return message.error;
}
