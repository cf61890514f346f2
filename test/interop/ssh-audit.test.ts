/**
 * ssh-audit (https://github.com/jtesta/ssh-audit, of the version that ssh-audit.json names) looks at what the command
 * offers. All that it warns of stands in that file with our reason; what stands there and is no longer found must go.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createKey } from "../../src/node/key-creation.ts";
import { builtCommand, endHosts, type Host, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { freePort } from "../support/ssh-server.ts";
import { missingVenv, venvPython } from "../support/venv.ts";

interface Accepted {
  readonly about: string;
  /** The version that the findings are of, as PyPI has it. */
  readonly version: string;
  readonly findings: readonly {
    /** As ssh-audit names the list: `kex`, `key`, `enc`, `mac`. */
    readonly list: string;
    readonly algorithms: readonly string[];
    readonly says: string;
    readonly reason: string;
  }[];
}

const accepted = JSON.parse(readFileSync(new URL("ssh-audit.json", import.meta.url), "utf8")) as Accepted;
const venv = `ssh-audit-${accepted.version}`;
const missing = missingVenv(venv, [`ssh-audit==${accepted.version}`]);

describeNeeding(missing, "what ssh-audit says of our offer", () => {
  const hosts: Host[] = [];
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  afterAll(async () => {
    await endHosts(hosts);
    rmSync(folder, { recursive: true, force: true });
  });

  test("is nothing beyond what is accepted with a reason, and all of that", async () => {
    const report = await audit(join(folder, "key"), hosts);
    expect(report).toContain("(gen) banner: SSH-2.0-mcp_ssh_client");
    expect(report).toContain("(kex) curve25519-sha256 ");
    const found = findingsOf(report);
    const known = accepted.findings.flatMap(({ list, algorithms, says }) =>
      algorithms.map((algorithm) => `(${list}) ${algorithm}: ${says}`),
    );
    expect(found.toSorted()).toEqual(known.toSorted());
  });

  test("is nothing of the offer that SECURITY.md has for who wants less", async () => {
    const security = readFileSync(new URL("../../SECURITY.md", import.meta.url), "utf8");
    const [, flags = ""] = /finds nothing:\n`(.*)`/.exec(security) ?? [];
    const report = await audit(join(folder, "other-key"), hosts, flags.split(" "));
    expect(report).toContain("(kex) mlkem768x25519-sha256 ");
    expect(findingsOf(report)).toEqual([]);
  });

  test("is accepted with a reason each", () => {
    for (const { algorithms, reason } of accepted.findings) {
      expect(algorithms.length).toBeGreaterThan(0);
      expect(reason.length).toBeGreaterThan(40);
    }
  });
});

/** ssh-audit's report, plain. It binds the port by itself and serves one connection; the command knocks until it is there. */
async function audit(key: string, hosts: Host[], offer: readonly string[] = []): Promise<string> {
  await createKey(key);
  const port = String(await freePort());
  const audit = ["-m", "ssh_audit", "-c", "-n", "-p", port, "-t", "60"];
  const auditor = startHost({ command: venvPython(venv), args: audit }, process.env);
  hosts.push(auditor);
  const flags = ["--username", "nobody", "--client-key", key, "--ssh-config", "none", "--agent", "none"];
  const args = [builtCommand, "--host", "127.0.0.1", "--port", port, ...flags, ...offer, "--command", "true"];
  for (let isOver = false; !isOver; ) {
    const client = startHost({ command: process.execPath, args });
    hosts.push(client);
    client.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    await client.exit;
    isOver = !client.stderr().includes("Connection refused") || auditor.child.exitCode !== null;
  }
  await auditor.exit;
  return auditor.stdout().toString("utf8");
}

/** What it fails or warns of, as in `(mac) hmac-sha2-256: using encrypt-and-MAC mode`. */
function findingsOf(report: string): string[] {
  const findings: string[] = [];
  let algorithm = "";
  for (const line of report.split("\n")) {
    const [, named, level, says] = /^(\([a-z]{3}\) \S+)?\s*(?:--|`-) \[(\w+)\] (.*?)\s*$/.exec(line) ?? [];
    algorithm = named ?? algorithm;
    if (level === "fail" || level === "warn") findings.push(`${algorithm}: ${says}`);
  }
  return findings;
}
