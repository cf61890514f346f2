/**
 * rsa-sha2-512 and rsa-sha2-256: verifying signatures of RSA keys. RFC 8332 §3. Keys are of type ssh-rsa whatever the
 * hash; signatures of that name, made with SHA-1, are not taken (RFC 8332 §5.1). Signing is `signers.ts`'s: it awaits.
 *
 * Law: a signature is checked by building the one encoding that it must have and comparing, never by taking it apart:
 * what parsers of padding overlook has forged signatures since 2006 (e = 3) and again in 2014 (BERserk).
 */
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { kexRefusal } from "../errors.ts";
import { concat, encodeFields, isEqual } from "../wire.ts";
import type { HostKeyAlgorithm, HostKeyVerifier } from "./interfaces.ts";
import { decodeBlob } from "./key-blobs.ts";

/** The two names that RSA keys sign under, most wanted first. */
export type RsaAlgorithm = "rsa-sha2-512" | "rsa-sha2-256";

/** Shorter ones are within reach of factoring (829 bits: 2020) and of what NIST has disallowed since 2014. RFC 8332 §5.1. */
const shortestModulus = 2048; // bits
const longestModulus = 16384; // bits: OpenSSH's bound; verifying takes milliseconds there
/** OpenSSL's bound for long keys. 65537 is what all make today, 3, 17, 35 and 37 what some made once. */
const longestExponent = 64; // bits

/** RFC 4253 §6.6 */
const keyFields = { type: "text", e: "mpint", n: "mpint" } as const;
const signatureFields = { type: "text", S: "string" } as const;

/** RSA host keys whose signatures are of this name. RFC 8332 §3, §3.1. */
export function rsaHostKey(algorithm: RsaAlgorithm): HostKeyAlgorithm {
  return {
    parse(publicKeyBlob): HostKeyVerifier {
      const { e, n } = decodeBlob("host key", "ssh-rsa", keyFields, publicKeyBlob, "RFC 4253 §6.6");
      const key = { e: e.slice(), n: n.slice() };
      const fault = faultOf(key);
      if (fault !== undefined) throw kexRefusal(`an RSA host key ${fault}`, "RFC 8332 §5.1");
      return {
        verify(data, signatureBlob) {
          const { S } = decodeBlob("signature", algorithm, signatureFields, signatureBlob, "RFC 8332 §3");
          return isRsaSignature(key, algorithm, S, data);
        },
      };
    },
  };
}

/** Magnitudes, big-endian, without leading zeros. RFC 8017 §3.1. */
export interface RsaPublicKey {
  readonly e: Uint8Array;
  readonly n: Uint8Array;
}

/** The blob of a public key. RFC 4253 §6.6. */
export function rsaPublicKeyBlob({ e, n }: RsaPublicKey): Uint8Array {
  return encodeFields(keyFields, { type: "ssh-rsa", e, n });
}

/** Whether `S` is the key's signature over `data`: RSASSA-PKCS1-v1_5 with the hash of `algorithm`. RFC 8017 §8.2.2. */
export function isRsaSignature(key: RsaPublicKey, algorithm: RsaAlgorithm, S: Uint8Array, data: Uint8Array): boolean {
  const { length } = key.n;
  if (S.length > length) return false; // a shorter one has lost leading zeros. RFC 8332 §3: a verifier MAY accept it
  const [s, e, n] = [bytesToNumberBE(S), bytesToNumberBE(key.e), bytesToNumberBE(key.n)];
  if (s >= n) return false; // RFC 8017 §5.2.2
  return isEqual(numberToBytesBE(power(s, e, n), length), encodedMessage(algorithm, data, length));
}

/** Why a key is not taken for a host's, as in `of 1024 bits: ...`; undefined if it is. */
function faultOf({ e, n }: RsaPublicKey): string | undefined {
  const bits = bitLength(n);
  if (bits < shortestModulus) {
    return `of ${bits} bits: one shorter than ${shortestModulus} may be broken, the server needs a new key`;
  }
  if (bits > longestModulus) return `of ${bits} bits: no more than ${longestModulus} are taken`;
  if (!isOdd(n)) return "with an even modulus: it is damaged";
  if (!isOdd(e) || bitLength(e) < 2) return "with a public exponent that is even or 1: its signatures prove nothing";
  if (bitLength(e) > longestExponent) return `with a public exponent of more than ${longestExponent} bits`;
  return undefined;
}

/** EMSA-PKCS1-v1_5: 00 01 FF... 00 and the DigestInfo with the hash. RFC 8017 §9.2. */
function encodedMessage(algorithm: RsaAlgorithm, data: Uint8Array, length: number): Uint8Array {
  const { prefix, hash } = digests[algorithm];
  const T = concat(prefix, hash(data));
  const encoded = new Uint8Array(length).fill(0xff);
  encoded.set([0x00, 0x01]);
  encoded[length - T.length - 1] = 0x00;
  encoded.set(T, length - T.length);
  return encoded;
}

/** What DER puts before the hash. RFC 8017 §9.2, note 1. */
const digests = {
  "rsa-sha2-256": {
    prefix: Uint8Array.of(0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 32),
    hash: sha256,
  },
  "rsa-sha2-512": {
    prefix: Uint8Array.of(0x30, 0x51, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3, 5, 0, 4, 64),
    hash: sha512,
  },
} as const;

/** base ^ exponent mod modulus, for public values: its time tells them all. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === "1") result = (result * base) % modulus;
  }
  return result;
}

function bitLength(magnitude: Uint8Array): number {
  const [first = 0] = magnitude;
  return first === 0 ? 0 : 8 * magnitude.length - Math.clz32(first) + 24;
}

function isOdd(magnitude: Uint8Array): boolean {
  return ((magnitude.at(-1) ?? 0) & 1) === 1;
}
