/**
 * Host key review: the keys that a server shows, against what is known: which of them may be added, and what settles it
 * that none may. Pure.
 */
import { at, type Refusal, shownOf } from "../node/trust-words.ts";
import type { HostKey } from "../ssh/connection.ts";
import { checkHostKey, fingerprint, type KnownHosts, type Verdict } from "../ssh/known-hosts.ts";

export interface Review {
  /** Each key and how it stands, printable. */
  readonly lines: readonly string[];
  /** What contradicts what is known; then nothing may be added. */
  readonly refused: Judged<Refusal> | undefined;
  /** The keys that are not trusted yet. */
  readonly added: readonly HostKey[];
}

interface Judged<V extends Verdict> {
  readonly hostKey: HostKey;
  readonly verdict: V;
}

/** `name`: as known_hosts is searched for it. */
export function review(
  shown: readonly HostKey[],
  known: readonly KnownHosts[],
  { host, port }: { readonly host: string; readonly port: number },
): Review {
  const judged = shown.map((hostKey) => ({ hostKey, verdict: checkHostKey(known, host, port, hostKey.blob) }));
  return {
    lines: judged.map(({ hostKey, verdict }) => `${shownOf(hostKey)}  ${standing(verdict)}`),
    refused: refusalOf(judged),
    added: judged.filter(({ verdict }) => verdict.verdict !== "trusted").map(({ hostKey }) => hostKey),
  };
}

/** The keys that a person's answer means: all for `yes`, one for its fingerprint, none for anything else. */
export function chosen(answer: string, added: readonly HostKey[]): readonly HostKey[] {
  const text = answer.trim();
  return text === "yes" ? added : added.filter((hostKey) => hostKey.fingerprint === text);
}

function standing(verdict: Verdict): string {
  switch (verdict.verdict) {
    case "trusted":
      return `trusted by ${at(verdict.known)}`;
    case "revoked":
      return `REVOKED by ${at(verdict.known)}`;
    case "changed":
      return verdict.isTypeKnown
        ? `CHANGED: ${at(verdict.known)} has ${fingerprint(verdict.known.keyBlob)}`
        : "new, beside keys of other types";
    case "unknown":
      return verdict.certAuthority === undefined
        ? "new"
        : `new, though ${at(verdict.certAuthority)} trusts certificates`;
  }
}

/**
 * A revoked or a changed key settles it. One of a type that was not known is welcome beside one that is trusted; where
 * none is, the server has lost all the keys that it was known by.
 */
function refusalOf(judged: readonly Judged<Verdict>[]): Judged<Refusal> | undefined {
  const isAnyTrusted = judged.some(({ verdict }) => verdict.verdict === "trusted");
  const bad = judged.flatMap(({ hostKey, verdict }): Judged<Refusal>[] => {
    if (verdict.verdict === "revoked") return [{ hostKey, verdict }];
    const isChanged = verdict.verdict === "changed" && (verdict.isTypeKnown || !isAnyTrusted);
    return isChanged ? [{ hostKey, verdict }] : [];
  });
  return bad.find(({ verdict }) => verdict.verdict === "changed" && verdict.isTypeKnown) ?? bad[0];
}
