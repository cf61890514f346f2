/** The built command and its key: made where it is missing, unlocked where it is encrypted. With a real sshd. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { freePort, type SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTerminal, type OnTerminal, onTerminal } from "../support/terminal.ts";

const line = '{"jsonrpc":"2.0","method":"notifications/x"}';

let home = "";
const hosts: Host[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mcp-client-key-"));
});
afterEach(async () => {
  await endHosts(hosts.splice(0));
  rmSync(home, { recursive: true, force: true });
});

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Host {
  const launch = { command: process.execPath, args: [builtCommand, ...args] };
  const host = startHost(launch, { ...hostEnvironment(), HOME: home, ...env });
  hosts.push(host);
  return host;
}

/** Starts it, asks one thing, and waits for the end; gives stderr. */
async function ended(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const host = start(args, env);
  host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  await host.line();
  expect((await host.exit).code).toBe(1);
  return host.stderr();
}

function sshKeygen(...args: string[]): string {
  return execFileSync("ssh-keygen", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

describe("a client key that is missing", () => {
  const nowhere = async (): Promise<readonly string[]> => ["--host", "127.0.0.1", "--port", String(await freePort())];

  test("is made, and its line for authorized_keys is shown", async () => {
    const stderr = await ended(await nowhere());
    const path = join(home, ".ssh", "m2m_mcp_server_ssh_client");
    const publicLine = sshKeygen("-y", "-P", "", "-f", path);
    expect(stderr).toMatch(new RegExp(` - INFO - Made a new key: ${path} \\(SHA256:\\S{43}\\)\n`));
    expect(stderr).toContain(
      ` - INFO - Its line for authorized_keys on the server, as in ${path}.pub: ${publicLine}\n`,
    );
    expect(readFileSync(`${path}.pub`, "utf8")).toBe(`${publicLine}\n`);
    expect([mode(join(home, ".ssh")), mode(path), mode(`${path}.pub`)]).toEqual(["700", "600", "644"]);
  });

  test("is used as it is by the next run", async () => {
    await ended(await nowhere());
    const path = join(home, ".ssh", "m2m_mcp_server_ssh_client");
    const before = readFileSync(path, "utf8");
    expect(await ended(await nowhere())).not.toContain("Made a new key");
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test.each([
    ["without a command", []],
    ["with a command", ["--command", "cat"]],
  ])("is made where it was named, %s", async (_, flags) => {
    const stderr = await ended([...(await nowhere()), "--client-key", "~/new/my.key", ...flags]);
    expect(stderr).toContain(`Made a new key: ${home}/new/my.key `);
    expect(readdirSync(join(home, "new")).sort()).toEqual(["my.key", "my.key.pub"]);
  });

  test("is encrypted where a passphrase was given", async () => {
    const env = { MCP_SSH_PASSPHRASE: "correct horse" };
    const stderr = await ended([...(await nowhere()), "--client-key", "~/key"], env);
    expect(stderr).toContain("), encrypted with the passphrase from MCP_SSH_PASSPHRASE\n");
    expect(sshKeygen("-y", "-P", "correct horse", "-f", join(home, "key"))).toMatch(/^ssh-ed25519 /);
    expect(() => sshKeygen("-y", "-P", "", "-f", join(home, "key"))).toThrow();
  });

  test("is made once, however many start at once", async () => {
    const where = await nowhere();
    const stderrs = await Promise.all(Array.from({ length: 4 }, () => ended(where)));
    expect(stderrs.filter((stderr) => stderr.includes("Made a new key"))).toHaveLength(1);
    expect(stderrs.join("")).not.toMatch(/damaged|Cannot/);
    expect(readdirSync(join(home, ".ssh")).sort()).toEqual([
      "m2m_mcp_server_ssh_client",
      "m2m_mcp_server_ssh_client.pub",
    ]);
  });

  test.each([
    ["of several", ["--client-key", "~/a", "--client-key", "~/b"], "no such file; make a key with: ssh-keygen"],
    ["that is a public one", ["--client-key", "~/key.pub"], "no such file"],
    ["beside an agent", ["--client-key", "~/key", "--agent", "/nowhere"], "no such file"],
  ])("%s is not made", async (_, flags, message) => {
    expect(await ended([...(await nowhere()), ...flags])).toContain(message);
    expect(readdirSync(home)).toEqual([]);
  });

  test("whose public half is there is not made", async () => {
    writeFileSync(join(home, "key.pub"), "ssh-ed25519 AAAA\n");
    const stderr = await ended([...(await nowhere()), "--client-key", "~/key"]);
    expect(stderr).toContain(`There is no key ${home}/key, though its public half is there`);
    expect(stderr).toContain(`name ${home}/key.pub with --client-key`);
    expect(stderr).not.toContain("ssh-keygen"); // it would write over the public half
    expect(readdirSync(home)).toEqual(["key.pub"]);
  });

  test("of ssh's own is not made, with a command", async () => {
    expect(await ended([...(await nowhere()), "--command", "cat", "--agent", "none"])).toContain("There is no key");
    expect(existsSync(join(home, ".ssh"))).toBe(false);
  });
});

describeNeeding(missingSshd(), "an encrypted client key, on a real sshd", () => {
  let server: SshServer;
  let path = "";

  beforeAll(async () => {
    server = await startSshd();
    path = join(server.folder, "encrypted");
    writeFileSync(path, readFileSync(server.clientKey), { mode: 0o600 });
    sshKeygen("-p", "-P", "", "-N", "correct horse", "-a", "4", "-f", path);
  });
  afterAll(() => server?.stop());

  function flags(...others: string[]): readonly string[] {
    return flagsFor(path, ...others);
  }

  function flagsFor(key: string, ...others: string[]): readonly string[] {
    const where = ["--host", server.host, "--port", String(server.port), "--username", server.user];
    const trust = ["--known-hosts", server.knownHosts];
    return [...where, ...trust, "--command", "cat", "--client-key", key, ...others];
  }

  /** Logs in, sends a line and reads it back; gives stderr. */
  async function echoed(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
    const host = start(args, env);
    host.send(line);
    expect(await host.line()).toBe(line);
    host.end();
    expect((await host.exit).code).toBe(0);
    return host.stderr();
  }

  const file = (content: string, mode = 0o600): string => {
    const name = join(home, "passphrase");
    writeFileSync(name, content);
    chmodSync(name, mode);
    return name;
  };

  test("is unlocked by --passphrase, with the warning that others can see it", async () => {
    const stderr = await echoed(flags("--passphrase", "correct horse"));
    expect(stderr).toContain(" - WARNING - --passphrase can be seen by others on this machine");
    expect(stderr).not.toContain("correct horse");
  });

  test("is unlocked by a variable, without a word", async () => {
    expect(await echoed(flags(), { MCP_SSH_PASSPHRASE: "correct horse" })).not.toMatch(/passphrase|WARNING/i);
  });

  test.each(["correct horse\n", "correct horse", "correct horse\r\nmore\n"])(
    "is unlocked by a file: %j",
    async (text) => {
      expect(await echoed(flags("--passphrase-file", file(text)))).not.toMatch(/passphrase|WARNING/i);
    },
  );

  test("is unlocked by a file that others can read, with a warning", async () => {
    const name = file("correct horse\n", 0o644);
    const warning = `WARNING - Passphrase file ${name} has insecure permissions. Recommended: chmod 600 ${name}`;
    expect(await echoed(flags("--passphrase-file", name))).toContain(warning);
  });

  test("a flag counts before the variable", async () => {
    await echoed(flags("--passphrase-file", file("correct horse\n")), { MCP_SSH_PASSPHRASE: "wrong" });
    await echoed(flags("--passphrase", "correct horse"), { MCP_SSH_PASSPHRASE: "wrong" });
  });

  test("an empty flag or variable is none", async () => {
    const stderr = await ended(flags("--passphrase", ""), { MCP_SSH_PASSPHRASE: "" });
    expect(stderr).toContain(
      `Cannot use the key ${path}: this private key is encrypted and needs its passphrase; give it by`,
    );
    expect(stderr).not.toContain("WARNING");
  });

  test("without a passphrase, the ways to give one are named", async () => {
    const stderr = await ended(flags());
    for (const way of ["MCP_SSH_PASSPHRASE", "--passphrase-file", "--passphrase,".slice(0, -1), "ssh-add", "--agent"]) {
      expect(stderr).toContain(way);
    }
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test.each([
    ["--passphrase", ["--passphrase", "s3cret"], {}],
    ["MCP_SSH_PASSPHRASE", [], { MCP_SSH_PASSPHRASE: "s3cret" }],
  ])("a wrong passphrase is told with where it came from: %s", async (source, given, env) => {
    const stderr = await ended(flags(...given), env);
    expect(stderr).toContain("this is not the passphrase of this private key (or the file is damaged)");
    expect(stderr).toContain(`: it came from ${source}\n`);
    expect(stderr).not.toContain("s3cret");
  });

  test.each([
    ["that is empty", "", "has no passphrase: it belongs in its first line"],
    ["whose first line is empty", "\ncorrect horse\n", "has no passphrase: it belongs in its first line"],
  ])("a passphrase file %s", async (_, text, message) => {
    expect(await ended(flags("--passphrase-file", file(text)))).toContain(message);
  });

  test("a passphrase file that is missing", async () => {
    expect(await ended(flags("--passphrase-file", "~/none"))).toContain(`Cannot read ${home}/none: no such file`);
  });

  test("a passphrase for a key that is not encrypted is not read, and told to be needless", async () => {
    const stderr = await echoed(flagsFor(server.clientKey, "--passphrase-file", "~/none"));
    expect(stderr).toContain(
      `INFO - The key ${server.clientKey} is not encrypted: it needs no passphrase from --passphrase-file`,
    );
  });

  test.each([
    ["OpenSSH, ECDSA, chacha20-poly1305", ["-t", "ecdsa", "-Z", "chacha20-poly1305@openssh.com"]],
    ["OpenSSH, Ed25519, aes256-gcm", ["-t", "ed25519", "-Z", "aes256-gcm@openssh.com"]],
    ["PKCS#1 with DEK-Info", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
    ["SEC1 with DEK-Info", ["-t", "ecdsa", "-b", "384", "-m", "PEM"]],
    ["PKCS#8, RSA", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
    ["PKCS#8, ECDSA", ["-t", "ecdsa", "-b", "521", "-m", "PKCS8"]],
  ])("of each format logs in: %s", async (_, options) => {
    const key = join(home, "key");
    sshKeygen("-q", ...options, "-N", "secret", "-f", key);
    appendFileSync(join(server.folder, "authorized_keys"), readFileSync(`${key}.pub`));
    expect(await echoed(flagsFor(key), { MCP_SSH_PASSPHRASE: "secret" })).not.toContain("WARNING");
  });

  describeNeeding(missingTerminal(), "at a terminal", () => {
    const terminals: OnTerminal[] = [];
    afterEach(() => Promise.all(terminals.splice(0).map((terminal) => terminal.stop())));

    function open(how?: "--background" | "--stdin"): OnTerminal {
      const terminal = onTerminal(flags(), { HOME: home }, how);
      terminals.push(terminal);
      return terminal;
    }

    const question = (again = ""): RegExp => new RegExp(`${again}Passphrase for the key ${path}: $`);
    const restored = "terminal: echo on, lines on\n";

    test("a person is asked, again where it is wrong; nothing that is typed is shown, and stdout stays MCP's", async () => {
      const terminal = open();
      await terminal.shown(question());
      terminal.type("wrong\r");
      await terminal.shown(question("That is not it. "));
      terminal.type("corrext\u007f\u007ft\u0015correct horze\u007f\u007fse\r");
      terminal.write(`${line}\n`);
      terminal.end();
      const { code, terminal: shown, stdout } = await terminal.done;
      expect({ code, stdout }).toEqual({ code: 0, stdout: `${line}\n` });
      expect(shown).not.toMatch(/corr|horze|wrong/);
      expect(shown.endsWith(restored)).toBe(true);
    });

    test("after three wrong ones it gives up", async () => {
      const terminal = open();
      for (const times of [1, 2, 3]) {
        await terminal.shown(new RegExp(`^(.*?Passphrase for the key.*?){${times}}: $`, "s"));
        terminal.type("wrong\r");
      }
      const { code, terminal: shown } = await terminal.done;
      expect(code).toBe(1);
      expect(shown).toContain("this is not the passphrase of this private key");
    });

    test.each([
      ["^D", "\u0004", 1],
      ["Enter", "\r", 1],
      ["^C", "\u0003", 130],
    ])("%s calls it off", async (_, key, expected) => {
      const terminal = open();
      await terminal.shown(question());
      terminal.type(key);
      const { code, terminal: shown } = await terminal.done;
      expect(code).toBe(expected);
      if (expected === 1) expect(shown).toContain("needs its passphrase; give it by MCP_SSH_PASSPHRASE");
      expect(shown.endsWith(restored)).toBe(true);
    });

    test("SIGTERM ends it, and the terminal is as it was", async () => {
      const terminal = open();
      await terminal.shown(question());
      terminal.kill("SIGTERM");
      const { code, terminal: shown } = await terminal.done;
      expect(code).toBe(143);
      expect(shown.endsWith(restored)).toBe(true);
    });

    test("a host that leaves ends it, and the terminal is as it was", async () => {
      const terminal = open();
      await terminal.shown(question());
      terminal.end();
      const { code, terminal: shown } = await terminal.done;
      expect(code).toBe(0);
      expect(shown.endsWith(restored)).toBe(true);
    });

    test("what is typed at the question is not taken for MCP, where stdin is the terminal too", async () => {
      for (let i = 0; i < 3; i++) {
        const terminal = open("--stdin");
        await terminal.shown(question());
        terminal.type("correct horse\r");
        await terminal.shown(/: \r\n/);
        terminal.type(`${line}\n`);
        await terminal.shown(/notifications/);
        terminal.type("\u0004");
        const { code, terminal: shown, stdout } = await terminal.done;
        expect({ code, stdout }).toEqual({ code: 0, stdout: `${line}\n` });
        expect(shown).not.toContain("horse");
      }
    });

    test("a job in the background does not ask", async () => {
      const { code, terminal: shown } = await open("--background").done;
      expect(code).toBe(1);
      expect(shown).toContain("needs its passphrase");
      expect(shown).not.toMatch(question());
    });
  });
});
