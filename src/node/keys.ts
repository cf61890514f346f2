/**
 * Keys: a private key file made a signer.
 */
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { KeyFormatError, PassphraseError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { parsePrivateKey } from "../ssh/private-key.ts";
import { signerOf } from "../ssh/signers.ts";
import { utf8 } from "../ssh/wire.ts";
import { type KeyFile, readKeyFile } from "./files.ts";
import { nodeDerivations } from "./key-derivations.ts";

/** Reads a private key file. `~` is expanded. @throws FileError, KeyFormatError that names the file */
export async function loadPrivateKey(path: string, options: KeyOptions = {}): Promise<Signer> {
  return signerOfFile(await readKeyFile(path), options.passphrase);
}

/** How a key file is to be read. */
export interface KeyOptions {
  /** Needed where the key is encrypted. */
  readonly passphrase?: string;
}

/** The signer in a file that was read. @throws KeyFormatError, PassphraseError, that name the file */
export function signerOfFile({ path, text }: KeyFile, passphrase?: string): Signer {
  const secret = passphrase === undefined ? undefined : utf8(passphrase);
  try {
    return signerOf(parsePrivateKey(text, secret, nodeDerivations));
  } catch (error) {
    if (!(error instanceof KeyFormatError)) throw error;
    const message = `Cannot use the key ${printable(path)}: ${error.message}`;
    if (error instanceof PassphraseError) throw new PassphraseError(message, error.reason);
    throw new KeyFormatError(message, { cause: error });
  } finally {
    secret?.fill(0);
  }
}
