/**
 * Values: what a flag's raw text may be, and what it becomes. Pure. Texts are taken as they were typed: never trimmed,
 * never guessed to be numbers. Messages use argparse's words where it has them; what was typed is quoted and escaped.
 */
import { isIPv6 } from "node:net";
import { keyForPath, privateKeyText } from "../node/files.ts";
import { type HostKeyPin, parseHostKeyPin } from "../node/host-key-pin.ts";
import { type JumpSpec, parseJumps } from "../node/jump-spec.ts";
import { KeyFormatError } from "../ssh/errors.ts";
import { hasHidden, printable } from "../ssh/printable.ts";

/** The command line cannot be used as it is: usage on stderr, exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the raw text of one flag. @throws UsageError with the reason, without the flag's name. */
export type Reader<T> = (raw: string) => T;

/** `name` was given; `value` is undefined where it is to be taken from our own environment. */
export interface EnvEntry {
  readonly name: string;
  readonly value: string | undefined;
  /** Whether it comes from ssh's configuration: ssh says nothing of a server that does not take it. */
  readonly isQuiet?: true;
}

/** A host name in ASCII, or an address; `[::1]` loses its brackets. Nothing that known_hosts gives a meaning. */
export const host: Reader<string> = (raw) => {
  if (raw === "") throw new UsageError("must not be empty");
  const address = /^\[(.*)\]$/.exec(raw)?.[1] ?? raw;
  if (address.includes(":") && isIPv6(address)) return address; // its pattern costs 5 ms: not for others
  if (raw.includes("@")) throw new UsageError(`invalid host: ${quote(raw)} (the user goes to --username)`);
  if (raw.includes(":")) throw new UsageError(`invalid host: ${quote(raw)} (the port goes to --port)`);
  if (!/^[A-Za-z0-9._+-]{1,255}$/.test(raw)) throw new UsageError(`invalid host: ${quote(raw)}`);
  return raw;
};

/** A text as it stands, unless there is none or it cannot be `what`. */
function text(what: string, isBad: (raw: string) => boolean, hint = ""): Reader<string> {
  return (raw) => {
    if (raw === "") throw new UsageError("must not be empty");
    if (isBad(raw)) throw new UsageError(`invalid ${what}: ${quote(raw)}${hint}`);
    return raw;
  };
}

/** A user's name on the server. RFC 4252 §5 takes any UTF-8; no name holds a control character. */
export const username: Reader<string> = text("user name", (raw) => hasHidden(raw) || raw.length > 255);

/** Names of algorithms with commas between, behind +, - or ^ perhaps. Which there are, is not known yet. */
export const algorithms: Reader<string> = text("list", (raw) => !/^[-+^]?[!-~]{1,4096}$/.test(raw));

/** 1 to 65535, in plain decimal digits. */
export const port: Reader<number> = (raw) => {
  if (!/^[1-9][0-9]{0,4}$/.test(raw) || Number(raw) > 65535) {
    throw new UsageError(`invalid port: ${quote(raw)} (a number from 1 to 65535)`);
  }
  return Number(raw);
};

/** The servers to go through, in order; none for `none`. */
export const proxyJump: Reader<readonly JumpSpec[]> = (raw) => {
  const specs = parseJumps(raw);
  if (specs === undefined)
    throw new UsageError(`invalid jump host: ${quote(raw)} ([user@]host[:port], commas between)`);
  for (const spec of specs) {
    host(spec.host);
    if (spec.user !== undefined) username(spec.user);
  }
  return specs;
};

/** A path of a file; `~` is expanded by whoever opens it. */
export const path: Reader<string> = (raw) => {
  if (privateKeyText.test(raw)) throw new UsageError(keyForPath);
  return pathText(raw);
};

const pathText = text("path", (raw) => raw.includes("\0"));

/** A host key by its fingerprint, or whole. */
export const hostKeyPin: Reader<HostKeyPin> = (raw) => {
  try {
    return parseHostKeyPin(raw);
  } catch (error) {
    if (error instanceof KeyFormatError) throw new UsageError(`invalid host key: ${quote(raw)} (${error.message})`);
    throw error;
  }
};

/** A passphrase, as it stands; empty means none. No message quotes it. */
export const passphrase: Reader<string> = (raw) => raw;

/** A command line for the remote shell, as it stands. */
export const command: Reader<string> = (raw) => {
  if (raw.trim() === "") throw new UsageError("must not be empty");
  if (raw.includes("\0")) throw new UsageError(`invalid command: ${quote(raw)}`);
  return raw;
};

/** A subsystem's name. RFC 4254 §6.5 */
export const subsystem: Reader<string> = text(
  "subsystem",
  (raw) => hasHidden(raw) || /\s/.test(raw),
  " (one word; a command goes to --command)",
);

/** `NAME` or `NAME=VALUE`. The value may be a secret, so no message quotes it. */
export const env: Reader<EnvEntry> = (raw) => {
  const split = raw.indexOf("=");
  const name = split < 0 ? raw : raw.slice(0, split);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new UsageError(`invalid variable name: ${quote(name)}`);
  const value = split < 0 ? undefined : raw.slice(split + 1);
  if (value?.includes("\0")) throw new UsageError(`the value of ${name} holds a NUL`);
  return { name, value };
};

/** One of a list, in exactly that case. */
export function choice<const T extends string>(choices: readonly T[]): Reader<T> {
  return (raw) => {
    const chosen = choices.find((candidate) => candidate === raw);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`invalid choice: ${quote(raw)} (choose from ${choices.map(quote).join(", ")})`);
  };
}

/** Seconds in decimals, 0.1 s to `most` seconds; becomes whole milliseconds. Nothing means "for ever". */
export function seconds(most: number): Reader<number> {
  return (raw) => {
    const value = /^[0-9]{1,9}(\.[0-9]{1,9})?$/.test(raw) ? Number(raw) : 0;
    if (value >= 0.1 && value <= most) return Math.round(value * 1000);
    throw new UsageError(`invalid time: ${quote(raw)} (seconds, from 0.1 to ${most})`);
  };
}

/** A whole number from `least` to `most`, in plain decimal digits. */
export function integer(least: number, most: number): Reader<number> {
  return (raw) => {
    const value = /^(0|[1-9][0-9]{0,14})$/.test(raw) ? Number(raw) : -1;
    if (value >= least && value <= most) return value;
    throw new UsageError(`invalid int value: ${quote(raw)} (from ${least} to ${most})`);
  };
}

/** A text as typed, safe to show, in argparse's quotes. */
export function quote(raw: string): string {
  return `'${printable(raw, 80)}'`;
}
