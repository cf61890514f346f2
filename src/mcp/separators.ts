/**
 * Separators: raw U+2028, U+2029 and U+0085 written as JSON escapes. JSON allows them in strings as they are; a server
 * that splits its input with Python's `splitlines()` tears a message at each. Nothing else of the bytes changes.
 */

const NEL_1 = 0xc2;
const NEL_2 = 0x85;
const SEPARATOR_1 = 0xe2;
const SEPARATOR_2 = 0x80;
const LINE_SEPARATOR_3 = 0xa8;
const PARAGRAPH_SEPARATOR_3 = 0xa9;

const escapeOf = (spelling: string): Uint8Array => new TextEncoder().encode(spelling);
const NEL: Uint8Array = escapeOf("\\u0085");
const LINE_SEPARATOR: Uint8Array = escapeOf("\\u2028");
const PARAGRAPH_SEPARATOR: Uint8Array = escapeOf("\\u2029");

/** What stands at a place in the text: a character to be escaped, the beginning of what may be one, or neither. */
type Found = { readonly escape: Uint8Array; readonly length: number } | "begun" | undefined;

/** Escapes a stream of bytes, cut anywhere: `push` each chunk, then `end`. */
export class SeparatorEscaper {
  /** The bytes of a character that has begun in the last chunk: two at most. */
  #begun: Uint8Array = new Uint8Array(0);

  /** Views of the chunk, borrowed for good, and what was put in. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#begun.length === 0 ? chunk : Uint8Array.of(...this.#begun, ...chunk.subarray(0, 2));
    if (bytes === chunk) return this.#escape(chunk);
    const rest = chunk.subarray(2);
    this.#begun = new Uint8Array(0);
    const parts = this.#escape(bytes);
    return rest.length === 0 ? parts : [...parts, ...this.push(rest)];
  }

  /** What is left of a character that was never whole. */
  end(): Uint8Array[] {
    const begun = this.#begun;
    this.#begun = new Uint8Array(0);
    return begun.length === 0 ? [] : [begun];
  }

  #escape(bytes: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = nextLead(bytes, 0); at < bytes.length; at = nextLead(bytes, at + 1)) {
      const found = characterAt(bytes, at);
      if (found === undefined) continue;
      if (at > from) parts.push(bytes.subarray(from, at));
      if (found === "begun") {
        this.#begun = bytes.slice(at);
        return parts;
      }
      parts.push(found.escape);
      from = at + found.length;
    }
    if (from < bytes.length) parts.push(bytes.subarray(from));
    return parts;
  }
}

/** Where the next character may begin; the length where there is none. */
function nextLead(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === SEPARATOR_1 || bytes[at] === NEL_1) return at;
  return bytes.length;
}

function characterAt(bytes: Uint8Array, at: number): Found {
  const [, second, third] = bytes.subarray(at, at + 3);
  if (second === undefined) return "begun";
  if (bytes[at] === NEL_1) return second === NEL_2 ? { escape: NEL, length: 2 } : undefined;
  if (second !== SEPARATOR_2) return undefined;
  if (third === undefined) return "begun";
  if (third === LINE_SEPARATOR_3) return { escape: LINE_SEPARATOR, length: 3 };
  return third === PARAGRAPH_SEPARATOR_3 ? { escape: PARAGRAPH_SEPARATOR, length: 3 } : undefined;
}
