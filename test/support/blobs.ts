/**
 * Blobs of keys and signatures, spelled by hand: nothing of ours has a say in what the tests expect. RFC 4251 §5.
 */
import { join, sshMpint, sshString } from "./peer-crypto.ts";

/** `string`s one after another; texts as UTF-8. */
export function strings(...contents: readonly (string | Uint8Array)[]): Uint8Array {
  return join(...contents.map(sshString));
}

/** RFC 5656 §3.1 */
export function ecdsaKeyBlob(curve: string, point: Uint8Array): Uint8Array {
  return strings(`ecdsa-sha2-${curve}`, curve, point);
}

/** RFC 5656 §3.1.2; `r` and `s` big-endian, with or without leading zeros. */
export function ecdsaSignatureBlob(curve: string, r: Uint8Array, s: Uint8Array): Uint8Array {
  return strings(`ecdsa-sha2-${curve}`, join(sshMpint(r), sshMpint(s)));
}

/** RFC 4253 §6.6 */
export function rsaKeyBlob(e: Uint8Array, n: Uint8Array): Uint8Array {
  return join(sshString("ssh-rsa"), sshMpint(e), sshMpint(n));
}

/** Both halves of r and s laid end to end. */
export function halves(signature: Uint8Array): [Uint8Array, Uint8Array] {
  return [signature.subarray(0, signature.length / 2), signature.subarray(signature.length / 2)];
}
