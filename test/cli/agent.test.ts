/** The built command, agents on real sockets and a real sshd: who is asked, who is let in, and what a person is told. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import {
  type Behaviour,
  type FakeAgent,
  type FakeKey,
  plainEd25519,
  securityKeyEcdsa,
  securityKeyEd25519,
  startFakeAgent,
} from "../support/fake-agent.ts";
import { describeNeeding } from "../support/needs.ts";
import { sshString } from "../support/peer-crypto.ts";
import { stoppedWith } from "../support/processes.ts";
import { makeKey, missingSshAgent, type SshAgent, startSshAgent } from "../support/ssh-agent.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { echoed, line, refused } from "./one-line.ts";

describeNeeding(missingSshd() ?? missingSshAgent(), "agents and a real sshd", () => {
  let server: SshServer;
  let home = "";
  const hosts: Host[] = [];
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await startSshd();
    home = join(server.folder, "someone");
    mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  afterAll(() => server?.stop());

  /** `env`: added to what hosts hand over. Nobody's own home is looked at. */
  function start(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Host {
    const { host, port, user, knownHosts } = server;
    const place = ["--host", host, "--port", String(port), "--username", user, "--known-hosts", knownHosts];
    const launch = { command: process.execPath, args: [builtCommand, ...place, ...flags] };
    const started = startHost(launch, { ...hostEnvironment(), HOME: home, ...env });
    hosts.push(started);
    return started;
  }

  const command = ["--command", "cat"];

  const letIn = (flags: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> => echoed(start(flags, env));
  const denied = (flags: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> => refused(start(flags, env));

  const fakeAgent = (keys: readonly FakeKey[], behaviour?: Behaviour): Promise<FakeAgent> =>
    stoppedWith(stops, startFakeAgent(keys, behaviour));
  const realAgent = (options?: { confirms: boolean }): Promise<SshAgent> => stoppedWith(stops, startSshAgent(options));

  function authorize(...lines: readonly string[]): void {
    writeFileSync(join(server.folder, "authorized_keys"), `${lines.join("\n")}\n`);
  }

  function publicFile(key: FakeKey): string {
    const path = join(server.folder, "named.pub");
    writeFileSync(path, `${key.line} ${key.comment}\n`);
    return path;
  }

  test.each(["--agent", "SSH_AUTH_SOCK"])("a key of ssh-agent, by %s", async (how) => {
    const agent = await realAgent();
    const path = join(agent.folder, "key");
    authorize(makeKey(path, "-t", "ecdsa"));
    agent.add(path);
    if (how === "--agent") await letIn([...command, "--agent", agent.path]);
    else await letIn(command, { SSH_AUTH_SOCK: agent.path });
  });

  test("in a shell no agent is asked unless told so", async () => {
    const key = plainEd25519();
    authorize(key.line);
    const agent = await fakeAgent([key]);
    const reason = await denied([], { SSH_AUTH_SOCK: agent.path });
    const made = join(home, ".ssh", "m2m_mcp_server_ssh_client");
    expect(reason).toContain("Authentication failed"); // with the key that was made
    for (const path of [made, `${made}.pub`]) rmSync(path);
    const named = await denied(["--client-key", publicFile(key)], { SSH_AUTH_SOCK: agent.path });
    expect(named).toContain(
      "is a public key, and there is no agent to sign for it; name the agent's socket with --agent",
    );
    expect(agent.requests).toEqual([]);
    const host = start(["--agent", agent.path]);
    host.send("exec cat");
    host.send(line);
    expect(await host.line()).toBe(line);
  });

  test("no agent is asked where it is not needed, or forbidden", async () => {
    const agent = await fakeAgent([plainEd25519()]);
    const path = join(server.folder, "plain");
    authorize(makeKey(path, "-t", "ed25519"));
    await letIn([...command, "--client-key", path], { SSH_AUTH_SOCK: agent.path });
    const reason = await denied([...command, "--agent", "none"], { SSH_AUTH_SOCK: agent.path });
    expect(reason).toMatch(
      /^There is no key to log in with: .*\/\.ssh\/id_ed25519, .* cannot be used; name one with --client-key/,
    );
    expect(agent.requests).toEqual([]);
  });

  test("the right key behind five others is reached by naming it", async () => {
    const keys = [0, 1, 2, 3, 4, 5, 6].map((n) => plainEd25519(`key ${n}`));
    const wanted = keys[6] as FakeKey;
    authorize(wanted.line);
    const agent = await fakeAgent(keys);
    const host = start([...command, "--agent", agent.path]);
    await host.exit;
    expect(host.stderr()).toContain("WARNING - only the first 5 of 7 keys are tried");
    expect(host.stderr()).toContain("Error running MCP SSH client: Authentication failed: ");
    expect(agent.asked).toEqual([]);
    await letIn([...command, "--agent", agent.path, "--client-key", publicFile(wanted)]);
    expect(agent.asked).toEqual([wanted.line.split(" ")[1]]);
  });

  test("several keys, in the order in which they were named", async () => {
    const stranger = join(server.folder, "stranger");
    makeKey(stranger, "-t", "ed25519");
    const key = plainEd25519();
    authorize(key.line);
    const agent = await fakeAgent([key]);
    const flags = ["--client-key", stranger, "--client-key", publicFile(key), "--agent", agent.path];
    const stderr = await letIn([...command, ...flags, "--log-level", "DEBUG"]);
    expect(stderr.match(/sent SSH_MSG_USERAUTH_REQUEST/g)).toHaveLength(3);
  });

  test("a security key, whose touch is asked for on stderr", async () => {
    const key = securityKeyEd25519("on my key ring");
    authorize(key.line);
    const agent = await fakeAgent([key]);
    const stderr = await letIn([...command, "--agent", agent.path]);
    expect(stderr).toContain(
      " - WARNING - touch your security key: sk-ssh-ed25519@openssh.com on my key ring waits for it\n",
    );
  });

  test("SIGTERM while a touch is awaited ends it", async () => {
    const key = securityKeyEd25519("never touched");
    authorize(key.line);
    const agent = await fakeAgent([key], (request, answer) => (request[0] === 11 ? sshString(answer()) : undefined));
    const host = start([...command, "--agent", agent.path]);
    await host.stderrMatch(/touch your security key/);
    host.child.kill("SIGTERM");
    expect(await host.exit).toEqual({ code: 143, signal: null });
  });

  test("SIGTERM while an agent says nothing at all ends it", async () => {
    let wake: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const agent = await fakeAgent([], () => void wake());
    const host = start([...command, "--agent", agent.path]);
    await asked;
    host.child.kill("SIGTERM");
    expect(await host.exit).toEqual({ code: 143, signal: null });
  });

  test("an encrypted key file that the agent holds needs no passphrase", async () => {
    const agent = await realAgent();
    const path = join(agent.folder, "key");
    authorize(makeKey(path, "-t", "ed25519"));
    agent.add(path);
    execFileSync("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", path]);
    await letIn([...command, "--client-key", path], { SSH_AUTH_SOCK: agent.path });
    expect(await denied([...command, "--client-key", path])).toContain("is encrypted");
  });

  test.each(["a file", "an agent"])("a certificate beside the key of %s", async (where) => {
    const agent = await realAgent();
    const [ca, path] = [join(agent.folder, "ca"), join(agent.folder, "key")];
    authorize(`cert-authority ${makeKey(ca, "-t", "ed25519")}`);
    makeKey(path, "-t", "ecdsa", "-b", "384");
    agent.add(path); // without its certificate
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "id", "-n", server.user, `${path}.pub`], { stdio: "ignore" });
    const flags = where === "a file" ? [path] : [`${path}.pub`, "--agent", agent.path];
    await letIn([...command, "--client-key", ...flags]);
  });

  test.each([
    ["ed25519", securityKeyEd25519()],
    ["ecdsa", securityKeyEcdsa()],
  ])("a certificate of a security key: %s", async (name, key) => {
    const [ca, path] = [join(server.folder, `ca-${name}`), join(server.folder, `sk-${name}`)];
    authorize(`cert-authority ${makeKey(ca, "-t", "ed25519")}`);
    writeFileSync(`${path}.pub`, `${key.line}\n`);
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "id", "-n", server.user, `${path}.pub`], { stdio: "ignore" });
    const agent = await fakeAgent([key]);
    const stderr = await letIn([...command, "--client-key", `${path}.pub`, "--agent", agent.path]);
    expect(stderr).toContain("touch your security key");
  });

  test("a certificate that ssh's configuration names", async () => {
    const folder = mkdtempSync(join(server.folder, "certified-"));
    const [ca, path] = [join(folder, "ca"), join(folder, "key")];
    const [elsewhere, config] = [join(folder, "elsewhere"), join(folder, "config")];
    authorize(`cert-authority ${makeKey(ca, "-t", "ed25519")}`);
    makeKey(path, "-t", "ed25519");
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "id", "-n", server.user, `${path}.pub`], {
      stdio: "ignore",
    });
    renameSync(`${path}-cert.pub`, elsewhere);
    writeFileSync(config, `IdentityFile ${path}\nCertificateFile ${elsewhere}\nCertificateFile ${folder}/none\n`);
    await letIn([...command, "--ssh-config", config]);
  });

  test("an agent that refuses: what it may want is said", async () => {
    const agent = await realAgent({ confirms: false });
    const path = join(agent.folder, "key");
    authorize(makeKey(path, "-t", "ed25519", "-C", "ask me"));
    agent.add(path, "-c");
    const reason = await denied([...command, "--agent", agent.path]);
    expect(reason).toContain(`The agent at ${agent.path} was asked for a signature by ssh-ed25519 `);
    expect(reason).toContain(": it refused; say yes to it, unlock it, or ");
  });

  test("a key that the agent refuses makes room for the next one", async () => {
    const [refusedKey, key] = [plainEd25519("refused"), plainEd25519("good")];
    authorize(refusedKey.line, key.line);
    const agent = await fakeAgent([{ ...refusedKey, sign: () => new Uint8Array(0) }, key]);
    const stderr = await letIn([...command, "--agent", agent.path]);
    expect(stderr).toMatch(/WARNING - The agent at .* a signature by ssh-ed25519 refused: .*; the next key is tried\n/);
    expect(agent.asked).toEqual([refusedKey, key].map(({ line }) => line.split(" ")[1]));
  });

  test("a locked agent: that it may be locked is said", async () => {
    const agent = await realAgent();
    const path = join(agent.folder, "key");
    makeKey(path, "-t", "ed25519");
    agent.add(path);
    agent.lock();
    const reason = await denied([...command, "--agent", agent.path]);
    expect(reason).toContain(`the agent at ${agent.path} shows no keys, as a locked one does; `);
    const named = await denied([...command, "--agent", agent.path, "--client-key", `${path}.pub`]);
    expect(named).toMatch(/it shows no keys, as a locked one does; add it with ssh-add, unlock the agent, /);
  });

  test("an agent that dies while it signs", async () => {
    const key = plainEd25519("short-lived");
    authorize(key.line);
    const agent = await fakeAgent([key], (request, answer, socket) =>
      request[0] === 11 ? sshString(answer()) : void socket.destroy(),
    );
    const reason = await denied([...command, "--agent", agent.path]);
    expect(reason).toContain("a signature by ssh-ed25519 short-lived: it closed the connection without a reply; ");
  });

  test("an agent that is not there, by name and by the environment", async () => {
    const path = join(server.folder, "nowhere");
    const named = await denied([...command, "--agent", path]);
    expect(named).toContain(
      `The agent at ${path} was asked for the list of its keys: there is no such socket; check --agent`,
    );
    const found = await denied(command, { SSH_AUTH_SOCK: path });
    expect(found).toMatch(/^There is no key to log in with: .*: there is no such socket; name one with --client-key/);
  });
});
