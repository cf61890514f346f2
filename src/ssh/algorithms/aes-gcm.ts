/**
 * AES-GCM packets: what `aes128-gcm@openssh.com` and `aes256-gcm@openssh.com` share. RFC 5647; OpenSSH PROTOCOL 1.6
 * has its own names for them, so that nobody must negotiate the cipher as a MAC too.
 *
 * noble expands the key and its GHASH tables anew for each packet: a fallback for servers without
 * chacha20-poly1305@openssh.com, not the fast path. A platform that has AES in hardware gives its own in (src/node).
 */
import { gcm } from "@noble/ciphers/aes.js";
import type { KeyedCipher, PacketCipher } from "./interfaces.ts";

const ivLength = 12;
const tagLength = 16;

/** AES-GCM on a packet in place: 4 bytes of associated data, the text, a tag of 16 bytes. `iv` has 12 bytes. */
export interface GcmPrimitive {
  /** Encrypts the text and writes the tag. */
  seal(key: Uint8Array, iv: Uint8Array, packet: Uint8Array): void;
  /** False, with the packet as it was, where the tag is wrong (compared in constant time); else the text is decrypted. */
  open(key: Uint8Array, iv: Uint8Array, packet: Uint8Array): boolean;
}

const nobleGcm: GcmPrimitive = {
  seal(key, iv, packet) {
    packet.set(gcm(key, iv, packet.subarray(0, 4)).encrypt(packet.subarray(4, packet.length - tagLength)), 4);
  },
  open(key, iv, packet) {
    const cipher = gcm(key, iv, packet.subarray(0, 4));
    let body: Uint8Array;
    try {
      body = cipher.decrypt(packet.subarray(4)); // checks the tag, in constant time, before it decrypts
    } catch {
      return false;
    }
    packet.set(body, 4);
    return true;
  },
};

class AesGcm implements KeyedCipher {
  readonly #primitive: GcmPrimitive;
  #key: Uint8Array;
  /** fixed (4 bytes) | invocation_counter (8 bytes). RFC 5647 §7.1. */
  readonly #iv: Uint8Array;
  readonly #ivView: DataView;
  #isCounterUsedUp = false;

  constructor(primitive: GcmPrimitive, key: Uint8Array, iv: Uint8Array) {
    this.#primitive = primitive;
    this.#key = key.slice();
    this.#iv = iv.slice();
    this.#ivView = new DataView(this.#iv.buffer);
  }

  /** packet_length is not encrypted: it is the associated data. RFC 5647 §7.3. */
  length(packet: Uint8Array): number {
    return new DataView(packet.buffer, packet.byteOffset, packet.byteLength).getUint32(0);
  }

  open(packet: Uint8Array): boolean {
    this.#refuseUsedUp();
    if (!this.#primitive.open(this.#key, this.#iv, packet)) return false;
    this.#count();
    return true;
  }

  seal(packet: Uint8Array): void {
    this.#refuseUsedUp();
    this.#primitive.seal(this.#key, this.#iv, packet);
    this.#count();
  }

  /** From here on the primitive throws at the length of the key. */
  wipe(): void {
    this.#key.fill(0);
    this.#key = new Uint8Array(0);
  }

  #refuseUsedUp(): void {
    if (this.#isCounterUsedUp) throw new RangeError("invocation_counter is used up: new keys are due (RFC 5647 §7.1)");
  }

  /** RFC 5647 §7.1: the invocation counter is a 64-bit integer, incremented after each packet. */
  #count(): void {
    const low = (this.#ivView.getUint32(8) + 1) >>> 0;
    this.#ivView.setUint32(8, low);
    if (low !== 0) return;
    const high = (this.#ivView.getUint32(4) + 1) >>> 0;
    this.#ivView.setUint32(4, high);
    this.#isCounterUsedUp = high === 0;
  }
}

/** AES-GCM with a key of `keyLength` bytes as a packet cipher. RFC 5647 §7. */
export function aesGcm(keyLength: 16 | 32, primitive: GcmPrimitive = nobleGcm): PacketCipher {
  return {
    keyLength,
    ivLength,
    blockLength: 16,
    tagLength,
    isLengthPadded: false,
    create: (key, iv) => new AesGcm(primitive, key, iv),
  };
}
