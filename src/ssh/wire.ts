/**
 * Wire: the data types of RFC 4251 §5, and one codec for every layout made of them. Pure; nothing here knows a message.
 *
 * A layout's key order is wire order; its type words are the RFC's, with three of our own: `text` (a string that is
 * UTF-8 or ASCII), `cookie` (byte[16] of KEXINIT) and `rest` (whatever follows, undecoded).
 */
import { ProtocolError } from "./errors.ts";

/** A field's type on the wire. RFC 4251 §5. */
export type FieldType =
  | "byte"
  | "boolean"
  | "uint32"
  | "uint64"
  | "string"
  | "text"
  | "mpint"
  | "name-list"
  | "cookie"
  | "rest";

/** Field names to wire types, in wire order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** One message: its number, its full name in the RFC, its fields. */
export interface Layout {
  readonly number: number;
  readonly name: string;
  readonly fields: Fields;
}

interface Values {
  readonly byte: number;
  readonly boolean: boolean;
  readonly uint32: number;
  readonly uint64: bigint;
  readonly string: Uint8Array;
  readonly text: string;
  readonly mpint: Uint8Array;
  readonly "name-list": readonly string[];
  readonly cookie: Uint8Array;
  readonly rest: Uint8Array;
}

/** The values of a record of fields. */
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: Values[F[K]] };

/** The values of one message's fields, as in `Message<typeof KEXINIT>`. */
export type Message<L extends Layout> = FieldValues<L["fields"]>;

/** Encodes a message: its number, then its fields. Returns a new array. RFC 4253 §6 calls it the payload. */
export function encode<L extends Layout>(layout: L, message: Message<L>): Uint8Array {
  const values: Readonly<Record<string, unknown>> = message;
  const payload = new Uint8Array(1 + sizeOf(layout.fields, values));
  payload[0] = layout.number;
  put(payload, 1, layout.fields, values);
  return payload;
}

/** Encodes fields without a message number, as in a blob or in what a signature covers. Returns a new array. */
export function encodeFields<F extends Fields>(fields: F, record: FieldValues<F>): Uint8Array {
  const values: Readonly<Record<string, unknown>> = record;
  const bytes = new Uint8Array(sizeOf(fields, values));
  put(bytes, 0, fields, values);
  return bytes;
}

/**
 * Decodes a payload whose first byte is `layout.number`. Byte fields are borrowed views of `payload`.
 * @throws ProtocolError where a field is cut short or malformed, or bytes trail. RFC 4251 §5.
 */
export function decode<L extends Layout>(layout: L, payload: Uint8Array): Message<L> {
  if (payload[0] !== layout.number) throw new TypeError(`not a ${layout.name}: message ${payload[0]}`);
  return read(layout.name, layout.fields, payload, 1) as Message<L>;
}

/**
 * Decodes a blob without a message number. `what` names it in errors. Byte fields are borrowed views of `bytes`.
 * @throws ProtocolError as `decode` does.
 */
export function decodeFields<F extends Fields>(what: string, fields: F, bytes: Uint8Array): FieldValues<F> {
  return read(what, fields, bytes, 0) as FieldValues<F>;
}

/** As `decodeFields`; undefined where the bytes are not these fields. */
export function fieldsIn<F extends Fields>(fields: F, bytes: Uint8Array): FieldValues<F> | undefined {
  try {
    return decodeFields("blob", fields, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Encodes an unsigned big-endian magnitude as an mpint with its length: no needless zeros, never negative. RFC 4251 §5. */
export function encodeMpint(magnitude: Uint8Array): Uint8Array {
  const digits = withoutLeadingZeros(magnitude);
  const sign = (digits[0] ?? 0) & 0x80 ? 1 : 0;
  const bytes = new Uint8Array(4 + sign + digits.length);
  putUint32(bytes, 0, sign + digits.length);
  bytes.set(digits, 4 + sign);
  return bytes;
}

/** Encodes a string with its length. RFC 4251 §5. */
export function encodeString(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + content.length);
  putUint32(bytes, 0, content.length);
  bytes.set(content, 4);
  return bytes;
}

/** The uint32 at a place of which the caller knows that it is there; a view would cost more than it. RFC 4251 §5. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Joins byte arrays into a new one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Whether two arrays hold the same bytes. Not constant-time: for public values only. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const utf8Encoder: TextEncoder = new TextEncoder();
const utf8Decoder: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** The text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}

/** A view of a big-endian number without the zeros before its first digit; empty for zero. */
export function withoutLeadingZeros(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0);
  return first < 0 ? magnitude.subarray(magnitude.length) : magnitude.subarray(first);
}

/** The bytes of a field whose length is its content's: strings and whatever is written like one. */
function contentOf(type: FieldType, value: unknown): Uint8Array {
  if (type === "text") return utf8(value as string);
  if (type === "name-list") return utf8((value as readonly string[]).join(","));
  if (type === "mpint") return encodeMpint(value as Uint8Array).subarray(4);
  return value as Uint8Array;
}

function sizeOf(fields: Fields, values: Readonly<Record<string, unknown>>): number {
  let size = 0;
  for (const name in fields) {
    const type = fields[name] as FieldType;
    if (type === "byte" || type === "boolean") size += 1;
    else if (type === "uint32") size += 4;
    else if (type === "uint64") size += 8;
    else if (type === "cookie" || type === "rest") size += (values[name] as Uint8Array).length;
    else size += 4 + contentOf(type, values[name]).length;
  }
  return size;
}

function put(bytes: Uint8Array, start: number, fields: Fields, values: Readonly<Record<string, unknown>>): void {
  let at = start;
  for (const name in fields) {
    const type = fields[name] as FieldType;
    const value = values[name];
    if (type === "byte" || type === "boolean") bytes[at++] = Number(value);
    else if (type === "uint32") at = putUint32(bytes, at, value as number);
    else if (type === "uint64") {
      at = putUint32(bytes, at, Number((value as bigint) >> 32n));
      at = putUint32(bytes, at, Number((value as bigint) & 0xffffffffn));
    } else {
      const content = contentOf(type, value);
      if (type !== "cookie" && type !== "rest") at = putUint32(bytes, at, content.length);
      bytes.set(content, at);
      at += content.length;
    }
  }
}

/** Writes a uint32; returns where the next field goes. RFC 4251 §5. */
export function putUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

function read(what: string, fields: Fields, bytes: Uint8Array, start: number): Readonly<Record<string, unknown>> {
  const reader = new Reader(what, bytes, start);
  const values: Record<string, unknown> = {};
  for (const name in fields) values[name] = reader.field(name, fields[name] as FieldType);
  reader.end();
  return values;
}

class Reader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(what: string, bytes: Uint8Array, start: number) {
    this.#what = what;
    this.#bytes = bytes;
    this.#at = start;
  }

  field(name: string, type: FieldType): Values[FieldType] {
    switch (type) {
      case "byte":
        return this.#bytes[this.#pass(name, 1)] as number;
      case "boolean":
        return this.#bytes[this.#pass(name, 1)] !== 0; // RFC 4251 §5: all non-zero values MUST be interpreted as TRUE
      case "uint32":
        return this.#uint32(name);
      case "uint64":
        return (BigInt(this.#uint32(name)) << 32n) | BigInt(this.#uint32(name));
      case "cookie":
        return this.#take(name, 16);
      case "rest":
        return this.#take(name, this.#bytes.length - this.#at);
      case "string":
        return this.#string(name);
      case "text":
        return fromUtf8(this.#string(name));
      case "name-list":
        return this.#nameList(name);
      case "mpint":
        return this.#mpint(name);
    }
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new ProtocolError(`${this.#what}: ${left} bytes trail its last field`, "RFC 4251 §5");
  }

  /** Steps over `length` bytes; returns where they begin. */
  #pass(name: string, length: number): number {
    const left = this.#bytes.length - this.#at;
    if (length > left) {
      throw new ProtocolError(`${this.#what}: ${name} asks for ${length} bytes, ${left} are left`, "RFC 4251 §5");
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }

  #take(name: string, length: number): Uint8Array {
    const start = this.#pass(name, length);
    return this.#bytes.subarray(start, start + length);
  }

  #uint32(name: string): number {
    return uint32At(this.#bytes, this.#pass(name, 4));
  }

  #string(name: string): Uint8Array {
    return this.#take(name, this.#uint32(name));
  }

  /** RFC 4251 §5: names have at least one character; no comma or NUL inside, US-ASCII only. */
  #nameList(name: string): readonly string[] {
    const content = this.#string(name);
    if (content.length === 0) return [];
    if (content.some((byte) => byte < 0x21 || byte > 0x7e)) {
      throw new ProtocolError(`${this.#what}: ${name} holds a byte that is not printable US-ASCII`, "RFC 4251 §6");
    }
    const names = fromUtf8(content).split(",");
    if (names.includes("")) throw new ProtocolError(`${this.#what}: ${name} holds an empty name`, "RFC 4251 §5");
    return names;
  }

  /** The magnitude, big-endian, without the sign byte. Negative and padded numbers are refused. */
  #mpint(name: string): Uint8Array {
    const digits = this.#string(name);
    const [first = 0, second = 0] = digits;
    if (first & 0x80) throw new ProtocolError(`${this.#what}: ${name} is negative`, "RFC 4251 §5");
    if (digits.length > 0 && first === 0) {
      // RFC 4251 §5: unnecessary leading bytes with the value 0 MUST NOT be included
      if ((second & 0x80) === 0) throw new ProtocolError(`${this.#what}: ${name} has needless zeros`, "RFC 4251 §5");
      return digits.subarray(1);
    }
    return digits;
  }
}
