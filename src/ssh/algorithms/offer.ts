/**
 * Offer: a table narrowed or put in another order, in the words of ssh_config(5): a list of names, or one that begins with
 * `+` (put these behind), `-` (leave these out, `*` and `?` match) or `^` (put these first). Pure.
 */
import { SshError } from "../errors.ts";
import { printable } from "../printable.ts";
import type { AlgorithmTable } from "./interfaces.ts";

/** What to do with three of the table's lists; undefined: nothing. */
export interface Offer {
  readonly kex?: string | undefined;
  readonly ciphers?: string | undefined;
  readonly macs?: string | undefined;
}

/** A name that nobody here knows, or a list of which nothing is left. */
export class OfferError extends SshError {
  override readonly name = "OfferError";
}

/** @throws OfferError, which names what is known */
export function offering(table: AlgorithmTable, { kex, ciphers, macs }: Offer): AlgorithmTable {
  return {
    ...table,
    kex: arranged("key exchange method", table.kex, kex),
    cipher: arranged("cipher", table.cipher, ciphers),
    mac: arranged("MAC", table.mac, macs),
  };
}

function arranged<T>(
  what: string,
  rows: Readonly<Record<string, T>>,
  spec: string | undefined,
): Readonly<Record<string, T>> {
  if (spec === undefined) return rows;
  const [, sign = "", list = ""] = /^([-+^]?)(.*)$/s.exec(spec) ?? [];
  const known = Object.keys(rows);
  const given = list.split(",");
  const unknown = sign === "-" ? undefined : given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OfferError(`unknown ${what} ${printable(`"${unknown}"`, 80)}; known are ${known.join(", ")}`);
  }
  const names = namesFor(sign, given, known);
  if (names.length === 0) throw new OfferError(`no ${what} is left to offer; known are ${known.join(", ")}`);
  return Object.fromEntries(names.map((name) => [name, rows[name] as T]));
}

function namesFor(sign: string, given: readonly string[], known: readonly string[]): readonly string[] {
  if (sign === "-") return known.filter((name) => !given.some((pattern) => isMatch(pattern, name)));
  const others = known.filter((name) => !given.includes(name));
  if (sign === "^") return [...given, ...others];
  return sign === "+" ? known : given; // all that is known is offered already
}

function isMatch(pattern: string, name: string): boolean {
  const source = pattern.replace(/[^*?]/g, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`, "u").test(name);
}
