/**
 * noble: the primitives in JavaScript, for every runtime, and what a platform's own are tested against.
 */
import { ctr, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { nobleChaCha } from "./chacha20-poly1305@openssh.com.ts";
import type { GcmPrimitive, Primitives } from "./interfaces.ts";
import { nobleEcdh } from "./nist-ecdh.ts";
import { nobleMlKem } from "./noble-ml-kem.ts";
import { power } from "./power.ts";

const tagLength = 16;
const hashes = { sha256, sha384, sha512 };

/** noble expands the key and its GHASH tables anew for each packet. */
const nobleGcm: GcmPrimitive = {
  seal(key, iv, packet) {
    packet.set(gcm(key, iv, packet.subarray(0, 4)).encrypt(packet.subarray(4, packet.length - tagLength)), 4);
  },
  open(key, iv, packet) {
    const cipher = gcm(key, iv, packet.subarray(0, 4));
    let body: Uint8Array;
    try {
      body = cipher.decrypt(packet.subarray(4)); // checks the tag, in constant time, before it decrypts
    } catch {
      return false;
    }
    packet.set(body, 4);
    return true;
  },
};

/**
 * noble's Ed25519 without its table of base point multiples (for all users of this copy of noble): building it takes
 * longer than the one verification and the one signature of a connection take without it.
 */
function coldCurve(): typeof ed25519 {
  ed25519.Point.BASE.precompute(1);
  return ed25519;
}

export const noble: Primitives = {
  hash: (name, data) => hashes[name](data),
  x25519: {
    pair: (secret) => ({
      // Not scalarMultBase(): its table of base point multiples takes longer to build than a process needs it.
      publicShare: x25519.scalarMult(secret, x25519.GuBytes),
      sharedSecret: (serverShare) => x25519.scalarMult(secret, serverShare),
    }),
  },
  mlkem: nobleMlKem,
  ecdh: nobleEcdh,
  power,
  ed25519: {
    key(seed) {
      const secret = seed.slice();
      return { publicKey: coldCurve().getPublicKey(secret), sign: (data) => coldCurve().sign(data, secret) };
    },
    verify: (signature, data, publicKey) => coldCurve().verify(signature, data, publicKey, { zip215: false }),
  },
  gcm: nobleGcm,
  ctr: (key, counter, bytes) => bytes.set(ctr(key, counter).encrypt(bytes)),
  hmac(hash, key, ...parts) {
    const mac = hmac.create(hash === "sha256" ? sha256 : sha512, key);
    for (const part of parts) mac.update(part);
    return mac.digest();
  },
  chacha: nobleChaCha,
  isAesFirst: false, // it is slow, and its tables are read at secret places
};
