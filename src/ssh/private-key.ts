/**
 * Private key: the text of a key file gives a key, and a key the text of a file. Pure.
 *
 * What a file is that we do not read is named, with the command that makes a usable key of it. No message repeats what
 * stands in a damaged file, not even a length: the secret may have slipped to that place.
 */
import type { KeyDerivations } from "./algorithms/interfaces.ts";
import { nobleDerivations } from "./algorithms/pem-ciphers.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { KeyFormatError } from "./errors.ts";
import { damaged, type KeyPair, newKey } from "./key-material.ts";
import { encodeOpensshKey, type OpensshKeyOptions, parseOpensshKey } from "./openssh-key.ts";
import { parsePemKey, pemLabels } from "./pem-key.ts";
import { sealerWith, unsealSection } from "./sealed-section.ts";

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
 * `derivations`: the platform's, for encrypted PEM files.
 * @throws PassphraseError where the key is encrypted and the passphrase missing, or not its own
 * @throws KeyFormatError that says what the text is or what is wrong with it, and the cure. Never quotes the text.
 */
export function parsePrivateKey(
  text: string,
  passphrase?: Uint8Array,
  derivations: KeyDerivations = nobleDerivations,
): PrivateKey {
  if (text.length > longestText) throw new KeyFormatError("this file is too long to be a private key");
  const { label, headers, base64 } = armoured(text);
  const bytes = decodeBase64(base64);
  if (bytes === undefined) throw damaged("what stands between its BEGIN and END lines is not base64");
  try {
    if (label === opensshLabel) return parseOpensshKey(bytes, (sealed) => unsealSection(sealed, passphrase));
    return { ...parsePemKey({ label, headers, bytes }, passphrase, derivations), comment: "" };
  } finally {
    bytes.fill(0); // the text, which JavaScript keeps as long as it likes, we cannot wipe
  }
}

/** How a key is to be written. */
export interface PrivateKeyOptions extends Omit<OpensshKeyOptions, "sealer"> {
  /** UTF-8, borrowed. Absent or empty: the key is not encrypted. */
  readonly passphrase?: Uint8Array | undefined;
}

/** Writes an Ed25519 key as openssh-key-v1 text, encrypted if there is a passphrase. */
export function encodePrivateKey(key: KeyPair, { passphrase, ...options }: PrivateKeyOptions): string {
  const isEncrypted = passphrase !== undefined && passphrase.length > 0;
  const sealer = isEncrypted ? sealerWith(passphrase, options.randomBytes) : undefined;
  const bytes = encodeOpensshKey(key, { ...options, sealer });
  const base64 = encodeBase64(bytes).replace(/.{70}/g, "$&\n"); // as long as ssh-keygen's lines
  bytes.fill(0);
  return `-----BEGIN ${opensshLabel}-----\n${base64.trimEnd()}\n-----END ${opensshLabel}-----\n`;
}

/** In UTF-16 units; OpenSSH's bound for key files. The longest keys there are have some 13,000. */
const longestText = 1024 * 1024;

const opensshLabel = "OPENSSH PRIVATE KEY";
const labels = [opensshLabel, ...pemLabels] as const;

interface Armour {
  readonly label: (typeof labels)[number];
  /** `Name: value` lines before a blank one, as older encrypted files have them. RFC 1421 §4.4. */
  readonly headers: ReadonlyMap<string, string>;
  readonly base64: string;
}

/**
 * What stands between the BEGIN and the END line. OpenSSL writes names of curves and the like before a key, and overlooks
 * all that stands there; ssh-keygen does not before its own kind.
 */
function armoured(text: string): Armour {
  const lines = text.trim().split("\n"); // trim takes a byte order mark too
  const first = labelOf(lines[0]);
  const begin =
    first === opensshLabel ? 0 : lines.findIndex((line) => pemLabels.some((each) => each === labelOf(line)));
  const label = labelOf(lines[begin]);
  if (label === undefined) throw new KeyFormatError(nameOf((lines[0] ?? "").trim(), text));
  const length = lines.slice(begin).findIndex((line) => line.trim() === `-----END ${label}-----`);
  if (length < 0) throw damaged("its END line is missing");
  const body = lines.slice(begin + 1, begin + length);
  const headers = new Map<string, string>();
  for (let at = 0; at < body.length && (body[at] ?? "").includes(":"); at++) {
    const [, name = "", value = ""] = /^\s*([\w-]+):(.*)$/s.exec(body[at] ?? "") ?? [];
    headers.set(name, value.trim());
  }
  return { label, headers, base64: body.slice(headers.size).join("").replace(/\s+/g, "") };
}

/** Of a BEGIN line that we know. */
function labelOf(line: string | undefined): Armour["label"] | undefined {
  const begin = line?.trim();
  return labels.find((label) => begin === `-----BEGIN ${label}-----`);
}

const deadKind = `which no server takes any more: ${newKey}`;
const publicKey = "this is a public key: the private key is the file without .pub in its name";
const ssh2 = "ssh-keygen -i -f KEY > NEW converts it, unless it is encrypted";
const pkcs12 = "openssl pkcs12 -in KEY -nocerts -nodes | openssl pkey -out NEW takes the key out of it";

const dropbear = "dropbearconvert dropbear openssh KEY NEW converts it";

/** What a file is by its first line, which is none of our BEGIN lines. The first row that matches counts. */
const otherFormats: readonly (readonly [RegExp, string])[] = [
  [/^$/, "this file is empty"],
  [/^SSH PRIVATE KEY FILE FORMAT 1\.1/, `this is an SSH 1 key, ${deadKind}`],
  [
    /^-----BEGIN (OPENSSH |RSA |EC |ENCRYPTED )?PRIVATE KEY-----/,
    "this private key has lost its line breaks: copy the file as it is",
  ],
  [/^-----BEGIN DSA PRIVATE KEY-----/, `this is a DSA key, ${deadKind}`],
  [/^-----BEGIN TSS2 PRIVATE KEY-----/, "this key lives in a TPM, which is used through an agent only"],
  [/^-----BEGIN (ANY|\w+) PRIVATE KEY-----/, `this is a private key of a kind that SSH does not use: ${newKey}`],
  [/^---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----/, `this is a private key of ssh.com's: ${ssh2}`],
  [/^PuTTY-User-Key-File-\d+: ssh-dss$/, `this is a PuTTY key of DSA, ${deadKind}`],
  [/^PuTTY-User-Key-File-/, "this is a PuTTY key: convert it with puttygen KEY.ppk -O private-openssh -o KEY"],
  [/-cert-v01@openssh\.com\s+AAAA/, "this is a certificate: the private key is the file without -cert.pub in its name"],
  [/^((ssh|ecdsa|sk)-\S+\s+AAAA|---- BEGIN SSH2 PUBLIC KEY ----)/, publicKey],
  [/^-----BEGIN (RSA )?PUBLIC KEY-----/, "this is a public key: the private key is another file"],
  [/^-----BEGIN (\w+ )?CERTIFICATE-----/, "this is an X.509 certificate: the private key is another file"],
  [
    /^-----BEGIN (NEW )?CERTIFICATE REQUEST-----/,
    "this is a request for a certificate: the private key is another file",
  ],
  [/^-----BEGIN PGP /, "this is an OpenPGP file, no SSH private key"],
  [/^\{/, "this is JSON (a JWK perhaps), no SSH private key"],
  [/[\p{Cc}\ufffd]/u, "this is no private key file: it is binary, or text that is not UTF-8 (UTF-16 perhaps)"],
];

function nameOf(firstLine: string, text: string): string {
  const begin = labels.map((label) => `-----BEGIN ${label}-----`).find((line) => text.includes(line));
  if (begin !== undefined && !firstLine.startsWith(begin))
    return `something stands before the line ${begin}: remove it`;
  const start = firstLine.slice(0, 200);
  const name = nameOfBinary(text) ?? otherFormats.find(([pattern]) => pattern.test(start))?.[1];
  return name ?? `this is no private key file: its first line is not -----BEGIN ${opensshLabel}-----`;
}

/** DER begins with a sequence and, a few bytes behind, its version: an integer of one byte. */
function nameOfBinary(text: string): string | undefined {
  if (/^\0{3}.(ssh|ecdsa)-/.test(text)) return `this is a key of dropbear's: ${dropbear}`;
  const at = text.slice(0, 7).indexOf("\u0002\u0001");
  if (!text.startsWith("0") || at < 2) return undefined;
  if (text[at + 2] === "\u0003") return `this is a PKCS#12 file: ${pkcs12}`;
  return "this is a key in DER: openssl pkey -inform DER -in KEY -out NEW makes PEM of it";
}
