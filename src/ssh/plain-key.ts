/**
 * Plain key: the one kind of key file that most logins have, an openssh-key-v1 file that is not encrypted, read without
 * loading what all the others need. Pure.
 */
import { decodeBase64 } from "./base64.ts";
import { KeyFormatError } from "./errors.ts";
import type { KeyPair } from "./key-material.ts";
import { parseOpensshKey } from "./openssh-key.ts";

const armour = /^\s*-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\s]+)\n-----END OPENSSH PRIVATE KEY-----\s*$/;
const longestText = 64 * 1024;

/** The key in a text; undefined where it is of another kind, encrypted or damaged: `parsePrivateKey` says then what it is. */
export function parsePlainKey(text: string): KeyPair | undefined {
  const base64 = text.length > longestText ? undefined : armour.exec(text)?.[1];
  const bytes = base64 === undefined ? undefined : decodeBase64(base64.replace(/\s+/g, ""));
  if (bytes === undefined) return undefined;
  try {
    return parseOpensshKey(bytes, () => {
      throw new KeyFormatError("encrypted");
    });
  } catch (error) {
    if (error instanceof KeyFormatError) return undefined;
    throw error;
  } finally {
    bytes.fill(0);
  }
}
