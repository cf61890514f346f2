/** The part of ssh2's `lib/protocol/crypto.js` that packet.bench.ts calls; the package has no types for it. */

export interface Ssh2Crypto {
  readonly CIPHER_INFO: Readonly<Record<string, object>>;
  readonly bindingAvailable: boolean;
  readonly init: Promise<void>;
  createCipher(config: { readonly outbound: object }): Ssh2Cipher;
  createDecipher(config: { readonly inbound: object }): Ssh2Decipher;
}

export interface Ssh2Cipher {
  /** A packet with its lengths and random padding; the payload belongs at offset 5. */
  allocPacket(payloadLength: number): Buffer;
  encrypt(packet: Buffer): void;
}

export interface Ssh2Decipher {
  decrypt(data: Buffer, position: number, length: number): void;
}
