/**
 * Client keys: the key files that the settings mean, read; the one that is missing made, as the replaced tool did.
 */
import { FileError, halfAloneError } from "../node/files.ts";
import { type KeyChoice, type ReadChoice, readChoices } from "../node/key-choices.ts";
import type { Log } from "../node/log.ts";
import { printable } from "../ssh/printable.ts";
import { keyChoices, keyToMake } from "./key-choices.ts";
import type { GivenPassphrase } from "./passphrase.ts";
import type { Settings } from "./settings.ts";

/** The files in order. @throws FileError for one that was named and can be neither read nor made */
export async function readClientKeys(
  settings: Settings,
  passphrase: GivenPassphrase | undefined,
  log: Log,
): Promise<readonly ReadChoice[]> {
  const choices = keyChoices(settings);
  const ownKey = keyToMake(settings);
  if (ownKey === undefined) return readChoices(choices);
  try {
    return await readWhole(choices);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "ENOENT" || error.asked !== ownKey) throw error;
    const madeLine = await makeKey(ownKey, passphrase, log);
    const read = await readWhole(choices);
    return madeLine === undefined ? read : read.map((choice) => ({ ...choice, madeLine })); // it is the only one
  }
}

/** The same for whoever makes none: the one that a start would make is undefined. @throws FileError as readClientKeys */
export async function readKeysThereAre(settings: Settings): Promise<readonly ReadChoice[]> {
  const choices = keyChoices(settings);
  const ownKey = keyToMake(settings);
  try {
    return await readChoices(choices);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "ENOENT" || error.asked !== ownKey) throw error;
    const beside = await readChoices([{ path: `${ownKey}.pub`, isNamed: false }]);
    if (beside.some(({ file }) => file !== undefined)) throw halfAloneError(ownKey);
    return choices.map((choice) => ({ ...choice, file: undefined }));
  }
}

/** The same when we connect once more: a key that is gone since then is not made anew. @throws FileError as readClientKeys */
export function readKeysAgain(settings: Settings): Promise<readonly ReadChoice[]> {
  return readChoices(keyChoices(settings));
}

/** Whether a named file is missing, as `readKeysThereAre` alone lets it be: then there is no key to log in with. */
export function isKeyToCome(read: readonly ReadChoice[]): boolean {
  return read.some(({ isNamed, file }) => isNamed && file === undefined);
}

/** How long another of our processes may take to write the key that it has just made, in milliseconds. */
const patience = 1_000;
const pause = 20;

/** Where the file system has no links, a file has its name before its text: `createKey`. */
async function readWhole(choices: readonly KeyChoice[]): Promise<readonly ReadChoice[]> {
  for (let waited = 0; ; waited += pause) {
    const read = await readChoices(choices);
    if (waited >= patience || read.every(({ file }) => file?.text !== "")) return read;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Encrypted where a passphrase was given. Another of our processes may have been faster, and told it. Gives its line. */
async function makeKey(path: string, given: GivenPassphrase | undefined, log: Log): Promise<string | undefined> {
  const { createKey } = await import("../node/key-creation.ts"); // it needs cryptography
  const passphrase = await given?.read();
  const made = await createKey(path, { passphrase }).finally(() => passphrase?.fill(0));
  if (made === undefined) return undefined;
  const how = given === undefined ? "" : `, encrypted with the passphrase from ${given.source}`;
  log.info(`Made a new key: ${printable(made.path)} (${made.fingerprint})${how}`);
  log.info(`Its line for authorized_keys on the server, as in ${printable(made.publicPath)}: ${made.publicLine}`);
  return made.publicLine;
}
