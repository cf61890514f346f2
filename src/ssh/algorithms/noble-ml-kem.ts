/** ML-KEM-768 in JavaScript. A room of its own: where the platform has it, this is not loaded. */
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { MlKem } from "./interfaces.ts";

export const nobleMlKem: MlKem = {
  isSlow: true,
  pair(seed) {
    const { publicKey, secretKey } = ml_kem768.keygen(seed);
    return {
      publicKey,
      decapsulate: (ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey),
      wipe: () => {
        secretKey.fill(0);
      },
    };
  },
};
