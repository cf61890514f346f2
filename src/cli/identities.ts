/**
 * Identities: the signers that the chosen keys come to, and what a person is told, or asked, on the way.
 */
import type { KeyFile } from "../node/files.ts";
import { findSigners } from "../node/identities.ts";
import type { ReadChoice } from "../node/key-choices.ts";
import { signerOfFile } from "../node/keys.ts";
import type { Log } from "../node/log.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { PassphraseError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { agentChoice, isOnlyFiles } from "./key-choices.ts";
import type { GivenPassphrase } from "./passphrase.ts";
import type { Settings } from "./settings.ts";

/** What finding signers needs of the world. */
export interface SignerOptions {
  /** Undefined where none was given. */
  readonly passphrase: GivenPassphrase | undefined;
  readonly log: Log;
  /** What a person must do now is said each time. */
  readonly attention: Pick<Log, "warning">;
  readonly signal: AbortSignal;
  /** The keys that were unlocked before: nobody is asked for their passphrases again. */
  readonly unlocked: UnlockedKeys;
}

/** What a person's passphrases have unlocked in this run, by the text of the key's file. */
export type UnlockedKeys = Map<string, Signer>;

/** The signers to try, in order. @throws IdentityError, AgentError, KeyFormatError, FileError */
export function signersOf(
  settings: Settings,
  files: readonly ReadChoice[],
  { passphrase, log, attention, signal, unlocked }: SignerOptions,
): Promise<readonly Signer[]> {
  return findSigners({
    files,
    certificateFiles: settings.config?.certificateFiles ?? [],
    agent: agentChoice(settings),
    isOnlyFiles: isOnlyFiles(settings),
    open: (file) => openFile(file, passphrase, log),
    unlock: async (file) => {
      const signer = unlocked.get(file.text) ?? (await askFor(file, signal));
      if (signer !== undefined) unlocked.set(file.text, signer);
      return signer;
    },
    agentAt: async (path) => {
      const { Agent, waitFor } = await import("../node/agent.ts"); // for most runs it is not needed
      return new Agent(path, { signal, onWait: (identity) => attention.warning(waitFor(path, identity)) });
    },
    onWarning: log.warning,
    onNote: log.debug,
  });
}

/** The passphrase is not even read where the key is not encrypted. */
async function openFile(file: KeyFile, given: GivenPassphrase | undefined, log: Log): Promise<Signer> {
  if (given === undefined) return signerOfFile(file);
  try {
    const signer = await signerOfFile(file);
    log.info(`The key ${printable(file.path)} is not encrypted: it needs no passphrase from ${given.source}`);
    return signer;
  } catch (error) {
    if (!(error instanceof PassphraseError)) throw error;
  }
  const passphrase = await given.read();
  try {
    return await signerOfFile(file, passphrase);
  } catch (error) {
    if (!(error instanceof PassphraseError)) throw error;
    throw new PassphraseError(`${error.message}: it came from ${given.source}`, error.reason);
  } finally {
    passphrase.fill(0);
  }
}

/** As often as ssh asks. */
const mostTries = 3;

/** The signer that a person at the terminal unlocks; undefined where there is none, or who says nothing. */
async function askFor(file: KeyFile, signal: AbortSignal): Promise<Signer | undefined> {
  const { isPromptPossible, promptPassphrase } = await import("../node/passphrase-prompt.ts");
  if (!isPromptPossible()) return undefined;
  const name = printable(file.path);
  let failure: PassphraseError | undefined;
  for (let tries = 0; tries < mostTries; tries++) {
    const again = failure === undefined ? "" : "That is not it. ";
    const typed = await promptPassphrase(`${again}Passphrase for the key ${name}: `, signal);
    if (typed === undefined) return undefined;
    try {
      return await signerOfFile(file, typed);
    } catch (error) {
      if (!(error instanceof PassphraseError)) throw error;
      failure = error;
    } finally {
      typed.fill(0);
    }
  }
  throw failure;
}
