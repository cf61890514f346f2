/** Member splice: puts another id into a message, whose other bytes stay as they are. */
import { endOfString } from "./batch.ts";
import { joined } from "./held-bytes.ts";
import { type MessageId, stringValue } from "./message-id.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

interface Span {
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
}

/** One message, which must be well-formed, with another `id`; of a repeated one each. Copied. */
export function withId(message: Uint8Array, id: MessageId): Uint8Array {
  return replaced(message, valuesOf(message, message.indexOf(OPEN_OBJECT), "id"), id.raw);
}

/** The same for `params.requestId`. */
export function withRequestId(message: Uint8Array, id: MessageId): Uint8Array {
  const params = valuesOf(message, message.indexOf(OPEN_OBJECT), "params");
  const inObject = params.filter(({ from }) => message[from] === OPEN_OBJECT);
  return replaced(
    message,
    inObject.flatMap(({ from }) => valuesOf(message, from, "requestId")),
    id.raw,
  );
}

function replaced(message: Uint8Array, spans: readonly Span[], raw: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { from, to } of spans) {
    parts.push(message.subarray(at, from), raw);
    at = to;
  }
  return joined([...parts, message.subarray(at)]);
}

/** Where the values of the member `name` stand, in the object that opens at `open`. */
function valuesOf(bytes: Uint8Array, open: number, name: string): readonly Span[] {
  const spans: Span[] = [];
  let at = behindSpace(bytes, open + 1);
  while (at < bytes.length && bytes[at] === QUOTE) {
    const colon = behindSpace(bytes, endOfString(bytes, at) + 1);
    const key = stringValue(bytes.subarray(at, endOfString(bytes, at) + 1));
    const from = behindSpace(bytes, colon + 1);
    const to = endOfValue(bytes, from);
    if (key === name) spans.push({ from, to });
    const next = behindSpace(bytes, to);
    if (bytes[next] !== COMMA) break;
    at = behindSpace(bytes, next + 1);
  }
  return spans;
}

function behindSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= SPACE) at++;
  return at;
}

function endOfValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return at; // of what the value stands in
      depth--;
    } else if (depth === 0 && (byte === COMMA || byte <= SPACE)) return at;
    if (depth === 0 && (byte === QUOTE || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY)) return at + 1;
  }
  return bytes.length;
}
