/**
 * ecdsa-sha2-nistp256, -nistp384 and -nistp521: host keys, and signing with a user's key. RFC 5656 §3.
 *
 * Nonces follow from key and message (RFC 6979), so no weak or biased random number can give the key away. Each
 * signature has a twin with -s for s, and both hold: nothing here compares signatures.
 */
import { KeyFormatError, kexRefusal } from "../errors.ts";
import { encodeFields, isEqual } from "../wire.ts";
import type { EcdsaCurve, HostKeyAlgorithm, HostKeyVerifier, Signer } from "./interfaces.ts";
import { decodeBlob, decodeWithin } from "./key-blobs.ts";
import { lengthOf, type NistCurve, nistCurve } from "./nist-curves.ts";
import { nobleEcdh } from "./nist-ecdh.ts";

/** RFC 5656 §3.1: Q is a point as SEC 1 §2.3.3 encodes it, without compression here as in OpenSSH. */
const keyFields = { type: "text", curve: "text", Q: "string" } as const;
const signatureFields = { type: "text", content: "string" } as const;
/** RFC 5656 §3.1.2 */
const contentFields = { r: "mpint", s: "mpint" } as const;

/** ECDSA host keys on one curve. RFC 5656 §3.1. */
export function ecdsaHostKey(name: EcdsaCurve): HostKeyAlgorithm {
  const algorithm = algorithmOf(name);
  return {
    parse(publicKeyBlob): HostKeyVerifier {
      const key = decodeBlob("host key", algorithm, keyFields, publicKeyBlob, "RFC 5656 §3.1");
      if (key.curve !== name) throw kexRefusal(`host key on another curve than ${name}`, "RFC 5656 §3.1");
      const curve = nistCurve(name);
      const Q = key.Q.slice();
      checkPoint(curve, Q);
      return {
        verify(data, signatureBlob) {
          const signature = decodeSignature(curve, algorithm, signatureBlob);
          return signature !== undefined && curve.ecdsa.verify(signature, data, Q, { lowS: false });
        },
      };
    },
  };
}

/**
 * A signer from a private key: the scalar (big-endian, copied) and its public point (uncompressed). Costs one
 * multiplication (some 10 ms in a cold process).
 * @throws KeyFormatError if the scalar is out of range or `publicPoint` is not its own.
 */
export function ecdsaSigner(name: EcdsaCurve, scalar: Uint8Array, publicPoint: Uint8Array): Signer {
  const curve = nistCurve(name);
  const algorithm = algorithmOf(name);
  const secret = padded(scalar, curve.length);
  const point = secret && nobleEcdh.publicShare(name, secret);
  if (secret === undefined || point === undefined || !isEqual(point, publicPoint)) {
    throw new KeyFormatError(`the private key and the public key of this ${algorithm} key do not belong together`);
  }
  return {
    algorithms: [algorithm],
    publicKeyBlob: encodeFields(keyFields, { type: algorithm, curve: name, Q: point }),
    sign(data) {
      const signature = curve.ecdsa.sign(data, secret, { lowS: false });
      const [r, s] = [signature.subarray(0, curve.length), signature.subarray(curve.length)];
      return encodeFields(signatureFields, { type: algorithm, content: encodeFields(contentFields, { r, s }) });
    },
  };
}

/** The public point of a scalar, uncompressed, for files that have no other; undefined where the scalar is out of range. */
export function ecdsaPublicPoint(name: EcdsaCurve, scalar: Uint8Array): Uint8Array | undefined {
  const secret = padded(scalar, lengthOf(name));
  return secret && nobleEcdh.publicShare(name, secret);
}

function algorithmOf(name: EcdsaCurve): string {
  return `ecdsa-sha2-${name}`;
}

/** RFC 5656 §3.1: the key is a point of the curve. Each such point but infinity has the full order: the cofactor is 1. */
function checkPoint({ name, length, ecdsa }: NistCurve, Q: Uint8Array): void {
  const section = "RFC 5656 §3.1";
  if (Q.length !== 1 + 2 * length || Q[0] !== 4) {
    throw kexRefusal(`host key of ${Q.length} bytes, expected ${1 + 2 * length} of an uncompressed point`, section);
  }
  try {
    ecdsa.Point.fromBytes(Q).assertValidity();
  } catch {
    throw kexRefusal(`host key that is no point of the curve ${name}`, section);
  }
}

/** r and s, each as long as the curve has it; undefined where one is too long, which no signature of this curve is. */
function decodeSignature({ length }: NistCurve, algorithm: string, blob: Uint8Array): Uint8Array | undefined {
  const section = "RFC 5656 §3.1.2";
  const { content } = decodeBlob("signature", algorithm, signatureFields, blob, section);
  const { r, s } = decodeWithin("signature", contentFields, content, section);
  const signature = new Uint8Array(2 * length);
  if (r.length > length || s.length > length) return undefined;
  signature.set(r, length - r.length);
  signature.set(s, 2 * length - s.length);
  return signature; // noble refuses 0 and what is not below the order
}

/** A copy of big-endian `digits` in `length` bytes; undefined where they do not fit. */
function padded(digits: Uint8Array, length: number): Uint8Array | undefined {
  const excess = Math.max(0, digits.length - length);
  if (digits.subarray(0, excess).some((byte) => byte !== 0)) return undefined;
  const bytes = new Uint8Array(length);
  bytes.set(digits.subarray(excess), length - (digits.length - excess));
  return bytes;
}
