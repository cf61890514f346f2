/**
 * DER: the encoding inside PEM key files (ITU-T X.690), read strictly: definite lengths in their shortest form, integers
 * in their shortest form and not negative, no bytes behind the end. Pure.
 *
 * Law: no message repeats what stands in the file, not even a length: the secret may have slipped to that place.
 */
import { KeyFormatError } from "./errors.ts";

/** The tags that key files use. A context tag is what it is with its number: `[0]` constructed, `[1]` primitive... */
export const TAG = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  SEQUENCE: 0x30,
  CONTEXT_0: 0xa0,
  CONTEXT_1: 0xa1,
  CONTEXT_1_PRIMITIVE: 0x81,
} as const;

/** Reads the elements of one constructed value, in order. Byte values are borrowed views. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @throws KeyFormatError, as all that it reads does */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The tag of the next element; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The content of the next element, which must have this tag. */
  take(tag: number): Uint8Array {
    if (this.tag !== tag) throw wrong("has another kind of value than its format asks for");
    this.#at += 1;
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw wrong("is cut short");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The content of the next element if it has this tag. */
  optional(tag: number): Uint8Array | undefined {
    return this.tag === tag ? this.take(tag) : undefined;
  }

  /** The content of the next element, which must be the last. */
  only(tag: number): Uint8Array {
    const content = this.take(tag);
    this.end();
    return content;
  }

  sequence(): DerReader {
    return new DerReader(this.take(TAG.SEQUENCE));
  }

  octetString(): Uint8Array {
    return this.take(TAG.OCTET_STRING);
  }

  /** The magnitude, big-endian, without the sign byte; empty for zero. X.690 8.3. */
  integer(): Uint8Array {
    const digits = this.take(TAG.INTEGER);
    const [first, second = 0x80] = digits;
    if (first === undefined) throw wrong("has a number without digits");
    if (first & 0x80) throw wrong("has a negative number");
    if (first === 0 && (second & 0x80) === 0) throw wrong("has a number that begins with needless zeros");
    return first === 0 ? digits.subarray(1) : digits;
  }

  /** An integer of at most 48 bits. */
  smallInteger(): number {
    const digits = this.integer();
    if (digits.length > 6) throw wrong("has a number that is far too large");
    return digits.reduce((number, byte) => number * 256 + byte, 0);
  }

  /** In dots, as in `1.2.840.113549.1.1.1`. X.690 8.19. */
  objectIdentifier(): string {
    const bytes = this.take(TAG.OBJECT_IDENTIFIER);
    const arcs: number[] = [];
    let arc = 0;
    let isWithin = false;
    for (const byte of bytes) {
      if ((!isWithin && byte === 0x80) || arc >= 2 ** 40) throw wrong("has a name that is none");
      arc = arc * 128 + (byte & 0x7f);
      isWithin = byte >= 0x80;
      if (isWithin) continue;
      arcs.push(arc);
      arc = 0;
    }
    const [first, ...others] = arcs;
    if (first === undefined || isWithin) throw wrong("has a name that is none");
    const top = Math.min(Math.floor(first / 40), 2);
    return [top, first - 40 * top, ...others].join(".");
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw wrong("has more values than its format asks for");
  }

  /** X.690 8.1.3, 10.1. */
  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0) throw wrong("has an indefinite length");
    if (count > 4) throw wrong("is cut short");
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw wrong("has a length in a longer form than it needs");
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw wrong("is cut short");
    this.#at += 1;
    return byte;
  }
}

/** The bytes of a BIT STRING's content, of which all bits must be used. X.690 8.6. */
export function bytesOfBits(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw wrong("has bits that are no whole bytes");
  return content.subarray(1);
}

/** Whether the bytes are one DER sequence from end to end, by tag and length. */
export function isSequence(bytes: Uint8Array): boolean {
  try {
    new DerReader(bytes).only(TAG.SEQUENCE);
    return true;
  } catch (error) {
    if (error instanceof KeyFormatError) return false;
    throw error;
  }
}

function wrong(what: string): KeyFormatError {
  return new KeyFormatError(`this private key is damaged: its DER ${what}`);
}
