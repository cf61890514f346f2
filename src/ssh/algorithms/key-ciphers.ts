/**
 * Key ciphers: what encrypts the private section of an openssh-key-v1 file (OpenSSH PROTOCOL.key §4), named as on the
 * wire. AES-GCM and chacha20-poly1305 differ from their packet forms: there is no packet_length, so no associated data,
 * and the sequence number is 0.
 */
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { cbc, ctr, gcm } from "@noble/ciphers/aes.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { type Cipher, equalBytes } from "@noble/ciphers/utils.js";
import { concat } from "../wire.ts";

/** One cipher for private sections. Neither call changes what it is given. */
export interface KeyCipher {
  /** Bytes of key, which the KDF gives first. */
  readonly keyLength: number;
  /** Bytes of IV, which the KDF gives behind the key. */
  readonly ivLength: number;
  /** What a private section is padded to a multiple of. */
  readonly blockLength: number;
  /** Bytes of tag behind the section; they are no part of its length. */
  readonly tagLength: number;
  /** `sealed` with its tag; undefined where the tag is wrong. Without a tag a wrong key gives noise. */
  decrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** The section with its tag. */
  encrypt(key: Uint8Array, iv: Uint8Array, section: Uint8Array): Uint8Array;
}

const aesBlock = 16;

/** AES in a mode without a tag. */
function aes(keyLength: 16 | 24 | 32, mode: (key: Uint8Array, iv: Uint8Array) => Cipher): KeyCipher {
  return {
    keyLength,
    ivLength: aesBlock,
    blockLength: aesBlock,
    tagLength: 0,
    decrypt: (key, iv, sealed) => mode(key, iv).decrypt(sealed),
    encrypt: (key, iv, section) => mode(key, iv).encrypt(section),
  };
}

/** The section is padded already. */
const unpaddedCbc = (key: Uint8Array, iv: Uint8Array): Cipher => cbc(key, iv, { disablePadding: true });

function aesGcm(keyLength: 16 | 32): KeyCipher {
  return {
    keyLength,
    ivLength: 12,
    blockLength: aesBlock,
    tagLength: 16,
    decrypt(key, iv, sealed) {
      try {
        return gcm(key, iv).decrypt(sealed);
      } catch {
        return undefined; // the lengths are right, so it is the tag
      }
    },
    encrypt: (key, iv, section) => gcm(key, iv).encrypt(section),
  };
}

/** Sequence number 0. */
const chachaNonce: Uint8Array = new Uint8Array(12);

/** The first half of the key is K_2; the other would encrypt packet_length. OpenSSH PROTOCOL.chacha20poly1305. */
const chacha20Poly1305: KeyCipher = {
  keyLength: 64,
  ivLength: 0,
  blockLength: 8,
  tagLength: 16,
  decrypt(key, _, sealed) {
    const body = sealed.subarray(0, -16);
    if (!equalBytes(chachaTag(key, body), sealed.subarray(-16))) return undefined;
    return chacha20(key.subarray(0, 32), chachaNonce, body, undefined, 1);
  },
  encrypt(key, _, section) {
    const body = chacha20(key.subarray(0, 32), chachaNonce, section, undefined, 1); // block 0 is the Poly1305 key's
    return concat(body, chachaTag(key, body));
  },
};

function chachaTag(key: Uint8Array, body: Uint8Array): Uint8Array {
  const polyKey = chacha20(key.subarray(0, 32), chachaNonce, new Uint8Array(32));
  const tag = poly1305(body, polyKey);
  polyKey.fill(0);
  return tag;
}

/** All that ssh-keygen -Z can write, but 3DES. */
export const keyCiphers: ReadonlyMap<string, KeyCipher> = new Map([
  ["aes256-ctr", aes(32, ctr)],
  ["aes192-ctr", aes(24, ctr)],
  ["aes128-ctr", aes(16, ctr)],
  ["aes256-cbc", aes(32, unpaddedCbc)],
  ["aes192-cbc", aes(24, unpaddedCbc)],
  ["aes128-cbc", aes(16, unpaddedCbc)],
  ["aes256-gcm@openssh.com", aesGcm(32)],
  ["aes128-gcm@openssh.com", aesGcm(16)],
  ["chacha20-poly1305@openssh.com", chacha20Poly1305],
]);
