/**
 * bcrypt-pbkdf: the key derivation of encrypted openssh-key-v1 files (OpenSSH PROTOCOL.key §2), as OpenBSD's
 * bcrypt_pbkdf(3) does it: PBKDF2's shape with a bcrypt of 32 bytes as its hash. Blowfish stands here because nothing
 * else needs it.
 *
 * Blowfish begins with the digits of pi. They are computed when the first encrypted key comes (some 20 ms) rather than
 * kept as 4 KiB of numbers that nobody can check by eye.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { concat } from "../wire.ts";

const hashLength = 32; // bytes
const hashWords = hashLength / 4;
const keyWords = 16; // a SHA-512 hash

/**
 * Derives `length` bytes. One round takes some 2 ms for each 32 bytes, and everything waits for it: bound `rounds` first.
 * `passphrase` and `salt` must not be empty. The bytes are spread over the blocks, so a longer key does not begin with
 * the shorter one.
 */
export function bcryptPbkdf(passphrase: Uint8Array, salt: Uint8Array, rounds: number, length: number): Uint8Array {
  if (passphrase.length === 0 || salt.length === 0 || rounds < 1 || length < 1) {
    throw new RangeError(
      "bcrypt-pbkdf takes no empty passphrase, no empty salt, no zero rounds and gives no empty key",
    );
  }
  const key = new Uint8Array(length);
  const blocks = Math.ceil(length / hashLength);
  const hashedPassphrase = sha512(passphrase);
  for (let block = 0; block < blocks; block++) {
    const bytes = deriveBlock(hashedPassphrase, salt, rounds, block + 1);
    for (let i = 0; i * blocks + block < length; i++) key[i * blocks + block] = bytes[i] as number;
    bytes.fill(0);
  }
  hashedPassphrase.fill(0);
  return key;
}

/** One block of PBKDF2: the XOR of a chain of hashes, the first of which takes the salt and the block's number. */
function deriveBlock(hashedPassphrase: Uint8Array, salt: Uint8Array, rounds: number, number: number): Uint8Array {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, number);
  let link = bcryptHash(hashedPassphrase, sha512(concat(salt, count)));
  const block = link.slice();
  for (let round = 1; round < rounds; round++) {
    link = bcryptHash(hashedPassphrase, sha512(link));
    for (let i = 0; i < hashLength; i++) block[i] = (block[i] as number) ^ (link[i] as number);
  }
  link.fill(0);
  return block;
}

const magic: Uint8Array = new TextEncoder().encode("OxychromaticBlowfishSwatDynamite");

function bcryptHash(hashedPassphrase: Uint8Array, hashedSalt: Uint8Array): Uint8Array {
  const passphrase = toWords(hashedPassphrase);
  const salt = toWords(hashedSalt);
  const blowfish = new Blowfish();
  blowfish.expand(passphrase, salt);
  for (let i = 0; i < 64; i++) {
    blowfish.expand(salt, noSalt);
    blowfish.expand(passphrase, noSalt);
  }
  const words = toWords(magic);
  for (let i = 0; i < 64; i++) {
    for (let at = 0; at < hashWords; at += 2) blowfish.encrypt(words, at);
  }
  blowfish.wipe();
  passphrase.fill(0);
  const hash = new Uint8Array(hashLength);
  const view = new DataView(hash.buffer);
  for (let i = 0; i < hashWords; i++) view.setInt32(4 * i, words[i] as number, true); // sic: read big-endian, written little
  return hash;
}

function toWords(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i));
}

const noSalt: Int32Array = new Int32Array(keyWords);
const subkeys = 18;
const boxes = 4 * 256;

/** Blowfish with bcrypt's key schedule, which mixes a salt in. */
class Blowfish {
  readonly #p: Int32Array;
  readonly #s: Int32Array;

  constructor() {
    const digits = digitsOfPi();
    this.#p = digits.slice(0, subkeys);
    this.#s = digits.slice(subkeys);
  }

  /** `key` and `salt`: 16 words each. */
  expand(key: Int32Array, salt: Int32Array): void {
    const p = this.#p;
    for (let i = 0; i < subkeys; i++) p[i] = (p[i] as number) ^ (key[i % keyWords] as number);
    const block = new Int32Array(2);
    this.#chain(p, block, salt, 0);
    this.#chain(this.#s, block, salt, subkeys % keyWords);
  }

  /** Encrypts the two words at `at` in place. */
  encrypt(words: Int32Array, at: number): void {
    const p = this.#p;
    const s = this.#s;
    let left = (words[at] as number) ^ (p[0] as number);
    let right = words[at + 1] as number;
    for (let i = 1; i < 17; i += 2) {
      right ^= round(s, left) ^ (p[i] as number);
      left ^= round(s, right) ^ (p[i + 1] as number);
    }
    words[at] = right ^ (p[17] as number);
    words[at + 1] = left;
  }

  wipe(): void {
    this.#p.fill(0);
    this.#s.fill(0);
  }

  /** Replaces each pair of words by the encryption of the pair before it and the salt's next. */
  #chain(target: Int32Array, block: Int32Array, salt: Int32Array, saltAt: number): void {
    for (let i = 0, j = saltAt; i < target.length; i += 2, j = (j + 2) % keyWords) {
      block[0] = (block[0] as number) ^ (salt[j] as number);
      block[1] = (block[1] as number) ^ (salt[j + 1] as number);
      this.encrypt(block, 0);
      target[i] = block[0] as number;
      target[i + 1] = block[1] as number;
    }
  }
}

/** Blowfish's F. */
function round(s: Int32Array, x: number): number {
  const sum = (s[x >>> 24] as number) + (s[256 + ((x >>> 16) & 0xff)] as number);
  return ((sum ^ (s[512 + ((x >>> 8) & 0xff)] as number)) + (s[768 + (x & 0xff)] as number)) | 0;
}

let digits: Int32Array | undefined;

/** The first 1,042 words of pi's fraction: Blowfish's subkeys, then its S-boxes. */
export function digitsOfPi(): Int32Array {
  digits ??= computeDigits();
  return digits;
}

/** By Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function computeDigits(): Int32Array {
  const length = subkeys + boxes;
  const guard = 64n; // bits; each of some 10,000 terms is less than one unit too small
  const one = 1n << (BigInt(32 * length) + guard);
  const pi = (16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one)) >> guard;
  const hex = pi.toString(16).slice(1); // the 3 before the point
  return Int32Array.from({ length }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16));
}

/** arctan(1/x) in units of 1/`one`: 1/x - 1/3x³ + 1/5x⁵ - ... */
function arctanOfInverse(x: bigint, one: bigint): bigint {
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
    power /= x * x;
    sum += (sign * power) / n;
  }
  return sum;
}
