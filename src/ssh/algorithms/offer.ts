/**
 * Offer: a table narrowed or put in another order, in the words of ssh_config(5): a list of names, or one that begins with
 * `+` (put these behind), `-` (leave these out) or `^` (put these first). In lists that were written for ssh `*` and `?`
 * match, which its own takes for host keys everywhere and for the others behind `-`. Pure.
 */
import { SshError } from "../errors.ts";
import { isPatternListMatch, isPatternMatch } from "../host-pattern.ts";
import { printable } from "../printable.ts";
import type { AlgorithmTable } from "./interfaces.ts";

/** What to do with four of the table's lists; undefined: nothing. */
export interface Offer {
  readonly kex?: string | undefined;
  readonly hostKeys?: string | undefined;
  readonly ciphers?: string | undefined;
  readonly macs?: string | undefined;
}

/** A name that nobody here knows, or a list of which nothing is left. */
export class OfferError extends SshError {
  override readonly name = "OfferError";
}

/**
 * `unknown`: what becomes of names that we do not have. A list that was written for ssh may well hold some.
 * @throws OfferError, which names what is known
 */
export function offering(
  table: AlgorithmTable,
  { kex, hostKeys, ciphers, macs }: Offer,
  unknown: "refused" | "passed over" = "refused",
): AlgorithmTable {
  return {
    ...table,
    kex: arranged("key exchange method", table.kex, kex, unknown),
    hostKey: arranged("host key algorithm", table.hostKey, hostKeys, unknown),
    cipher: arranged("cipher", table.cipher, ciphers, unknown),
    mac: arranged("MAC", table.mac, macs, unknown),
  };
}

/** The table with these host key algorithms only, all where none are named. @throws RangeError where it has one of them not. */
export function withHostKeys(from: AlgorithmTable, names: readonly string[] | undefined): AlgorithmTable {
  if (names === undefined) return from;
  if (names.length === 0) throw new RangeError("hostKeyAlgorithms is empty");
  const rows = names.map((name) => {
    const row = Object.hasOwn(from.hostKey, name) ? from.hostKey[name] : undefined;
    if (row === undefined) throw new RangeError(`no host key algorithm ${name}`);
    return [name, row] as const;
  });
  return { ...from, hostKey: Object.fromEntries(rows) };
}

function arranged<T>(
  what: string,
  rows: Readonly<Record<string, T>>,
  spec: string | undefined,
  unknown: "refused" | "passed over",
): Readonly<Record<string, T>> {
  if (spec === undefined) return rows;
  const [, sign = "", list = ""] = /^([-+^]?)(.*)$/s.exec(spec) ?? [];
  const known = Object.keys(rows);
  const given = list.split(",");
  const strange = sign === "-" ? undefined : given.find((name) => !known.includes(name));
  if (strange !== undefined && unknown === "refused") {
    throw new OfferError(`unknown ${what} ${printable(`"${strange}"`, 80)}; known are ${known.join(", ")}`);
  }
  const names = namesFor(sign, given, known);
  if (names.length === 0) {
    throw new OfferError(
      `no ${what} is left to offer of ${printable(`"${spec}"`, 200)}; known are ${known.join(", ")}`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, rows[name] as T]));
}

function namesFor(sign: string, given: readonly string[], known: readonly string[]): readonly string[] {
  if (sign === "-") return known.filter((name) => !isPatternListMatch(given, name));
  if (sign === "+") return known; // all that is known is offered already
  const named = given.flatMap((pattern) => known.filter((name) => isPatternMatch(pattern, name)));
  return sign === "^" ? [...named, ...known] : named; // the first of two counts
}
