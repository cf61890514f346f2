/**
 * Signers: what proves that we hold a private key. A room with `await`, for keys that the world signs with (WebCrypto,
 * an agent).
 */
import type { Signer } from "./algorithms/interfaces.ts";
import { ed25519Signer } from "./algorithms/ssh-ed25519.ts";
import { KeyFormatError } from "./errors.ts";
import { type KeyPair, newKey } from "./key-material.ts";

/** Makes the signer of a private key, of which it keeps a copy. @throws KeyFormatError if its halves do not belong together */
export function signerOf({ material }: KeyPair): Signer {
  switch (material.kind) {
    case "ed25519":
      return ed25519Signer(material.seed, material.publicKey);
    case "ecdsa":
    case "rsa":
      throw new KeyFormatError(`${material.kind.toUpperCase()} keys are not supported yet: ${newKey}`);
  }
}
