/**
 * Peer crypto: the server's half of SSH's cryptography and framing for tests, on node:crypto alone, so that a fault of
 * ours cannot hide by being made twice. Poly1305, which node:crypto does not show, is a few lines of BigInt.
 */
import {
  createCipheriv,
  createDecipheriv,
  createDiffieHellman,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  getDiffieHellman,
  type KeyObject,
  sign,
} from "node:crypto";

/** Reproducible bytes: SHA-256 of the seed and a counter. */
export function seededBytes(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  let pool = Buffer.alloc(0);
  return (length) => {
    while (pool.length < length) {
      pool = Buffer.concat([pool, createHash("sha256").update(`${seed} ${counter++}`).digest()]);
    }
    const bytes = Uint8Array.from(pool.subarray(0, length));
    pool = pool.subarray(length);
    return bytes;
  };
}

/** Reproducible integers from 0 to `limit - 1`. */
export function seededIntegers(seed: string): (limit: number) => number {
  const bytes = seededBytes(seed);
  return (limit) => Buffer.from(bytes(4)).readUInt32BE() % limit;
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return hashed("sha256", ...parts);
}

export function hashed(name: "sha256" | "sha384" | "sha512", ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** A string of RFC 4251 §5. */
export function sshString(content: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Uint8Array.from(Buffer.concat([length, bytes]));
}

/** An mpint of RFC 4251 §5 from big-endian bytes, by way of a number. */
export function sshMpint(magnitude: Uint8Array): Uint8Array {
  const digits = BigInt(`0x${Buffer.from(magnitude).toString("hex")}`).toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  if (even === "00") return sshString("");
  return sshString(Buffer.from(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even, "hex"));
}

const pkcs8 = { x25519: "302e020100300506032b656e04220420", ed25519: "302e020100300506032b657004220420" };
const spkiX25519 = "302a300506032b656e032100";

function privateKey(kind: keyof typeof pkcs8, seed: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(pkcs8[kind], "hex"), seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32));
}

/** An x25519 key pair of a peer. */
export class PeerShare {
  readonly #key: KeyObject;

  constructor(seed: Uint8Array) {
    this.#key = privateKey("x25519", seed);
  }

  get share(): Uint8Array {
    return rawPublicKey(this.#key);
  }

  /** K, encoded as RFC 8731 §3.1 has it. */
  sharedSecret(theirShare: Uint8Array): Uint8Array {
    return sshMpint(this.secret(theirShare));
  }

  /** K as X25519 gives it, 32 bytes. RFC 7748 §6.1. */
  secret(theirShare: Uint8Array): Uint8Array {
    const key = Buffer.concat([Buffer.from(spkiX25519, "hex"), theirShare]);
    const publicKey = createPublicKey({ key, format: "der", type: "spki" });
    return Uint8Array.from(diffieHellman({ privateKey: this.#key, publicKey }));
  }
}

/** One half of a key exchange: what goes into KEX_ECDH_REPLY as Q_S or f, and the secret as a big-endian number. */
export interface PeerHalf {
  readonly share: Uint8Array;
  secret(theirShare: Uint8Array): Uint8Array;
}

function ecdhHalf(curve: string): PeerHalf {
  const ecdh = createECDH(curve);
  return {
    share: Uint8Array.from(ecdh.generateKeys()),
    secret: (theirs) => Uint8Array.from(ecdh.computeSecret(theirs)),
  };
}

/** f as an mpint without its length. */
function groupHalf(group: string): PeerHalf {
  const dh = createDiffieHellman(getDiffieHellman(group).getPrime(), 2);
  return {
    share: sshMpint(dh.generateKeys()).subarray(4),
    secret: (theirs) => Uint8Array.from(dh.computeSecret(theirs)),
  };
}

/** Key exchange methods: the hash of each, and how a half is made. RFC 8731, RFC 5656 §4, RFC 8268. */
export const peerKexes = {
  "curve25519-sha256": { hash: "sha256", half: (seed: Uint8Array): PeerHalf => new PeerShare(seed) },
  "ecdh-sha2-nistp256": { hash: "sha256", half: (): PeerHalf => ecdhHalf("prime256v1") },
  "ecdh-sha2-nistp384": { hash: "sha384", half: (): PeerHalf => ecdhHalf("secp384r1") },
  "ecdh-sha2-nistp521": { hash: "sha512", half: (): PeerHalf => ecdhHalf("secp521r1") },
  "diffie-hellman-group14-sha256": { hash: "sha256", half: (): PeerHalf => groupHalf("modp14") },
  "diffie-hellman-group16-sha512": { hash: "sha512", half: (): PeerHalf => groupHalf("modp16") },
  "diffie-hellman-group18-sha512": { hash: "sha512", half: (): PeerHalf => groupHalf("modp18") },
} as const;

export type KexName = keyof typeof peerKexes;

/** An ed25519 key: a host's, or a user's as the client's Signer. RFC 8709. */
export class PeerKey {
  readonly algorithm = "ssh-ed25519";
  readonly algorithms = ["ssh-ed25519"] as const;
  readonly publicKeyBlob: Uint8Array;
  readonly #key: KeyObject;

  constructor(name: string) {
    this.#key = privateKey("ed25519", sha256(Buffer.from(name)));
    this.publicKeyBlob = join(sshString(this.algorithm), sshString(rawPublicKey(this.#key)));
  }

  /** The signature blob over `data`. */
  sign(data: Uint8Array): Uint8Array {
    return join(sshString(this.algorithm), sshString(sign(null, data, this.#key)));
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.#key);
  }
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export type CipherName =
  | "none"
  | "chacha20-poly1305@openssh.com"
  | "aes128-gcm@openssh.com"
  | "aes256-gcm@openssh.com"
  | "aes128-ctr"
  | "aes256-ctr";

/** What stands beside a cipher in counter mode. */
export type MacName =
  | "hmac-sha2-256"
  | "hmac-sha2-512"
  | "hmac-sha2-256-etm@openssh.com"
  | "hmac-sha2-512-etm@openssh.com";

/** RFC 6668 §2: key and tag are as long as the hash. */
export const macLength = (mac: MacName): number => (mac.includes("512") ? 64 : 32);

export const keySizes: Readonly<Record<CipherName, { readonly key: number; readonly iv: number }>> = {
  none: { key: 0, iv: 0 },
  "chacha20-poly1305@openssh.com": { key: 64, iv: 0 },
  "aes128-gcm@openssh.com": { key: 16, iv: 12 },
  "aes256-gcm@openssh.com": { key: 32, iv: 12 },
  "aes128-ctr": { key: 16, iv: 16 },
  "aes256-ctr": { key: 32, iv: 16 },
};

/** What a test may bend in the framing of one packet. RFC 4253 §6. */
export interface Bend {
  readonly padding?: number;
  /** What padding_length says, whatever the padding is. */
  readonly paddingLength?: number;
  /** What packet_length says, whatever the packet is. */
  readonly packetLength?: number;
  /** Flips a bit of the last byte: of the tag, where there is one. */
  readonly isTorn?: boolean;
}

/** One direction of a peer: frames, seals, opens. RFC 4253 §6, RFC 4344, RFC 5647, OpenSSH PROTOCOL.chacha20poly1305. */
export class PeerDirection {
  readonly cipher: CipherName;
  sequenceNumber: number;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  readonly #mac: { readonly name: MacName; readonly key: Uint8Array } | undefined;

  constructor(
    cipher: CipherName,
    key: Uint8Array,
    iv: Uint8Array,
    sequenceNumber = 0,
    mac?: { readonly name: MacName; readonly key: Uint8Array },
  ) {
    this.#mac = mac;
    this.cipher = cipher;
    this.sequenceNumber = sequenceNumber;
    this.#key = key;
    this.#iv = Uint8Array.from(iv);
  }

  seal(payload: Uint8Array, bend: Bend = {}): Uint8Array {
    const sealed = this.#sealPacket(this.#frame(payload, bend));
    if (bend.isTorn) sealed[sealed.length - 1] = (sealed.at(-1) as number) ^ 1;
    this.sequenceNumber = (this.sequenceNumber + 1) % 2 ** 32;
    return sealed;
  }

  /** The next packet of `bytes`, checked against the RFC; undefined while it is not whole. */
  open(
    bytes: Uint8Array,
  ): { readonly payload: Uint8Array; readonly sequenceNumber: number; readonly size: number } | undefined {
    if (bytes.length < 4) return undefined;
    const packetLength = Buffer.from(this.#openLength(bytes.subarray(0, 4))).readUInt32BE();
    const size = 4 + packetLength + this.#tagLength;
    if (packetLength > 256 * 1024) throw new Error(`packet_length ${packetLength}`);
    if (bytes.length < size) return undefined;
    const body = this.#openBody(bytes.subarray(0, size), packetLength);
    const padding = body[0] as number;
    const aligned = packetLength + (this.#isLengthPadded ? 4 : 0);
    const block = this.cipher.startsWith("aes") ? 16 : 8;
    if (aligned % block !== 0 || padding < 4 || padding + 2 > packetLength) {
      throw new Error(`badly framed: packet_length ${packetLength}, padding_length ${padding}`);
    }
    const { sequenceNumber } = this;
    this.sequenceNumber = (sequenceNumber + 1) % 2 ** 32;
    return { payload: Uint8Array.from(body.subarray(1, packetLength - padding)), sequenceNumber, size };
  }

  #frame(payload: Uint8Array, bend: Bend): Buffer {
    const block = this.cipher.startsWith("aes") ? 16 : 8;
    const counted = (this.#isLengthPadded ? 4 : 0) + 1 + payload.length;
    const least = block - (counted % block);
    const padding = bend.padding ?? (least < 4 ? least + block : least);
    const packet = Buffer.alloc(5 + payload.length + padding, 0x5a);
    packet.writeUInt32BE(bend.packetLength ?? 1 + payload.length + padding, 0);
    packet[4] = bend.paddingLength ?? padding;
    packet.set(payload, 5);
    return packet;
  }

  #sealPacket(packet: Buffer): Uint8Array {
    const length = packet.subarray(0, 4);
    const body = packet.subarray(4);
    if (this.cipher === "none") return Uint8Array.from(packet);
    if (this.cipher === "chacha20-poly1305@openssh.com") {
      const sealed = join(this.#chacha("header", 0, length), this.#chacha("main", 1, body));
      return join(sealed, poly1305(this.#polyKey(), sealed));
    }
    if (this.#mac !== undefined) {
      const sent = this.#isEtm ? join(length, this.#ctr(body)) : this.#ctr(packet);
      return join(sent, this.#tag(this.#isEtm ? sent : packet));
    }
    const cipher = createCipheriv(this.#aes(), this.#key, this.#nextIv());
    cipher.setAAD(length);
    return join(length, cipher.update(body), cipher.final(), cipher.getAuthTag());
  }

  #openLength(length: Uint8Array): Uint8Array {
    if (this.#mac !== undefined && !this.#isEtm) return this.#ctr(length, 0);
    return this.cipher === "chacha20-poly1305@openssh.com" ? this.#chacha("header", 0, length) : length;
  }

  #openBody(packet: Uint8Array, packetLength: number): Uint8Array {
    const body = packet.subarray(4, 4 + packetLength);
    const tag = packet.subarray(4 + packetLength);
    if (this.cipher === "none") return body;
    if (this.cipher === "chacha20-poly1305@openssh.com") {
      const expected = poly1305(this.#polyKey(), packet.subarray(0, 4 + packetLength));
      if (!Buffer.from(tag).equals(expected)) throw new Error("bad tag");
      return this.#chacha("main", 1, body);
    }
    if (this.#mac !== undefined) {
      const sent = packet.subarray(0, 4 + packetLength);
      const plain = this.#isEtm ? join(sent.subarray(0, 4), this.#ctr(body)) : this.#ctr(sent);
      if (!Buffer.from(tag).equals(this.#tag(this.#isEtm ? sent : plain))) throw new Error("bad tag");
      return plain.subarray(4);
    }
    const decipher = createDecipheriv(this.#aes(), this.#key, this.#nextIv());
    decipher.setAAD(packet.subarray(0, 4));
    decipher.setAuthTag(tag);
    return join(decipher.update(body), decipher.final());
  }

  get #tagLength(): number {
    if (this.#mac !== undefined) return macLength(this.#mac.name);
    return this.cipher === "none" ? 0 : 16;
  }

  get #isEtm(): boolean {
    return this.#mac?.name.includes("-etm@") === true;
  }

  get #isLengthPadded(): boolean {
    return this.cipher === "none" || (this.#mac !== undefined && !this.#isEtm);
  }

  /** The next bytes of the stream, which then goes on behind `counted` of them. RFC 4344 §4. */
  #ctr(bytes: Uint8Array, counted = bytes.length): Uint8Array {
    const X = Buffer.from(this.#iv);
    const output = createCipheriv(this.#key.length === 16 ? "aes-128-ctr" : "aes-256-ctr", this.#key, X).update(bytes);
    const next = BigInt.asUintN(128, BigInt(`0x${X.toString("hex")}`) + BigInt(Math.floor(counted / 16)));
    this.#iv.set(Buffer.from(next.toString(16).padStart(32, "0"), "hex"));
    return Uint8Array.from(output);
  }

  /** RFC 4253 §6.4. */
  #tag(covered: Uint8Array): Uint8Array {
    const { name, key } = this.#mac as { readonly name: MacName; readonly key: Uint8Array };
    const number = Buffer.alloc(4);
    number.writeUInt32BE(this.sequenceNumber);
    const hmac = createHmac(name.includes("512") ? "sha512" : "sha256", key);
    return Uint8Array.from(hmac.update(number).update(covered).digest());
  }

  #aes(): "aes-128-gcm" | "aes-256-gcm" {
    return this.#key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
  }

  /** The present IV; its last eight bytes count up. RFC 5647 §7.1. */
  #nextIv(): Uint8Array {
    const iv = Buffer.from(this.#iv);
    const counter = Buffer.from(this.#iv.buffer, 4, 8);
    counter.writeBigUInt64BE(BigInt.asUintN(64, counter.readBigUInt64BE() + 1n));
    return iv;
  }

  /** ChaCha20 with 64-bit counter and nonce: OpenSSL's IV is both, the counter first and little-endian. */
  #chacha(which: "main" | "header", block: number, bytes: Uint8Array): Uint8Array {
    const key = which === "main" ? this.#key.subarray(0, 32) : this.#key.subarray(32, 64);
    const iv = Buffer.alloc(16);
    iv.writeUInt32LE(block, 0);
    iv.writeUInt32BE(this.sequenceNumber, 12);
    return createCipheriv("chacha20", key, iv).update(bytes);
  }

  #polyKey(): Uint8Array {
    return this.#chacha("main", 0, new Uint8Array(32));
  }
}

/** RFC 8439 §2.5, as the formula stands there. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const littleEndian = (bytes: Uint8Array): bigint =>
    BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);
  const r = littleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  const p = 2n ** 130n - 5n;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + 2n ** BigInt(8 * block.length)) * r) % p;
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key.subarray(16, 32)));
  return Uint8Array.from(Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse());
}
