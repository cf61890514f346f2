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
  type Local,
  repeatWhile,
  select,
  set,
  V128,
  Variables,
  v128,
  when,
} from "./assembler.ts";
import { block, finish, Rounds, row, start } from "./chacha20.ts";
import {
  BODY,
  FIRST_STREAM,
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
    ...[...times(16, 0), 1],
  ];
}

/**
 * `head(sequenceNumber)`: the four blocks that a packet begins with, side by side. K_1's block 0 covers packet_length; K_2's
 * block 0 is Poly1305's key, its blocks 1 and 2 cover the first 128 bytes of the body: all of a short packet.
 */
function head(): FunctionSource {
  const variables = new Variables(I32);
  const sequenceNumber = variables.parameter(0);
  const last = variables.local(V128);
  const header = block(variables);
  const polyKey = block(variables);
  const covers = [block(variables), block(variables)];
  const rounds = new Rounds(variables);
  const lasts = covers.map((_, index) => v128.i32x4_replace_lane(get(last), 0, i32.const(1 + index)));
  const polyRows = finish(polyKey, KEYS, get(last)).slice(0, 2);
  return variables.toFunction(
    "head",
    [],
    [
      ...rounds.prepare(),
      // 64 bits of block counter, little-endian, then 64 of sequence number, big-endian: not as RFC 8439 has them.
      set(last, v128.i32x4_replace_lane(row(ZEROS), 3, swapped(sequenceNumber))),
      keep(NONCE_ROW, get(last)),
      ...start(header, KEYS + 32, get(last)),
      ...start(polyKey, KEYS, get(last)),
      ...covers.flatMap((each, index) => start(each, KEYS, lasts[index] as Code)),
      ...rounds.twenty([header, polyKey, ...covers], []),
      keep(LENGTH_STREAM, finish(header, KEYS + 32, get(last))[0] as Code),
      ...polyRows.map((each, index) => keep(POLY_KEY + 16 * index, each)),
      ...covers
        .flatMap((each, index) => finish(each, KEYS, lasts[index] as Code))
        .map((each, index) => keep(FIRST_STREAM + 16 * index, each)),
    ],
  );
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
  const [from, to, done, at, end, counter] = [number(), number(), number(), number(), number(), number()];
  const last = variables.local(V128);
  const difference = variables.local(V128);
  const blocks = [block(variables), block(variables), block(variables)];
  const rounds = new Rounds(variables);
  const poly = new Poly1305(variables);

  const lasts = blocks.map((_, index) =>
    v128.i32x4_replace_lane(get(last), 0, i32.add(get(counter), i32.const(index))),
  );
  const stream = blocks.flatMap((each, index) => finish(each, KEYS, lasts[index] as Code));
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
      ...rounds.prepare(),
      ...poly.prepare(),
      set(last, row(NONCE_ROW)),
      set(from, select(i32.const(ZEROS), i32.const(BODY), get(isOpening))),
      set(to, select(i32.const(SCRATCH), i32.const(BODY), get(isOpening))),
      when(i32.eqz(get(isOpening)), [cryptLength()]),
      ...[0, 16, 32, 48, 64, 80, 96, 112].map((offset) => lay(row(FIRST_STREAM + offset), offset)),
      ...advance(128),
      set(counter, i32.const(3)),
      set(at, i32.const(PACKET)),
      repeatWhile(i32.lt_u(get(done), get(length)), [
        ...blocks.flatMap((each, index) => start(each, KEYS, lasts[index] as Code)),
        ...rounds.twenty(blocks, [when(i32.lt_u(get(at), sealed), poly.block(at))]),
        repeatWhile(i32.lt_u(get(at), sealed), poly.block(at)),
        ...stream.map((each, index) => lay(each, 16 * index)),
        ...advance(TURN),
        set(counter, i32.add(get(counter), i32.const(3))),
      ]),
      set(end, i32.add(get(length), i32.const(BODY))),
      repeatWhile(i32.lt_u(get(at), get(end)), [
        when(i32.lt_u(i32.sub(get(end), get(at)), i32.const(16)), poly.lastBlock(at, end)),
        ...poly.block(at),
      ]),
      ...poly.tag(),
      set(end, i32.add(get(length), i32.const(BODY))),
      set(difference, v128.xor(v128.load(get(end)), row(POLY_KEY))),
      when(i32.eqz(get(isOpening)), [v128.store(get(end), row(POLY_KEY)), set(difference, row(ZEROS))]),
      // "The MAC MUST be checked before decryption": all of it at once, and only one bit of the outcome is looked at.
      when(i32.and(get(isOpening), i32.eqz(v128.any_true(get(difference)))), [
        cryptLength(),
        set(done, i32.const(0)),
        repeatWhile(i32.lt_u(get(done), get(length)), [
          v128.store(get(done), v128.xor(v128.load(get(done), BODY), v128.load(get(done), SCRATCH)), BODY),
          set(done, i32.add(get(done), i32.const(16))),
        ]),
      ]),
      ...rowsBetween(KEYS, HEAD_END).map((address) => keep(address, row(ZEROS))),
      i32.eqz(v128.any_true(get(difference))),
    ],
  );
}

/** Lays the keystream over packet_length. */
function cryptLength(): Code {
  const plain = i32.load(i32.const(0), PACKET);
  return i32.store(i32.const(0), i32.xor(plain, i32.load(i32.const(0), LENGTH_STREAM)), PACKET);
}

function keep(address: number, value: Code): Code {
  return v128.store(i32.const(0), value, address);
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
