/**
 * AES-GCM by node:crypto, which is OpenSSL's with the processor's own instructions: 10 to 50 times as fast as any
 * JavaScript, and in constant time.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { GcmPrimitive } from "../ssh/algorithms/interfaces.ts";

const authTagLength = 16;

export const platformGcm: GcmPrimitive = {
  seal(key, iv, packet) {
    const end = packet.length - authTagLength;
    const cipher = createCipheriv(nameOf(key), key, iv, { authTagLength });
    cipher.setAAD(packet.subarray(0, 4));
    packet.set(cipher.update(packet.subarray(4, end)), 4);
    cipher.final();
    packet.set(cipher.getAuthTag(), end);
  },
  /** OpenSSL decrypts before it knows the tag: what it gives stays here until it does, and is wiped if it is wrong. */
  open(key, iv, packet) {
    const end = packet.length - authTagLength;
    const decipher = createDecipheriv(nameOf(key), key, iv, { authTagLength });
    decipher.setAAD(packet.subarray(0, 4));
    decipher.setAuthTag(packet.subarray(end));
    const body = decipher.update(packet.subarray(4, end));
    try {
      decipher.final(); // compares the tags, in constant time
    } catch {
      body.fill(0);
      return false;
    }
    packet.set(body, 4);
    return true;
  },
};

type GcmName = "aes-128-gcm" | "aes-256-gcm";

function nameOf(key: Uint8Array): GcmName {
  return key.length === 16 ? "aes-128-gcm" : "aes-256-gcm"; // any other length, a wiped key's too, is refused there
}
