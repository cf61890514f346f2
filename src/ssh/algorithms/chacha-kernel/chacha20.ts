/**
 * ChaCha20 by columns, four blocks at once: sixteen vectors, each with the same word of all four states, so that a quarter
 * round is done on four blocks by plain additions, xors and rotations. RFC 8439 §2.1, §2.3.
 *
 * V8 has fifteen registers for vectors on x64. The fourth row of the state therefore lies in the memory, but for the two
 * words that are worked on.
 */
import {
  type Code,
  get,
  I32,
  i32,
  type Local,
  repeatWhile,
  set,
  tee,
  V128,
  type Variables,
  v128,
} from "./assembler.ts";
import { FOURTH_ROW, NONCE_ROW, ROTATE_8, ROTATE_16, SIGMA } from "./layout.ts";

/** Sixteen bytes that lie at a fixed address. */
export function row(address: number): Code {
  return v128.load(i32.const(0), address);
}

export function keep(address: number, value: Code): Code {
  return v128.store(i32.const(0), value, address);
}

/** The word at a fixed address, for all four blocks. */
export function word(address: number): Code {
  return v128.load32_splat(i32.const(0), address);
}

/** One row of the states: four words, each of four blocks. */
type Row = readonly [Local, Local, Local, Local];

export class FourBlocks {
  readonly #a: Row;
  readonly #b: Row;
  readonly #c: Row;
  /** Two words of the fourth row, by turns the first and the last two. */
  readonly #d: readonly [Local, Local];
  /** Indices that rotate by 16 and by 8 bits: in variables, since V8 builds a constant anew at every use. */
  readonly #rotate16: Local;
  readonly #rotate8: Local;
  readonly #word: Local;
  readonly #count: Local;

  constructor(variables: Variables) {
    const local = (): Local => variables.local(V128);
    this.#a = [local(), local(), local(), local()];
    this.#b = [local(), local(), local(), local()];
    this.#c = [local(), local(), local(), local()];
    this.#d = [local(), local()];
    this.#rotate16 = local();
    this.#rotate8 = local();
    this.#word = local();
    this.#count = variables.local(I32);
  }

  /** Sets the states up: `keyWord` gives word 0 to 7 of the keys, `counters` each block's counter. */
  start(keyWord: (index: number) => Code, counters: Local): readonly Code[] {
    const [d02, d13] = this.#d;
    return [
      ...this.#a.map((a, index) => set(a, word(SIGMA + 4 * index))),
      ...this.#b.map((b, index) => set(b, keyWord(index))),
      ...this.#c.map((c, index) => set(c, keyWord(4 + index))),
      set(d02, get(counters)),
      set(d13, word(NONCE_ROW + 4)),
      keep(FOURTH_ROW + 32, word(NONCE_ROW + 8)),
      keep(FOURTH_ROW + 48, word(NONCE_ROW + 12)),
      set(this.#rotate16, row(ROTATE_16)),
      set(this.#rotate8, row(ROTATE_8)),
    ];
  }

  /**
   * The twenty rounds, RFC 8439 §2.3; `between` stands behind each two, for what can run beside them. Four rounds are one
   * turn of the loop: with two, V8 spends a fourteenth of the time on moving words about.
   */
  twenty(between: readonly Code[]): readonly Code[] {
    const twoRounds = [...this.#twoRounds(), ...between];
    return [
      set(this.#count, i32.const(5)),
      repeatWhile(get(this.#count), [
        set(this.#count, i32.sub(get(this.#count), i32.const(1))),
        ...twoRounds,
        ...twoRounds,
      ]),
    ];
  }

  /**
   * The keystream, once the rounds are done: the states that they began with are added, and `lay` gets the four rows of each
   * block. `keyAt` says where a block's key lies.
   */
  finish(
    counters: Local,
    keyAt: (block: number) => number,
    lay: (block: number, index: number, stream: Code) => readonly Code[],
  ): readonly Code[] {
    const [a0, a1] = this.#a;
    const [d0, d1] = this.#d;
    const rows = (words: Row, index: number, initial: (block: number) => number): readonly Code[] =>
      this.#transposed(words, (block, stream) => lay(block, index, v128.i32x4_add(stream, row(initial(block)))));
    return [
      ...rows(this.#a, 0, () => SIGMA),
      ...rows(this.#b, 1, keyAt),
      ...rows(this.#c, 2, (block) => keyAt(block) + 16),
      add(d0, counters),
      set(a0, row(FOURTH_ROW + 32)),
      set(a1, row(FOURTH_ROW + 48)),
      ...rows([d0, d1, a0, a1], 3, () => NONCE_ROW),
    ];
  }

  /** A column round and a diagonal round. RFC 8439 §2.3. */
  #twoRounds(): readonly Code[] {
    const [a0, a1, a2, a3] = this.#a;
    const [b0, b1, b2, b3] = this.#b;
    const [c0, c1, c2, c3] = this.#c;
    const [d02, d13] = this.#d;
    return [
      ...this.#quarterRounds([a0, b0, c0, d02], [a1, b1, c1, d13]),
      ...this.#exchange(0, 2),
      ...this.#quarterRounds([a2, b2, c2, d02], [a3, b3, c3, d13]),
      ...this.#quarterRounds([a0, b1, c2, d13], [a3, b0, c1, d02]),
      ...this.#exchange(2, 0),
      ...this.#quarterRounds([a1, b2, c3, d02], [a2, b3, c0, d13]),
    ];
  }

  /** Quarter rounds of a, b, c and d, side by side. RFC 8439 §2.1. */
  #quarterRounds(...quarters: readonly Row[]): readonly Code[] {
    const steps: readonly ((quarter: Row) => Code)[] = [
      ([a, b]) => add(a, b),
      ([a, , , d]) => set(d, v128.i8x16_swizzle(v128.xor(get(d), get(a)), get(this.#rotate16))),
      ([, , c, d]) => add(c, d),
      ([, b, c]) => set(b, this.#rotate(v128.xor(get(b), get(c)), 12)),
      ([a, b]) => add(a, b),
      ([a, , , d]) => set(d, v128.i8x16_swizzle(v128.xor(get(d), get(a)), get(this.#rotate8))),
      ([, , c, d]) => add(c, d),
      ([, b, c]) => set(b, this.#rotate(v128.xor(get(b), get(c)), 7)),
    ];
    return steps.flatMap((step) => quarters.map(step));
  }

  #rotate(words: Code, bits: number): Code {
    return v128.or(v128.i32x4_shl(tee(this.#word, words), bits), v128.i32x4_shr_u(get(this.#word), 32 - bits));
  }

  /** Puts two words of the fourth row away, which are its words `from` and the next, and takes up `to` and the next. */
  #exchange(from: 0 | 2, to: 0 | 2): readonly Code[] {
    return [
      ...this.#d.map((d, index) => keep(FOURTH_ROW + 16 * (from + index), get(d))),
      ...this.#d.map((d, index) => set(d, row(FOURTH_ROW + 16 * (to + index)))),
    ];
  }

  /** Four words of four blocks become the same row of each block; `take` gets them. The words are overwritten. */
  #transposed(words: Row, take: (block: number, row: Code) => readonly Code[]): readonly Code[] {
    const [w0, w1, w2, w3] = words;
    const w = this.#word;
    return [
      // words 0 and 1 of the first two blocks in w, of the last two in w1; words 2 and 3 in w0 and w3
      set(w, v128.i32x4_shuffle(w0, w1, [0, 4, 1, 5])),
      set(w1, v128.i32x4_shuffle(w0, w1, [2, 6, 3, 7])),
      set(w0, v128.i32x4_shuffle(w2, w3, [0, 4, 1, 5])),
      set(w3, v128.i32x4_shuffle(w2, w3, [2, 6, 3, 7])),
      ...take(0, v128.i32x4_shuffle(w, w0, [0, 1, 4, 5])),
      ...take(1, v128.i32x4_shuffle(w, w0, [2, 3, 6, 7])),
      ...take(2, v128.i32x4_shuffle(w1, w3, [0, 1, 4, 5])),
      ...take(3, v128.i32x4_shuffle(w1, w3, [2, 3, 6, 7])),
    ];
  }
}

function add(sum: Local, other: Local): Code {
  return set(sum, v128.i32x4_add(get(sum), get(other)));
}
