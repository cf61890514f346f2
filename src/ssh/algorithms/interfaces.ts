/**
 * The shapes that the rows of the table have. A room of their own, so that no circle starts: types only.
 */

/** `n` fresh random bytes from a cryptographic source; tests pass a seeded one, which makes a session replayable. */
export type RandomBytes = (length: number) => Uint8Array;

/** One key exchange method. RFC 4253 §8, RFC 5656 §4, RFC 8731. */
export interface KexMethod {
  /** The hash of the method: for the exchange hash and for deriving keys. RFC 4253 §7.2, §8. */
  hash(data: Uint8Array): Uint8Array;
  /** Whether `start` is so slow in a new process that nothing but a need for it is a reason to call it. */
  readonly isSlow?: boolean;
  /** There as long as what `start` needs is not loaded: to be called, and awaited, before it. */
  readonly load?: (() => Promise<void>) | undefined;
  /** Makes an ephemeral key pair. */
  start(randomBytes: RandomBytes): KexStart;
}

/** A key exchange that has begun; used once. */
export interface KexStart {
  /** What the client sends: Q_C, or what stands in the mpint e. */
  readonly init: Uint8Array;
  /**
   * The shared secret K from the server's share (Q_S, or what stands in the mpint f), encoded as the exchange hash wants
   * it (an mpint with its length in RFC 8731); the ephemeral secret is wiped.
   * @throws ProtocolError (disconnect reason 3) if the share has the wrong length, or is one that no honest server sends.
   */
  finish(serverShare: Uint8Array): Uint8Array;
  /** It is not used after all: the ephemeral secret is wiped. */
  discard(): void;
}

/** X25519. Secrets and shares are 32 bytes. RFC 7748 §5. */
export interface X25519 {
  /** The key pair of a secret, which is borrowed: whoever gave it wipes it when the pair is done with. RFC 7748 §6.1. */
  pair(secret: Uint8Array): X25519Pair;
}

/** A key pair, for one exchange: a platform that has to take a key apart does it once. */
export interface X25519Pair {
  readonly publicShare: Uint8Array;
  /** @throws Error of any kind where the result would be all zero. RFC 7748 §6.1. */
  sharedSecret(serverShare: Uint8Array): Uint8Array;
}

/** ML-KEM-768. FIPS 203. */
export interface MlKem {
  /** Whether the first pair of a process takes tens of milliseconds. */
  readonly isSlow: boolean;
  /** There as long as it is not loaded: to be called, and awaited, before `pair`. */
  readonly load?: (() => Promise<void>) | undefined;
  /** The key pair of a seed: d and z, 64 bytes, which are copied. FIPS 203 §7.1. */
  pair(seed: Uint8Array): MlKemPair;
}

/** A key pair, for one exchange. */
export interface MlKemPair {
  /** 1,184 bytes. */
  readonly publicKey: Uint8Array;
  /** The 32 bytes that a ciphertext of 1,088 holds; others where it is no right one. FIPS 203 §7.3. */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
  wipe(): void;
}

/** Elliptic curve Diffie-Hellman on the NIST curves. Scalars are as long as the curve's order, points uncompressed. RFC 5656 §4. */
export interface Ecdh {
  /** The point that belongs to a scalar; undefined where that is 0 or not below the order. */
  publicShare(curve: EcdsaCurve, secret: Uint8Array): Uint8Array | undefined;
  /** The x coordinate, as long as the curve has it. @throws Error of any kind where the share is no point of the curve. */
  sharedSecret(curve: EcdsaCurve, secret: Uint8Array, serverShare: Uint8Array): Uint8Array;
}

/** base ^ exponent mod modulus, as long as the modulus: big-endian numbers, the modulus a prime of RFC 3526. */
export type Power = (base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array) => Uint8Array;

/** Ed25519. Seeds and public keys are 32 bytes, signatures 64. RFC 8032 §5.1. */
export interface Ed25519 {
  /** The private key of a seed, which is copied. */
  key(seed: Uint8Array): Ed25519Key;
  /** Strictly: S below L, each point in its one spelling, no key of small order. False for all else. */
  verify(signature: Uint8Array, data: Uint8Array, publicKey: Uint8Array): boolean;
}

/** A private key, taken apart once for all its signatures. */
export interface Ed25519Key {
  readonly publicKey: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** AES-GCM on a packet in place: 4 bytes of associated data, the text, a tag of 16 bytes. `iv` has 12 bytes. */
export interface GcmPrimitive {
  /** Encrypts the text and writes the tag. */
  seal(key: Uint8Array, iv: Uint8Array, packet: Uint8Array): void;
  /** False, with the packet as it was, where the tag is wrong (compared in constant time); else the text is decrypted. */
  open(key: Uint8Array, iv: Uint8Array, packet: Uint8Array): boolean;
}

/** AES in counter mode from block `counter` (16 bytes, big-endian) on, in place. `key` has 16, 24 or 32 bytes. NIST SP 800-38A. */
export type CtrPrimitive = (key: Uint8Array, counter: Uint8Array, bytes: Uint8Array) => void;

/** SHA-2. FIPS 180-4. */
export type HashPrimitive = (hash: "sha256" | "sha384" | "sha512", data: Uint8Array) => Uint8Array;

/** HMAC over the parts, one behind the other. RFC 2104. */
export type HmacPrimitive = (hash: "sha256" | "sha512", key: Uint8Array, ...parts: readonly Uint8Array[]) => Uint8Array;

/** chacha20-poly1305@openssh.com in one direction, with a key of 64 bytes, which is copied. */
export type ChaChaPrimitive = (key: Uint8Array) => KeyedCipher;

/** The arithmetic that a platform may do faster, and in constant time. noble does it everywhere. */
export interface Primitives {
  readonly hash: HashPrimitive;
  readonly x25519: X25519;
  readonly mlkem: MlKem;
  readonly ecdh: Ecdh;
  readonly power: Power;
  readonly ed25519: Ed25519;
  readonly gcm: GcmPrimitive;
  readonly ctr: CtrPrimitive;
  readonly hmac: HmacPrimitive;
  readonly chacha: ChaChaPrimitive;
  /** Whether AES-GCM is offered before chacha20-poly1305: where it is the faster one for short packets. */
  readonly isAesFirst: boolean;
}

/** One host key algorithm: how its public key blob and its signatures are read and checked. RFC 4253 §6.6, RFC 8709. */
export interface HostKeyAlgorithm {
  /**
   * Checks a public key blob and returns a verifier for it.
   * @throws ProtocolError (disconnect reason 3) if the blob is malformed, of another type, or has trailing bytes.
   */
  parse(publicKeyBlob: Uint8Array): HostKeyVerifier;
}

/** A parsed host key. */
export interface HostKeyVerifier {
  /** What an authority says of the key, where the blob is a certificate: signed by the key that it names. */
  readonly certificate?: Certificate;
  /**
   * Whether `signatureBlob` is this key's signature over `data`.
   * @throws ProtocolError (disconnect reason 3) if the signature blob is malformed, of another type, or has trailing bytes.
   */
  verify(data: Uint8Array, signatureBlob: Uint8Array): boolean;
}

/** An OpenSSH certificate: a key, and what the authority that signed it says of it. OpenSSH PROTOCOL.certkeys. */
export interface Certificate {
  /** The blob's, as in `ssh-ed25519-cert-v01@openssh.com`. */
  readonly type: string;
  /** The blob of the key itself, as in known_hosts or authorized_keys. */
  readonly keyBlob: Uint8Array;
  readonly serial: bigint;
  readonly kind: "user" | "host";
  /** The authority's name for it, for logs; not escaped. */
  readonly keyId: string;
  /** User or host names that it is for; not escaped. */
  readonly principals: readonly string[];
  /** Seconds since 1970; valid from then on. */
  readonly validAfter: bigint;
  /** Seconds since 1970; no longer valid then; 2^64-1 for ever. */
  readonly validBefore: bigint;
  /** Names of options without which it must not be taken by who does not know them; not escaped. */
  readonly criticalOptions: readonly string[];
  /** The blob of the authority's key. */
  readonly authorityBlob: Uint8Array;
}

/** What seals packets (an AEAD, a cipher with its MAC, or `none`): sizes, and a way to key it. RFC 4253 §6.3, RFC 5647. */
export interface PacketCipher {
  /** Bytes of encryption key that key derivation must give. RFC 4253 §7.2. */
  readonly keyLength: number;
  /** Bytes of initial IV that key derivation must give. */
  readonly ivLength: number;
  /** Bytes of integrity key likewise: 0 for an AEAD. RFC 4253 §7.2. */
  readonly macKeyLength: number;
  /** What packet lengths are a multiple of; at least 8. RFC 4253 §6. */
  readonly blockLength: number;
  /** Bytes of tag behind each packet. */
  readonly tagLength: number;
  /** Whether packet_length counts towards the multiple of blockLength: where it is encrypted with the rest, and for `none`. RFC 5647 §7.2. */
  readonly isLengthPadded: boolean;
  /** Keys one direction. What is given is copied; `macKey` where its length is not 0. */
  create(key: Uint8Array, iv: Uint8Array, macKey?: Uint8Array): KeyedCipher;
}

/** A cipher that proves nothing by itself: a row of the table that needs a MAC beside it. RFC 4253 §6.3. */
export interface BareCipher {
  withMac(mac: Mac): PacketCipher;
}

/** A MAC. RFC 4253 §6.4. */
export interface Mac {
  readonly keyLength: number;
  readonly tagLength: number;
  /** Whether it covers the packet as it is sent, and packet_length is not encrypted. OpenSSH PROTOCOL 1.7. */
  readonly isEtm: boolean;
  tag(key: Uint8Array, sequenceNumber: number, packet: Uint8Array): Uint8Array;
}

/**
 * A cipher with its key for one direction: the hot path. A packet is `packet_length | padding_length | payload |
 * padding | tag` in one array, and both calls work in place. RFC 4253 §6.
 */
export interface KeyedCipher {
  /** The packet_length in the first 4 bytes of a sealed packet, decrypted if need be, not yet authenticated; `packet` is left as it is. */
  length(packet: Uint8Array, sequenceNumber: number): number;
  /**
   * Checks the tag, in constant time, over the whole packet, then decrypts it in place, packet_length included.
   * False where the tag is wrong: the payload is not decrypted then.
   */
  open(packet: Uint8Array, sequenceNumber: number): boolean;
  /** Encrypts in place and writes the tag into the last `tagLength` bytes. */
  seal(packet: Uint8Array, sequenceNumber: number): void;
  /** Overwrites the key. */
  wipe(): void;
}

/** What stands in one direction: a row of the cipher table and that row keyed. */
export interface Keys {
  readonly row: PacketCipher;
  readonly keyed: KeyedCipher;
}

/** A private key, or something that can use one. */
export interface Signer {
  /**
   * The public key algorithms under which it can sign, most wanted first: one for most keys, rsa-sha2-512 and
   * rsa-sha2-256 for RSA, the names with `-cert-v01` for a certificate. RFC 4252 §7, RFC 8332 §3.
   */
  readonly algorithms: readonly [string, ...string[]];
  /** The public key blob, as in authorized_keys; a certificate's own blob for a certificate. RFC 4253 §6.6. */
  readonly publicKeyBlob: Uint8Array;
  /**
   * The signature blob (`string algorithm, string signature`) over `data`, made for `algorithm`, one of `algorithms`;
   * may need the world (an agent, WebCrypto).
   */
  sign(data: Uint8Array, algorithm: string): Uint8Array | Promise<Uint8Array>;
}

/** The NIST curves of ECDSA keys, by SSH's names. RFC 5656 §6.1. */
export type EcdsaCurve = "nistp256" | "nistp384" | "nistp521";

/** Unsigned big-endian numbers without leading zeros. RFC 8017 §3.2. */
export interface RsaPrivateKey {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
  readonly d: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  /** d mod (p - 1). */
  readonly dp: Uint8Array;
  /** d mod (q - 1). */
  readonly dq: Uint8Array;
  /** The inverse of q mod p. */
  readonly qi: Uint8Array;
}

/** The hashes whose HMAC PBKDF2 is used with. RFC 8018 §5.2. */
export type PrfHash = "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

/** scrypt's parameters. RFC 7914 §2. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/**
 * The key derivations of encrypted PEM files, which a platform may do faster. All else waits for them, and a hostile file
 * must not hold us, so each has a bound.
 */
export interface KeyDerivations {
  /** RFC 8018 §5.2. */
  pbkdf2(hash: PrfHash, passphrase: Uint8Array, salt: Uint8Array, iterations: number, length: number): Uint8Array;
  readonly mostIterations: number;
  /** RFC 7914 §6. */
  scrypt(passphrase: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Uint8Array;
  /** Of N r p, which counts blocks of 128 bytes: N r of them stand in memory. */
  readonly mostScryptCost: number;
}

/** What a private key is made of. */
export type KeyMaterial =
  | { readonly kind: "ed25519"; readonly seed: Uint8Array; readonly publicKey: Uint8Array }
  | {
      readonly kind: "ecdsa";
      readonly curve: EcdsaCurve;
      /** As long as the curve's order. */
      readonly scalar: Uint8Array;
      /** Uncompressed: 4, x, y. */
      readonly publicPoint: Uint8Array;
    }
  | { readonly kind: "rsa"; readonly key: RsaPrivateKey };

/** The registry: wire name -> implementation; row order is what we offer. RFC 4253 §7.1. */
export interface AlgorithmTable {
  readonly kex: Readonly<Record<string, KexMethod>>;
  readonly hostKey: Readonly<Record<string, HostKeyAlgorithm>>;
  readonly cipher: Readonly<Record<string, PacketCipher | BareCipher>>;
  /** For the ciphers that are no AEAD. */
  readonly mac: Readonly<Record<string, Mac>>;
  readonly compression: Readonly<Record<string, null>>;
  /** Flags that stand among the kex algorithms of the first KEXINIT and are none. RFC 8308 §2.1, OpenSSH PROTOCOL 1.10. */
  readonly markers: readonly string[];
}

/** What both sides use, by the names on the wire. RFC 4253 §7.1. */
export interface Negotiated {
  readonly kex: string;
  readonly hostKey: string;
  readonly cipherClientToServer: string;
  readonly cipherServerToClient: string;
  /** Not there where the cipher is an AEAD. */
  readonly macClientToServer?: string;
  readonly macServerToClient?: string;
  /** Whether both take part in strict kex. OpenSSH PROTOCOL 1.10. */
  readonly strictKex: boolean;
}
