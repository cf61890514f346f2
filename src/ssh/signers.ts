/**
 * Signers: what proves that we hold a private key. A room with `await`, for keys that the world signs with (WebCrypto,
 * an agent). RSA signs by way of WebCrypto, whose arithmetic takes the same time for all keys, as BigInt's would not.
 */
import { ecdsaSigner } from "./algorithms/ecdsa-sha2.ts";
import type { RsaPrivateKey, Signer } from "./algorithms/interfaces.ts";
import { noble } from "./algorithms/noble.ts";
import { isRsaSignature, type RsaAlgorithm, rsaPublicKeyBlob } from "./algorithms/rsa-sha2.ts";
import { ed25519Signer } from "./algorithms/ssh-ed25519.ts";
import { encodeBase64 } from "./base64.ts";
import { KeyFormatError } from "./errors.ts";
import type { KeyPair } from "./key-material.ts";
import { encodeFields } from "./wire.ts";

/** Makes the signer of a private key, of which it keeps a copy. @throws KeyFormatError if its halves do not belong together */
export function signerOf({ material }: KeyPair): Signer {
  switch (material.kind) {
    case "ed25519":
      return ed25519Signer(noble.ed25519, material.seed, material.publicKey);
    case "ecdsa":
      return ecdsaSigner(material.curve, material.scalar, material.publicPoint);
    case "rsa":
      return rsaSigner(material.key);
  }
}

const signatureFields = { type: "text", S: "string" } as const;

/**
 * A signer from an RSA key, whose numbers go to WebCrypto at the first signature and are not kept here afterwards. A
 * signature is checked before it leaves: one made with a fault in the machine would give the key away.
 * That the numbers belong together is `rsaPair`'s to check. RFC 8332 §3.2.
 */
export function rsaSigner(key: RsaPrivateKey): Signer {
  const publicKey = { e: key.e.slice(), n: key.n.slice() };
  const keys = importedAtFirstUse(jsonWebKey(key));
  return {
    algorithms: ["rsa-sha2-512", "rsa-sha2-256"],
    publicKeyBlob: rsaPublicKeyBlob(publicKey),
    async sign(data, algorithm) {
      if (!isRsaAlgorithm(algorithm)) throw new TypeError(`an RSA key does not sign as ${algorithm}`);
      const imported = (await keys())[algorithm];
      const S = new Uint8Array(await crypto.subtle.sign("RSASSA-PKCS1-v1_5", imported, data.slice()));
      if (!isRsaSignature(publicKey, algorithm, S, data)) {
        throw new KeyFormatError(
          "this RSA key made a signature that does not hold: the key or this machine is damaged",
        );
      }
      return encodeFields(signatureFields, { type: algorithm, S });
    },
  };
}

type ImportedKeys = Readonly<Record<RsaAlgorithm, CryptoKey>>;

/** A key for each hash, since WebCrypto binds keys to one. */
function importedAtFirstUse(jwk: JsonWebKey): () => Promise<ImportedKeys> {
  let material: JsonWebKey = jwk;
  let keys: Promise<ImportedKeys> | undefined;
  return () => {
    keys ??= importKeys(material);
    material = {};
    return keys;
  };
}

async function importKeys(jwk: JsonWebKey): Promise<ImportedKeys> {
  const imported = (hash: string): Promise<CryptoKey> =>
    crypto.subtle.importKey("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash }, false, ["sign"]);
  return { "rsa-sha2-512": await imported("SHA-512"), "rsa-sha2-256": await imported("SHA-256") };
}

function isRsaAlgorithm(algorithm: string): algorithm is RsaAlgorithm {
  return algorithm === "rsa-sha2-512" || algorithm === "rsa-sha2-256";
}

/** The members that JSON Web Key names as RFC 8017 does. RFC 7518 §6.3. */
const numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const;

function jsonWebKey(key: RsaPrivateKey): JsonWebKey {
  return { kty: "RSA", ...Object.fromEntries(numbers.map((name) => [name, base64Url(key[name])])) };
}

function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
