/**
 * Other host keys: what a server says of its host keys beside the one in use, and its proof that it holds them
 * (`hostkeys-00@openssh.com`, `hostkeys-prove-00@openssh.com`). Pure. OpenSSH PROTOCOL 2.5.
 *
 * The list alone is worth nothing: a server may name keys that are others'. What is to be trusted later must be proved
 * now, on the connection whose host key is trusted.
 */
import { isCertified, keyTypeOf } from "./algorithm-name.ts";
import type { HostKeyAlgorithm } from "./algorithms/interfaces.ts";
import { HostKeyError, ProtocolError } from "./errors.ts";
import { printable } from "./printable.ts";
import { concat, decodeFields, encodeFields, encodeString, isEqual } from "./wire.ts";

/** The server's global request with all its host keys. OpenSSH PROTOCOL 2.5. */
export const hostKeysRequest = "hostkeys-00@openssh.com";
/** Our global request for proof of some of them. OpenSSH PROTOCOL 2.5. */
export const proveRequest = "hostkeys-prove-00@openssh.com";

/** A server has one key a type, two while it changes them; each that is proved costs a verification. */
const maximumKeys = 32;

/**
 * The key blobs in the data of `hostkeys-00`, copied. @throws ProtocolError where they are too many, twice the same or
 * malformed.
 */
export function decodeHostKeys(requestData: Uint8Array): readonly Uint8Array[] {
  const blobs = decodeStrings("host keys", requestData);
  blobs.forEach((blob, index) => {
    typeOf("host key", blob);
    if (blobs.findIndex((other) => isEqual(other, blob)) !== index) throw lie("the same host key twice");
  });
  return blobs;
}

/** The data of `hostkeys-prove-00` for these keys. */
export function encodeHostKeys(blobs: readonly Uint8Array[]): Uint8Array {
  return concat(...blobs.map(encodeString));
}

/** Those of the keys whose signatures can be checked with these rows. */
export function provableKeys(
  blobs: readonly Uint8Array[],
  rows: Readonly<Record<string, HostKeyAlgorithm>>,
): readonly Uint8Array[] {
  const types = new Set(
    Object.keys(rows)
      .filter((name) => !isCertified(name))
      .map(keyTypeOf),
  );
  return blobs.filter((blob) => types.has(typeOf("host key", blob)));
}

/**
 * Checks the answer to `hostkeys-prove-00`: a signature for each key, in order, over the session. Returns the keys that
 * are proved: an RSA key by any of its names that we offer, never with SHA-1; what is signed in a way that we do not offer
 * is no lie, and no proof.
 * @throws HostKeyError for a wrong signature; ProtocolError for an answer that is none.
 */
export function checkProofs(
  blobs: readonly Uint8Array[],
  responseData: Uint8Array,
  sessionId: Uint8Array,
  rows: Readonly<Record<string, HostKeyAlgorithm>>,
): readonly Uint8Array[] {
  const signatures = decodeStrings("proofs of host keys", responseData);
  if (signatures.length !== blobs.length) {
    throw lie(`${signatures.length} signatures for ${blobs.length} host keys`);
  }
  return blobs.filter((blob, index) => {
    const signature = signatures[index] ?? new Uint8Array(0);
    const type = typeOf("host key", blob);
    const algorithm = typeOf("signature", signature);
    const row = Object.hasOwn(rows, algorithm) ? rows[algorithm] : undefined;
    if (row === undefined) return false;
    const isOfType = !isCertified(algorithm) && keyTypeOf(algorithm) === type;
    if (isOfType && row.parse(blob).verify(signedData(sessionId, blob), signature)) return true;
    throw new HostKeyError(
      `the server did not prove that it holds the ${printable(type)} key that it listed`,
      "signature",
    );
  });
}

/** What a host key signs to prove itself. OpenSSH PROTOCOL 2.5. */
function signedData(sessionId: Uint8Array, hostKeyBlob: Uint8Array): Uint8Array {
  const fields = { request: "text", sessionId: "string", hostKeyBlob: "string" } as const;
  return encodeFields(fields, { request: proveRequest, sessionId, hostKeyBlob });
}

function decodeStrings(what: string, bytes: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    if (strings.length === maximumKeys) throw lie(`more than ${maximumKeys} ${what}`);
    const first = decodeFields(what, { string: "string", rest: "rest" }, rest);
    strings.push(first.string.slice());
    rest = first.rest;
  }
  return strings;
}

function typeOf(what: string, blob: Uint8Array): string {
  return decodeFields(what, { type: "text", rest: "rest" }, blob).type;
}

function lie(what: string): ProtocolError {
  return new ProtocolError(what, "OpenSSH PROTOCOL 2.5");
}
