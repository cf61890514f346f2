/**
 * chacha20-poly1305@openssh.com: two ChaCha20 instances and Poly1305, with the packet's sequence number as the nonce.
 * OpenSSH PROTOCOL.chacha20poly1305.
 *
 * Law: the tag is checked before a byte of payload is decrypted. noble's fast path wants `packet.byteOffset` to be a
 * multiple of 4: any offset works, others cost a third more in ChaCha20.
 */
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import type { ChaChaPrimitive, KeyedCipher, PacketCipher } from "./interfaces.ts";

const keyLength = 64;
const tagLength = 16;

class ChaCha20Poly1305 implements KeyedCipher {
  /** K_2: the payload and the Poly1305 keys. */
  #mainKey: Uint8Array;
  /** K_1: nothing but packet_length, so that a decrypted length tells nothing about the payload's keystream. */
  #headerKey: Uint8Array;
  /** Block counter (upper half, always 0) and sequence number, both 64 bits, as the original ChaCha20 lays them out. */
  readonly #nonce: Uint8Array = new Uint8Array(12);
  readonly #nonceView: DataView = new DataView(this.#nonce.buffer);
  readonly #header: Uint8Array = new Uint8Array(4);
  readonly #headerView: DataView = new DataView(this.#header.buffer);
  readonly #polyKey: Uint8Array = new Uint8Array(32);
  readonly #tag: Uint8Array = new Uint8Array(tagLength);

  constructor(key: Uint8Array) {
    this.#mainKey = key.slice(0, 32); // "The first 256 bits constitute K_2 and the second 256 bits become K_1"
    this.#headerKey = key.slice(32);
  }

  length(packet: Uint8Array, sequenceNumber: number): number {
    this.#nonceView.setUint32(8, sequenceNumber);
    chacha20(this.#headerKey, this.#nonce, packet.subarray(0, 4), this.#header);
    return this.#headerView.getUint32(0);
  }

  open(packet: Uint8Array, sequenceNumber: number): boolean {
    const end = packet.length - tagLength;
    this.#nonceView.setUint32(8, sequenceNumber);
    this.#authenticate(packet.subarray(0, end), this.#tag);
    if (!equalBytes(this.#tag, packet.subarray(end))) return false; // "The MAC MUST be checked before decryption"
    this.#crypt(packet.subarray(0, 4), packet.subarray(4, end));
    return true;
  }

  seal(packet: Uint8Array, sequenceNumber: number): void {
    const end = packet.length - tagLength;
    this.#nonceView.setUint32(8, sequenceNumber);
    this.#crypt(packet.subarray(0, 4), packet.subarray(4, end));
    this.#authenticate(packet.subarray(0, end), packet.subarray(end));
  }

  /** From here on noble throws at the length of the keys. */
  wipe(): void {
    for (const secret of [this.#mainKey, this.#headerKey, this.#polyKey]) secret.fill(0);
    this.#mainKey = this.#headerKey = new Uint8Array(0);
  }

  #crypt(header: Uint8Array, body: Uint8Array): void {
    chacha20(this.#headerKey, this.#nonce, header, header, 0);
    chacha20(this.#mainKey, this.#nonce, body, body, 1); // block 0 is the Poly1305 key's
  }

  #authenticate(sealed: Uint8Array, tag: Uint8Array): void {
    this.#polyKey.fill(0);
    chacha20(this.#mainKey, this.#nonce, this.#polyKey, this.#polyKey, 0);
    const mac = poly1305.create(this.#polyKey);
    mac.update(sealed);
    mac.digestInto(tag);
    mac.destroy();
  }
}

/** On noble: for every runtime, and what the kernel is tested against. */
export const nobleChaCha: ChaChaPrimitive = (key) => new ChaCha20Poly1305(key);

/** A key of 64 bytes, no IV: the sequence number is the nonce. OpenSSH PROTOCOL.chacha20poly1305. */
export function chacha20Poly1305(chacha: ChaChaPrimitive): PacketCipher {
  return {
    keyLength,
    ivLength: 0,
    macKeyLength: 0,
    blockLength: 8,
    tagLength,
    isLengthPadded: false,
    create: (key) => chacha(key),
  };
}
