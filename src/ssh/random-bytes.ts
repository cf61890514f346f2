/** Random bytes: the system's, as this library asks for them. Tests pass a source of their own. */
import type { RandomBytes } from "./algorithms/interfaces.ts";

const longestPooled = 16; // bytes: padding and cookies; whatever may be a secret is longer, and never stands in the pool
const poolLength = 1024;

/**
 * A source of random bytes from `crypto.getRandomValues`. The few that pad each packet come from a pool, since asking
 * takes as long for four as for a thousand: a third of what sealing a small packet costs.
 */
export function systemRandomBytes(): RandomBytes {
  const pool = new Uint8Array(poolLength);
  let used = poolLength;
  return (length) => {
    if (length > longestPooled) return crypto.getRandomValues(new Uint8Array(length));
    if (used + length > poolLength) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    used += length;
    return pool.slice(used - length, used);
  };
}
