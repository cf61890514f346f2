/**
 * Diffie-Hellman by node:crypto: on the NIST curves and modulo the primes of RFC 3526, in constant time, and three to ten
 * times as fast as BigInt. Few servers need it, so it is not tried at the start: where node:crypto throws, JavaScript does
 * the same work, and has the last word on a share that is none.
 */
import { createECDH, createPrivateKey, createPublicKey, diffieHellman, type ECDH } from "node:crypto";
import type { Ecdh, EcdsaCurve, Power } from "../ssh/algorithms/interfaces.ts";
import { nobleEcdh } from "../ssh/algorithms/nist-ecdh.ts";
import { power } from "../ssh/algorithms/power.ts";
import { concat, encodeMpint } from "../ssh/wire.ts";

/** OpenSSL's names. */
const openSslNames = { nistp256: "prime256v1", nistp384: "secp384r1", nistp521: "secp521r1" } as const;

export const platformEcdh: Ecdh = {
  publicShare(curve, secret) {
    try {
      return Uint8Array.from(withKey(curve, secret).getPublicKey());
    } catch {
      return nobleEcdh.publicShare(curve, secret); // out of range perhaps
    }
  },
  sharedSecret(curve, secret, serverShare) {
    try {
      return Uint8Array.from(withKey(curve, secret).computeSecret(serverShare));
    } catch {
      return nobleEcdh.sharedSecret(curve, secret, serverShare); // which throws where it is no point of the curve
    }
  },
};

function withKey(curve: EcdsaCurve, secret: Uint8Array): ECDH {
  const ecdh = createECDH(openSslNames[curve]);
  ecdh.setPrivateKey(secret);
  return ecdh;
}

/**
 * By keys in DER, whose groups OpenSSL knows at sight. `createDiffieHellman` tests the prime anew from OpenSSL 3.5 (Node 24)
 * on, at each call: a fifth of a second for 2,048 bits, a minute for 8,192.
 */
export const platformPower: Power = (base, exponent, modulus) => {
  const group = der(SEQUENCE, dhKeyAgreement, der(SEQUENCE, integer(modulus), integer(Uint8Array.of(2))));
  const sign = (exponent[0] as number) & 0x80 ? 1 : 0;
  const unset = der(INTEGER, new Uint8Array(sign + exponent.length));
  const pkcs8 = der(SEQUENCE, der(INTEGER, Uint8Array.of(0)), group, der(OCTET_STRING, unset));
  pkcs8.set(exponent, pkcs8.length - exponent.length); // its only copy
  const spki = der(SEQUENCE, group, der(BIT_STRING, Uint8Array.of(0), integer(base)));
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8.buffer), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey({ key: Buffer.from(spki.buffer), format: "der", type: "spki" });
    return Uint8Array.from(diffieHellman({ privateKey, publicKey }));
  } catch {
    return power(base, exponent, modulus);
  } finally {
    pkcs8.fill(0);
  }
};

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;
/** 1.2.840.113549.1.3.1. PKCS#3 §9. */
const dhKeyAgreement: Uint8Array = Uint8Array.from(Buffer.from("06092a864886f70d010301", "hex"));

/** Of a magnitude that is not 0. */
function integer(magnitude: Uint8Array): Uint8Array {
  return der(INTEGER, encodeMpint(magnitude).subarray(4)); // the digits of an mpint are those of DER
}

function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const { length } = content;
  const ends = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...ends), content);
}
