/**
 * Keys: a private key file made a signer.
 */
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { ed25519Signer } from "../ssh/algorithms/ssh-ed25519.ts";
import { KeyFormatError, PassphraseError } from "../ssh/errors.ts";
import type { KeyPair } from "../ssh/key-material.ts";
import { parsePlainKey } from "../ssh/plain-key.ts";
import { printable } from "../ssh/printable.ts";
import { utf8 } from "../ssh/wire.ts";
import { type KeyFile, readKeyFile } from "./files.ts";
import { loadPlatform } from "./platform.ts";

/** Reads a private key file. `~` is expanded. @throws FileError, KeyFormatError that names the file */
export async function loadPrivateKey(path: string, options: KeyOptions = {}): Promise<Signer> {
  const passphrase = options.passphrase === undefined ? undefined : utf8(options.passphrase);
  try {
    return await signerOfFile(await readKeyFile(path), passphrase);
  } finally {
    passphrase?.fill(0);
  }
}

/** How a key file is to be read. */
export interface KeyOptions {
  /** Needed where the key is encrypted. */
  readonly passphrase?: string;
}

/** The signer in a file that was read. `passphrase`: borrowed. @throws KeyFormatError, PassphraseError, that name the file */
export async function signerOfFile({ path, text }: KeyFile, passphrase?: Uint8Array): Promise<Signer> {
  try {
    return await signerOf(parsePlainKey(text) ?? (await parseAnyKey(text, passphrase)));
  } catch (error) {
    if (!(error instanceof KeyFormatError)) throw error;
    const message = `Cannot use the key ${printable(path)}: ${error.message}`;
    if (error instanceof PassphraseError) throw new PassphraseError(message, error.reason);
    throw new KeyFormatError(message, { cause: error });
  }
}

/** Loads what reads keys of every kind. */
async function parseAnyKey(text: string, passphrase: Uint8Array | undefined): Promise<KeyPair> {
  const [{ parsePrivateKey }, { nodeDerivations }] = await Promise.all([
    import("../ssh/private-key.ts"),
    import("./key-derivations.ts"),
  ]);
  return parsePrivateKey(text, passphrase, nodeDerivations);
}

/** An Ed25519 key signs by the platform's primitives; what other keys need is loaded for them. */
async function signerOf(pair: KeyPair): Promise<Signer> {
  const { material } = pair;
  if (material.kind !== "ed25519") return (await import("../ssh/signers.ts")).signerOf(pair);
  const { primitives } = await loadPlatform();
  return ed25519Signer(primitives.ed25519, material.seed, material.publicKey);
}
