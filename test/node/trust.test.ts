import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { knownHostsTrust } from "../../src/node/trust.ts";
import { table } from "../../src/ssh/algorithms/table.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { HostKeyError } from "../../src/ssh/errors.ts";

/** Keys and fingerprints made with ssh-keygen of OpenSSH 9.2p1. */
const server = {
  base64: "AAAAC3NzaC1lZDI1NTE5AAAAIEz6KBhexvlppkNzykQCoa+uX+oM2e6ohtvgC/Itzf8A",
  fingerprint: "SHA256:UvXWh0KQ5xNjpN+69A/YLj5lpuIH+2TgDo1BZrbWIo0",
};
const other = {
  base64: "AAAAC3NzaC1lZDI1NTE5AAAAIAHJmdTOWoVvFhxnEehaQBosWUrg589DU2pxvJVA2ZsL",
  fingerprint: "SHA256:TqWqgMUTmpHB+zjB9iYArV9xzUf9CtY20YhSV1RLDyE",
};
const ecdsa =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEOZ4kNXQlruvgRKiUylMAJfLs7GNkMod2lMUFM5m3PAueEaajEpGkyseslEvws/qw8bTgcqFrJ6OTYxMAVFghU=";

const rsa = {
  line: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDBVPfujTILyHaJ1y0AcgbqZPfaqbz+6EdO6lN8MmRN/C3NgmwF1Sf60rV3xbVqRX0fja9lT4JiuaItRSZBg+cjopC1PbABBYGaZAoUUZCS3Rq12dd0DvY+/gh7phF1iJpG4DGGY60w4a5jJsnUv9lHAXZqo1HohULrZYNFgRC4tu6fWwG8CZM2OadEX/JhaQZsSnZfXy2vElniSG5VKYaiadxTo92pqh3VKLPwEQAkzHiEgkD7Tvd4HHd7quygeu6ntrtlxXzT/IuH6uc1YdaGPD0FliNNfGv3+OMlA/hIMl/sDc9mFdAhoeQWUV0kFimcRZgcHy9TKWga0C2Yg/Rd",
  fingerprint: "SHA256:cFt8JGtBLAVv+paHvtjTgJS/jTxD2W7d0Ax1IWjP0P8",
};

function blobOf(line: string): Uint8Array {
  return Uint8Array.from(Buffer.from(line.split(" ")[1] ?? "", "base64"));
}

const hostKey: HostKey = {
  algorithm: "ssh-ed25519",
  blob: blobOf(`ssh-ed25519 ${server.base64}`),
  fingerprint: server.fingerprint,
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trust-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function judge(lines: readonly string[], port = 8022, shown = hostKey): Promise<HostKeyError | "trusted"> {
  const path = join(folder, "known_hosts");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  const { verifyHostKey } = await knownHostsTrust({ host: "h.example", port, files: [path] });
  try {
    verifyHostKey(shown);
    return "trusted";
  } catch (error) {
    if (error instanceof HostKeyError) return error;
    throw error;
  }
}

const message = async (lines: readonly string[], port?: number): Promise<string> => {
  const verdict = await judge(lines, port);
  return verdict === "trusted" ? verdict : verdict.message.replaceAll(folder, "FOLDER");
};

describe("a host key", () => {
  it("that is known is trusted", async () => {
    expect(await judge([`[h.example]:8022 ssh-ed25519 ${server.base64}`])).toBe("trusted");
    expect(await judge([`h.example ssh-ed25519 ${server.base64}`], 22)).toBe("trusted");
  });

  it("of RSA is called ssh-rsa, whatever its signatures are called", async () => {
    const line = `h.example ${rsa.line}`;
    const shown: HostKey = { algorithm: "rsa-sha2-512", blob: blobOf(rsa.line), fingerprint: rsa.fingerprint };
    expect(await judge([line], 22, shown)).toBe("trusted");
    const error = await judge([], 22, shown);
    expect(error).toMatchObject({ message: expect.stringContaining(`showed ssh-rsa ${rsa.fingerprint}`) });
    expect(error).toMatchObject({ message: expect.stringContaining(`the line '${line}' in`) });
  });

  it("that is unknown is refused, with its fingerprint and the line that would trust it", async () => {
    expect(await message([])).toBe(
      `Host key verification failed: no key of h.example port 8022 is known. The server showed ssh-ed25519 ${server.fingerprint}. ` +
        "Compare that fingerprint with what the server's operator tells you, by another way than this network; if it is the same, " +
        `the line '[h.example]:8022 ssh-ed25519 ${server.base64}' in FOLDER/known_hosts trusts it`,
    );
  });

  it("is trusted by the line that the refusal gave", async () => {
    const line = /the line '(.*?)'/.exec(await message([]))?.[1];
    expect(await judge([String(line)])).toBe("trusted");
  });

  it("that is unknown is not excused by another port's", async () => {
    expect(await message([`h.example ssh-ed25519 ${other.base64}`])).toContain(
      `(the same host has ssh-ed25519 ${other.fingerprint} in FOLDER/known_hosts:1 at port 22)`,
    );
  });

  it("that a certificate might excuse is refused, and it says so", async () => {
    expect(await message([`@cert-authority *.example ssh-ed25519 ${other.base64}`], 22)).toContain(
      "(FOLDER/known_hosts:1 trusts certificates for it, which are not supported yet)",
    );
  });

  it("that has changed is refused, with both fingerprints and where the old one stands", async () => {
    const verdict = await judge(["# a comment", `[h.example]:8022 ssh-ed25519 ${other.base64}`]);
    expect(verdict).toMatchObject({
      verdict: "changed",
      fingerprint: server.fingerprint,
      knownHostsLine: `${folder}/known_hosts:2`,
    });
    const text = (verdict as HostKeyError).message;
    expect(text).toMatch(/^Host key verification failed: THE HOST KEY OF h\.example port 8022 HAS CHANGED\./);
    expect(text).toContain(`The server showed ssh-ed25519 ${server.fingerprint}`);
    expect(text).toContain(`known is ssh-ed25519 ${other.fingerprint} in ${folder}/known_hosts:2`);
    expect(text).toContain(`the line '[h.example]:8022 ssh-ed25519 ${server.base64}'`);
  });

  it("of a type that is not known for the host is refused, without the alarm", async () => {
    const text = await message([`h.example ${ecdsa}`], 22);
    expect(text).toContain("of h.example port 22 only another type of key is known, ecdsa-sha2-nistp256 SHA256:");
    expect(text).not.toContain("HAS CHANGED");
    expect(text).toContain(`the line 'h.example ssh-ed25519 ${server.base64}'`);
  });

  it("that is revoked is refused, whatever else trusts it", async () => {
    const lines = [`h.example ssh-ed25519 ${server.base64}`, `@revoked * ssh-ed25519 ${server.base64}`];
    expect(await judge(lines, 22)).toMatchObject({ verdict: "revoked", knownHostsLine: `${folder}/known_hosts:2` });
    expect(await message(lines, 22)).toContain("is marked @revoked in FOLDER/known_hosts:2");
  });

  it("that is refused comes with what was skipped in the file", async () => {
    expect(await message(["h.example ssh-ed25519 AAAA!"], 22)).toMatch(/\(lines skipped in known_hosts: 1, as FOLDER/);
  });
});

it("the host key algorithms are offered by what the files hold", async () => {
  const path = join(folder, "known_hosts");
  writeFileSync(path, `h.example ${ecdsa}\n`);
  const names = Object.keys(table.hostKey);
  const first = names.filter((name) => name.startsWith("ecdsa-sha2-nistp256"));
  const { hostKeyAlgorithms } = await knownHostsTrust({ host: "h.example", port: 22, files: [path] });
  expect(hostKeyAlgorithms).toEqual([...first, ...names.filter((name) => !first.includes(name))]);
});

it("lines that are skipped are told", async () => {
  const path = join(folder, "known_hosts");
  writeFileSync(path, "nonsense\n");
  const notes: string[] = [];
  await knownHostsTrust({ host: "h", port: 22, files: [path], onNote: (note) => notes.push(note) });
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain(`${path}:1`);
});
