/** The built command, ssh's configuration and real sshds: where it goes, through whom, and what a person is told. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { descendants, until } from "../support/processes.ts";
import { freePort, keygen, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { echoed, line, refused } from "./one-line.ts";

describeNeeding(missingSshd(), "ssh's configuration and real sshds", () => {
  let target: SshServer;
  let bastion: SshServer;
  let outpost: SshServer;
  /** Gives a login shell that echoes. */
  let shell: SshServer;
  let home = "";
  const hosts: Host[] = [];

  beforeAll(async () => {
    target = await startSshd({
      subsystems: { mcp: "/bin/cat" },
      config: ["AcceptEnv MCP_SSH_ACCEPTED LANG LC_*", "DisableForwarding yes"],
    });
    bastion = await startSshd();
    outpost = await startSshd();
    shell = await startSshd({ config: ["ForceCommand cat"] });
    home = join(target.folder, "someone");
    mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
    const keys = { target, bastion, outpost };
    for (const [name, server] of Object.entries(keys)) {
      copyKey(server, `${name}_key`);
      writeFileSync(join(home, ".ssh", `${name}_known`), `[127.0.0.1]:${server.port} ${server.hostKey}\n`);
    }
  });
  afterEach(() => endHosts(hosts.splice(0)));
  afterAll(async () => {
    for (const server of [shell, outpost, bastion, target]) await server?.stop();
  });

  function copyKey(server: SshServer, name: string): void {
    const path = join(home, ".ssh", name);
    copyFileSync(server.clientKey, path);
    chmodSync(path, 0o600);
  }

  /** How often somebody has come to the server, and been let in. */
  function visits(server: SshServer): readonly number[] {
    return [/^Connection from /gm, /^Accepted /gm].map((pattern) => server.log().match(pattern)?.length ?? 0);
  }

  /** Of one server: how its block begins. */
  function block(name: string, server: SshServer): string {
    const files = `IdentityFile ~/.ssh/${name}_key\n UserKnownHostsFile ~/.ssh/${name}_known`;
    return `Host ${name}\n HostName 127.0.0.1\n Port ${server.port}\n User ${server.user}\n ${files}\n`;
  }

  /** Starts it in a home with this configuration. */
  function start(config: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}): Host {
    writeFileSync(join(home, ".ssh", "config"), config, { mode: 0o600 });
    const launch = { command: process.execPath, args: [builtCommand, ...flags] };
    const host = startHost(launch, { ...hostEnvironment(), HOME: home, ...env });
    hosts.push(host);
    return host;
  }

  const cat = ["--command", "cat"];

  describe("one server", () => {
    test("name, port, user, key and known hosts", async () => {
      expect(await echoed(start(block("target", target), ["--host", "target", ...cat]))).not.toMatch(/WARNING|ERROR/);
    });

    test("an included file, and another file in its place", async () => {
      writeFileSync(join(home, ".ssh", "more"), block("target", target), { mode: 0o600 });
      await echoed(start("Include m*\nHost *\n Port 1\n", ["--host", "target", ...cat]));
      const flags = ["--ssh-config", "~/.ssh/more", "--host", "target", ...cat];
      await echoed(start("Host *\n Port 1\n", flags));
    });

    test("a subsystem", async () => {
      await echoed(start(block("target", target), ["--host", "target", "--subsystem", "mcp"]));
    });

    test("what was typed wins", async () => {
      const config = "Host target\n HostName 127.0.0.1\n Port 1\n User nobody\n IdentityFile ~/.ssh/bastion_key\n";
      const { port, user, clientKey, knownHosts } = target;
      const typed = [
        "--port",
        String(port),
        "--username",
        user,
        "--client-key",
        clientKey,
        "--known-hosts",
        knownHosts,
      ];
      await echoed(start(config, ["--host", "target", ...typed, ...cat]));
    });

    test("with the login shell the replaced tool's port, user and key come first, the name is the configuration's", async () => {
      const config = "Host *\n HostName 127.0.0.1\n Port 1\n User nobody\n IdentityFile ~/.ssh/none\n";
      copyKey(shell, "m2m_mcp_server_ssh_client");
      expect(await refused(start(config, ["--host", "shell"]))).toContain("127.0.0.1 port 8022");
      const flags = ["--host", "shell", "--port", String(shell.port), "--username", shell.user];
      await echoed(start(config, [...flags, "--known-hosts", shell.knownHosts]));
    });

    test("none where none is wanted", async () => {
      const flags = ["--ssh-config", "none", "--host", "target.invalid", "--client-key", target.clientKey, ...cat];
      const reason = await refused(start("Host *\n HostName 127.0.0.1\n", flags));
      expect(reason).toContain("Could not resolve hostname target.invalid");
    });

    test("a host key under another name", async () => {
      writeFileSync(join(home, ".ssh", "alias_known"), `alias ${target.hostKey}\n`);
      const config = `Host target\n HostKeyAlias alias\n UserKnownHostsFile ~/.ssh/alias_known\n${block("target", target)}`;
      await echoed(start(config, ["--host", "target", ...cat]));
      writeFileSync(join(home, ".ssh", "alias_known"), `alias ${makeKeyPair().publicKey}\n`);
      expect(await refused(start(config, ["--host", "target", ...cat]))).toMatch(/THE HOST KEY OF alias .*HAS CHANGED/);
    });

    test("a key that RevokedHostKeys lists is refused, and all are where the list is missing", async () => {
      writeFileSync(join(home, ".ssh", "revoked"), `${target.hostKey}\n`);
      const config = `RevokedHostKeys ~/.ssh/revoked\n${block("target", target)}`;
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(/^Host key verification failed: .* is marked @revoked in .*\/\.ssh\/revoked:1/);
      const without = `RevokedHostKeys ~/.ssh/no-such\n${block("target", target)}`;
      expect(await refused(start(without, ["--host", "target", ...cat]))).toMatch(/no-such: no such file$/);
    });

    test("a certificate by its own file", async () => {
      const authority = join(home, ".ssh", "authority");
      const key = join(home, ".ssh", "certified");
      for (const path of [authority, key]) if (!existsSync(path)) keygen(path);
      execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", "-n", target.user, `${key}.pub`]);
      renameSync(`${key}-cert.pub`, join(home, ".ssh", "elsewhere.pub"));
      const certified = await startSshd({ config: [`TrustedUserCAKeys ${authority}.pub`, "AuthorizedKeysFile none"] });
      try {
        const own = block("target", certified)
          .replace("target_key", "certified")
          .replace("target_known", "certified_known");
        writeFileSync(join(home, ".ssh", "certified_known"), `[127.0.0.1]:${certified.port} ${certified.hostKey}\n`);
        const flags = ["--host", "target", ...cat];
        expect(await refused(start(own, flags))).toMatch(/^Authentication failed/);
        await echoed(start(`CertificateFile ~/.ssh/elsewhere.pub\n${own}`, flags));
      } finally {
        await certified.stop();
      }
    });

    test("StrictHostKeyChecking no is told, and not followed", async () => {
      const config = `StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nGlobalKnownHostsFile /dev/null\n${block("target", target)}`;
      const host = start(config, ["--host", "target", ...cat]);
      expect(await refused(host)).toContain("Host key verification failed");
      expect(host.stderr()).toContain("WARNING - StrictHostKeyChecking no is not followed");
    });

    test("variables: set, sent, and what the server does not take is no news", async () => {
      const config = `SetEnv LC_A=set LC_B=typed-wins REFUSED=1\nSendEnv MCP_SSH_* LANG\n${block("target", target)}`;
      const exec = `printf '{"jsonrpc":"2.0","method":"%s %s %s"}\\n' "$LC_A" "$LC_B" "$MCP_SSH_ACCEPTED"`;
      const host = start(config, ["--host", "target", "--env", "LC_B=flag", "--command", exec], {
        MCP_SSH_ACCEPTED: "sent",
      });
      expect(await host.line()).toBe('{"jsonrpc":"2.0","method":"set flag sent"}');
      expect((await host.exit).code).toBe(0);
      expect(host.stderr()).not.toContain("REFUSED");
    });

    test("the algorithms that it names are what is offered, but for those that we do not have", async () => {
      const names = "Ciphers aes128-cbc,aes192-ctr\nMACs hmac-sha2-512\nKexAlgorithms +diffie-hellman-group1-sha1\n";
      const flags = ["--host", "target", ...cat, "--log-level", "DEBUG"];
      const stderr = await echoed(start(`${names}${block("target", target)}`, flags));
      expect(stderr).toMatch(
        / chosen: curve25519-sha256, ssh-ed25519, aes192-ctr, aes192-ctr, hmac-sha2-512, hmac-sha2-512/,
      );
      expect(stderr).not.toContain("WARNING");
      const flagged = ["--ciphers", "aes256-ctr", "--kex", "ecdh-sha2-nistp384"];
      const other = await echoed(start(`${names}${block("target", target)}`, [...flags, ...flagged]));
      expect(other).toMatch(/ chosen: ecdh-sha2-nistp384, ssh-ed25519, aes256-ctr, aes256-ctr, hmac-sha2-512,/);
    });

    test.each([
      ["Ciphers aes128-cbc", [], /no cipher is left to offer of "aes128-cbc"; known are /],
      ["", ["--host-key-algorithms", "rsa-sha2-512"], /nothing in common.*host key algorithm|host key algorithm/],
      ["", ["--macs", "hmac-md5"], /unknown MAC "hmac-md5"; known are /],
    ] as const)("%s %j: what is offered is no more than that", async (names, flags, says) => {
      const config = `${names}\n${block("target", target)}`;
      expect(await refused(start(config, ["--host", "target", ...cat, ...flags]))).toMatch(says);
    });

    test.each([
      ["a keyword that we do not know", "Bogus yes\n", /WARNING - .*\/config line 1: bogus is not a keyword/],
      [
        "a keyword that we do not honour",
        "CASignatureAlgorithms x\n",
        /WARNING - .*\/config line 1: casignaturealgorithms is not supported/,
      ],
      ["Match exec", "Match exec true\n Port 1\nHost *\n", /WARNING - .*line 1: Match exec is not supported/],
    ])("%s is named, once", async (_name, before, expected) => {
      const stderr = await echoed(start(`${before}${block("target", target)}`, ["--host", "target", ...cat]));
      expect(stderr).toMatch(expected);
      expect(stderr.match(/WARNING/g)).toHaveLength(1);
    });

    test.each([
      ["a bad value", "Port x\n", [], /^.*\/\.ssh\/config line 1: bad port 'x'$/],
      [
        "a file that is not there",
        "",
        ["--ssh-config", "/no/such"],
        /^Cannot read \/no\/such: no such file; check --ssh-config$/,
      ],
      ["a name that is none", "HostName a/b\n", [], /^HostName: invalid host: 'a\/b'$/],
    ] as const)("%s", async (_name, config, flags, expected) => {
      expect(await refused(start(config, ["--host", "target", ...cat, ...flags]))).toMatch(expected);
    });
  });

  const way = (): string => `${block("bastion", bastion)}${block("outpost", outpost)}${block("target", target)}`;

  describe("jump hosts", () => {
    test("one", async () => {
      await echoed(start(`Host target\n ProxyJump bastion\n${way()}`, ["--host", "target", ...cat]));
    });

    test("two, by name", async () => {
      await echoed(start(`Host target\n ProxyJump bastion,outpost\n${way()}`, ["--host", "target", ...cat]));
    });

    test("two, one behind the other", async () => {
      const config = `Host target\n ProxyJump outpost\nHost outpost\n ProxyJump bastion\n${way()}`;
      const stderr = await echoed(start(config, ["--host", "target", ...cat, "--log-level", "DEBUG"]));
      const keys = [...stderr.matchAll(/ - the (server|jump host 127\.0\.0\.1)'s host key is /g)].map(([, who]) => who);
      expect(keys).toEqual(["jump host 127.0.0.1", "jump host 127.0.0.1", "server"]);
    });

    test("by the flag, with all in it, and none to forbid", async () => {
      const { user, port } = bastion;
      const flags = ["--host", "target", ...cat, "--client-key", join(home, ".ssh", "target_key")];
      writeFileSync(join(home, ".ssh", "config"), way());
      const known = `Host *\n UserKnownHostsFile ~/.ssh/bastion_known ~/.ssh/target_known\nHost 127.0.0.1\n IdentityFile ~/.ssh/bastion_key\n`;
      await echoed(start(`${known}${way()}`, ["--proxy-jump", `${user}@127.0.0.1:${port}`, ...flags]));
      const forbidden = `Host target\n ProxyJump no-such.invalid\n${way()}`;
      await echoed(start(forbidden, ["--proxy-jump", "none", ...flags]));
    });

    test("with the login shell too", async () => {
      const config = `Host shell\n ProxyJump bastion\n${way()}`;
      const flags = ["--host", "shell", "--port", String(shell.port), "--username", shell.user];
      const named = `Host shell\n HostName 127.0.0.1\n UserKnownHostsFile ${shell.knownHosts}\n`;
      await echoed(start(`${config}${named}`, [...flags, "--client-key", shell.clientKey]));
    });

    test.each(["bastion", "outpost"])("the key of %s, unknown, ends it there, by name", async (name) => {
      const config = `Host ${name}\n UserKnownHostsFile none\nHost target\n ProxyJump bastion,outpost\n${way()}`;
      const before = visits(target);
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(/^jump host \w+ \(127\.0\.0\.1 port \d+\): Host key verification failed: no key of/);
      expect(reason).toContain(String(name === "bastion" ? bastion.port : outpost.port));
      expect(visits(target)).toEqual(before);
    });

    test("the changed key of a jump host ends it there: nothing goes on", async () => {
      writeFileSync(join(home, ".ssh", "changed"), `[127.0.0.1]:${bastion.port} ${makeKeyPair().publicKey}\n`);
      const config = `Host bastion\n UserKnownHostsFile ~/.ssh/changed\nHost target\n ProxyJump bastion\n${way()}`;
      const before = [visits(target)[0], visits(bastion)[1]];
      expect(await refused(start(config, ["--host", "target", ...cat]))).toContain("HAS CHANGED");
      expect([visits(target)[0], visits(bastion)[1]]).toEqual(before);
    });

    test("the key of the target is judged behind a jump host as anywhere", async () => {
      const config = `Host target\n UserKnownHostsFile none\n ProxyJump bastion\n${way()}`;
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(/^Host key verification failed: no key of 127\.0\.0\.1 port/);
    });

    test("a jump host that does not let us in", async () => {
      const own = block("bastion", bastion).replace("bastion_key", "target_key\n IdentitiesOnly yes");
      const config = `${own}Host target\n ProxyJump bastion\n${block("target", target)}`;
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(/^jump host bastion \(127\.0\.0\.1 port \d+\): Authentication failed/);
    });

    test("a jump host where nobody listens", async () => {
      const port = await freePort();
      const config = `Host bastion\n Port ${port}\nHost target\n ProxyJump bastion\n${way()}`;
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(
        /^jump host bastion \(127\.0\.0\.1 port \d+\): \[Errno \d+\] Connection refused: .*that an SSH server runs there, and that \d+ is its port$/,
      );
    });

    test("a jump host that has no way on", async () => {
      const port = await freePort();
      const config = `Host target\n Port ${port}\n ProxyJump bastion\n${way()}`;
      const reason = await refused(start(config, ["--host", "target", ...cat]));
      expect(reason).toMatch(
        /^jump host .*: it has no way to target \(127\.0\.0\.1 port \d+\): .*Connection refused.*AllowTcpForwarding/,
      );
    });

    test("a jump host that lets nobody through", async () => {
      const config = `Host bastion\n ProxyJump target\n${way()}`;
      expect(await refused(start(config, ["--host", "bastion", ...cat]))).toMatch(
        /^jump host .*: it has no way to .*prohibited/,
      );
    });

    test.each([
      ["itself", "Host *\n ProxyJump target\n"],
      ["another that goes back", "Host target\n ProxyJump bastion\nHost bastion\n ProxyJump target\n"],
    ])("a circle by %s is seen", async (_name, config) => {
      expect(await refused(start(`${config}${way()}`, ["--host", "target", ...cat]))).toMatch(
        /^ProxyJump goes in a circle by /,
      );
    });

    test.each(["bastion", "outpost"] as const)("what is owed is answered when %s dies", async (name) => {
      const server = { bastion, outpost }[name];
      const host = start(`Host target\n ProxyJump bastion,outpost\n${way()}`, [
        "--host",
        "target",
        "--command",
        "cat > /dev/null",
      ]);
      host.send('{"jsonrpc":"2.0","id":7,"method":"tools/list"}');
      await until(
        "a session through all",
        () => /Accepted publickey/.test(target.log()) && target.remoteProcesses().length > 0,
      );
      server.dropConnections();
      const answer = JSON.parse(await host.line());
      expect(answer).toMatchObject({ id: 7, error: { code: -31001 } });
      expect(answer.error.message).toContain(`jump host ${name} (127.0.0.1 port ${server.port})`);
      expect((await host.exit).code).toBe(1);
    });

    test("a signal ends it in time, and all on the way", async () => {
      const host = start(`Host target\n ProxyJump bastion,outpost\n${way()}`, ["--host", "target", ...cat]);
      host.send(line);
      await host.line();
      host.child.kill("SIGTERM");
      expect(await host.exit).toEqual({ code: 143, signal: null });
      await until("the end there", () => target.remoteProcesses().length === 0);
    });
  });

  describe("ProxyCommand", () => {
    const relay = (): string => {
      const script = join(home, "relay.mjs");
      writeFileSync(
        script,
        `import { connect } from "node:net";
         const [host, port] = process.argv.slice(2);
         const socket = connect(Number(port), host);
         process.stdin.pipe(socket).pipe(process.stdout);
         console.error("relaying");
        `,
      );
      return `${process.execPath} ${script} %h %p`;
    };

    test("carries the bytes, says its lines, and ends with us", async () => {
      const config = `Host target\n ProxyCommand ${relay()}\n${way()}`;
      const host = start(config, ["--host", "target", ...cat]);
      host.send(line);
      await host.line();
      const children = descendants(host.child.pid ?? -1);
      expect(children).toHaveLength(1);
      host.end();
      expect((await host.exit).code).toBe(0);
      expect(host.stderr()).toMatch(/ - INFO - \[ProxyCommand\] relaying\n/);
      await until("its end", () => children.every((id) => !existsSync(`/proc/${id}`)));
    });

    test("that does not want to end is ended with us", async () => {
      const config = `Host target\n ProxyCommand sh -c 'trap "" HUP TERM; ${relay()}; sleep 1000'\n${way()}`;
      const host = start(config, ["--host", "target", ...cat]);
      host.send(line);
      await host.line();
      const children = descendants(host.child.pid ?? -1);
      host.child.kill("SIGTERM");
      expect(await host.exit).toEqual({ code: 143, signal: null });
      await until("its end", () => children.every((id) => !existsSync(`/proc/${id}`)));
    });

    test("by ssh -W", async () => {
      const { user, port, clientKey, knownHosts } = bastion;
      const quiet = `-F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}`;
      const config = `Host target\n ProxyCommand ssh ${quiet} -i ${clientKey} -p ${port} -W %h:%p ${user}@127.0.0.1\n${way()}`;
      await echoed(start(config, ["--host", "target", ...cat]));
    });

    test("for a jump host", async () => {
      const config = `Host target\n ProxyJump bastion\nHost bastion\n ProxyCommand ${relay()}\n${way()}`;
      await echoed(start(config, ["--host", "target", ...cat]));
    });

    test("that fails is named, with its last words", async () => {
      const config = `Host target\n ProxyCommand sh -c 'echo no route >&2; exit 9'\n${way()}`;
      expect(await refused(start(config, ["--host", "target", ...cat]))).toBe(
        "the ProxyCommand 'sh -c 'echo no route >&2; exit 9'' exited with status 9: no route",
      );
    });

    test("that is silent is given up in time, and ended", async () => {
      const config = `ConnectTimeout 1\nHost target\n ProxyCommand sleep 1000\n${way()}`;
      const host = start(config, ["--host", "target", ...cat]);
      let children: readonly number[] = [];
      await until("the command", () => {
        children = descendants(host.child.pid ?? -1);
        return children.length > 0;
      });
      expect(await refused(host)).toBe("no sign of the server's version line within 1 s; check the ProxyCommand");
      await until("its end", () => children.every((id) => !existsSync(`/proc/${id}`)));
    });

    test("that dies in the session is named in what the host is told", async () => {
      const config = `Host target\n ProxyCommand ${relay()}\n${way()}`;
      const host = start(config, ["--host", "target", "--command", "cat > /dev/null"]);
      host.send('{"jsonrpc":"2.0","id":7,"method":"tools/list"}');
      await until("a session", () => target.remoteProcesses().length > 0);
      for (const id of descendants(host.child.pid ?? -1)) process.kill(id, "SIGKILL");
      expect(JSON.parse(await host.line())).toMatchObject({ id: 7, error: { code: -31001 } });
      expect((await host.exit).code).toBe(1);
    });

    test.each(["-oProxyCommand=x", "a'$(id)'b", "x;id"])("takes no user called %j into the shell", async (user) => {
      const config = `Host target\n ProxyCommand echo %r >&2\n${way()}`;
      const reason = await refused(start(config, ["--host", "target", `--username=${user}`, ...cat]));
      expect(reason).toMatch(/^ProxyCommand: the user name '.*' holds what a shell could take for a command$/);
    });
  });
});
