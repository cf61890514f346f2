/**
 * Key material: the numbers of a private key, checked, whatever file they came in. Pure.
 *
 * Law: no message repeats what stands in a damaged file, not even a length: the secret may have slipped to that place.
 */
import type { EcdsaCurve, KeyMaterial, RsaPrivateKey } from "./algorithms/interfaces.ts";
import { KeyFormatError, PassphraseError } from "./errors.ts";
import { encodeFields, withoutLeadingZeros } from "./wire.ts";

/** A private key's numbers and its public half. */
export interface KeyPair {
  /** As in a public key blob: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`... */
  readonly type: string;
  /** RFC 4253 §6.6. */
  readonly publicKeyBlob: Uint8Array;
  readonly material: KeyMaterial;
}

/** The error for a private key that is not as it was when it was made. `what`: as in "its END line is missing". */
export function damaged(what: string): KeyFormatError {
  return new KeyFormatError(`this private key is damaged: ${what}`);
}

/** The error where a key is encrypted and there is no passphrase. */
export function passphraseNeeded(): PassphraseError {
  return new PassphraseError("this private key is encrypted and needs its passphrase", "needed");
}

/** The error where decryption gives no key. */
export function passphraseWrong(): PassphraseError {
  return new PassphraseError("this is not the passphrase of this private key (or the file is damaged)", "wrong");
}

/** 32 bytes each; `seed` is copied. That they belong together is the signer's to check, since that costs time. RFC 8709 §4. */
export function ed25519Pair(seed: Uint8Array, publicKey: Uint8Array): KeyPair {
  if (seed.length !== 32) throw damaged("its seed is not 32 bytes long");
  if (publicKey.length !== 32) throw damaged("its public key is not 32 bytes long");
  const type = "ssh-ed25519";
  const publicKeyBlob = encodeFields({ type: "text", publicKey: "string" }, { type, publicKey });
  return { type, publicKeyBlob, material: { kind: "ed25519", seed: seed.slice(), publicKey: publicKey.slice() } };
}

/** Bytes of a coordinate, and of a scalar. RFC 5656 §6.1. */
const curveBytes: Readonly<Record<EcdsaCurve, number>> = { nistp256: 32, nistp384: 48, nistp521: 66 };

/** Whether `name` is a curve that we have. */
export function isEcdsaCurve(name: string): name is EcdsaCurve {
  return Object.hasOwn(curveBytes, name);
}

/**
 * `scalar` may have leading zeros; it is copied. `publicPoint` must be uncompressed. That they belong together, and that
 * the point is on the curve, is the signer's to check. RFC 5656 §3.1.
 */
export function ecdsaPair(curve: EcdsaCurve, scalar: Uint8Array, publicPoint: Uint8Array): KeyPair {
  const length = curveBytes[curve];
  const digits = withoutLeadingZeros(scalar);
  if (digits.length === 0 || digits.length > length) throw damaged("its secret number is not one of its curve");
  if (publicPoint.length !== 1 + 2 * length || publicPoint[0] !== 4) {
    throw damaged("its public key is no uncompressed point of its curve");
  }
  const padded = new Uint8Array(length);
  padded.set(digits, length - digits.length);
  const type = `ecdsa-sha2-${curve}`;
  const fields = { type: "text", curve: "text", point: "string" } as const;
  const publicKeyBlob = encodeFields(fields, { type, curve, point: publicPoint });
  return { type, publicKeyBlob, material: { kind: "ecdsa", curve, scalar: padded, publicPoint: publicPoint.slice() } };
}

/**
 * OpenSSH's bounds: what its servers take by default (RequiredRSASize), and SSHBUF_MAX_BIGNUM.
 */
const leastRsaBits = 1024;
const mostRsaBits = 16384;
/** Larger public exponents only make servers slow. */
const mostExponentBytes = 8;

/** The numbers of an RSA key as a file has them; OpenSSH's does without `dp` and `dq`. */
export type RsaNumbers = Omit<RsaPrivateKey, "dp" | "dq"> & Partial<Pick<RsaPrivateKey, "dp" | "dq">>;

/**
 * Checks that the numbers belong together: a wrong one would make signatures from which the key can be computed. That p
 * and q are primes is not checked: whoever could forge that could write the file. RFC 8017 §3.2.
 */
export function rsaPair(numbers: RsaNumbers): KeyPair {
  checkRsaSizes(numbers);
  const [n, e, d] = [toNumber(numbers.n), toNumber(numbers.e), toNumber(numbers.d)];
  const [p, q, qi] = [toNumber(numbers.p), toNumber(numbers.q), toNumber(numbers.qi)];
  if (p <= 1n || q <= 1n || p * q !== n) throw damaged("its primes do not make its modulus");
  const [dp, dq] = [d % (p - 1n), d % (q - 1n)];
  const isConsistent =
    (e * dp) % (p - 1n) === 1n &&
    (e * dq) % (q - 1n) === 1n &&
    (qi * q) % p === 1n &&
    (numbers.dp === undefined || toNumber(numbers.dp) === dp) &&
    (numbers.dq === undefined || toNumber(numbers.dq) === dq);
  if (!isConsistent) throw damaged("its numbers do not belong together");
  const secrets = {
    d: digitsOf(d),
    p: digitsOf(p),
    q: digitsOf(q),
    dp: digitsOf(dp),
    dq: digitsOf(dq),
    qi: digitsOf(qi),
  };
  const key: RsaPrivateKey = { n: digitsOf(n), e: digitsOf(e), ...secrets };
  const type = "ssh-rsa";
  const publicKeyBlob = encodeFields({ type: "text", e: "mpint", n: "mpint" }, { type, e: key.e, n: key.n });
  return { type, publicKeyBlob, material: { kind: "rsa", key } };
}

/** Before anything is computed with them. */
function checkRsaSizes({ n, e, d, p, q, qi, dp, dq }: RsaNumbers): void {
  const modulus = withoutLeadingZeros(n);
  const bits = modulus.length * 8 - Math.clz32((modulus[0] ?? 0) << 24);
  if (bits > mostRsaBits) throw new KeyFormatError(`this RSA key has more than ${mostRsaBits} bits: ${newKey}`);
  if (bits < leastRsaBits) throw new KeyFormatError(`this RSA key has less than ${leastRsaBits} bits: ${newKey}`);
  const others = [d, p, q, qi, dp ?? d, dq ?? d];
  if (others.some((number) => number.length > n.length + 1)) throw damaged("its numbers do not belong together");
  const exponent = withoutLeadingZeros(e);
  const last = exponent.at(-1) ?? 0;
  if (exponent.length > mostExponentBytes || (last & 1) === 0 || (exponent.length === 1 && last === 1)) {
    throw damaged("its public exponent is none");
  }
}

/** The cure for a key that no server should take. */
export const newKey = "make an Ed25519 key with ssh-keygen -t ed25519";

function toNumber(magnitude: Uint8Array): bigint {
  return BigInt(`0x0${Array.from(magnitude, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}

function digitsOf(number: bigint): Uint8Array {
  const hex = number.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from({ length: even.length / 2 }, (_, i) => Number.parseInt(even.slice(2 * i, 2 * i + 2), 16));
}
