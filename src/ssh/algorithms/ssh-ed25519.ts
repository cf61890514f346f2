/**
 * ssh-ed25519: host keys, and signing with a user's key. RFC 8709.
 *
 * Verification is strict RFC 8032 (not ZIP 215): S below L, no non-canonical encodings, no keys of small order. ZIP 215
 * serves consensus among many verifiers; here it would only let one key be spelled in several ways, while known_hosts
 * compares spellings, and let a small-order key "sign" what nobody signed.
 */
import { KeyFormatError, kexRefusal } from "../errors.ts";
import { encodeFields, isEqual } from "../wire.ts";
import type { Ed25519, HostKeyAlgorithm, HostKeyVerifier, Signer } from "./interfaces.ts";
import { decodeBlob } from "./key-blobs.ts";

const algorithm = "ssh-ed25519";
const publicKeyLength = 32;
const signatureLength = 64;

/** `string "ssh-ed25519", string key (32 bytes)` is the one form of a blob. RFC 8709 §4, §6. */
const blobFields = { type: "text", content: "string" } as const;

/** Ed25519 host keys. RFC 8709 §4, §6, §7. */
export function sshEd25519(ed25519: Ed25519): HostKeyAlgorithm {
  return {
    parse(publicKeyBlob): HostKeyVerifier {
      const key = contentOf("host key", publicKeyBlob, publicKeyLength, "RFC 8709 §4").slice();
      return {
        verify(data, signatureBlob) {
          const signature = contentOf("signature", signatureBlob, signatureLength, "RFC 8709 §6");
          return ed25519.verify(signature, data, key);
        },
      };
    },
  };
}

/**
 * A signer from a private key: the 32 bytes `seed` (copied) and its public key. Costs one multiplication (some 5 ms in
 * a cold process in JavaScript), so make it while the dialled host has not answered yet; signing itself does not wait.
 * @throws KeyFormatError if `publicKey` is not the seed's: better said now than as a refused login. RFC 8032 §5.1.5.
 */
export function ed25519Signer(ed25519: Ed25519, seed: Uint8Array, publicKey: Uint8Array): Signer {
  const key = ed25519.key(seed);
  if (!isEqual(key.publicKey, publicKey)) {
    throw new KeyFormatError("the private key and the public key of this ssh-ed25519 key do not belong together");
  }
  return {
    algorithms: [algorithm],
    publicKeyBlob: encodeFields(blobFields, { type: algorithm, content: publicKey }),
    sign(data) {
      return encodeFields(blobFields, { type: algorithm, content: key.sign(data) });
    },
  };
}

/** The content of a blob, a view of it. */
function contentOf(what: string, blob: Uint8Array, length: number, section: string): Uint8Array {
  const { content } = decodeBlob(what, algorithm, blobFields, blob, section);
  if (content.length !== length) {
    throw kexRefusal(`${what} of ${content.length} bytes, expected ${length}`, section);
  }
  return content;
}
