/**
 * OpenSSH keys: the binary inside an `OPENSSH PRIVATE KEY` file (OpenSSH PROTOCOL.key, "openssh-key-v1"), read and
 * written, plain and encrypted. Pure.
 */
import { bcryptPbkdf } from "./algorithms/bcrypt-pbkdf.ts";
import type { RandomBytes } from "./algorithms/interfaces.ts";
import { type KeyCipher, keyCiphers } from "./algorithms/key-ciphers.ts";
import { KeyFormatError, ProtocolError } from "./errors.ts";
import {
  damaged,
  ecdsaPair,
  ed25519Pair,
  isEcdsaCurve,
  type KeyPair,
  newKey,
  passphraseNeeded,
  passphraseWrong,
  rsaPair,
} from "./key-material.ts";
import { concat, decodeFields, encodeFields, type Fields, type FieldValues, isEqual, utf8 } from "./wire.ts";

/** What an openssh-key-v1 file holds. */
export interface OpensshKey extends KeyPair {
  /** As it stands in the file, not escaped; often `user@machine`. */
  readonly comment: string;
  readonly isEncrypted: boolean;
}

/**
 * More of bcrypt's rounds than anybody asks for (ssh-keygen's default is 24, guides say 100), at some 5 ms each: nothing
 * else happens meanwhile, and a hostile file must not hold us for hours.
 */
const mostRounds = 1024;

const magic = utf8("openssh-key-v1\0");
const headerFields = {
  ciphername: "text",
  kdfname: "text",
  kdfoptions: "string",
  numberOfKeys: "uint32",
  rest: "rest",
} as const;
const keyFields = { publicKey: "string", privateSection: "string" } as const;
const sectionFields = { firstCheck: "uint32", secondCheck: "uint32", keyType: "text", rest: "rest" } as const;
/** Of the KDF `bcrypt`. */
const kdfFields = { salt: "string", rounds: "uint32" } as const;

/**
 * OpenSSH PROTOCOL.key §1. `passphrase`: UTF-8, borrowed; undefined or empty where there is none.
 * @throws PassphraseError where the key is encrypted and the passphrase is not its own
 * @throws KeyFormatError where it is damaged, or of a kind that we do not use
 */
export function parseOpensshKey(bytes: Uint8Array, passphrase: Uint8Array | undefined): OpensshKey {
  if (!isEqual(bytes.subarray(0, magic.length), magic)) throw damaged("it does not begin with openssh-key-v1");
  const header = read("header", headerFields, bytes.subarray(magic.length));
  if (header.numberOfKeys !== 1) throw damaged("it does not hold exactly one key");
  const isEncrypted = header.ciphername !== "none" || header.kdfname !== "none";
  // an encrypted section may have a tag behind it, which is no part of its string
  const fields = isEncrypted ? ({ ...keyFields, tag: "rest" } as const) : keyFields;
  const { publicKey, privateSection, ...rest } = read("list of keys", fields, header.rest);
  const format = formatOf(publicKey); // first: nobody should be asked for the passphrase of a key that we do not use
  if (!isEncrypted) {
    if (header.kdfoptions.length > 0) throw damaged("it has KDF options without a KDF"); // PROTOCOL.key §5
    return { ...parsePrivateSection(privateSection, 8, format, publicKey), isEncrypted };
  }
  const tag = "tag" in rest ? rest.tag : new Uint8Array(0);
  const cipher = cipherOf(header.ciphername, header.kdfname);
  const section = decrypt(cipher, header.kdfoptions, privateSection, tag, passphrase);
  try {
    return { ...parsePrivateSection(section, cipher.blockLength, format, publicKey), isEncrypted };
  } finally {
    section.fill(0);
  }
}

/** OpenSSH PROTOCOL.key §2, §4. */
function decrypt(
  cipher: KeyCipher,
  kdfoptions: Uint8Array,
  privateSection: Uint8Array,
  tag: Uint8Array,
  passphrase: Uint8Array | undefined,
): Uint8Array {
  const { salt, rounds } = read("KDF options", kdfFields, kdfoptions);
  if (salt.length === 0 || rounds === 0) throw damaged("its KDF options are not ones that ssh-keygen writes");
  if (rounds > mostRounds) {
    throw new KeyFormatError(
      `this private key is encrypted with ${rounds} rounds of bcrypt, and more than ${mostRounds} would keep everything waiting: ssh-keygen -p -a 100 -f KEY makes them 100`,
    );
  }
  if (privateSection.length === 0 || privateSection.length % cipher.blockLength !== 0) {
    throw damaged("its private section has not the length that its cipher gives");
  }
  if (tag.length !== cipher.tagLength) throw damaged("its tag has not the length that its cipher gives");
  if (passphrase === undefined || passphrase.length === 0) throw passphraseNeeded();
  const { keyLength, ivLength } = cipher;
  const keyAndIv = bcryptPbkdf(passphrase, salt, rounds, keyLength + ivLength);
  const [key, iv] = [keyAndIv.subarray(0, keyLength), keyAndIv.subarray(keyLength)];
  const section = cipher.decrypt(key, iv, concat(privateSection, tag));
  keyAndIv.fill(0);
  if (section === undefined) throw passphraseWrong();
  // PROTOCOL.key §3: the two check numbers are equal where the passphrase was right
  if (!isEqual(section.subarray(0, 4), section.subarray(4, 8))) throw passphraseWrong();
  return section;
}

function cipherOf(ciphername: string, kdfname: string): KeyCipher {
  if (ciphername === "none" || kdfname === "none")
    throw damaged("it has a cipher without a KDF, or a KDF without a cipher");
  const cipher = keyCiphers.get(ciphername);
  if (cipher !== undefined && kdfname === "bcrypt") return cipher;
  const [shownCipher, shownKdf] = [ciphername, kdfname].map((name) =>
    /^[\w@.-]{1,40}$/.test(name) ? name : "unknown",
  );
  throw new KeyFormatError(
    `this private key is encrypted in a way that is not supported (cipher ${shownCipher}, kdf ${shownKdf}): ssh-keygen -p -Z aes256-ctr -f KEY encrypts it anew`,
  );
}

/** How the numbers of one type of key lie in a private section, and in a public key blob. */
interface KeyFormat {
  readonly type: string;
  readonly fields: Fields;
  pair(values: FieldValues<Fields>): KeyPair;
}

const ed25519Format: KeyFormat = {
  type: "ssh-ed25519",
  fields: { publicKey: "string", privateKey: "string" },
  pair({ publicKey, privateKey }) {
    const [publicHalf, privateHalf] = [bytesOf(publicKey), bytesOf(privateKey)];
    if (privateHalf.length !== 64) throw damaged("its private key is not 64 bytes long");
    if (!isEqual(privateHalf.subarray(32), publicHalf)) throw damaged("its private key ends in another public key");
    return ed25519Pair(privateHalf.subarray(0, 32), publicHalf);
  },
};

const rsaFormat: KeyFormat = {
  type: "ssh-rsa",
  fields: { n: "mpint", e: "mpint", d: "mpint", qi: "mpint", p: "mpint", q: "mpint" },
  pair({ n, e, d, qi, p, q }) {
    return rsaPair({ n: bytesOf(n), e: bytesOf(e), d: bytesOf(d), qi: bytesOf(qi), p: bytesOf(p), q: bytesOf(q) });
  },
};

const ecdsaFormat: Omit<KeyFormat, "type"> = {
  fields: { curve: "text", point: "string", scalar: "mpint" },
  pair({ curve, point, scalar }) {
    if (typeof curve !== "string" || !isEcdsaCurve(curve))
      throw damaged("its private section holds a key of another curve");
    return ecdsaPair(curve, bytesOf(scalar), bytesOf(point));
  },
};

const formats: ReadonlyMap<string, KeyFormat> = new Map(
  [
    ed25519Format,
    rsaFormat,
    { ...ecdsaFormat, type: "ecdsa-sha2-nistp256" },
    { ...ecdsaFormat, type: "ecdsa-sha2-nistp384" },
    { ...ecdsaFormat, type: "ecdsa-sha2-nistp521" },
  ].map((format) => [format.type, format]),
);

function bytesOf(value: FieldValues<Fields>[string] | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("not a field of bytes");
}

/** Keys that ssh-keygen writes in the same envelope, and what to do. */
const unusable: ReadonlyMap<string, string> = new Map([
  ["ssh-dss", `this is a DSA key, which no server takes any more: ${newKey}`],
  ["sk-ssh-ed25519@openssh.com", securityKey()],
  ["sk-ecdsa-sha2-nistp256@openssh.com", securityKey()],
]);

function securityKey(): string {
  return "this key lives in a security key (FIDO), which is used through an agent only: add it with ssh-add KEY and use --agent";
}

function formatOf(publicKeyBlob: Uint8Array): KeyFormat {
  const { keyType } = read("public key", { keyType: "text", rest: "rest" }, publicKeyBlob);
  const format = formats.get(keyType);
  if (format !== undefined) return format;
  throw new KeyFormatError(unusable.get(keyType) ?? `this is a key of an unknown type: ${newKey}`);
}

/** OpenSSH PROTOCOL.key §3. */
function parsePrivateSection(
  section: Uint8Array,
  blockLength: number,
  format: KeyFormat,
  publicKeyBlob: Uint8Array,
): Omit<OpensshKey, "isEncrypted"> {
  if (section.length % blockLength !== 0) {
    throw damaged(`its private section is not a multiple of ${blockLength} bytes long`);
  }
  const { firstCheck, secondCheck, keyType, rest } = read("private section", sectionFields, section);
  if (firstCheck !== secondCheck) throw damaged("its two check numbers differ");
  if (keyType !== format.type) throw damaged("its private section holds a key of another type");
  const fields: Fields = { ...format.fields, comment: "text", padding: "rest" };
  const { comment, padding, ...numbers } = read("private section", fields, rest);
  if (!bytesOf(padding).every((byte, i) => byte === ((i + 1) & 0xff))) throw damaged("its padding is not 1, 2, 3...");
  const pair = format.pair(numbers);
  if (!isEqual(pair.publicKeyBlob, publicKeyBlob)) throw damaged("its private section holds another public key");
  return { ...pair, comment: String(comment) };
}

/** Decodes a part of the file. The decoder's own error stays here: it says lengths, which may be bytes of the secret. */
function read<F extends Fields>(what: string, fields: F, bytes: Uint8Array): FieldValues<F> {
  try {
    return decodeFields(what, fields, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damaged(`its ${what} is cut short, or has bytes too many`);
    throw error;
  }
}

/** What ssh-keygen encrypts with by default, and as much as it does. */
const ownCipherName = "aes256-ctr";
const ownCipher = keyCiphers.get(ownCipherName) as KeyCipher;
const ownRounds = 24;
const saltLength = 16;

/** How a key is to be written. */
export interface OpensshKeyOptions {
  readonly comment: string;
  /** UTF-8, borrowed. Absent or empty: the key is not encrypted. */
  readonly passphrase?: Uint8Array | undefined;
  readonly randomBytes: RandomBytes;
}

/** Writes an Ed25519 key as openssh-key-v1, encrypted (aes256-ctr, 24 rounds of bcrypt) if there is a passphrase. */
export function encodeOpensshKey(pair: KeyPair, { comment, passphrase, randomBytes }: OpensshKeyOptions): Uint8Array {
  const isEncrypted = passphrase !== undefined && passphrase.length > 0;
  const section = encodePrivateSection(pair, comment, isEncrypted ? ownCipher.blockLength : 8, randomBytes);
  const { publicKeyBlob: publicKey } = pair;
  if (!isEncrypted) {
    const header = { ciphername: "none", kdfname: "none", kdfoptions: new Uint8Array(0) };
    const rest = encodeFields(keyFields, { publicKey, privateSection: section });
    return concat(magic, encodeFields(headerFields, { ...header, numberOfKeys: 1, rest }));
  }
  const salt = randomBytes(saltLength);
  const { keyLength, ivLength } = ownCipher;
  const keyAndIv = bcryptPbkdf(passphrase, salt, ownRounds, keyLength + ivLength);
  const privateSection = ownCipher.encrypt(keyAndIv.subarray(0, keyLength), keyAndIv.subarray(keyLength), section);
  keyAndIv.fill(0);
  section.fill(0);
  const kdfoptions = encodeFields(kdfFields, { salt, rounds: ownRounds });
  const rest = encodeFields(keyFields, { publicKey, privateSection });
  const header = { ciphername: ownCipherName, kdfname: "bcrypt", kdfoptions };
  return concat(magic, encodeFields(headerFields, { ...header, numberOfKeys: 1, rest }));
}

/** OpenSSH PROTOCOL.key §3. */
function encodePrivateSection(
  { type, material }: KeyPair,
  comment: string,
  blockLength: number,
  randomBytes: RandomBytes,
): Uint8Array {
  if (material.kind !== "ed25519") throw new TypeError(`${material.kind} keys are read here, not written`);
  const privateKey = concat(material.seed, material.publicKey);
  const rest = encodeFields({ publicKey: "string", privateKey: "string", comment: "text" } as const, {
    publicKey: material.publicKey,
    privateKey,
    comment,
  });
  privateKey.fill(0);
  const check = new DataView(randomBytes(4).slice().buffer).getUint32(0);
  const unpadded = encodeFields(sectionFields, { firstCheck: check, secondCheck: check, keyType: type, rest });
  const section = new Uint8Array(Math.ceil(unpadded.length / blockLength) * blockLength);
  section.set(unpadded);
  for (let i = unpadded.length; i < section.length; i++) section[i] = i - unpadded.length + 1;
  rest.fill(0);
  unpadded.fill(0);
  return section;
}
