/**
 * Passphrase: where the passphrase of a key comes from. Nobody is asked and no file is read unless a key is encrypted, or
 * is to be made.
 */
import { readPassphraseFile } from "../node/files.ts";
import type { Log } from "../node/log.ts";
import { printable } from "../ssh/printable.ts";
import { utf8 } from "../ssh/wire.ts";
import type { Settings } from "./settings.ts";

/** The variable that it may stand in. */
export const passphraseVariable = "MCP_SSH_PASSPHRASE";

/** A passphrase that was given. */
export interface GivenPassphrase {
  /** Where, as a person would say it: `--passphrase`, `--passphrase-file FILE`, or the variable's name. */
  readonly source: string;
  /** Its UTF-8, a new copy that the caller wipes. @throws FileError */
  read(): Promise<Uint8Array>;
}

/**
 * The flags count before the variable, which leaves `env`: a ProxyCommand should not inherit it. Empty ones do not count,
 * as they did not in the replaced tool. Undefined: none was given.
 */
export function givenPassphrase(
  { passphrase, passphraseFile }: Pick<Settings, "passphrase" | "passphraseFile">,
  log: Pick<Log, "warning">,
  env: NodeJS.ProcessEnv = process.env,
): GivenPassphrase | undefined {
  const { [passphraseVariable]: variable } = env;
  delete env[passphraseVariable];
  if (passphrase !== undefined && passphrase !== "") {
    return { source: "--passphrase", read: async () => utf8(passphrase) };
  }
  if (passphraseFile !== undefined) {
    const source = `--passphrase-file ${printable(passphraseFile)}`;
    const read = async (): Promise<Uint8Array> => {
      const { passphrase, warning } = await readPassphraseFile(passphraseFile);
      if (warning !== undefined) log.warning(warning);
      return passphrase;
    };
    return { source, read: once(read) };
  }
  if (variable === undefined || variable === "") return undefined;
  return { source: passphraseVariable, read: async () => utf8(variable) };
}

/** A pipe can be read once only. */
function once(read: () => Promise<Uint8Array>): () => Promise<Uint8Array> {
  let bytes: Promise<Uint8Array> | undefined;
  return async () => {
    bytes ??= read();
    return (await bytes).slice();
  };
}
