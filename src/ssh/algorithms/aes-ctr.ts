/**
 * aes128-ctr, aes192-ctr and aes256-ctr (RFC 4344 §4) with an HMAC beside them: over the packet as it was before it was
 * encrypted (RFC 4253 §6.4), or for `-etm@openssh.com` over what is sent, with packet_length in the clear (OpenSSH
 * PROTOCOL 1.7). For servers that have no AEAD.
 *
 * Where the MAC covers the plaintext, packet_length is decrypted before anything is proved: that it is used for nothing but
 * a bounded wait, and nothing else before the MAC is right, is what makes this safe (Paterson and Watson, 2010).
 */
import { equalBytes } from "@noble/ciphers/utils.js";
import { uint32At } from "../wire.ts";
import type { BareCipher, CtrPrimitive, KeyedCipher, Mac, PacketCipher } from "./interfaces.ts";

const blockLength = 16;

/** AES in counter mode with a key of so many bytes. RFC 4344 §4. */
export function aesCtr(keyLength: 16 | 24 | 32, primitive: CtrPrimitive): BareCipher {
  return {
    withMac: (mac): PacketCipher => ({
      keyLength,
      ivLength: blockLength,
      macKeyLength: mac.keyLength,
      blockLength,
      tagLength: mac.tagLength,
      isLengthPadded: !mac.isEtm,
      create(key, iv, macKey) {
        if (macKey?.length !== mac.keyLength)
          throw new TypeError(`an integrity key of ${mac.keyLength} bytes is needed`);
        return new AesCtr(primitive, mac, key, iv, macKey);
      },
    }),
  };
}

class AesCtr implements KeyedCipher {
  readonly #primitive: CtrPrimitive;
  readonly #mac: Mac;
  readonly #encryptedFrom: 0 | 4;
  #key: Uint8Array;
  #macKey: Uint8Array;
  /** X of RFC 4344 §4 at the beginning of the next packet. */
  readonly #counter: Uint8Array;

  constructor(primitive: CtrPrimitive, mac: Mac, key: Uint8Array, iv: Uint8Array, macKey: Uint8Array) {
    this.#primitive = primitive;
    this.#mac = mac;
    this.#encryptedFrom = mac.isEtm ? 4 : 0;
    this.#key = key.slice();
    this.#counter = iv.slice();
    this.#macKey = macKey.slice();
  }

  length(packet: Uint8Array): number {
    const length = packet.slice(0, 4);
    if (!this.#mac.isEtm) this.#primitive(this.#key, this.#counter, length);
    return uint32At(length, 0);
  }

  open(packet: Uint8Array, sequenceNumber: number): boolean {
    const end = packet.length - this.#mac.tagLength;
    const decrypted = packet.slice(this.#encryptedFrom, end);
    if (!this.#mac.isEtm) this.#primitive(this.#key, this.#counter, decrypted);
    const covered = this.#mac.isEtm ? packet.subarray(0, end) : decrypted;
    if (!equalBytes(this.#mac.tag(this.#macKey, sequenceNumber, covered), packet.subarray(end))) {
      decrypted.fill(0);
      return false;
    }
    if (this.#mac.isEtm) this.#primitive(this.#key, this.#counter, decrypted);
    packet.set(decrypted, this.#encryptedFrom);
    this.#count(decrypted.length);
    return true;
  }

  seal(packet: Uint8Array, sequenceNumber: number): void {
    const end = packet.length - this.#mac.tagLength;
    const plain = this.#mac.isEtm ? undefined : this.#mac.tag(this.#macKey, sequenceNumber, packet.subarray(0, end));
    const text = packet.subarray(this.#encryptedFrom, end);
    this.#primitive(this.#key, this.#counter, text);
    packet.set(plain ?? this.#mac.tag(this.#macKey, sequenceNumber, packet.subarray(0, end)), end);
    this.#count(text.length);
  }

  /** From here on the primitive throws at the length of the key. */
  wipe(): void {
    this.#key.fill(0);
    this.#macKey.fill(0);
    this.#key = new Uint8Array(0);
    this.#macKey = new Uint8Array(0);
  }

  /** RFC 4344 §4: X is one number of 128 bits, incremented after each block; it wraps at 2^128. */
  #count(length: number): void {
    let carry = length / blockLength;
    for (let at = blockLength - 1; carry > 0 && at >= 0; at--) {
      const sum = (this.#counter[at] as number) + carry;
      this.#counter[at] = sum;
      carry = Math.floor(sum / 256);
    }
  }
}
