import { createHash, createPublicKey, verify as nodeVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type RsaAlgorithm, rsaHostKey, rsaPublicKeyBlob } from "../../../src/ssh/algorithms/rsa-sha2.ts";
import { rsaKeyBlob, strings } from "../../support/blobs.ts";
import { join, sshMpint, sshString } from "../../support/peer-crypto.ts";
import { expectRefusal } from "../../support/refusals.ts";
import { bytes, hex, vectorFile } from "../../support/vectors.ts";

interface RsaCase {
  readonly key: number;
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

interface RsaFile {
  readonly keys: readonly { readonly n: string; readonly e: string }[];
  readonly cases: readonly RsaCase[];
}

const files = {
  "rsa-sha2-256": vectorFile<RsaFile>("wycheproof/rsa-sha2-256.json"),
  "rsa-sha2-512": vectorFile<RsaFile>("wycheproof/rsa-sha2-512.json"),
};

function keyOf(algorithm: RsaAlgorithm, key: number): { n: Uint8Array; e: Uint8Array } {
  const { n, e } = files[algorithm].keys[key]!;
  return { n: bytes(n.replace(/^00/, "")), e: bytes(e) };
}

function verify(algorithm: RsaAlgorithm, key: { n: Uint8Array; e: Uint8Array }, msg: string, sig: Uint8Array): boolean {
  return rsaHostKey(algorithm).parse(rsaKeyBlob(key.e, key.n)).verify(bytes(msg), strings(algorithm, sig));
}

describe.each([
  ["rsa-sha2-256", 517],
  ["rsa-sha2-512", 519],
] as const)("Wycheproof, %s: our verdict is its verdict", (algorithm, count) => {
  const { cases } = files[algorithm];

  test("has all its cases", () => expect(cases.length).toBe(count));

  // What it calls acceptable, a hash without its NULL, has another encoding than the one: not taken.
  test.each(cases)("key $key, $tcId: $comment ($result)", ({ key, msg, sig, result }) => {
    expect(verify(algorithm, keyOf(algorithm, key), msg, bytes(sig))).toBe(result === "valid");
  });
});

const small = files["rsa-sha2-256"].cases.find(({ comment }) => comment === "small signature")!;
const smallKey = keyOf("rsa-sha2-256", small.key);
const smallSig = bytes(small.sig);
const smallN = BigInt(`0x${hex(smallKey.n)}`);

describe("the length of a signature, RFC 8332 §3", () => {
  const digits = smallSig.slice(smallSig.findIndex((byte) => byte !== 0));

  test.each([
    ["as long as the modulus", smallSig, true],
    ["without its leading zeros, as some signers send it", digits, true],
    ["without one of them", smallSig.slice(1), true],
    ["with a zero more than the modulus is long", join(Uint8Array.of(0), smallSig), false],
    ["empty", new Uint8Array(0), false],
  ])("%s", (_, sig, expected) => {
    expect(verify("rsa-sha2-256", smallKey, small.msg, sig)).toBe(expected);
  });

  test("a signature of n more is another spelling and none, RFC 8017 §5.2.2", () => {
    const more = bytes((BigInt(`0x${hex(smallSig)}`) + smallN).toString(16).padStart(512, "0"));
    expect(more).toHaveLength(256);
    expect(verify("rsa-sha2-256", smallKey, small.msg, more)).toBe(false);
  });
});

test("a forged padding for e = 3 (Bleichenbacher 2006) is not taken: a cube root needs no private key", () => {
  // Padding, DigestInfo and the right hash, then garbage: good enough for whoever parses from the left and stops there.
  const head = `0001${"ff".repeat(8)}003031300d060960864801650304020105000420${sha256(small.msg)}`;
  const root = cubeRoot(BigInt(`0x${head.padEnd(512, "0")}`)) + 1n;
  expect((root ** 3n).toString(16).padStart(512, "0").slice(0, head.length)).toBe(head);
  const sig = bytes(root.toString(16).padStart(512, "0"));
  expect(verify("rsa-sha2-256", smallKey, small.msg, sig)).toBe(false);
});

function sha256(message: string): string {
  return createHash("sha256").update(message, "hex").digest("hex");
}

function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 1024n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle * middle * middle <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

describe("parse refuses a host key", () => {
  const { e, n } = keyOf("rsa-sha2-512", 0);
  const odd = (bits: number) =>
    bytes((2n ** BigInt(bits - 1) + 1n).toString(16).padStart(Math.ceil(bits / 8) * 2, "0"));

  test.each<{ what: string; blob: Uint8Array; says: string; section?: string }>([
    { what: "that is empty", blob: new Uint8Array(0), says: "type asks for 4 bytes" },
    { what: "that is cut short", blob: rsaKeyBlob(e, n).slice(0, -1), says: "n asks for" },
    { what: "with a trailing byte", blob: join(rsaKeyBlob(e, n), Uint8Array.of(0)), says: "1 bytes trail" },
    { what: "of another type", blob: strings("ssh-dss", n), says: "of type ssh-dss, expected ssh-rsa" },
    { what: "whose type is a signature's", blob: strings("rsa-sha2-512", e, n), says: "type rsa-sha2-512, expected" },
    { what: "with a padded e", blob: strings("ssh-rsa", join(Uint8Array.of(0), e), n), says: "e has needless zeros" },
    { what: "with a negative n", blob: strings("ssh-rsa", e, n), says: "n is negative" },
  ])("$what", ({ blob, says }) => {
    expectRefusal(() => rsaHostKey("rsa-sha2-512").parse(blob), says, "RFC 4253 §6.6");
  });

  test.each<{ what: string; e: Uint8Array; n: Uint8Array; says: string }>([
    {
      what: "of 1024 bits",
      e,
      n: odd(1024),
      says: "an RSA host key of 1024 bits: one shorter than 2048 may be broken",
    },
    { what: "of 2047 bits", e, n: odd(2047), says: "of 2047 bits: one shorter than 2048" },
    { what: "of 16385 bits", e, n: odd(16385), says: "of 16385 bits: no more than 16384 are taken" },
    { what: "with n = 0", e, n: Uint8Array.of(0), says: "of 0 bits" },
    { what: "with an even n", e, n: join(n.slice(0, -1), Uint8Array.of(2)), says: "with an even modulus" },
    { what: "with e = 0", e: Uint8Array.of(0), n, says: "even or 1" },
    { what: "with e = 1, which verifies what anybody wrote", e: Uint8Array.of(1), n, says: "even or 1" },
    { what: "with e = 65536", e: Uint8Array.of(1, 0, 0), n, says: "even or 1" },
    { what: "with an e of 65 bits", e: odd(65), n, says: "public exponent of more than 64 bits" },
  ])("$what", ({ e, n, says }) => {
    expectRefusal(() => rsaHostKey("rsa-sha2-512").parse(rsaKeyBlob(e, n)), says, "RFC 8332 §5.1");
  });

  test.each([
    [2048, odd(64)],
    [2049, Uint8Array.of(3)],
    [4095, Uint8Array.of(37)],
    [16384, Uint8Array.of(1, 0, 1)],
  ])("but takes one of %i bits", (bits, e) => {
    expect(() => rsaHostKey("rsa-sha2-512").parse(rsaKeyBlob(e, odd(bits)))).not.toThrow();
  });
});

test("a verifier keeps its own copy of the key", () => {
  const blob = rsaKeyBlob(smallKey.e, smallKey.n);
  const verifier = rsaHostKey("rsa-sha2-256").parse(blob);
  blob.fill(0);
  expect(verifier.verify(bytes(small.msg), strings("rsa-sha2-256", smallSig))).toBe(true);
});

describe("verify refuses a signature", () => {
  const [valid] = files["rsa-sha2-512"].cases as [RsaCase];
  const { e, n } = keyOf("rsa-sha2-512", valid.key);
  const verifier = rsaHostKey("rsa-sha2-512").parse(rsaKeyBlob(e, n));
  const sig = bytes(valid.sig);
  const blob = strings("rsa-sha2-512", sig);

  test("which is good itself", () => expect(verifier.verify(bytes(valid.msg), blob)).toBe(true));

  test.each<{ what: string; blob: Uint8Array; says: string }>([
    { what: "by SHA-1's name", blob: strings("ssh-rsa", sig), says: "of type ssh-rsa, expected rsa-sha2-512" },
    { what: "by the other name", blob: strings("rsa-sha2-256", sig), says: "of type rsa-sha2-256, expected" },
    { what: "that is cut short", blob: blob.slice(0, -1), says: "S asks for 256 bytes" },
    { what: "with a trailing byte", blob: join(blob, Uint8Array.of(0)), says: "1 bytes trail" },
    { what: "that is empty", blob: new Uint8Array(0), says: "type asks for 4 bytes" },
  ])("$what", ({ blob, says }) => {
    expectRefusal(() => verifier.verify(bytes(valid.msg), blob), says, "RFC 8332 §3");
  });

  test("made with the other hash, under this name", () => {
    const [other] = files["rsa-sha2-256"].cases as [RsaCase];
    const key = keyOf("rsa-sha2-256", other.key);
    expect(verify("rsa-sha2-256", key, other.msg, bytes(other.sig))).toBe(true);
    expect(verify("rsa-sha2-512", key, other.msg, bytes(other.sig))).toBe(false);
  });
});

test("a key's blob is RFC 4253's, and the key in it OpenSSL's", () => {
  const { e, n } = keyOf("rsa-sha2-512", 0);
  expect(rsaPublicKeyBlob({ e, n })).toEqual(join(sshString("ssh-rsa"), sshMpint(e), sshMpint(n)));
  const jwk = { kty: "RSA", n: Buffer.from(n).toString("base64url"), e: Buffer.from(e).toString("base64url") };
  const { msg, sig } = files["rsa-sha2-512"].cases[1]!;
  expect(nodeVerify("sha512", bytes(msg), createPublicKey({ key: jwk, format: "jwk" }), bytes(sig))).toBe(true);
});
