/**
 * Curve25519 by node:crypto: X25519 and Ed25519 in constant time, and without the 25 ms that BigInt takes for a cold
 * login. Keys go in and out as the DER of RFC 8410, whose bytes before the key are always the same.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign, verify } from "node:crypto";
import type { Ed25519, X25519 } from "../ssh/algorithms/interfaces.ts";
import { concat, isEqual } from "../ssh/wire.ts";

/** RFC 8410 §3, §7: the last byte of 1.3.101.110 and 1.3.101.112. */
const oid = { X25519: 0x6e, Ed25519: 0x70 } as const;
type Algorithm = keyof typeof oid;

const keyLength = 32;

export const platformX25519: X25519 = {
  pair(secret) {
    const key = privateKey("X25519", secret);
    return {
      publicShare: publicHalf(key),
      sharedSecret(serverShare) {
        const shared = plain(diffieHellman({ privateKey: key, publicKey: publicKey("X25519", serverShare) }));
        // OpenSSL refuses this too; another maker's may not. RFC 7748 §6.1.
        if (shared.every((byte) => byte === 0)) throw new RangeError("the shared secret is all zero");
        return shared;
      },
    };
  },
};

export const platformEd25519: Ed25519 = {
  key(seed) {
    const key = privateKey("Ed25519", seed);
    return { publicKey: publicHalf(key), sign: (data) => plain(sign(null, data, key)) };
  },
  verify(signature, data, key) {
    if (signature.length !== 64 || !isOfFullOrder(key)) return false;
    try {
      return verify(null, data, publicKey("Ed25519", key), signature);
    } catch {
      return false; // it is no point
    }
  },
};

/**
 * OpenSSL takes keys of small order, with which anybody can sign, and spellings of y above p. RFC 8032 §5.1.3 refuses
 * these; those are never made.
 */
function isOfFullOrder(key: Uint8Array): boolean {
  if (key.length !== keyLength) return false;
  const y = key.slice();
  y[31] = (key[31] as number) & 0x7f; // without the sign of x
  const isCanonical = y[31] !== 0x7f || (y[0] as number) < 0xed || y.subarray(1, 31).some((byte) => byte !== 0xff);
  return isCanonical && !smallOrders.some((each) => isEqual(each, y));
}

/** y of the eight points whose order divides 8, little-endian: 0, 1, -1, and two more. */
const smallOrders: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
].map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));

/** RFC 8410 §7: PKCS#8, version 0, the algorithm, the key in an octet string in an octet string. */
function privateKey(algorithm: Algorithm, key: Uint8Array): KeyObject {
  assertLength(key);
  const before = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oid[algorithm], 4, 0x22, 4, 0x20);
  const der = concat(before, key);
  try {
    return createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** RFC 8410 §4: SubjectPublicKeyInfo. */
function publicKey(algorithm: Algorithm, key: Uint8Array): KeyObject {
  assertLength(key);
  const der = concat(Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, oid[algorithm], 3, 0x21, 0), key);
  return createPublicKey({ key: Buffer.from(der.buffer), format: "der", type: "spki" });
}

/** RFC 8037 §2. As DER it takes OpenSSL 0.3 ms more to come to its first encoder; of a private key this would leave a text. */
function publicHalf(key: KeyObject): Uint8Array {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const half = plain(Buffer.from(x, "base64url"));
  assertLength(half);
  return half;
}

function assertLength(key: Uint8Array): void {
  if (key.length !== keyLength) throw new RangeError(`a key of ${key.length} bytes, expected ${keyLength}`);
}

/** A Buffer's bytes alone: the core knows no Buffer. */
function plain(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
