/**
 * Private key: the text of a key file gives a signer (OpenSSH PROTOCOL.key, "openssh-key-v1"). Pure.
 *
 * Now unencrypted ssh-ed25519 keys; what else a file may be is named, with the command that makes a usable key of it.
 * No message repeats what stands in a damaged file, not even a length: the secret may have slipped to that place.
 */
import type { Signer } from "./algorithms/interfaces.ts";
import { ed25519Signer } from "./algorithms/ssh-ed25519.ts";
import { decodeBase64 } from "./base64.ts";
import { KeyFormatError, ProtocolError } from "./errors.ts";
import { decodeFields, type Fields, type FieldValues, isEqual, utf8 } from "./wire.ts";

/** A private key that can sign. */
export interface PrivateKey {
  readonly signer: Signer;
  /** As it stands in the file, not escaped; often `user@machine`. */
  readonly comment: string;
}

/**
 * Reads the text of a private key file. More is overlooked than ssh-keygen does: CRLF, a byte order mark, blank lines
 * before the key, white space around a line, no newline at the end. What follows the END line is ignored, as there.
 * @throws KeyFormatError that says what the text is or what is wrong with it, and the cure. Never quotes the text.
 */
export function parsePrivateKey(text: string): PrivateKey {
  if (text.length > longestText) throw new KeyFormatError("this file is too long to be a private key");
  const bytes = decodeBase64(armoured(text));
  if (bytes === undefined) throw damaged("what stands between its BEGIN and END lines is not base64");
  try {
    return parseEnvelope(bytes);
  } finally {
    bytes.fill(0); // the text, which JavaScript keeps as long as it likes, we cannot wipe
  }
}

/** In UTF-16 units; OpenSSH's bound for key files. The longest keys there are have some 13,000. */
const longestText = 1024 * 1024;

const beginLine = "-----BEGIN OPENSSH PRIVATE KEY-----";
const endLine = "-----END OPENSSH PRIVATE KEY-----";

/** The base64 between the BEGIN and the END line. */
function armoured(text: string): string {
  const lines = text.trim().split("\n"); // trim takes a byte order mark too
  const first = (lines[0] ?? "").trim();
  if (first !== beginLine) throw new KeyFormatError(nameOf(first, text));
  const end = lines.findIndex((line) => line.trim() === endLine);
  if (end < 0) throw damaged("its END line is missing");
  return lines.slice(1, end).join("").replace(/\s+/g, "");
}

const magic = utf8("openssh-key-v1\0");
const headerFields = {
  ciphername: "text",
  kdfname: "text",
  kdfoptions: "string",
  numberOfKeys: "uint32",
  rest: "rest",
} as const;
const keyFields = { publicKey: "string", privateSection: "string" } as const;
const anyPublicKeyFields = { keyType: "text", rest: "rest" } as const;
const publicKeyFields = { keyType: "text", publicKey: "string" } as const;
const privateFields = {
  firstCheck: "uint32",
  secondCheck: "uint32",
  keyType: "text",
  publicKey: "string",
  privateKey: "string",
  comment: "text",
  padding: "rest",
} as const;

/** OpenSSH PROTOCOL.key §1. */
function parseEnvelope(bytes: Uint8Array): PrivateKey {
  if (!isEqual(bytes.subarray(0, magic.length), magic)) throw damaged("it does not begin with openssh-key-v1");
  const header = read("header", headerFields, bytes.subarray(magic.length));
  if (header.numberOfKeys !== 1) throw damaged("it does not hold exactly one key");
  const isEncrypted = header.ciphername !== "none" || header.kdfname !== "none";
  // an encrypted section may have a tag behind it, which only its cipher knows
  const fields = isEncrypted ? ({ ...keyFields, tag: "rest" } as const) : keyFields;
  const { publicKey, privateSection } = read("list of keys", fields, header.rest);
  const expected = parsePublicKey(publicKey);
  if (isEncrypted) throw new KeyFormatError(encryptedMessage(header.ciphername, header.kdfname));
  if (header.kdfoptions.length > 0) throw damaged("it has KDF options without a KDF"); // PROTOCOL.key §5
  return parsePrivateSection(privateSection, expected);
}

/** The 32 bytes of an ssh-ed25519 public key. RFC 8709 §4. */
function parsePublicKey(blob: Uint8Array): Uint8Array {
  const { keyType } = read("public key", anyPublicKeyFields, blob);
  if (keyType !== "ssh-ed25519") {
    throw new KeyFormatError(`this is ${keyNames.get(keyType) ?? "a key of an unknown type"}, ${newKey}`);
  }
  const { publicKey } = read("public key", publicKeyFields, blob);
  if (publicKey.length !== 32) throw damaged("its public key is not 32 bytes long");
  return publicKey;
}

/** OpenSSH PROTOCOL.key §3. */
function parsePrivateSection(section: Uint8Array, expected: Uint8Array): PrivateKey {
  if (section.length % 8 !== 0) throw damaged("its private section is not a multiple of 8 bytes long");
  const fields = read("private section", privateFields, section);
  if (fields.firstCheck !== fields.secondCheck) throw damaged("its two check numbers differ");
  if (fields.keyType !== "ssh-ed25519") throw damaged("its private section holds a key of another type");
  if (!isEqual(fields.publicKey, expected)) throw damaged("its private section holds another public key");
  if (fields.privateKey.length !== 64) throw damaged("its private key is not 64 bytes long");
  if (!isEqual(fields.privateKey.subarray(32), expected)) throw damaged("its private key ends in another public key");
  if (!fields.padding.every((byte, i) => byte === ((i + 1) & 0xff))) throw damaged("its padding is not 1, 2, 3...");
  return { signer: ed25519Signer(fields.privateKey.subarray(0, 32), expected), comment: fields.comment };
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

function damaged(what: string): KeyFormatError {
  return new KeyFormatError(`this private key is damaged: ${what}`);
}

function encryptedMessage(ciphername: string, kdfname: string): string {
  const [cipher, kdf] = [ciphername, kdfname].map((name) => (/^[\w@.-]{1,40}$/.test(name) ? name : "unknown"));
  const copy = "cp KEY KEY-plain && ssh-keygen -p -N '' -f KEY-plain";
  return `this private key is encrypted (cipher ${cipher}, kdf ${kdf}), which is not supported yet: take an unencrypted key, or an unencrypted copy of this one (${copy})`;
}

const newKey = "which is not supported yet: make an Ed25519 key with ssh-keygen -t ed25519";

/** Keys that ssh-keygen writes in the same envelope. */
const keyNames: ReadonlyMap<string, string> = new Map([
  ["ssh-rsa", "an RSA key"],
  ["ssh-dss", "a DSA key"],
  ["ecdsa-sha2-nistp256", "an ECDSA key"],
  ["ecdsa-sha2-nistp384", "an ECDSA key"],
  ["ecdsa-sha2-nistp521", "an ECDSA key"],
  ["sk-ssh-ed25519@openssh.com", "a key that needs a FIDO device"],
  ["sk-ecdsa-sha2-nistp256@openssh.com", "a key that needs a FIDO device"],
]);

/** What a file is by its first line, which is not our BEGIN line. The first row that matches counts. */
const otherFormats: readonly (readonly [RegExp, string])[] = [
  [/^$/, "this file is empty"],
  [/^SSH PRIVATE KEY FILE FORMAT 1\.1/, `this is an SSH 1 key, ${newKey}`],
  [/^-----BEGIN OPENSSH PRIVATE KEY-----/, "this private key has lost its line breaks: copy the file as it is"],
  [/^-----BEGIN RSA PRIVATE KEY-----/, `this is an RSA key in PEM, ${newKey}`],
  [/^-----BEGIN EC PRIVATE KEY-----/, `this is an ECDSA key in PEM, ${newKey}`],
  [/^-----BEGIN DSA PRIVATE KEY-----/, `this is a DSA key in PEM, ${newKey}`],
  [/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/, `this is a private key in PKCS#8, ${newKey}`],
  [/^---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----/, `this is a private key of ssh.com's, ${newKey}`],
  [
    /^PuTTY-User-Key-File-\d+: ssh-ed25519$/,
    "this is a PuTTY key: convert it with puttygen KEY.ppk -O private-openssh -o KEY",
  ],
  [/^PuTTY-User-Key-File-/, `this is a PuTTY key, not of type ssh-ed25519, ${newKey}`],
  [/-cert-v01@openssh\.com\s+AAAA/, "this is a certificate: the private key is the file without -cert.pub in its name"],
  [
    /^((ssh|ecdsa|sk)-\S+\s+AAAA|-----BEGIN (RSA )?PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY ----)/,
    "this is a public key: the private key is the file without .pub in its name",
  ],
  [/^-----BEGIN CERTIFICATE-----/, "this is an X.509 certificate, no private key"],
  [/^-----BEGIN PGP /, "this is an OpenPGP file, no SSH private key"],
  [/[\p{Cc}\ufffd]/u, "this is no private key file: it is binary, or text that is not UTF-8 (UTF-16 perhaps)"],
];

function nameOf(firstLine: string, text: string): string {
  const start = firstLine.slice(0, 200);
  const row = otherFormats.find(([pattern]) => pattern.test(start));
  if (row) return row[1];
  if (text.includes(beginLine)) return `something stands before the line ${beginLine}: remove it`;
  return `this is no private key file: its first line is not ${beginLine}`;
}
