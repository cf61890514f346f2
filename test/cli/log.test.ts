/**
 * What the built command's log shows of a session, and what it never shows: at every level, with canaries in all that is
 * secret or somebody else's, a real sshd and a scripted key server.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { logLevels } from "../../src/node/log.ts";
import { builtCommand, endHosts, type Host, hostEnvironment, startHost } from "../support/command.ts";
import { echoCommand } from "../support/everything.ts";
import { type HttpServer, startHttp } from "../support/http-servers.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

/** In no line of a log. */
const canary = "c4nary";

describeNeeding(missingSshd(), "the log of a session", () => {
  let server: SshServer;
  let keyServer: HttpServer;
  let home = "";
  let clientKey = "";
  const hosts: Host[] = [];
  beforeAll(async () => {
    server = await startSshd({ config: ["AcceptEnv TOKEN"] });
    clientKey = join(server.folder, "encrypted");
    const secrets = ["-N", `${canary}-passphrase`, "-C", `${canary}-comment`];
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", ...secrets, "-f", clientKey]);
    writeFileSync(join(server.folder, "authorized_keys"), readFileSync(`${clientKey}.pub`));
  });
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
    const key = `${server.hostKey} ${canary}-comment`;
    keyServer = await startHttp(({ method }) =>
      method === "GET"
        ? { json: { server_pub_key: key, note: `${canary}-member` }, headers: { "x-note": `${canary}-header` } }
        : { status: 400, headers: { "x-note": `${canary}-header` }, body: `{"detail":"${canary}-answer"}` },
    );
  });
  afterEach(async () => {
    await endHosts(hosts.splice(0));
    await keyServer.stop();
    rmSync(home, { recursive: true, force: true });
  });
  afterAll(() => server?.stop());

  /** A session in which a secret stands wherever one can; gives what stderr said. */
  async function logged(level: string): Promise<string> {
    const place = ["--host", server.host, "--port", String(server.port), "--username", server.user];
    const asking = ["--use-key-server", "--key-server-port", String(keyServer.port), "--client-key", clientKey];
    const unlock = ["--passphrase", `${canary}-passphrase`];
    const env = ["--env", `LANG=${canary}-lang`, "--env=TOKEN", "--env", `REFUSED=${canary}-refused`];
    const args = [
      builtCommand,
      ...place,
      ...asking,
      ...env,
      ...unlock,
      "--log-level",
      level,
      "--command",
      `${echoCommand} ${canary}`,
    ];
    const host = startHost(
      { command: process.execPath, args },
      { ...hostEnvironment(), HOME: home, TOKEN: `${canary}-token`, HTTP_PROXY: `http://u:${canary}@192.0.2.1:1` },
    );
    hosts.push(host);
    host.send(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"${canary}-member":"${canary}-value"}}}`);
    expect(JSON.parse(await host.line())).toMatchObject({ id: 1 });
    host.send(`{"jsonrpc":"2.0","id":"${canary}-id","method":"${canary}/method","params":["${canary}-argument"]}`);
    expect(JSON.parse(await host.line())).toMatchObject({ id: `${canary}-id` });
    host.end();
    expect((await host.exit).code).toBe(0);
    return host.stderr();
  }

  test.each(logLevels)(
    "at %s holds nothing of messages, arguments, variables, keys or a key server's answers",
    async (level) => {
      const stderr = await logged(level);
      expect(stderr).not.toContain(canary);
      const material = readFileSync(clientKey, "utf8").split("\n").slice(1, -2);
      expect(material.length).toBeGreaterThan(2);
      for (const line of material) expect(stderr).not.toContain(line);
      const lines = stderr.trimEnd().split("\n");
      for (const line of stderr === "" ? [] : lines) {
        expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - mcp_ssh_client\.transport - [A-Z]+ - \S/);
      }
      const shown = new Set(lines.map((line) => line.split(" - ")[2]).filter((name) => name !== undefined));
      const least = logLevels.indexOf(level);
      expect([...shown].every((name) => (logLevels as readonly string[]).indexOf(name) >= least)).toBe(true);
    },
  );

  test("of a wrong passphrase holds nothing either", async () => {
    const place = ["--host", server.host, "--port", String(server.port), "--known-hosts", server.knownHosts];
    const wrong = ["--client-key", clientKey, `--passphrase=${canary}-wrong`, "--log-level", "DEBUG"];
    const launch = { command: process.execPath, args: [builtCommand, ...place, ...wrong] };
    const host = startHost(launch, { ...hostEnvironment(), HOME: home });
    hosts.push(host);
    host.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(JSON.parse(await host.line())).toMatchObject({ id: 1, error: { code: -31001 } });
    expect((await host.exit).code).toBe(1);
    expect(host.stderr()).toContain(" - ERROR - ");
    expect(host.stderr() + host.stdout().toString()).not.toContain(canary);
  });

  test("at DEBUG shows versions, both KEXINITs, what was chosen, and each packet's name and size", async () => {
    const stderr = await logged("DEBUG");
    const shows = (pattern: RegExp): void => expect(stderr).toMatch(pattern);
    shows(/ - DEBUG - our version SSH-2\.0-\S+\n/);
    shows(/ - DEBUG - server version SSH-2\.0-OpenSSH_\S+/);
    shows(/ - DEBUG - our KEXINIT: kexAlgorithms=\S*curve25519-sha256\S* serverHostKeyAlgorithms=ssh-ed25519 /);
    shows(
      / - DEBUG - server KEXINIT: kexAlgorithms=\S+ serverHostKeyAlgorithms=\S+ encryptionAlgorithmsClientToServer=/,
    );
    shows(/ - DEBUG - chosen: curve25519-sha256\S*, ssh-ed25519, \S+, \S+, strict kex\n/);
    const packets = stderr.match(/ - (sent|received) SSH_MSG_[A-Z_]+, \d+ bytes\n/g) ?? [];
    for (const name of [
      "KEXINIT",
      "NEWKEYS",
      "SERVICE_REQUEST",
      "SERVICE_ACCEPT",
      "USERAUTH_REQUEST",
      "USERAUTH_SUCCESS",
    ]) {
      expect(
        packets.some((line) => line.includes(`SSH_MSG_${name}, `)),
        name,
      ).toBe(true);
    }
    for (const name of ["CHANNEL_OPEN", "CHANNEL_REQUEST", "CHANNEL_DATA", "CHANNEL_EOF", "DISCONNECT"]) {
      expect(
        packets.some((line) => line.includes(`sent SSH_MSG_${name}, `)),
        name,
      ).toBe(true);
    }
  });
});
