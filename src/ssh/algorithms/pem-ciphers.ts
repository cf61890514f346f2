/**
 * PEM ciphers: how PEM files are encrypted, PKCS#8 by PBES2 (RFC 8018 §6.2) and the older kind of OpenSSL's by its own
 * derivation, both with AES in CBC mode. Key derivations and the cipher; the names in the files are pem-key.ts's.
 */
import { cbc } from "@noble/ciphers/aes.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { concat } from "../wire.ts";
import type { KeyDerivations } from "./interfaces.ts";

const hashes = { sha1, sha224, sha256, sha384, sha512 };

/** The derivations in JavaScript: at the bounds they take seconds, with SHA-512 half a minute. */
export const nobleDerivations: KeyDerivations = {
  pbkdf2: (hash, passphrase, salt, iterations, length) =>
    pbkdf2(hashes[hash], passphrase, salt, { c: iterations, dkLen: length }),
  mostIterations: 200_000,
  scrypt: (passphrase, salt, { N, r, p }, length) => scrypt(passphrase, salt, { N, r, p, dkLen: length }),
  mostScryptCost: 2 ** 18,
};

/**
 * OpenSSL's EVP_BytesToKey with MD5 and one iteration. No security is claimed for it: it is what files with `DEK-Info`
 * were encrypted with, and only reads them. Nothing that we write depends on MD5.
 */
export function deriveBytesToKey(passphrase: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  let block: Uint8Array = md5(concat(passphrase, salt));
  let key: Uint8Array = block;
  while (key.length < length) {
    block = md5(concat(block, passphrase, salt));
    key = concat(key, block);
  }
  return key.slice(0, length);
}

/** AES in CBC mode; undefined where no padding of PKCS#7 comes out, as it mostly does with a wrong key. */
export function decryptAesCbc(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length === 0 || sealed.length % 16 !== 0) return undefined;
  try {
    return cbc(key, iv).decrypt(sealed);
  } catch {
    return undefined; // the lengths are right, so it is the padding
  }
}
