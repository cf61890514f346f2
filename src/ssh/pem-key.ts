/**
 * PEM keys: what stands in the files that OpenSSL and the clouds write: PKCS#1, SEC1 and PKCS#8 (RFC 8017 appendix A.1,
 * RFC 5915, RFC 5958), encrypted or not. Pure.
 */

import { ecdsaPublicPoint } from "./algorithms/ecdsa-sha2.ts";
import type { EcdsaCurve, KeyDerivations, PrfHash } from "./algorithms/interfaces.ts";
import { noble } from "./algorithms/noble.ts";
import { decryptAesCbc, deriveBytesToKey } from "./algorithms/pem-ciphers.ts";
import { bytesOfBits, DerReader, isSequence, TAG } from "./der.ts";
import { KeyFormatError } from "./errors.ts";
import {
  damaged,
  ecdsaPair,
  ed25519Pair,
  type KeyPair,
  newKey,
  passphraseNeeded,
  passphraseWrong,
  rsaPair,
} from "./key-material.ts";

/** The labels between BEGIN and END that we read. RFC 7468 §10, §11 has the PKCS#8 ones, OpenSSL the others. */
export const pemLabels = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] as const;

export type PemLabel = (typeof pemLabels)[number];

/** What stands between the BEGIN and the END line. */
export interface PemBody {
  readonly label: PemLabel;
  /** Name to value, as in `DEK-Info`; empty in all but the older encrypted files. */
  readonly headers: ReadonlyMap<string, string>;
  /** Borrowed. */
  readonly bytes: Uint8Array;
}

/** A key of a PEM file. */
export interface PemKey extends KeyPair {
  readonly isEncrypted: boolean;
}

/**
 * `passphrase`: borrowed; undefined or empty where there is none.
 * @throws PassphraseError where the key is encrypted and the passphrase is not its own
 * @throws KeyFormatError where it is damaged, or of a kind that we do not use
 */
export function parsePemKey(
  { label, headers, bytes }: PemBody,
  passphrase: Uint8Array | undefined,
  derivations: KeyDerivations,
): PemKey {
  const isEncrypted = label === "ENCRYPTED PRIVATE KEY" || headers.has("DEK-Info");
  if (!isEncrypted) return { ...parsers[label](bytes), isEncrypted };
  const { sealed, iv, derive } =
    label === "ENCRYPTED PRIVATE KEY"
      ? parsePbes2(bytes, derivations)
      : parseDekInfo(headers.get("DEK-Info") ?? "", bytes);
  if (passphrase === undefined || passphrase.length === 0) throw passphraseNeeded();
  const key = derive(passphrase);
  const plain = decryptAesCbc(key, iv, sealed);
  key.fill(0);
  // a wrong key gives a padding by chance once in 256 times, but hardly a sequence of just that length
  if (plain === undefined || !isSequence(plain)) throw passphraseWrong();
  try {
    return { ...parsers[label](plain), isEncrypted };
  } finally {
    plain.fill(0);
  }
}

const parsers: Readonly<Record<PemLabel, (bytes: Uint8Array) => KeyPair>> = {
  "RSA PRIVATE KEY": parsePkcs1,
  "EC PRIVATE KEY": (bytes) => parseSec1(bytes, undefined),
  "PRIVATE KEY": parsePkcs8,
  "ENCRYPTED PRIVATE KEY": parsePkcs8,
};

/** RSAPrivateKey: RFC 8017 appendix A.1.2. */
function parsePkcs1(bytes: Uint8Array): KeyPair {
  const key = outer(bytes);
  if (key.smallInteger() !== 0) throw new KeyFormatError(`this is an RSA key of more than two primes: ${newKey}`);
  const [n, e, d, p] = [key.integer(), key.integer(), key.integer(), key.integer()];
  const [q, dp, dq, qi] = [key.integer(), key.integer(), key.integer(), key.integer()];
  key.end();
  return rsaPair({ n, e, d, p, q, dp, dq, qi });
}

/** ECPrivateKey. `outerCurve`: what PKCS#8 says that it is; undefined in a file of its own. RFC 5915 §3. */
function parseSec1(bytes: Uint8Array, outerCurve: EcdsaCurve | undefined): KeyPair {
  const key = outer(bytes);
  if (key.smallInteger() !== 1) throw damaged("its version is not one that we know");
  const scalar = key.octetString();
  const parameters = key.optional(TAG.CONTEXT_0);
  const innerCurve = parameters === undefined ? undefined : curveIn(new DerReader(parameters));
  const curve = outerCurve ?? innerCurve;
  if (curve === undefined) throw damaged("it does not say its curve");
  if (innerCurve !== undefined && innerCurve !== curve) throw damaged("it says two curves");
  const bits = key.optional(TAG.CONTEXT_1);
  key.end();
  const given = bits && bytesOfBits(new DerReader(bits).only(TAG.BIT_STRING));
  const point = given ?? ecdsaPublicPoint(curve, scalar); // it may be left out
  if (point === undefined) throw damaged("its secret number is not one of its curve");
  return ecdsaPair(curve, scalar, point);
}

const idRsa = "1.2.840.113549.1.1.1";
const idEcPublicKey = "1.2.840.10045.2.1";
const idEd25519 = "1.3.101.112";

/** OneAsymmetricKey, which holds what PrivateKeyInfo did. RFC 5958 §2. */
function parsePkcs8(bytes: Uint8Array): KeyPair {
  const info = outer(bytes);
  const version = info.smallInteger();
  if (version > 1) throw damaged("its version is not one that we know");
  const algorithm = info.sequence();
  const name = algorithm.objectIdentifier();
  const curve = name === idEcPublicKey ? curveIn(algorithm) : undefined;
  if (name === idRsa) algorithm.take(TAG.NULL); // RFC 8017 appendix A.1
  if (name === idEd25519) algorithm.end(); // RFC 8410 §3: the parameters MUST be absent
  const privateKey = info.octetString();
  info.optional(TAG.CONTEXT_0); // attributes, which nobody needs
  const publicBits = version === 1 ? info.optional(TAG.CONTEXT_1_PRIMITIVE) : undefined;
  info.end();
  if (name === idRsa) return parsePkcs1(privateKey);
  if (curve !== undefined) return parseSec1(privateKey, curve);
  if (name === idEd25519) return parseEd25519(privateKey, publicBits && bytesOfBits(publicBits));
  throw new KeyFormatError(
    `this is ${otherAlgorithms.get(name) ?? "a key of an unknown type"}, ${notForSsh}: ${newKey}`,
  );
}

/** CurvePrivateKey: an OCTET STRING within the other. RFC 8410 §7. */
function parseEd25519(privateKey: Uint8Array, publicKey: Uint8Array | undefined): KeyPair {
  const seed = new DerReader(privateKey).only(TAG.OCTET_STRING);
  if (seed.length !== 32) throw damaged("its seed is not 32 bytes long");
  return ed25519Pair(seed, publicKey ?? noble.ed25519.key(seed).publicKey);
}

const notForSsh = "which is not used with SSH here";

const otherAlgorithms: ReadonlyMap<string, string> = new Map([
  ["1.3.101.113", "an Ed448 key"],
  ["1.3.101.110", "an X25519 key"],
  ["1.3.101.111", "an X448 key"],
  ["1.2.840.10040.4.1", "a DSA key"],
  ["1.2.840.113549.1.1.10", "an RSA key for PSS only"],
  ["1.2.840.113549.1.3.1", "a Diffie-Hellman key"],
]);

/** RFC 5480 §2.1.1.1. */
const curves: ReadonlyMap<string, EcdsaCurve> = new Map([
  ["1.2.840.10045.3.1.7", "nistp256"],
  ["1.3.132.0.34", "nistp384"],
  ["1.3.132.0.35", "nistp521"],
]);

const otherCurves: ReadonlyMap<string, string> = new Map([
  ["1.3.132.0.10", "secp256k1"],
  ["1.3.132.0.33", "P-224"],
  ["1.2.840.10045.3.1.1", "P-192"],
  ["1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"],
  ["1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"],
  ["1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"],
]);

/** ECParameters: a name, or the whole curve spelled out, which nobody can check at a glance. RFC 5480 §2.1.1. */
function curveIn(parameters: DerReader): EcdsaCurve {
  if (parameters.tag === TAG.SEQUENCE) {
    throw new KeyFormatError(
      "this ECDSA key spells its curve out: openssl ec -in KEY -param_enc named_curve -out NEW makes it a name",
    );
  }
  const name = parameters.objectIdentifier();
  parameters.end();
  const curve = curves.get(name);
  if (curve !== undefined) return curve;
  throw new KeyFormatError(
    `this is a key of the curve ${otherCurves.get(name) ?? name}, which SSH does not use: ${newKey}`,
  );
}

/** Gives the key of a passphrase. */
type Derive = (passphrase: Uint8Array) => Uint8Array;

/** What AES in CBC mode has encrypted, and with what. */
interface Sealed {
  readonly sealed: Uint8Array;
  readonly iv: Uint8Array;
  readonly derive: Derive;
}

/** AES-128-CBC, AES-192-CBC, AES-256-CBC: bytes of key. */
const dekCiphers: ReadonlyMap<string, number> = new Map([
  ["AES-128-CBC", 16],
  ["AES-192-CBC", 24],
  ["AES-256-CBC", 32],
]);

/** `DEK-Info: AES-128-CBC,0123...`: the IV, whose first half is the salt too. RFC 1421 §4.6.1.3. */
function parseDekInfo(info: string, sealed: Uint8Array): Sealed {
  const [, name = "", digits = ""] = /^([A-Z0-9-]{1,40}),([0-9A-Fa-f]+)$/.exec(info) ?? [];
  if (name === "") throw damaged("its DEK-Info line is not one");
  const keyLength = dekCiphers.get(name);
  if (keyLength === undefined) throw unsupported(name);
  if (digits.length !== 32) throw damaged("its DEK-Info line has an IV of another length");
  const iv = Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  return { sealed, iv, derive: (passphrase) => deriveBytesToKey(passphrase, iv.subarray(0, 8), keyLength) };
}

const idPbes2 = "1.2.840.113549.1.5.13";
const idPbkdf2 = "1.2.840.113549.1.5.12";
const idScrypt = "1.3.6.1.4.1.11591.4.11";

/** RFC 8018 appendix B.2.5, RFC 3565: bytes of key. */
const pbes2Ciphers: ReadonlyMap<string, number> = new Map([
  ["2.16.840.1.101.3.4.1.2", 16],
  ["2.16.840.1.101.3.4.1.22", 24],
  ["2.16.840.1.101.3.4.1.42", 32],
]);

const prfs: ReadonlyMap<string, PrfHash> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
]);

/** EncryptedPrivateKeyInfo: RFC 5958 §3; PBES2: RFC 8018 appendix A.4. */
function parsePbes2(bytes: Uint8Array, derivations: KeyDerivations): Sealed {
  const info = outer(bytes);
  const algorithm = info.sequence();
  const sealed = info.octetString();
  info.end();
  const scheme = algorithm.objectIdentifier();
  if (scheme !== idPbes2) throw unsupported(scheme.startsWith("1.2.840.113549.1.") ? "PBES1 or PKCS#12's" : scheme);
  const parameters = algorithm.sequence();
  algorithm.end();
  const kdf = parameters.sequence();
  const encryption = parameters.sequence();
  parameters.end();
  const cipher = encryption.objectIdentifier();
  const keyLength = pbes2Ciphers.get(cipher);
  if (keyLength === undefined) throw unsupported(cipher === "1.2.840.113549.3.7" ? "DES-EDE3-CBC" : cipher);
  const iv = encryption.octetString();
  encryption.end();
  if (iv.length !== 16) throw damaged("its IV is not 16 bytes long");
  return { sealed, iv, derive: deriver(kdf, keyLength, derivations) };
}

function deriver(kdf: DerReader, keyLength: number, derivations: KeyDerivations): Derive {
  const name = kdf.objectIdentifier();
  if (name !== idPbkdf2 && name !== idScrypt) throw unsupported(`key derivation ${name}`);
  const parameters = kdf.sequence();
  kdf.end();
  const derive = name === idPbkdf2 ? pbkdf2Deriver : scryptDeriver;
  return derive(parameters, keyLength, derivations);
}

/** PBKDF2-params: RFC 8018 appendix A.2. */
function pbkdf2Deriver(parameters: DerReader, keyLength: number, derivations: KeyDerivations): Derive {
  const salt = parameters.octetString();
  const iterations = parameters.smallInteger();
  checkKeyLength(parameters, keyLength);
  const prf = parameters.tag === undefined ? undefined : parameters.sequence();
  parameters.end();
  const hash = prf === undefined ? "sha1" : prfIn(prf);
  if (iterations === 0) throw damaged("its key derivation has no iterations");
  if (iterations > derivations.mostIterations) throw tooCostly(`${iterations} iterations of PBKDF2`);
  return (passphrase) => derivations.pbkdf2(hash, passphrase, salt, iterations, keyLength);
}

function prfIn(prf: DerReader): PrfHash {
  const name = prf.objectIdentifier();
  const hash = prfs.get(name);
  if (hash === undefined) throw unsupported(`PBKDF2 with ${name}`);
  prf.optional(TAG.NULL);
  prf.end();
  return hash;
}

/** scrypt-params: RFC 7914 §7.1. */
function scryptDeriver(parameters: DerReader, keyLength: number, derivations: KeyDerivations): Derive {
  const salt = parameters.octetString();
  const [N, r, p] = [parameters.smallInteger(), parameters.smallInteger(), parameters.smallInteger()];
  checkKeyLength(parameters, keyLength);
  parameters.end();
  if (N < 2 || r === 0 || p === 0) throw damaged("its key derivation has no iterations");
  if (N * r * p > derivations.mostScryptCost) throw tooCostly(`scrypt of cost ${N} times ${r} times ${p}`);
  const isPossible = Number.isInteger(Math.log2(N)) && Math.log2(N) < 16 * r; // RFC 7914 §2
  if (!isPossible) throw damaged("its key derivation has a cost that scrypt does not have");
  return (passphrase) => derivations.scrypt(passphrase, salt, { N, r, p }, keyLength);
}

function checkKeyLength(parameters: DerReader, keyLength: number): void {
  if (parameters.tag === TAG.INTEGER && parameters.smallInteger() !== keyLength) {
    throw damaged("its key derivation gives another length than its cipher takes");
  }
}

function tooCostly(what: string): KeyFormatError {
  return new KeyFormatError(
    `this private key is encrypted with ${what}, which would keep everything waiting: ${reencrypt}`,
  );
}

function unsupported(what: string): KeyFormatError {
  return new KeyFormatError(`this private key is encrypted in a way that is not supported (${what}): ${reencrypt}`);
}

const reencrypt = "ssh-keygen -p -f KEY encrypts it anew";

/** The one sequence that the bytes are. */
function outer(bytes: Uint8Array): DerReader {
  return new DerReader(new DerReader(bytes).only(TAG.SEQUENCE));
}
