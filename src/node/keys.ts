/**
 * Keys: a private key file made a signer.
 */
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { KeyFormatError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { parsePrivateKey } from "../ssh/private-key.ts";
import { type KeyFile, readKeyFile } from "./files.ts";

/** Reads an OpenSSH private key. `~` is expanded. @throws FileError, KeyFormatError that names the file */
export async function loadPrivateKey(path: string): Promise<Signer> {
  return signerOf(await readKeyFile(path));
}

/** The signer in a file that was read. @throws KeyFormatError that names the file */
export function signerOf({ path, text }: KeyFile): Signer {
  try {
    return parsePrivateKey(text).signer;
  } catch (error) {
    if (!(error instanceof KeyFormatError)) throw error;
    throw new KeyFormatError(`Cannot use the key ${printable(path)}: ${error.message}`, { cause: error });
  }
}
