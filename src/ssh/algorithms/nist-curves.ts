/**
 * NIST curves: P-256, P-384 and P-521 with the hash that SSH uses each with. RFC 5656 §6.2.1.
 *
 * A curve is made when it is first asked for: most connections need none. noble's own `nist.js` makes all three as soon
 * as it is imported, so only what it makes them with is imported here.
 */
import { type ECDSA, ecdsa, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { EcdsaCurve } from "./interfaces.ts";

/** One curve: sizes, and what signs and verifies on it. */
export interface NistCurve {
  readonly name: EcdsaCurve;
  /** Bytes of a coordinate; here of a scalar too, and of r and of s. */
  readonly length: number;
  /** ECDSA with the hash that goes with the curve. */
  readonly ecdsa: ECDSA;
}

/** The curve of that name, made once. */
export function nistCurve(name: EcdsaCurve): NistCurve {
  const made = curves.get(name) ?? makeCurve(name);
  curves.set(name, made);
  return made;
}

/** The hash that goes with a curve. RFC 5656 §6.2.1. */
export function hashNameOf(name: EcdsaCurve): "sha256" | "sha384" | "sha512" {
  return ({ nistp256: "sha256", nistp384: "sha384", nistp521: "sha512" } as const)[name];
}

/** Bytes of a coordinate, and of a scalar. */
export function lengthOf(name: EcdsaCurve): number {
  return domains[name].length;
}

const curves = new Map<EcdsaCurve, NistCurve>();

function makeCurve(name: EcdsaCurve): NistCurve {
  const { length, hash, p, ...others } = domains[name];
  const Point = weierstrass({ ...others, p, a: p - 3n, h: 1n });
  // Without noble's table of base point multiples: building it takes longer than a connection's one signature and one
  // verification take without it.
  Point.BASE.precompute(1);
  return { name, length, ecdsa: ecdsa(Point, hash) };
}

/** Domain parameters: NIST SP 800-186 §3.2.1, with the hashes of RFC 5656 §6.2.1. */
const domains = {
  nistp256: {
    length: 32,
    hash: sha256,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  },
  nistp384: {
    length: 48,
    hash: sha384,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    Gx: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
    Gy: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  },
  nistp521: {
    length: 66,
    hash: sha512,
    p: 2n ** 521n - 1n,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
    Gx: 0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
    Gy: 0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
  },
} as const;
