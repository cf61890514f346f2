/**
 * mlkem768x25519-sha256: ML-KEM-768 (FIPS 203) and X25519 together, so that a recording of today cannot be read with a
 * quantum computer of tomorrow, nor if only one of the two is broken. draft-ietf-sshm-mlkem-hybrid-kex.
 */
import { kexRefusal } from "../errors.ts";
import { concat, encodeString } from "../wire.ts";
import { startWith } from "./ephemeral.ts";
import type { HashPrimitive, KexMethod, KexStart, MlKem, RandomBytes, X25519, X25519Pair } from "./interfaces.ts";

const section = "draft-ietf-sshm-mlkem-hybrid-kex";
const seedLength = 64;
const ciphertextLength = 1088;
const x25519Length = 32;
type Hash = (data: Uint8Array) => Uint8Array;

const replyLength = ciphertextLength + x25519Length;

/** C_INIT is 1,184 + 32 bytes, S_REPLY 1,088 + 32; K leaves as a string, not an mpint. */
export function mlkem768X25519(mlkem: MlKem, x25519: X25519, primitive: HashPrimitive): KexMethod {
  const hash = (data: Uint8Array): Uint8Array => primitive("sha256", data);
  return {
    hash,
    isSlow: mlkem.isSlow,
    get load() {
      return mlkem.load;
    },
    start: (randomBytes) => start(mlkem, x25519, hash, randomBytes),
  };
}

function start(mlkem: MlKem, x25519: X25519, hash: Hash, randomBytes: RandomBytes): KexStart {
  const seed = randomBytes(seedLength);
  const scalar = randomBytes(x25519Length);
  const pair = mlkem.pair(seed);
  seed.fill(0);
  const classicalPair = x25519.pair(scalar);
  const init = concat(pair.publicKey, classicalPair.publicShare);
  const encodedK = (reply: Uint8Array): Uint8Array => {
    if (reply.length !== replyLength)
      throw kexRefusal(`S_REPLY has ${reply.length} bytes, expected ${replyLength}`, section);
    const classical = multiply(classicalPair, reply.subarray(ciphertextLength));
    // A ciphertext of the right length that was bent gives another secret (FIPS 203 §6.3): the host's signature is then wrong.
    const postQuantum = pair.decapsulate(reply.subarray(0, ciphertextLength));
    const both = concat(postQuantum, classical);
    const K = hash(both);
    const encoded = encodeString(K);
    for (const each of [classical, postQuantum, both, K]) each.fill(0);
    return encoded;
  };
  return startWith(init, scalar, encodedK, () => pair.wipe());
}

function multiply(pair: X25519Pair, share: Uint8Array): Uint8Array {
  try {
    return pair.sharedSecret(share);
  } catch {
    throw kexRefusal("the X25519 half of S_REPLY is a point of low order: its secret would be all zero", section);
  }
}
