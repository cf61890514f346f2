/**
 * Lists a WebAssembly module in the text format, read from its bytes: knows nothing of the emitter and takes none of its
 * code, so that a fault of one is not a fault of both. Refuses what it does not know. One instruction a line; assembling
 * the text gives the same bytes. WebAssembly Core Specification 2.0, chapters 5 and 6.
 */

type Operands = "none" | "index" | "block" | "memory" | "i32" | "i64" | "lane" | "shuffle";

const instructions: Readonly<Record<number, readonly [string, Operands]>> = {
  3: ["loop", "block"],
  4: ["if", "block"],
  11: ["end", "none"],
  12: ["br", "index"],
  27: ["select", "none"],
  32: ["local.get", "index"],
  33: ["local.set", "index"],
  34: ["local.tee", "index"],
  40: ["i32.load", "memory"],
  53: ["i64.load32_u", "memory"],
  54: ["i32.store", "memory"],
  62: ["i64.store32", "memory"],
  65: ["i32.const", "i32"],
  66: ["i64.const", "i64"],
  69: ["i32.eqz", "none"],
  73: ["i32.lt_u", "none"],
  80: ["i64.eqz", "none"],
  106: ["i32.add", "none"],
  107: ["i32.sub", "none"],
  113: ["i32.and", "none"],
  114: ["i32.or", "none"],
  115: ["i32.xor", "none"],
  119: ["i32.rotl", "none"],
  120: ["i32.rotr", "none"],
  124: ["i64.add", "none"],
  125: ["i64.sub", "none"],
  126: ["i64.mul", "none"],
  131: ["i64.and", "none"],
  132: ["i64.or", "none"],
  133: ["i64.xor", "none"],
  134: ["i64.shl", "none"],
  136: ["i64.shr_u", "none"],
};

/** Behind 0xfd. */
const vectorInstructions: Readonly<Record<number, readonly [string, Operands]>> = {
  0: ["v128.load", "memory"],
  9: ["v128.load32_splat", "memory"],
  11: ["v128.store", "memory"],
  13: ["i8x16.shuffle", "shuffle"],
  14: ["i8x16.swizzle", "none"],
  28: ["i32x4.replace_lane", "lane"],
  78: ["v128.and", "none"],
  80: ["v128.or", "none"],
  81: ["v128.xor", "none"],
  171: ["i32x4.shl", "none"],
  173: ["i32x4.shr_u", "none"],
  174: ["i32x4.add", "none"],
};

const valueTypes: Readonly<Record<number, string>> = { 127: "i32", 126: "i64", 123: "v128" };

/** The text of a module that has types, functions, one memory, exports, code and data, and nothing else. */
export function listing(module: Uint8Array): string {
  const reader = new Reader(module);
  if (reader.bytes(8).join() !== "0,97,115,109,1,0,0,0") throw new Error("no module of version 1");
  const types = reader.section(1, () => {
    reader.expect(0x60);
    return signature(reader.types(), reader.types());
  });
  const functions = reader.section(3, () => types[reader.unsigned()] as string);
  const memories = reader.section(5, () => {
    reader.expect(1);
    return `  (memory ${reader.unsigned()} ${reader.unsigned()})`;
  });
  const exports = reader.section(7, () => {
    const name = String.fromCharCode(...reader.bytes(reader.unsigned()));
    const kind = reader.byte() === 0 ? "func" : "memory";
    return `  (export "${name}" (${kind} ${reader.unsigned()}))`;
  });
  const code = reader.section(10, (index) => {
    const size = reader.unsigned();
    const end = reader.at + size;
    const locals = reader.vector(() => ` ${valueTypeOf(reader, reader.unsigned())}`);
    const lines = reader.instructions(end);
    return [`  (func (type ${index})${functions[index]}`, `    (local${locals.join("")})`, ...lines, "  )"].join("\n");
  });
  const data = reader.section(11, () => {
    reader.expect(0);
    const [offset] = reader.instruction();
    reader.expect(11);
    const bytes = [...reader.bytes(reader.unsigned())].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`);
    return `  (data (${offset}) "${bytes.join("")}")`;
  });
  reader.expectEnd();
  const typeLines = types.map((text) => `  (type (func${text}))`);
  return ["(module", ...typeLines, ...memories, ...exports, ...code, ...data, ")", ""].join("\n");
}

function signature(parameters: readonly string[], results: readonly string[]): string {
  const list = (word: string, names: readonly string[]): string =>
    names.length === 0 ? "" : ` (${word} ${names.join(" ")})`;
  return list("param", parameters) + list("result", results);
}

/** So many locals of the type that follows. */
function valueTypeOf(reader: Reader, count: number): string {
  const name = reader.valueType();
  return new Array<string>(count).fill(name).join(" ");
}

class Reader {
  readonly #module: Uint8Array;
  at = 0;

  constructor(module: Uint8Array) {
    this.#module = module;
  }

  byte(): number {
    const value = this.#module[this.at];
    if (value === undefined) throw new Error("the module ends too early");
    this.at += 1;
    return value;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.byte());
  }

  expect(byte: number): void {
    const found = this.byte();
    if (found !== byte) throw new Error(`byte ${found} at ${this.at - 1}, expected ${byte}`);
  }

  expectEnd(): void {
    if (this.at !== this.#module.length) throw new Error("bytes behind the last section");
  }

  unsigned(): number {
    return Number(BigInt.asUintN(32, this.#leb128(false)));
  }

  vector<T>(read: (index: number) => T): readonly T[] {
    return Array.from({ length: this.unsigned() }, (_, index) => read(index));
  }

  section<T>(id: number, read: (index: number) => T): readonly T[] {
    this.expect(id);
    const end = this.unsigned() + this.at;
    const entries = this.vector(read);
    if (this.at !== end) throw new Error(`section ${id} does not end where it says`);
    return entries;
  }

  valueType(): string {
    const name = valueTypes[this.byte()];
    if (name === undefined) throw new Error(`an unknown type at ${this.at - 1}`);
    return name;
  }

  types(): readonly string[] {
    return this.vector(() => this.valueType());
  }

  /** A function's instructions, indented; the `end` at `end` belongs to the function. */
  instructions(end: number): readonly string[] {
    const lines: string[] = [];
    let depth = 2;
    while (this.at < end - 1) {
      const [text, name] = this.instruction();
      if (name === "end") depth -= 1;
      lines.push("  ".repeat(depth) + text);
      if (name === "loop" || name === "if") depth += 1;
    }
    this.expect(11);
    if (depth !== 2) throw new Error("blocks that do not end");
    return lines;
  }

  /** The text of one, and its name. */
  instruction(): readonly [string, string] {
    const opcode = this.byte();
    const found = opcode === 0xfd ? vectorInstructions[this.unsigned()] : instructions[opcode];
    if (found === undefined) throw new Error(`an unknown instruction at ${this.at - 1}`);
    const [name, operands] = found;
    return [name + this.#operands(operands), name];
  }

  #operands(kind: Operands): string {
    if (kind === "none") return "";
    if (kind === "block") return this.expect(0x40) ?? "";
    if (kind === "memory") return this.#memoryOperands();
    if (kind === "lane") return ` ${this.byte()}`;
    if (kind === "shuffle") return ` ${this.bytes(16).join(" ")}`;
    if (kind === "index") return ` ${this.unsigned()}`;
    return ` ${this.#leb128(true)}`;
  }

  #memoryOperands(): string {
    this.expect(0); // an alignment of 1
    return ` offset=${this.unsigned()} align=1`;
  }

  #leb128(isSigned: boolean): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.byte());
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return isSigned ? BigInt.asIntN(Number(shift) + 7, value) : value;
    }
  }
}
