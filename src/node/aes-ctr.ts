/** AES in counter mode, HMAC, and SHA-2 by node:crypto. */
import { createCipheriv, createHash, createHmac } from "node:crypto";
import type { CtrPrimitive, HashPrimitive, HmacPrimitive } from "../ssh/algorithms/interfaces.ts";

export const platformCtr: CtrPrimitive = (key, counter, bytes) => {
  bytes.set(createCipheriv(`aes-${8 * key.length}-ctr`, key, counter).update(bytes));
};

export const platformHmac: HmacPrimitive = (hash, key, ...parts) => {
  const hmac = createHmac(hash, key);
  for (const part of parts) hmac.update(part);
  return Uint8Array.from(hmac.digest());
};

/** A cold process does this in a twentieth of the 8 ms that noble takes for the exchange hash. */
export const platformHash: HashPrimitive = (hash, data) => Uint8Array.from(createHash(hash).update(data).digest());
