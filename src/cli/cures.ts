/**
 * Cures: what the doctor says to do, with the commands that do it, ready to paste. Pure.
 */
import { expandHome, FileError, shellQuoted } from "../node/files.ts";
import { AuthError, HostKeyError } from "../ssh/errors.ts";
import type { Explanation } from "./failure.ts";
import type { GivenFlag, Settings } from "./flags.ts";
import { keyChoices } from "./key-choices.ts";

/** What the doctor was asked. */
export interface Asked {
  readonly settings: Settings;
  /** The same, as it was typed. */
  readonly flags: readonly GivenFlag[];
  /** As in `mcp-ssh-client`. */
  readonly program: string;
}

/** The flags that say how a server is reached and where its keys are known, which `trust` needs too. */
const wayFlags: readonly string[] = ["--known-hosts", "--ssh-config", "--proxy-jump", "--client-key", "--agent"];

/** `server`: the one at which it was met, perhaps a jump host. */
export function cured(error: unknown, explanation: Explanation, server: Settings, asked: Asked): Explanation {
  if (error instanceof HostKeyError) return hostKeyCure(error, explanation, server, asked);
  if (error instanceof FileError) return fileCure(error, explanation, server, asked);
  if (error instanceof AuthError) return loginCure(explanation, server);
  return explanation;
}

/** The error says all in one text: what happened, and from `Compare` on what to do. */
function hostKeyCure(
  { verdict }: HostKeyError,
  { what }: Explanation,
  server: Settings,
  { settings, flags, program }: Asked,
): Explanation {
  const [happened = "", ...cures] = what.split(/\. (?=Compare )/);
  if (verdict !== "unknown") return { what: happened, cure: cures.join(" ") };
  const { host, isJump } = server;
  const port = String(server.port);
  const words = isJump ? [host, "--port", port] : [settings.host, "--port", port, ...flags.flatMap(wordsOf)];
  const trust = [program, "trust", ...words.map(shellQuoted)].join(" ");
  return { what: happened, cure: [`to see its keys and say yes: ${trust}`, ...cures].join(". ") };
}

function wordsOf({ flag, raw = "" }: GivenFlag): readonly string[] {
  return wayFlags.includes(flag) ? [flag, raw] : [];
}

function fileCure(error: FileError, explanation: Explanation, server: Settings, { program }: Asked): Explanation {
  const isKey = error.code === "ENOENT" && keyChoices(server).some(({ path }) => path === error.asked);
  if (!isKey) return explanation;
  const make = `${program} keygen --client-key ${shellQuoted(error.path)}`;
  if (server.keyServer !== undefined)
    return { ...explanation, cure: `make it, and the key server is told of it: ${make}` };
  return { ...explanation, cure: `make it, and have its line added to authorized_keys there: ${make}` };
}

function loginCure(explanation: Explanation, server: Settings): Explanation {
  const [key, ...others] = keyChoices(server);
  if (explanation.cure === "" || key === undefined || others.length > 0 || server.keyServer !== undefined) {
    return explanation;
  }
  const path = `${expandHome(key.path).replace(/\.pub$/, "")}.pub`;
  const place = shellQuoted(`${server.username}@${server.host}`);
  const copy = `ssh-copy-id -i ${shellQuoted(path)} -p ${server.port} ${place}`;
  return { ...explanation, cure: `${explanation.cure}: ${copy}` };
}
