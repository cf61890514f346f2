/**
 * Host key pin: a server's key named in the command line itself, by its fingerprint or whole. Loads no cryptography.
 */
import { isCertified } from "../ssh/algorithm-name.ts";
import { decodeBase64 } from "../ssh/base64.ts";
import type { HostKey } from "../ssh/connection.ts";
import { KeyFormatError } from "../ssh/errors.ts";
import { nameIn } from "../ssh/public-key.ts";
import { isEqual } from "../ssh/wire.ts";

/** The one key that a server may have, or one of a few. A fingerprint does not tell the key's type. */
export type HostKeyPin = { readonly fingerprint: string } | { readonly keyType: string; readonly keyBlob: Uint8Array };

/** Reads `SHA256:...` or `ssh-ed25519 AAAA...`, a comment behind it or not. @throws KeyFormatError */
export function parseHostKeyPin(text: string): HostKeyPin {
  const [first = "", second = ""] = text.trim().split(/\s+/);
  if (first.startsWith("SHA256:")) return parseFingerprint(first);
  if (/^(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}$/i.test(first)) {
    throw new KeyFormatError("an MD5 fingerprint can be forged: take the SHA256 one, as ssh-keygen -l prints it");
  }
  const keyBlob = decodeBase64(second);
  if (keyBlob === undefined || second === "" || nameIn(keyBlob) !== first) {
    throw new KeyFormatError("neither a fingerprint (SHA256:...) nor a public key (ssh-ed25519 AAAA...)");
  }
  if (isCertified(first)) throw new KeyFormatError("a certificate cannot be pinned: its key can");
  return { keyType: first, keyBlob };
}

/** Whether this is the key that the pin names. */
export function isPinned(pin: HostKeyPin, { blob, fingerprint }: HostKey): boolean {
  return "fingerprint" in pin ? pin.fingerprint === fingerprint : isEqual(pin.keyBlob, blob);
}

function parseFingerprint(text: string): HostKeyPin {
  const digits = text.slice("SHA256:".length).replace(/=$/, "");
  if (decodeBase64(`${digits}=`)?.length === 32) return { fingerprint: `SHA256:${digits}` };
  throw new KeyFormatError("a SHA256 fingerprint has 43 characters of base64 behind SHA256:");
}
