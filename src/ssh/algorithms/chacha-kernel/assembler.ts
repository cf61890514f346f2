/**
 * Assembler: WebAssembly's binary format, as far as the kernel needs it. An instruction is a list of bytes; an operand
 * stands before the instruction that takes it, so nested calls read like an expression. Knows nothing of ciphers.
 * WebAssembly Core Specification 2.0, chapter 5; the numbers are those of its index of instructions.
 */

/** Instructions, encoded. */
export type Code = readonly number[];

/** Value types, by their numbers. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof I64 | typeof V128;

/** A local variable of a function, by its index. */
export interface Local {
  readonly index: number;
}

export function get({ index }: Local): Code {
  return [0x20, ...unsigned(index)];
}

export function set({ index }: Local, value: Code): Code {
  return [...value, 0x21, ...unsigned(index)];
}

/** Sets, and leaves the value as an operand. */
export function tee({ index }: Local, value: Code): Code {
  return [...value, 0x22, ...unsigned(index)];
}

/** `whenTrue` unless `condition` is 0; both are computed. */
export function select(whenTrue: Code, whenFalse: Code, condition: Code): Code {
  return [...whenTrue, ...whenFalse, ...condition, 0x1b];
}

export function when(condition: Code, body: readonly Code[]): Code {
  return [...condition, 0x04, noResult, ...body.flat(), end];
}

/** Runs `body` as long as `condition` is not 0, which is asked first. */
export function repeatWhile(condition: Code, body: readonly Code[]): Code {
  return [0x03, noResult, ...condition, 0x04, noResult, ...body.flat(), 0x0c, 1, end, end];
}

const noResult = 0x40;
const end = 0x0b;

type Binary = (left: Code, right: Code) => Code;

/** Loads and stores are little-endian; `offset` is added to `address` without wrapping around. */
type Load = (address: Code, offset?: number) => Code;
type Store = (address: Code, value: Code, offset?: number) => Code;

export const i32: Readonly<Record<"add" | "sub" | "and" | "or" | "xor" | "rotl" | "rotr" | "lt_u", Binary>> & {
  readonly const: (value: number) => Code;
  readonly eqz: (value: Code) => Code;
  readonly load: Load;
  readonly store: Store;
} = {
  const: (value) => [0x41, ...signed(BigInt(value))],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  rotl: binary(0x77),
  rotr: binary(0x78),
  lt_u: binary(0x49),
  /** 1 for 0, else 0. */
  eqz: (value) => [...value, 0x45],
  load: load(0x28),
  store: store(0x36),
};

export const i64: Readonly<Record<"add" | "sub" | "mul" | "and" | "or" | "xor" | "shl" | "shr_u", Binary>> & {
  readonly const: (value: bigint) => Code;
  readonly eqz: (value: Code) => Code;
  readonly load32_u: Load;
  readonly store32: Store;
} = {
  const: (value) => [0x42, ...signed(value)],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  shr_u: binary(0x88),
  /** 1 for 0, else 0, in 32 bits. */
  eqz: (value) => [...value, 0x50],
  load32_u: load(0x35),
  store32: store(0x3e),
};

/** Sixteen bytes; `i32x4` in a name takes them as four words, `i8x16` one by one. */
export const v128: Readonly<Record<"and" | "or" | "xor" | "i32x4_add" | "i8x16_swizzle", Binary>> & {
  readonly load: Load;
  readonly store: Store;
  /** A word four times. */
  readonly load32_splat: Load;
  /** Words of two vectors: `lanes` are 0 to 3 for those of `left`, 4 to 7 for those of `right`. */
  readonly i32x4_shuffle: (left: Local, right: Local, lanes: readonly [number, number, number, number]) => Code;
  readonly i32x4_replace_lane: (value: Code, lane: number, word: Code) => Code;
  readonly i32x4_shl: (value: Code, bits: number) => Code;
  readonly i32x4_shr_u: (value: Code, bits: number) => Code;
} = {
  load: load(0xfd, 0x00),
  store: store(0xfd, 0x0b),
  and: binary(0xfd, 0x4e),
  or: binary(0xfd, 0x50),
  xor: binary(0xfd, 0x51),
  i32x4_add: binary(0xfd, 0xae, 0x01),
  i8x16_swizzle: binary(0xfd, 0x0e),
  load32_splat: load(0xfd, 0x09),
  i32x4_shuffle: (left, right, lanes) => [
    ...get(left),
    ...get(right),
    0xfd,
    0x0d,
    ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
  ],
  i32x4_replace_lane: (value, lane, word) => [...value, ...word, 0xfd, 0x1c, lane],
  i32x4_shl: (value, bits) => [...value, ...i32.const(bits), 0xfd, 0xab, 0x01],
  i32x4_shr_u: (value, bits) => [...value, ...i32.const(bits), 0xfd, 0xad, 0x01],
};

function binary(...opcode: readonly number[]): Binary {
  return (left, right) => [...left, ...right, ...opcode];
}

/** The alignment of every access is said to be 1: any address will do. */
function load(...opcode: readonly number[]): Load {
  return (address, offset = 0) => [...address, ...opcode, 0, ...unsigned(offset)];
}

function store(...opcode: readonly number[]): Store {
  return (address, value, offset = 0) => [...address, ...value, ...opcode, 0, ...unsigned(offset)];
}

/** One function of a module; `name` if it is exported. */
export interface FunctionSource {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** The types of its locals behind the parameters. */
  readonly locals: readonly ValueType[];
  readonly body: readonly Code[];
}

/** Bytes that stand in the memory from the start. */
export interface Data {
  readonly address: number;
  readonly bytes: readonly number[];
}

/** A module with one memory of `pages` (64 KiB each), which never grows. All is exported: the functions, and `memory`. */
export function assemble(functions: readonly FunctionSource[], pages: number, data: readonly Data[]): Uint8Array {
  const types = functions.map(({ parameters, results }) => [0x60, ...vector(parameters), ...vector(results)]);
  const exports = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]);
  const code = functions.map((source) => sized([...localGroups(source.locals), ...source.body.flat(), end]));
  const segments = data.map(({ address, bytes }) => [0x00, ...i32.const(address), end, ...vector(bytes)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, types),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0x01, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(7, [...exports, [...text("memory"), 0x02, 0]]),
    ...section(10, code),
    ...section(11, segments),
  ]);
}

function section(id: number, entries: readonly Code[]): Code {
  return [id, ...sized([...unsigned(entries.length), ...entries.flat()])];
}

function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

function vector(bytes: Code): Code {
  return sized(bytes);
}

function text(ascii: string): Code {
  return sized([...ascii].map((letter) => letter.charCodeAt(0)));
}

/** The variables of one function: its parameters, then its locals, which begin as zeros. */
export class Variables {
  readonly #parameters: readonly ValueType[];
  readonly #locals: ValueType[] = [];

  constructor(...parameters: readonly ValueType[]) {
    this.#parameters = parameters;
  }

  parameter(index: number): Local {
    if (index >= this.#parameters.length) throw new RangeError("no such parameter");
    return { index };
  }

  local(type: ValueType): Local {
    return { index: this.#parameters.length + this.#locals.push(type) - 1 };
  }

  toFunction(name: string, results: readonly ValueType[], body: readonly Code[]): FunctionSource {
    return { name, parameters: this.#parameters, results, locals: this.#locals, body };
  }
}

/** Neighbours of one type stand as their count and the type. */
function localGroups(locals: readonly ValueType[]): Code {
  const groups: { count: number; readonly type: ValueType }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count += 1;
    else groups.push({ count: 1, type });
  }
  return [...unsigned(groups.length), ...groups.flatMap(({ count, type }) => [...unsigned(count), type])];
}

/** LEB128, as lengths and indices have it. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** LEB128 in two's complement, as constants have it. */
function signed(value: bigint): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    const isLast = rest >> 6n === 0n || rest >> 6n === -1n;
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}
