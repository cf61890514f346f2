/**
 * Base64: the strict kind that key files use, without line breaks (RFC 4648 §4). Pure.
 */

/** How many bytes go through one call: an argument list has a limit. */
const chunk = 0x2000;

/** Encodes with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += chunk) binary += String.fromCharCode(...bytes.subarray(at, at + chunk));
  return btoa(binary);
}

/** The bytes of canonical base64; undefined where a character, the padding or a left-over bit is wrong. RFC 4648 §3.3, §3.5. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const binary = atob(text);
  if (btoa(binary) !== text) return undefined; // RFC 4648 §3.5: atob overlooks pad bits that are not zero
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
