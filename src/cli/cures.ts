/**
 * Cures: what the doctor says to do, with the commands that do it, ready to paste. Pure.
 */
import { expandHome, FileError } from "../node/files.ts";
import { AuthError, HostKeyError } from "../ssh/errors.ts";
import { copyCommand, keygenCommand } from "./commands.ts";
import type { Explanation } from "./failure.ts";
import { keyChoices } from "./key-choices.ts";
import type { Settings } from "./settings.ts";

/** `server`: the one at which it was met, perhaps a jump host. `keyToCome`: the file of the key that a start would make. */
export function cured(error: unknown, explanation: Explanation, server: Settings, keyToCome?: string): Explanation {
  if (error instanceof HostKeyError) return hostKeyCure(explanation);
  if (error instanceof FileError) return fileCure(error, explanation, server);
  if (error instanceof AuthError && keyToCome !== undefined) return keylessCure(explanation, server, keyToCome);
  if (error instanceof AuthError) return loginCure(explanation, server);
  return explanation;
}

/** The error says all in one text: what happened, and from `Compare` on what to do. */
function hostKeyCure({ what }: Explanation): Explanation {
  const [happened = "", ...cures] = what.split(/\. (?=Compare )/);
  return { what: happened, cure: cures.join(". ") };
}

function fileCure(error: FileError, explanation: Explanation, server: Settings): Explanation {
  const isKey = error.code === "ENOENT" && keyChoices(server).some(({ path }) => path === error.asked);
  if (!isKey || error.asked.endsWith(".pub")) return explanation;
  const make = keygenCommand(error.path);
  if (server.keyServer !== undefined)
    return { ...explanation, cure: `make it, and the key server is told of it: ${make}` };
  return { ...explanation, cure: `make it, and have its line added to authorized_keys there: ${make}` };
}

/** We had nothing to show. */
function keylessCure({ what }: Explanation, server: Settings, path: string): Explanation {
  if (server.keyServer !== undefined) {
    return { what, cure: "none is needed: the first start makes the key, and the key server is told of it" };
  }
  const key = expandHome(path);
  const steps = `${keygenCommand(key)} && ${copyCommand(server, `${key}.pub`)}`;
  return { what, cure: `there is no key yet: make it, and bring its public half there: ${steps}` };
}

function loginCure(explanation: Explanation, server: Settings): Explanation {
  const [key, ...others] = keyChoices(server);
  if (explanation.cure === "" || key === undefined || others.length > 0 || server.keyServer !== undefined) {
    return explanation;
  }
  const path = `${expandHome(key.path).replace(/\.pub$/, "")}.pub`;
  return { ...explanation, cure: `${explanation.cure}: ${copyCommand(server, path)}` };
}
