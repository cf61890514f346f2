/**
 * AES-GCM packets: what `aes128-gcm@openssh.com` and `aes256-gcm@openssh.com` share. RFC 5647; OpenSSH PROTOCOL 1.6
 * has its own names for them, so that nobody must negotiate the cipher as a MAC too.
 */
import { uint32At } from "../wire.ts";
import type { GcmPrimitive, KeyedCipher, PacketCipher } from "./interfaces.ts";

const ivLength = 12;
const tagLength = 16;

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
    return uint32At(packet, 0);
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

/** AES-GCM with a key of 16 bytes (RFC 5647 §6.1) or 32 (RFC 5647 §6.2), and an IV of 12, as a packet cipher. RFC 5647 §7. */
export function aesGcm(keyLength: 16 | 32, primitive: GcmPrimitive): PacketCipher {
  return {
    keyLength,
    ivLength,
    macKeyLength: 0,
    blockLength: 16,
    tagLength,
    isLengthPadded: false,
    create: (key, iv) => new AesGcm(primitive, key, iv),
  };
}
