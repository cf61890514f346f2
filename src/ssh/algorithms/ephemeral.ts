/**
 * Ephemeral secrets: what every key exchange method owes its own, whatever its arithmetic.
 */
import type { KexStart } from "./interfaces.ts";

/**
 * A key exchange that has begun: `encodedK` makes K of the server's share once, and the secret is wiped then whatever comes
 * of it. `wipeMore`: wipes what else is secret.
 */
export function startWith(
  init: Uint8Array,
  secret: Uint8Array,
  encodedK: (serverShare: Uint8Array) => Uint8Array,
  wipeMore: () => void = () => undefined,
): KexStart {
  let work: typeof encodedK | undefined = encodedK; // which may hold a platform's key
  const discard = (): void => {
    work = undefined;
    secret.fill(0);
    wipeMore();
  };
  return {
    init,
    discard,
    finish(serverShare) {
      if (work === undefined) throw new TypeError("this key exchange is finished");
      try {
        return work(serverShare);
      } finally {
        discard();
      }
    },
  };
}
