/** Cure: what a person can do about a remote that has ended, or says nothing, by what is known of it. */
import { SHELL_CURE, SHELL_SILENCE_CURE } from "./login-shell.ts";
import { REFERENCE_CURE } from "./reference-server.ts";
import type { RemoteEnd } from "./remote-end.ts";

export interface Known {
  readonly isShell: boolean;
  readonly mayBeReference: boolean;
  /** Whether it has answered anything. */
  readonly hasReply: boolean;
}

/** The same end, with what to do about it. `obstacle`: why a lost link is not dialled again, where others are. */
export function withCure(
  end: RemoteEnd,
  { isShell, mayBeReference, hasReply }: Known,
  obstacle: string | undefined,
): RemoteEnd {
  switch (end.how) {
    case "link-lost":
      return obstacle === undefined ? end : { ...end, cure: `it is not dialled again: ${obstacle}` };
    case "exited": // a shell's status 127 is that of the last line that it took for a command
      return isShell ? { ...end, cure: hasReply ? "" : SHELL_CURE } : end;
    case "closed":
      return mayBeReference && !hasReply ? { ...end, cure: REFERENCE_CURE } : end;
    default:
      return end;
  }
}

/** What to do about its silence, a sentence without the full stop; undefined where nothing is known. */
export function silenceCure({ isShell, mayBeReference }: Known): string | undefined {
  if (mayBeReference) return REFERENCE_CURE;
  return isShell ? SHELL_SILENCE_CURE : undefined;
}
