/**
 * Identities: the signers that the chosen keys come to, and what a person is told on the way.
 */
import { findSigners } from "../node/identities.ts";
import type { ReadChoice } from "../node/key-choices.ts";
import { signerOfFile } from "../node/keys.ts";
import type { Log } from "../node/log.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import type { Settings } from "./flags.ts";
import { agentChoice, isOnlyFiles } from "./key-choices.ts";

/** The signers to try, in order. @throws IdentityError, AgentError, KeyFormatError */
export function signersOf(
  settings: Settings,
  files: readonly ReadChoice[],
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<readonly Signer[]> {
  return findSigners({
    files,
    certificateFiles: settings.config?.certificateFiles ?? [],
    agent: agentChoice(settings),
    isOnlyFiles: isOnlyFiles(settings),
    open: (file) => signerOfFile(file),
    agentAt: async (path) => {
      const { Agent, waitFor } = await import("../node/agent.ts"); // for most runs it is not needed
      return new Agent(path, { signal, onWait: (identity) => log.warning(waitFor(path, identity)) });
    },
    onWarning: log.warning,
    onNote: log.debug,
  });
}
