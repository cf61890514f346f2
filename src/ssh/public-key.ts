/**
 * Public key: the text of a `.pub` file gives the blob of a public key or a certificate (sshd(8), AUTHORIZED_KEYS FILE
 * FORMAT, without options), and that of a private key file its public half, which stands there in the clear. Pure.
 */
import { decodeBase64 } from "./base64.ts";
import { fieldsIn, isEqual, utf8 } from "./wire.ts";

/** A public key as a file holds it. */
export interface PublicKey {
  /** As in `ssh-ed25519`; for a certificate its own name. */
  readonly keyType: string;
  readonly publicKeyBlob: Uint8Array;
  /** As it stands in the file, not escaped; often `user@machine`. */
  readonly comment: string;
}

/** The first key in the text; undefined where the text is something else. Whether its type is of use is not asked here. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const lines = text.split("\n").map((line) => line.trim()); // trim takes a byte order mark and CR too
  const line = lines.find((each) => each !== "" && !each.startsWith("#")) ?? "";
  const [, keyType = "", base64 = "", comment = ""] =
    /^(\S{1,100})[ \t]+([A-Za-z0-9+/=]+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
  const publicKeyBlob = decodeBase64(base64);
  if (publicKeyBlob === undefined || nameIn(publicKeyBlob) !== keyType) return undefined;
  return { keyType, publicKeyBlob, comment };
}

/** The name that a blob, of a public key or a signature, begins with; undefined where it is none. RFC 4253 §6.6. */
export function nameIn(blob: Uint8Array): string | undefined {
  return fieldsIn({ name: "text", rest: "rest" }, blob)?.name;
}

/** How an openssh-key-v1 file begins, and what stands before its keys. OpenSSH PROTOCOL.key §1. */
export const opensshMagic: Uint8Array = utf8("openssh-key-v1\0");
export const opensshHeader = {
  ciphername: "text",
  kdfname: "text",
  kdfoptions: "string",
  numberOfKeys: "uint32",
  rest: "rest",
} as const;

/** The public half of an openssh-key-v1 file, encrypted or not; undefined where the text is no such file. */
export function publicHalfOf(privateKeyText: string): Uint8Array | undefined {
  const [, base64 = ""] =
    /^\s*-----BEGIN OPENSSH PRIVATE KEY-----\s(.{1,100000}?)-----END OPENSSH PRIVATE KEY-----/s.exec(privateKeyText) ??
    [];
  const bytes = decodeBase64(base64.replace(/\s+/g, ""));
  if (bytes === undefined || !isEqual(bytes.subarray(0, opensshMagic.length), opensshMagic)) return undefined;
  const header = fieldsIn(opensshHeader, bytes.subarray(opensshMagic.length));
  const keys = header && fieldsIn({ publicKeyBlob: "string", rest: "rest" }, header.rest);
  const publicKeyBlob = keys?.publicKeyBlob.slice();
  bytes.fill(0); // the secret may be among them
  return publicKeyBlob;
}
