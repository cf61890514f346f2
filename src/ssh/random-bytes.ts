/** Random bytes: the system's, as this library asks for them. Tests pass a source of their own. */
import type { RandomBytes } from "./algorithms/interfaces.ts";

const longestPooled = 16; // bytes: padding and cookies; whatever may be a secret is longer, and never stands in the pool
const poolLength = 1024;

/**
 * A source of random bytes from `fill`, `crypto.getRandomValues` unless given. The few that pad each packet come from a pool, since asking
 * takes as long for four as for a thousand: a third of what sealing a small packet costs.
 */
export function systemRandomBytes(
  fill: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => crypto.getRandomValues(bytes),
): RandomBytes {
  const pool = new Uint8Array(poolLength);
  let used = poolLength;
  return (length) => {
    if (length > longestPooled) {
      const bytes = new Uint8Array(length);
      fill(bytes);
      return bytes;
    }
    if (used + length > poolLength) {
      fill(pool);
      used = 0;
    }
    used += length;
    return pool.slice(used - length, used);
  };
}
