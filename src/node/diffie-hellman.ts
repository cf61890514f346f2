/**
 * Diffie-Hellman by node:crypto: on the NIST curves and modulo the primes of RFC 3526, in constant time, and three to ten
 * times as fast as BigInt. Few servers need it, so it is not tried at the start: where node:crypto throws, JavaScript does
 * the same work, and has the last word on a share that is none.
 */
import { createDiffieHellman, createECDH, type ECDH } from "node:crypto";
import type { Ecdh, EcdsaCurve, Power } from "../ssh/algorithms/interfaces.ts";
import { nobleEcdh } from "../ssh/algorithms/nist-ecdh.ts";
import { power } from "../ssh/algorithms/power.ts";

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

/** OpenSSL knows the primes of RFC 3526 at sight, so it does not test them. */
export const platformPower: Power = (base, exponent, modulus) => {
  try {
    const group = createDiffieHellman(modulus, Uint8Array.of(2));
    group.setPrivateKey(exponent);
    return Uint8Array.from(group.computeSecret(base));
  } catch {
    return power(base, exponent, modulus);
  }
};
