/**
 * Poly1305 on 64-bit integers, which leaves the vector units to ChaCha20. Numbers are four digits of 32 bits, the least
 * first; h's last one is longer and holds all that passes 2^128. r's digits are below 2^28, so that a column of products
 * never overflows and no carry is needed within one. RFC 8439 §2.5; README.md has the bounds.
 */
import { type Code, get, I64, i32, i64, type Local, set, type Variables, v128 } from "./assembler.ts";
import { KEEP, LAST_BLOCK, MARK, POLY_KEY } from "./layout.ts";

const digit = 0xffff_ffffn;

export class Poly1305 {
  /** The accumulator. Between blocks h0 is below 2^34, h1 and h2 below 2^32, h3 below 2^34. */
  readonly #h: readonly Local[];
  readonly #r: readonly Local[];
  /** 5/4 of r1 to r3, at their places: what a product weighs that passes 2^130. */
  readonly #s: readonly Local[];
  /** A block's columns. */
  readonly #d: readonly Local[];
  /** What a whole block has beyond its digits: 2^32, which in h3's place is 2^128; 0 for a last one that has its 1 in itself. */
  readonly #top: Local;

  constructor(variables: Variables) {
    const digits = (count: number): readonly Local[] => Array.from({ length: count }, () => variables.local(I64));
    this.#h = digits(4);
    this.#r = digits(4);
    this.#s = digits(4);
    this.#d = digits(4);
    this.#top = variables.local(I64);
  }

  /** Takes r, clamped, and h = 0. RFC 8439 §2.5.1. */
  prepare(): readonly Code[] {
    const clamps = [0x0fff_ffffn, 0x0fff_fffcn, 0x0fff_fffcn, 0x0fff_fffcn];
    return [
      ...this.#r.map((r, at) => set(r, i64.and(word(POLY_KEY + 4 * at), i64.const(clamps[at] as bigint)))),
      ...this.#s.map((s, at) => set(s, i64.add(this.#rAt(at), i64.shr_u(this.#rAt(at), i64.const(2n))))),
      set(this.#top, i64.const(1n << 32n)),
    ];
  }

  /** Takes the sixteen bytes at `at` in, and moves `at` behind them: h = (h + block) r. */
  block(at: Local): readonly Code[] {
    const [h0, h1, h2, h3] = this.#h as [Local, Local, Local, Local];
    const [r0, r1, r2, r3] = this.#r as [Local, Local, Local, Local];
    const [, s1, s2, s3] = this.#s as [Local, Local, Local, Local];
    const [d0, d1, d2, d3] = this.#d as [Local, Local, Local, Local];
    return [
      ...this.#h.map((h, index) => increase(h, i64.load32_u(get(at), 4 * index))),
      increase(h3, get(this.#top)),
      set(at, i32.add(get(at), i32.const(16))),
      // h0 is known last: its products are added last.
      set(d0, sum([times(h3, s1), times(h2, s2), times(h1, s3), times(h0, r0)])),
      set(d1, sum([times(h3, s2), times(h2, s3), times(h1, r0), times(h0, r1)])),
      set(d2, sum([times(h3, s3), times(h2, r0), times(h1, r1), times(h0, r2)])),
      set(d3, sum([times(h3, r0), times(h2, r1), times(h1, r2), times(h0, r3)])),
      increase(d1, carryOf(d0)),
      increase(d2, carryOf(d1)),
      increase(d3, carryOf(d2)),
      set(h1, digitOf(d1)),
      set(h2, digitOf(d2)),
      set(h3, i64.and(get(d3), i64.const(0x3_ffff_ffffn))),
      // What passes 2^130 comes back five times: as it is, and as four times.
      set(d3, i64.shr_u(get(d3), i64.const(34n))),
      set(h0, sum([digitOf(d0), get(d3), i64.shl(get(d3), i64.const(2n))])),
    ];
  }

  /** Copies the last block, shorter than sixteen bytes, to where it can have its 1 and its zeros; `at` then points there. */
  lastBlock(at: Local, end: Local): readonly Code[] {
    const table = i32.sub(i32.const(16), i32.sub(get(end), get(at))); // so that the tables' 16th byte falls on the end
    const kept = v128.and(v128.load(get(at)), v128.load(table, KEEP));
    return [
      v128.store(i32.const(0), v128.or(kept, v128.load(table, MARK)), LAST_BLOCK),
      set(at, i32.const(LAST_BLOCK)),
      set(end, i32.const(LAST_BLOCK + 16)),
      set(this.#top, i64.const(0n)),
    ];
  }

  /** Makes h the tag: h modulo 2^130-5, plus s, modulo 2^128. RFC 8439 §2.5.1. */
  tag(): readonly Code[] {
    const [h0, h1, h2, h3] = this.#h as [Local, Local, Local, Local];
    const [g0, g1, g2, g3] = this.#d as [Local, Local, Local, Local];
    const mask = this.#top;
    // g = h + 5 reaches 2^130 exactly where h reaches 2^130 - 5; then g's low digits are the ones.
    const low = [h0, h1, h2, h3].map((h, at) => {
      const g = this.#d[at] as Local;
      return set(h, i64.xor(get(h), i64.and(i64.xor(get(h), digitOf(g)), get(mask))));
    });
    return [
      increase(h1, carryOf(h0)),
      set(h0, digitOf(h0)),
      increase(h2, carryOf(h1)),
      set(h1, digitOf(h1)),
      increase(h3, carryOf(h2)),
      set(h2, digitOf(h2)),
      set(g0, i64.add(get(h0), i64.const(5n))),
      set(g1, i64.add(get(h1), carryOf(g0))),
      set(g2, i64.add(get(h2), carryOf(g1))),
      set(g3, i64.add(get(h3), carryOf(g2))),
      set(mask, i64.sub(i64.const(0n), i64.shr_u(get(g3), i64.const(34n)))), // all ones, or 0
      ...low,
      increase(h0, word(POLY_KEY + 16)),
      increase(h1, i64.add(word(POLY_KEY + 20), carryOf(h0))),
      increase(h2, i64.add(word(POLY_KEY + 24), carryOf(h1))),
      increase(h3, i64.add(word(POLY_KEY + 28), carryOf(h2))),
    ];
  }

  /** Writes the tag to `at`. */
  writeTag(at: Local): readonly Code[] {
    return this.#h.map((h, index) => i64.store32(get(at), get(h), 4 * index));
  }

  /** 0 if the tag stands at `at`: all bits of it are compared. */
  tagDifference(at: Local): Code {
    return this.#h
      .map((h, index) => i64.xor(digitOf(h), i64.load32_u(get(at), 4 * index)))
      .reduce((left, right) => i64.or(left, right));
  }

  #rAt(index: number): Code {
    return get(this.#r[index] as Local);
  }
}

function word(address: number): Code {
  return i64.load32_u(i32.const(0), address);
}

function increase(variable: Local, by: Code): Code {
  return set(variable, i64.add(get(variable), by));
}

function times(left: Local, right: Local): Code {
  return i64.mul(get(left), get(right));
}

function sum(terms: readonly Code[]): Code {
  return terms.reduce((left, right) => i64.add(left, right));
}

function carryOf(variable: Local): Code {
  return i64.shr_u(get(variable), i64.const(32n));
}

function digitOf(variable: Local): Code {
  return i64.and(get(variable), i64.const(digit));
}
