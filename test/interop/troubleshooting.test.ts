/**
 * The table of docs/troubleshooting.md: each row's words are provoked with a real peer, and stand on stderr and, where a
 * request of the host's is answered with them, in the error that a host would show. A row without a case fails, and so
 * does a case without a row.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  builtCommand,
  type Exit,
  endHosts,
  type Host,
  hostEnvironment,
  launch,
  startHost,
} from "../support/command.ts";
import {
  type Behaviour,
  type FakeKey,
  plainEd25519,
  securityKeyEd25519,
  startFakeAgent,
} from "../support/fake-agent.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { type Reply, startHttp } from "../support/http-servers.ts";
import { describeNeeding } from "../support/needs.ts";
import { sshString } from "../support/peer-crypto.ts";
import { endTree } from "../support/processes.ts";
import { missingReferenceServer, startReferenceServer } from "../support/reference-server.ts";
import { freePort, makeKeyPair, type SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTinysshd, startTinysshd } from "../support/tinysshd.ts";
import { troublesOf } from "../support/troubles-table.ts";

/** How a run went: what the host saw. */
interface Seen {
  readonly stderr: string;
  /** The message of the error that answers the host's request; undefined where none did. */
  readonly message: string | undefined;
  readonly exit: Exit;
}

/** What the command is run with, over what reaches `server` with a harmless command. */
interface Run {
  /** The server's own unless given; none is named where it is undefined. */
  readonly clientKey?: string | undefined;
  readonly flags?: readonly string[];
  readonly remote?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called once the host's request is out and the session stands. */
  readonly meanwhile?: (host: Host) => void | Promise<void>;
}

interface Trouble {
  /** `error`: the request is answered with it. `warning`: stderr says it, and the request is answered by the remote. */
  readonly kind: "error" | "warning";
  readonly code: number;
  readonly provoke: () => Promise<Seen>;
}

const hosts: Host[] = [];
const initialize = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}';
/** Answers the first line as an MCP server would, then stays. */
const answering = `read line; echo '{"jsonrpc":"2.0","id":1,"result":{}}'; cat >/dev/null`;

/** Runs the command as a host does: one request, its answer, EOF, the end. */
async function run(args: readonly string[], { meanwhile, env: more }: Run = {}): Promise<Seen> {
  const env = { ...hostEnvironment(), HOME: sshd.home, ...more }; // nobody's own keys are looked at
  const host = startHost({ command: process.execPath, args: [builtCommand, ...args] }, env);
  hosts.push(host);
  host.send(initialize);
  await meanwhile?.(host);
  const line = await host.line().catch(() => undefined);
  host.end();
  const exit = await host.exit;
  const message = line === undefined ? undefined : JSON.parse(line).error?.message;
  return { stderr: host.stderr(), message, exit };
}

function reach(server: SshServer, asked: Run = {}): Promise<Seen> {
  const { flags = [], remote = ["--command", answering], ...rest } = asked;
  const where = ["--host", server.host, "--port", String(server.port), "--username", server.user];
  const key = "clientKey" in asked ? asked.clientKey : server.clientKey;
  const trust = [...(key === undefined ? [] : ["--client-key", key]), "--known-hosts", server.knownHosts];
  return run([...where, ...trust, ...remote, ...flags], rest);
}

/** As `reach`, with an agent that holds these keys. */
async function reachByAgent(keys: readonly FakeKey[], clientKey?: string, behaviour?: Behaviour): Promise<Seen> {
  const agent = await startFakeAgent(keys, behaviour);
  try {
    return await reach(sshd, { clientKey, flags: ["--agent", agent.path] });
  } finally {
    await agent.stop();
  }
}

/** As `reach`, to a server of which nothing is known, with a key server that answers so. */
function reachByKeyServer(
  reply: (server: SshServer, method: string | undefined) => Reply,
  key?: string,
): Promise<Seen> {
  return withServer(startSshd, async (server) => {
    const keyServer = await startHttp(({ method }) => reply(server, method));
    try {
      const where = ["--host", server.host, "--port", String(server.port), "--username", server.user];
      const asking = ["--use-key-server", "--key-server-port", String(keyServer.port)];
      return await run([...where, ...asking, "--client-key", key ?? server.clientKey, "--command", answering]);
    } finally {
      await keyServer.stop();
    }
  });
}

/** As a key server answers. */
function introduces(server: SshServer, method: string | undefined): Reply {
  return { json: method === "GET" ? { server_pub_key: server.hostKey } : { status: "success" } };
}

/** As `reach`, to whatever listens at `port`. */
function reachPort(port: number, flags: readonly string[] = []): Promise<Seen> {
  const key = join(sshd.folder, "client_key");
  return run(["--host", "127.0.0.1", "--port", String(port), "--client-key", key, "--command", "true", ...flags]);
}

let sshd: SshServer;
const listeners: Server[] = [];
const children: ChildProcess[] = [];

/** A TCP server that turns each connection away in these words and reads nothing, as OpenSSH does: the rest is an RST. */
async function refuser(words: string): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.write(words, () => socket.destroy());
  });
  listeners.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A TCP server that greets each connection with `greeting`, or hangs up where that is undefined. */
async function listener(greeting: string | undefined): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (greeting === undefined) socket.destroy();
    else socket.write(greeting);
  });
  listeners.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

/** A port whose queue of connections is full: Linux then drops what asks for another, as a firewall would. */
async function fullPort(): Promise<number> {
  const script = [
    "import socket, time",
    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)",
    "waiting = [socket.socket() for _ in range(4)]",
    "for c in waiting: c.setblocking(False); c.connect_ex(s.getsockname())",
    "time.sleep(0.2); print(s.getsockname()[1], flush=True); time.sleep(60)",
  ].join("\n");
  const child = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return Number(port.toString());
}

/** Makes a certificate that has expired, by an authority of its own beside it; `args` of a user's, else a host's. */
function certifyExpired(key: string, ...args: readonly string[]): void {
  const kind = args.length > 0 ? args : ["-h", "-n", "127.0.0.1"];
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", `${key}-authority`]);
  execFileSync("ssh-keygen", ["-q", "-s", `${key}-authority`, "-I", "id", "-V", "-2d:-1d", ...kind, `${key}.pub`]);
}

async function withServer(start: () => Promise<SshServer>, use: (server: SshServer) => Promise<Seen>): Promise<Seen> {
  const server = await start();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** A file of the workplace of the one sshd. */
/** The server's client key, encrypted. */
function encryptedKey(): string {
  const path = file("encrypted", readFileSync(sshd.clientKey, "utf8"));
  execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "correct horse", "-a", "1", "-f", path]);
  return path;
}

function file(name: string, text: string, mode = 0o600): string {
  const path = join(sshd.folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** A file with a configuration for the one sshd, under the name `there`. */
function sshConfig(name: string, text: string, mode?: number): readonly string[] {
  const { port, user, clientKey, knownHosts } = sshd;
  const block = `HostName 127.0.0.1\n User ${user}\n IdentityFile ${clientKey}\n UserKnownHostsFile ${knownHosts}\n`;
  const path = file(name, `${text}\nHost there\n Port ${port}\nHost *\n ${block}`, mode);
  return ["--ssh-config", path, "--host", "there", "--command", answering];
}

/** Lets the key in besides the others. */
function authorize(key: FakeKey): void {
  appendFileSync(join(sshd.folder, "authorized_keys"), `${key.line}\n`);
}

const error = (provoke: Trouble["provoke"], code = 1): Trouble => ({ kind: "error", code, provoke });
/** One request gets the error, and the session goes on. */
const refusal = (provoke: Trouble["provoke"]): Trouble => error(provoke, 0);
const warning = (provoke: Trouble["provoke"]): Trouble => ({ kind: "warning", code: 0, provoke });

/** By the words of the table's rows. */
const troubles: Readonly<Record<string, Trouble>> = {
  "Connection refused": error(async () => reachPort(await freePort())),
  "Connection timed out": error(async () => reachPort(await fullPort(), ["--connect-timeout", "1"])),
  "Could not resolve hostname": error(() => run(["--host", "no-such-host.invalid", "--client-key", sshd.clientKey])),
  "closed before its version line": error(async () => reachPort(await listener(undefined))),
  "Not allowed at this time": error(async () => reachPort(await refuser("Not allowed at this time\r\n"))),
  "Exceeded MaxStartups": error(() =>
    withServer(
      () => startSshd({ config: ["PerSourceMaxStartups 1"] }),
      async (server) => {
        const held = connect(server.port, server.host);
        held.on("error", () => undefined);
        await once(held, "data"); // its version: this connection counts from now on
        return reach(server).finally(() => held.destroy());
      },
    ),
  ),
  "no sign of the server's version line": error(async () => reachPort(await listener(""), ["--connect-timeout", "2"])),
  "this is no SSH server": error(async () => reachPort(await listener("HTTP/1.1 400 Bad Request\r\n\r\n"))),
  "no key exchange method in common": error(() =>
    withServer(
      () => startSshd({ config: ["KexAlgorithms diffie-hellman-group14-sha1"] }),
      (server) => reach(server),
    ),
  ),
  "no host key algorithm in common": error(() =>
    withServer(
      () => startSshd({ hostKey: ["-t", "rsa"], config: ["HostKeyAlgorithms ssh-rsa"] }),
      (server) => reach(server),
    ),
  ),
  "an RSA host key of": error(() =>
    withServer(
      () => startSshd({ hostKey: ["-t", "rsa", "-b", "1024"] }),
      (server) => reach(server),
    ),
  ),
  "the server showed a certificate by": error(() =>
    withServer(
      () => startSshd({ config: ["HostCertificate %HOSTKEY%-cert.pub"], prepare: certifyExpired }),
      (server) => {
        const authority = readFileSync(join(server.folder, "host_key-authority.pub"), "utf8");
        const known = file("authority", `@cert-authority [127.0.0.1]:${server.port} ${authority}`);
        return reach(server, { flags: ["--known-hosts", known] });
      },
    ),
  ),
  "keys are tried, because servers hang up after a few": warning(() => {
    const others = [1, 2, 3, 4, 5].map((count) => file(`other_key_${count}`, makeKeyPair().privateKey));
    return reach(sshd, { flags: others.flatMap((path) => ["--client-key", path]) });
  }),
  "the certificate": warning(() => {
    const path = join(sshd.folder, "certified_key");
    copyFileSync(sshd.clientKey, path);
    writeFileSync(`${path}.pub`, execFileSync("ssh-keygen", ["-y", "-f", path]));
    certifyExpired(path, "-n", sshd.user);
    return reach(sshd, { clientKey: path });
  }),
  "Host key verification failed: no key of": error(() => reach(sshd, { flags: ["--known-hosts", "/dev/null"] })),
  "HAS CHANGED": error(() => {
    const changed = file("changed", `[127.0.0.1]:${sshd.port} ${makeKeyPair().publicKey}\n`);
    return reach(sshd, { flags: ["--known-hosts", changed] });
  }),
  "is marked @revoked": error(() =>
    reach(sshd, { flags: ["--known-hosts", file("revoked", `@revoked * ${sshd.hostKey}\n`)] }),
  ),
  "Authentication failed": error(() => reach(sshd, { clientKey: file("stranger", makeKeyPair().privateKey) })),
  "this key was made just now": error(() => reach(sshd, { clientKey: join(sshd.folder, "made_key") })),
  "is not supported here, only publickey": error(() =>
    withServer(
      () => startSshd({ config: ["AuthenticationMethods any", "PasswordAuthentication yes"] }),
      (server) => reach(server, { clientKey: file("other", makeKeyPair().privateKey) }),
    ),
  ),
  "The key server gave no host key": error(() => reachByKeyServer(() => ({ status: 404 }))),
  "answered 429, too many requests": error(() => reachByKeyServer(() => ({ status: 429 }))),
  "The key server did not take our key": error(() =>
    reachByKeyServer(
      (server, method) => (method === "GET" ? introduces(server, method) : { status: 400 }),
      file("unregistered", makeKeyPair().privateKey),
    ),
  ),
  "the key server has our key": error(() => reachByKeyServer(introduces, file("not_let_in", makeKeyPair().privateKey))),
  "They are two servers'": error(() =>
    reachByKeyServer((_, method) => introduces({ ...sshd, hostKey: makeKeyPair().publicKey }, method)),
  ),
  "over plain HTTP. This is trust on first use": warning(() => reachByKeyServer(introduces)),
  "has insecure permissions": warning(() => {
    const path = join(sshd.folder, "open_key");
    copyFileSync(sshd.clientKey, path);
    chmodSync(path, 0o644);
    return reach(sshd, { clientKey: path });
  }),
  "though its public half is there": error(() => {
    const path = file("half.pub", `${makeKeyPair().publicKey}\n`);
    return reach(sshd, { clientKey: path.replace(/\.pub$/, "") });
  }),
  "needs its passphrase": error(() => reach(sshd, { clientKey: encryptedKey() })),
  "is not the passphrase of this private key": error(() =>
    reach(sshd, { clientKey: encryptedKey(), flags: ["--passphrase", "wrong"] }),
  ),
  "Cannot use the key": error(() =>
    reach(sshd, { clientKey: file("key.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n") }),
  ),
  "there is no agent to sign for it": error(() =>
    reach(sshd, { clientKey: file("alone.pub", makeKeyPair().publicKey) }),
  ),
  "does not sign for the key of": error(() =>
    reachByAgent([plainEd25519()], file("another.pub", makeKeyPair().publicKey)),
  ),
  "There is no key to log in with": error(() => reachByAgent([])),
  "there is no such socket": error(() =>
    reach(sshd, { clientKey: undefined, flags: ["--agent", join(sshd.folder, "none")] }),
  ),
  "it refused": error(() => {
    const key = plainEd25519();
    authorize(key);
    const refuse: Behaviour = (request, answer) => sshString(request[0] === 11 ? answer() : Uint8Array.of(5));
    return reachByAgent([key], file("refused.pub", key.line), refuse);
  }),
  "touch your security key": warning(() => {
    const key = securityKeyEd25519();
    authorize(key);
    return reachByAgent([key]);
  }),
  AcceptEnv: warning(() => reach(sshd, { flags: ["--env", "NOT_ACCEPTED=1"] })),
  "its sshd_config needs a Subsystem line": error(() => reach(sshd, { remote: ["--subsystem", "nothing"] })),
  "exited with status 127": error(() => reach(sshd, { remote: ["--command", "no-such-program"] }), 127),
  "or newer, this is": error(() => {
    const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.8" } })';
    const preload = `--import=data:text/javascript,${encodeURIComponent(old)}`;
    return run(["--host", "127.0.0.1"], { env: { NODE_OPTIONS: preload } });
  }),
  "unrecognized arguments": error(() => run(["--command", "npx", "-y", "a-server"]), 2),
  "No MCP server answers there but a shell": error(() => reach(sshd, { remote: [] })),
  "that is no MCP message": warning(() => reach(sshd, { remote: ["--command", `echo Welcome; ${answering}`] })),
  "has not answered the first request": error(() =>
    reach(sshd, { remote: ["--command", "cat >/dev/null"], flags: ["--first-reply-timeout", "1"] }),
  ),
  "The remote MCP server exited with status": error(
    () => reach(sshd, { remote: ["--command", "read line; exit 3"] }),
    3,
  ),
  "The link to the remote MCP server was lost": error(() =>
    reach(sshd, {
      remote: ["--command", "read line; echo here >&2; cat >/dev/null"],
      meanwhile: async (host) => {
        await host.stderrMatch(/\[remote stderr\] here/);
        sshd.dropConnections();
      },
    }),
  ),
  "no sign of life on the connection": error(async () => {
    const proxy = await startFaultProxy(sshd.port);
    const silent = { ...sshd, port: proxy.port };
    const remote = ["--command", "read line; echo here >&2; cat >/dev/null"];
    const flags = ["--host-key", sshd.hostKey, "--keepalive-interval", "1", "--keepalive-count", "2"];
    const meanwhile = async (host: Host): Promise<void> => {
      await host.stderrMatch(/\[remote stderr\] here/);
      proxy.now("black hole");
    };
    return reach(silent, { remote, flags, meanwhile }).finally(() => proxy.stop());
  }),
  "cannot be restored": error(() =>
    withServer(startSshd, async (server) => {
      const env = { ...hostEnvironment(), HOME: server.home };
      const host = startHost(launch(server, { exec: answering }), env);
      hosts.push(host);
      host.send(initialize);
      await host.line();
      writeFileSync(join(server.folder, "authorized_keys"), "");
      server.dropConnections();
      await host.stderrMatch(/was lost/);
      host.send('{"jsonrpc":"2.0","id":2,"method":"ping"}'); // waits for another link
      const message = JSON.parse(await host.line()).error?.message;
      const exit = await host.exit;
      return { stderr: host.stderr(), message, exit };
    }),
  ),
  "jump host": error(async () => {
    const text = `Host there\n ProxyJump gate\nHost gate\n Port ${await freePort()}`;
    return run(sshConfig("config_gate", text));
  }),
  "it has no way to": error(async () => {
    const flags = sshConfig("config_way", "");
    return run([...flags, "--host", "127.0.0.1", "--port", String(await freePort()), "--proxy-jump", "there"]);
  }),
  "the ProxyCommand": error(() => run(sshConfig("config_command", "Host there\n ProxyCommand no-such-command %h"))),
  "is not supported:": warning(() => run(sshConfig("config_lost", "CASignatureAlgorithms ssh-ed25519"))),
  "Bad owner or permissions on": error(() => {
    const [, path = "", ...flags] = sshConfig("config_included", "", 0o666);
    return run(["--ssh-config", file("config_open", `Include ${path}\n`), ...flags]);
  }),
  "longer than the": refusal(() =>
    reach(sshd, {
      remote: ["--command", `read line; printf '{"jsonrpc":"2.0","id":1,"result":"%01100d"}\\n' 0; cat >/dev/null`],
      flags: ["--max-line", "1024"],
    }),
  ),
};

/** Those that only another server shows. */
const othersTroubles: Readonly<Record<string, Trouble & { readonly missing: string | undefined }>> = {
  "not part in strict kex": {
    ...error(() => withServer(startTinysshd, (server) => reach(server))),
    missing: missingTinysshd(),
  },
  "the server refused the exec request": {
    ...error(() => withServer(startReferenceServer, (server) => reach(server))),
    missing: missingReferenceServer(),
  },
};

const rows = troublesOf(readFileSync("docs/troubleshooting.md", "utf8"));

test("every row of the table has a case here, and every case a row", () => {
  expect(Object.keys({ ...troubles, ...othersTroubles }).sort()).toEqual([...rows].sort());
});

async function check(words: string, { kind, code, provoke }: Trouble): Promise<void> {
  const { stderr, message, exit } = await provoke();
  expect(stderr).toContain(words);
  expect(stderr).not.toMatch(/\n\s+at /);
  if (kind === "error") expect(message).toContain(words);
  else expect(message).toBeUndefined();
  expect(exit).toEqual({ code, signal: null });
}

describeNeeding(missingSshd(), "troubles", () => {
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    for (const server of listeners.splice(0)) server.close();
    await Promise.all(children.splice(0).map(endTree));
  });
  afterAll(() => sshd?.stop());

  test.each(Object.entries(troubles))("%s", (words, trouble) => check(words, trouble));

  describe("of other servers", () => {
    for (const [words, { missing, ...trouble }] of Object.entries(othersTroubles)) {
      describeNeeding(missing, words, () => {
        test("is said", () => check(words, trouble));
      });
    }
  });
});
