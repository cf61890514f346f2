import { createECDH, createPublicKey, verify as nodeVerify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ecdsaHostKey, ecdsaSigner } from "../../../src/ssh/algorithms/ecdsa-sha2.ts";
import type { EcdsaCurve } from "../../../src/ssh/algorithms/interfaces.ts";
import { nistCurve } from "../../../src/ssh/algorithms/nist-curves.ts";
import { KeyFormatError } from "../../../src/ssh/errors.ts";
import { ecdsaKeyBlob, ecdsaSignatureBlob, halves, strings } from "../../support/blobs.ts";
import { join, sshMpint } from "../../support/peer-crypto.ts";
import { expectRefusal } from "../../support/refusals.ts";
import { bytes, type Case, hex, type SignatureCase, vectors } from "../../support/vectors.ts";

const openssl = {
  nistp256: { curve: "prime256v1", jwk: "P-256", hash: "sha256" },
  nistp384: { curve: "secp384r1", jwk: "P-384", hash: "sha384" },
  nistp521: { curve: "secp521r1", jwk: "P-521", hash: "sha512" },
} as const;
const names: readonly EcdsaCurve[] = ["nistp256", "nistp384", "nistp521"];

/** The public point of a scalar, by OpenSSL. */
function pointOf(name: EcdsaCurve, scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(openssl[name].curve);
  ecdh.setPrivateKey(scalar);
  return Uint8Array.from(ecdh.getPublicKey());
}

/** Verification by OpenSSL. */
function opensslVerifies(name: EcdsaCurve, point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const [x, y] = halves(point.subarray(1)).map((half) => Buffer.from(half).toString("base64url"));
  const { jwk, hash } = openssl[name];
  const key = createPublicKey({ format: "jwk", key: { kty: "EC", crv: jwk, x: x as string, y: y as string } });
  return nodeVerify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature);
}

const verify = (name: EcdsaCurve, point: Uint8Array, data: Uint8Array, r: Uint8Array, s: Uint8Array) =>
  ecdsaHostKey(name)
    .parse(ecdsaKeyBlob(name, point))
    .verify(data, ecdsaSignatureBlob(name, r, s));

type Rfc6979 = Case<{ curve: EcdsaCurve; scalar: string; message: string }>;
const rfc6979 = vectors<Rfc6979>("ecdsa-sha2.json");

describe.each(rfc6979)("RFC 6979 $name", ({ given, expect: wanted }) => {
  const { curve, message } = given;
  const scalar = bytes(given.scalar);
  const point = pointOf(curve, scalar);
  const [r, s] = halves(bytes(wanted));

  test("signs", () => {
    const signature = ecdsaSigner(curve, scalar, point).sign(bytes(message), `ecdsa-sha2-${curve}`);
    expect(signature).toEqual(ecdsaSignatureBlob(curve, r, s));
  });

  test("verifies, and so says OpenSSL", () => {
    expect(verify(curve, point, bytes(message), r, s)).toBe(true);
    expect(opensslVerifies(curve, point, bytes(message), bytes(wanted))).toBe(true);
  });

  test("does not verify another message", () => {
    expect(verify(curve, point, bytes(`${message}00`), r, s)).toBe(false);
  });
});

describe.each([
  ["nistp256", 250],
  ["nistp384", 270],
  ["nistp521", 308],
] as const)("Wycheproof, %s: our verdict is its verdict", (name, count) => {
  const cases = vectors<SignatureCase>(`wycheproof/ecdsa-sha2-${name}.json`);

  test("has all its cases", () => expect(cases.length).toBe(count));

  test.each(cases)("$tcId: $comment ($result)", ({ pk, msg, sig, result }) => {
    const [r, s] = halves(bytes(sig));
    expect(verify(name, bytes(pk), bytes(msg), r, s)).toBe(result === "valid");
  });
});

const [one] = rfc6979 as readonly [Rfc6979, ...Rfc6979[]];
const message = bytes(one.given.message);
const scalar = bytes(one.given.scalar);
const point = pointOf("nistp256", scalar);
const [r, s] = halves(bytes(one.expect));
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const fixed = (value: bigint, length = 32) => bytes(value.toString(16).padStart(2 * length, "0"));
const big = (digits: Uint8Array) => BigInt(`0x${hex(digits)}`);

test("the twin of a signature, with -s for s, holds too, as everywhere but in block chains", () => {
  for (const twin of [big(s), n - big(s)]) expect(verify("nistp256", point, message, r, fixed(twin))).toBe(true);
});

describe("parse refuses a host key", () => {
  const onCurve = (Q: Uint8Array) => ecdsaKeyBlob("nistp256", Q);
  const [x, y] = halves(point.subarray(1));
  const yOf5 = "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc";
  const shortPoint = "expected 65 of an uncompressed point";
  const noPoint = "no point of the curve nistp256";

  test.each<{ what: string; blob: Uint8Array; says: string }>([
    { what: "that is empty", blob: new Uint8Array(0), says: "type asks for 4 bytes" },
    { what: "that is cut short", blob: onCurve(point).slice(0, -1), says: "Q asks for 65 bytes" },
    { what: "with a trailing byte", blob: join(onCurve(point), Uint8Array.of(0)), says: "1 bytes trail" },
    { what: "of another type", blob: ecdsaKeyBlob("nistp384", point), says: "of type ecdsa-sha2-nistp384, expected" },
    { what: "that names another curve", blob: strings("ecdsa-sha2-nistp256", "nistp384", point), says: "on another" },
    { what: "without a point", blob: onCurve(new Uint8Array(0)), says: shortPoint },
    { what: "at infinity", blob: onCurve(Uint8Array.of(0)), says: shortPoint },
    { what: "with a compressed point", blob: onCurve(join(Uint8Array.of(2 + (y.at(-1)! & 1)), x)), says: shortPoint },
    { what: "with a hybrid point", blob: onCurve(join(Uint8Array.of(6 + (y.at(-1)! & 1)), x, y)), says: shortPoint },
    { what: "with a byte too many in its point", blob: onCurve(join(point, Uint8Array.of(0))), says: shortPoint },
    { what: "beside the curve", blob: onCurve(join(Uint8Array.of(4), x, fixed(big(y) ^ 1n))), says: noPoint },
    { what: "at (0, 0)", blob: onCurve(join(Uint8Array.of(4), fixed(0n), fixed(0n))), says: noPoint },
    {
      what: "with p more in its x than it is, a second spelling",
      blob: onCurve(join(Uint8Array.of(4), fixed(5n + p), bytes(yOf5))),
      says: noPoint,
    },
  ])("$what", ({ blob, says }) => {
    expectRefusal(() => ecdsaHostKey("nistp256").parse(blob), says, "RFC 5656 §3.1");
  });

  test("though the point (5, y) is one in its one spelling", () => {
    const blob = onCurve(join(Uint8Array.of(4), fixed(5n), bytes(yOf5)));
    expect(() => ecdsaHostKey("nistp256").parse(blob)).not.toThrow();
  });
});

describe("verify refuses a signature", () => {
  const verifier = ecdsaHostKey("nistp256").parse(ecdsaKeyBlob("nistp256", point));
  const name = "ecdsa-sha2-nistp256";
  const padded = strings(name, join(Uint8Array.of(0, 0, 0, 34, 0), sshMpint(r).subarray(4), sshMpint(s)));
  const negative = strings(name, join(Uint8Array.of(0, 0, 0, 32), r, sshMpint(s)));

  test.each<{ what: string; blob: Uint8Array; says: string }>([
    {
      what: "of another type",
      blob: ecdsaSignatureBlob("nistp384", r, s),
      says: "of type ecdsa-sha2-nistp384, expected",
    },
    {
      what: "of another kind",
      blob: strings("ssh-ed25519", new Uint8Array(64)),
      says: "of type ssh-ed25519, expected",
    },
    { what: "that is cut short", blob: ecdsaSignatureBlob("nistp256", r, s).slice(0, -1), says: "content asks for" },
    {
      what: "with a trailing byte",
      blob: join(ecdsaSignatureBlob("nistp256", r, s), Uint8Array.of(0)),
      says: "1 bytes trail",
    },
    {
      what: "with a trailing byte inside",
      blob: strings(name, join(sshMpint(r), sshMpint(s), Uint8Array.of(0))),
      says: "1 bytes trail",
    },
    { what: "without s", blob: strings(name, sshMpint(r)), says: "s asks for 4 bytes" },
    { what: "with a padded r, a second spelling", blob: padded, says: "r has needless zeros" },
    { what: "with a negative r", blob: negative, says: "r is negative" },
    { what: "in DER", blob: strings(name, join(Uint8Array.of(0x30, 68, 2, 32), r, Uint8Array.of(2, 32), s)), says: "" },
  ])("$what", ({ blob, says }) => {
    expectRefusal(() => verifier.verify(message, blob), says, "RFC 5656 §3.1.2");
  });

  test.each([
    ["r is 0", fixed(0n), s],
    ["s is 0", r, fixed(0n)],
    ["r is the order", fixed(n), s],
    ["s is the order", r, fixed(n)],
    ["r is the order more than it was", fixed(big(r) + n, 33), s],
    ["s is 2^256 more than it was", r, fixed(big(s) + 2n ** 256n, 33)],
    ["r and s are 1", fixed(1n), fixed(1n)],
  ])("whose %s", (_, r, s) => {
    expect(verifier.verify(message, ecdsaSignatureBlob("nistp256", r, s))).toBe(false);
  });
});

test("a verifier keeps its own copy of the key", () => {
  const blob = ecdsaKeyBlob("nistp256", point);
  const verifier = ecdsaHostKey("nistp256").parse(blob);
  blob.fill(0);
  expect(verifier.verify(message, ecdsaSignatureBlob("nistp256", r, s))).toBe(true);
});

describe("ecdsaSigner", () => {
  test.each(names)("%s: names its algorithm and its key, and what it signs OpenSSL verifies", async (name) => {
    const secret = createECDH(openssl[name].curve);
    secret.generateKeys();
    const point = Uint8Array.from(secret.getPublicKey());
    const signer = ecdsaSigner(name, Uint8Array.from(secret.getPrivateKey()), point);
    expect(signer.algorithms).toEqual([`ecdsa-sha2-${name}`]);
    expect(signer.publicKeyBlob).toEqual(ecdsaKeyBlob(name, point));
    for (let i = 0; i < 10; i++) {
      const data = Uint8Array.from({ length: i * 30 }, (_, at) => at + i);
      const blob = await signer.sign(data, signer.algorithms[0]);
      expect(ecdsaHostKey(name).parse(signer.publicKeyBlob).verify(data, blob)).toBe(true);
      const [r, s] = mpintsOf(blob, name);
      const { length } = nistCurve(name);
      expect(opensslVerifies(name, point, data, join(fixed(r, length), fixed(s, length)))).toBe(true);
    }
  });

  test("takes a scalar with or without leading zeros", () => {
    const short = bytes("0123456789abcdef");
    const point = pointOf("nistp256", join(new Uint8Array(24), short));
    for (const scalar of [short, join(new Uint8Array(24), short), join(new Uint8Array(40), short)]) {
      expect(ecdsaSigner("nistp256", scalar, point).publicKeyBlob).toEqual(ecdsaKeyBlob("nistp256", point));
    }
  });

  test("keeps its own copy of the scalar", () => {
    const secret = scalar.slice();
    const signer = ecdsaSigner("nistp256", secret, point);
    secret.fill(0);
    expect(signer.sign(message, "ecdsa-sha2-nistp256")).toEqual(ecdsaSignatureBlob("nistp256", r, s));
  });

  const [x, y] = halves(point.subarray(1));
  test.each<{ what: string; scalar: Uint8Array; point: Uint8Array }>([
    { what: "the point of another key", scalar, point: pointOf("nistp256", fixed(7n)) },
    { what: "the negative of its point", scalar, point: join(Uint8Array.of(4), x, fixed(p - big(y))) },
    { what: "its point compressed", scalar, point: join(Uint8Array.of(2 + (y.at(-1)! & 1)), x) },
    { what: "no point", scalar, point: new Uint8Array(0) },
    { what: "scalar 0", scalar: new Uint8Array(32), point: new Uint8Array(0) },
    { what: "a scalar of the order more", scalar: fixed(big(scalar) + n, 33), point },
    { what: "the order as its scalar", scalar: fixed(n), point: new Uint8Array(0) },
  ])("refuses $what", ({ scalar, point }) => {
    expect(() => ecdsaSigner("nistp256", scalar, point)).toThrow(KeyFormatError);
  });
});

function mpintsOf(blob: Uint8Array, name: EcdsaCurve): [bigint, bigint] {
  const content = Buffer.from(blob).subarray(4 + `ecdsa-sha2-${name}`.length + 4);
  const middle = 4 + content.readUInt32BE(0);
  return [big(content.subarray(4, middle)), big(content.subarray(middle + 4))];
}
