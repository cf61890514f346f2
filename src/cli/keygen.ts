/**
 * Keygen: makes the key that these flags log in with, as the proxy would, and says what the server must know of it. The
 * line for authorized_keys is all that goes to stdout.
 */
import { expandHome, FileError, shellQuoted } from "../node/files.ts";
import { createKey } from "../node/key-creation.ts";
import type { Log } from "../node/log.ts";
import { printable } from "../ssh/printable.ts";
import { parseFlags, type Settings } from "./flags.ts";
import { takeOwnFlags } from "./own-flags.ts";
import { givenPassphrase } from "./passphrase.ts";
import type { Terminal } from "./terminal.ts";
import { quote, UsageError } from "./values.ts";

export function help(program: string): string {
  return [
    `usage: ${program} keygen [--client-key FILE] [--passphrase-file FILE] [--comment TEXT] [flags]`,
    "",
    "Makes an Ed25519 key in FILE and its public half in FILE.pub, and prints the line that belongs into authorized_keys on",
    "the server. A file that is there is never overwritten. With a passphrase (--passphrase-file, MCP_SSH_PASSPHRASE) the key",
    "is encrypted. With --host and --username the next step is told as a command. Exit code 1 if no key was made.",
    "",
    "  --comment TEXT   what stands behind the key in its line: it is not secret",
    "",
    `The other flags are those of ${program} itself.`,
  ].join("\n");
}

export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err, program, localUser } = terminal;
  const { own, rest } = takeOwnFlags(argv, { "--comment": true });
  const settings = parseFlags(rest, localUser);
  if (settings === "version" || settings === "help") throw new UsageError(`argument --${settings}: not here`);
  const [path = "", ...others] = settings.clientKeys;
  if (others.length > 0) throw new UsageError("argument --client-key: only one key is made");
  if (path.endsWith(".pub")) throw new UsageError(`argument --client-key: ${quote(path)} is a public key's name`);
  const comment = commentOf(own.get("--comment"));
  const given = givenPassphrase(settings, logTo(terminal));
  try {
    const passphrase = await given?.read();
    const made = await createKey(path, { passphrase, comment }).finally(() => passphrase?.fill(0));
    if (made === undefined) {
      err(`${program} keygen: error: ${printable(expandHome(path))} is there already, and stays as it is`);
      return 1;
    }
    await out(`${made.publicLine}\n`);
    const how = given === undefined ? "not encrypted" : `encrypted with the passphrase from ${given.source}`;
    for (const note of [
      `made ${printable(made.path)} (${made.fingerprint}), ${how}`,
      ...nextSteps(made.path, settings),
    ]) {
      err(`# ${note}`);
    }
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
  if (/[\p{Cc}\p{Cf}]/u.test(given) || given.length > 255) {
    throw new UsageError(`argument --comment: invalid comment: ${quote(given)}`);
  }
  return given;
}

function logTo({ err }: Terminal): Pick<Log, "warning"> {
  return { warning: (text) => err(`# ${text}`) };
}

function nextSteps(path: string, { given, host, port, username, keyServer }: Settings): readonly string[] {
  if (keyServer !== undefined) return ["the key server is told of it by itself, at the first start"];
  if (!given.has("host")) return ["add that line to ~/.ssh/authorized_keys on the server"];
  const copy = `ssh-copy-id -i ${shellQuoted(`${path}.pub`)} -p ${port} ${shellQuoted(`${username}@${host}`)}`;
  return [`add that line to authorized_keys of ${printable(username)} there, or let ssh do it: ${copy}`];
}
