/** The built command as a host starts it: what it says and how it exits where no session comes about. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { flagRows } from "../../src/cli/flags.ts";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { freePort, makeKeyPair } from "../support/ssh-server.ts";

const ping = '{"jsonrpc":"2.0","id":"p","method":"ping"}';

let home = "";
let clientKey = "";
const hosts: Host[] = [];
const cleanups: (() => void)[] = [];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  clientKey = join(home, "key");
  writeFileSync(clientKey, makeKeyPair().privateKey, { mode: 0o600 });
});
afterEach(async () => {
  await endHosts(hosts.splice(0));
  for (const cleanup of cleanups.splice(0)) cleanup();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Host {
  const host = startHost(
    { command: process.execPath, args: [builtCommand, ...args] },
    { ...hostEnvironment(), HOME: home, ...env },
  );
  hosts.push(host);
  return host;
}

/** Starts it with a key, asks one thing, and waits for the end. */
async function refused(
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<{ code: number | null; line: string; stderr: string }> {
  const host = start(["--host", "127.0.0.1", "--client-key", clientKey, ...args], env);
  host.send(ping);
  const line = await host.line();
  const { code } = await host.exit;
  expect(host.stdout().toString()).toBe(`${line}\n`);
  return { code, line, stderr: host.stderr() };
}

/** A TCP server that does with each connection what it is told. */
async function tcpServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

describe("without a session", () => {
  test("--list-algorithms shows what is offered, narrowed as asked", async () => {
    const host = start([
      "--list-algorithms",
      "--ciphers=-*-ctr",
      "--macs",
      "hmac-sha2-256",
      "--kex=^ecdh-sha2-nistp521",
    ]);
    expect(await host.exit).toEqual({ code: 0, signal: null });
    const text = host.stdout().toString();
    expect(text).toMatch(/^key exchange methods \(--kex\):\n {2}ecdh-sha2-nistp521\n {2}mlkem768x25519-sha256\n/);
    expect(text).toMatch(
      /\nciphers \(--ciphers\):\n( {2}(chacha20|aes\d+-gcm)\S+\n){3}MACs, .*:\n {2}hmac-sha2-256\n$/,
    );
    expect(host.stderr()).toBe("");
  });

  test("--list-algorithms with a name that nobody knows", async () => {
    const host = start(["--list-algorithms", "--ciphers", "rot13"]);
    expect((await host.exit).code).toBe(2);
    expect(host.stderr()).toMatch(/error: unknown cipher "rot13"; known are chacha20/);
  });

  test("--version says name and version", async () => {
    const host = start(["--version"]);
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.stdout().toString()).toBe(`mcp-ssh-client ${version}\n`);
    expect(host.stderr()).toBe("");
  });

  test.each(["--help", "-h"])("%s shows every flag, its default and examples", async (flag) => {
    const host = start([flag]);
    expect(await host.exit).toEqual({ code: 0, signal: null });
    const help = host.stdout().toString();
    for (const { flag, about, initial } of flagRows) {
      expect(help).toContain(flag);
      expect(help).toContain(initial === undefined ? `${about}\n` : `${about} (default: ${initial})\n`);
    }
    expect(help).toMatch(/^Examples:\n {2}#/m);
    expect(help).not.toMatch(/ $/m);
    expect(host.stderr()).toBe("");
  });

  test.each([
    ["an unknown flag", ["--nonsense"], "unrecognized arguments: '--nonsense'"],
    ["a positional argument", ["h.example"], "unrecognized arguments: 'h.example' (did you mean --host h.example?)"],
    [
      "two flags that exclude each other",
      ["--known-hosts", "x", "--disable-host-key-checking"],
      "argument --disable-host-key-checking: not allowed with argument --known-hosts",
    ],
    [
      "the same, by a prefix",
      ["--kn=x", "--use-k"],
      "argument --use-key-server: not allowed with argument --known-hosts",
    ],
    ["a prefix of several flags", ["--k=x"], "ambiguous option: --k could match --known-hosts, --key-server-port"],
    [
      "a value that would be taken for true",
      ["--disable-host-key-checking=false"],
      "argument --disable-host-key-checking: ignored explicit argument 'false'",
    ],
  ])("%s: usage on stderr, exit 2", async (_, args, message) => {
    const host = start(args);
    host.end();
    expect(await host.exit).toEqual({ code: 2, signal: null });
    expect(host.stdout()).toHaveLength(0);
    expect(host.stderr()).toMatch(/^usage: mcp-ssh-client \[-h\]/);
    expect(host.stderr().endsWith(`\nmcp-ssh-client: error: ${message}\n`)).toBe(true);
  });
});

describe("wrong usage, by a host", () => {
  test("its request is answered with the words of stderr", async () => {
    const host = start(["--command", "npx", "-y", "server"]);
    host.send(ping);
    const { id, error } = JSON.parse(await host.line());
    expect(await host.exit).toEqual({ code: 2, signal: null });
    const text =
      "mcp-ssh-client: error: unrecognized arguments: '-y' (the command is one argument: put all of it in quotes)";
    expect(id).toBe("p");
    expect(error).toMatchObject({ code: -31001, data: { source: "mcp-ssh-client", mayHaveRun: false } });
    expect(error.message).toContain(text);
    expect(host.stderr().endsWith(`\n${text}\n`)).toBe(true);
    expect(host.stderr()).not.toContain(" - ERROR - ");
  });

  test("a host that says nothing is waited for, not for ever", async () => {
    const host = start(["--nonsense"]);
    expect(await host.exit).toEqual({ code: 2, signal: null });
    expect(host.stdout()).toHaveLength(0);
  });
});

describe("a file that cannot be used: exit 1, and the host is told why", () => {
  const closedPort = freePort;

  test("one of several client keys is missing, with the command that makes one", async () => {
    const port = String(await closedPort());
    const { code, line, stderr } = await refused(["--port", port, "--client-key", clientKey, "--client-key", "~/none"]);
    expect(code).toBe(1);
    const reason = `Cannot read ${home}/none: no such file; make a key with: ssh-keygen -t ed25519 -f ${home}/none -N '' and`;
    expect(stderr).toContain(` - ERROR - Error running MCP SSH client: ${reason}`);
    expect(JSON.parse(line)).toMatchObject({ id: "p", error: { code: -31001, data: { source: "mcp-ssh-client" } } });
    expect(JSON.parse(line).error.message).toContain(reason);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("the client key is a folder", async () => {
    const { code, stderr } = await refused(["--port", String(await closedPort()), "--client-key", home]);
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot read ${home}: it is a folder`);
  });

  test("the client key is a public key", async () => {
    const path = join(home, "key.pub");
    writeFileSync(path, `${makeKeyPair().publicKey}\n`, { mode: 0o600 });
    const { code, stderr } = await refused(["--port", String(await closedPort()), "--client-key", path]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${path} is a public key, and there is no agent to sign for it; `);
  });

  test("the named known_hosts file is missing", async () => {
    const { code, stderr } = await refused(["--port", String(await closedPort()), "--known-hosts", "~/none"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot read ${home}/none: no such file`);
  });

  test("the client key can be read by others: a warning only", async () => {
    const path = join(home, "open-key");
    writeFileSync(path, readFileSync(clientKey));
    chmodSync(path, 0o644);
    const { stderr } = await refused(["--port", String(await closedPort()), "--client-key", path]);
    expect(stderr).toContain(
      ` - WARNING - Client key ${path} has insecure permissions. Recommended: chmod 600 ${path}\n`,
    );
  });
});

describe("a server that cannot be reached: exit 1, and the host is told why", () => {
  test("nobody listens", async () => {
    const port = await freePort();
    const { code, line, stderr } = await refused(["--port", String(port)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - mcp_ssh_client\.transport - ERROR - Error running MCP SSH client: (\[Errno \d+\] )?Connection refused: 127\.0\.0\.1 port \d+; .*\n$/,
    );
    if (process.platform === "linux") expect(stderr).toContain("client: [Errno 111] Connection refused");
    expect(JSON.parse(line).error.message).toContain(`Connection refused: 127.0.0.1 port ${port}`);
  });

  test("it hangs up at once", async () => {
    const port = await tcpServer((socket) => socket.end());
    const { code, stderr } = await refused(["--port", String(port)]);
    expect(code).toBe(1);
    expect(stderr).toContain("PerSourcePenalties");
  });

  test("it is no SSH server", async () => {
    const port = await tcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n".padEnd(20_000, "\r\n")));
    const { code, stderr } = await refused(["--port", String(port)]);
    expect(code).toBe(1);
    expect(stderr).toContain("this is no SSH server");
    expect(stderr).toContain(`check that port ${port} of 127.0.0.1 is an SSH server's`);
  });

  test("it says nothing", async () => {
    const port = await tcpServer(() => {});
    const { code, stderr } = await refused(["--port", String(port), "--connect-timeout", "2"]);
    expect(code).toBe(1);
    expect(stderr).toContain("no sign of the server's version line within 2 s");
  });

  test("DEBUG says more, CRITICAL nothing, and both exit the same", async () => {
    const port = String(await tcpServer((socket) => socket.end()));
    const loud = await refused(["--port", port, "--log-level", "DEBUG"]);
    const silent = await refused(["--port", port, "--log-level", "CRITICAL"]);
    expect(loud.stderr).toContain(" - DEBUG - ");
    expect(silent.stderr).toBe("");
    expect([loud.code, silent.code]).toEqual([1, 1]);
    expect(JSON.parse(silent.line).error.message).toContain("PerSourcePenalties");
  });

  test("one warning says that host key checking is disabled", async () => {
    const { stderr } = await refused(["--port", String(await freePort()), "--disable-host-key-checking"]);
    expect(stderr.match(/ - WARNING - Host key checking is disabled/g)).toHaveLength(1);
  });
});

describe("while it connects", () => {
  const silent = (): Promise<number> => tcpServer(() => {});

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("%s ends it with %i", async (signal, code) => {
    let reached: () => void = () => {};
    const connected = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const port = await tcpServer(() => reached());
    const host = start(["--host", "127.0.0.1", "--port", String(port), "--client-key", clientKey]);
    await connected;
    host.child.kill(signal);
    expect(await host.exit).toEqual({ code, signal: null });
    expect(host.stdout()).toHaveLength(0);
    expect(host.stderr()).toBe("");
  });

  test.each(["client-key", "known-hosts"])(
    "SIGTERM ends it while --%s is a pipe that says nothing, which holds a thread that an exit would wait for",
    async (flag) => {
      let reached: () => void = () => {};
      const connected = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const port = await tcpServer(() => reached());
      const pipe = join(home, `${flag}-pipe`);
      execFileSync("mkfifo", [pipe]);
      const host = start(["--host", "127.0.0.1", "--port", String(port), "--client-key", clientKey, `--${flag}`, pipe]);
      await connected;
      host.child.kill("SIGTERM");
      expect(await host.exit).toEqual({ code: null, signal: "SIGTERM" }); // nobody ever writes into the pipe
    },
  );

  test("SIGTERM ends it while --ssh-config is a pipe that somebody holds open and says nothing through", async () => {
    const pipe = join(home, "ssh-config-pipe");
    execFileSync("mkfifo", [pipe]);
    const host = start(["--host", "127.0.0.1", "--client-key", clientKey, "--ssh-config", pipe]);
    const writer = await open(pipe, "w"); // once it is read
    host.child.kill("SIGTERM");
    expect(await host.exit).toEqual({ code: null, signal: "SIGTERM" });
    await writer.close();
  });

  test("a host that leaves without a word ends it with 0", async () => {
    const host = start(["--host", "127.0.0.1", "--port", String(await silent()), "--client-key", clientKey]);
    host.end();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.stderr()).toBe("");
  });
});

test("an error of our own is one line that says so and where to report it, exit 1", async () => {
  const fault = 'setTimeout(() => { throw new TypeError("seven\\nlines") }, 300)';
  mkdirSync(join(home, "preload"), { recursive: true });
  const preload = join(home, "preload", "fault.cjs");
  writeFileSync(preload, fault);
  const port = await tcpServer(() => {});
  const host = start(["--host", "127.0.0.1", "--port", String(port), "--client-key", clientKey], {
    NODE_OPTIONS: `--require ${preload}`,
  });
  expect(await host.exit).toEqual({ code: 1, signal: null });
  expect(host.stderr()).toMatch(
    / - CRITICAL - internal error: TypeError: seven\\nlines\. .*please report it at https:\S+\n$/,
  );
  expect(host.stderr().split("\n")).toHaveLength(2);
});
