/** ML-KEM-768 by node:crypto, which has it from Node 24.7 on. The key goes in as PKCS#8 with the seed alone (draft-ietf-lamps-kyber-certificates §6). */
import * as crypto from "node:crypto";
import type { MlKem } from "../ssh/algorithms/interfaces.ts";
import { concat } from "../ssh/wire.ts";

const { decapsulate } = crypto as unknown as {
  readonly decapsulate?: (key: crypto.KeyObject, ciphertext: Uint8Array) => Uint8Array;
};

/** PKCS#8, version 0, 2.16.840.1.101.3.4.4.2, an octet string that holds [0] with 64 bytes. */
const before = Uint8Array.from(Buffer.from("3054020100300b060960864801650304040204428040", "hex"));
const publicKeyLength = 1184;

/** undefined where node:crypto lacks it, or its OpenSSL does not let us. */
export function platformMlKem(): MlKem | undefined {
  if (decapsulate === undefined) return undefined;
  const mlkem: MlKem = {
    isSlow: false,
    pair(seed) {
      const der = concat(before, seed);
      const key = crypto.createPrivateKey({ key: Buffer.from(der.buffer), format: "der", type: "pkcs8" });
      der.fill(0);
      const spki = crypto.createPublicKey(key).export({ format: "der", type: "spki" });
      return {
        publicKey: Uint8Array.from(spki.subarray(-publicKeyLength)),
        decapsulate: (ciphertext) => Uint8Array.from(decapsulate(key, ciphertext)),
        wipe: () => undefined, // the key is OpenSSL's, which wipes it when it is collected
      };
    },
  };
  try {
    return mlkem.pair(crypto.randomBytes(64)).publicKey.length === publicKeyLength ? mlkem : undefined;
  } catch {
    return undefined;
  }
}
