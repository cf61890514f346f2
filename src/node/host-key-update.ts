/**
 * Host key update: known_hosts follows a host that changes its keys, as ssh's UpdateHostKeys has it. The server lists its
 * keys on a connection whose key is known; what is new is proved by it and added, what it has no more is removed. Where
 * the file says anything beyond plain keys of this one host it stays as it is: a person put that there.
 */
import type { HostKey, SshConnection } from "../ssh/connection.ts";
import { SshError } from "../ssh/errors.ts";
import { entriesFor, fingerprint, type KnownHosts, type KnownHostsEntry, parseKnownHosts } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { isEqual } from "../ssh/wire.ts";
import { expandHome, FileError, readKnownHostsIfThere } from "./files.ts";
import { editKnownHosts, lineFor } from "./known-hosts-file.ts";
import type { Log } from "./log.ts";
import { at, isForOthers, shownOf, whereOf } from "./trust-words.ts";

export interface HostKeyUpdateOptions {
  /** As known_hosts is searched for it. */
  readonly host: string;
  readonly port: number;
  /** The known_hosts file that follows. */
  readonly place: string;
  /** Whether the names in new lines are hashed even where no other is. */
  readonly isHashed?: boolean;
  readonly log: Pick<Log, "debug" | "info" | "warning">;
}

type Connection = Pick<SshConnection, "hostKey" | "proveHostKeys">;

/** What a file lacks of a host's keys, and what it has too much. */
interface Difference {
  readonly unknown: readonly HostKey[];
  readonly gone: readonly KnownHostsEntry[];
}

/** Makes a known_hosts file say of the host what the server lists and proves. What comes of it is told in the log. */
export async function updateHostKeys(
  connection: Connection,
  listed: readonly HostKey[],
  options: HostKeyUpdateOptions,
): Promise<void> {
  const { host, port, place, isHashed, log } = options;
  const server = whereOf(options);
  const isWhole = listed.some(({ blob }) => isEqual(blob, connection.hostKey.blob));
  if (!isWhole) return log.warning(`${server} does not list the host key that it uses: nothing is updated`);
  const compare = (file: KnownHosts): Difference | string => differenceOf(file, options, connection.hostKey, listed);
  try {
    const [file] = await readKnownHostsIfThere([place]); // again: it may not be as it was before we connected
    const before = compare(parseKnownHosts(printable(expandHome(place)), file?.text ?? ""));
    if (typeof before === "string") return log.info(`the host keys of ${server} are not updated: ${before}`);
    if (before.unknown.length + before.gone.length === 0) return log.debug("the host keys are as known_hosts has them");
    const proved = before.unknown.length > 0 ? await connection.proveHostKeys(before.unknown) : [];
    for (const key of before.unknown.filter((each) => !proved.includes(each))) {
      log.info(`${server} lists a key that cannot be checked here, so it is left out: ${shownOf(key)}`);
    }
    let added: readonly HostKey[] = [];
    let removed: readonly KnownHostsEntry[] = [];
    await editKnownHosts(place, (file) => {
      const now = compare(file);
      if (typeof now === "string") return { append: [], remove: [] };
      added = now.unknown.filter((key) => proved.includes(key));
      removed = now.gone;
      return {
        append: added.map(({ blob }) => lineFor(file, host, port, blob, isHashed)),
        remove: removed.map(({ line }) => line),
      };
    });
    const path = printable(expandHome(place));
    for (const key of added) log.info(`${server} proved to hold another key, which ${path} has now: ${shownOf(key)}`);
    for (const entry of removed) {
      const key = `${entry.keyType} ${fingerprint(entry.keyBlob)}`;
      log.info(`${server} has this key no more, and neither has ${at(entry)}: ${key}`);
    }
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    const why = error instanceof FileError ? "" : "nothing is written, since ";
    log.warning(`the host keys of ${server} are not updated: ${why}${error.message}`);
  }
}

/** What is to be changed; or why nothing should be. */
function differenceOf(
  file: KnownHosts,
  { host, port, place }: HostKeyUpdateOptions,
  hostKey: HostKey,
  listed: readonly HostKey[],
): Difference | string {
  const own = entriesFor(file, host, port);
  const isOwnKey = own.some(({ marker, keyBlob }) => marker === "key" && isEqual(keyBlob, hostKey.blob));
  if (!isOwnKey) return `${printable(expandHome(place))} has no line of its own for the key that was trusted`;
  const odd = own.find((entry) => entry.marker !== "key" || isForOthers(entry));
  if (odd !== undefined) return `${at(odd)} is no plain line for this host alone`;
  const unknown = listed.filter(({ blob }) => !own.some(({ keyBlob }) => isEqual(keyBlob, blob)));
  const gone = own.filter(({ keyBlob }) => !listed.some(({ blob }) => isEqual(keyBlob, blob)));
  const isElsewhere = ({ keyBlob }: KnownHostsEntry): boolean =>
    file.entries.some((other) => !own.includes(other) && isEqual(other.keyBlob, keyBlob));
  const shared = gone.find(isElsewhere);
  if (shared !== undefined) return `the key of ${at(shared)}, which the host has no more, is known by another name too`;
  return { unknown, gone };
}
