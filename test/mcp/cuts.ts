/** Cuts: one text fed whole, byte by byte, and cut at random, with seeded randomness. */

/** A generator of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Cut {
  readonly name: string;
  readonly of: (bytes: Uint8Array) => Uint8Array[];
}

/** Copies, so that views into one buffer cannot hide a mistake. */
export const cuts: readonly Cut[] = [
  { name: "whole", of: (bytes) => [bytes.slice()] },
  { name: "byte by byte", of: (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)) },
  { name: "cut at random (seed 1)", of: (bytes) => cutAtRandom(bytes, 1) },
  { name: "cut at random (seed 2)", of: (bytes) => cutAtRandom(bytes, 2) },
];

export function cutAtRandom(bytes: Uint8Array, seed: number, longest = 20): Uint8Array[] {
  const random = seeded(seed);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + 1 + Math.floor(random() * longest);
    parts.push(bytes.slice(from, to));
    from = to;
  }
  return parts;
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(chunks: Uint8Array | readonly Uint8Array[]): string {
  const list = chunks instanceof Uint8Array ? [chunks] : chunks;
  return Buffer.concat(list).toString("utf8");
}
