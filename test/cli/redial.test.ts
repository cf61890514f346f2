/** The command dials a lost link again: what it reads anew, what it remembers, what it says, and what ends it. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Host, hostEnvironment, launch, startHost } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree } from "../support/processes.ts";
import { keygen } from "../support/ssh-server.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";

const ping = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
const pong = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{}}`;

interface Session {
  readonly server: Sshd;
  readonly host: Host;
}

interface Change {
  readonly flags?: readonly string[];
  /** A flag that goes, and its value. */
  readonly without?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What bash does with all of it. */
  readonly shell?: string;
}

/** A session that has answered once. */
async function inSession(change: (server: Sshd) => Change, play: (session: Session) => Promise<void>): Promise<void> {
  const server = await startSshd();
  const { flags = [], without, env = {}, shell } = change(server);
  const { command, args } = launch(server, { exec: echoCommand }, flags);
  const kept = args.filter((arg, at) => arg !== without && (without === undefined || args[at - 1] !== without));
  const plain = { command, args: kept };
  const started = shell === undefined ? plain : { command: "bash", args: ["-c", shell, "bash", command, ...kept] };
  const host = startHost(started, { ...hostEnvironment(), ...env });
  try {
    host.send(ping(1));
    expect(await host.line()).toBe(pong(1));
    await play({ server, host });
  } finally {
    await endTree(host.child);
    await server.stop();
  }
}

/** Another key, and another listener that shows it. `tell` is given its type and its base64 before that. */
async function changeHostKey(server: Sshd, tell: (key: string) => void = () => undefined): Promise<void> {
  await server.killListener();
  for (const file of ["host_key", "host_key.pub"]) rmSync(join(server.folder, file));
  keygen(join(server.folder, "host_key"));
  const [type, base64] = readFileSync(join(server.folder, "host_key.pub"), "utf8").split(" ");
  tell(`${type} ${base64}`);
  server.dropConnections();
  await server.listenAgain();
}

const nothing = () => ({});
const linesOf = (host: Host, level: string): string[] =>
  host
    .stderr()
    .split("\n")
    .filter((line) => line.includes(` - ${level} - `))
    .map((line) => line.slice(line.indexOf(level) + level.length + 3));

describeNeeding(missingSshd(), "a link that is lost", () => {
  describe.concurrent("with a real sshd", () => {
    test("is dialled until the server is there again, with the passphrase that was given, and said in a line each", () =>
      inSession(
        ({ folder, clientKey }) => {
          const locked = join(folder, "locked");
          copyFileSync(clientKey, locked);
          execFileSync("ssh-keygen", ["-q", "-p", "-f", locked, "-P", "", "-N", "correct horse"]);
          rmSync(clientKey); // so that no other key lets us in
          copyFileSync(locked, clientKey);
          return { env: { MCP_SSH_PASSPHRASE: "correct horse" } };
        },
        async ({ server, host }) => {
          await server.killListener();
          server.dropConnections();
          await host.stderrMatch(/Connecting again failed/);
          await server.listenAgain();
          host.send(ping(2));
          expect(await host.line()).toBe(pong(2));
          expect(linesOf(host, "WARNING")).toEqual([
            expect.stringMatching(/^The link to the remote MCP server was lost: .*; connecting again$/),
            expect.stringMatching(/^Connecting again failed, and is tried further: .*Connection refused/),
          ]);
          expect(linesOf(host, "INFO").filter((line) => /is restored/.test(line))).toHaveLength(1);
          expect(linesOf(host, "ERROR")).toEqual([]);
          host.end();
          expect((await host.exit).code).toBe(0);
        },
      ));

    test("is restored with the key and the known hosts that a shell's <(command) gave once", () =>
      inSession(
        ({ clientKey, knownHosts }) => ({
          without: "--client-key",
          shell: `exec "$@" --client-key <(cat '${clientKey}') --known-hosts <(cat '${knownHosts}')`,
        }),
        async ({ server, host }) => {
          server.dropConnections();
          await host.stderrMatch(/connecting again/);
          host.send(ping(2));
          expect(await host.line()).toBe(pong(2));
        },
      ));

    test("stays lost where the host key is another one now", () =>
      inSession(nothing, async ({ server, host }) => {
        await server.killListener();
        for (const file of ["host_key", "host_key.pub"]) rmSync(join(server.folder, file));
        keygen(join(server.folder, "host_key"));
        server.dropConnections();
        await host.stderrMatch(/connecting again/); // else it may be sent into the link that is lost
        host.send(ping(2));
        await server.listenAgain();
        const answer = JSON.parse(await host.line());
        expect(answer).toMatchObject({
          id: 2,
          error: { code: -31001, data: { reason: "not-restored", mayHaveRun: false } },
        });
        expect(answer.error.message).toContain("Host key verification failed");
        expect((await host.exit).code).toBe(1);
        expect(linesOf(host, "ERROR")).toEqual([expect.stringMatching(/^The link .* cannot be restored: Host key/)]);
      }));

    test("stays lost where it shows another key than the one that was accepted and could not be remembered", () =>
      inSession(
        () => ({ flags: ["--known-hosts", "/dev/null", "--accept-new"] }),
        async ({ server, host }) => {
          await changeHostKey(server);
          expect((await host.exit).code).toBe(1);
          expect(linesOf(host, "ERROR").join()).toMatch(/cannot be restored: Host key verification failed/);
        },
      ));

    test("is restored with a warning where host keys are not checked and it shows another one", () =>
      inSession(
        () => ({ flags: ["--disable-host-key-checking"], without: "--known-hosts" }),
        async ({ server, host }) => {
          await changeHostKey(server);
          await host.stderrMatch(/is restored/);
          host.send(ping(2));
          expect(await host.line()).toBe(pong(2));
          expect(linesOf(host, "WARNING").join()).toMatch(
            /shows another host key than before, SHA256:.* in place of SHA256:/,
          );
        },
      ));

    test("stays lost where we are not let in any more", () =>
      inSession(nothing, async ({ server, host }) => {
        writeFileSync(join(server.folder, "authorized_keys"), "");
        server.dropConnections();
        expect((await host.exit).code).toBe(1);
        expect(linesOf(host, "ERROR")).toEqual([
          expect.stringMatching(/^The link .* cannot be restored: Authentication failed/),
        ]);
        expect(host.stdout().toString()).toBe(`${pong(1)}\n`);
      }));

    test.each([
      ["without a key server", []],
      ["with one", ["--use-key-server", "--key-server-port", "1"]],
    ])("is restored where known_hosts has the server's new key by then, %s", (_, flags) => {
      const known = (folder: string): string => join(folder, ".ssh", "known_hosts");
      return inSession(
        ({ folder, knownHosts }) => {
          mkdirSync(join(folder, ".ssh"));
          copyFileSync(knownHosts, known(folder));
          return { flags, without: "--known-hosts", env: { HOME: folder } };
        },
        async ({ server, host }) => {
          const file = known(server.folder);
          const before = readFileSync(file, "utf8");
          await changeHostKey(server, (key) => writeFileSync(file, before.replace(/ssh-ed25519 \S+/, key)));
          await host.stderrMatch(/is restored/);
          host.send(ping(2));
          expect(await host.line()).toBe(pong(2));
          host.end();
          expect((await host.exit).code).toBe(0);
        },
      );
    });

    test("known hosts and configuration are read anew", () =>
      inSession(nothing, async ({ server, host }) => {
        const known = readFileSync(server.knownHosts, "utf8");
        writeFileSync(server.knownHosts, `@revoked * ${server.hostKey}\n${known}`);
        server.dropConnections();
        expect((await host.exit).code).toBe(1);
        expect(linesOf(host, "ERROR").join("\n")).toMatch(/revoked/);
      }));
  });
});
