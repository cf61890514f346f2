import { createPrivateKey, sign as nodeSign } from "node:crypto";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { platformEd25519 } from "../../../src/node/curve25519.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { sshEd25519 as hostKeyOn, ed25519Signer as signerOn } from "../../../src/ssh/algorithms/ssh-ed25519.ts";
import { KeyFormatError, ProtocolError } from "../../../src/ssh/errors.ts";
import { seededBytes } from "../../support/peer-crypto.ts";
import { expectRefusal } from "../../support/refusals.ts";
import { bytes, type Case, hex, type SignatureCase, vectors } from "../../support/vectors.ts";

const rfc8032 = vectors<Case<{ secretKey: string; publicKey: string; message: string }>>("ed25519.json");
const one = rfc8032[2]!;
const onePublicKey = one.given.publicKey;
const oneMessage = bytes(one.given.message);

/** `string "ssh-ed25519", string content`, spelled here by hand. RFC 8709 §4, §6. */
function blob(content: string, algorithm = "ssh-ed25519"): Uint8Array {
  const string = (value: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, value.length]), value]);
  return Uint8Array.from(Buffer.concat([string(Buffer.from(algorithm)), string(Buffer.from(content, "hex"))]));
}

describe.each([
  ["noble", noble.ed25519],
  ["node:crypto", platformEd25519],
])("on %s", (_, primitive) => {
  const sshEd25519 = hostKeyOn(primitive);
  const ed25519Signer = (seed: Uint8Array, publicKey: Uint8Array) => signerOn(primitive, seed, publicKey);
  const verify = (publicKey: string, message: Uint8Array, signature: string) =>
    sshEd25519.parse(blob(publicKey)).verify(message, blob(signature));

  describe.each(rfc8032)("RFC 8032 §7.1 $name", ({ given, expect: wanted }) => {
    const message = bytes(given.message);

    test("signs", () => {
      const signer = ed25519Signer(bytes(given.secretKey), bytes(given.publicKey));
      expect(signer.sign(message, "ssh-ed25519")).toEqual(blob(wanted));
    });

    test("verifies", () => expect(verify(given.publicKey, message, wanted)).toBe(true));

    test("does not verify another message", () => {
      expect(verify(given.publicKey, Uint8Array.from([...message, 0]), wanted)).toBe(false);
    });
  });

  describe("Wycheproof: our verdict is its verdict", () => {
    const cases = vectors<SignatureCase>("wycheproof/ed25519.json");

    test("has all its cases", () => expect(cases.length).toBe(151));

    test.each(cases)("$tcId: $comment ($result)", ({ pk, msg, sig, result }) => {
      if (sig.length === 128) return expect(verify(pk, bytes(msg), sig)).toBe(result === "valid");
      expect(result).toBe("invalid");
      expect(() => verify(pk, bytes(msg), sig)).toThrow(ProtocolError);
    });
  });

  describe("a signature that OpenSSL made", () => {
    const random = seededBytes("openssl");

    test.each([0, 1, 100, 5000])("over %i bytes is ours too", (length) => {
      const seed = random(32);
      const message = random(length);
      const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
      const signature = hex(nodeSign(null, message, createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })));
      const publicKey = ed25519.getPublicKey(seed);
      expect(ed25519Signer(seed, publicKey).sign(message, "ssh-ed25519")).toEqual(blob(signature));
      expect(verify(hex(publicKey), message, signature)).toBe(true);
    });
  });

  /** Group order L and helpers on scalars, little-endian. RFC 8032 §5.1. */
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const fromLittleEndian = (le: string) => BigInt(`0x${hex(bytes(le).reverse())}`);
  const littleEndian = (value: bigint) => hex(bytes(value.toString(16).padStart(64, "0")).reverse());

  describe("strict verification (RFC 8032 §5.1.3, §5.1.7) refuses what ZIP 215 or a lax S would take", () => {
    const R = one.expect.slice(0, 64);
    const S = fromLittleEndian(one.expect.slice(64));

    test("S is one L more", () => {
      expect(verify(onePublicKey, oneMessage, R + littleEndian(S))).toBe(true);
      expect(verify(onePublicKey, oneMessage, R + littleEndian(S + L))).toBe(false);
    });

    const identity = `01${"00".repeat(31)}`;
    const identityAgain = `ee${"ff".repeat(30)}7f`; // y = p + 1
    const zero = "00".repeat(32);

    test.each([
      ["a key of small order, with which everybody signs everything", identity, identity + zero],
      ["a key of small order in another spelling", identityAgain, identity + zero],
    ])("%s", (_, publicKey, signature) => {
      const [s, p] = [bytes(signature), bytes(publicKey)];
      expect(ed25519.verify(s, oneMessage, p, { zip215: true })).toBe(true);
      expect(verify(publicKey, oneMessage, signature)).toBe(false);
    });

    test.each(ED25519_TORSION_SUBGROUP)("the key of small order %s", (publicKey) => {
      // R is what S B - h A is for S = 0, so the equation holds for the messages whose h the order of A divides.
      const held = Array.from({ length: 64 }, (_, i) => Uint8Array.of(i)).filter((message) =>
        ed25519.verify(bytes(identity + zero), message, bytes(publicKey), { zip215: true }),
      );
      expect(held.length).toBeGreaterThan(0);
      for (const message of held) expect(verify(publicKey, message, identity + zero)).toBe(false);
    });

    test("R in another spelling", () => {
      const { scalar } = ed25519.utils.getExtendedPublicKey(bytes(one.given.secretKey));
      const challenge = sha512Scalar(identityAgain + onePublicKey + hex(oneMessage));
      const signature = identityAgain + littleEndian((challenge * scalar) % L);
      const [s, p] = [bytes(signature), bytes(onePublicKey)];
      expect(ed25519.verify(s, oneMessage, p, { zip215: true })).toBe(true);
      expect(verify(onePublicKey, oneMessage, signature)).toBe(false);
    });

    test("a key that is no point", () => {
      expect(verify(`02${"00".repeat(31)}`, oneMessage, one.expect)).toBe(false);
    });
  });

  function sha512Scalar(data: string): bigint {
    return fromLittleEndian(hex(sha512(bytes(data)))) % L;
  }

  const badBlobs = (content: string, length: number) => [
    { what: "is empty", blob: new Uint8Array(0), message: "type asks for 4 bytes" },
    { what: "is cut short", blob: blob(content).slice(0, -1), message: `content asks for ${length} bytes` },
    { what: "has a trailing byte", blob: Uint8Array.from([...blob(content), 0]), message: "1 bytes trail" },
    {
      what: "is a byte too short",
      blob: blob(content.slice(2)),
      message: `of ${length - 1} bytes, expected ${length}`,
    },
    { what: "is a byte too long", blob: blob(`${content}00`), message: `of ${length + 1} bytes, expected ${length}` },
    {
      what: "is of another type",
      blob: blob(content, "ssh-ed448"),
      message: "of type ssh-ed448, expected ssh-ed25519",
    },
    { what: "is of a type to escape", blob: blob(content, "ssh\u001b[2J"), message: "of type ssh\\x1b[2J, expected" },
  ];

  describe("parse refuses a host key that", () => {
    test.each(badBlobs(onePublicKey, 32))("$what", ({ blob, message }) => {
      expectRefusal(() => sshEd25519.parse(blob), message, "RFC 8709 §4");
    });
  });

  describe("verify refuses a signature that", () => {
    test.each(badBlobs(one.expect, 64))("$what", ({ blob: signatureBlob, message }) => {
      const verifier = sshEd25519.parse(blob(onePublicKey));
      expectRefusal(() => verifier.verify(oneMessage, signatureBlob), message, "RFC 8709 §6");
    });
  });

  test("a verifier keeps its own copy of the key", () => {
    const publicKeyBlob = blob(onePublicKey);
    const verifier = sshEd25519.parse(publicKeyBlob);
    publicKeyBlob.fill(0);
    expect(verifier.verify(oneMessage, blob(one.expect))).toBe(true);
  });

  describe("ed25519Signer", () => {
    test("names its algorithm and its public key", () => {
      const signer = ed25519Signer(bytes(one.given.secretKey), bytes(onePublicKey));
      expect(signer.algorithms).toEqual(["ssh-ed25519"]);
      expect(signer.publicKeyBlob).toEqual(blob(onePublicKey));
    });

    test("keeps its own copy of the seed", () => {
      const seed = bytes(one.given.secretKey);
      const signer = ed25519Signer(seed, bytes(onePublicKey));
      seed.fill(0);
      expect(signer.sign(oneMessage, "ssh-ed25519")).toEqual(blob(one.expect));
    });

    test.each([
      ["of another key", rfc8032[0]!.given.publicKey],
      ["with one bit changed", `fd${onePublicKey.slice(2)}`],
      ["cut short", onePublicKey.slice(2)],
      ["with a byte too many", `${onePublicKey}00`],
    ])("refuses a public key %s", (_, publicKey) => {
      expect(() => ed25519Signer(bytes(one.given.secretKey), bytes(publicKey))).toThrow(KeyFormatError);
    });

    test("refuses a seed that is not 32 bytes", () => {
      expect(() => ed25519Signer(new Uint8Array(31), bytes(onePublicKey))).toThrow(RangeError);
    });
  });
});
