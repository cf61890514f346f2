/** AES in counter mode, and HMAC, by node:crypto. */
import { createCipheriv, createHmac } from "node:crypto";
import type { CtrPrimitive, HmacPrimitive } from "../ssh/algorithms/interfaces.ts";

export const platformCtr: CtrPrimitive = (key, counter, bytes) => {
  bytes.set(createCipheriv(`aes-${8 * key.length}-ctr`, key, counter).update(bytes));
};

export const platformHmac: HmacPrimitive = (hash, key, ...parts) => {
  const hmac = createHmac(hash, key);
  for (const part of parts) hmac.update(part);
  return Uint8Array.from(hmac.digest());
};
