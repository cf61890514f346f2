/**
 * OpenSSH keys: the binary inside an `OPENSSH PRIVATE KEY` file (OpenSSH PROTOCOL.key, "openssh-key-v1"), read and
 * written. How a section is encrypted stands in sealed-section.ts, which is given in: most keys have no need of it. Pure.
 */
import type { RandomBytes } from "./algorithms/interfaces.ts";
import { KeyFormatError, ProtocolError } from "./errors.ts";
import { damaged, ecdsaPair, ed25519Pair, isEcdsaCurve, type KeyPair, newKey, rsaPair } from "./key-material.ts";
import { opensshHeader, opensshMagic } from "./public-key.ts";
import { concat, decodeFields, encodeFields, type Fields, type FieldValues, isEqual, uint32At } from "./wire.ts";

/** What an openssh-key-v1 file holds. */
export interface OpensshKey extends KeyPair {
  /** As it stands in the file, not escaped; often `user@machine`. */
  readonly comment: string;
  readonly isEncrypted: boolean;
}

/** What a section that is not encrypted is padded to. */
const plainBlockLength = 8;
/** An encrypted section may have a tag behind it, which is no part of its string. */
const keyFields = { publicKey: "string", privateSection: "string", tag: "rest" } as const;
const sectionFields = { firstCheck: "uint32", secondCheck: "uint32", keyType: "text", rest: "rest" } as const;

/** An encrypted private section and all that is said of it. OpenSSH PROTOCOL.key §1, §2. */
export interface SealedSection {
  readonly ciphername: string;
  readonly kdfname: string;
  readonly kdfoptions: Uint8Array;
  readonly privateSection: Uint8Array;
  /** What stands behind the section, which is no part of its string. */
  readonly tag: Uint8Array;
}

/** A private section in the clear, the caller's to wipe, and the length of the blocks that it is padded to. */
export interface OpenSection {
  readonly section: Uint8Array;
  readonly blockLength: number;
}

/** @throws PassphraseError, KeyFormatError */
export type Unseal = (sealed: SealedSection) => OpenSection;

/** What encrypts the section of a key that is written. */
export interface Sealer {
  readonly blockLength: number;
  seal(section: Uint8Array): Omit<SealedSection, "tag">;
}

/**
 * OpenSSH PROTOCOL.key §1. `unseal` is called where the key is encrypted, and may throw.
 * @throws KeyFormatError where it is damaged, or of a kind that we do not use
 */
export function parseOpensshKey(bytes: Uint8Array, unseal: Unseal): OpensshKey {
  if (!isEqual(bytes.subarray(0, opensshMagic.length), opensshMagic))
    throw damaged("it does not begin with openssh-key-v1");
  const header = readPart("header", opensshHeader, bytes.subarray(opensshMagic.length));
  if (header.numberOfKeys !== 1) throw damaged("it does not hold exactly one key");
  const isEncrypted = header.ciphername !== "none" || header.kdfname !== "none";
  const { publicKey, privateSection, tag } = readPart("list of keys", keyFields, header.rest);
  const format = formatOf(publicKey); // first: nobody should be asked for the passphrase of a key that we do not use
  if (!isEncrypted) {
    if (tag.length > 0) throw damaged("its list of keys is cut short, or has bytes too many");
    if (header.kdfoptions.length > 0) throw damaged("it has KDF options without a KDF"); // PROTOCOL.key §5
    return { ...parsePrivateSection(privateSection, plainBlockLength, format, publicKey), isEncrypted };
  }
  const { section, blockLength } = unseal({ ...header, privateSection, tag });
  try {
    return { ...parsePrivateSection(section, blockLength, format, publicKey), isEncrypted };
  } finally {
    section.fill(0);
  }
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
  const { keyType } = readPart("public key", { keyType: "text", rest: "rest" }, publicKeyBlob);
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
  const { firstCheck, secondCheck, keyType, rest } = readPart("private section", sectionFields, section);
  if (firstCheck !== secondCheck) throw damaged("its two check numbers differ");
  if (keyType !== format.type) throw damaged("its private section holds a key of another type");
  const fields: Fields = { ...format.fields, comment: "text", padding: "rest" };
  const { comment, padding, ...numbers } = readPart("private section", fields, rest);
  if (!bytesOf(padding).every((byte, i) => byte === ((i + 1) & 0xff))) throw damaged("its padding is not 1, 2, 3...");
  const pair = format.pair(numbers);
  if (!isEqual(pair.publicKeyBlob, publicKeyBlob)) throw damaged("its private section holds another public key");
  return { ...pair, comment: String(comment) };
}

/** Decodes a part of the file. The decoder's own error stays here: it says lengths, which may be bytes of the secret. */
export function readPart<F extends Fields>(what: string, fields: F, bytes: Uint8Array): FieldValues<F> {
  try {
    return decodeFields(what, fields, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damaged(`its ${what} is cut short, or has bytes too many`);
    throw error;
  }
}

/** How a key is to be written. */
export interface OpensshKeyOptions {
  readonly comment: string;
  readonly randomBytes: RandomBytes;
  /** Absent: the key is not encrypted. */
  readonly sealer?: Sealer | undefined;
}

/** Writes an Ed25519 key as openssh-key-v1. */
export function encodeOpensshKey(pair: KeyPair, { comment, sealer, randomBytes }: OpensshKeyOptions): Uint8Array {
  const section = encodePrivateSection(pair, comment, sealer?.blockLength ?? plainBlockLength, randomBytes);
  const noBytes = new Uint8Array(0);
  const plain = { ciphername: "none", kdfname: "none", kdfoptions: noBytes, privateSection: section };
  const { privateSection, ...header } = sealer?.seal(section) ?? plain;
  const rest = encodeFields(keyFields, { publicKey: pair.publicKeyBlob, privateSection, tag: noBytes });
  section.fill(0);
  return concat(opensshMagic, encodeFields(opensshHeader, { ...header, numberOfKeys: 1, rest }));
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
  const check = uint32At(randomBytes(4), 0);
  const unpadded = encodeFields(sectionFields, { firstCheck: check, secondCheck: check, keyType: type, rest });
  const section = new Uint8Array(Math.ceil(unpadded.length / blockLength) * blockLength);
  section.set(unpadded);
  for (let i = unpadded.length; i < section.length; i++) section[i] = i - unpadded.length + 1;
  rest.fill(0);
  unpadded.fill(0);
  return section;
}
