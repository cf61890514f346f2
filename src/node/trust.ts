/**
 * Trust: the verdict of known_hosts files on a server's key, and the words that tell a person what to do about it.
 */
import { table } from "../ssh/algorithms/table.ts";
import type { HostKey } from "../ssh/connection.ts";
import { HostKeyError } from "../ssh/errors.ts";
import {
  checkHostKey,
  fingerprint,
  type KnownHostsEntry,
  keyTypeOf,
  knownHostsLine,
  orderHostKeyAlgorithms,
  parseKnownHosts,
  type Verdict,
} from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { defaultKnownHosts, expandHome, type KnownHostsFile, readKnownHosts } from "./files.ts";

export interface TrustOptions {
  /** As the user typed it, in ASCII: what known_hosts is searched for. */
  readonly host: string;
  readonly port: number;
  /** The known_hosts files, which must be there; unless given, ssh's own, as far as they are. */
  readonly files?: readonly string[];
  /** Told of each line that was skipped, without its contents. */
  readonly onNote?: (note: string) => void;
}

/** What `connect` needs to know of trust: a part of its options. */
export interface HostTrust {
  /** Throws unless the key is trusted. */
  readonly verifyHostKey: (hostKey: HostKey) => void;
  /** Ordered so that the server shows a key that is known, if it has one. */
  readonly hostKeyAlgorithms: readonly string[];
}

/**
 * Reads the known_hosts files and gives what judges a host key by them.
 * @throws FileError
 */
export async function knownHostsTrust({ files, ...options }: TrustOptions): Promise<HostTrust> {
  return trustBy(await readKnownHosts(files), files?.[0] ?? defaultKnownHosts[0] ?? "", options);
}

/**
 * What judges a host key by these files: unknown, changed and revoked keys are refused with a HostKeyError that says how
 * to go on. `place`: the file that a new line would go to.
 */
export function trustBy(
  files: readonly KnownHostsFile[],
  place: string,
  options: Omit<TrustOptions, "files">,
): HostTrust {
  const { host, port, onNote } = options;
  const known = files.map(({ path, text }) => parseKnownHosts(printable(path), text));
  const notes = known.flatMap((file) => file.notes);
  for (const note of notes) onNote?.(note);
  const verifyHostKey = (hostKey: HostKey): void => {
    const verdict = checkHostKey(known, host, port, hostKey.blob);
    if (verdict.verdict === "trusted") return;
    const line = knownHostsLine(host, port, hostKey.blob);
    const why = whyNot(verdict, {
      where: `${printable(host)} port ${port}`,
      shown: `${printable(keyTypeOf(hostKey.algorithm))} ${hostKey.fingerprint}`,
      cure: `the line '${line}' in ${printable(expandHome(place))} trusts it`,
    });
    const skipped = notes.length > 0 ? ` (lines skipped in known_hosts: ${notes.length}, as ${notes[0]})` : "";
    const message = `Host key verification failed: ${why}${skipped}`;
    throw new HostKeyError(message, verdict.verdict, hostKey.fingerprint, entryOf(verdict));
  };
  const hostKeyAlgorithms = orderHostKeyAlgorithms(known, host, port, Object.keys(table.hostKey));
  return { verifyHostKey, hostKeyAlgorithms };
}

type Refusal = Exclude<Verdict, { readonly verdict: "trusted" }>;

interface Words {
  readonly where: string;
  readonly shown: string;
  readonly cure: string;
}

const compare =
  "Compare that fingerprint with what the server's operator tells you, by another way than this network; if it is the same,";

function whyNot(refusal: Refusal, { where, shown, cure }: Words): string {
  switch (refusal.verdict) {
    case "unknown":
      return `no key of ${where} is known${asideOf(refusal)}. The server showed ${shown}. ${compare} ${cure}`;
    case "changed": {
      const known = describe(refusal.known);
      if (!refusal.isTypeKnown) {
        return `of ${where} only another type of key is known, ${known}. The server showed ${shown}. ${compare} ${cure}`;
      }
      const alarm = "Someone may be sitting on the network path, or the server was set up anew.";
      return `THE HOST KEY OF ${where} HAS CHANGED. ${alarm} The server showed ${shown}; known is ${known}. ${compare} remove that line, and ${cure}`;
    }
    case "revoked":
      return `the key that ${where} showed, ${shown}, is marked @revoked in ${at(refusal.known)}: anyone may have it. The server needs another one`;
  }
}

/** What is known that does not help. */
function asideOf({ certAuthority, bareHostKey }: Extract<Refusal, { readonly verdict: "unknown" }>): string {
  if (bareHostKey !== undefined) return ` (the same host has ${describe(bareHostKey)} at port 22)`;
  if (certAuthority !== undefined)
    return ` (${at(certAuthority)} trusts certificates for it, which are not supported yet)`;
  return "";
}

function entryOf(refusal: Refusal): string | undefined {
  return refusal.verdict === "unknown" ? undefined : at(refusal.known);
}

function describe(entry: KnownHostsEntry): string {
  return `${entry.keyType} ${fingerprint(entry.keyBlob)} in ${at(entry)}`;
}

function at({ fileName, line }: KnownHostsEntry): string {
  return `${fileName}:${line}`;
}
