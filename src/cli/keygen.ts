/**
 * Keygen: makes the key that these flags log in with, as the proxy would, and says what the server must know of it. The
 * line for authorized_keys is all that goes to stdout.
 */
import { expandHome, FileError, readKeyFile, shellQuoted } from "../node/files.ts";
import { createKey } from "../node/key-creation.ts";
import { encodeBase64 } from "../ssh/base64.ts";
import { hasHidden, printable } from "../ssh/printable.ts";
import { nameIn, parsePublicKey, publicHalfOf } from "../ssh/public-key.ts";
import { isEqual } from "../ssh/wire.ts";
import { copyCommand } from "./commands.ts";
import { takeOwnFlags } from "./own-flags.ts";
import { givenPassphrase } from "./passphrase.ts";
import { parseSettings, type Settings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";
import { quote, UsageError } from "./values.ts";

export function help(program: string): string {
  return [
    `usage: ${program} keygen [--client-key FILE] [--passphrase-file FILE] [--comment TEXT] [flags]`,
    "",
    "Makes an Ed25519 key in FILE and its public half in FILE.pub, and prints the line that belongs into authorized_keys on",
    "the server. A key that is there stays as it is, and its line is printed. With a passphrase (--passphrase-file,",
    "MCP_SSH_PASSPHRASE) the new key is encrypted. With --host the next step is told as a command. Exit code 1 if there is no",
    "line to print.",
    "",
    "  --comment TEXT   what stands behind the key in its line: it is not secret",
    "",
    `The other flags are those of ${program} itself.`,
  ].join("\n");
}

export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err, program, localUser } = terminal;
  const { own, rest } = takeOwnFlags(argv, { "--comment": true });
  const [first = "-"] = rest;
  if (!first.startsWith("-"))
    throw new UsageError(`unrecognized arguments: ${quote(first)} (the file goes to --client-key)`);
  const settings = parseSettings(rest, localUser, "not here");
  const [path = "", ...others] = settings.clientKeys;
  if (others.length > 0) throw new UsageError("argument --client-key: only one key is made");
  if (path.endsWith(".pub")) throw new UsageError(`argument --client-key: ${quote(path)} is a public key's name`);
  const comment = commentOf(own.get("--comment"));
  const given = givenPassphrase(settings, { warning: (text) => err(`# ${text}`) });
  try {
    const passphrase = await given?.read();
    const made = await createKey(path, { passphrase, comment }).finally(() => passphrase?.fill(0));
    if (made === undefined) return await tellOld(path, settings, terminal);
    await out(`${made.publicLine}\n`);
    const how = given === undefined ? "not encrypted" : `encrypted with the passphrase from ${given.source}`;
    err(`# made ${printable(made.path)} (${made.fingerprint}), ${how}`);
    err(`# ${nextStep(made.path, settings)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    err(`${program} keygen: error: ${error.message}`);
    return 1;
  }
}

/** In a line of authorized_keys it reaches to the end. */
function commentOf(given: string | true | undefined): string {
  if (typeof given !== "string") return "";
  if (hasHidden(given) || given.length > 255) {
    throw new UsageError(`argument --comment: invalid comment: ${quote(given)}`);
  }
  return given;
}

/** Who asks for a key that is there wants to know what to do with it. */
async function tellOld(path: string, settings: Settings, { out, err, program }: Terminal): Promise<number> {
  const is = `${printable(expandHome(path))} is there already, and stays as it is`;
  const line = await publicLineOf(path);
  if (line === undefined) {
    err(
      `${program} keygen: error: ${is}. Its public half is not told: ssh-keygen -y -f ${shellQuoted(expandHome(path))}`,
    );
    return 1;
  }
  await out(`${line}\n`);
  err(`# ${is}`);
  err(`# ${nextStep(expandHome(path), settings)}`);
  return 0;
}

/** The file's own public half counts; that beside it may be another key's, but has the comment. */
async function publicLineOf(path: string): Promise<string | undefined> {
  const own = publicHalfOf((await readKeyFile(path)).text);
  const beside = await readKeyFile(`${path}.pub`).then(({ text }) => parsePublicKey(text), ignoreMissing);
  const key = own === undefined || (beside && isEqual(own, beside.publicKeyBlob)) ? beside : { publicKeyBlob: own };
  if (key === undefined) return undefined;
  const comment = "comment" in key ? printable(key.comment) : "";
  return [printable(nameIn(key.publicKeyBlob) ?? ""), encodeBase64(key.publicKeyBlob), comment]
    .filter(Boolean)
    .join(" ");
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof FileError)) throw error;
}

/** It may be that the command comes later: then ssh's defaults hold, and here they do too. */
function nextStep(path: string, settings: Settings): string {
  if (settings.keyServer !== undefined) return "the key server is told of it by itself, at the first start";
  if (!settings.given.has("host")) return "add that line to ~/.ssh/authorized_keys on the server";
  const copy = copyCommand({ ...settings, isSshLike: true }, `${path}.pub`);
  return `add that line to ~/.ssh/authorized_keys there, or let ssh do it: ${copy}`;
}
