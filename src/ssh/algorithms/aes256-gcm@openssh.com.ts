/**
 * aes256-gcm@openssh.com: RFC 5647 §6.2, under OpenSSH's name (OpenSSH PROTOCOL 1.6).
 */
import { aesGcm } from "./aes-gcm.ts";
import type { PacketCipher } from "./interfaces.ts";

/** A key of 32 bytes, an IV of 12. RFC 5647 §6.2. */
export const aes256Gcm: PacketCipher = aesGcm(32);
