import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRevokedKeys } from "../../src/node/revoked-keys.ts";
import { trustBy } from "../../src/node/trust.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { fingerprint } from "../../src/ssh/known-hosts.ts";
import { describeNeeding } from "../support/needs.ts";
import { findExecutable, makeKeyPair } from "../support/ssh-server.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function hostKey(line: string): HostKey {
  const blob = Uint8Array.from(Buffer.from(line.split(" ")[1] ?? "", "base64"));
  return { algorithm: "ssh-ed25519", blob, fingerprint: fingerprint(blob) };
}

test("a key of the list is refused, whatever known_hosts says; another is not", async () => {
  const [bad, good] = [makeKeyPair().publicKey, makeKeyPair().publicKey];
  const list = write("list", `# lost in the train\n\n  ${bad} comment\n`);
  const known = { path: "known", text: `h ${bad}\nh ${good}\n[h]:2 ${bad}\n` };
  const files = [known, ...(await readRevokedKeys([list]))];
  for (const port of [22, 2]) {
    const trust = trustBy(files, "known", { host: "h", port });
    expect(() => trust.verifyHostKey(hostKey(bad))).toThrow(`is marked @revoked in ${list}:3`);
  }
  expect(trustBy(files, "known", { host: "h", port: 22 }).verifyHostKey(hostKey(good))).toBeUndefined();
});

test("a list that is not there revokes all", async () => {
  await expect(readRevokedKeys([join(folder, "nothing")])).rejects.toThrow("nothing: no such file");
});

test.each([
  ["a line of known_hosts", "h KEY", "unknown key type"],
  ["a marked one", "@revoked * KEY", "unknown key type"],
  ["a key cut short", "CUT", "the key is not a well-formed ssh-ed25519 key"],
  ["a type that nobody knows", "ssh-foo AAAAB3NzaC1mb28AAAAA", "unknown key type"],
  ["a type alone", "ssh-ed25519", "the line ends too early"],
])("a list that holds %s revokes all, as with ssh, since nobody knows which key is meant", async (_, line, why) => {
  const key = makeKeyPair().publicKey;
  const list = write("unclear", `# one\n${line.replace("KEY", key).replace("CUT", key.slice(0, 60))}\n`);
  await expect(readRevokedKeys([list])).rejects.toThrow(`RevokedHostKeys ${list}:2: ${why}`);
});

const missing = findExecutable("ssh-keygen") === undefined ? "no ssh-keygen here: install openssh-client" : undefined;
describeNeeding(missing, "a list of ssh-keygen's", () => {
  test("in binary form is refused by name", async () => {
    const path = join(folder, "krl");
    execFileSync("ssh-keygen", ["-q", "-k", "-f", path, write("one.pub", makeKeyPair().publicKey)]);
    expect(readFileSync(path, "latin1").startsWith("SSHKRL")).toBe(true);
    await expect(readRevokedKeys([path])).rejects.toThrow(`RevokedHostKeys ${path} is a KRL, which is not read here`);
  });
});
