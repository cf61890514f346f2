/**
 * hmac-sha2-256 and hmac-sha2-512 (RFC 6668 §2), and their forms that cover what is sent, `-etm@openssh.com` (OpenSSH
 * PROTOCOL 1.7).
 */
import { putUint32 } from "../wire.ts";
import type { HmacPrimitive, Mac } from "./interfaces.ts";

/** Keys are as long as the hash. RFC 6668 §2. */
export function hmacSha2(
  bits: 256 | 512,
  order: "encrypt-and-mac" | "encrypt-then-mac",
  primitive: HmacPrimitive,
): Mac {
  return {
    keyLength: bits / 8,
    tagLength: bits / 8,
    isEtm: order === "encrypt-then-mac",
    tag(key, sequenceNumber, packet) {
      const number = new Uint8Array(4);
      putUint32(number, 0, sequenceNumber);
      return primitive(`sha${bits}`, key, number, packet); // RFC 4253 §6.4: MAC(key, sequence_number || packet)
    },
  };
}
