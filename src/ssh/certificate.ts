/**
 * Certificates: OpenSSH's own kind (OpenSSH PROTOCOL.certkeys), read and checked. Pure: whoever has a clock says the
 * time. Host certificates are rows of the table; a user's stands before a signer of its key.
 *
 * Law: nothing that a certificate says of a host is believed before its authority's signature was checked, and before
 * known_hosts named the authority.
 */
import { certifiedName, keyTypeOf, plainName } from "./algorithm-name.ts";
import type { Certificate, HostKeyAlgorithm, Signer } from "./algorithms/interfaces.ts";
import { decodeWithin } from "./algorithms/key-blobs.ts";
import { KeyFormatError, kexRefusal, ProtocolError } from "./errors.ts";
import { canonicalHost } from "./host-pattern.ts";
import { publicKeyFields } from "./known-hosts.ts";
import { printable } from "./printable.ts";
import { concat, encodeString, type Fields, isEqual, utf8 } from "./wire.ts";

const section = "OpenSSH PROTOCOL.certkeys";
const maximumPrincipals = 256; // OpenSSH's bound

/** The keys that may be certified, and that may certify, by the names in their signatures. SHA-1 is not among them. */
export type PlainRows = Readonly<Record<string, HostKeyAlgorithm>>;

/** A row for the certificates of each of `plain`, under the name that they have. */
export function certifiedHostKeys(plain: PlainRows): Readonly<Record<string, HostKeyAlgorithm>> {
  const rows = Object.entries(plain);
  return Object.fromEntries(rows.map(([name, row]) => [certifiedName(name), certifiedHostKey(name, row, plain)]));
}

/**
 * Host certificates for keys that sign as `plain`, as `row` has it. Parsing one checks its authority's signature; the
 * rest of what it takes to believe it is `hostCertificateFault`'s and known_hosts's.
 */
function certifiedHostKey(plain: string, row: HostKeyAlgorithm, authorities: PlainRows): HostKeyAlgorithm {
  return {
    parse(blob) {
      const parts = read(blob);
      const { certificate } = parts;
      if (certificate.type !== certifiedName(keyTypeOf(plain))) {
        throw kexRefusal(`a certificate of type ${certificate.type}, expected one for ${plain}`, section);
      }
      checkAuthority(parts, authorities);
      const { verify } = row.parse(certificate.keyBlob);
      return { certificate, verify };
    },
  };
}

/** Why a host certificate does not hold. */
export type CertificateFault =
  | { readonly fault: "kind" }
  /** Seconds since 1970. */
  | { readonly fault: "not-yet-valid"; readonly validAfter: bigint }
  | { readonly fault: "expired"; readonly validBefore: bigint }
  /** The names that it is for; none, and it is for nobody. */
  | { readonly fault: "principals"; readonly principals: readonly string[] }
  | { readonly fault: "critical-options"; readonly names: readonly string[] };

/**
 * Why the certificate does not hold for a host by that name at the time `now` (seconds since 1970);
 * undefined if it does. As OpenSSH's ssh, a name is a name: `*` and `?` in it stand for themselves (9.2 refuses
 * `127.*`). Unlike older ones, a certificate without any is for nobody. No critical option is known for hosts.
 */
export function hostCertificateFault(
  certificate: Certificate,
  host: string,
  now: number,
): CertificateFault | undefined {
  const { kind, validAfter, validBefore, principals, criticalOptions } = certificate;
  const time = BigInt(Math.trunc(now));
  const name = canonicalHost(host);
  if (kind !== "host") return { fault: "kind" };
  if (time < validAfter) return { fault: "not-yet-valid", validAfter };
  if (time >= validBefore) return { fault: "expired", validBefore };
  if (!principals.includes(name)) return { fault: "principals", principals };
  if (criticalOptions.length > 0) return { fault: "critical-options", names: criticalOptions };
  return undefined;
}

/**
 * A signer that shows `blob`, a user certificate for the signer's key. What the authority's signature is worth, and
 * times and names, is the server's to judge.
 * @throws KeyFormatError if it is no certificate, a host's, or for another key.
 */
export function certifiedSigner(signer: Signer, blob: Uint8Array): Signer {
  const { kind, keyBlob } = parsedForUser(blob);
  if (kind !== "user")
    throw new KeyFormatError("this is a host's certificate, not a user's (ssh-keygen -s makes those without -h)");
  if (!isEqual(keyBlob, signer.publicKeyBlob)) throw new KeyFormatError("this certificate is for another key");
  const [first, ...others] = signer.algorithms;
  return {
    algorithms: [certifiedName(first), ...others.map(certifiedName)],
    publicKeyBlob: blob.slice(),
    sign: (data, algorithm) => signer.sign(data, plainName(algorithm)),
  };
}

function parsedForUser(blob: Uint8Array): Certificate {
  try {
    return parseCertificate(blob);
  } catch (error) {
    if (error instanceof ProtocolError) throw new KeyFormatError(`this is no certificate: ${error.message}`);
    throw error;
  }
}

/**
 * Reads a certificate of any type that OpenSSH makes. Its authority's signature is not checked.
 * @throws ProtocolError (disconnect reason 3) if it is malformed, of an unknown type, or has trailing bytes.
 */
export function parseCertificate(blob: Uint8Array): Certificate {
  return read(blob).certificate;
}

/** The blob of the key that a certificate is for; undefined where the blob is no certificate that we understand. */
export function certifiedKeyIn(blob: Uint8Array): Uint8Array | undefined {
  try {
    return parseCertificate(blob).keyBlob;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** A certificate, and what its authority signed. */
interface Parts {
  readonly certificate: Certificate;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

const headFields = { type: "text", nonce: "string", rest: "rest" } as const;
const bodyFields = {
  serial: "uint64",
  kind: "uint32",
  keyId: "text",
  validPrincipals: "string",
  validAfter: "uint64",
  validBefore: "uint64",
  criticalOptions: "string",
  extensions: "string",
  reserved: "string",
  signatureKey: "string",
  signature: "string",
} as const;
const nameFields = { name: "text", rest: "rest" } as const;
const optionFields = { name: "text", data: "string", rest: "rest" } as const;

const kinds: ReadonlyMap<number, Certificate["kind"]> = new Map([
  [1, "user"],
  [2, "host"],
]);

function read(borrowed: Uint8Array): Parts {
  const blob = borrowed.slice();
  const head = decodeWithin("certificate", headFields, blob, section);
  const plain = plainName(head.type);
  const keyFields = plain === head.type || plain === "ssh-dss" ? undefined : publicKeyFields.get(plain);
  if (keyFields === undefined)
    throw kexRefusal(`a certificate of type ${printable(head.type)}, which is none`, section);
  // what stands for the key, between nonce and serial, is as in the key's own blob behind its type
  const split: Fields & { readonly body: "rest" } = { ...keyFields, body: "rest" };
  const { body: bodyBytes } = decodeWithin("certificate", split, head.rest, section);
  const body = decodeWithin("certificate", bodyFields, bodyBytes, section);
  const kind = kinds.get(body.kind);
  if (kind === undefined) throw kexRefusal(`a certificate of kind ${body.kind}, which is none`, section);
  namesOf("extensions", optionFields, body.extensions); // not used, but not malformed either
  const key = head.rest.subarray(0, head.rest.length - bodyBytes.length);
  const certificate: Certificate = {
    type: head.type,
    keyBlob: concat(encodeString(utf8(plain)), key),
    serial: body.serial,
    kind,
    keyId: body.keyId,
    principals: namesOf("principals", nameFields, body.validPrincipals),
    validAfter: body.validAfter,
    validBefore: body.validBefore,
    criticalOptions: namesOf("critical options", optionFields, body.criticalOptions),
    authorityBlob: body.signatureKey,
  };
  const signed = blob.subarray(0, blob.length - 4 - body.signature.length);
  return { certificate, signed, signature: body.signature };
}

/** The names in a list of principals or of options. */
function namesOf(what: string, fields: typeof nameFields | typeof optionFields, list: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (let rest = list; rest.length > 0; ) {
    if (names.length === maximumPrincipals) throw kexRefusal(`a certificate with too many ${what}`, section);
    const next = decodeWithin(`certificate's ${what}`, fields, rest, section);
    names.push(next.name);
    rest = next.rest;
  }
  return names;
}

/** The authority's key is a plain one, never a certificate itself, and its signature no SHA-1. */
function checkAuthority({ certificate, signed, signature }: Parts, rows: PlainRows): void {
  const what = "signature of the certificate's authority";
  const { type } = decodeWithin(what, { type: "text", rest: "rest" }, signature, section);
  const row = Object.hasOwn(rows, type) ? rows[type] : undefined;
  if (row === undefined) {
    throw kexRefusal(`a certificate with a signature of type ${printable(type)}, which is not taken`, section);
  }
  if (!isSignedBy(row, certificate.authorityBlob, signed, signature)) {
    throw kexRefusal("a certificate that its authority did not sign", section);
  }
}

function isSignedBy(row: HostKeyAlgorithm, key: Uint8Array, signed: Uint8Array, signature: Uint8Array): boolean {
  try {
    return row.parse(key).verify(signed, signature);
  } catch (error) {
    if (error instanceof ProtocolError) throw kexRefusal(`a certificate's authority: ${error.message}`, section);
    throw error;
  }
}
