import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  checkHostCertificate,
  checkHostKey,
  fingerprint,
  knownHostsLine,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  type Verdict,
} from "../../src/ssh/known-hosts.ts";
import { encodeString, utf8 } from "../../src/ssh/wire.ts";
import { seededBytes } from "../support/peer-crypto.ts";

interface Vectors {
  readonly serverKey: string;
  readonly serverFingerprint: string;
  readonly cases: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly files: readonly string[];
    readonly ssh: { readonly verdict: string; readonly file?: number; readonly line?: number };
    readonly ours?: { readonly verdict?: string; readonly line?: number; readonly why: string };
  }[];
}

const vectors: Vectors = JSON.parse(readFileSync("test/vectors/known-hosts.json", "utf8"));
const key = vectors.serverKey;
const base64 = key.split(" ")[1]!;
const keyBlob = new Uint8Array(Buffer.from(base64, "base64"));
/** Another well-formed key: the last byte differs. */
const other = `ssh-ed25519 ${Buffer.from(keyBlob.map((byte, i) => (i === 50 ? byte ^ 1 : byte))).toString("base64")}`;
const rsa = vectors.cases.flatMap(({ files }) => files.join().match(/ssh-rsa AAAA\S{300,}/) ?? [])[0]!;

function check(files: readonly string[], host = "h", port = 22): Verdict {
  const parsed = files.map((text, index) => parseKnownHosts(`file${index}`, text));
  return checkHostKey(parsed, host, port, keyBlob);
}

describe("checkHostKey gives the verdict of a real ssh", () => {
  test.each(vectors.cases)("$name", ({ host, port, files, ssh, ours }) => {
    const verdict = check(files, host, port);
    expect(verdict.verdict).toBe(ours?.verdict ?? ssh.verdict);
    if (ssh.line === undefined || verdict.verdict === "unknown") return;
    expect([verdict.known.fileName, verdict.known.line]).toEqual([`file${ssh.file}`, ours?.line ?? ssh.line]);
  });

  test("where we differ from ssh, we trust no more than ssh does", () => {
    const differing = vectors.cases.filter(({ ours }) => ours?.verdict !== undefined);
    expect(differing.map(({ ours }) => ours?.verdict)).not.toContain("trusted");
  });
});

describe("a verdict says what a message needs", () => {
  test("changed: the known key's place, type and fingerprint, and that its type is the server's", () => {
    const verdict = check([`# one\nh ${other}\n`]);
    if (verdict.verdict !== "changed") throw new Error(verdict.verdict);
    expect(verdict.isTypeKnown).toBe(true);
    expect(verdict.known).toMatchObject({ fileName: "file0", line: 2, keyType: "ssh-ed25519" });
    expect(fingerprint(verdict.known.keyBlob)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test("changed: that only keys of other types are known", () => {
    expect(check([`h ${rsa}\n`])).toMatchObject({ isTypeKnown: false, known: { keyType: "ssh-rsa" } });
  });

  test("unknown: the authority that could certify the host, under its name with port or without", () => {
    expect(check([`@cert-authority *.example ${other}\n`], "h.example")).toMatchObject({ certAuthority: { line: 1 } });
    const bare = `@cert-authority h ${other}\n`;
    expect(check([bare], "h", 2222)).toMatchObject({ certAuthority: { line: 1 } });
    expect(check([`${bare}@cert-authority [h]:2222 ${other}\n`], "h", 2222)).toMatchObject({
      certAuthority: { line: 2 },
    });
    expect(check([bare], "g")).toMatchObject({ certAuthority: undefined });
  });

  test("unknown: the other key that the bare name has", () => {
    expect(check([`h ${other}\n`], "h", 2222)).toMatchObject({ bareHostKey: { line: 1 } });
    expect(check([`g ${other}\n`], "h", 2222)).toMatchObject({ bareHostKey: undefined });
  });

  test("revoked: the line that revokes", () => {
    expect(check([`h ${key}\n`, `\n@revoked * ${key}\n`])).toMatchObject({ known: { fileName: "file1", line: 2 } });
  });
});

describe("checkHostKey refuses a caller's mistake", () => {
  test.each([0, -1, 65536, 22.5, Number.NaN])("port %d", (port) => {
    expect(() => check([], "h", port)).toThrow(RangeError);
  });

  test("an empty host", () => {
    expect(() => check([`* ${key}\n`], "")).toThrow(TypeError);
  });
});

test("a revoked certificate of another type does not revoke, even where its key's bytes begin like ours", () => {
  const type = "sk-ssh-ed25519-cert-v01@openssh.com";
  const [nonce, publicKey] = [Buffer.alloc(4), keyBlob.subarray(15)];
  const certificate = Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), nonce, publicKey]);
  const line = `@revoked h ${type} ${certificate.toString("base64")}\n`;
  expect(parseKnownHosts("file", line).entries).toHaveLength(1);
  expect(check([line, `h ${key}\n`]).verdict).toBe("trusted");
});

test.each([new Uint8Array(0), keyBlob.subarray(0, 40), new Uint8Array(51)])(
  "a blob that is no key is never trusted",
  (blob) => {
    const file = parseKnownHosts("file", `h ${key}\n@revoked h ${key}\n`);
    expect(checkHostKey([file], "h", 22, blob).verdict).toBe("changed");
    expect(checkHostKey([], "h", 22, blob).verdict).toBe("unknown");
  },
);

describe("a line that cannot be read is skipped with a note", () => {
  test.each([
    ["@trusted h ", key, "unknown marker"],
    ["@constructor h ", key, "unknown marker"],
    ["", "h", "ends too early"],
    ["@revoked h ", "ssh-ed25519", "ends too early"],
    ["@revoked h", "", "ends too early"],
    ["h constructor ", base64, "unknown key type"],
    ["@revoked @revoked h ", key, "unknown key type"],
    ["h ssh-ed25519 ", `${base64}=`, "not base64"],
    ["h ssh-ed25519 ", base64.slice(0, -4), "not a well-formed ssh-ed25519 key"],
    ["h ssh-rsa ", base64, "not a well-formed ssh-rsa key"],
    ["h 2048 35 ", "123456", "an SSH 1 key"],
    ["|2|AA==|AA== ", key, "not of the form |1|salt|hash"],
    ["|1|AA==|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ", key, "malformed"],
    ["|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AA== ", key, "malformed"],
    [`${"x".repeat(1023)} `, key, "longer than 1022 characters"],
  ])("%s%s", (start, end, why) => {
    const { entries, notes } = parseKnownHosts("file", `# first\n${start}${end}\nh ${key}\n`);
    expect(entries.map(({ line }) => line)).toEqual([3]);
    expect(notes).toEqual([expect.stringMatching(/^file:2: /)]);
    expect(notes[0]).toContain(why);
  });

  test("blank lines and comments are none of these", () => {
    expect(parseKnownHosts("file", "\n\r\n \t\n#\n # x\n").notes).toEqual([]);
  });

  test("UTF-16, which is full of NUL bytes, is named", () => {
    const { notes } = parseKnownHosts("file", Buffer.from(`h ${key}\n`, "utf16le").toString());
    expect(notes[0]).toContain("UTF-16");
  });
});

test("fingerprint is what ssh-keygen prints", () => {
  expect(fingerprint(keyBlob)).toBe(vectors.serverFingerprint);
});

describe("checkHostCertificate", () => {
  const keyOf = (line: string): Uint8Array => new Uint8Array(Buffer.from(line.split(" ")[1]!, "base64"));
  const certificate = { authorityBlob: keyOf(other), keyBlob };

  const outcome = (lines: readonly string[], port = 22): string => {
    const verdict = checkHostCertificate([parseKnownHosts("file", lines.join("\n"))], "h", port, certificate);
    return verdict === undefined ? "neither" : `${verdict.verdict} by line ${verdict.known.line}`;
  };

  test.each<{ about: string; lines: readonly string[]; port?: number; expected: string }>([
    { about: "nothing", lines: [], expected: "neither" },
    { about: "its authority", lines: [`@cert-authority h ${other}`], expected: "trusted by line 1" },
    { about: "its authority, by a wildcard", lines: [`@cert-authority *,!g ${other}`], expected: "trusted by line 1" },
    { about: "its authority, for another host", lines: [`@cert-authority g ${other}`], expected: "neither" },
    { about: "its authority, but not for this host", lines: [`@cert-authority *,!h ${other}`], expected: "neither" },
    { about: "another authority", lines: [`@cert-authority h ${rsa}`], expected: "neither" },
    { about: "its own key as an authority", lines: [`@cert-authority h ${key}`], expected: "neither" },
    { about: "its authority as a host's key", lines: [`h ${other}`], expected: "neither" },
    { about: "its own key as a host's", lines: [`h ${key}`], expected: "neither" },
    {
      about: "its authority, revoked",
      lines: [`@cert-authority h ${other}`, `@revoked h ${other}`],
      expected: "revoked by line 2",
    },
    {
      about: "its own key, revoked",
      lines: [`@cert-authority h ${other}`, `@revoked * ${key}`],
      expected: "revoked by line 2",
    },
    {
      about: "another key, revoked",
      lines: [`@cert-authority h ${other}`, `@revoked h ${rsa}`],
      expected: "trusted by line 1",
    },
    {
      about: "a port's authority",
      lines: [`@cert-authority [h]:8022 ${other}`],
      port: 8022,
      expected: "trusted by line 1",
    },
    { about: "another port's", lines: [`@cert-authority [h]:8023 ${other}`], port: 8022, expected: "neither" },
    { about: "a port's, at port 22", lines: [`@cert-authority [h]:8022 ${other}`], expected: "neither" },
    {
      about: "the bare host's, at a port",
      lines: [`@cert-authority h ${other}`],
      port: 8022,
      expected: "trusted by line 1",
    },
    {
      about: "revoked for the bare host, at a port",
      lines: [`@revoked h ${other}`],
      port: 8022,
      expected: "revoked by line 1",
    },
  ])("$about: $expected", ({ lines, port, expected }) => expect(outcome(lines, port)).toBe(expected));
});

describe("knownHostsLine", () => {
  test.each([
    ["h.example", 22, "h.example"],
    ["H.Example", 2222, "[h.example]:2222"],
    ["127.0.0.1", 22, "127.0.0.1"],
    ["::1", 22, "::1"],
    ["0:0::1", 2222, "[::1]:2222"],
    ["fe80::1%eth0", 22, "fe80::1%eth0"],
  ])("%s port %d is written %s, and trusts the key there only", (host, port, name) => {
    const line = knownHostsLine(host, port, keyBlob);
    expect(line).toBe(`${name} ${key}`);
    expect(check([line], host, port).verdict).toBe("trusted");
    expect(check([line], host, port === 22 ? 2222 : 22).verdict).toBe(port === 22 ? "trusted" : "unknown");
    expect(check([line], "g", port).verdict).toBe("unknown");
  });

  test.each(["", "*", "h?", "a,b", "!h", "|1|x", "@revoked", "#h", "a b", "a\tb", "a\nb", "a\0", "[h]:22", "h\u00fc"])(
    "refuses the host %j, which would say something else there",
    (host) => {
      expect(() => knownHostsLine(host, 22, keyBlob)).toThrow(TypeError);
    },
  );

  test("refuses what is no key", () => {
    expect(() => knownHostsLine("h", 22, keyBlob.subarray(1))).toThrow(TypeError);
  });
});

describe("hostile files", () => {
  test("patterns full of stars end quickly", () => {
    const patterns = Array.from({ length: 200 }, () => `${"*a".repeat(500)}b`).join(",");
    expect(check([`${patterns} ${key}\n`], "a".repeat(1000)).verdict).toBe("unknown");
  });

  test("any bytes are read without an error, and trust nothing", () => {
    for (let seed = 0; seed < 200; seed++) {
      const bytes = seededBytes(`known_hosts ${seed}`)(2000);
      expect(check([Buffer.from(bytes).toString("latin1")]).verdict).toBe("unknown");
    }
  });

  test("a good file with any byte changed is read without an error", () => {
    const text = Buffer.from(`h,g ${key}\n@revoked h ${other}\n@cert-authority *.example ${rsa}\n`);
    for (let at = 0; at < text.length; at++) {
      const damaged = Buffer.from(text.map((byte, i) => (i === at ? byte ^ (1 << (at % 7)) : byte)));
      expect(() => check([damaged.toString()])).not.toThrow();
    }
  });
});

describe("orderHostKeyAlgorithms puts first what the host is known by", () => {
  const ecdsa = vectors.cases.flatMap(({ files }) => files.join().match(/ecdsa-sha2-nistp256 AAAA\S{100,}/) ?? [])[0]!;
  const securityKey = `sk-ssh-ed25519@openssh.com ${Buffer.concat([
    encodeString(utf8("sk-ssh-ed25519@openssh.com")),
    encodeString(keyBlob.subarray(-32)),
    encodeString(utf8("ssh:")),
  ]).toString("base64")}`;
  const plain = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"];
  const certificates = plain.map((name) => `${name}-cert-v01@openssh.com`);
  const hashed = (name: string): string =>
    knownHostsLine(name, 22, keyBlob, seededBytes(name)(20)).replace(/ssh-ed25519 .*/, rsa);

  function order(text: string, offered: readonly string[] = plain, port = 22): string[] {
    const names = orderHostKeyAlgorithms([parseKnownHosts("file", text)], "h.example", port, offered);
    return names.map((name) => name.replace("-cert-v01@openssh.com", "-cert"));
  }

  const rsaFirst = ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256"];
  test.each([
    ["nothing", "", plain],
    ["another host", `i.example ${rsa}`, plain],
    ["RSA", `h.example ${rsa}`, rsaFirst],
    ["RSA, hashed", hashed("h.example"), rsaFirst],
    ["RSA, by a wildcard", `*.example,!i.example ${rsa}`, rsaFirst],
    ["RSA, but not this host", `*.example,!h.example ${rsa}`, plain],
    ["ECDSA", `h.example ${ecdsa}`, ["ecdsa-sha2-nistp256", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]],
    [
      "RSA and ECDSA, in the order offered",
      `h.example ${rsa}\nh.example ${ecdsa}`,
      ["ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"],
    ],
    ["the best, and RSA: as to a stranger (CVE-2020-14145)", `h.example ${rsa}\nh.example ${other}`, plain],
    ["only what is revoked", `@revoked h.example ${rsa}`, plain],
    ["an authority, where no certificates are offered", `@cert-authority *.example ${rsa}`, plain],
  ])("%s", (_, text, expected) => expect(order(text)).toEqual(expected));

  test.each([
    ["nothing", "", plain.concat(certificates)],
    ["an authority", `@cert-authority *.example ${rsa}`, certificates.concat(plain)],
    ["a key and no authority", `h.example ${rsa}`, [...rsaFirst, ...certificates]],
    ["an authority that is a security key", `@cert-authority * ${securityKey}`, plain.concat(certificates)],
    ["one, and a key", `@cert-authority * ${securityKey}\nh.example ${rsa}`, [...rsaFirst, ...certificates]],
    [
      "one, and another authority",
      `@cert-authority * ${securityKey}\n@cert-authority * ${rsa}`,
      certificates.concat(plain),
    ],
    ["both", `@cert-authority * ${rsa}\nh.example ${ecdsa}`, [...certificates, "ecdsa-sha2-nistp256", ...plain]],
    ["both, and the key is the best", `@cert-authority * ${rsa}\nh.example ${other}`, certificates.concat(plain)],
  ])("with certificates: %s", (_, text, expected) => {
    const names = expected.map((name) => name.replace("-cert-v01@openssh.com", "-cert"));
    expect(order(text, plain.concat(certificates))).toEqual([...new Set(names)]);
  });

  test("the best, as to a stranger, certificates first", () => {
    expect(order(`h.example ${other}\n`, certificates.concat(plain))).toEqual(order("", certificates.concat(plain)));
  });

  test("only what is revoked, with certificates", () => {
    expect(order(`@revoked h.example ${rsa}\n`, plain.concat(certificates))).toEqual(
      order("", plain.concat(certificates)),
    );
  });

  test.each([
    ["a port's own keys", `[h.example]:8022 ${rsa}\nh.example ${other}`, rsaFirst],
    ["the bare host's, where the port has none", `h.example ${rsa}`, rsaFirst],
    ["not another port's", `[h.example]:8023 ${rsa}`, plain],
  ])("at a port: %s", (_, text, expected) => expect(order(text, plain, 8022)).toEqual(expected));

  test("loses and adds nothing, whatever is known", () => {
    expect(order(`h.example ${rsa}\n`, ["x", "rsa-sha2-256", "y"])).toEqual(["rsa-sha2-256", "x", "y"]);
    expect(order("", [])).toEqual([]);
  });
});
