/** Mutations: what is right, made a little wrong: bytes flipped, cut out, doubled, put in, taken from elsewhere. */
import fc from "fast-check";

/** One change of a byte string. Places and lengths are taken modulo what there is. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly byte: number }
  | { readonly kind: "cut"; readonly at: number; readonly length: number }
  | { readonly kind: "double"; readonly at: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "uint32"; readonly at: number; readonly value: number }
  | { readonly kind: "swap"; readonly at: number; readonly to: number; readonly length: number }
  | { readonly kind: "truncate"; readonly at: number };

const at = fc.nat(0xff_ffff);
const length = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 600 }));
/** Lengths that are wrong in an interesting way. */
export const uint32: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2, 4, 8, 32, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff),
  fc.integer({ min: 0, max: 70_000 }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("set" as const), at, byte: fc.nat(255) }),
  fc.record({ kind: fc.constant("cut" as const), at, length }),
  fc.record({ kind: fc.constant("double" as const), at, length }),
  fc.record({ kind: fc.constant("insert" as const), at, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant("uint32" as const), at, value: uint32 }),
  fc.record({ kind: fc.constant("swap" as const), at, to: at, length }),
  fc.record({ kind: fc.constant("truncate" as const), at }),
);

/** One to five of them. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(mutation, { minLength: 1, maxLength: 5 });

/** A changed copy. */
export function mutated(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  return changes.reduce(change, bytes.slice());
}

/** A changed text, its characters taken for bytes (Latin-1) and back. */
export function mutatedText(text: string, changes: readonly Mutation[]): string {
  return Buffer.from(mutated(Uint8Array.from(Buffer.from(text, "latin1")), changes)).toString("latin1");
}

function change(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  if (mutation.kind === "insert") return spliced(bytes, mutation.at % (bytes.length + 1), 0, mutation.bytes);
  if (bytes.length === 0) return bytes;
  const start = mutation.at % bytes.length;
  switch (mutation.kind) {
    case "flip":
      bytes[start] = (bytes[start] as number) ^ (1 << mutation.bit);
      return bytes;
    case "set":
      bytes[start] = mutation.byte;
      return bytes;
    case "cut":
      return spliced(bytes, start, mutation.length, new Uint8Array(0));
    case "double":
      return spliced(bytes, start, 0, bytes.slice(start, start + mutation.length));
    case "uint32":
      if (start + 4 <= bytes.length) new DataView(bytes.buffer, bytes.byteOffset).setUint32(start, mutation.value);
      return bytes;
    case "swap": {
      const piece = bytes.slice(start, start + mutation.length);
      const without = spliced(bytes, start, piece.length, new Uint8Array(0));
      return spliced(without, mutation.to % (without.length + 1), 0, piece);
    }
    case "truncate":
      return bytes.slice(0, start);
  }
}

function spliced(bytes: Uint8Array, start: number, removed: number, put: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + removed)]));
}

/** Where a byte string is cut into chunks, as lengths; the last chunk is the rest. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
);

/** The pieces; copies, so that views into one buffer cannot hide a mistake. The lengths are used again where they do not reach. */
export function pieces(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const to = from + (lengths[i % lengths.length] ?? bytes.length);
    found.push(bytes.slice(from, to));
    from = to;
  }
  return found;
}
