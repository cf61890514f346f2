/**
 * Lets ssh-keygen, openssl and others make throw-away keys, and ssh-keygen read them, whole and damaged, and writes what came of it to
 * test/vectors/private-key.json. The keys are in no use anywhere.
 *
 * Run: npx tsx test/support/record-private-keys.ts (needs ssh-keygen, openssl, puttygen, dropbearkey).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly passphrase?: string;
  /** What we are to read, or a part of our message. */
  readonly expect: { readonly publicKey: string; readonly comment: string } | { readonly error: string };
}

const folder = mkdtempSync(join(tmpdir(), "record-private-keys-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let made = 0;

/** Text of a new private key, and of its public half. */
function keygen(...options: string[]): { text: string; publicKey: string } {
  const file = join(folder, `key${made++}`);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", ...options, "-f", file]);
  return { text: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

function ed25519(comment: string): Case {
  const { text, publicKey } = keygen("-t", "ed25519", "-C", comment);
  const name = `a key with the comment ${JSON.stringify(comment)}`;
  return { name, text, expect: { publicKey: publicKey.split(" ").slice(0, 2).join(" "), comment } };
}

const good = ed25519("a");
const text = good.text;
const lines = text.split("\n");
const bytes = Buffer.from(lines.slice(1, -2).join(""), "base64");
const another = Buffer.from(ed25519("a").text.split("\n").slice(1, -2).join(""), "base64");

function string(content: string | Uint8Array): Buffer {
  const body = Buffer.from(content as string);
  return Buffer.concat([uint32(body.length), body]);
}

function uint32(value: number): Buffer {
  const encoded = Buffer.alloc(4);
  encoded.writeUInt32BE(value);
  return encoded;
}

function armour(content: Uint8Array): string {
  const base64 = Buffer.from(content).toString("base64").replace(/.{70}/g, "$&\n");
  return `${lines[0]}\n${base64}\n${lines.at(-2)}\n`;
}

/** The places of the parts in a key with a comment of one character: OpenSSH PROTOCOL.key. */
const publicKey = bytes.subarray(62, 94);
const seed = bytes.subarray(161, 193);
const parts = {
  magic: Buffer.from("openssh-key-v1\0") as Uint8Array,
  ciphername: "none",
  kdfname: "none",
  kdfoptions: Buffer.alloc(0) as Uint8Array,
  numberOfKeys: 1,
  publicKeyBlob: Buffer.concat([string("ssh-ed25519"), string(publicKey)]) as Uint8Array,
  checks: bytes.subarray(98, 106) as Uint8Array,
  keyType: "ssh-ed25519",
  publicKey: publicKey as Uint8Array,
  privateKey: Buffer.concat([seed, publicKey]) as Uint8Array,
  comment: "a",
  padding: Buffer.from([1, 2, 3, 4]) as Uint8Array,
  behindSection: Buffer.alloc(0) as Uint8Array,
};

/** The good key with some of its parts replaced. */
function build(replaced: Partial<typeof parts>): string {
  const all = { ...parts, ...replaced };
  const privateHalf = [string(all.keyType), string(all.publicKey), string(all.privateKey), string(all.comment)];
  const section = Buffer.concat([all.checks, ...privateHalf, all.padding]);
  const header = [
    all.magic,
    string(all.ciphername),
    string(all.kdfname),
    string(all.kdfoptions),
    uint32(all.numberOfKeys),
  ];
  return armour(Buffer.concat([...header, string(all.publicKeyBlob), string(section), all.behindSection]));
}

if (build({}) !== text) throw new Error("the parts do not make the key that they were taken from");

function flipped(content: Uint8Array, at: number): Buffer {
  return Buffer.from(content.map((byte, i) => (i === at ? byte ^ 1 : byte)));
}

function damaged(name: string, replaced: Partial<typeof parts>, error: string): Case {
  return { name, text: build(replaced), expect: { error } };
}

const otherPublicKey = another.subarray(62, 94);
/** RFC 8410 §10.3's second example, which has attributes and the public key of §10.1. OpenSSL 3.0 does not read it. */
const rfc8410: Case = {
  name: "PKCS#8, Ed25519 with its public half",
  text: `-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
`,
  expect: {
    publicKey: `ssh-ed25519 ${Buffer.concat([
      string("ssh-ed25519"),
      string(Buffer.from("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=", "base64")),
    ]).toString("base64")}`,
    comment: "",
  },
};

/** Without its comment, which names user and machine. */
const rfc4716 = execFileSync("ssh-keygen", ["-e", "-f", join(folder, "key0.pub")], { encoding: "utf8" }).replace(
  /^Comment: .*\n/m,
  "",
);
execFileSync("ssh-keygen", ["-q", "-s", join(folder, "key0"), "-I", "test", "-n", "test", join(folder, "key0.pub")]);
const certificate = readFileSync(join(folder, "key0-cert.pub"), "utf8").split(" ").slice(0, 2).join(" ");
const read = good.expect;

/** A key that ssh-keygen made with these options and encrypted with this passphrase. */
function encrypted(name: string, passphrase: string, ...options: string[]): Case {
  const { text, publicKey } = keygen("-t", "ed25519", "-a", "1", "-C", "a b", ...options, "-N", passphrase);
  const expected = { publicKey: publicKey.split(" ").slice(0, 2).join(" "), comment: "a b" };
  return { name, text, passphrase, expect: expected };
}

/** Of another type. */
function other(name: string, ...options: string[]): Case {
  const { text, publicKey } = keygen(...options, "-C", "user@machine");
  return { name, text, expect: { publicKey: publicKey.split(" ").slice(0, 2).join(" "), comment: "user@machine" } };
}

/** With a byte of its binary changed; counted from its end where negative. */
function bent({ text }: Case, name: string, at: number, error: string, passphrase = "secret"): Case {
  const content = Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
  return { name, text: armour(flipped(content, at < 0 ? content.length + at : at)), passphrase, expect: { error } };
}

const ciphers = [
  "aes256-ctr",
  "aes192-ctr",
  "aes128-ctr",
  "aes256-cbc",
  "aes192-cbc",
  "aes128-cbc",
  "aes256-gcm@openssh.com",
  "aes128-gcm@openssh.com",
  "chacha20-poly1305@openssh.com",
].map((cipher) => encrypted(`encrypted: ${cipher.replace(/(-poly1305)?@.*/, "")}`, "secret", "-Z", cipher));
const ctrKey = ciphers[0] as Case;
const gcmKey = ciphers[6] as Case;
const chachaKey = ciphers[8] as Case;
const kdfoptions = (salt: Uint8Array, rounds: number): Buffer => Buffer.concat([string(salt), uint32(rounds)]);
const bcrypt = { ciphername: "aes256-ctr", kdfname: "bcrypt" };
/** The length of a private section that a block of 16 divides. */
const whole = Buffer.from([1, 2, 3, 4]);

/** The strings of a private section behind its check numbers, down to the comment. */
function numbersOf({ text }: Case): Buffer[] {
  const content = Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
  let at = 15 + 4 + 4 + 4 + 4 + 4 + 4; // the magic, "none", "none", no options, one key
  const next = (): Buffer => {
    const length = content.readUInt32BE(at);
    at += 4 + length;
    return content.subarray(at - length, at);
  };
  next(); // the public key
  at += 4 + 8;
  const strings: Buffer[] = [];
  while (at + 4 <= content.length && content.readUInt32BE(at) < content.length) strings.push(Buffer.from(next()));
  return strings;
}

/** An unencrypted key of these strings; its public half as it would be. */
function assembled(name: string, numbers: readonly Buffer[], error: string): Case {
  const [type = Buffer.alloc(0), first = Buffer.alloc(0), second = Buffer.alloc(0)] = numbers;
  const publicParts = { "ssh-rsa": [type, second, first], "ssh-ed25519": [type, first] }[`${type}`] ?? [
    type,
    first,
    second,
  ];
  const section = Buffer.concat([parts.checks, ...numbers.map(string)]);
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, i) => i + 1));
  const header = [parts.magic, string("none"), string("none"), string(""), uint32(1)];
  const halves = [string(Buffer.concat(publicParts.map(string))), string(Buffer.concat([section, padding]))];
  return { name, text: armour(Buffer.concat([...header, ...halves])), expect: { error } };
}

/** A key with one of its strings replaced. */
function altered(key: Case, name: string, index: number, change: (part: Buffer) => Buffer, error: string): Case {
  return assembled(
    name,
    numbersOf(key).map((part, i) => (i === index ? change(part) : part)),
    error,
  );
}

const rsaKey = other("an RSA key", "-t", "rsa", "-b", "2048");
const ecdsaKey = other("an ECDSA key of 256 bits", "-t", "ecdsa", "-b", "256");
if (assembled("", numbersOf(good), "").text !== text) throw new Error("the strings do not make their key");
const bendLast = (part: Buffer): Buffer => flipped(part, part.length - 1);
const bendSecondLast = (part: Buffer): Buffer => flipped(part, part.length - 2);

const cases: readonly Case[] = [
  good,
  ...[
    "",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "abcdef",
    "abcdefg",
    "user@machine",
    "\u00fc \u{1f511} \u202e",
    "x".repeat(500),
  ].map(ed25519),
  // text
  { name: "CRLF", text: text.replaceAll("\n", "\r\n"), expect: read },
  { name: "no newline at the end", text: text.trimEnd(), expect: read },
  { name: "no newline at the end, CRLF before", text: text.trimEnd().replaceAll("\n", "\r\n"), expect: read },
  { name: "blank lines before", text: `\n \r\n\n${text}`, expect: read },
  { name: "blank lines behind", text: `${text}\n\n`, expect: read },
  { name: "blank lines within", text: lines.join("\n\n"), expect: read },
  { name: "indented", text: lines.map((line) => `  ${line}`).join("\n"), expect: read },
  { name: "spaces at the ends of lines", text: lines.map((line) => `${line} \t`).join("\n"), expect: read },
  { name: "a byte order mark", text: `\ufeff${text}`, expect: read },
  { name: "other line lengths", text: armour(bytes).replace(/.{70}\n/g, (line) => line.trim()), expect: read },
  { name: "more text behind the END line", text: `${text}${text}junk\n`, expect: read },
  {
    name: "text before the BEGIN line",
    text: `# my key\n${text}`,
    expect: { error: "something stands before the line -----BEGIN" },
  },
  { name: "no END line", text: lines.slice(0, -2).join("\n"), expect: { error: "its END line is missing" } },
  {
    name: "the END line of another format",
    text: text.replace("END OPENSSH", "END RSA"),
    expect: { error: "its END line is missing" },
  },
  { name: "all in one line", text: lines.join(" "), expect: { error: "lost its line breaks" } },
  {
    name: "nothing between BEGIN and END",
    text: `${lines[0]}\n${lines.at(-2)}\n`,
    expect: { error: "does not begin with openssh-key-v1" },
  },
  { name: "a character that is not base64", text: text.replace("\nb3", "\n!3"), expect: { error: "is not base64" } },
  { name: "a character too few", text: text.replace("\nb3", "\n3"), expect: { error: "is not base64" } },
  { name: "a line missing", text: lines.filter((_, i) => i !== 2).join("\n"), expect: { error: "is not base64" } },
  // parts
  damaged("another magic", { magic: Buffer.from("openssh-key-v2\0") }, "does not begin with openssh-key-v1"),
  damaged(
    "no NUL behind the magic",
    { magic: Buffer.from("openssh-key-v1\x01") },
    "does not begin with openssh-key-v1",
  ),
  damaged("KDF options without a KDF", { kdfoptions: Buffer.from([0]) }, "KDF options without a KDF"),
  damaged("no key", { numberOfKeys: 0 }, "does not hold exactly one key"),
  damaged("two keys", { numberOfKeys: 2 }, "does not hold exactly one key"),
  damaged("a cipher without a KDF", { ciphername: "aes256-ctr" }, "a cipher without a KDF"),
  damaged("a KDF without a cipher", { kdfname: "bcrypt" }, "a KDF without a cipher"),
  damaged(
    "bytes behind the private section",
    { behindSection: Buffer.alloc(1) },
    "its list of keys is cut short, or has bytes too many",
  ),
  damaged(
    "another type in the public key",
    { publicKeyBlob: Buffer.concat([string("ssh-xd25519"), string(publicKey)]) },
    "a key of an unknown type",
  ),
  damaged(
    "a type that JavaScript's objects have",
    { publicKeyBlob: Buffer.concat([string("constructor"), string(publicKey)]) },
    "a key of an unknown type",
  ),
  damaged(
    "a public key of 31 bytes",
    { publicKeyBlob: Buffer.concat([string("ssh-ed25519"), string(publicKey.subarray(1))]) },
    "its private section holds another public key",
  ),
  damaged(
    "bytes behind the public key",
    { publicKeyBlob: Buffer.concat([parts.publicKeyBlob, Buffer.alloc(1)]) },
    "its private section holds another public key",
  ),
  damaged(
    "an empty public key",
    { publicKeyBlob: Buffer.alloc(0) },
    "its public key is cut short, or has bytes too many",
  ),
  damaged(
    "another public key outside",
    { publicKeyBlob: Buffer.concat([string("ssh-ed25519"), string(otherPublicKey)]) },
    "its private section holds another public key",
  ),
  damaged("check numbers that differ", { checks: flipped(parts.checks, 7) }, "its two check numbers differ"),
  damaged("another type inside", { keyType: "ssh-ed25518" }, "its private section holds a key of another type"),
  damaged("another public key inside", { publicKey: otherPublicKey }, "its private key ends in another public key"),
  damaged(
    "another public key behind the seed",
    { privateKey: Buffer.concat([seed, otherPublicKey]) },
    "its private key ends in another public key",
  ),
  damaged(
    "a private key of 63 bytes",
    { privateKey: parts.privateKey.subarray(1), padding: Buffer.from([1, 2, 3, 4, 5]) },
    "its private key is not 64 bytes long",
  ),
  damaged("a private key of 32 bytes", { privateKey: seed }, "its private key is not 64 bytes long"),
  damaged("another seed", { privateKey: Buffer.concat([flipped(seed, 0), publicKey]) }, "do not belong together"),
  damaged("padding that counts from 0", { padding: Buffer.from([0, 1, 2, 3]) }, "its padding is not 1, 2, 3"),
  damaged("padding with a wrong end", { padding: Buffer.from([1, 2, 3, 5]) }, "its padding is not 1, 2, 3"),
  damaged("too little padding", { padding: Buffer.from([1, 2, 3]) }, "not a multiple of 8 bytes long"),
  damaged("no padding where some is due", { padding: Buffer.alloc(0) }, "not a multiple of 8 bytes long"),
  {
    name: "more padding than is due",
    text: build({ padding: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) }),
    expect: read,
  },
  {
    name: "padding beyond 255",
    text: build({ padding: Buffer.from(Array.from({ length: 260 }, (_, i) => i + 1)) }),
    expect: read,
  },
  {
    name: "a length that leads out of the private section",
    text: armour(Buffer.from(bytes).fill(0xff, 225, 226)),
    expect: { error: "its private section is cut short" },
  },
  { name: "the binary cut short by one byte", text: armour(bytes.subarray(0, -1)), expect: { error: "cut short" } },
  // other keys and formats
  ...ciphers,
  encrypted("encrypted, 16 rounds", "secret", "-a", "16"),
  encrypted("encrypted, a passphrase that is not ASCII", "gr\u00fc\u00dfe \u{1f511}"),
  encrypted("encrypted, a long passphrase", "x".repeat(200)),
  encrypted("encrypted, spaces around the passphrase", " secret "),
  encrypted("encrypted, RSA", "secret", "-t", "rsa", "-b", "2048"),
  encrypted("encrypted, ECDSA", "secret", "-t", "ecdsa", "-b", "521"),
  ...[ctrKey, gcmKey, chachaKey].flatMap((each): Case[] => [
    {
      ...each,
      name: `${each.name}, another passphrase`,
      passphrase: "Secret",
      expect: { error: "not the passphrase" },
    },
    { name: `${each.name}, no passphrase`, text: each.text, expect: { error: "needs its passphrase" } },
  ]),
  { ...ctrKey, name: "encrypted, an empty passphrase", passphrase: "", expect: { error: "needs its passphrase" } },
  { ...good, name: "not encrypted, with a passphrase", passphrase: "secret", expect: read },
  bent(gcmKey, "encrypted: aes256-gcm, a bent tag", -1, "not the passphrase"),
  bent(gcmKey, "encrypted: aes256-gcm, a bent comment", -24, "not the passphrase"),
  bent(chachaKey, "encrypted: chacha20, a bent tag", -1, "not the passphrase"),
  bent(chachaKey, "encrypted: chacha20, a bent comment", -24, "not the passphrase"),
  bent(ctrKey, "encrypted: aes256-ctr, a bent end", -1, "its padding is not 1, 2, 3"),
  damaged("encrypted without KDF options", bcrypt, "its KDF options is cut short"),
  damaged("encrypted with an empty salt", { ...bcrypt, kdfoptions: kdfoptions(Buffer.alloc(0), 1) }, "its KDF options"),
  damaged("encrypted with no round", { ...bcrypt, kdfoptions: kdfoptions(whole, 0) }, "its KDF options"),
  damaged("encrypted with 1025 rounds", { ...bcrypt, kdfoptions: kdfoptions(whole, 1025) }, "1025 rounds of bcrypt"),
  damaged(
    "encrypted with 2^32-1 rounds",
    { ...bcrypt, kdfoptions: kdfoptions(whole, 2 ** 32 - 1) },
    "4294967295 rounds of bcrypt",
  ),
  damaged(
    "encrypted with half a block",
    { ...bcrypt, kdfoptions: kdfoptions(whole, 1), padding: whole.subarray(0, 3) },
    "not the length that its cipher gives",
  ),
  damaged(
    "encrypted with aes256-ctr and a tag",
    { ...bcrypt, kdfoptions: kdfoptions(whole, 1), padding: Buffer.alloc(12), behindSection: Buffer.alloc(16) },
    "its tag has not the length",
  ),
  damaged(
    "encrypted with aes256-gcm@openssh.com without a tag",
    { ...bcrypt, ciphername: "aes256-gcm@openssh.com", kdfoptions: kdfoptions(whole, 1), padding: Buffer.alloc(12) },
    "its tag has not the length",
  ),
  damaged(
    "encrypted with 3des-cbc",
    { ...bcrypt, ciphername: "3des-cbc" },
    "not supported (cipher 3des-cbc, kdf bcrypt): ssh-keygen -p -Z aes256-ctr -f KEY",
  ),
  damaged(
    "encrypted with another KDF",
    { ...bcrypt, kdfname: "argon2" },
    "not supported (cipher aes256-ctr, kdf argon2)",
  ),
  damaged(
    "a cipher with a name that nobody should print",
    { ...bcrypt, ciphername: "\x1b[2J" },
    "not supported (cipher unknown, kdf bcrypt)",
  ),
  rsaKey,
  // the strings of an RSA key: type, n, e, d, qi, p, q, comment
  altered(rsaKey, "an RSA key of another modulus", 1, bendSecondLast, "its primes do not make its modulus"),
  altered(
    rsaKey,
    "an RSA key of 2^14+8 bits",
    1,
    (n) => Buffer.concat([n, Buffer.alloc(2049 - 256)]),
    "more than 16384",
  ),
  altered(rsaKey, "an RSA key of 1016 bits", 1, (n) => n.subarray(0, 128), "less than 1024 bits"),
  altered(rsaKey, "an RSA key with the exponent 1", 2, () => Buffer.from([1]), "its public exponent is none"),
  altered(rsaKey, "an RSA key with an even exponent", 2, bendLast, "its public exponent is none"),
  altered(rsaKey, "an RSA key with an exponent of 72 bits", 2, () => Buffer.alloc(9, 1), "its public exponent is none"),
  altered(rsaKey, "an RSA key with another exponent", 2, () => Buffer.from([17]), "do not belong together"),
  altered(rsaKey, "an RSA key with another private exponent", 3, bendSecondLast, "do not belong together"),
  altered(rsaKey, "an RSA key with another coefficient", 4, bendLast, "do not belong together"),
  altered(rsaKey, "an RSA key with another prime", 5, bendSecondLast, "its primes do not make its modulus"),
  altered(rsaKey, "an RSA key with a prime that is 0", 6, () => Buffer.alloc(0), "its primes do not make its modulus"),
  altered(rsaKey, "an RSA key with a number that is too long", 3, () => Buffer.alloc(300, 1), "do not belong together"),
  altered(
    rsaKey,
    "an RSA key with a negative number",
    3,
    () => Buffer.alloc(250, 0x81),
    "its private section is cut short",
  ),
  assembled(
    "an RSA key with 1 and its modulus for primes",
    numbersOf(rsaKey).map((part, i, all) => (i === 5 ? Buffer.from([1]) : i === 6 ? (all[1] as Buffer) : part)),
    "its primes do not make its modulus",
  ),
  ecdsaKey,
  // the strings of an ECDSA key: type, curve, point, scalar, comment
  altered(ecdsaKey, "an ECDSA key of another curve", 1, () => Buffer.from("nistp384"), "no uncompressed point"),
  altered(ecdsaKey, "an ECDSA key of an unknown curve", 1, () => Buffer.from("nistp999"), "another curve"),
  altered(ecdsaKey, "an ECDSA key of a curve that objects have", 1, () => Buffer.from("constructor"), "another curve"),
  altered(ecdsaKey, "an ECDSA key with a compressed point", 2, (q) => flipped(q, 0), "no uncompressed point"),
  altered(ecdsaKey, "an ECDSA key with a short point", 2, (q) => q.subarray(1), "no uncompressed point"),
  altered(ecdsaKey, "an ECDSA key with the secret 0", 3, () => Buffer.alloc(0), "its secret number"),
  altered(ecdsaKey, "an ECDSA key with a long secret", 3, () => Buffer.alloc(33, 1), "its secret number"),
  other("an RSA key of 1024 bits", "-t", "rsa", "-b", "1024"),
  other("an RSA key of 4096 bits", "-t", "rsa", "-b", "4096"),
  ...["384", "521"].map((bits) => other(`an ECDSA key of ${bits} bits`, "-t", "ecdsa", "-b", bits)),
  {
    name: "a DSA key",
    text: damaged("", { publicKeyBlob: string("ssh-dss") }, "").text,
    expect: { error: "this is a DSA key, which no server takes" },
  },
  {
    name: "a key of a FIDO device",
    text: damaged("", { publicKeyBlob: string("sk-ssh-ed25519@openssh.com") }, "").text,
    expect: { error: "a security key (FIDO)" },
  },
  ...pemCases(),
  {
    name: "a public key",
    text: `${keygen("-t", "ed25519", "-C", "a@b").publicKey}\n`,
    expect: { error: "this is a public key" },
  },
  {
    name: "an ECDSA public key",
    text: `${keygen("-t", "ecdsa").publicKey}\n`,
    expect: { error: "this is a public key" },
  },
  { name: "a public key in RFC 4716", text: rfc4716, expect: { error: "this is a public key" } },
  { name: "a certificate", text: `${certificate}\n`, expect: { error: "this is a certificate" } },
  {
    name: "an SSH 1 key",
    text: "SSH PRIVATE KEY FILE FORMAT 1.1\n\0\0\0\0\0\0",
    expect: { error: "this is an SSH 1 key" },
  },
  { name: "a key of ssh.com's", text: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", expect: { error: "ssh.com" } },
  { name: "an OpenPGP key", text: "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", expect: { error: "OpenPGP" } },
  { name: "nothing", text: "", expect: { error: "this file is empty" } },
  { name: "blank lines", text: "\n \r\n", expect: { error: "this file is empty" } },
  { name: "some text", text: "hello\n", expect: { error: "its first line is not -----BEGIN OPENSSH" } },
  {
    name: "binary data",
    text: Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]).toString(),
    expect: { error: "binary" },
  },
  { name: "UTF-16", text: Buffer.from(`\ufeff${text}`, "utf16le").toString(), expect: { error: "UTF-16" } },
];

/** Files of OpenSSL, of ssh-keygen in OpenSSL's formats, and of puttygen and dropbear. */
function pemCases(): readonly Case[] {
  const rsa = openssl("genrsa", "-traditional", "2048");
  const ec = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout");
  const ecOf = (curve: string): string => openssl("ecparam", "-name", curve, "-genkey", "-noout");
  const pkcs8 = (...options: string[]): string => openssl("genpkey", ...options);
  const p256 = pkcs8("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
  const ed25519Key = pkcs8("-algorithm", "ED25519");
  const encrypt = (key: string, ...options: string[]): string =>
    opensslOn(key, "pkcs8", "-topk8", "-passout", "pass:secret", ...options);
  const traditional = (cipher: string): string =>
    opensslOn(rsa, "rsa", "-traditional", cipher, "-passout", "pass:secret");
  const pbkdf2 = encrypt(ec, "-v2", "aes-256-cbc");
  const dekInfo = traditional("-aes128");
  const secret = (name: string, content: string): Case => ({
    ...readable(name, content, "secret"),
    passphrase: "secret",
  });
  return [
    readable("PKCS#1", rsa),
    readable("PKCS#1, CRLF", rsa.replaceAll("\n", "\r\n")),
    readable("PKCS#1 by ssh-keygen", keygen("-t", "rsa", "-b", "2048", "-m", "PEM").text),
    readable("SEC1, P-256", ec),
    readable("SEC1, P-384", ecOf("secp384r1")),
    readable("SEC1, P-521", ecOf("secp521r1")),
    readable("SEC1 by ssh-keygen", keygen("-t", "ecdsa", "-m", "PEM").text),
    readable("SEC1 without its public half", opensslOn(ec, "ec", "-no_public")),
    readable("SEC1 behind its parameters", openssl("ecparam", "-name", "prime256v1", "-genkey")),
    readable("PKCS#8 behind a certificate", `${x509(p256, "-x509")}${p256}`),
    readable("PKCS#8 out of PKCS#12", pkcs12Key(ec)),
    readable("PKCS#8, RSA", pkcs8("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")),
    readable("PKCS#8, RSA by ssh-keygen", keygen("-t", "rsa", "-b", "2048", "-m", "PKCS8").text),
    readable("PKCS#8, P-256", p256),
    readable("PKCS#8, P-384", pkcs8("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")),
    readable("PKCS#8, P-521", pkcs8("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521")),
    readable("PKCS#8, Ed25519", ed25519Key),
    rfc8410,
    // encrypted
    secret("PBES2, aes-128-cbc", encrypt(ec, "-v2", "aes-128-cbc")),
    secret("PBES2, aes-192-cbc", encrypt(ec, "-v2", "aes-192-cbc")),
    secret("PBES2, aes-256-cbc", pbkdf2),
    ...["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"].map((hash) =>
      secret(`PBES2, hmacWith${hash}`, encrypt(ec, "-v2", "aes-256-cbc", "-v2prf", `hmacWith${hash}`)),
    ),
    secret("PBES2, 100000 iterations", encrypt(ec, "-v2", "aes-256-cbc", "-iter", "100000")),
    secret("PBES2, scrypt", encrypt(ec, "-v2", "aes-256-cbc", "-scrypt")),
    secret("PBES2, RSA", encrypt(rsa, "-v2", "aes-256-cbc")),
    secret("PBES2, Ed25519", encrypt(ed25519Key, "-v2", "aes-256-cbc")),
    secret("PBES2 by ssh-keygen", keygen("-t", "ecdsa", "-m", "PKCS8", "-N", "secret").text),
    secret("DEK-Info, AES-128-CBC", dekInfo),
    secret("DEK-Info, AES-192-CBC", traditional("-aes192")),
    secret("DEK-Info, AES-256-CBC", traditional("-aes256")),
    secret("DEK-Info, CRLF", dekInfo.replaceAll("\n", "\r\n")),
    secret("DEK-Info, SEC1", opensslOn(ec, "ec", "-aes256", "-passout", "pass:secret")),
    secret("DEK-Info by ssh-keygen", keygen("-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "secret").text),
    { name: "PBES2, another passphrase", text: pbkdf2, passphrase: "Secret", expect: { error: "not the passphrase" } },
    { name: "PBES2, no passphrase", text: pbkdf2, expect: { error: "needs its passphrase" } },
    {
      name: "DEK-Info, another passphrase",
      text: dekInfo,
      passphrase: "Secret",
      expect: { error: "not the passphrase" },
    },
    { name: "DEK-Info, no passphrase", text: dekInfo, expect: { error: "needs its passphrase" } },
    ...(
      [
        ["PBES2, 3DES", encrypt(ec, "-v2", "des3"), "(DES-EDE3-CBC): ssh-keygen -p -f KEY"],
        ["PBES1, 3DES", encrypt(ec, "-v1", "PBE-SHA1-3DES"), "(PBES1 or PKCS#12's): ssh-keygen -p -f KEY"],
        [
          "PBES2, too many iterations",
          encrypt(ec, "-v2", "aes-256-cbc", "-iter", "200001"),
          "200001 iterations of PBKDF2",
        ],
        [
          "PBES2, too costly scrypt",
          encrypt(ec, "-v2", "aes-256-cbc", "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "16"),
          "scrypt of cost 16384 times 8 times 16",
        ],
        ["PBES2, a cost that scrypt does not have", impossibleScrypt(ec), "a cost that scrypt does not have"],
        [
          "SEC1 without its public half, of the secret 0",
          secretOfZero(ec),
          "its secret number is not one of its curve",
        ],
        ["DEK-Info, 3DES", traditional("-des3"), "(DES-EDE3-CBC): ssh-keygen -p -f KEY"],
        ["DEK-Info, Camellia", traditional("-camellia256"), "(CAMELLIA-256-CBC): ssh-keygen -p -f KEY"],
        ["DEK-Info without an IV", dekInfo.replace(/CBC,[0-9A-F]+/, "CBC"), "its DEK-Info line is not one"],
        ["DEK-Info with a short IV", dekInfo.replace(/,[0-9A-F]{2}/, ","), "an IV of another length"],
        // what SSH does not use
        ["secp256k1", ecOf("secp256k1"), "the curve secp256k1, which SSH does not use"],
        ["PKCS#8 that says two curves", twoCurves(), "it says two curves"],
        [
          "secp256k1 in PKCS#8",
          pkcs8("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
          "the curve secp256k1",
        ],
        ["brainpoolP256r1", ecOf("brainpoolP256r1"), "the curve brainpoolP256r1"],
        ["another curve", ecOf("sect233r1"), "the curve 1.3.132.0.27"],
        ["a curve spelled out", opensslOn(ec, "ec", "-param_enc", "explicit"), "-param_enc named_curve"],
        ["an Ed448 key", pkcs8("-algorithm", "ED448"), "this is an Ed448 key"],
        ["an X25519 key", pkcs8("-algorithm", "X25519"), "this is an X25519 key"],
        ["an RSA key for PSS", pkcs8("-algorithm", "RSA-PSS"), "this is an RSA key for PSS only"],
        [
          "an RSA key of three primes",
          openssl("genrsa", "-traditional", "-primes", "3", "2048"),
          "more than two primes",
        ],
        ["a DSA key in PKCS#8", dsa("pkcs8"), "this is a DSA key"],
        ["a DSA key in PEM", dsa("pem"), "this is a DSA key, which no server takes any more"],
        // other files
        ["a public key in PKCS#1", opensslOn(rsa, "rsa", "-RSAPublicKey_out"), "this is a public key"],
        ["a public key in PEM", opensslOn(ec, "pkey", "-pubout"), "this is a public key"],
        ["an X.509 certificate", x509(ec, "-x509"), "this is an X.509 certificate"],
        ["a request for a certificate", x509(ec), "this is a request for a certificate"],
        [
          "a PKCS#12 file",
          pkcs12(ec),
          "this is a PKCS#12 file: openssl pkcs12 -in KEY -nocerts -nodes | openssl pkey -out NEW",
        ],
        ["PKCS#1 in DER", der(rsa, "rsa", "-traditional"), "this is a key in DER: openssl pkey -inform DER"],
        ["SEC1 in DER", der(ec, "ec"), "this is a key in DER"],
        ["PKCS#8 in DER", der(p256, "pkcs8", "-topk8", "-nocrypt"), "this is a key in DER"],
        ["PKCS#8 of Ed25519 in DER", der(ed25519Key, "pkey"), "this is a key in DER"],
        ["a JWK", JSON.stringify(createPrivateKey(ec).export({ format: "jwk" })), "this is JSON (a JWK perhaps)"],
        ["a PuTTY key, version 3", puttygen("ed25519", 3, ""), "this is a PuTTY key: convert it with puttygen KEY.ppk"],
        ["a PuTTY key, version 2", puttygen("ed25519", 2, ""), "puttygen KEY.ppk -O private-openssh -o KEY"],
        ["a PuTTY key of RSA, encrypted", puttygen("rsa", 3, "secret"), "puttygen KEY.ppk -O private-openssh -o KEY"],
        ["a PuTTY key of DSA", puttygen("dsa", 3, ""), "this is a PuTTY key of DSA, which no server takes any more"],
        ["a key of dropbear's", dropbear(), "dropbearconvert dropbear openssh KEY NEW"],
      ] as const
    ).map(([name, content, error]) => ({ name, text: content, expect: { error } })),
  ];
}

/** A PEM key that is to be read; its public half by OpenSSL. */
function readable(name: string, content: string, passphrase?: string): Case {
  const options = passphrase === undefined ? {} : { passphrase };
  const jwk = createPublicKey(createPrivateKey({ key: content, format: "pem", ...options })).export({ format: "jwk" });
  const number = (digits: string | undefined): Buffer => Buffer.from(digits ?? "", "base64url");
  const mpint = (magnitude: Buffer): Buffer =>
    string((magnitude[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), magnitude]) : magnitude);
  const curve = `nistp${jwk.crv?.slice(2)}`;
  const type = { RSA: "ssh-rsa", EC: `ecdsa-sha2-${curve}`, OKP: "ssh-ed25519" }[jwk.kty ?? ""] ?? "";
  const numbers = {
    RSA: () => [mpint(number(jwk.e)), mpint(number(jwk.n))],
    EC: () => [string(curve), string(Buffer.concat([Buffer.from([4]), number(jwk.x), number(jwk.y)]))],
    OKP: () => [string(number(jwk.x))],
  }[jwk.kty as "RSA" | "EC" | "OKP"]();
  const blob = Buffer.concat([string(type), ...numbers]).toString("base64");
  return { name, text: content, expect: { publicKey: `${type} ${blob}`, comment: "" } };
}

function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function opensslOn(input: string, ...args: string[]): string {
  return execFileSync("openssl", args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}

/** Binary, as whoever reads it as text sees it. */
function der(input: string, ...args: string[]): string {
  return binary(execFileSync("openssl", [...args, "-outform", "DER"], { input, stdio: ["pipe", "pipe", "pipe"] }));
}

function binary(content: Uint8Array): string {
  return new TextDecoder().decode(content);
}

function secretOfZero(key: string): string {
  const lines = opensslOn(key, "ec", "-no_public").trim().split("\n");
  const content = Buffer.from(lines.slice(1, -1).join(""), "base64");
  content.fill(0, 7, 7 + 32); // a sequence, 1, an octet string
  return `${lines[0]}\n${content.toString("base64")}\n${lines.at(-1)}\n`;
}

/** N is no power of 2. */
function impossibleScrypt(key: string): string {
  const options = ["-v2", "aes-256-cbc", "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "1"];
  const lines = opensslOn(key, "pkcs8", "-topk8", "-passout", "pass:secret", ...options)
    .trim()
    .split("\n");
  const content = Buffer.from(lines.slice(1, -1).join(""), "base64");
  const at = content.indexOf(Buffer.from("02024000020108020101", "hex")); // N, r, p
  content[at + 3] = 1;
  return `${lines[0]}\n${content.toString("base64")}\n${lines.at(-1)}\n`;
}

/** P-384 outside, P-256 inside: tag, length, content by hand. */
function twoCurves(): string {
  const inner = execFileSync("openssl", ["ec", "-outform", "DER"], {
    input: openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout"),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const element = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    const length = content.length < 128 ? [content.length] : [0x81, content.length];
    return Buffer.concat([Buffer.from([tag, ...length]), content]);
  };
  const ecPublicKey = Buffer.from("06072a8648ce3d0201", "hex");
  const secp384r1 = Buffer.from("06052b81040022", "hex");
  const algorithm = element(0x30, ecPublicKey, secp384r1);
  const info = element(0x30, Buffer.from([2, 1, 0]), algorithm, element(4, inner)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${info.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`;
}

function dsa(format: "pem" | "pkcs8"): string {
  const parameters = openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024");
  const file = join(folder, "dsa-parameters");
  writeFileSync(file, parameters);
  const key = openssl("genpkey", "-paramfile", file);
  return format === "pkcs8" ? key : opensslOn(key, "dsa");
}

function x509(key: string, ...options: string[]): string {
  const file = join(folder, "x509-key");
  writeFileSync(file, key);
  return openssl("req", "-new", "-key", file, "-subj", "/CN=test", ...options);
}

function pkcs12(key: string): string {
  const file = join(folder, "pkcs12");
  writeFileSync(file, `${key}${x509(key, "-x509")}`);
  return binary(execFileSync("openssl", ["pkcs12", "-export", "-in", file, "-passout", "pass:secret"]));
}

/** With the lines "Bag Attributes" and "Key Attributes" before the key. */
function pkcs12Key(key: string): string {
  const file = join(folder, "pkcs12-key");
  writeFileSync(file, `${key}${x509(key, "-x509")}`);
  const packed = execFileSync("openssl", ["pkcs12", "-export", "-in", file, "-passout", "pass:secret"]);
  const options = ["-nocerts", "-nodes", "-passin", "pass:secret"];
  return execFileSync("openssl", ["pkcs12", ...options], { input: packed, encoding: "utf8" });
}

function puttygen(type: string, version: number, passphrase: string): string {
  const [file, passphraseFile] = [join(folder, `putty${made++}`), join(folder, "passphrase")];
  writeFileSync(passphraseFile, passphrase);
  const bits = type === "ed25519" ? [] : ["-b", "1024"];
  const options = ["-q", "-C", "", "--new-passphrase", passphraseFile, "--ppk-param", `version=${version}`, "-o", file];
  execFileSync("puttygen", ["-t", type, ...bits, ...options], { stdio: "ignore" });
  return readFileSync(file, "utf8");
}

function dropbear(): string {
  const file = join(folder, "dropbear");
  execFileSync("dropbearkey", ["-t", "ed25519", "-f", file], { stdio: "ignore" });
  return binary(readFileSync(file));
}

/** What ssh-keygen reads from a file: the public key, or why not. */
function ask({ text: content, passphrase = "" }: Case): { readonly publicKey: string } | { readonly error: string } {
  const file = join(folder, "asked");
  writeFileSync(file, content, { mode: 0o600 });
  const { status, stdout, stderr } = spawnSync("ssh-keygen", ["-y", "-P", passphrase, "-f", file], {
    encoding: "utf8",
  });
  if (status === 0) return { publicKey: stdout.split(" ").slice(0, 2).join(" ").trim() };
  return { error: stderr.trim().split(": ").at(-1) ?? "" };
}

const version = spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr.trim().split(",")[0];
const vectors = {
  about:
    "Throw-away test keys, in no use anywhere. `expect`: what we read with `passphrase`, or a part of our message. `sshKeygen`: what ssh-keygen -y read.",
  source: `${version}, ${openssl("version").trim()}, puttygen, dropbearkey, recorded ${new Date().toISOString().slice(0, 10)} by test/support/record-private-keys.ts`,
  cases: cases.map((each) => ({ ...each, sshKeygen: ask(each) })),
};
writeFileSync("test/vectors/private-key.json", `${JSON.stringify(vectors, null, 2)}\n`);
console.log(`${cases.length} cases`);
