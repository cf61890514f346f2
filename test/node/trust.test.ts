import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseHostKeyPin } from "../../src/node/host-key-pin.ts";
import { knownHostsTrust, type TrustOptions, trustBy } from "../../src/node/trust.ts";
import { parseCertificate } from "../../src/ssh/certificate.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { HostKeyError } from "../../src/ssh/errors.ts";
import { fingerprint } from "../../src/ssh/known-hosts.ts";
import { table } from "../../src/ssh/table.ts";
import { vectors } from "../support/vectors.ts";

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

interface RecordedCertificate {
  readonly name: string;
  readonly certificate: string;
  readonly expect: { readonly keyBlob: string; readonly authorityBlob: string };
}

const certificates = vectors<RecordedCertificate>("certificates.json");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trust-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function judge(
  lines: readonly string[],
  { port = 8022, ...options }: Partial<TrustOptions> = {},
  shown = hostKey,
): Promise<HostKeyError | "trusted"> {
  const path = join(folder, "known_hosts");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  const { verifyHostKey } = await knownHostsTrust({ host: "h.example", port, files: [path], ...options });
  try {
    await verifyHostKey(shown);
    return "trusted";
  } catch (error) {
    if (error instanceof HostKeyError) return error;
    throw error;
  }
}

const message = async (lines: readonly string[], options?: Partial<TrustOptions>): Promise<string> => {
  const verdict = await judge(lines, options);
  return verdict === "trusted" ? verdict : verdict.message.replaceAll(folder, "FOLDER");
};

it.each([
  ["trusts", "", "trusted"],
  ["revokes", "@revoked ", "revoked"],
])("a first line behind a byte order mark %s as any other", async (_, marker, verdict) => {
  const judged = await judge([`\ufeff${marker}[h.example]:8022 ssh-ed25519 ${server.base64}`]);
  expect(judged === "trusted" ? judged : judged.verdict).toBe(verdict);
});

describe("a host key", () => {
  it("that is known is trusted", async () => {
    expect(await judge([`[h.example]:8022 ssh-ed25519 ${server.base64}`])).toBe("trusted");
    expect(await judge([`h.example ssh-ed25519 ${server.base64}`], { port: 22 })).toBe("trusted");
  });

  it("of RSA is called ssh-rsa, whatever its signatures are called", async () => {
    const line = `h.example ${rsa.line}`;
    const shown: HostKey = { algorithm: "rsa-sha2-512", blob: blobOf(rsa.line), fingerprint: rsa.fingerprint };
    expect(await judge([line], { port: 22 }, shown)).toBe("trusted");
    const error = await judge([], { port: 22 }, shown);
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

  it.each(["two words", "a,b", "*", "|1|x|y", "[h]:22", "h\u00e9"])(
    "under an alias that no line can have is refused with its fingerprint, and no line: %s",
    async (alias) => {
      const refusal = String(await judge([], { host: alias, port: 22, hasFlags: true }));
      expect(refusal).toContain(`The server showed ssh-ed25519 ${server.fingerprint}.`);
      expect(refusal).toMatch(/ if it is the same, --host-key SHA256:\S+ trusts it$/);
      expect(String(await judge([], { host: alias, port: 22 }))).toMatch(/ if it is the same, pin it$/);
    },
  );

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
    expect(await message([`@cert-authority *.example ssh-ed25519 ${other.base64}`], { port: 22 })).toContain(
      "(FOLDER/known_hosts:1 trusts certificates for it)",
    );
  });

  describe("in a certificate", () => {
    const { certificate: text, expect: wanted } = certificates.find(({ name }) => name === "valid for ten years")!;
    const certificate = parseCertificate(Uint8Array.from(Buffer.from(text, "base64")));
    const shown: HostKey = {
      algorithm: certificate.type,
      blob: certificate.keyBlob,
      fingerprint: fingerprint(certificate.keyBlob),
      certificate,
    };
    const key = `ssh-ed25519 ${wanted.keyBlob}`;
    const authority = `ssh-ed25519 ${wanted.authorityBlob}`;
    const authorityPrint = fingerprint(certificate.authorityBlob);
    const verdict = async (...lines: string[]): Promise<string> => {
      const outcome = await judge(lines, {}, shown);
      return outcome === "trusted" ? outcome : outcome.message.replaceAll(folder, "FOLDER");
    };
    afterEach(() => {
      vi.useRealTimers();
    });
    const at = (time: string): void => {
      vi.useFakeTimers({ now: new Date(time), toFake: ["Date"] });
    };

    it.each([
      `@cert-authority [h.example]:8022 ${authority}`,
      `@cert-authority *.example ${authority}`, // as the bare host
      `@cert-authority * ${authority}`,
    ])("is trusted by its authority: %s", async (line) => {
      at("2026-01-01T00:00:00Z");
      expect(await verdict(line)).toBe("trusted");
    });

    it("is not trusted by a line that names the authority as a host's key", async () => {
      at("2026-01-01T00:00:00Z");
      expect(await verdict(`[h.example]:8022 ${authority}`)).toMatch(/HAS CHANGED/);
    });

    it("is not trusted by an authority for other hosts", async () => {
      at("2026-01-01T00:00:00Z");
      expect(await verdict(`@cert-authority *.other ${authority}`)).toContain(
        `(the server showed a certificate by the authority ${authorityPrint}, which no @cert-authority line names)`,
      );
    });

    it("is not trusted before its time, nor after it, and the times are said", async () => {
      const line = `@cert-authority * ${authority}`;
      const by = `(the server showed a certificate by the authority ${authorityPrint}, which FOLDER/known_hosts:1 trusts, but`;
      at("2019-12-31T23:59:59.999Z");
      expect(await verdict(line)).toContain(
        `${by} it is not valid before 2020-01-01T00:00:00.000Z: is the clock right?)`,
      );
      at("2020-01-01T00:00:00Z");
      expect(await verdict(line)).toBe("trusted");
      at("2029-12-31T23:59:59.999Z");
      expect(await verdict(line)).toBe("trusted");
      at("2030-01-01T00:00:00Z");
      expect(await verdict(line)).toContain(
        `${by} it expired at 2030-01-01T00:00:00.000Z: the server needs a new one)`,
      );
    });

    it("is trusted as a plain one too, as by ssh", async () => {
      at("2031-01-01T00:00:00Z");
      expect(await verdict(`@cert-authority * ${authority}`, `[h.example]:8022 ${key}`)).toBe("trusted");
    });

    it.each([
      [
        "the authority",
        authority,
        `the authority of the certificate that h.example port 8022 showed, ssh-ed25519 ${authorityPrint},`,
      ],
      ["the key", key, `the key that h.example port 8022 showed, ssh-ed25519 ${shown.fingerprint},`],
    ])("is never trusted where %s is revoked", async (_, revoked, says) => {
      at("2026-01-01T00:00:00Z");
      const text = await verdict(`@cert-authority * ${authority}`, `[h.example]:8022 ${key}`, `@revoked * ${revoked}`);
      expect(text).toContain(`${says} is marked @revoked in FOLDER/known_hosts:3`);
    });

    it("is not added as a new one where its authority is known but it does not hold", async () => {
      at("2031-01-01T00:00:00Z");
      const outcome = await judge([`@cert-authority * ${authority}`], { acceptNew: true }, shown);
      expect(outcome).toBeInstanceOf(HostKeyError);
    });
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
    expect(text).toContain(
      `remove the old key with: ssh-keygen -R '[h.example]:8022' -f ${folder}/known_hosts, and ` +
        `the line '[h.example]:8022 ssh-ed25519 ${server.base64}' in ${folder}/known_hosts trusts it`,
    );
  });

  it("that has changed in a line for other hosts too is not removed with it", async () => {
    for (const names of ["h.example,i.example", "*.example", "h.example,!i.example"]) {
      const text = await message([`${names} ssh-ed25519 ${other.base64}`], { port: 22 });
      expect(text).toContain("take this host out of that line, and");
      expect(text).not.toContain("ssh-keygen");
    }
  });

  it("names the flags that trust it, where there are flags", async () => {
    expect(await message([], { hasFlags: true })).toMatch(
      /if it is the same, --host-key SHA256:\S+ trusts it, or the line '.*' in FOLDER\/known_hosts trusts it \(--accept-new /,
    );
    const changed = await message([`[h.example]:8022 ssh-ed25519 ${other.base64}`], { hasFlags: true });
    expect(changed).toContain(`--host-key ${server.fingerprint} trusts it, or the line`);
    expect(changed).not.toContain("--accept-new");
  });

  it("names the command that asks, for a new host alone", async () => {
    const trustCommand = "npx -y mcp-ssh-client trust h";
    for (const hasFlags of [true, false])
      expect(await message([], { hasFlags, trustCommand })).toMatch(/, or your yes to: npx -y mcp-ssh-client trust h$/);
    const changed = await message([`[h.example]:8022 ssh-ed25519 ${other.base64}`], { hasFlags: true, trustCommand });
    expect(changed).not.toContain("npx");
  });

  it("of a type that is not known for the host is refused, without the alarm", async () => {
    const text = await message([`h.example ${ecdsa}`], { port: 22 });
    expect(text).toContain("of h.example port 22 only another type of key is known, ecdsa-sha2-nistp256 SHA256:");
    expect(text).not.toContain("HAS CHANGED");
    expect(text).toContain(`the line 'h.example ssh-ed25519 ${server.base64}'`);
  });

  it("that is revoked is refused, whatever else trusts it", async () => {
    const lines = [`h.example ssh-ed25519 ${server.base64}`, `@revoked * ssh-ed25519 ${server.base64}`];
    expect(await judge(lines, { port: 22 })).toMatchObject({
      verdict: "revoked",
      knownHostsLine: `${folder}/known_hosts:2`,
    });
    expect(await message(lines, { port: 22 })).toContain("is marked @revoked in FOLDER/known_hosts:2");
  });

  it("that is refused comes with what was skipped in the file", async () => {
    expect(await message(["h.example ssh-ed25519 AAAA!"], { port: 22 })).toMatch(
      /\(lines skipped in known_hosts: 1, as FOLDER/,
    );
  });
});

it("the host key algorithms are offered by what the files hold", async () => {
  const path = join(folder, "known_hosts");
  writeFileSync(path, `h.example ${ecdsa}\n`);
  const names = Object.keys(table.hostKey);
  const first = "ecdsa-sha2-nistp256";
  const { hostKeyAlgorithms } = await knownHostsTrust({ host: "h.example", port: 22, files: [path] });
  expect(hostKeyAlgorithms).toEqual([first, ...names.filter((name) => name !== first)]);
});

describe("a pin", () => {
  const pin = parseHostKeyPin(server.fingerprint);
  const whole = parseHostKeyPin(`ssh-ed25519 ${server.base64} a comment`);
  const wrong = parseHostKeyPin(other.fingerprint);
  const known = [`[h.example]:8022 ssh-ed25519 ${server.base64}`];

  it("trusts its key, whatever known_hosts says", async () => {
    for (const pins of [[pin], [whole], [wrong, pin]]) {
      expect(await judge([], { pins })).toBe("trusted");
      expect(await judge([`[h.example]:8022 ssh-ed25519 ${other.base64}`], { pins })).toBe("trusted");
    }
  });

  it("trusts no other key, known or not, and says which it is and which was shown", async () => {
    expect(await judge(known, { pins: [wrong] })).toMatchObject({
      verdict: "changed",
      fingerprint: server.fingerprint,
      knownHostsLine: undefined,
    });
    const pins = [wrong, parseHostKeyPin(ecdsa)];
    expect(await message(known, { pins, hasFlags: true })).toMatch(
      /^Host key verification failed: THE HOST KEY OF h\.example port 8022 IS NOT THE PINNED ONE\. .* The server showed ssh-ed25519 SHA256:UvXWh\S+; pinned is SHA256:TqWqg\S+ or ecdsa-sha2-nistp256 SHA256:\S+\. .* give it to --host-key/,
    );
  });

  it("does not trust what is revoked", async () => {
    const lines = [`@revoked * ssh-ed25519 ${server.base64}`];
    expect(await judge(lines, { pins: [pin] })).toMatchObject({ verdict: "revoked" });
  });

  it("accepts no new key beside it", async () => {
    expect(await judge([], { pins: [wrong], acceptNew: true })).toMatchObject({ verdict: "changed" });
    expect(readFileSync(join(folder, "known_hosts"), "utf8")).toBe("");
  });

  const trustOf = (pins: readonly string[]) =>
    trustBy([], "", { host: "h", port: 22, pins: pins.map(parseHostKeyPin) });
  const plain = Object.keys(table.hostKey).filter((name) => !name.includes("-cert-"));

  it("has keys offered, not certificates, its own type first", () => {
    expect(trustOf([server.fingerprint]).hostKeyAlgorithms).toEqual(plain);
    const first = plain.filter((name) => name.startsWith("ecdsa-sha2-nistp256"));
    expect(trustOf([ecdsa]).hostKeyAlgorithms).toEqual([...first, ...plain.filter((name) => !first.includes(name))]);
  });

  it("has no more offered than it may", () => {
    const hostKeyAlgorithms = ["rsa-sha2-256", "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"];
    const options = { host: "h", port: 22, hostKeyAlgorithms };
    expect(trustBy([], "", options).hostKeyAlgorithms).toEqual(hostKeyAlgorithms);
    const pinned = trustBy([], "", { ...options, pins: [parseHostKeyPin(server.fingerprint)] });
    expect(pinned.hostKeyAlgorithms).toEqual(["rsa-sha2-256", "ssh-ed25519"]);
  });

  it("by fingerprint leaves the other types to be tried, one after the other; a whole key does not", () => {
    const trust = trustOf([other.fingerprint]);
    expect(trust.otherHostKeyAlgorithms()).toEqual([]);
    expect(() => trust.verifyHostKey(hostKey)).toThrow(HostKeyError);
    expect(trust.otherHostKeyAlgorithms()).toEqual(plain.filter((name) => name !== "ssh-ed25519"));
    const next = { ...hostKey, algorithm: "rsa-sha2-512", fingerprint: "SHA256:x" };
    expect(() => trust.verifyHostKey(next)).toThrow(
      `The server showed ssh-ed25519 ${server.fingerprint}, then ssh-rsa SHA256:x;`,
    );
    expect(trust.otherHostKeyAlgorithms()).toEqual(plain.filter((name) => !/ed25519|rsa/.test(name)));
    const wholeKey = trustOf([ecdsa]);
    expect(() => wholeKey.verifyHostKey(hostKey)).toThrow(HostKeyError);
    expect(wholeKey.otherHostKeyAlgorithms()).toEqual([]);
  });
});

describe("where new keys are accepted", () => {
  const warnings: string[] = [];
  const log = {
    debug: () => undefined,
    warning: (text: string) => void warnings.push(text.replaceAll(folder, "FOLDER")),
  };
  beforeEach(() => void warnings.splice(0));
  const contents = (): string => readFileSync(join(folder, "known_hosts"), "utf8");
  const line = `[h.example]:8022 ssh-ed25519 ${server.base64}`;

  it("an unknown one is added and told, and is known from then on", async () => {
    expect(await judge(["# mine"], { acceptNew: true, log })).toBe("trusted");
    expect(contents()).toBe(`# mine\n${line}\n`);
    expect(warnings).toEqual([
      `the key of h.example port 8022, not known so far, is ssh-ed25519 ${server.fingerprint}: ` +
        "trusted from now on, by a line in FOLDER/known_hosts",
    ]);
    expect(await judge([line], { acceptNew: true, log })).toBe("trusted");
    expect(warnings).toHaveLength(1);
    expect(await judge([line])).toBe("trusted");
  });

  it("the name is hashed where that is asked for, though no other is", async () => {
    expect(await judge(["# mine"], { acceptNew: true, isHashed: true, log })).toBe("trusted");
    expect(contents()).toMatch(/^# mine\n\|1\|[\w+/]{27}=\|[\w+/]{27}= ssh-ed25519 \S+\n$/);
    expect(await judge([contents().trimEnd()])).toBe("trusted");
  });

  it("the file need not be there yet", async () => {
    const path = join(folder, "new", "known_hosts");
    expect(await judge([], { acceptNew: true, log, files: [path] })).toBe("trusted");
    expect(readFileSync(path, "utf8")).toBe(`${line}\n`);
    await expect(judge([], { files: [join(folder, "none")] })).rejects.toThrow("no such file");
  });

  it.each([
    ["changed", `[h.example]:8022 ssh-ed25519 ${other.base64}`],
    ["changed", `[h.example]:8022 ${ecdsa}`],
    ["revoked", `@revoked h.example,[h.example]:8022 ssh-ed25519 ${server.base64}`],
    ["unknown", `@cert-authority *.example,[h.example]:* ssh-ed25519 ${other.base64}`],
  ])("a %s one is refused, and nothing is written: %s", async (verdict, present) => {
    expect(await judge([present], { acceptNew: true, log })).toMatchObject({ verdict });
    expect(contents()).toBe(`${present}\n`);
    expect(warnings).toEqual([]);
  });

  it("one that another process refuted meanwhile is refused", async () => {
    const path = join(folder, "known_hosts");
    const { verifyHostKey } = await knownHostsTrust({
      host: "h.example",
      port: 8022,
      files: [path],
      acceptNew: true,
      log,
    });
    writeFileSync(path, `[h.example]:8022 ssh-ed25519 ${other.base64}\n`);
    await expect(verifyHostKey(hostKey)).rejects.toMatchObject({ verdict: "changed", knownHostsLine: `${path}:1` });
  });

  it("one that cannot be written is the only one all the same, as long as we run", async () => {
    const accepted = {};
    const options = { acceptNew: true, accepted, log, files: ["/dev/null"] };
    expect(await judge([], options)).toBe("trusted");
    expect(await judge([], options)).toBe("trusted");
    const another = blobOf(`ssh-ed25519 ${other.base64}`);
    const refusal = await judge([], options, { ...hostKey, blob: another, fingerprint: other.fingerprint });
    expect(refusal).toMatchObject({ verdict: "changed", fingerprint: other.fingerprint });
    expect(String(refusal)).toContain(
      `showed ssh-ed25519 ${server.fingerprint}, then ssh-ed25519 ${other.fingerprint}`,
    );
  });

  it("what cannot be written is told, and the connection goes on", async () => {
    expect(await judge([], { acceptNew: true, log, files: ["/dev/null"] })).toBe("trusted");
    expect(warnings).toEqual([
      `the key of h.example port 8022, not known so far, is ssh-ed25519 ${server.fingerprint}: trusted for this time only, ` +
        "since it cannot be remembered. Cannot write /dev/null: it is no regular file",
    ]);
  });
});

it("the line that trusts a key is told", async () => {
  const path = join(folder, "known_hosts");
  writeFileSync(path, `# first\nh ssh-ed25519 ${server.base64}\n`);
  const lines: string[] = [];
  const trust = await knownHostsTrust({ host: "h", port: 22, files: [path], onTrusted: (line) => lines.push(line) });
  await trust.verifyHostKey(hostKey);
  expect(lines).toEqual([`${path}:2`]);
});

it("lines that are skipped are told", async () => {
  const path = join(folder, "known_hosts");
  writeFileSync(path, "nonsense\n");
  const notes: string[] = [];
  const log = { debug: (note: string) => void notes.push(note), warning: () => undefined };
  await knownHostsTrust({ host: "h", port: 22, files: [path], log });
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain(`${path}:1`);
});
