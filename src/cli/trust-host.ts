/**
 * Trust host: shows which host keys a server proves to hold, asks a person whether they are the right ones, and writes them
 * to known_hosts. What contradicts what is known is never written.
 */
import { expandHome, FileError, readKnownHostsIfThere } from "../node/files.ts";
import { editKnownHosts, lineFor } from "../node/known-hosts-file.ts";
import type { Log } from "../node/log.ts";
import { scanHostKeys } from "../node/scan-host-keys.ts";
import { askAtTerminal } from "../node/terminal.ts";
import { at, refusalWords, type Subject, shownOf, whereOf } from "../node/trust-words.ts";
import type { HostKey } from "../ssh/connection.ts";
import { checkHostKey, type KnownHosts, parseKnownHosts } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { givenFlags } from "./argv.ts";
import { describeFailure } from "./failure.ts";
import { chosen, review } from "./host-key-review.ts";
import { takeOwnFlags } from "./own-flags.ts";
import { findWay, revokedKeysOf } from "./remote.ts";
import { parseSettings, type Settings } from "./settings.ts";
import { stopSignal } from "./signals.ts";
import type { Terminal } from "./terminal.ts";
import { trustChoice } from "./trust-choices.ts";
import { UsageError } from "./values.ts";

export function help(program: string): string {
  return [
    `usage: ${program} trust HOST [--port PORT] [--known-hosts FILE] [--yes] [flags]`,
    "",
    "Shows the host keys of a server, asks whether they are the right ones, and writes them to known_hosts. The answer is",
    "yes, or one of the fingerprints: then only that key is written. Nobody is logged in. The port is 22 unless --port or",
    "ssh's configuration say otherwise. A key that contradicts what is known is refused. Exit code 0 if the server's keys",
    "are trusted at the end, 1 if not.",
    "",
    "  --yes   ask nobody: whoever sits on the network path now is trusted for good",
    "",
    `Of the other flags of ${program} those count that say how the server is reached (--ssh-config, --proxy-jump and such).`,
  ].join("\n");
}

export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { own, rest } = takeOwnFlags(argv, { "--yes": false });
  const settings = settingsOf(rest, terminal);
  const abort = new AbortController();
  const stopped = stopSignal().then((number) => {
    abort.abort(new Error("stopped"));
    return 128 + number;
  });
  const asked = trust(settings, own.has("--yes"), abort.signal, terminal).catch((error: unknown) => {
    if (abort.signal.aborted) return stopped;
    terminal.err(`${terminal.program} trust: error: ${describeFailure(error, settings, false)}`);
    return 1;
  });
  return Promise.race([stopped, asked]);
}

/** As ssh's defaults have it: a server that is to be trusted is mostly one that ssh reaches. */
function settingsOf(argv: readonly string[], { localUser }: Terminal): Settings {
  const [host = "", ...others] = argv;
  if (host === "") throw new UsageError("argument HOST: expected one argument");
  const flags = host.startsWith("-") ? argv : ["--host", host, ...others];
  const given = givenFlags(flags).map(({ flag }) => flag);
  if (!given.includes("--host")) throw new UsageError("argument HOST: expected one argument");
  const isSshLike = given.includes("--command") || given.includes("--subsystem");
  const settings = parseSettings(isSshLike ? flags : [...flags, "--command", "true"], localUser, "not here");
  return { ...settings, keyServer: undefined };
}

async function trust(asked: Settings, isYes: boolean, signal: AbortSignal, terminal: Terminal): Promise<number> {
  const { out, err, program } = terminal;
  const way = await findWay(asked, logTo(terminal), signal);
  const { target } = way;
  const { name, files, place, isHashed } = trustChoice(target);
  const subject: Subject = { ...name, place, hasFlags: false };
  const { host, port, connectTimeout: timeout } = target;
  const shown = await scanHostKeys({ host, port, timeout, signal, open: way.open }).finally(way.close);
  const read = [...(await readKnownHostsIfThere(files)), ...(await revokedKeysOf(target))];
  const known = read.map(({ path, text }) => parseKnownHosts(printable(path), text));
  const { lines, refused, added } = review(shown, known, name);
  if (shown.length === 0) {
    err(`${program} trust: error: ${whereOf({ host, port })} has no host key of a type that is supported here`);
    return 1;
  }
  await out(`${whereOf({ host, port })} shows:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  if (refused !== undefined) {
    err(`${program} trust: error: ${refusalWords(refused.verdict, refused.hostKey, subject)}`);
    return 1;
  }
  if (added.length === 0) {
    await out("All of them are trusted already.\n");
    return 0;
  }
  const meant = isYes ? added : await ask(added, terminal);
  if (meant.length === 0) return 1;
  if (isYes) err(`${program} trust: nobody was asked: whoever sits on the network path now is trusted for good`);
  await write(meant, subject, isHashed);
  await out(`Added to ${printable(expandHome(place))}: ${meant.map(shownOf).join(", ")}\n`);
  return 0;
}

function logTo({ err }: Terminal): Log {
  const ignore = (): void => undefined;
  return { debug: ignore, info: err, warning: err, error: err, critical: err };
}

const warning =
  "Nobody has vouched for them: whoever sits on the network path shows keys of his own. Compare the fingerprints with what the\n" +
  "server's operator tells you by another way (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub).\n" +
  "Trust them? Type yes, or one of the fingerprints: ";

const again = "That is neither yes nor one of the fingerprints. Type yes, one of them, or no: ";

/** The keys that a person trusts; none where that was not said, which is told. A slip of the fingers is forgiven once. */
async function ask(added: readonly HostKey[], { err, program }: Terminal): Promise<readonly HostKey[]> {
  const first = await askAtTerminal(warning);
  if (first === undefined) {
    err(`${program} trust: error: there is no terminal to ask at: compare the fingerprints, then say --yes`);
    return [];
  }
  const isSlip = chosen(first, added).length === 0 && !/^\s*(no?)?\s*$/i.test(first);
  const meant = chosen(isSlip ? ((await askAtTerminal(again)) ?? "") : first, added);
  if (meant.length === 0) err(`${program} trust: nothing was written`);
  return meant;
}

/** What has come into the file meanwhile counts. @throws FileError */
async function write(meant: readonly HostKey[], { host, port, place }: Subject, isHashed: boolean): Promise<void> {
  await editKnownHosts(place, (file: KnownHosts) => {
    const news = meant.filter(({ blob, fingerprint: hash }) => {
      const verdict = checkHostKey([file], host, port, blob);
      const isRefuted = verdict.verdict === "revoked" || (verdict.verdict === "changed" && verdict.isTypeKnown);
      if (!isRefuted) return verdict.verdict !== "trusted";
      const message = `${printable(expandHome(place))} says something else of ${hash} by now, at ${at(verdict.known)}: look again`;
      throw new FileError(message, place, "EEXIST");
    });
    return { append: news.map(({ blob }) => lineFor(file, host, port, blob, isHashed)), remove: [] };
  });
}
