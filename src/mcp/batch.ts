/** Batch: the members of a JSON array of messages as bytes, taken apart and put together again unchanged. */
import { joined } from "./held-bytes.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const opening: Uint8Array = Uint8Array.of(OPEN_ARRAY);
const comma: Uint8Array = Uint8Array.of(COMMA);
const closing: Uint8Array = Uint8Array.of(CLOSE_ARRAY);

/** Whether a line that is a message, or will be one, is an array of them. */
export function isBatch(chunks: readonly Uint8Array[]): boolean {
  for (const chunk of chunks) for (const byte of chunk) if (byte > 0x20) return byte === OPEN_ARRAY;
  return false;
}

/** The members of a line that is a batch, each with the spaces about it. Views. */
export function batchMembers(line: Uint8Array): Uint8Array[] {
  const [open = 0, ...ends] = batchCuts([line]);
  return ends.map((end, index) => line.subarray((ends[index - 1] ?? open) + 1, end));
}

/** The messages of a line: itself, or the members of a batch. Views. */
export function messagesIn(chunks: readonly Uint8Array[]): Uint8Array[] {
  const line = joined(chunks);
  return isBatch(chunks) ? batchMembers(line) : [line];
}

/** The line again, with others for its messages. */
export function withMessages(chunks: readonly Uint8Array[], messages: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!isBatch(chunks)) return messages;
  const line = joined(chunks);
  return [batchOf(messages), line.subarray(line.lastIndexOf(CLOSE_ARRAY) + 1)]; // its newline, if it has one
}

/**
 * A line that is a batch, without some of its members, `isKept` of one at least; its other bytes stay. Views: a line of
 * 64 MiB is not held twice.
 */
export function batchWithout(chunks: readonly Uint8Array[], isKept: (index: number) => boolean): Uint8Array[] {
  const cuts = batchCuts(chunks);
  const ranges: [from: number, to: number][] = [];
  const add = (from: number, to: number): void => {
    const last = ranges.at(-1);
    if (last?.[1] === from) last[1] = to;
    else ranges.push([from, to]);
  };
  let isFirst = true;
  for (const [index, cut] of cuts.slice(0, -1).entries()) {
    if (!isKept(index)) continue;
    add(isFirst ? cut + 1 : cut, cuts[index + 1] ?? cut); // with the comma before it
    isFirst = false;
  }
  add(cuts.at(-1) ?? 0, Number.POSITIVE_INFINITY);
  return [opening, ...viewsOf(chunks, ranges)];
}

/** The offsets of a batch's `[`, of the commas between its members, and of its `]`. */
function batchCuts(chunks: readonly Uint8Array[]): number[] {
  const cuts: number[] = [];
  let offset = 0;
  let depth = 0;
  let isString = false;
  let isEscaped = false;
  for (const chunk of chunks) {
    for (const byte of chunk) {
      if (isEscaped) isEscaped = false;
      else if (byte === QUOTE) isString = !isString;
      else if (isString) isEscaped = byte === BACKSLASH;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        if (++depth === 1) cuts.push(offset);
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
        if (--depth === 0) cuts.push(offset);
      } else if (byte === COMMA && depth === 1) cuts.push(offset);
      offset++;
    }
  }
  return cuts;
}

/** What stands in ranges, which are in order. */
function viewsOf(
  chunks: readonly Uint8Array[],
  ranges: readonly (readonly [from: number, to: number])[],
): Uint8Array[] {
  const views: Uint8Array[] = [];
  let next = 0;
  let offset = 0;
  for (const chunk of chunks) {
    const end = offset + chunk.length;
    for (let range = ranges[next]; range !== undefined && range[0] < end; range = ranges[next]) {
      const [from, to] = range;
      views.push(chunk.subarray(Math.max(0, from - offset), to - offset));
      if (to > end) break;
      next++;
    }
    offset = end;
  }
  return views;
}

/** One array of them, without a newline. Copied. */
export function batchOf(members: readonly Uint8Array[]): Uint8Array {
  const parts = members.flatMap((member, index) => (index === 0 ? [member] : [comma, member]));
  return joined([opening, ...parts, closing]);
}

/** Where the quote stands that ends the string that begins at `from`. */
export function endOfString(line: Uint8Array, from: number): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === BACKSLASH) at++;
    else if (line[at] === QUOTE) return at;
  }
  return line.length;
}
