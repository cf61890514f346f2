/** What remains when we end, whatever ends us: nothing, as far as sshd can be told to end it. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Host, hostEnvironment, launch, type Remote, startHost } from "../support/command.ts";
import { missingFakeHome } from "../support/fake-home.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree, marked, markedProcesses, signalAll, until } from "../support/processes.ts";
import { missingSshd, type Sshd, type SshdOptions, startSshd } from "../support/sshd.ts";
import { ledgerServer, relay } from "./places.ts";

const greeting = '{"jsonrpc":"2.0","method":"notifications/x"}';
const question = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

const ends = {
  SIGKILL: ({ child }: Host) => child.kill("SIGKILL"),
  SIGTERM: ({ child }: Host) => child.kill("SIGTERM"),
  EOF: (host: Host) => host.end(),
  EPIPE: (host: Host) => {
    host.child.stdout?.destroy();
    host.send(question); // it shows with what we write
  },
} as const;
type End = keyof typeof ends;
const names = Object.keys(ends) as End[];

/** Servers that end at the end of their stdin, as all should. */
const polite = {
  command: { exec: `${process.execPath} ${ledgerServer} /dev/null` },
  "command below a shell": { exec: `${process.execPath} ${ledgerServer} /dev/null; exit $?` },
  subsystem: { subsystem: "polite" },
} as const;

/** A server that ends at nothing but a signal: its stdin is not read, its stdout not written any more. */
const stubborn = `echo '${greeting}'; read line && echo '{"jsonrpc":"2.0","id":1,"result":{}}'; sleep 1000; exit 0`;

interface Session {
  readonly server: Sshd;
  readonly host: Host;
  /** The living processes of ours. */
  readonly ours: () => readonly number[];
}

/** More than the window and what may wait here. */
const much = 8 * 1024 * 1024;

/** Starts sshd and our command, has `run` with them, and ends what is left. */
async function withSession(
  remote: Remote,
  options: SshdOptions & { readonly flags?: readonly string[]; readonly sshConfig?: (server: Sshd) => string },
  run: (session: Session) => Promise<void>,
): Promise<void> {
  const server = await startSshd({
    ...options,
    subsystems: { polite: `${process.execPath} ${ledgerServer} /dev/null`, stubborn: "%FOLDER%/stubborn" },
  });
  writeFileSync(join(server.folder, "stubborn"), `#!/bin/sh\n${stubborn}\n`, { mode: 0o755 });
  const flags: string[] = [...(options.flags ?? [])];
  if (options.sshConfig !== undefined) {
    mkdirSync(join(server.folder, "ssh"), { mode: 0o700 });
    const config = join(server.folder, "ssh", "config");
    writeFileSync(config, options.sshConfig(server), { mode: 0o600 });
    flags.push("--ssh-config", config);
  }
  const mark = randomBytes(8).toString("hex");
  const host = startHost(launch(server, remote, flags), { ...hostEnvironment(), ...marked(mark) });
  try {
    await run({ server, host, ours: () => markedProcesses(mark) });
  } finally {
    await endTree(host.child);
    signalAll(markedProcesses(mark), "SIGKILL");
    await server.stop();
  }
}

/** Whether stdout was closed by us or not. */
async function ended({ child }: Host): Promise<void> {
  await until("our end", () => child.exitCode !== null || child.signalCode !== null, 20_000);
}

async function nothingRemains({ server, ours }: Session): Promise<void> {
  await until("the end of what is ours", () => ours().length === 0, 20_000);
  await until("the end of the remote", () => server.remoteProcesses().length === 0, 20_000);
  await until("the end of sshd's processes", () => server.connectionProcesses().length === 0, 20_000);
}

describeNeeding(missingSshd(), "an end of ours", () => {
  describe.concurrent.each(Object.entries(polite))("and a %s that ends with its stdin", (_name, remote) => {
    test.each(names)("%s: nothing remains", (end) =>
      withSession(remote, {}, async (session) => {
        session.host.send(question);
        await session.host.line();
        ends[end](session.host);
        await ended(session.host);
        await nothingRemains(session);
      }),
    );
  });

  describe.concurrent("behind a ProxyCommand of several processes", () => {
    const sshConfig = ({ port }: Sshd): string =>
      `Host *\n ProxyCommand sh -c '${process.execPath} ${relay} 127.0.0.1 ${port} | cat; true'\n`;

    test.each(names)("%s: nothing remains", (end) =>
      withSession(polite.command, { sshConfig }, async (session) => {
        session.host.send(question);
        await session.host.line();
        expect(session.ours().length).toBeGreaterThanOrEqual(4); // ours, the shell, the relay, cat
        ends[end](session.host);
        await ended(session.host);
        await nothingRemains(session);
      }),
    );
  });

  describe.concurrent("through a jump host", () => {
    const sshConfig = ({ port, user, clientKey, knownHosts }: Sshd): string => {
      const server = `HostName 127.0.0.1\n Port ${port}\n User ${user}\n IdentityFile ${clientKey}`;
      return `Host bastion\n ${server}\n UserKnownHostsFile ${knownHosts}\nMatch originalhost 127.0.0.1\n ProxyJump bastion\n`;
    };

    test.each(names)("%s: nothing remains", (end) =>
      withSession(polite.command, { sshConfig }, async (session) => {
        session.host.send(question);
        await session.host.line();
        const logins = (): number => session.server.log().match(/Accepted publickey/g)?.length ?? 0;
        await until("the log's word on both logins", () => logins() === 2);
        ends[end](session.host);
        await ended(session.host);
        await nothingRemains(session);
      }),
    );
  });
});

describeNeeding(missingSshd(), "a host that goes", () => {
  test("while the server takes nothing and more waits than is read: it is missed, and nothing of ours remains", () =>
    withSession({ exec: "exec sleep 1000" }, { flags: ["--drain-timeout", "1"] }, async ({ host, ours }) => {
      const line = `{"jsonrpc":"2.0","method":"notifications/x","params":"${"x".repeat(100_000)}"}`;
      const { stdin, stdout } = host.child;
      for (let left = much, isTaken = true; left > 0 && isTaken; left -= line.length) {
        host.send(line);
        isTaken = await until("room in its stdin", () => stdin?.writableLength === 0, 3_000).then(
          () => true,
          () => false,
        );
      }
      expect(stdin?.writableLength).toBeGreaterThan(0); // it is full
      stdin?.destroy();
      stdout?.destroy();
      await until("our end", () => ours().length === 0, 180_000);
    }));
});

const missing = missingSshd() ?? (process.getuid?.() === 0 ? missingFakeHome() : undefined);

describeNeeding(missing, "an end of ours, and a server that its end of stdin does not end", () => {
  const started = async ({ host }: Session): Promise<void> => {
    expect(await host.line()).toBe(greeting);
  };

  describe.concurrent("as a command of a user who is not root: our signal ends it, with all below it", () => {
    test.each(["SIGTERM", "EOF", "EPIPE"] as const)("%s", (end) =>
      withSession({ exec: stubborn }, { isUnprivileged: true }, async (session) => {
        await started(session);
        ends[end](session.host);
        await ended(session.host);
        await nothingRemains(session);
      }),
    );
  });

  /** What nobody can be told to end is an orphan: here it is on record, with sshd's own word for why. */
  describe.concurrent("remains where OpenSSH delivers no signal", () => {
    const refusals: readonly (readonly [string, Remote, RegExp, boolean])[] = [
      ["a subsystem's", { subsystem: "stubborn" }, /refusing to send signal TERM to subsystem session/, true],
      ["a command of root's", { exec: stubborn }, /session signalling requires privilege separation/, false],
    ];
    const here = refusals.filter(([, , , isUnprivileged]) => isUnprivileged || process.getuid?.() === 0);

    test.each(here)("%s", (_name, remote, why, isUnprivileged) =>
      withSession(remote, { isUnprivileged }, async (session) => {
        await started(session);
        session.host.child.kill("SIGTERM");
        expect(await session.host.exit).toEqual({ code: 143, signal: null });
        await until("sshd's processes' end", () => session.server.connectionProcesses().length === 0, 20_000);
        await until("sshd's word for why", () => why.test(session.server.log()), 20_000);
        expect(session.server.remoteProcesses().length).toBeGreaterThan(0);
      }),
    );

    test("any, where SIGKILL left us no time", () =>
      withSession({ exec: stubborn }, { isUnprivileged: true }, async (session) => {
        await started(session);
        session.host.child.kill("SIGKILL");
        await session.host.exit;
        await until("sshd's processes' end", () => session.server.connectionProcesses().length === 0, 20_000);
        expect(session.server.remoteProcesses().length).toBeGreaterThan(0);
      }));
  });
});
