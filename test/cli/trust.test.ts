/** The built command and a real sshd: whom it trusts, what it writes of that, and what a person is told. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { scanHostKeys } from "../../src/node/scan-host-keys.ts";
import { knownHostsLine } from "../../src/ssh/known-hosts.ts";
import { missingAsyncssh, startAsyncssh } from "../support/asyncssh.ts";
import { builtCommand, endHosts, type Host, hostEnvironment, launch, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { keygen, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";

const line = '{"jsonrpc":"2.0","method":"notifications/x"}';

describeNeeding(missingSshd(), "trust in a real sshd", () => {
  let server: SshServer;
  /** The public key of each type, and its fingerprint. */
  const keys: Record<string, { readonly line: string; readonly fingerprint: string }> = {};
  let fingerprint: string;
  let home: string;
  let knownHosts: string;
  const hosts: Host[] = [];

  beforeAll(async () => {
    server = await startSshd({ hostKeyTypes: ["ecdsa", "rsa"] });
    fingerprint = fingerprintOf(join(server.folder, "host_key.pub"));
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
      const path = join(server.folder, type === "ed25519" ? "host_key.pub" : `host_${type}.pub`);
      const [name, base64] = readFileSync(path, "utf8").trim().split(" ");
      keys[type] = { line: `${name} ${base64}`, fingerprint: fingerprintOf(path) };
    }
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "trust-home-"));
    knownHosts = join(home, ".ssh", "known_hosts");
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    rmSync(home, { recursive: true, force: true });
  });
  afterAll(() => server?.stop());

  /** As a user with an empty home starts it. */
  function start(flags: readonly string[], remote: readonly string[] = ["--command", "cat"]): Host {
    const args = ["--host", server.host, "--port", String(server.port), "--username", server.user];
    // Debian's configuration hashes names
    args.push("--client-key", server.clientKey, "--ssh-config", "none", ...remote, ...flags);
    const host = startHost(
      { command: process.execPath, args: [builtCommand, ...args] },
      { ...hostEnvironment(), HOME: home },
    );
    hosts.push(host);
    return host;
  }

  /** Sends one line, reads it back, takes leave; gives stderr. */
  async function echoed(flags: readonly string[]): Promise<string> {
    const host = start(flags);
    host.send(line);
    expect(await host.line()).toBe(line);
    host.end();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    return host.stderr();
  }

  /** What stderr says and the host is told, where nothing was sent to the server's command. */
  async function refused(flags: readonly string[]): Promise<string> {
    const host = start(flags, ["--command", "echo ran >&2"]);
    host.send('{"jsonrpc":"2.0","id":1,"method":"initialize"}');
    const answer = JSON.parse(await host.line());
    expect((await host.exit).code).toBe(1);
    expect(host.stderr()).not.toContain("ran\n");
    const [, reason = ""] = /Error running MCP SSH client: (.*)\n/.exec(host.stderr()) ?? [];
    expect(answer).toMatchObject({ id: 1, error: { code: -31001, data: { source: "mcp-ssh-client" } } });
    expect(answer.error.message).toContain(reason);
    expect(reason).toMatch(/^Host key verification failed: /);
    return reason;
  }

  const known = (key = server.hostKey): void => {
    mkdirSync(join(home, ".ssh"), { recursive: true });
    writeFileSync(knownHosts, `[${server.host}]:${server.port} ${key}\n`);
  };

  test("the flag that the refusal of an unknown host names trusts it, with no file at all", async () => {
    const reason = await refused([]);
    const [, flag = "", value = ""] = /(--host-key) (\S+) trusts it/.exec(reason) ?? [];
    expect(value).toBe(fingerprint);
    expect(reason).toContain(`The server showed ssh-ed25519 ${fingerprint}.`);
    await echoed([flag, value]);
    await echoed([flag, server.hostKey]);
    expect(() => readFileSync(knownHosts)).toThrow("ENOENT");
  });

  test("a pin holds against what known_hosts says, and not against what it revokes", async () => {
    known(makeKeyPair().publicKey);
    await echoed(["--host-key", fingerprint]);
    known();
    const other = join(home, "other.pub");
    writeFileSync(other, `${makeKeyPair().publicKey}\n`);
    const reason = await refused(["--host-key", fingerprintOf(other)]);
    expect(reason).toMatch(/THE HOST KEY OF 127\.0\.0\.1 port \d+ IS NOT THE PINNED ONE\./);
    expect(reason).toContain(`The server showed ssh-ed25519 ${fingerprint}`);
    expect(reason).toContain(`; pinned is ${fingerprintOf(other)}.`);
    writeFileSync(knownHosts, `@revoked * ${server.hostKey}\n`);
    expect(await refused(["--host-key", fingerprint])).toContain(`is marked @revoked in ${knownHosts}:1`);
  });

  test.each(["ed25519", "ecdsa", "rsa"])("a host of which only the %s key is known shows that one", async (type) => {
    const { line: key = "", fingerprint: hash = "" } = keys[type] ?? {};
    known(key);
    const stderr = await echoed(["--log-level", "DEBUG"]);
    expect(stderr).toMatch(new RegExp(`the server's host key is \\S+ ${hash.replace(/[+]/g, "\\+")}\n`));
    execFileSync("ssh-keygen", ["-H", "-f", knownHosts], { stdio: "ignore" });
    expect(readFileSync(knownHosts, "utf8")).toMatch(/^\|1\|/);
    await echoed([]);
    writeFileSync(knownHosts, `*.example ${server.hostKey}\n[127.0.*]:* ${key}\n`);
    await echoed([]);
    writeFileSync(knownHosts, `127.0.0.1 ${key}\n`); // ssh falls back on the bare host, too
    await echoed([]);
    rmSync(knownHosts);
    const [, ...others] = (await echoed(["--host-key", hash])).match(/key that is not pinned, SHA256:/g) ?? [];
    expect(others).toHaveLength(["ed25519", "ecdsa", "rsa"].indexOf(type) > 1 ? 1 : 0);
    expect(await echoed(["--host-key", key])).not.toContain("not pinned");
  });

  test("a pin that is none of the server's keys is refused once all types were asked for", async () => {
    const reason = await refused(["--host-key", `SHA256:${"A".repeat(43)}`]);
    const shown = Object.values(keys).map(({ line: key, fingerprint: hash }) => `${key.split(" ")[0]} ${hash}`);
    expect(reason).toContain(`The server showed ${shown.join(", then ")}; pinned is SHA256:AAA`);
  });

  test("a key of which another type is known, and which has changed, is refused", async () => {
    const { publicKey } = makeKeyPair();
    known(`${publicKey}\n[127.0.0.1]:${server.port} ${keys["rsa"]?.line}`);
    expect(await refused([])).toMatch(/HAS CHANGED\. .* known is ssh-ed25519 SHA256:\S+ in \S+:1\./);
  });

  test("the server's keys can be had without logging in, as ssh-keyscan has them", async () => {
    const before = server.log().length;
    const found = await scanHostKeys({ host: server.host, port: server.port });
    expect(found.map((key) => `${key.algorithm} ${key.fingerprint}`)).toEqual([
      `ssh-ed25519 ${keys["ed25519"]?.fingerprint}`,
      `ecdsa-sha2-nistp256 ${keys["ecdsa"]?.fingerprint}`,
      `rsa-sha2-512 ${keys["rsa"]?.fingerprint}`,
    ]);
    const lines = found.map(({ blob }) => knownHostsLine(server.host, server.port, blob));
    const scan = execFileSync("ssh-keyscan", ["-p", String(server.port), server.host], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(lines.sort()).toEqual(String(scan).trim().split("\n").sort());
    expect(server.log().slice(before)).not.toMatch(/Accepted|Failed publickey/);
  });

  test("--accept-new writes an unknown key, once for three hosts at once, and says so", async () => {
    const all = await Promise.all(Array.from({ length: 3 }, () => echoed(["--accept-new"])));
    expect(readFileSync(knownHosts, "utf8")).toBe(`[127.0.0.1]:${server.port} ${server.hostKey}\n`);
    const told = `not known so far, is ssh-ed25519 ${fingerprint}: trusted from now on, by a line in ${knownHosts}`;
    expect(all.filter((stderr) => stderr.includes(told))).toHaveLength(1);
    expect(await echoed([])).not.toContain("not known so far");
  });

  test("--accept-new writes to --known-hosts, which need not be there, hashed where others are", async () => {
    const path = join(home, "mine");
    writeFileSync(path, `other.example ${makeKeyPair().publicKey}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" });
    await echoed(["--accept-new", "--known-hosts", path]);
    expect(readFileSync(path, "utf8")).not.toContain("127.0.0.1");
    const name = `[127.0.0.1]:${server.port}`;
    expect(execFileSync("ssh-keygen", ["-F", name, "-f", path], { encoding: "utf8" })).toContain(server.hostKey);
    await echoed(["--known-hosts", path]);
    await echoed(["--accept-new", "--known-hosts", join(home, "new", "file")]);
    expect(readFileSync(join(home, "new", "file"), "utf8")).toBe(`${name} ${server.hostKey}\n`);
  });

  test("--accept-new refuses a changed key and a revoked one; the command that it names removes the old one", async () => {
    known(makeKeyPair().publicKey);
    const reason = await refused(["--accept-new"]);
    expect(reason).toMatch(/HAS CHANGED\. .* known is ssh-ed25519 SHA256:\S+ in \S+\/known_hosts:1\./);
    const [, command = ""] = /remove the old key with: (ssh-keygen .*?), and/.exec(reason) ?? [];
    execFileSync("/bin/sh", ["-c", command], { stdio: "ignore", env: { ...process.env, HOME: home } });
    expect(readFileSync(knownHosts, "utf8")).toBe("");
    await echoed(["--accept-new"]);
    writeFileSync(knownHosts, `@revoked * ${server.hostKey}\n`);
    expect(await refused(["--accept-new"])).toContain(`is marked @revoked in ${knownHosts}:1`);
  });

  test("what --accept-new cannot write is told, and used this time", async () => {
    const stderr = await echoed(["--accept-new", "--known-hosts", "/dev/null"]);
    expect(stderr).toContain("WARNING - the key of 127.0.0.1 port");
    expect(stderr).toContain("trusted for this time only, since it cannot be remembered. Cannot write /dev/null");
  });

  /** As echoed, but takes leave only when stderr matches. */
  async function followed(told: RegExp): Promise<string> {
    const host = start(["--update-host-keys"]);
    host.send(line);
    expect(await host.line()).toBe(line);
    await host.stderrMatch(told);
    host.end();
    expect((await host.exit).code).toBe(0);
    return host.stderr();
  }

  test("--update-host-keys follows a host that changes its keys, which nothing else does", async () => {
    const rotating = await startSshd({ hostKeyTypes: ["ecdsa"] });
    const first = server;
    server = rotating;
    try {
      const name = `[127.0.0.1]:${rotating.port}`;
      known(rotating.hostKey);
      expect(await echoed(["--log-level", "DEBUG"])).not.toMatch(/proved|updated/);
      expect(readFileSync(knownHosts, "utf8")).toBe(`${name} ${rotating.hostKey}\n`);
      const ecdsa = readFileSync(join(rotating.folder, "host_ecdsa.pub"), "utf8").trim();
      await followed(/proved to hold another key, which \S+ has now: ecdsa-sha2-nistp256 SHA256:/);
      expect(readFileSync(knownHosts, "utf8")).toBe(`${name} ${rotating.hostKey}\n${name} ${ecdsa}\n`);

      // The ed25519 key goes, an RSA key comes; whoever followed knows the ECDSA key by now.
      const rsa = keygen(join(rotating.folder, "host_rsa"), ["-t", "rsa"]);
      await reconfigured(rotating, "host_key\n", "host_rsa\n");
      await followed(/has this key no more, and neither has \S+\/known_hosts:1: ssh-ed25519 SHA256:/);
      expect(readFileSync(knownHosts, "utf8")).toBe(`${name} ${ecdsa}\n${name} ${rsa}\n`);
      expect(await echoed(["--update-host-keys"])).not.toMatch(/proved|no more/);
      expect(readFileSync(knownHosts, "utf8")).toBe(`${name} ${ecdsa}\n${name} ${rsa}\n`);
    } finally {
      server = first;
      await rotating.stop();
    }
  });

  test("a wrong use is usage, and exit code 2", async () => {
    for (const flags of [
      ["--host-key", "MD5:x"],
      ["--accept-new", "--disable-host-key-checking"],
    ]) {
      const host = start(flags);
      expect((await host.exit).code).toBe(2);
      expect(host.stderr()).toMatch(
        /^usage: [\s\S]*error: argument --(host-key: invalid|disable-host-key-checking: not)/,
      );
    }
  });
});

describeNeeding(missingAsyncssh(), "trust in an AsyncSSH server", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startAsyncssh({
      moreHostKeys: [
        ["-t", "ecdsa"],
        ["-t", "rsa"],
      ],
    });
  });
  afterAll(() => server?.stop());

  test("--update-host-keys adds what it proves; its RSA key signs with SHA-1, which is none", async () => {
    const flags = ["--update-host-keys", "--log-level", "INFO"];
    const host = startHost(launch(server, { exec: "cat" }, flags));
    host.send(line);
    expect(await host.line()).toBe(line);
    await host.stderrMatch(/proved to hold another key, which \S+ has now: ecdsa-sha2-nistp256 SHA256:/);
    await host.stderrMatch(/lists a key that cannot be checked here, so it is left out: ssh-rsa SHA256:/);
    host.end();
    expect((await host.exit).code).toBe(0);
    const known = readFileSync(server.knownHosts, "utf8").trim().split("\n");
    expect(known.map((each) => each.split(" ")[1])).toEqual(["ssh-ed25519", "ecdsa-sha2-nistp256"]);
  });
});

/** Has sshd read its configuration again, with something else in it; it listens on the same port then. */
async function reconfigured(server: SshServer, from: string, to: string): Promise<void> {
  const path = join(server.folder, "sshd_config");
  const config = readFileSync(path, "utf8");
  expect(config).toContain(from);
  writeFileSync(path, config.replace(from, to));
  const listening = (): number => server.log().split("Server listening").length;
  const before = listening();
  process.kill(Number(readFileSync(join(server.folder, "sshd.pid"), "utf8")), "SIGHUP");
  await vi.waitFor(() => expect(listening()).toBe(before + 1), { timeout: 10_000 });
}
