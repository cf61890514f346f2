/**
 * Known hosts: text, host and key give a verdict, as OpenSSH's ssh gives it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Pure.
 *
 * What the manual leaves open was tried on a real ssh: test/vectors/known-hosts.json. Where we differ, we refuse more.
 * An `@cert-authority` line never trusts a plain key and never makes it a changed one.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { certifiedName, isCertified, keyTypeOf } from "./algorithm-name.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { canonicalHost, isPatternListMatch, lowerCase } from "./host-pattern.ts";
import { decodeFields, type Fields, fieldsIn, isEqual, utf8 } from "./wire.ts";

/** One known_hosts file, read. */
export interface KnownHosts {
  readonly fileName: string;
  readonly entries: readonly KnownHostsEntry[];
  /** What was skipped and why, as in `~/.ssh/known_hosts:12: the key is not base64`. Quotes nothing of the file. */
  readonly notes: readonly string[];
}

/** One line of a known_hosts file. */
export interface KnownHostsEntry {
  readonly fileName: string;
  /** Counted from 1. */
  readonly line: number;
  /** What the line is for: a host key, a certificate authority, or a key that must never be taken. */
  readonly marker: "key" | "cert-authority" | "revoked";
  readonly hosts: Hosts;
  /** As in `ssh-ed25519`; the line and the blob agree on it. */
  readonly keyType: string;
  readonly keyBlob: Uint8Array;
}

/** The names that a line is for: patterns in lower case, or a keyed hash of one name. */
export type Hosts = { readonly patterns: readonly string[] } | { readonly salt: Uint8Array; readonly hash: Uint8Array };

/** Whether known_hosts files trust a host key. Only `trusted` may go on. */
export type Verdict =
  | { readonly verdict: "trusted"; readonly known: KnownHostsEntry }
  | { readonly verdict: "revoked"; readonly known: KnownHostsEntry }
  | {
      /** The host has other keys, of whatever type, and not this one. */
      readonly verdict: "changed";
      /** The last of those keys, one of the same type if there is any. */
      readonly known: KnownHostsEntry;
      /** False: only keys of other types are known, so the host may just have shown another of its own. */
      readonly isTypeKnown: boolean;
    }
  | {
      readonly verdict: "unknown";
      /** An authority that may certify this host's keys: a certificate would help, a plain key does not. */
      readonly certAuthority: KnownHostsEntry | undefined;
      /** At a port other than 22: another key, known for the bare host name. */
      readonly bareHostKey: KnownHostsEntry | undefined;
    };

/** Reads a known_hosts file. Never throws: a line that cannot be read is skipped with a note, where ssh skips it too. */
export function parseKnownHosts(fileName: string, text: string): KnownHosts {
  const entries: KnownHostsEntry[] = [];
  const notes: string[] = text.includes("\0")
    ? [`${fileName}: NUL bytes end lines early: the file should be UTF-8, not UTF-16`]
    : [];
  text.split("\n").forEach((content, index) => {
    const line = index + 1;
    const parsed = parseLine(content);
    if (typeof parsed === "string") notes.push(`${fileName}:${line}: ${parsed}`);
    else if (parsed) entries.push({ fileName, line, ...parsed });
  });
  return { fileName, entries, notes };
}

/**
 * Judges the key that `host` showed at `port`, all files taken together. A port other than 22 is looked up as
 * `[host]:port`, then, only if that has no key, as the bare host: this may trust or revoke, but not say `changed`.
 * @throws TypeError for an empty host; RangeError for an impossible port.
 */
export function checkHostKey(files: readonly KnownHosts[], host: string, port: number, keyBlob: Uint8Array): Verdict {
  const verdict = checkName(files, knownHostsName(host, port), keyBlob);
  if (verdict.verdict !== "unknown" || port === defaultPort) return verdict;
  const bare = checkName(files, knownHostsName(host, defaultPort), keyBlob);
  if (bare.verdict === "changed") return { ...verdict, bareHostKey: bare.known };
  if (bare.verdict === "unknown") return { ...bare, certAuthority: verdict.certAuthority ?? bare.certAuthority };
  return bare;
}

/**
 * Judges the authority and the key of a certificate that `host` showed at `port`, where an `@cert-authority` line names
 * the authority, or either is revoked; undefined where neither is so: then the key in it counts as a plain one. Whether
 * the certificate holds for this host, and now, is not looked at. Ports as with `checkHostKey`.
 * @throws as checkHostKey
 */
export function checkHostCertificate(
  files: readonly KnownHosts[],
  host: string,
  port: number,
  { authorityBlob, keyBlob }: { readonly authorityBlob: Uint8Array; readonly keyBlob: Uint8Array },
): Extract<Verdict, { readonly verdict: "trusted" | "revoked" }> | undefined {
  const entries = files.flatMap((file) => file.entries);
  const isRevoked = ({ marker, keyBlob: revoked }: KnownHostsEntry): boolean =>
    marker === "revoked" && (isKeyOf(revoked, keyBlob) || isKeyOf(revoked, authorityBlob));
  const isAuthority = (entry: KnownHostsEntry): boolean =>
    entry.marker === "cert-authority" && isEqual(entry.keyBlob, authorityBlob);
  for (const name of new Set([knownHostsName(host, port), knownHostsName(host, defaultPort)])) {
    const ofName = (isWanted: (entry: KnownHostsEntry) => boolean): KnownHostsEntry | undefined =>
      entries.find((entry) => isWanted(entry) && isFor(entry.hosts, name)); // a hashed name costs two SHA-1s: last
    const [bad, good] = [ofName(isRevoked), ofName(isAuthority)];
    if (bad !== undefined) return { verdict: "revoked", known: bad };
    if (good !== undefined) return { verdict: "trusted", known: good };
  }
  return undefined;
}

/**
 * `offered` with those host key algorithms first that the host can be trusted by: certificates' where an `@cert-authority`
 * is known for it, then those of its known keys; so a server with several keys shows one that is known. Unchanged where
 * nothing is known, and where the best one's key is: then the network cannot tell a friend from a stranger
 * (CVE-2020-14145). As OpenSSH's ssh does it; beyond that, a port without keys goes by the bare host's, as `checkHostKey`
 * does.
 * @throws as checkHostKey
 */
export function orderHostKeyAlgorithms(
  files: readonly KnownHosts[],
  host: string,
  port: number,
  offered: readonly string[],
): readonly string[] {
  const best = keyTypeOf(offered[0] ?? "");
  let known = typesOf(files, knownHostsName(host, port), best);
  if (known.size === 0 && port !== defaultPort) known = typesOf(files, knownHostsName(host, defaultPort), best);
  const certified = known.has(anyCertificate) ? offered.filter(isCertified) : [];
  const isKnown = (algorithm: string): boolean => !isCertified(algorithm) && known.has(keyTypeOf(algorithm));
  const first = known.has(best) ? [] : offered.filter(isKnown);
  return [...new Set([...certified, ...first, ...offered])];
}

/** The lines of one file that are for this host and port by its name there, never by the bare host's. @throws as checkHostKey */
export function entriesFor(file: KnownHosts, host: string, port: number): readonly KnownHostsEntry[] {
  const name = knownHostsName(host, port);
  return file.entries.filter((entry) => isFor(entry.hosts, name));
}

/** `SHA256:` and the hash of a public key blob in base64 without padding, as OpenSSH prints it. */
export function fingerprint(keyBlob: Uint8Array): string {
  return `SHA256:${encodeBase64(sha256(keyBlob)).replace(/=$/, "")}`;
}

/**
 * The line, without its newline, that trusts this key at this host and port; with a `salt` of 20 bytes, fresh and random,
 * the name is hashed, as with ssh's HashKnownHosts.
 * @throws TypeError where the host holds a character that known_hosts gives a meaning; RangeError for an impossible port.
 */
export function knownHostsLine(host: string, port: number, keyBlob: Uint8Array, salt?: Uint8Array): string {
  if (!isKnownHostsName(host)) throw new TypeError("this host name cannot stand in known_hosts");
  const keyType = typeOf(keyBlob);
  if (keyType === undefined) throw new TypeError("keyBlob is not a public key");
  const name = knownHostsName(host, port);
  return `${salt === undefined ? name : hashedName(name, salt)} ${keyType} ${encodeBase64(keyBlob)}`;
}

/** Whether a host can be named by a line: nothing in it is a pattern, a list, white space or the mark of a hash. */
export function isKnownHostsName(host: string): boolean {
  return /^[\w.:%+-]+$/.test(host);
}

function hashedName(name: string, salt: Uint8Array): string {
  return `|1|${encodeBase64(salt)}|${encodeBase64(hmacSha1(salt, utf8(name)))}`;
}

const defaultPort = 22;

/**
 * The name by which known_hosts knows a host's port: `h.example`, `[h.example]:8022`.
 * @throws TypeError for an empty host; RangeError for an impossible port.
 */
export function knownHostsName(host: string, port: number): string {
  if (host === "") throw new TypeError("the host name is empty");
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError(`${port} is not a port`);
  const name = canonicalHost(host);
  return port === defaultPort ? name : `[${name}]:${port}`;
}

/** Names are compared after keys: a hashed name costs two SHA-1s, and the key that is searched stands on few lines. */
function checkName(files: readonly KnownHosts[], name: string, keyBlob: Uint8Array): Verdict {
  const entries = files.flatMap((file) => file.entries);
  const revoked = entries.find(
    (entry) => entry.marker === "revoked" && isKeyOf(entry.keyBlob, keyBlob) && isFor(entry.hosts, name),
  );
  if (revoked) return { verdict: "revoked", known: revoked }; // whatever other lines say of this key
  const trusted = entries.find(
    (entry) => entry.marker === "key" && isEqual(entry.keyBlob, keyBlob) && isFor(entry.hosts, name),
  );
  if (trusted) return { verdict: "trusted", known: trusted };
  const others = entries.filter((entry) => isFor(entry.hosts, name));
  return refusal(others, typeOf(keyBlob));
}

const anyCertificate = "a certificate";

/**
 * The types of a name's keys. Where one is of the type `best` no other key is looked for: hashed names cost time. What an
 * authority signs by a security key is not checked here, and would end a connection that a known key could have.
 */
function typesOf(files: readonly KnownHosts[], name: string, best: string): ReadonlySet<string> {
  const entries = files.flatMap((file) => file.entries);
  const types = new Set<string>();
  const add = (type: string, isOne: (entry: KnownHostsEntry) => boolean): void => {
    if (!types.has(type) && entries.some((entry) => isOne(entry) && isFor(entry.hosts, name))) types.add(type);
  };
  add(anyCertificate, ({ marker, keyType }) => marker === "cert-authority" && !keyType.startsWith("sk-"));
  add(best, ({ marker, keyType }) => marker === "key" && keyType === best);
  if (types.has(best)) return types;
  const others = new Set(entries.flatMap(({ marker, keyType }) => (marker === "key" ? [keyType] : [])));
  for (const type of others) add(type, ({ marker, keyType }) => marker === "key" && keyType === type);
  return types;
}

/** The verdict on a key that none of a host's entries has. */
function refusal(entries: readonly KnownHostsEntry[], keyType: string | undefined): Verdict {
  const keys = entries.filter((entry) => entry.marker === "key");
  const ofType = keys.findLast((entry) => entry.keyType === keyType);
  const known = ofType ?? keys.at(-1);
  if (known) return { verdict: "changed", known, isTypeKnown: ofType !== undefined };
  const certAuthority = entries.find((entry) => entry.marker === "cert-authority");
  return { verdict: "unknown", certAuthority, bareHostKey: undefined };
}

function isFor(hosts: Hosts, name: string): boolean {
  if ("patterns" in hosts) return isPatternListMatch(hosts.patterns, name);
  return isEqual(hmacSha1(hosts.salt, utf8(name)), hosts.hash);
}

/**
 * HMAC-SHA1 of RFC 2104 for a key of at most 64 bytes. By two plain calls: a file of hundreds of hashed names is searched
 * before every connection, and noble's general one takes ten times as long while it is cold.
 */
function hmacSha1(key: Uint8Array, message: Uint8Array): Uint8Array {
  const inner = new Uint8Array(64 + message.length).fill(0x36, 0, 64);
  const outer = new Uint8Array(64 + 20).fill(0x5c, 0, 64);
  key.forEach((byte, i) => {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  });
  inner.set(message, 64);
  outer.set(sha1(inner), 64);
  return sha1(outer);
}

/** Whether a blob is this key or a certificate for it, which holds the key's fields behind a nonce. OpenSSH PROTOCOL.certkeys. */
function isKeyOf(keyOrCertificate: Uint8Array, keyBlob: Uint8Array): boolean {
  if (isEqual(keyOrCertificate, keyBlob)) return true;
  if (!isCertified(typeOf(keyOrCertificate) ?? "") || typeOf(keyBlob) === undefined) return false;
  const key = decodeFields("public key", typedFields, keyBlob);
  const certificate = decodeFields("certificate", typedFields, keyOrCertificate);
  const { rest } = decodeFields("certificate", certificateFields, certificate.rest);
  return certificate.type === certifiedName(key.type) && isEqual(rest.subarray(0, key.rest.length), key.rest);
}

type ParsedLine = Pick<KnownHostsEntry, "marker" | "hosts" | "keyType" | "keyBlob">;

/** What a line says; undefined where it says nothing; a text, why it was skipped. */
function parseLine(content: string): ParsedLine | string | undefined {
  const [text = ""] = content.split("\0", 1); // OpenSSH reads a line as a C string
  const line = text.replace(/^[ \t]+/, "");
  if (/^\r?$/.test(line) || line.startsWith("#")) return undefined;
  const marked = line.startsWith("@") ? line : ` ${line}`; // without a marker it has an empty one
  const [marker = "", names, keyType, key] = marked.split(/[ \t]+/, 4); // behind them stands a comment
  if (!Object.hasOwn(markers, marker)) return "unknown marker";
  if (!names || !keyType || !key) return "the line ends too early: host names, key type and key are needed";
  const hosts = parseHosts(names);
  if (typeof hosts === "string") return hosts;
  const parsed = parseKey(keyType, key);
  if (typeof parsed === "string") return parsed;
  return { marker: markers[marker as keyof typeof markers], hosts, ...parsed };
}

const markers = { "": "key", "@cert-authority": "cert-authority", "@revoked": "revoked" } as const;

function parseHosts(names: string): Hosts | string {
  if (names.startsWith("|")) return parseHashedHost(names);
  const patterns = lowerCase(names).split(",");
  const isTooLong = patterns.some((pattern) => pattern.replace(/^!/, "").length > longestPattern);
  return isTooLong ? `a host pattern is longer than ${longestPattern} characters` : { patterns };
}

/** OpenSSH's bound; its ssh lets a longer pattern make its line match nothing. */
const longestPattern = 1022;

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt; both have SHA-1's 20 bytes. */
function parseHashedHost(names: string): Hosts | string {
  const [empty, version, salt64, hash64, ...rest] = names.split("|", 5);
  const salt = decodeBase64(salt64 ?? "");
  const hash = decodeBase64(hash64 ?? "");
  if (empty !== "" || version !== "1" || rest.length > 0) return "the hashed host name is not of the form |1|salt|hash";
  if (salt?.length !== 20 || hash?.length !== 20) return "the hashed host name is malformed";
  return { salt, hash };
}

function parseKey(keyType: string, key: string): Pick<KnownHostsEntry, "keyType" | "keyBlob"> | string {
  if (/^[0-9]{1,7}$/.test(keyType)) return "an SSH 1 key";
  const named = keyType.replace(/^rsa-sha2-(256|512)$/, "ssh-rsa"); // OpenSSH takes the signature's name for the key's
  if (fieldsOf(named) === undefined) return "unknown key type";
  const keyBlob = decodeBase64(key.replace(/[\r\v\f]+/g, "")); // OpenSSH overlooks white space here: CRLF files work
  if (keyBlob === undefined) return "the key is not base64";
  return typeOf(keyBlob) === named ? { keyType: named, keyBlob } : `the key is not a well-formed ${named} key`;
}

/** The type of a public key blob, if it is well-formed and of a type that known_hosts may hold. */
function typeOf(keyBlob: Uint8Array): string | undefined {
  const typed = fieldsIn(typedFields, keyBlob);
  if (typed === undefined) return undefined;
  const fields = fieldsOf(typed.type);
  if (fields === undefined || fieldsIn(fields, typed.rest) === undefined) return undefined;
  return typed.type === "ssh-ed25519" && keyBlob.length !== ed25519BlobLength ? undefined : typed.type;
}

/** RFC 8709 §4: the name's 11 bytes and the key's 32, each with its length. */
const ed25519BlobLength = 51;

const typedFields = { type: "text", rest: "rest" } as const;
const certificateFields = { nonce: "string", rest: "rest" } as const;
const ecdsa: Fields = { curve: "text", publicKey: "string" };

function fieldsOf(keyType: string): Fields | undefined {
  return isCertified(keyType) ? certificateFields : publicKeyFields.get(keyType);
}

/**
 * What stands behind the type in the public key blobs that we tell from garbage. RFC 4253 §6.6, RFC 5656 §3.1,
 * RFC 8709 §4, OpenSSH PROTOCOL.u2f.
 */
export const publicKeyFields: ReadonlyMap<string, Fields> = new Map([
  ["ssh-ed25519", { publicKey: "string" }],
  ["ssh-rsa", { e: "mpint", n: "mpint" }],
  ["ssh-dss", { p: "mpint", q: "mpint", g: "mpint", y: "mpint" }],
  ["ecdsa-sha2-nistp256", ecdsa],
  ["ecdsa-sha2-nistp384", ecdsa],
  ["ecdsa-sha2-nistp521", ecdsa],
  ["sk-ssh-ed25519@openssh.com", { publicKey: "string", application: "text" }],
  ["sk-ecdsa-sha2-nistp256@openssh.com", { ...ecdsa, application: "text" }],
]);
