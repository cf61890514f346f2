/** `doctor` against real peers: the whole way, and each step at which it can end. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Step, stepNames } from "../../src/cli/report.ts";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { everythingCommand, probedCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import {
  badEntry,
  missingReferenceServer,
  type ReferenceServer,
  startReferenceServer,
} from "../support/reference-server.ts";
import { freePort, keygen, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";
import { missingTerminal, onTerminal } from "../support/terminal.ts";

const hosts: Host[] = [];
const listeners: Server[] = [];

afterEach(async () => {
  await endHosts(hosts.splice(0));
  for (const listener of listeners.splice(0)) listener.close();
});

function start(args: readonly string[], home: string): Host {
  const env = { ...hostEnvironment(), HOME: home };
  const host = startHost({ command: process.execPath, args: [builtCommand, "doctor", ...args] }, env);
  hosts.push(host);
  return host;
}

interface Diagnosis {
  readonly ok: boolean;
  readonly steps: Readonly<Record<string, Step>>;
  /** The first that failed. */
  readonly failed: Step | undefined;
}

/** What `--json` says; the exit code and stderr are as they must be. */
async function diagnose(args: readonly string[], home: string): Promise<Diagnosis> {
  const host = start(["--json", ...args], home);
  const { code } = await host.exit;
  const { ok, steps } = JSON.parse(host.stdout().toString()) as { ok: boolean; steps: Step[] };
  expect(host.stderr()).toBe("");
  expect(steps.map(({ name }) => name)).toEqual([...stepNames]);
  expect([code, steps.every((step) => step.ok === true)]).toEqual([ok ? 0 : 1, ok]);
  const at = steps.findIndex((step) => step.ok !== true);
  if (!ok) expect(steps.slice(at + 1).every((step) => step.ok === null)).toBe(true);
  return { ok, steps: Object.fromEntries(steps.map((step) => [step.name, step])), failed: steps[at] };
}

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  listeners.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describeNeeding(missingSshd(), "with a real sshd", () => {
  let server: SshServer;

  beforeAll(async () => {
    server = await startSshd({ subsystems: { mcp: everythingCommand } });
  });
  afterAll(() => server?.stop());

  const where = (port = server.port): string[] => [
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--username",
    server.user,
  ];
  const who = (): string[] => ["--client-key", server.clientKey];
  const trusting = (): string[] => ["--known-hosts", server.knownHosts];
  const all = (...flags: string[]): Promise<Diagnosis> =>
    diagnose([...where(), ...who(), ...trusting(), ...flags], server.home);

  test("all is well: each step says what was found", async () => {
    const { ok, steps } = await all("--command", everythingCommand);
    expect(ok).toBe(true);
    const key = fingerprintOf(server.clientKey);
    const hostKey = fingerprintOf(join(server.folder, "host_key"));
    const known = `known hosts from ${server.knownHosts}`;
    expect(steps["config"]?.detail).toBe(`key ssh-ed25519 ${key} from ${server.clientKey}; ${known}`);
    expect(steps["name"]?.detail).toBe("127.0.0.1 is 127.0.0.1");
    expect(steps["tcp"]?.detail).toBe(`127.0.0.1 port ${server.port}`);
    expect(steps["banner"]?.detail).toMatch(/^SSH-2\.0-OpenSSH_/);
    expect(steps["algorithms"]?.detail).toContain(
      "curve25519-sha256, ssh-ed25519, chacha20-poly1305@openssh.com, strict kex",
    );
    expect(steps["host-key"]?.detail).toBe(`ssh-ed25519 ${hostKey}, trusted by ${server.knownHosts}:1`);
    expect(steps["authentication"]?.detail).toBe(`${server.user}, by publickey ssh-ed25519 ${key}`);
    expect(steps["channel"]?.detail).toContain("command ");
    expect(steps["first-reply"]?.detail).toContain("initialize was answered by mcp-servers/everything");
    expect(steps["protocol"]?.detail).toMatch(
      /^2025-\d\d-\d\d \(initialize\); server\/discover: not known to it, as to all servers before 2026-07-28$/,
    );
    expect(steps["tools"]?.detail).toMatch(/^1\d tools: .*get-sum/);
  });

  test("an RSA host key in a certificate is named as known_hosts and ssh-keygen name it", async () => {
    const certified = await startSshd({
      hostKey: ["-t", "rsa"],
      config: ["HostCertificate %HOSTKEY%-cert.pub"],
      prepare: (key) => {
        keygen(`${key}-authority`);
        execFileSync("ssh-keygen", ["-q", "-s", `${key}-authority`, "-I", "id", "-h", "-n", "127.0.0.1", `${key}.pub`]);
      },
    });
    try {
      const { folder, port, user, clientKey } = certified;
      const known = join(folder, "authorities");
      const authority = readFileSync(join(folder, "host_key-authority.pub"), "utf8");
      writeFileSync(known, `@cert-authority [127.0.0.1]:${port} ${authority}`);
      const to = ["--host", "127.0.0.1", "--port", String(port), "--username", user, "--client-key", clientKey];
      const { steps } = await diagnose([...to, "--known-hosts", known, "--command", everythingCommand], certified.home);
      const hostKey = fingerprintOf(join(folder, "host_key"));
      expect(steps["algorithms"]?.detail).toContain("rsa-sha2-512-cert-v01@openssh.com");
      expect(steps["host-key"]?.detail).toBe(`ssh-rsa ${hostKey} in a certificate, trusted by ${known}:1`);
    } finally {
      await certified.stop();
    }
  });

  test("for a person, a line each, and nothing on stderr", async () => {
    const host = start([...where(), ...who(), ...trusting(), "--subsystem", "mcp"], server.home);
    expect(await host.exit).toEqual({ code: 0, signal: null });
    const lines = host.stdout().toString().trimEnd().split("\n");
    expect(lines.map((line) => /^✓ (\S+) +\d+ ms {2}\S/.exec(line)?.[1])).toEqual([...stepNames]);
    expect(host.stderr()).toBe("");
  });

  test("for a person, where it ends, with cause and cure", async () => {
    const host = start([...where(await freePort()), ...who(), "--command", "x"], server.home);
    expect(await host.exit).toEqual({ code: 1, signal: null });
    const text = host.stdout().toString();
    expect(text).toMatch(
      /^✗ tcp +\d+ ms {2}(\[Errno \d+\] )?Connection refused: .*\n {2}what to do: check that an SSH server/m,
    );
    expect(text).toMatch(/^- not reached: banner, algorithms, .*, tools$/m);
  });

  describe("ends at the step", () => {
    test("config: no such key among several, or one whose public half is there", async () => {
      const flags = ["--client-key", "~/none", "--client-key", server.clientKey, "--command", "x"];
      const { failed } = await diagnose([...where(), ...flags], server.home);
      expect(failed).toMatchObject({ name: "config", cause: `Cannot read ${server.home}/none: no such file` });
      expect(failed?.cure).toContain(`npx -y mcp-ssh-client keygen --client-key ${server.home}/none`);
      writeFileSync(join(server.home, "half.pub"), `${makeKeyPair().publicKey}\n`);
      const half = await diagnose([...where(), "--client-key", "~/half", "--command", "x"], server.home);
      expect(half.failed).toMatchObject({ name: "config", cause: expect.stringContaining("its public half is there") });
      expect(half.failed?.cure).toContain(`name ${server.home}/half.pub with --client-key`); // keygen makes none either
    });

    test("authentication: a key that a start would make, and none is made", async () => {
      const path = join(server.home, "to-come");
      const flags = ["--client-key", "~/to-come", ...trusting(), "--command", "x"];
      const { failed, steps } = await diagnose([...where(), ...flags], server.home);
      const keygen = `npx -y mcp-ssh-client keygen --client-key ${path}`;
      expect(steps["config"]?.detail).toContain(
        `no key yet: ${path} is made at the first start (or now by: ${keygen})`,
      );
      expect(steps["host-key"]?.ok).toBe(true);
      expect(failed).toMatchObject({ name: "authentication", cause: expect.stringContaining("Authentication failed") });
      const copy = `ssh-copy-id -i ${path}.pub -p ${server.port} ${server.user}@127.0.0.1`;
      expect(failed?.cure).toMatch(new RegExp(`: ${keygen} && ${copy}$`));
      expect([existsSync(path), existsSync(`${path}.pub`)]).toEqual([false, false]);
      const unchecked = ["--client-key", "~/to-come", "--disable-host-key-checking", "--command", "x"];
      expect((await diagnose([...where(), ...unchecked], server.home)).steps["host-key"]?.detail).toMatch(
        /, not checked$/,
      );
    });

    test("config: a key that is none", async () => {
      const path = join(server.folder, "garbage");
      writeFileSync(path, "garbage\n", { mode: 0o600 });
      const { failed } = await diagnose([...where(), "--client-key", path, "--command", "x"], server.home);
      expect(failed).toMatchObject({ name: "config", cause: expect.stringContaining(`Cannot use the key ${path}`) });
    });

    test("config: an encrypted key without its passphrase, which opens it where it is given", async () => {
      const path = join(server.folder, "locked");
      copyFileSync(server.clientKey, path);
      execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "open sesame", "-f", path]);
      const flags = ["--client-key", path, ...trusting(), "--command", everythingCommand];
      const { failed } = await diagnose([...where(), ...flags], server.home);
      expect(failed).toMatchObject({ name: "config", cause: expect.stringContaining(path) });
      expect(failed?.cure).toContain("MCP_SSH_PASSPHRASE");
      const passphrase = join(server.folder, "passphrase");
      writeFileSync(passphrase, "open sesame\n", { mode: 0o600 });
      expect((await diagnose([...where(), ...flags, "--passphrase-file", passphrase], server.home)).ok).toBe(true);
    });

    test("name", async () => {
      const { failed } = await diagnose(["--host", "nobody.invalid", ...who(), "--command", "x"], server.home);
      expect(failed).toMatchObject({ name: "name", cure: "check the name (--host)" });
      expect(failed?.cause).toContain("Could not resolve hostname nobody.invalid");
    });

    test("tcp", async () => {
      const { failed } = await diagnose([...where(await freePort()), ...who(), "--command", "x"], server.home);
      expect(failed).toMatchObject({ name: "tcp", cause: expect.stringContaining("Connection refused") });
    });

    test("banner: a web server", async () => {
      const port = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
      const { failed } = await diagnose([...where(port), ...who(), "--command", "x"], server.home);
      expect(failed).toMatchObject({ name: "banner", cause: expect.stringContaining("this is no SSH server") });
    });

    test("banner: sshd that punishes us says so before it hangs up", async () => {
      const port = await listen((socket) => socket.end("Not allowed at this time\r\n"));
      const { failed } = await diagnose([...where(port), ...who(), "--command", "x"], server.home);
      expect(failed?.name).toBe("banner");
      expect(failed?.cause).toContain("(so far it said: Not allowed at this time)");
      expect(failed?.cure).toContain("PerSourcePenalties");
    });

    test("banner: sshd that has too many who do not log in", async () => {
      const busy = await startSshd({ config: ["PerSourceMaxStartups 1"] });
      const held = connect(busy.port, "127.0.0.1");
      held.on("error", () => undefined);
      await once(held, "data"); // its version: this connection counts from now on
      const { failed } = await diagnose([...where(busy.port), ...who(), "--command", "x"], server.home).finally(() => {
        held.destroy();
        return busy.stop();
      });
      expect(failed?.name).toBe("banner");
      expect(failed?.cause).toMatch(/closed before its version line.*\(so far it said: Exceeded MaxStartups\)/);
      expect(failed?.cure).toContain("(MaxStartups, PerSourceMaxStartups in its sshd_config): wait a moment");
    });

    test("banner: nothing comes", async () => {
      const port = await listen(() => undefined);
      const flags = ["--connect-timeout", "2", "--command", "x"];
      const { failed } = await diagnose([...where(port), ...who(), ...flags], server.home);
      expect(failed).toMatchObject({ name: "banner", cause: "no sign of the server's version line within 2 s" });
    });

    test("algorithms", async () => {
      const old = await startSshd({ config: ["KexAlgorithms diffie-hellman-group14-sha1"] });
      try {
        const flags = ["--client-key", old.clientKey, "--known-hosts", old.knownHosts, "--command", "x"];
        const { failed, steps } = await diagnose([...where(old.port), ...flags], server.home);
        expect(failed?.name).toBe("algorithms");
        expect(failed?.cause).toMatch(
          /no key exchange method in common: we have mlkem768x25519.*the server has diffie-hellman/,
        );
        expect(steps["banner"]?.ok).toBe(true);
      } finally {
        await old.stop();
      }
    });

    test("host-key: unknown, with the command that asks", async () => {
      const { failed } = await diagnose([...where(), ...who(), "--command", "x"], server.home);
      expect(failed).toMatchObject({ name: "host-key", cause: expect.stringContaining("no key of 127.0.0.1 port") });
      expect(failed?.cause).toContain(fingerprintOf(join(server.folder, "host_key")));
      expect(failed?.cure).toMatch(
        new RegExp(`your yes to: npx -y mcp-ssh-client trust 127.0.0.1 --port ${server.port}$`),
      );
      expect(existsSync(join(server.home, ".ssh", "known_hosts"))).toBe(false);
    });

    test("host-key: changed, with both fingerprints and the command that removes the old one", async () => {
      const path = join(server.folder, "changed_hosts");
      const other = makeKeyPair().publicKey;
      writeFileSync(path, readFileSync(server.knownHosts, "utf8").replace(server.hostKey, other));
      const flags = ["--known-hosts", path, "--command", "x"];
      const { failed } = await diagnose([...where(), ...who(), ...flags], server.home);
      expect(failed).toMatchObject({ name: "host-key", cause: expect.stringContaining("HAS CHANGED") });
      expect(failed?.cause).toContain(`${path}:1`);
      expect(failed?.cure).toContain("ssh-keygen -R");
    });

    test("authentication: another key, with the command that brings ours there", async () => {
      const path = join(server.folder, "other_key");
      writeFileSync(path, makeKeyPair().privateKey, { mode: 0o600 });
      const { failed } = await diagnose(
        [...where(), "--client-key", path, ...trusting(), "--command", "x"],
        server.home,
      );
      expect(failed).toMatchObject({ name: "authentication", cause: expect.stringContaining("Authentication failed") });
      expect(failed?.cause).toContain("it would take: publickey");
      expect(failed?.cure).toContain(`ssh-copy-id -i ${path}.pub -p ${server.port} ${server.user}@127.0.0.1`);
    });

    test("channel", async () => {
      const { failed } = await all("--subsystem", "nothing");
      expect(failed).toMatchObject({ name: "channel", cure: "its sshd_config needs a Subsystem line of that name" });
    });

    test("first-reply: no such command, with the ways out of it", async () => {
      const { failed } = await all("--command", "no-such-program --x");
      expect(failed?.name).toBe("first-reply");
      expect(failed?.cause).toMatch(
        /^The remote MCP server exited with status 127; its stderr ended with: ".*no-such-program.*not found"$/,
      );
      expect(failed?.cure).toContain("bash -lc");
    });

    test("first-reply: silence", async () => {
      const { failed } = await all("--command", "cat >/dev/null", "--first-reply-timeout", "0.5");
      expect(failed).toMatchObject({ name: "first-reply", cause: "no answer to initialize within 0.5 s" });
    });

    test("era and tools: a login shell that speaks no MCP never gets there", async () => {
      const { failed } = await all("--first-reply-timeout", "2");
      expect(failed?.name).toBe("first-reply");
      expect(failed?.cure).toContain("a login shell is no MCP server");
    });
  });

  describeNeeding(missingTerminal(), "at a terminal", () => {
    test("a first reply that takes its time is said to be waited for", async () => {
      const flags = ["--command", "cat >/dev/null", "--first-reply-timeout", "2.5"];
      const started = onTerminal(["doctor", ...where(), ...who(), ...trusting(), ...flags], { HOME: server.home });
      await started.shown(/waiting for the first reply, for up to 2\.5 s/);
      expect(await started.done).toMatchObject({ code: 1, stdout: expect.stringContaining("✗ first-reply") });
    });
  });

  test("noise on stdout is quoted, and all else goes on", async () => {
    appendFileSync(join(server.home, ".bashrc"), "echo 'Welcome to the server'\n");
    const { ok, steps } = await all("--command", `. ~/.bashrc; ${everythingCommand}`);
    expect(ok).toBe(true);
    expect(steps["first-reply"]?.detail).toMatch(/"Welcome to the server"\. Likely cause: a shell profile/);
  });

  test("a server of 2026-07-28 alone is told as that, and one that dies of the probe is well", async () => {
    const modern = await all("--command", probedCommand("modern", join(server.folder, "modern")));
    expect(modern.steps["protocol"]?.detail).toBe("2026-07-28 (server/discover)");
    expect(modern.steps["tools"]?.detail).toMatch(/^1 tool: start-/);
    const deadly = await all("--command", probedCommand("exit", join(server.folder, "exit")));
    expect(deadly.steps["protocol"]?.detail).toMatch(/\(initialize\); server\/discover: it ended of it/);
    expect(deadly.ok).toBe(true);
  });

  describe("through a jump host", () => {
    let bastion: SshServer;
    let knownHosts = "";

    beforeAll(async () => {
      bastion = await startSshd();
      const ours = execFileSync("ssh-keygen", ["-y", "-f", server.clientKey]);
      appendFileSync(join(bastion.folder, "authorized_keys"), ours);
      knownHosts = join(server.folder, "both_hosts");
      writeFileSync(knownHosts, readFileSync(server.knownHosts) + readFileSync(bastion.knownHosts, "utf8"));
    });
    afterAll(() => bastion?.stop());

    const jump = (): string[] => ["--proxy-jump", `${bastion.user}@127.0.0.1:${bastion.port}`];
    const flags = (): string[] => [...where(), ...who(), "--command", everythingCommand, ...jump()];

    test("all is well, and the jump host is told", async () => {
      const { ok, steps } = await diagnose([...flags(), "--known-hosts", knownHosts], server.home);
      expect(ok).toBe(true);
      const place = `127.0.0.1 port ${bastion.port}`;
      expect(steps["tcp"]?.detail).toContain(`127.0.0.1 port ${server.port}, through `);
      expect(steps["tcp"]?.detail).toContain(fingerprintOf(join(bastion.folder, "host_key")));
      expect(steps["tcp"]?.detail).toContain(`jump host ${place}`);
      expect(steps["host-key"]?.detail).toContain(fingerprintOf(join(server.folder, "host_key")));
    });

    test("a jump host that is not known is what it ends at", async () => {
      const { failed } = await diagnose([...flags(), "--known-hosts", server.knownHosts], server.home);
      expect(failed).toMatchObject({
        name: "tcp",
        cause: expect.stringMatching(/^jump host .*: Host key verification failed/),
      });
      expect(failed?.cure).toContain(`mcp-ssh-client trust 127.0.0.1 --port ${bastion.port}`);
    });

    test("a server behind it that does not listen too", async () => {
      const nobody = [...where(await freePort()), ...who(), "--command", "x", ...jump(), "--known-hosts", knownHosts];
      const { failed } = await diagnose(nobody, server.home);
      expect(failed).toMatchObject({ name: "tcp", cause: expect.stringContaining("it has no way to") });
    });
  });

  test("a secret is not told", async () => {
    const { steps } = await all("--command", everythingCommand, "--env", "LANG=s3cret", "--env", "REFUSED=s4cret");
    expect(JSON.stringify(steps)).not.toMatch(/s[34]cret/);
    expect(steps["channel"]).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/; the server refused to set REFUSED$/),
      cure: expect.stringMatching(/^to have REFUSED set, add AcceptEnv REFUSED to the server's sshd_config, or /),
    });
    expect(JSON.stringify(steps).match(/refused to set/g)).toHaveLength(1);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends it", async (signal, code) => {
    let reached: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const port = await listen(() => reached());
    const host = start(["--json", ...where(port), ...who(), "--command", "x"], server.home);
    await connected;
    host.child.kill(signal);
    expect(await host.exit).toEqual({ code, signal: null });
    expect(host.stdout()).toHaveLength(0);
  });

  test("wrong usage: exit 2", async () => {
    const host = start(["--json", "--port", "x"], server.home);
    expect(await host.exit).toEqual({ code: 2, signal: null });
    expect(host.stdout()).toHaveLength(0);
    expect(host.stderr()).toMatch(
      /^usage: mcp-ssh-client doctor .*\nmcp-ssh-client doctor: error: argument --port: invalid port/,
    );
  });

  test("nothing of it is left on the server", async () => {
    await expect.poll(() => server.remoteProcesses().length).toBe(0);
  });
});

describeNeeding(missingReferenceServer(), "with the reference server", () => {
  let server: ReferenceServer;

  beforeAll(async () => {
    server = await startReferenceServer();
  });
  afterAll(() => server?.stop());

  test("its tools are found, and it is not asked what mutes it", async () => {
    const flags = ["--host", server.host, "--port", String(server.port), "--client-key", server.clientKey];
    const { ok, steps } = await diagnose([...flags, "--known-hosts", server.knownHosts], server.home);
    expect(steps["banner"]?.detail).toContain("AsyncSSH");
    expect(steps["authentication"]?.detail).toContain("the server let us in without proof of a key");
    expect(steps["protocol"]?.detail).toMatch(/^2024-11-05 \(initialize\); server\/discover: not asked/);
    expect(steps["tools"]?.detail).toMatch(/^1\d tools: /);
    expect(ok).toBe(true);
  });

  test("its silence comes with the command that starts it well", async () => {
    const mute = await startReferenceServer({ servers: { bad: badEntry } });
    const flags = ["--host", mute.host, "--port", String(mute.port), "--client-key", mute.clientKey];
    const times = ["--first-reply-timeout", "3"];
    const { failed } = await diagnose([...flags, "--known-hosts", mute.knownHosts, ...times], mute.home).finally(() =>
      mute.stop(),
    );
    expect(failed).toMatchObject({ name: "first-reply", cause: "no answer to initialize within 3 s" });
    expect(failed?.cure).toContain("uvx --with 'mcp<1.8'");
  });

  test("with its key server: from no key at all to its tools", async () => {
    const keyed = await startReferenceServer({ hasKeyServer: true });
    try {
      const home = join(keyed.folder, "from-nothing");
      const flags = ["--host", keyed.host, "--port", String(keyed.port), "--use-key-server"];
      flags.push("--key-server-port", String(keyed.keyServerPort));
      const before = await diagnose(flags, home);
      expect(before.failed?.name).toBe("authentication");
      expect(before.steps["host-key"]?.ok).toBe(true);
      expect(before.failed?.cure).toMatch(/^none is needed: the first start makes the key/);
      const [, keygen = ""] = /mcp-ssh-client (keygen [^)]*)\)$/.exec(before.steps["config"]?.detail ?? "") ?? [];
      const made = startHost(
        { command: process.execPath, args: [builtCommand, ...keygen.split(" ")] },
        { ...hostEnvironment(), HOME: home },
      );
      expect((await made.exit).code).toBe(0);
      const { ok, steps } = await diagnose(flags, home);
      expect(before.steps["host-key"]?.detail).toContain("is taken from the key server");
      expect(steps["host-key"]?.detail).toContain("trusted by ");
      expect(ok).toBe(true);
    } finally {
      await keyed.stop();
    }
  });
});
