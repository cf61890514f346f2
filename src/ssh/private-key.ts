/**
 * Private key: the text of a key file gives a key, and a key the text of a file. Pure.
 *
 * What a file is that we do not read is named, with the command that makes a usable key of it. No message repeats what
 * stands in a damaged file, not even a length: the secret may have slipped to that place.
 */
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { KeyFormatError } from "./errors.ts";
import { damaged, type KeyPair, newKey } from "./key-material.ts";
import { encodeOpensshKey, type OpensshKeyOptions, parseOpensshKey } from "./openssh-key.ts";

/** A private key as a file holds it; `signerOf` makes a signer of it. */
export interface PrivateKey extends KeyPair {
  /** As it stands in the file, not escaped; often `user@machine`. Empty where the format has none. */
  readonly comment: string;
  /** Whether the file was encrypted. */
  readonly isEncrypted: boolean;
}

/**
 * Reads the text of a private key file. More is overlooked than ssh-keygen does: CRLF, a byte order mark, blank lines
 * before the key, white space around a line, no newline at the end. What follows the END line is ignored, as there.
 * `passphrase`: UTF-8, borrowed, the caller's to wipe; it counts only where the key is encrypted.
 * @throws PassphraseError where the key is encrypted and the passphrase missing, or not its own
 * @throws KeyFormatError that says what the text is or what is wrong with it, and the cure. Never quotes the text.
 */
export function parsePrivateKey(text: string, passphrase?: Uint8Array): PrivateKey {
  if (text.length > longestText) throw new KeyFormatError("this file is too long to be a private key");
  const bytes = decodeBase64(armoured(text));
  if (bytes === undefined) throw damaged("what stands between its BEGIN and END lines is not base64");
  try {
    return parseOpensshKey(bytes, passphrase);
  } finally {
    bytes.fill(0); // the text, which JavaScript keeps as long as it likes, we cannot wipe
  }
}

/** Writes an Ed25519 key as openssh-key-v1 text, encrypted if there is a passphrase. */
export function encodePrivateKey(key: KeyPair, options: OpensshKeyOptions): string {
  const bytes = encodeOpensshKey(key, options);
  const base64 = encodeBase64(bytes).replace(/.{70}/g, "$&\n"); // as long as ssh-keygen's lines
  bytes.fill(0);
  return `${beginLine}\n${base64.trimEnd()}\n${endLine}\n`;
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
