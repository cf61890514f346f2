/**
 * Key derivations: OpenSSL's, for encrypted PEM files; some fifty times as fast as in JavaScript.
 */
import { pbkdf2Sync, scryptSync } from "node:crypto";
import type { KeyDerivations } from "../ssh/algorithms/interfaces.ts";

/** At the bounds they take a few seconds. */
export const nodeDerivations: KeyDerivations = {
  pbkdf2: (hash, passphrase, salt, iterations, length) => plain(pbkdf2Sync(passphrase, salt, iterations, length, hash)),
  mostIterations: 5_000_000,
  scrypt: (passphrase, salt, { N, r, p }, length) =>
    plain(scryptSync(passphrase, salt, length, { N, r, p, maxmem: 256 * r * (N + p) })),
  mostScryptCost: 2 ** 21,
};

/** A Buffer's bytes alone: the core knows no Buffer. */
function plain(key: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(key);
  key.fill(0);
  return copy;
}
