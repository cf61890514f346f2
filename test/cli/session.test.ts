/** The built command and a real sshd: what is asked of the server, what a person is told, and what crosses. */
import { spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { endHosts, type Host, hostEnvironment, launch, type Remote, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";

const line = '{"jsonrpc":"2.0","method":"notifications/x","params":{"n":9007199254740993,"s":"\\u00e9"}}';

describeNeeding(missingSshd(), "a session on a real sshd", () => {
  let server: SshServer;
  let forced: SshServer;
  const hosts: Host[] = [];

  beforeAll(async () => {
    server = await startSshd({ subsystems: { mcp: "/bin/cat" } });
    const banner = join(server.folder, "banner");
    writeFileSync(banner, "Beware\u001b[31m of\nthe dog\n");
    forced = await startSshd({
      config: ['ForceCommand echo "$SSH_ORIGINAL_COMMAND." >&2; exec cat', `Banner ${banner}`],
    });
  });
  afterEach(() => endHosts(hosts.splice(0)));
  afterAll(async () => {
    await forced?.stop();
    await server?.stop();
  });

  function start(
    remote: Remote,
    flags: readonly string[] = [],
    options: { server?: SshServer; env?: NodeJS.ProcessEnv } = {},
  ): Host {
    const host = startHost(launch(options.server ?? server, remote, flags), { ...hostEnvironment(), ...options.env });
    hosts.push(host);
    return host;
  }

  /** Sends one line, reads it back, and takes leave. */
  async function echoed(host: Host): Promise<string> {
    host.send(line);
    expect(await host.line()).toBe(line);
    host.end();
    expect(await host.exit).toEqual({ code: 0, signal: null });
    expect(host.stdout().toString()).toBe(`${line}\n`);
    return host.stderr();
  }

  test("a command", async () => {
    expect(await echoed(start({ exec: "cat" }))).not.toContain("ERROR");
  });

  test("a subsystem", () => echoed(start({ subsystem: "mcp" })));

  test("a shell, with no command and no terminal, where neither is given", async () => {
    const stderr = await echoed(start({ shell: true }, [], { server: forced }));
    expect(stderr).toContain("[remote stderr] .\n");
    expect(forced.log()).not.toContain("pty");
  });

  test("the server's banner, escaped, as information", async () => {
    const stderr = await echoed(start({ shell: true }, [], { server: forced }));
    expect(stderr).toMatch(/ - INFO - the server says: Beware\\x1b\[31m of\n.* - INFO - the server says: the dog\n/);
  });

  test("variables: from the command line, from here, missing here, refused there", async () => {
    const flags = ["--env", "LANG=s3cret", "--env=MCP_SSH_ACCEPTED", "--env", "NOT_HERE", "--env=REFUSED=s4cret"];
    const exec = `printf '{"jsonrpc":"2.0","method":"%s %s %s"}\\n' "$LANG" "$MCP_SSH_ACCEPTED" "$REFUSED"`;
    const host = start({ exec }, [...flags, "--log-level", "DEBUG"], { env: { MCP_SSH_ACCEPTED: "s5cret" } });
    expect(await host.line()).toBe('{"jsonrpc":"2.0","method":"s3cret s5cret "}');
    expect((await host.exit).code).toBe(0);
    expect(host.stderr()).toContain(
      "WARNING - --env NOT_HERE: there is no such variable here, so it is not set there either: name it in the env of the host's entry",
    );
    expect(host.stderr()).toContain(
      "WARNING - the server refused to set REFUSED: AcceptEnv in its sshd_config must name it",
    );
    expect(host.stderr()).not.toMatch(/s[345]cret/);
  });

  test("the log never holds what messages say", async () => {
    const host = start({ exec: "cat" }, ["--log-level", "DEBUG"]);
    expect(await echoed(host)).not.toMatch(/notifications|9007199254740993/);
  });

  test("the remote's exit status is ours", async () => {
    expect((await start({ exec: "exit 7" }).exit).code).toBe(7);
  });

  test("a signal ends it with 128+n", async () => {
    const host = start({ exec: "cat" });
    host.send(line);
    await host.line();
    host.child.kill("SIGTERM");
    expect(await host.exit).toEqual({ code: 143, signal: null });
  });

  test("nothing is lost when the remote ends before the host has read", async () => {
    const size = 5 * 2 ** 20;
    const exec = `printf '{"jsonrpc":"2.0","method":"'; head -c ${size} /dev/zero | tr '\\0' x; printf '"}\\n'`;
    const { command, args } = launch(server, { exec });
    const child = spawn(command, args, { env: hostEnvironment(), stdio: ["pipe", "pipe", "ignore"] });
    const code = new Promise((resolve) => child.once("exit", resolve));
    // The pipe is full and the remote is gone by now, or soon; whether it is must not matter.
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    let length = 0;
    for await (const chunk of child.stdout) length += chunk.length;
    expect(length).toBe(size + '{"jsonrpc":"2.0","method":""}\n'.length);
    expect(await code).toBe(0);
  });

  test.each(["a file", "/dev/null"])("stdin may be %s", async (kind) => {
    const path = kind === "a file" ? join(server.folder, "lines") : kind;
    if (kind === "a file") writeFileSync(path, `${line}\n`);
    const stdin = openSync(path, "r");
    const { command, args } = launch(server, { exec: "cat" });
    const child = spawn(command, args, { env: hostEnvironment(), stdio: [stdin, "pipe", "ignore"] });
    closeSync(stdin);
    let out = "";
    for await (const chunk of child.stdout ?? []) out += String(chunk);
    expect(out).toBe(kind === "a file" ? `${line}\n` : "");
  });

  test("a host that reads stdout no more ends it", async () => {
    const host = start({ exec: "cat" });
    host.send(line);
    await host.line();
    host.child.stdout?.destroy();
    host.send(line);
    expect((await host.exit).code).toBe(0);
  });

  test("a host that never reads stderr holds nothing up", async () => {
    const { command, args } = launch(server, { exec: "yes noise | head -c 4000000 >&2; cat" });
    const child = spawn(command, args, { env: hostEnvironment(), stdio: "pipe" });
    const code = new Promise((resolve) => child.once("exit", resolve));
    child.stdin.end(`${line}\n`);
    let out = "";
    for await (const chunk of child.stdout) out += String(chunk);
    expect(out).toBe(`${line}\n`);
    expect(await code).toBe(0);
    child.stderr.destroy();
  });

  /** Where the handshake fails: what stderr says, and what the host was told. */
  async function refused(
    flags: readonly string[],
    remote: Remote = { exec: "echo ran >&2" },
    options: { server?: SshServer } = {},
  ): Promise<string> {
    const host = start(remote, flags, options);
    host.send('{"jsonrpc":"2.0","id":1,"method":"initialize"}');
    const answer = JSON.parse(await host.line());
    expect((await host.exit).code).toBe(1);
    expect(host.stderr()).not.toContain("[remote stderr]");
    const [, reason = ""] = /Error running MCP SSH client: (.*)\n/.exec(host.stderr()) ?? [];
    expect(answer).toMatchObject({ id: 1, error: { code: -31001, data: { source: "mcp-ssh-client" } } });
    expect(answer.error.message).toContain(reason);
    return reason;
  }

  test("an unknown host is refused, and the line that the refusal gives makes it known", async () => {
    const reason = await refused(["--known-hosts", "/dev/null"]);
    expect(reason).toMatch(/^Host key verification failed: no key of 127\.0\.0\.1 port \d+ is known\./);
    expect(reason).toContain(fingerprintOf(join(server.folder, "host_key.pub")));
    const path = join(server.folder, "made-known");
    writeFileSync(path, `${/the line '(.*?)'/.exec(reason)?.[1]}\n`);
    await echoed(start({ exec: "cat" }, ["--known-hosts", path]));
  });

  test("a changed host key is refused, with both fingerprints and the line", async () => {
    const { publicKey } = makeKeyPair();
    const other = join(server.folder, "other.pub");
    writeFileSync(other, `${publicKey}\n`);
    const path = join(server.folder, "changed");
    writeFileSync(path, `# old\n[127.0.0.1]:${server.port} ${publicKey}\n`);
    const reason = await refused(["--known-hosts", path]);
    expect(reason).toMatch(/^Host key verification failed: THE HOST KEY OF 127\.0\.0\.1 port \d+ HAS CHANGED\./);
    expect(reason).toContain(fingerprintOf(join(server.folder, "host_key.pub")));
    expect(reason).toContain(`${fingerprintOf(other)} in ${path}:2`);
  });

  test("a revoked host key is refused", async () => {
    const path = join(server.folder, "revoked");
    writeFileSync(path, `[127.0.0.1]:${server.port} ${server.hostKey}\n@revoked * ${server.hostKey}\n`);
    expect(await refused(["--known-hosts", path])).toContain(`is marked @revoked in ${path}:2`);
  });

  test("any host key will do where checking is disabled", async () => {
    const { command, args } = launch(server, { exec: "cat" });
    const at = args.indexOf("--known-hosts");
    const host = startHost({ command, args: [...args.toSpliced(at, 2), "--disable-host-key-checking"] });
    hosts.push(host);
    expect(await echoed(host)).toContain("WARNING - Host key checking is disabled");
  });

  test("a key that the server does not know is refused", async () => {
    const path = join(server.folder, "stranger");
    writeFileSync(path, makeKeyPair().privateKey, { mode: 0o600 });
    const reason = await refused([], { exec: "echo ran >&2" }, { server: { ...server, clientKey: path } });
    expect(reason).toMatch(/^Authentication failed: /);
    expect(reason).toContain(`check that ${path}.pub is in authorized_keys of ${server.user} at 127.0.0.1`);
  });

  test("a subsystem that the server does not have is refused", async () => {
    expect(await refused([], { subsystem: "nothing" })).toContain(
      "its sshd_config needs a Subsystem line of that name",
    );
  });

  test("the limits on its command line reach the connection", async () => {
    const host = start({ exec: "cat" }, ["--rekey-bytes", "16384", "--log-level", "DEBUG"]);
    const long = JSON.stringify({ jsonrpc: "2.0", method: "x".repeat(100_000) });
    host.send(long);
    expect(await host.line()).toBe(long);
    expect(host.stderr().match(/sent SSH_MSG_KEXINIT/g)?.length).toBeGreaterThan(1);
    host.end();
    expect((await host.exit).code).toBe(0);
  });

  test("a longer line than --max-line is not held, and what it answers is answered", async () => {
    const host = start({ exec: "cat" }, ["--max-line", "1024"]);
    host.send(JSON.stringify({ jsonrpc: "2.0", method: "x".repeat(2000) }));
    host.send(line);
    expect(await host.line()).toBe(line);
  });
});
