/**
 * aes128-gcm@openssh.com: RFC 5647 §6.1, under OpenSSH's name (OpenSSH PROTOCOL 1.6).
 */
import { aesGcm } from "./aes-gcm.ts";
import type { PacketCipher } from "./interfaces.ts";

/** A key of 16 bytes, an IV of 12. RFC 5647 §6.1. */
export const aes128Gcm: PacketCipher = aesGcm(16);
