/**
 * Remote end: the ways in which the remote can be gone, what a person is told of each, and what we exit with.
 */
import type { ExitStatus } from "../ssh/connection.ts";
import { AuthError, HostKeyError, SshError } from "../ssh/errors.ts";
import { printable, printableLines } from "../ssh/printable.ts";
import { SHELL_CURE } from "./login-shell.ts";

/** How the remote came to be gone. */
export type RemoteEnd =
  /** It was never reached. */
  | { readonly how: "connect-failed"; readonly error: unknown }
  /** The connection broke, and no other one will do. */
  | { readonly how: "not-restored"; readonly error: unknown }
  /** The connection broke under the session. */
  | { readonly how: "link-lost"; readonly error: unknown /** Why it is not dialled again. */; readonly cure?: string }
  | {
      readonly how: "exited";
      readonly status: number;
      /** What to do about it, where that is not what the status says by itself; empty where nothing is known. */
      readonly cure?: string;
    }
  | { readonly how: "killed"; readonly signal: string; readonly message: string }
  /** It is a login shell, which took a message for a command. */
  | { readonly how: "login-shell" }
  /** It closed the channel, or its stdout, and did not say how it ended. */
  | { readonly how: "closed" /** What to do about it, if that is known. */; readonly cure?: string };

/** Whether a remote that ended so may have died of the era probe, and another one would live. */
export function mayBeOfProbe(end: RemoteEnd): boolean {
  return end.how === "killed" || end.how === "closed" || (end.how === "exited" && !neverRan.has(end.status));
}

/** The shell's words for a command that it could not start: another session would not start it either. */
const neverRan: ReadonlySet<number> = new Set([126, 127]);

/** Whether a remote that ended so without any reply can have carried out nothing. */
export function provesNothingRan(end: RemoteEnd): boolean {
  return end.how === "login-shell" || (end.how === "exited" && neverRan.has(end.status));
}

/** Whether it is of no use to dial again. */
export function isFinal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof HostKeyError || cause instanceof AuthError) return true;
  }
  return false;
}

/** Nothing of what waits for the server was taken for so long. */
export function stalledEnd(milliseconds: number): RemoteEnd {
  const error = new SshError(`the server has taken nothing of what waits for it for ${milliseconds / 1000} s`);
  return { how: "link-lost", error };
}

/** How a session ended, by its exit status. RFC 4254 §6.10. */
export function sessionEnd(exit: ExitStatus): RemoteEnd {
  if ("status" in exit) return { how: "exited", status: exit.status };
  return { how: "killed", signal: exit.signal, message: exit.message };
}

/** What happened and what to do about it, in one printable line without a full stop. */
export function describe(end: RemoteEnd): string {
  const cure = cureOf(end);
  return `${happened(end)}${cure === "" ? "" : ` (${cure})`}`;
}

function cureOf(end: RemoteEnd): string {
  if (end.how === "login-shell") return SHELL_CURE;
  if (end.how === "link-lost") return end.cure ?? "";
  return end.how === "exited" ? (end.cure ?? cures[end.status] ?? "") : "";
}

/** What happened, in one printable line without a full stop. */
export function happened(end: RemoteEnd): string {
  switch (end.how) {
    case "connect-failed":
      return `The remote MCP server was not reached: ${textOf(end.error)}`;
    case "link-lost":
      return `The link to the remote MCP server was lost: ${textOf(end.error)}`;
    case "not-restored":
      return `The link to the remote MCP server was lost and cannot be restored: ${textOf(end.error)}`;
    case "exited":
      return `The remote MCP server exited with status ${end.status}`;
    case "killed": {
      const message = end.message === "" ? "" : `: ${printable(end.message)}`;
      return `The remote MCP server was killed by signal ${printable(end.signal, 40)}${message}`;
    }
    case "login-shell":
      return "No MCP server answers there but a shell, which took the message for a command";
    case "closed":
      return `The remote MCP server closed the session without an exit status${end.cure === undefined ? "" : `. ${end.cure}`}`;
  }
}

/** What the shell means by it. */
const cures: Readonly<Record<number, string>> = {
  126: "found, but not executable: check its mode there",
  127: "command not found: a non-interactive shell often has a shorter PATH, so give the full path",
};

/** An error as one printable line. */
export function textOf(error: unknown): string {
  if (error === undefined) return "the connection was closed";
  return printableLines(error instanceof Error ? error.message : String(error)).join(" ");
}

/** What the exit code depends on. */
export interface Ending {
  /** The number of the signal that ended us. */
  readonly stopSignal: number | undefined;
  /** How the remote ended before we closed it; undefined where it did not. */
  readonly remote: RemoteEnd | undefined;
  readonly isHostGone: boolean;
  /** Whether a request never got the remote's answer. */
  readonly isUnanswered: boolean;
}

/** Our exit code. A request without an answer is never a success. */
export function exitCode({ stopSignal, remote, isHostGone, isUnanswered }: Ending): number {
  if (stopSignal !== undefined) return 128 + stopSignal;
  const otherwise = isUnanswered ? 1 : 0;
  switch (remote?.how) {
    case "connect-failed":
    case "login-shell":
    case "not-restored":
      return 1;
    case "link-lost":
      return isHostGone ? otherwise : 1;
    case "exited":
      return remote.status === 0 ? otherwise : Math.min(remote.status, 255);
    case "killed":
      return signalCode(remote.signal);
    default:
      return otherwise;
  }
}

/** The names of RFC 4254 §6.10, and those that OpenSSH adds to them, by their numbers on Linux. */
const signalNumbers: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  SYS: 31,
};

/** `SIGTERM`, say, or `signal 64`. */
export function signalName(number: number): string {
  const [name] = Object.entries(signalNumbers).find(([, each]) => each === number) ?? [];
  return name === undefined ? `signal ${number}` : `SIG${name}`;
}

/** 128+n; 1 for a signal that we do not know. A name of a vendor's is `NAME@domain`. RFC 4254 §6.10. */
function signalCode(name: string): number {
  const plain = name.replace(/@.*$/, "").replace(/^SIG/, "");
  const number = Object.hasOwn(signalNumbers, plain) ? signalNumbers[plain] : undefined;
  return number === undefined ? 1 : 128 + number;
}
