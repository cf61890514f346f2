/**
 * ChaCha20 by rows: a block's state is four vectors, a to d, of one row each, and three blocks are worked side by side, so
 * that the processor always has another one to go on with. Three times four rows, two masks and a word in between are as
 * many vectors as V8 has registers for on x64. RFC 8439 §2.1, §2.3.
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
import { ROTATE_8, ROTATE_16, SIGMA } from "./layout.ts";

/** One block's rows. */
export interface Block {
  readonly a: Local;
  readonly b: Local;
  readonly c: Local;
  readonly d: Local;
}

/** A row of 16 bytes that lies at a fixed address. */
export function row(address: number): Code {
  return v128.load(i32.const(0), address);
}

export function block(variables: Variables): Block {
  const rowOf = (): Local => variables.local(V128);
  return { a: rowOf(), b: rowOf(), c: rowOf(), d: rowOf() };
}

/** Sets the state up: the constant, the key that lies at `key`, and `last`, the row of counter and nonce. */
export function start({ a, b, c, d }: Block, key: number, last: Code): readonly Code[] {
  return [set(a, row(SIGMA)), set(b, row(key)), set(c, row(key + 16)), set(d, last)];
}

/** The four rows of keystream, once the rounds are done: the state that they began with is added. */
export function finish({ a, b, c, d }: Block, key: number, last: Code): readonly Code[] {
  return [
    v128.i32x4_add(get(a), row(SIGMA)),
    v128.i32x4_add(get(b), row(key)),
    v128.i32x4_add(get(c), row(key + 16)),
    v128.i32x4_add(get(d), last),
  ];
}

/** The twenty rounds. */
export class Rounds {
  readonly #count: Local;
  readonly #rotate16: Local;
  readonly #rotate8: Local;
  readonly #word: Local;

  constructor(variables: Variables) {
    this.#count = variables.local(I32);
    this.#rotate16 = variables.local(V128);
    this.#rotate8 = variables.local(V128);
    this.#word = variables.local(V128);
  }

  /** To be done once: the masks are loaded here, since V8 builds a constant vector anew wherever it stands. */
  prepare(): readonly Code[] {
    return [set(this.#rotate16, row(ROTATE_16)), set(this.#rotate8, row(ROTATE_8))];
  }

  /** Ten double rounds of all `blocks`; `between` stands behind each, for what can run beside them. */
  twenty(blocks: readonly Block[], between: readonly Code[]): readonly Code[] {
    const doubleRound = [
      ...this.#quarterRounds(blocks),
      ...blocks.flatMap(({ b, c, d }) => [turn(b, 1), turn(c, 2), turn(d, 3)]), // columns become diagonals
      ...this.#quarterRounds(blocks),
      ...blocks.flatMap(({ b, c, d }) => [turn(b, 3), turn(c, 2), turn(d, 1)]),
    ];
    return [
      set(this.#count, i32.const(10)),
      repeatWhile(get(this.#count), [
        set(this.#count, i32.sub(get(this.#count), i32.const(1))),
        ...doubleRound,
        ...between,
      ]),
    ];
  }

  /** Four quarter rounds at once in each block, one step of all blocks after the other. RFC 8439 §2.1. */
  #quarterRounds(blocks: readonly Block[]): readonly Code[] {
    const steps: readonly ((block: Block) => readonly Code[])[] = [
      ({ a, b }) => [add(a, b)],
      ({ d, a }) => [set(d, v128.i8x16_swizzle(v128.xor(get(d), get(a)), get(this.#rotate16)))],
      ({ c, d }) => [add(c, d)],
      ({ b, c }) => [set(b, this.#rotate(v128.xor(get(b), get(c)), 12))],
      ({ a, b }) => [add(a, b)],
      ({ d, a }) => [set(d, v128.i8x16_swizzle(v128.xor(get(d), get(a)), get(this.#rotate8)))],
      ({ c, d }) => [add(c, d)],
      ({ b, c }) => [set(b, this.#rotate(v128.xor(get(b), get(c)), 7))],
    ];
    return steps.flatMap((step) => blocks.flatMap(step));
  }

  #rotate(words: Code, bits: number): Code {
    return v128.or(v128.i32x4_shl(tee(this.#word, words), bits), v128.i32x4_shr_u(get(this.#word), 32 - bits));
  }
}

function add(sum: Local, other: Local): Code {
  return set(sum, v128.i32x4_add(get(sum), get(other)));
}

/** Turns a row by so many words to the left. */
function turn(words: Local, by: 1 | 2 | 3): Code {
  return set(words, v128.i32x4_shuffle(words, [by, (by + 1) % 4, (by + 2) % 4, (by + 3) % 4]));
}
