/**
 * Ephemeral secrets: what every key exchange method owes its own, whatever its arithmetic.
 */
import type { KexStart } from "./interfaces.ts";

/** A key exchange that has begun: `secret` makes K of the server's share once, and is wiped then whatever comes of it. */
export function startWith(
  init: Uint8Array,
  secret: Uint8Array,
  encodedK: (secret: Uint8Array, serverShare: Uint8Array) => Uint8Array,
): KexStart {
  let isFinished = false;
  return {
    init,
    finish(serverShare) {
      if (isFinished) throw new TypeError("this key exchange is finished");
      isFinished = true;
      try {
        return encodedK(secret, serverShare);
      } finally {
        secret.fill(0);
      }
    },
  };
}
