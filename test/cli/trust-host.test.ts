/** `trust HOST` against a real sshd with keys of three types: what it shows, and what it writes of that. */
import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtCommand, hostEnvironment } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { freePort, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";
import { missingTerminal, onTerminal } from "../support/terminal.ts";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Debian's configuration hashes names. */
function ownConfig(args: readonly string[]): readonly string[] {
  return args.includes("--ssh-config") ? args : [...args, "--ssh-config", "none"];
}

/** Runs it in a session of its own, which has no terminal. */
function run(args: readonly string[], home: string): Promise<Ended> {
  const child = spawn(process.execPath, [builtCommand, "trust", ...ownConfig(args)], {
    env: { ...hostEnvironment(), HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

describeNeeding(missingSshd(), "with a real sshd", () => {
  let server: SshServer;
  let home = "";
  let knownHosts = "";
  const types = ["ed25519", "ecdsa", "rsa"] as const;
  const fingerprints: string[] = [];
  const lines: string[] = [];

  beforeAll(async () => {
    server = await startSshd({ hostKeyTypes: ["ecdsa", "rsa"] });
    for (const type of types) {
      const path = join(server.folder, type === "ed25519" ? "host_key.pub" : `host_${type}.pub`);
      fingerprints.push(fingerprintOf(path));
      lines.push(readFileSync(path, "utf8").trim().split(" ").slice(0, 2).join(" "));
    }
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "trust-host-"));
    knownHosts = join(home, ".ssh", "known_hosts");
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const where = (): string[] => ["127.0.0.1", "--port", String(server.port)];
  /** What ssh itself says, with that file and no other. */
  function sshTrusts(): boolean {
    const files = ["-o", `UserKnownHostsFile=${knownHosts}`, "-o", "GlobalKnownHostsFile=none", "-F", "none"];
    const args = [
      "-o",
      "BatchMode=yes",
      ...files,
      "-i",
      server.clientKey,
      "-p",
      String(server.port),
      "127.0.0.1",
      "true",
    ];
    try {
      execFileSync("ssh", args, { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  test("all keys are shown with their fingerprints, and with --yes written: ssh trusts them then", async () => {
    const { code, stdout, stderr } = await run([...where(), "--yes"], home);
    for (const fingerprint of fingerprints) expect(stdout).toContain(`${fingerprint}  new\n`);
    expect(stdout).toMatch(/^127\.0\.0\.1 port \d+ shows:\n {2}ssh-ed25519 SHA256:/);
    expect(stdout).toContain(`Added to ${knownHosts}: `);
    expect(stderr).toContain("nobody was asked");
    expect(code).toBe(0);
    const name = `[127.0.0.1]:${server.port}`;
    expect(readFileSync(knownHosts, "utf8").trimEnd().split("\n").sort()).toEqual(
      lines.map((line) => `${name} ${line}`).sort(),
    );
    expect([statSync(knownHosts).mode & 0o777, statSync(join(home, ".ssh")).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(sshTrusts()).toBe(true);
  });

  test("nobody was logged in", () => {
    expect(server.log()).not.toContain("Accepted publickey for");
    expect(server.log()).not.toMatch(/Failed|Invalid user/);
  });

  test("without a terminal and without --yes nothing is written", async () => {
    const { code, stdout, stderr } = await run(where(), home);
    expect(stdout).toContain(fingerprints[0]);
    expect(stderr).toContain("there is no terminal to ask at: compare the fingerprints, then say --yes");
    expect([code, existsSync(knownHosts)]).toEqual([1, false]);
  });

  describeNeeding(missingTerminal(), "at a terminal", () => {
    async function answered(
      typed: (...fingerprints: string[]) => string,
    ): Promise<{ code: number | null; shown: string }> {
      const started = onTerminal(["trust", ...ownConfig(where())], { HOME: home });
      await started.shown(/Trust them\? Type yes, or one of the fingerprints: /);
      expect(existsSync(knownHosts)).toBe(false);
      started.type(typed(...fingerprints));
      const { code, terminal, stdout } = await started.done;
      expect(stdout).toContain(fingerprints[0]);
      return { code, shown: terminal };
    }

    test("yes writes all keys", async () => {
      expect((await answered(() => "yes\n")).code).toBe(0);
      expect(readFileSync(knownHosts, "utf8").trimEnd().split("\n")).toHaveLength(3);
      expect(sshTrusts()).toBe(true);
    });

    test("a fingerprint writes that key alone", async () => {
      expect((await answered((_, ecdsa) => `${ecdsa}\n`)).code).toBe(0);
      expect(readFileSync(knownHosts, "utf8")).toBe(`[127.0.0.1]:${server.port} ${lines[1]}\n`);
    });

    test.each(["no", "n", ""])("%j writes nothing", async (answer) => {
      const { code, shown } = await answered(() => `${answer}\n`);
      expect([code, existsSync(knownHosts)]).toEqual([1, false]);
      expect(shown).toContain("mcp-ssh-client trust: nothing was written");
      expect(shown).not.toContain("neither");
    });

    test.each([
      ["y", "y", false],
      ["SHA256:AAAA", "", false],
      ["yse", "yes", true],
    ])("%j is asked about once more, %j settles it", async (first, second, isWritten) => {
      const started = onTerminal(["trust", ...ownConfig(where())], { HOME: home });
      await started.shown(/Trust them\? Type yes, or one of the fingerprints: /);
      started.type(`${first}\n`);
      await started.shown(/That is neither yes nor one of the fingerprints\. /);
      expect(existsSync(knownHosts)).toBe(false);
      started.type(`${second}\n`);
      const { code, terminal } = await started.done;
      expect([code, existsSync(knownHosts)]).toEqual([isWritten ? 0 : 1, isWritten]);
      expect(terminal.includes("nothing was written")).toBe(!isWritten);
    });

    test("^C ends it", async () => {
      const { code } = await answered(() => "\u0003");
      expect([code, existsSync(knownHosts)]).toEqual([130, false]);
    });
  });

  test("what is trusted already is said, and nothing is written", async () => {
    mkdirSync(join(home, ".ssh"));
    writeFileSync(knownHosts, lines.map((line) => `[127.0.0.1]:${server.port} ${line}\n`).join(""));
    const { code, stdout } = await run(where(), home);
    expect(stdout).toContain(`${fingerprints[0]}  trusted by ${knownHosts}:1\n`);
    expect(stdout).toContain("All of them are trusted already.");
    expect(code).toBe(0);
    expect(readFileSync(knownHosts, "utf8").split("\n")).toHaveLength(4);
  });

  test("keys of other types are added beside one that is trusted, hashed where the file is hashed", async () => {
    mkdirSync(join(home, ".ssh"));
    writeFileSync(knownHosts, `[127.0.0.1]:${server.port} ${lines[0]}\n`);
    execFileSync("ssh-keygen", ["-H", "-f", knownHosts], { stdio: "ignore" });
    const { code, stdout } = await run([...where(), "--yes"], home);
    expect(stdout).toContain(`${fingerprints[2]}  new, beside keys of other types\n`);
    expect(code).toBe(0);
    const text = readFileSync(knownHosts, "utf8");
    expect(text.trimEnd().split("\n")).toHaveLength(3);
    expect(text).not.toContain("127.0.0.1");
    expect(sshTrusts()).toBe(true);
  });

  describe("is refused, and nothing written:", () => {
    async function refused(text: string, ...flags: string[]): Promise<Ended> {
      mkdirSync(join(home, ".ssh"));
      writeFileSync(knownHosts, text);
      const ended = await run([...where(), "--yes", ...flags], home);
      expect(ended.code).toBe(1);
      expect(readFileSync(knownHosts, "utf8")).toBe(text);
      return ended;
    }

    test("a changed key, with both fingerprints, the line, and the command that removes it", async () => {
      const other = makeKeyPair().publicKey;
      const { stdout, stderr } = await refused(`# a comment\n[127.0.0.1]:${server.port} ${other}\n`);
      const path = join(home, "other.pub");
      writeFileSync(path, `${other}\n`);
      expect(stdout).toContain(`CHANGED: ${knownHosts}:2 has ${fingerprintOf(path)}`);
      expect(stderr).toContain("HAS CHANGED");
      expect(stderr).toContain(`${knownHosts}:2`);
      expect(stderr).toContain(`ssh-keygen -R '[127.0.0.1]:${server.port}' -f ${knownHosts}`);
    });

    test("a revoked key", async () => {
      const { stdout, stderr } = await refused(`@revoked * ${lines[1]}\n`);
      expect(stdout).toContain(`${fingerprints[1]}  REVOKED by ${knownHosts}:1`);
      expect(stderr).toContain("is marked @revoked");
    });

    test("a key that RevokedHostKeys lists", async () => {
      const [config, list] = [join(home, "config"), join(home, "revoked")];
      writeFileSync(list, `${lines[1]}\n`);
      writeFileSync(config, `RevokedHostKeys ${list}\n`, { mode: 0o600 });
      const { stderr } = await refused("", "--ssh-config", config);
      expect(stderr).toContain(`is marked @revoked in ${list}:1`);
    });

    test("a key of another type than the one known, which the server shows no more", async () => {
      const only = await startSshd();
      const path = join(home, "hosts");
      const text = `[127.0.0.1]:${only.port} ${lines[2]}\n`;
      writeFileSync(path, text);
      const flags = ["127.0.0.1", "--port", String(only.port), "--known-hosts", path, "--yes"];
      const { code, stderr } = await run(flags, home).finally(() => only.stop());
      expect(stderr).toContain("only another type of key is known");
      expect([code, readFileSync(path, "utf8")]).toEqual([1, text]);
    });
  });

  test("--known-hosts names another file, ssh's configuration another name", async () => {
    const config = join(home, "config");
    const path = join(home, "my_hosts");
    const alias = `Host box\n HostName 127.0.0.1\n Port ${server.port}\n HostKeyAlias the-box\n`;
    writeFileSync(config, alias, { mode: 0o600 });
    const { code, stdout } = await run(["box", "--ssh-config", config, "--known-hosts", path, "--yes"], home);
    expect(stdout).toContain(`127.0.0.1 port ${server.port} shows:`);
    expect(code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain(`the-box ${lines[0]}\n`);
    expect(existsSync(knownHosts)).toBe(false);
  });

  test("through a jump host, which must be trusted first", async () => {
    const bastion = await startSshd();
    try {
      appendFileSync(
        join(bastion.folder, "authorized_keys"),
        execFileSync("ssh-keygen", ["-y", "-f", server.clientKey]),
      );
      const jump = ["--proxy-jump", `${bastion.user}@127.0.0.1:${bastion.port}`, "--client-key", server.clientKey];
      const before = await run([...where(), ...jump, "--yes"], home);
      expect(before.stderr).toContain(`jump host 127.0.0.1 port ${bastion.port}: Host key verification failed`);
      expect([before.code, existsSync(knownHosts)]).toEqual([1, false]);
      await run(["127.0.0.1", "--port", String(bastion.port), "--yes"], home);
      const { code, stdout } = await run([...where(), ...jump, "--yes"], home);
      expect([code, stdout.includes(String(fingerprints[0]))]).toEqual([0, true]);
      await expect.poll(() => bastion.log()).toContain("Accepted publickey for");
    } finally {
      await bastion.stop();
    }
  });

  test("a file that cannot be written", async () => {
    const { code, stderr } = await run([...where(), "--known-hosts", "/dev/null", "--yes"], home);
    expect(stderr).toContain("Cannot write /dev/null: it is no regular file");
    expect(code).toBe(1);
  });
});

describe("with no sshd", () => {
  test("nobody listens", async () => {
    const { code, stdout, stderr } = await run(["127.0.0.1", "--port", String(await freePort())], "/nonexistent");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^mcp-ssh-client trust: error: (\[Errno \d+\] )?Connection refused/);
  });

  test("no SSH server", async () => {
    const web = createServer((socket) => void socket.end("HTTP/1.1 400\r\n\r\n"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as { port: number };
    const { code, stderr } = await run(["127.0.0.1", "--port", String(port)], "/nonexistent");
    web.close();
    expect(code).toBe(1);
    expect(stderr).toContain("this is no SSH server");
  });

  test.each<[string[], string]>([
    [[], "argument HOST: expected one argument"],
    [[""], "argument HOST: expected one argument"],
    [["--port", "22"], "argument HOST: expected one argument"],
    [["user@host"], "(the user goes to --username)"],
    [["h", "i"], "unrecognized arguments: 'i'"],
    [["h", "--yes=no"], "argument --yes: takes no value"],
  ])("wrong usage %j: exit 2", async (argv, message) => {
    const { code, stdout, stderr } = await run(argv, "/nonexistent");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^usage: mcp-ssh-client trust HOST /);
    expect(stderr).toContain(message);
  });
});
