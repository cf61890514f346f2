/**
 * none: the cipher of the first packets, before any key. RFC 4253 §6.3.
 */
import { uint32At } from "../wire.ts";
import type { KeyedCipher, PacketCipher } from "./interfaces.ts";

const keyed: KeyedCipher = {
  length(packet) {
    return uint32At(packet, 0);
  },
  open() {
    return true;
  },
  seal() {},
  wipe() {},
};

/** Packets in the clear, without a tag; packet_length counts towards the multiple of 8. RFC 4253 §6. */
export const none: PacketCipher = {
  keyLength: 0,
  ivLength: 0,
  macKeyLength: 0,
  blockLength: 8,
  tagLength: 0,
  isLengthPadded: true,
  create: () => keyed,
};
