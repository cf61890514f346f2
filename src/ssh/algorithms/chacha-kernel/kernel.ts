/**
 * The kernel: chacha20-poly1305@openssh.com on vectors of 128 bits, as a WebAssembly module with two functions. README.md
 * explains it, kernel.wat lists what comes out.
 *
 * Law: branches and addresses follow from lengths and from the direction alone, never from a key or from a packet's bytes.
 * OpenSSH PROTOCOL.chacha20poly1305, RFC 8439 §2.
 */
import {
  assemble,
  type Code,
  type FunctionSource,
  get,
  I32,
  i32,
  i64,
  type Local,
  repeatWhile,
  select,
  set,
  V128,
  Variables,
  v128,
  when,
} from "./assembler.ts";
import { FourBlocks, keep, row, word } from "./chacha20.ts";
import {
  BODY,
  BODY_COUNTERS,
  COUNTERS_STEP,
  FIRST_STREAM,
  HEAD_COUNTERS,
  HEAD_END,
  KEYS,
  LENGTH_STREAM,
  NONCE_ROW,
  PACKET,
  PAGES,
  POLY_KEY,
  ROTATE_16,
  SCRATCH,
  TURN,
  ZEROS,
} from "./layout.ts";
import { Poly1305 } from "./poly1305.ts";

/** The module's bytes: the same ones each time. */
export function emitKernel(): Uint8Array {
  return assemble([head(), body()], PAGES, [{ address: ROTATE_16, bytes: constants() }]);
}

/** What lies from ROTATE_16 to ZEROS. */
function constants(): readonly number[] {
  const times = (count: number, byte: number): readonly number[] => new Array<number>(count).fill(byte);
  return [
    ...[2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], // little-endian: left is towards the higher bytes
    ...[3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14],
    ...[..."expand 32-byte k"].map((letter) => letter.charCodeAt(0)),
    ...[...times(16, 0xff), ...times(16, 0)],
    ...[...times(16, 0), 1, ...times(15, 0)],
    ...[0, 0, 1, 2].flatMap(littleEndian),
    ...[3, 4, 5, 6].flatMap(littleEndian),
    ...[4, 4, 4, 4].flatMap(littleEndian),
  ];
}

/**
 * `head(sequenceNumber)`: the four blocks that a packet begins with, side by side. K_1's block 0 covers packet_length; K_2's
 * block 0 is Poly1305's key, its blocks 1 and 2 cover the first 128 bytes of the body: all of a short packet.
 */
function head(): FunctionSource {
  const variables = new Variables(I32);
  const sequenceNumber = variables.parameter(0);
  const counters = variables.local(V128);
  const blocks = new FourBlocks(variables);
  const keyWord = (index: number): Code =>
    v128.i32x4_replace_lane(word(KEYS + 4 * index), 0, i32.load(i32.const(0), KEYS + 32 + 4 * index));
  return variables.toFunction(
    "head",
    [],
    [
      // 64 bits of block counter, little-endian, then 64 of sequence number, big-endian: not as RFC 8439 has them.
      keep(NONCE_ROW, v128.i32x4_replace_lane(row(ZEROS), 3, swapped(sequenceNumber))),
      set(counters, row(HEAD_COUNTERS)),
      ...blocks.start(keyWord, counters),
      ...blocks.twenty([]),
      ...blocks.finish(counters, (block) => (block === 0 ? KEYS + 32 : KEYS), keepOfHead),
    ],
  );
}

/** What is kept of a row of the head's keystream. */
function keepOfHead(block: number, index: number, stream: Code): readonly Code[] {
  if (block === 0) return index === 0 ? [keep(LENGTH_STREAM, stream)] : [];
  if (block === 1) return index < 2 ? [keep(POLY_KEY + 16 * index, stream)] : [];
  return [keep(FIRST_STREAM + 64 * (block - 2) + 16 * index, stream)];
}

/**
 * `body(length, isOpening)`, behind `head`: seals the packet, or opens it if its tag is right. `length` counts neither
 * packet_length nor tag. Returns 1, or 0 where the tag is wrong: the packet is as it was then. The keys and what `head` left
 * are zeros afterwards.
 */
function body(): FunctionSource {
  const variables = new Variables(I32, I32);
  const [length, isOpening] = [variables.parameter(0), variables.parameter(1)];
  const number = (): Local => variables.local(I32);
  const [from, to, done, at, end, isRight] = [number(), number(), number(), number(), number(), number()];
  const counters = variables.local(V128);
  const zeros = variables.local(V128);
  const blocks = new FourBlocks(variables);
  const poly = new Poly1305(variables);

  // Sealing, the keystream is laid over the body; opening, over zeros, so that it stands alone in SCRATCH.
  const lay = (each: Code, offset: number): Code =>
    v128.store(get(to), v128.xor(v128.load(get(from), offset), each), offset);
  const advance = (count: number): readonly Code[] => [
    set(from, i32.add(get(from), select(i32.const(0), i32.const(count), get(isOpening)))),
    set(to, i32.add(get(to), i32.const(count))),
    set(done, i32.add(get(done), i32.const(count))),
  ];
  // Poly1305 is one turn behind, over what is sealed already: 4 bytes more than are done, of which it takes whole blocks.
  const sealed = i32.add(get(done), i32.const(PACKET));

  return variables.toFunction(
    "body",
    [I32],
    [
      ...poly.prepare(),
      set(from, select(i32.const(ZEROS), i32.const(BODY), get(isOpening))),
      set(to, select(i32.const(SCRATCH), i32.const(BODY), get(isOpening))),
      when(i32.eqz(get(isOpening)), [cryptLength()]),
      ...[0, 16, 32, 48, 64, 80, 96, 112].map((offset) => lay(row(FIRST_STREAM + offset), offset)),
      ...advance(128),
      set(counters, row(BODY_COUNTERS)),
      set(at, i32.const(PACKET)),
      repeatWhile(i32.lt_u(get(done), get(length)), [
        ...blocks.start((index) => word(KEYS + 4 * index), counters),
        // Eight or sixteen blocks, two behind each of the ten double rounds until all are taken.
        ...blocks.twenty([when(i32.lt_u(get(at), sealed), [...poly.block(at), ...poly.block(at)])]),
        ...blocks.finish(
          counters,
          () => KEYS,
          (block, index, stream) => [lay(stream, 64 * block + 16 * index)],
        ),
        ...advance(TURN),
        set(counters, v128.i32x4_add(get(counters), row(COUNTERS_STEP))),
      ]),
      set(end, i32.add(get(length), i32.const(BODY))),
      repeatWhile(i32.lt_u(get(at), get(end)), [
        when(i32.lt_u(i32.sub(get(end), get(at)), i32.const(16)), poly.lastBlock(at, end)),
        ...poly.block(at),
      ]),
      ...poly.tag(),
      set(end, i32.add(get(length), i32.const(BODY))),
      when(i32.eqz(get(isOpening)), poly.writeTag(end)),
      // "The MAC MUST be checked before decryption": all of it at once, and only one bit of the outcome is looked at.
      set(isRight, i64.eqz(poly.tagDifference(end))),
      when(i32.and(get(isOpening), get(isRight)), [
        cryptLength(),
        set(done, i32.const(0)),
        repeatWhile(i32.lt_u(get(done), get(length)), [
          v128.store(get(done), v128.xor(v128.load(get(done), BODY), v128.load(get(done), SCRATCH)), BODY),
          set(done, i32.add(get(done), i32.const(16))),
        ]),
      ]),
      set(zeros, row(ZEROS)),
      ...rowsBetween(KEYS, HEAD_END).map((address) => keep(address, get(zeros))),
      get(isRight),
    ],
  );
}

/** Lays the keystream over packet_length. */
function cryptLength(): Code {
  const plain = i32.load(i32.const(0), PACKET);
  return i32.store(i32.const(0), i32.xor(plain, i32.load(i32.const(0), LENGTH_STREAM)), PACKET);
}

function littleEndian(number: number): readonly number[] {
  return [number, 0, 0, 0];
}

function rowsBetween(start: number, end: number): readonly number[] {
  return Array.from({ length: (end - start) / 16 }, (_, index) => start + 16 * index);
}

/** The four bytes of a word the other way round. */
function swapped(word: Local): Code {
  return i32.or(
    i32.and(i32.rotl(get(word), i32.const(8)), i32.const(0x00ff_00ff)),
    i32.and(i32.rotr(get(word), i32.const(8)), i32.const(0xff00_ff00 | 0)),
  );
}
