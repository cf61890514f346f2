/**
 * Trust in words: what a person is told of a host key that is refused. What happened, both keys, what it may mean, and
 * the line, the flag or the command that trusts the key if it is the right one.
 */
import { keyTypeOf } from "../ssh/algorithm-name.ts";
import type { Certificate } from "../ssh/algorithms/interfaces.ts";
import type { CertificateFault } from "../ssh/certificate.ts";
import type { HostKey } from "../ssh/connection.ts";
import {
  fingerprint,
  isKnownHostsName,
  type KnownHostsEntry,
  knownHostsLine,
  knownHostsName,
  type Verdict,
} from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { isEqual } from "../ssh/wire.ts";
import { expandHome, shellQuoted } from "./files.ts";
import type { HostKeyPin } from "./host-key-pin.ts";

export type Refusal = Exclude<Verdict, { readonly verdict: "trusted" }>;

/** What the words are about. */
export interface Subject {
  /** As known_hosts is searched for it. */
  readonly host: string;
  readonly port: number;
  /** The file that a new line would go to. */
  readonly place: string;
  /** Whether the flags of the command are among the cures. */
  readonly hasFlags: boolean;
  /** The command that shows the keys of a new host and asks; undefined where there is none. */
  readonly trustCommand?: string | undefined;
}

const alarm = "Someone may be sitting on the network path, or the server was set up anew.";
const compare =
  "Compare that fingerprint with what the server's operator tells you, by another way than this network; if it is the same,";

/** Why known_hosts files do not trust a key, and what to do. */
export function refusalWords(refusal: Refusal, hostKey: HostKey, subject: Subject): string {
  const where = whereOf(subject);
  const shown = `The server showed ${shownOf(hostKey)}`;
  switch (refusal.verdict) {
    case "unknown":
      return `no key of ${where} is known${asideOf(refusal)}. ${shown}. ${compare} ${cureOf(hostKey, subject, "new")}`;
    case "changed": {
      const known = describe(refusal.known);
      if (!refusal.isTypeKnown) {
        return `of ${where} only another type of key is known, ${known}. ${shown}. ${compare} ${cureOf(hostKey, subject, "other")}`;
      }
      const remove = removalOf(refusal.known, subject);
      return `THE HOST KEY OF ${where} HAS CHANGED. ${alarm} ${shown}; known is ${known}. ${compare} ${remove}, and ${cureOf(hostKey, subject, "other")}`;
    }
    case "revoked":
      return `${revokedOf(refusal.known, hostKey, where)} is marked @revoked in ${at(refusal.known)}: anyone may have it. The server needs another one`;
  }
}

function revokedOf({ keyBlob, keyType }: KnownHostsEntry, hostKey: HostKey, where: string): string {
  const authority = hostKey.certificate?.authorityBlob;
  if (authority === undefined || !isEqual(authority, keyBlob))
    return `the key that ${where} showed, ${shownOf(hostKey)},`;
  return `the authority of the certificate that ${where} showed, ${keyType} ${fingerprint(authority)},`;
}

/** Why a certificate was not enough, as the end of a message. `known`: the line of the authority, undefined where there is none. */
export function doubtOf(
  { authorityBlob }: Certificate,
  known: KnownHostsEntry | undefined,
  fault: CertificateFault | undefined,
): string {
  const by = `by the authority ${fingerprint(authorityBlob)}`;
  if (known === undefined || fault === undefined)
    return ` (the server showed a certificate ${by}, which no @cert-authority line names)`;
  return ` (the server showed a certificate ${by}, which ${at(known)} trusts, but ${faultWords(fault)})`;
}

function faultWords(fault: CertificateFault): string {
  switch (fault.fault) {
    case "kind":
      return "it is a user's, not a host's";
    case "not-yet-valid":
      return `it is not valid before ${timeOf(fault.validAfter)}: is the clock right?`;
    case "expired":
      return `it expired at ${timeOf(fault.validBefore)}: the server needs a new one`;
    case "principals": {
      const names = printable(fault.principals.join(", "));
      return names === "" ? "it is for no host at all" : `it is for ${names}, and not for this host`;
    }
    case "critical-options":
      return `it has critical options that are not known here: ${printable(fault.names.join(", "))}`;
  }
}

/** As in `2026-11-26T03:00:00.000Z`. */
export function timeOf(seconds: bigint): string {
  const furthest = 8_640_000_000_000n; // of Date, in seconds
  return seconds > furthest ? "the end of time" : new Date(Number(seconds) * 1000).toISOString();
}

/** Why none of the pins trusts what the server showed: a key a connection, each of another type. */
export function pinWords(pins: readonly HostKeyPin[], shown: readonly HostKey[], subject: Subject): string {
  const pinned = pins.map((pin) =>
    "fingerprint" in pin ? pin.fingerprint : `${pin.keyType} ${fingerprint(pin.keyBlob)}`,
  );
  const keys = shown.map(shownOf).join(", then ");
  const cure = subject.hasFlags ? "give it to --host-key in place of the other" : "pin it in place of the other";
  return `THE HOST KEY OF ${whereOf(subject)} IS NOT THE PINNED ONE. ${alarm} The server showed ${keys}; pinned is ${pinned.join(" or ")}. ${compare} ${cure}`;
}

/** A key other than the one that was accepted a moment before. */
export function swapWords(before: HostKey, hostKey: HostKey, subject: Subject): string {
  return `THE HOST KEY OF ${whereOf(subject)} HAS CHANGED since we connected first. ${alarm} The server showed ${shownOf(before)}, then ${shownOf(hostKey)}. ${compare} start again`;
}

/** As in `h.example port 22`. */
export function whereOf({ host, port }: Pick<Subject, "host" | "port">): string {
  return `${printable(host)} port ${port}`;
}

/** As in `ssh-ed25519 SHA256:...`. */
export function shownOf({ algorithm, fingerprint: hash }: HostKey): string {
  return `${printable(keyTypeOf(algorithm))} ${hash}`;
}

/** As in `~/.ssh/known_hosts:12`. */
export function at({ fileName, line }: KnownHostsEntry): string {
  return `${fileName}:${line}`;
}

/** As in `ssh-ed25519 SHA256:... in ~/.ssh/known_hosts:12`. */
function describe(entry: KnownHostsEntry): string {
  return `${entry.keyType} ${fingerprint(entry.keyBlob)} in ${at(entry)}`;
}

/** What trusts the key. An `other` one is no new one: --accept-new refuses it. */
function cureOf(hostKey: HostKey, subject: Subject, kind: "new" | "other"): string {
  const line = lineOf(hostKey, subject);
  const file = printable(expandHome(subject.place));
  const added = line === undefined ? "" : `the line '${line}' in ${file} trusts it`;
  const { trustCommand } = subject;
  const asked = kind === "other" || trustCommand === undefined ? "" : `, or your yes to: ${trustCommand}`;
  if (!subject.hasFlags) return added === "" ? "pin it" : `${added}${asked}`;
  const unseen = kind === "new" ? " (--accept-new adds that line by itself, whatever key a new server shows)" : "";
  const pinned = `--host-key ${hostKey.fingerprint} trusts it`;
  return added === "" ? pinned : `${pinned}, or ${added}${unseen}${asked}`;
}

/** Undefined for a HostKeyAlias with characters that known_hosts gives a meaning: no line is made of it. */
function lineOf({ blob }: HostKey, { host, port }: Subject): string | undefined {
  return isKnownHostsName(host) ? knownHostsLine(host, port, blob) : undefined;
}

/** Whether a line names more than one host: such a line must not go with all it says. */
export function isForOthers({ hosts }: KnownHostsEntry): boolean {
  return "patterns" in hosts && (hosts.patterns.length > 1 || /[*?!]/.test(hosts.patterns.join()));
}

function removalOf(entry: KnownHostsEntry, { host, port }: Subject): string {
  if (isForOthers(entry)) return "take this host out of that line";
  return `remove the old key with: ssh-keygen -R ${shellQuoted(knownHostsName(host, port))} -f ${shellQuoted(entry.fileName)}`;
}

/** What is known that does not help. */
function asideOf({ certAuthority, bareHostKey }: Extract<Refusal, { readonly verdict: "unknown" }>): string {
  if (bareHostKey !== undefined) return ` (the same host has ${describe(bareHostKey)} at port 22)`;
  if (certAuthority !== undefined) return ` (${at(certAuthority)} trusts certificates for it)`;
  return "";
}
