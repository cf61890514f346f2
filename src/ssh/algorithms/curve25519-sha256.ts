/**
 * curve25519-sha256: X25519 with SHA-256. RFC 8731; the same method goes by the older name
 * `curve25519-sha256@libssh.org`.
 */
import { kexRefusal } from "../errors.ts";
import { encodeMpint } from "../wire.ts";
import { startWith } from "./ephemeral.ts";
import type { HashPrimitive, KexMethod, KexStart, RandomBytes, X25519, X25519Pair } from "./interfaces.ts";

const keyLength = 32;

/** Shares of 32 bytes; K leaves as an mpint. RFC 8731 §3. */
export function curve25519Sha256(x25519: X25519, hash: HashPrimitive): KexMethod {
  return { hash: (data) => hash("sha256", data), start: (randomBytes) => start(x25519, randomBytes) };
}

function start(x25519: X25519, randomBytes: RandomBytes): KexStart {
  const secret = randomBytes(keyLength);
  const pair = x25519.pair(secret);
  return startWith(pair.publicShare, secret, (serverShare) => encodedSecret(pair, serverShare));
}

function encodedSecret(pair: X25519Pair, serverShare: Uint8Array): Uint8Array {
  if (serverShare.length !== keyLength) {
    // RFC 8731 §3: MUST check the length of a received public key and abort if it is not the expected one
    throw kexRefusal(`Q_S has ${serverShare.length} bytes, expected ${keyLength}`, "RFC 8731 §3");
  }
  const X = multiply(pair, serverShare);
  const K = encodeMpint(X); // RFC 8731 §3.1: the 32 bytes as they are, read as a big-endian number
  X.fill(0);
  return K;
}

function multiply(pair: X25519Pair, serverShare: Uint8Array): Uint8Array {
  try {
    return pair.sharedSecret(serverShare);
  } catch {
    // RFC 8731 §3: MUST check for the all-zero shared secret and abort. X25519 refuses the points that give it.
    throw kexRefusal("Q_S is a point of low order: the shared secret would be all zero", "RFC 8731 §3");
  }
}
