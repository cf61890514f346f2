/** Diffie-Hellman on the NIST curves in JavaScript. A room of its own: what a platform's falls back to needs no more. */
import type { Ecdh } from "./interfaces.ts";
import { nistCurve } from "./nist-curves.ts";

export const nobleEcdh: Ecdh = {
  publicShare(name, secret) {
    const { ecdsa } = nistCurve(name);
    return ecdsa.utils.isValidSecretKey(secret) ? ecdsa.getPublicKey(secret, false) : undefined;
  },
  sharedSecret(name, secret, serverShare) {
    const { ecdsa, length } = nistCurve(name);
    return ecdsa.getSharedSecret(secret, serverShare, false).subarray(1, 1 + length);
  },
};
