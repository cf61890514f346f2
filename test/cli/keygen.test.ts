/** `keygen`: the key that it makes, read by OpenSSH's own tools, and a real sshd that takes it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtCommand, type Exit, hostEnvironment, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keygen-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Ended extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const host = startHost(
    { command: process.execPath, args: [builtCommand, "keygen", ...args] },
    { ...hostEnvironment(), HOME: home, ...env },
  );
  const exit = await host.exit;
  return { ...exit, stdout: host.stdout().toString(), stderr: host.stderr() };
}

describeNeeding(missingSshd(), "a key", () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server?.stop());

  test("is made once, with its line and the next step; sshd takes it", async () => {
    const path = join(home, "new", "my.key");
    const where = ["--host", "127.0.0.1", "--port", String(server.port), "--username", server.user];
    const { code, stdout, stderr } = await run(["--client-key", path, "--comment", "from a test", ...where]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ssh-ed25519 AAAA\S+ from a test\n$/);
    expect(stdout).toBe(readFileSync(`${path}.pub`, "utf8"));
    expect(execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" })).toBe(stdout);
    expect([statSync(path).mode & 0o777, statSync(join(home, "new")).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(stderr).toContain(`# made ${path} (${fingerprintOf(path)}), not encrypted\n`);
    expect(stderr).toContain(`ssh-copy-id -i ${path}.pub -p ${server.port} ${server.user}@127.0.0.1\n`);
    writeFileSync(join(server.folder, "authorized_keys"), stdout, { flag: "a" });
    const flags = [...where, "--client-key", path, "--known-hosts", server.knownHosts, "--command", "exit 7"];
    const proxy = startHost({ command: process.execPath, args: [builtCommand, ...flags] });
    expect((await proxy.exit).code).toBe(7);
  });

  test("is never overwritten, but its line and the next step are told again", async () => {
    const path = join(home, "there");
    const made = await run(["--client-key", path, "--comment", "mine"]);
    const text = readFileSync(path, "utf8");
    const again = await run(["--client-key", path, "--host", "far", "--comment", "other"]);
    expect([again.code, again.stdout]).toEqual([0, made.stdout]);
    expect(again.stderr).toBe(
      `# ${path} is there already, and stays as it is\n` +
        `# add that line to ~/.ssh/authorized_keys there, or let ssh do it: ssh-copy-id -i ${path}.pub far\n`,
    );
    expect(readFileSync(path, "utf8")).toBe(text);
    rmSync(`${path}.pub`);
    expect((await run(["--client-key", path])).stdout).toBe(made.stdout.replace(" mine", ""));
    writeFileSync(`${path}.pub`, `${makeKeyPair().publicKey}\n`); // another key's
    expect((await run(["--client-key", path])).stdout).toBe(made.stdout.replace(" mine", ""));
  });

  test("where something else is, that stays as it is too", async () => {
    const path = join(home, "there");
    writeFileSync(path, "mine\n");
    const { code, stdout, stderr } = await run(["--client-key", path]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`mcp-ssh-client keygen: error: ${path} is there already, and stays as it is. `);
    expect([readFileSync(path, "utf8"), existsSync(`${path}.pub`)]).toEqual(["mine\n", false]);
  });

  test("nor made beside a public half whose private half is elsewhere", async () => {
    const path = join(home, "half");
    writeFileSync(`${path}.pub`, "x\n");
    const { code, stderr } = await run(["--client-key", path]);
    expect([code, existsSync(path)]).toEqual([1, false]);
    expect(stderr).toContain("its public half is there");
  });

  test.each<[string, (path: string) => [string[], NodeJS.ProcessEnv]]>([
    ["a file", (path) => [["--passphrase-file", path], {}]],
    ["the environment", () => [[], { MCP_SSH_PASSPHRASE: "open sesame" }]],
  ])("is encrypted with a passphrase from %s, which nothing says", async (_, from) => {
    const file = join(home, "passphrase");
    writeFileSync(file, "open sesame\n", { mode: 0o600 });
    const [flags, env] = from(file);
    const path = join(home, "secret");
    const { code, stdout, stderr } = await run(["--client-key", path, ...flags], env);
    expect(code).toBe(0);
    expect(stderr).toContain("encrypted with the passphrase from ");
    expect(stdout + stderr).not.toContain("sesame");
    const open = (passphrase: string): string =>
      execFileSync("ssh-keygen", ["-y", "-P", passphrase, "-f", path], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    expect(open("open sesame").trim()).toBe(stdout.trim());
    expect(() => open("")).toThrow();
  });

  test("stands where the replaced tool had it, unless told otherwise", async () => {
    const { code, stderr } = await run([]);
    expect(code).toBe(0);
    expect(existsSync(join(home, ".ssh", "m2m_mcp_server_ssh_client"))).toBe(true);
    expect(stderr).toContain("# add that line to ~/.ssh/authorized_keys on the server\n");
  });
});

describe("wrong usage: exit 2, and no key", () => {
  test.each<[string[], string]>([
    [["--client-key", "a", "--client-key", "b"], "argument --client-key: only one key is made"],
    [["--client-key", "a.pub"], "argument --client-key: 'a.pub' is a public key's name"],
    [["--comment", "two\nlines"], "argument --comment: invalid comment: 'two\\nlines'"],
    [["--comment"], "argument --comment: expected one argument"],
    [["file"], "unrecognized arguments: 'file'"],
  ])("%j", async (argv, message) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`mcp-ssh-client keygen: error: ${message}`);
    expect(existsSync(join(home, ".ssh"))).toBe(false);
  });
});
