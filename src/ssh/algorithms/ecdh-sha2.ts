/**
 * ecdh-sha2-nistp256, -nistp384 and -nistp521: elliptic curve Diffie-Hellman. RFC 5656 §4.
 */
import { kexRefusal } from "../errors.ts";
import { encodeMpint } from "../wire.ts";
import { startWith } from "./ephemeral.ts";
import type { Ecdh, EcdsaCurve, HashPrimitive, KexMethod, KexStart, RandomBytes } from "./interfaces.ts";
import { hashNameOf, lengthOf } from "./nist-curves.ts";

/** Shares are uncompressed points; K leaves as an mpint. RFC 5656 §4. */
export function ecdhSha2(curve: EcdsaCurve, ecdh: Ecdh, hash: HashPrimitive): KexMethod {
  return { hash: (data) => hash(hashNameOf(curve), data), start: (randomBytes) => start(curve, ecdh, randomBytes) };
}

function start(curve: EcdsaCurve, ecdh: Ecdh, randomBytes: RandomBytes): KexStart {
  for (;;) {
    const secret = randomBytes(lengthOf(curve));
    if (curve === "nistp521") secret[0] = (secret[0] as number) & 1; // 521 bits in 66 bytes
    const init = ecdh.publicShare(curve, secret); // none for one scalar in 2^32, or fewer
    if (init !== undefined) return startWith(init, secret, (Q_S) => encodedSecret(curve, ecdh, secret, Q_S));
  }
}

function encodedSecret(curve: EcdsaCurve, ecdh: Ecdh, secret: Uint8Array, Q_S: Uint8Array): Uint8Array {
  const length = 1 + 2 * lengthOf(curve);
  // A form of one byte is infinity; the compressed ones MAY be used where both agree (RFC 5656 §4), and nobody does.
  if (Q_S.length !== length || Q_S[0] !== 4) {
    throw kexRefusal(`Q_S has ${Q_S.length} bytes, expected ${length} of an uncompressed point`, "RFC 5656 §4");
  }
  const shared = multiply(curve, ecdh, secret, Q_S);
  const K = encodeMpint(shared); // RFC 5656 §4: the x coordinate as a number
  shared.fill(0);
  return K;
}

function multiply(curve: EcdsaCurve, ecdh: Ecdh, secret: Uint8Array, Q_S: Uint8Array): Uint8Array {
  try {
    return ecdh.sharedSecret(curve, secret, Q_S);
  } catch {
    // RFC 5656 §4: all public keys MUST be validated. The cofactor is 1, so any point of the curve will do.
    throw kexRefusal(`Q_S is no point of the curve ${curve}`, "RFC 5656 §4");
  }
}
