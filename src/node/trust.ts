/**
 * Trust: whether a server's key is believed to be the host's: by pins, or by known_hosts files. An unknown key may be
 * added to them; what has changed or is revoked is refused whatever else is asked for.
 */
import { isCertified, keyTypeOf } from "../ssh/algorithm-name.ts";
import { hostCertificateFault } from "../ssh/certificate.ts";
import type { HostKey } from "../ssh/connection.ts";
import { HostKeyError } from "../ssh/errors.ts";
import {
  checkHostCertificate,
  checkHostKey,
  type KnownHosts,
  type KnownHostsEntry,
  orderHostKeyAlgorithms,
  parseKnownHosts,
} from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { isEqual } from "../ssh/wire.ts";
import {
  defaultKnownHosts,
  expandHome,
  FileError,
  type KnownHostsFile,
  readKnownHosts,
  readKnownHostsIfThere,
} from "./files.ts";
import { type HostKeyPin, isPinned } from "./host-key-pin.ts";
import type { Log } from "./log.ts";
import { platformTable } from "./platform.ts";
import {
  at,
  doubtOf,
  pinWords,
  type Refusal,
  refusalWords,
  type Subject,
  shownOf,
  swapWords,
  whereOf,
} from "./trust-words.ts";

export interface TrustOptions {
  /** As the user typed it, in ASCII: what known_hosts is searched for. */
  readonly host: string;
  readonly port: number;
  /** What may be offered, most wanted first; all that there is unless given. */
  readonly hostKeyAlgorithms?: readonly string[];
  /** The known_hosts files, which must be there unless new keys are accepted; not given: ssh's own, as far as they are. */
  readonly files?: readonly string[];
  /** Only these keys are trusted, whatever known_hosts says; but what it revokes stays revoked. */
  readonly pins?: readonly HostKeyPin[];
  /** Takes the key of a host that has none yet, and adds it to the first of the files. */
  readonly acceptNew?: boolean;
  /** Whether the name in a new line is hashed even where no other is. */
  readonly isHashed?: boolean;
  /** Filled with the key that was accepted; shared by all connections of one run, none of which may take another one. */
  readonly accepted?: AcceptedKey;
  /** Whether refusals name the command's flags among the cures. */
  readonly hasFlags?: boolean;
  /** The command that shows the keys of a new host and asks, for the refusal of one. */
  readonly trustCommand?: string;
  /** Told of lines that were skipped, without their contents, and of a key that was added. */
  readonly log?: Pick<Log, "debug" | "warning">;
  /** Told what trusts the key that was shown: a line, as in `/home/me/.ssh/known_hosts:12`, `a pin`, or the file that it was added to. */
  readonly onTrusted?: (by: string) => void;
}

type Judging = Omit<TrustOptions, "files">;

/** A key that was taken as a new one. Where no file remembers it, this does. */
export interface AcceptedKey {
  hostKey?: HostKey;
}

/** What `connect` needs to know of trust: a part of its options. */
export interface HostTrust {
  /** Throws unless the key is trusted. */
  readonly verifyHostKey: (hostKey: HostKey) => void | Promise<void>;
  /** Ordered so that the server shows a key that is trusted, if it has one. */
  readonly hostKeyAlgorithms: readonly string[];
  /**
   * After a refusal: what to offer on another connection, since a fingerprint does not tell the type of the key that it
   * pins; empty where nothing is left.
   */
  readonly otherHostKeyAlgorithms: () => readonly string[];
}

/**
 * Reads the known_hosts files and gives what judges a host key by them.
 * @throws FileError
 */
export async function knownHostsTrust({ files, ...options }: TrustOptions): Promise<HostTrust> {
  const read = files !== undefined && options.acceptNew ? readKnownHostsIfThere(files) : readKnownHosts(files);
  return trustBy(await read, files?.[0] ?? defaultKnownHosts[0] ?? "", options);
}

/**
 * What judges a host key by these files: unknown, changed and revoked keys are refused with a HostKeyError that says how
 * to go on. `place`: the file that a new line would go to.
 */
export function trustBy(files: readonly KnownHostsFile[], place: string, options: Judging): HostTrust {
  const { host, port, log, pins = [], hasFlags = false, trustCommand } = options;
  const known = files.map(({ path, text }) => parseKnownHosts(printable(path), text));
  for (const note of known.flatMap((file) => file.notes)) log?.debug(note);
  const subject = { host, port, place, hasFlags, trustCommand };
  return pins.length > 0 ? trustPins(pins, known, subject, options) : trustKnown(known, subject, options);
}

function trustKnown(
  known: readonly KnownHosts[],
  subject: Subject,
  {
    acceptNew = false,
    isHashed = false,
    accepted = {},
    log,
    onTrusted,
    hostKeyAlgorithms: offered = Object.keys(platformTable.hostKey),
  }: Judging,
): HostTrust {
  const { host, port } = subject;
  const verifyHostKey = (hostKey: HostKey): void | Promise<void> => {
    const certified = checkCertificate(known, hostKey, subject);
    if (typeof certified !== "string") return onTrusted?.(at(certified));
    const verdict = checkHostKey(known, host, port, hostKey.blob);
    if (verdict.verdict === "trusted") return onTrusted?.(at(verdict.known));
    // where an authority vouches for the host, a plain key is not new but less than what is known
    const isNew = verdict.verdict === "unknown" && verdict.certAuthority === undefined;
    if (isNew && acceptNew) {
      const { hostKey: before = hostKey } = accepted;
      if (!isEqual(before.blob, hostKey.blob)) {
        // between two connections of one run nobody has changed a server's key for a good reason
        const message = `Host key verification failed: ${swapWords(before, hostKey, subject)}`;
        throw new HostKeyError(message, "changed", hostKey.fingerprint);
      }
      accepted.hostKey = hostKey;
      onTrusted?.(printable(expandHome(subject.place)));
      return remember(hostKey, subject, isHashed, log);
    }
    throw refused(verdict, hostKey, subject, known, certified);
  };
  const hostKeyAlgorithms = orderHostKeyAlgorithms(known, host, port, offered);
  return { verifyHostKey, hostKeyAlgorithms, otherHostKeyAlgorithms: () => [] };
}

/**
 * The line of the authority by which the host's certificate is believed. Otherwise the key in it may still be known as a
 * plain one, as with ssh; the words say why the certificate was not enough, and are empty where none was shown.
 */
function checkCertificate(known: readonly KnownHosts[], hostKey: HostKey, subject: Subject): KnownHostsEntry | string {
  const { certificate } = hostKey;
  if (certificate === undefined) return "";
  const verdict = checkHostCertificate(known, subject.host, subject.port, certificate);
  if (verdict?.verdict === "revoked") throw refused(verdict, hostKey, subject, known);
  if (verdict === undefined) return doubtOf(certificate, undefined, undefined);
  const fault = hostCertificateFault(certificate, subject.host, Date.now() / 1000);
  return fault === undefined ? verdict.known : doubtOf(certificate, verdict.known, fault);
}

/** Another of our processes may have been faster, and seen another key. What cannot be written is still used, as ssh does. */
async function remember(
  hostKey: HostKey,
  subject: Subject,
  isHashed: boolean,
  log: TrustOptions["log"],
): Promise<void> {
  const { host, port, place } = subject;
  const isNew = `the key of ${whereOf(subject)}, not known so far, is ${shownOf(hostKey)}`;
  try {
    const { rememberHostKey } = await import("./known-hosts-file.ts"); // for once in a host's life
    const now = await rememberHostKey(place, host, port, hostKey.blob, isHashed);
    if (now.verdict === "trusted") return;
    if (now.verdict !== "unknown") throw refused(now, hostKey, subject, []);
    log?.warning(`${isNew}: trusted from now on, by a line in ${printable(expandHome(place))}`);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log?.warning(`${isNew}: trusted for this time only, since it cannot be remembered. ${error.message}`);
  }
}

function refused(
  refusal: Refusal,
  hostKey: HostKey,
  subject: Subject,
  known: readonly KnownHosts[],
  doubt: string = "",
): HostKeyError {
  const notes = known.flatMap((file) => file.notes);
  const skipped = notes.length > 0 ? ` (lines skipped in known_hosts: ${notes.length}, as ${notes[0]})` : "";
  const message = `Host key verification failed: ${refusalWords(refusal, hostKey, subject)}${doubt}${skipped}`;
  const line = refusal.verdict === "unknown" ? undefined : at(refusal.known);
  return new HostKeyError(message, refusal.verdict, hostKey.fingerprint, line);
}

function trustPins(
  pins: readonly HostKeyPin[],
  known: readonly KnownHosts[],
  subject: Subject,
  { onTrusted, hostKeyAlgorithms = Object.keys(platformTable.hostKey) }: Judging,
): HostTrust {
  const shown: HostKey[] = [];
  const verifyHostKey = (hostKey: HostKey): void | Promise<void> => {
    const verdict = checkHostKey(known, subject.host, subject.port, hostKey.blob);
    if (verdict.verdict === "revoked") throw refused(verdict, hostKey, subject, known);
    if (pins.some((pin) => isPinned(pin, hostKey))) return onTrusted?.("a pin");
    shown.push(hostKey);
    const message = `Host key verification failed: ${pinWords(pins, shown, subject)}`;
    throw new HostKeyError(message, "changed", hostKey.fingerprint);
  };
  const types = pins.flatMap((pin) => ("keyType" in pin ? [pin.keyType] : []));
  const plain = hostKeyAlgorithms.filter((name) => !isCertified(name)); // what is pinned is the key
  const first = plain.filter((name) => types.includes(keyTypeOf(name)));
  const isTypeOpen = types.length < pins.length;
  const tried = (name: string): boolean => shown.some(({ algorithm }) => keyTypeOf(algorithm) === keyTypeOf(name));
  return {
    verifyHostKey,
    hostKeyAlgorithms: [...new Set([...first, ...plain])],
    otherHostKeyAlgorithms: () => (shown.length > 0 && isTypeOpen ? plain.filter((name) => !tried(name)) : []),
  };
}
