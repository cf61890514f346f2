/**
 * The built command with --use-key-server: a real sshd, and beside it a key server that is scripted: it gives the sshd's
 * host key, and what is registered with it the sshd lets in.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import {
  type Certificate,
  type HttpServer,
  makeCertificate,
  missingOpenssl,
  type Reply,
  startHttp,
  startProxy,
  startTcp,
} from "../support/http-servers.ts";
import { describeNeeding } from "../support/needs.ts";
import { freePort, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";

/** By ssh-keygen of OpenSSH 9.2p1, which newer ones cannot make any more. */
const dss =
  "ssh-dss AAAAB3NzaC1kc3MAAACBAPstCFDBP85TqXMN6eQEXwWjSVkD5YUHc2+vMD/I0aVyygKK0vYfoFN1AX7sdA0OEzegO17ueKrbC/xuVzOEqq4HpwVGRG6/plj1XWcWrkZ74uJ4krSQaNFHeBaYtohBm5oPkNl67V9Fe9f1hXjIySVX1gMf+/rVppRnLdHcecYrAAAAFQD0LsyCylHNi1QFSkNt1yTcT4mJRQAAAIATq5dsxPhesufqq1kCSFq84jfXGgyjnRvBBGuQUL4WK7HfULAfVLstJcVtrqCkBKaBmjMW+Cyztu0ZmT2llblVMFyJ4T7JM64FVMZoKpEwzzecSYaINN1B0jiZvwN0muhbHvvzxEkst87WvFj4Tc2seVJTxPd3aYyrrpkg2mhEEAAAAIAgWnWOUOgqFS8s6LKyhCHtvSWXc0qaQVD1i/a/7hRA3Cew8vaA3qWKGr/VCph6WKFZvPRBQqTl8NuiTNddX+nyaulViCPCL/ZYnsCCuwI/vqiVWJeZZDWIQR5xteaVFM11rDVMHRNuT7Y/RDzY3YUdFRw51z2VOQPRXDD9t680hQ==";

/** No answer is owed to it. */
const line = '{"jsonrpc":"2.0","method":"notifications/x"}';

describeNeeding(missingSshd(), "with a key server beside a real sshd", () => {
  let server: SshServer;
  let fingerprint = "";
  let home = "";
  let clientKey = "";
  let publicKey = "";
  let remembered = "";
  const hosts: Host[] = [];
  const servers: HttpServer[] = [];

  beforeAll(async () => {
    server = await startSshd({ config: ["ForceCommand cat"] });
    fingerprint = fingerprintOf(join(server.folder, "host_key.pub"));
  });
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
    clientKey = join(home, "key");
    const pair = makeKeyPair();
    publicKey = pair.publicKey;
    writeFileSync(clientKey, pair.privateKey, { mode: 0o600 });
    remembered = join(home, ".ssh", "mcp_ssh_client_known_hosts");
    writeFileSync(join(server.folder, "authorized_keys"), "");
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    await Promise.all(servers.splice(0).map((each) => each.stop()));
    rmSync(home, { recursive: true, force: true });
  });
  afterAll(() => server?.stop());

  async function run(started: Promise<HttpServer>): Promise<HttpServer> {
    const running = await started;
    servers.push(running);
    return running;
  }

  /** What a key server does: gives the host key, and lets in whoever registers. */
  const honest = (
    hostKey = server.hostKey,
  ): ((asked: { readonly method?: string | undefined }, body: string) => Reply) => {
    return ({ method }, body) => {
      if (method === "GET") return { json: { server_pub_key: `${hostKey} root@server` } };
      const { client_pub_key: key } = JSON.parse(body) as { client_pub_key: string };
      writeFileSync(join(server.folder, "authorized_keys"), `${key}\n`, { flag: "a" });
      return { json: { status: "success" } };
    };
  };

  const refusing = (status: number, json: unknown = {}): Reply => ({ status, json });

  interface Run {
    readonly flags?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
    readonly host?: string;
    readonly sshPort?: number;
  }

  function start(
    keyServerPort: number,
    { flags = [], env = {}, host = server.host, sshPort = server.port }: Run = {},
  ): Host {
    const place = ["--host", host, "--port", String(sshPort), "--username", server.user, "--client-key", clientKey];
    const asking = ["--use-key-server", "--key-server-port", String(keyServerPort)];
    const started = startHost(
      { command: process.execPath, args: [builtCommand, ...place, ...asking, ...flags] },
      { ...hostEnvironment(), HOME: home, ...env },
    );
    hosts.push(started);
    return started;
  }

  /** Sends one line, which comes back, and takes leave; gives what stderr said. */
  async function echoed(host: Host): Promise<string> {
    host.send(line);
    expect(await host.line()).toBe(line);
    host.end();
    expect((await host.exit).code).toBe(0);
    return host
      .stderr()
      .replace(/^.* - INFO - The remote MCP server exited with status 0( \(a login shell is [^)\n]*\))?\n/gm, "");
  }

  /** No session comes about; gives the one line that says why, which the host is told too. */
  async function refused(host: Host): Promise<string> {
    host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    const answer = JSON.parse(await host.line());
    expect((await host.exit).code).toBe(1);
    expect(host.stderr().match(/ - ERROR - /g)).toHaveLength(1);
    const [, reason = ""] = /Error running MCP SSH client: (.*)\n/.exec(host.stderr()) ?? [];
    expect(answer).toMatchObject({ id: 1, error: { code: -31001, data: { source: "mcp-ssh-client" } } });
    expect(answer.error.message).toContain(reason.slice(0, 60));
    return reason;
  }

  const name = (host = server.host, port = server.port): string => `[${host}]:${port}`;
  const get = "GET /server_pub_key";
  const post = (): string => `POST /register {"client_pub_key":"${publicKey}"}`;

  test("an unknown host: its key is fetched and remembered, ours is registered, and plain HTTP is said to be what it is", async () => {
    const keyServer = await run(startHttp(honest()));
    const stderr = await echoed(start(keyServer.port));
    expect(keyServer.asked).toEqual([get, post()]);
    expect(stderr).toContain(
      ` - WARNING - the host key of 127.0.0.1 port ${server.port}, ssh-ed25519 ${fingerprint}, is taken from the key server (http://127.0.0.1:${keyServer.port}/server_pub_key) over plain HTTP. This is trust on first use: `,
    );
    expect(stderr).toContain(` - INFO - it is remembered in ${remembered}: from now on no other one is taken\n`);
    expect(stderr.match(/WARNING/g)).toHaveLength(1);
    expect(readFileSync(remembered, "utf8")).toBe(`${name()} ${server.hostKey}\n`);
    expect([remembered, join(home, ".ssh")].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual([
      "600",
      "700",
    ]);
    expect(readdirSync(join(home, ".ssh"))).toEqual(["mcp_ssh_client_known_hosts"]);

    // from then on the key server is not asked at all, and nothing is said
    expect(await echoed(start(keyServer.port))).toBe("");
    expect(keyServer.asked).toHaveLength(2);
    await keyServer.stop();
    expect(await echoed(start(keyServer.port))).toBe("");
  });

  test("a link that is lost and dialled again asks nothing and registers nothing a second time", async () => {
    const keyServer = await run(startHttp(honest()));
    const host = start(keyServer.port);
    for (const sent of ['{"jsonrpc":"2.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","id":1,"result":{}}']) {
      host.send(sent);
      expect(await host.line()).toBe(sent); // so the server, an echo, has answered once
    }
    rmSync(remembered);
    server.dropConnections();
    await host.stderrMatch(/is restored/);
    host.send(line);
    expect(await host.line()).toBe(line);
    expect(keyServer.asked).toEqual([get, post()]);
    writeFileSync(join(server.folder, "authorized_keys"), "");
    server.dropConnections();
    expect((await host.exit).code).toBe(1);
    expect(host.stderr()).toMatch(/cannot be restored: Authentication failed/);
    expect(keyServer.asked).toHaveLength(2);
  });

  test("three of us at once, where the key server lets five requests through", async () => {
    const answer = honest();
    let left = 5;
    const keyServer = await run(startHttp((request, body) => (left-- > 0 ? answer(request, body) : refusing(429))));
    const said = await Promise.all([start(keyServer.port), start(keyServer.port), start(keyServer.port)].map(echoed));
    expect(said.join("")).not.toContain("ERROR");
    expect(readFileSync(remembered, "utf8")).toBe(`${name()} ${server.hostKey}\n`);
    expect(keyServer.asked.length).toBeLessThanOrEqual(6);
  });

  test("who is not told the host key waits for who was", async () => {
    const keyServer = await run(startHttp(refusing(429)));
    writeFileSync(join(server.folder, "authorized_keys"), `${publicKey}\n`);
    const host = start(keyServer.port, { flags: ["--log-level", "DEBUG"] });
    await host.stderrMatch(/going on over plain HTTP/);
    mkdirSync(join(home, ".ssh"));
    writeFileSync(remembered, `${name()} ${server.hostKey}\n`);
    await echoed(host);
    expect(keyServer.asked).toEqual([get]);
  });

  describe("a known host", () => {
    beforeEach(() => {
      mkdirSync(join(home, ".ssh"));
      writeFileSync(remembered, `${name()} ${server.hostKey}\n`);
    });

    test("that does not let us in: our key is registered, and SSH tried once more", async () => {
      const keyServer = await run(startHttp(honest()));
      const stderr = await echoed(start(keyServer.port));
      expect(keyServer.asked).toEqual([post()]);
      expect(stderr).toContain(" - INFO - the server does not know our key: registering it with the key server\n");
      expect(stderr).not.toMatch(/WARNING|ERROR/);
    });

    test("that does not let us in even then: no third time, and what to check", async () => {
      const keyServer = await run(startHttp({ json: { status: "success" } }));
      const reason = await refused(start(keyServer.port));
      expect(keyServer.asked).toEqual([post()]);
      expect(reason).toMatch(/^Authentication failed: /);
      expect(reason).toContain(
        `; the key server has our key: check that it is the one of the SSH server at port ${server.port} (--port, --key-server-port)`,
      );
      expect(
        server.log().match(/Connection closed by authenticating user|Disconnected from authenticating/g)?.length,
      ).toBeGreaterThan(1);
    });

    test.each([
      [429, "answered 429, too many requests; wait a minute, then start again"],
      [400, "answered 400 (it refuses what we sent): Failed to register key; the server's log says why"],
    ])("that does not let us in, and a key server that answers %i: both are said", async (status, why) => {
      const keyServer = await run(startHttp(refusing(status, { error: "Failed to register key" })));
      const reason = await refused(start(keyServer.port));
      expect(reason).toMatch(/^Authentication failed: .*\. The key server did not take our key: https:/);
      expect(reason).toContain(why);
    });

    test("with another key: refused as changed, with file, line and what to do, and the key server is not asked", async () => {
      const other = makeKeyPair().publicKey;
      writeFileSync(remembered, `# mine\n${name()} ${other}\n`);
      const keyServer = await run(startHttp(honest()));
      const reason = await refused(start(keyServer.port));
      expect(reason).toMatch(/^Host key verification failed: THE HOST KEY OF 127\.0\.0\.1 port \d+ HAS CHANGED\./);
      expect(reason).toContain(`The server showed ssh-ed25519 ${fingerprint}; known is ssh-ed25519 SHA256:`);
      expect(reason).toContain(` in ${remembered}:2. `);
      expect(reason).toContain("Once that line is gone, the key server is asked anew");
      expect(keyServer.asked).toEqual([]);
    });
  });

  test("what ssh's own known_hosts know of the host counts: a key there needs no key server", async () => {
    const keyServer = await run(startHttp(honest()));
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(home, ".ssh", "known_hosts"), `${name()} ${server.hostKey}\n`);
    writeFileSync(join(server.folder, "authorized_keys"), `${publicKey}\n`);
    await echoed(start(keyServer.port));
    expect(keyServer.asked).toEqual([]);
    expect(existsSync(remembered)).toBe(false);
  });

  test.each([
    ["another key there is a changed one", (key: string) => `${name()} ${key}`, "HAS CHANGED"],
    [
      "a revocation there holds against what the key server says",
      () => `@revoked * ${server.hostKey}`,
      "is marked @revoked in",
    ],
  ])("%s", async (_, entry, message) => {
    const keyServer = await run(startHttp(honest()));
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(home, ".ssh", "known_hosts"), `${entry(makeKeyPair().publicKey)}\n`);
    const reason = await refused(start(keyServer.port));
    expect(reason).toContain(message);
    expect(reason).not.toContain("the key server is asked anew");
    expect(existsSync(remembered)).toBe(false);
  });

  test("a host key that is not the key server's: refused, both are said, and nothing is remembered", async () => {
    const other = makeKeyPair().publicKey;
    const keyServer = await run(startHttp(honest(other)));
    const reason = await refused(start(keyServer.port));
    expect(reason).toContain(
      `Host key verification failed: 127.0.0.1 port ${server.port} showed ssh-ed25519 ${fingerprint}, but http://127.0.0.1:${keyServer.port}/server_pub_key says ssh-ed25519 SHA256:`,
    );
    expect(reason).toContain("check that --port and --key-server-port are of one server");
    expect(existsSync(remembered)).toBe(false);
  });

  test("StrictHostKeyChecking accept-new in ssh's configuration accepts nothing that the key server does not say", async () => {
    const keyServer = await run(startHttp(honest(makeKeyPair().publicKey)));
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(home, ".ssh", "config"), "Host *\n  StrictHostKeyChecking accept-new\n");
    expect(await refused(start(keyServer.port))).toMatch(/^Host key verification failed: .*, but http:/);
    expect(readdirSync(join(home, ".ssh"))).toEqual(["config"]);
  });

  test.each([
    ["ecdsa", "ecdsa-sha2-nistp256"],
    ["rsa", "ssh-rsa"],
  ])("a server with several host keys shows the one that the key server gave: %s", async (type, keyType) => {
    const key = join(home, "host_key");
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", key]);
    const several = await startSshd({ config: ["ForceCommand cat", `HostKey ${key}`] });
    try {
      const keyServer = await run(startHttp({ json: { server_pub_key: readFileSync(`${key}.pub`, "utf8") } }));
      const target = { sshPort: several.port };
      // with its own pair of keys: who registers where is not what this is about
      clientKey = several.clientKey;
      const stderr = await echoed(start(keyServer.port, target));
      expect(stderr).toContain(`, ${keyType} ${fingerprintOf(`${key}.pub`)}, is taken from the key server`);
      expect(readFileSync(remembered, "utf8").trim()).toBe(
        `${name(server.host, several.port)} ${readFileSync(`${key}.pub`, "utf8").trim()}`,
      );
      expect(await echoed(start(keyServer.port, target))).toBe("");
    } finally {
      await several.stop();
    }
  });

  test("a name of ~/.ssh/config's: the key server is asked where that name leads", async () => {
    const keyServer = await run(startHttp(honest()));
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(home, ".ssh", "config"), `Host work\n  HostName ${server.host}\n  HostKeyAlias other\n`, {
      mode: 0o600,
    });
    await echoed(start(keyServer.port, { host: "work" }));
    expect(keyServer.asked).toEqual([get, post()]);
    expect(readFileSync(remembered, "utf8")).toBe(`${name()} ${server.hostKey}\n`);
    expect(await echoed(start(keyServer.port, { host: "work" }))).toBe("");
  });

  test("an encrypted key: its public half is registered, and with its passphrase it logs in", async () => {
    const keyServer = await run(startHttp(honest()));
    rmSync(clientKey);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "s3cret", "-C", "me@here", "-f", clientKey]);
    publicKey = readFileSync(`${clientKey}.pub`, "utf8").trim().split(" ", 2).join(" ");
    const stderr = await echoed(start(keyServer.port, { env: { MCP_SSH_PASSPHRASE: "s3cret" } }));
    expect(keyServer.asked).toEqual([get, post()]);
    expect(stderr).not.toContain("s3cret");
  });

  test("nothing but a host's name, and three of us at once: one key is made, and registered", async () => {
    const keyServer = await run(startHttp(honest()));
    rmSync(clientKey);
    const started = [start(keyServer.port), start(keyServer.port), start(keyServer.port)];
    await Promise.all(started.map(echoed));
    publicKey = readFileSync(`${clientKey}.pub`, "utf8").trim().split(" ", 2).join(" ");
    expect([...new Set(keyServer.asked)].sort()).toEqual([get, post()]);
    expect(readFileSync(remembered, "utf8")).toBe(`${name()} ${server.hostKey}\n`);
  });

  test("a pinned host key needs no key server, but who is not let in registers", async () => {
    const keyServer = await run(startHttp(honest()));
    const flags = ["--host-key", fingerprint];
    await echoed(start(keyServer.port, { flags }));
    expect(keyServer.asked).toEqual([post()]);
    expect(existsSync(remembered)).toBe(false);
    const wrong = ["--host-key", `SHA256:${"A".repeat(43)}`];
    expect(await refused(start(keyServer.port, { flags: wrong }))).toContain("IS NOT THE PINNED ONE");
    expect(keyServer.asked).toHaveLength(1);
  });

  test("a host key of a type that we do not have is named", async () => {
    const keyServer = await run(startHttp(honest(dss)));
    expect(await refused(start(keyServer.port))).toContain("gave a host key of type ssh-dss, which is not supported");
  });

  test("nobody there: each address is named, and what to check", async () => {
    const port = await freePort();
    const reason = await refused(start(port));
    expect(reason).toMatch(
      /^The key server gave no host key: https:\/\/127\.0\.0\.1\/server_pub_key: .*; http:\/\/127\.0\.0\.1:\d+\/server_pub_key: Connection refused; check that/,
    );
    expect(reason).toContain(`that ${port} is its port (--key-server-port)`);
  });

  test("no SSH server there: that is said, though the key server answers", async () => {
    const keyServer = await run(startHttp({ byHand: () => {} }));
    const reason = await refused(start(keyServer.port, { sshPort: await freePort() }));
    expect(reason).toMatch(/Connection refused: 127\.0\.0\.1 port \d+; check that an SSH server runs there/);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("%s while the key server is silent ends it with %i", async (signal, code) => {
    const reached = { resolve: (): void => {} };
    const asked = new Promise<void>((resolve) => {
      reached.resolve = resolve;
    });
    const keyServer = await run(startTcp(() => reached.resolve()));
    const host = start(keyServer.port);
    await asked;
    host.child.kill(signal);
    expect(await host.exit).toEqual({ code, signal: null });
    expect(host.stderr()).toBe("");
  });

  test("a folder that cannot be written costs a warning, not the session", async () => {
    const keyServer = await run(startHttp(honest()));
    writeFileSync(join(home, ".ssh"), "a file where the folder should be");
    const stderr = await echoed(start(keyServer.port));
    expect(stderr).toMatch(
      / - WARNING - it cannot be remembered, so it will be taken on trust again\. Cannot write .*mcp_ssh_client_known_hosts: /,
    );
  });

  test("HTTP_PROXY and HTTPS_PROXY are asked in the key server's place, and no log has their password", async () => {
    const keyServer = await run(startHttp(honest()));
    writeFileSync(join(server.folder, "authorized_keys"), `${publicKey}\n`);
    const proxy = await run(startProxy(keyServer.port));
    const relay = await run(
      startTcp((socket) => void socket.pipe(connect(server.port, "127.0.0.1")).pipe(socket), { host: "0.0.0.0" }),
    );
    const url = `http://me:s3cret@127.0.0.1:${proxy.port}`;
    // 0.0.0.0 is this machine too, and no loopback address by its looks
    const host = start(8000, {
      host: "0.0.0.0",
      sshPort: relay.port,
      env: { HTTP_PROXY: url, https_proxy: url },
      flags: ["--log-level", "DEBUG"],
    });
    const stderr = await echoed(host);
    const authorization = `(Basic ${Buffer.from("me:s3cret").toString("base64")})`;
    expect(proxy.asked[0]).toBe(`CONNECT 0.0.0.0:443 ${authorization} for 0.0.0.0:443`);
    expect(proxy.asked[1]).toBe(`GET http://0.0.0.0:8000/server_pub_key ${authorization} for 0.0.0.0:8000`);
    expect(stderr).toContain(
      ` - DEBUG - asking http://0.0.0.0:8000/server_pub_key through the proxy http://127.0.0.1:${proxy.port}\n`,
    );
    expect(stderr).not.toMatch(/s3cret|Basic/);
  });

  test("without the flag there is not a byte to a key server, and no HTTP is loaded", async () => {
    const keyServer = await run(startHttp(honest()));
    writeFileSync(join(server.folder, "authorized_keys"), `${publicKey}\n`);
    const preload = join(home, "modules.cjs");
    const list = 'require("node:fs").writeFileSync(process.env.MODULES, process.moduleLoadList.join("\\n"))';
    writeFileSync(preload, `process.on("exit", () => ${list});`);
    const args = ["--host", server.host, "--port", String(server.port), "--username", server.user];
    const files = [
      "--client-key",
      clientKey,
      "--known-hosts",
      server.knownHosts,
      `--key-server-port=${keyServer.port}`,
    ];
    const env = { HOME: home, NODE_OPTIONS: `--require ${preload}`, MODULES: join(home, "modules") };
    const host = startHost(
      { command: process.execPath, args: [builtCommand, ...args, ...files] },
      { ...hostEnvironment(), ...env },
    );
    hosts.push(host);
    expect(await echoed(host)).toMatch(
      /^\S+ \S+ - mcp_ssh_client\.transport - WARNING - --key-server-port specified but --use-key-server not enabled\. Key server port will be ignored\.\n$/,
    );
    expect(keyServer.asked).toEqual([]);
    const modules = readFileSync(env.MODULES, "utf8");
    expect(modules).toContain("NativeModule net\n");
    expect(modules).not.toMatch(/^NativeModule (http|https|tls)$/m);
  });

  /** Loopback addresses of our own, so that nobody else's test has its port 443. */
  const own = `127.${50 + (process.pid % 200)}.${(process.pid >> 8) % 250}.7`;

  describeNeeding(missingOpenssl() ?? missing443(own), "and https", () => {
    let certificate: Certificate;
    beforeEach(() => {
      certificate = makeCertificate(home, "key-server", `IP:${own}`);
    });

    const relay = (): Promise<HttpServer> =>
      run(startTcp((socket) => void socket.pipe(connect(server.port, "127.0.0.1")).pipe(socket), { host: own }));
    const https = (reply: Parameters<typeof startHttp>[0]): Promise<HttpServer> =>
      run(startHttp(reply, { certificate, host: own, port: 443 }));

    test("a certificate that this machine trusts: plain HTTP is not asked, and there is nothing to warn of", async () => {
      const secure = await https(honest());
      const plain = await run(startHttp(honest(), { host: own }));
      const { port } = await relay();
      const env = { NODE_EXTRA_CA_CERTS: certificate.path };
      const stderr = await echoed(start(plain.port, { host: own, sshPort: port, env, flags: ["--key-server-https"] }));
      expect(secure.asked).toEqual([get, post()]);
      expect(plain.asked).toEqual([]);
      expect(stderr).toContain(`(https://${own}/server_pub_key), whose certificate vouches for it\n`);
      expect(stderr).not.toContain("WARNING");
      expect(readFileSync(remembered, "utf8")).toBe(`${name(own, port)} ${server.hostKey}\n`);
    });

    test("a certificate that proves nothing: plain HTTP is asked, said loudly", async () => {
      const secure = await https(honest());
      const plain = await run(startHttp(honest(), { host: own }));
      const stderr = await echoed(start(plain.port, { host: own, sshPort: (await relay()).port }));
      expect(secure.asked).toEqual([]);
      expect(plain.asked).toEqual([get, post()]);
      expect(stderr).toContain(
        ` - WARNING - https://${own}/server_pub_key: its certificate proves nothing: self-signed certificate: going on over plain HTTP, as if nobody were there\n`,
      );
      expect(stderr).toContain("over plain HTTP. This is trust on first use");
    });

    test("a certificate that proves nothing, and --key-server-https: nobody is asked anything", async () => {
      const secure = await https(honest());
      const plain = await run(startHttp(honest(), { host: own }));
      const flags = ["--key-server-https"];
      const reason = await refused(start(plain.port, { host: own, sshPort: (await relay()).port, flags }));
      expect(reason).toMatch(
        /its certificate proves nothing: self-signed certificate; --key-server-https needs a key server/,
      );
      expect([...secure.asked, ...plain.asked]).toEqual([]);
      expect(existsSync(remembered)).toBe(false);
    });
  });
});

/** Why port 443 of this address cannot be ours; undefined where it can. */
function missing443(host: string): string | undefined {
  const probe = `require("node:net").createServer().listen(443, ${JSON.stringify(host)}, function () { this.close() })`;
  try {
    execFileSync(process.execPath, ["-e", probe], { stdio: "pipe" });
    return undefined;
  } catch {
    return `port 443 of ${host} cannot be listened on here: run as root, on Linux`;
  }
}
