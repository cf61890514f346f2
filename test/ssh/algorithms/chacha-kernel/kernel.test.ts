/**
 * The kernel's bytes, and its arithmetic taken apart: ChaCha20's blocks and Poly1305 with keys that no packet would have.
 */
import { readFileSync } from "node:fs";
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { describe, expect, test } from "vitest";
import {
  BODY,
  FIRST_STREAM,
  HEAD_END,
  KEYS,
  LENGTH_STREAM,
  MAXIMUM_BODY,
  NONCE_ROW,
  PAGES,
  POLY_KEY,
  SCRATCH,
  TURN,
} from "../../../../src/ssh/algorithms/chacha-kernel/layout.ts";
import { MAXIMUM_PACKET_LENGTH } from "../../../../src/ssh/packet.ts";
import { kernelFiles } from "../../../support/emit-kernel.ts";
import { KernelMemory } from "../../../support/kernel-memory.ts";
import { seededBytes } from "../../../support/peer-crypto.ts";
import { bytes, type Case, hex, vectors } from "../../../support/vectors.ts";
import { picker } from "../../../support/xorshift.ts";

test.each([...kernelFiles()])("%s is what the emitter emits: else run `npm run kernel`", (path, text) => {
  expect(readFileSync(path, "utf8") === text).toBe(true);
});

const kernel = new KernelMemory();
const random = seededBytes("kernel");

describe("the memory", () => {
  test("has a fixed size, and all that the layout asks for", () => {
    expect(kernel.bytes.length).toBe(PAGES * 65536);
    expect(SCRATCH + MAXIMUM_BODY + TURN).toBeLessThanOrEqual(kernel.bytes.length);
    expect(BODY + MAXIMUM_BODY + 16 + TURN).toBeLessThanOrEqual(SCRATCH);
    expect(MAXIMUM_BODY).toBeGreaterThanOrEqual(MAXIMUM_PACKET_LENGTH);
  });

  test.each([0, 1, 8, 64, 128, 129, 256, MAXIMUM_BODY])(
    "keeps its constants, and of keys nothing, after %i bytes",
    (length) => {
      const constants = hex(kernel.read(0, KEYS));
      for (const isOpening of [0, 1] as const) {
        kernel.begin(random(64), 5);
        expect(hex(kernel.read(POLY_KEY, 32))).not.toBe("00".repeat(32));
        kernel.body(length, isOpening);
        expect(hex(kernel.read(KEYS, HEAD_END - KEYS))).toBe("00".repeat(HEAD_END - KEYS));
        expect(hex(kernel.read(0, KEYS))).toBe(constants);
      }
    },
  );
});

test("a forged packet is not decrypted, in the memory neither", () => {
  const keys = random(64);
  for (const length of [0, 15, 64, 100, 1000]) {
    kernel.bytes.set(random(length + 20), BODY - 4);
    kernel.begin(keys, 1);
    kernel.body(length, 0);
    kernel.bytes[BODY - 4 + length] = (kernel.bytes[BODY - 4 + length] as number) ^ 1;
    const forged = hex(kernel.read(BODY - 4, length + 20));
    kernel.begin(keys, 1);
    expect(kernel.body(length, 1)).toBe(0);
    expect(hex(kernel.read(BODY - 4, length + 20))).toBe(forged);
  }
});

describe("ChaCha20", () => {
  const cases = vectors<Case<{ key: string; nonce: string; counter: number; data: string }>>("chacha20.json");

  // The head does blocks 0 to 2, for nonces whose first 8 bytes are zeros.
  test.each(cases.filter(({ given }) => given.counter <= 2 && given.nonce.startsWith("0000000000000000")))(
    "in the head, RFC 8439 $name",
    ({ given, expect: wanted }) => {
      const key = bytes(given.key);
      const sequenceNumber = Number.parseInt(given.nonce.slice(16), 16);
      const stream = chacha20(key, bytes(given.nonce), new Uint8Array(64), undefined, given.counter);
      expect(wanted.slice(0, 128)).toBe(hex(xor(stream, bytes(given.data)).slice(0, 64)).slice(0, wanted.length));
      kernel.begin(Uint8Array.from([...key, ...random(32)]), sequenceNumber);
      if (given.counter > 0)
        return expect(hex(kernel.read(FIRST_STREAM + 64 * (given.counter - 1), 64))).toBe(hex(stream));
      expect(hex(kernel.read(POLY_KEY, 32))).toBe(hex(stream.subarray(0, 32)));
      kernel.begin(Uint8Array.from([...random(32), ...key]), sequenceNumber);
      expect(hex(kernel.read(LENGTH_STREAM, 16))).toBe(hex(stream.subarray(0, 16)));
    },
  );

  // The body does block 3 and those behind it, for any nonce of 12 bytes that is laid into its row.
  test.each(vectors<{ tcId: number; key: string; iv: string; msg: string; ct: string }>(wycheproof).filter(isLong))(
    "in the body, Wycheproof $tcId",
    ({ key, iv, msg, ct }) => {
      kernel.begin(Uint8Array.from([...bytes(key), ...new Uint8Array(32)]), 0);
      kernel.bytes.set(bytes(iv), NONCE_ROW + 4);
      kernel.bytes.set(bytes(msg), BODY);
      kernel.body(msg.length / 2, 0);
      expect(hex(kernel.read(BODY + 128, ct.length / 2 - 128))).toBe(ct.slice(256));
    },
  );
});

const wycheproof = "wycheproof/chacha20-poly1305.json";

function isLong({ iv, msg }: { readonly iv: string; readonly msg: string }): boolean {
  return iv.length === 24 && msg.length > 256;
}

describe("Poly1305", () => {
  const cases = vectors<Case<{ key: string; data: string }>>("poly1305.json");

  test.each(cases)("RFC 8439 $name", ({ given, expect: wanted }) => {
    expect(kernel.isTag(bytes(given.key), bytes(given.data), bytes(wanted))).toBe(true);
  });

  test("Wycheproof, and its forgeries", () => {
    const aeads = vectors<Readonly<Record<"key" | "iv" | "aad" | "ct" | "tag" | "result", string>>>(wycheproof);
    const verdicts = aeads
      .filter(({ iv }) => iv.length === 24)
      .map(({ key, iv, aad, ct, tag, result }) => {
        const polyKey = chacha20(bytes(key), bytes(iv), new Uint8Array(32));
        return [kernel.isTag(polyKey, rfc8439MacData(bytes(aad), bytes(ct)), bytes(tag)), result === "valid"] as const;
      });
    expect(verdicts.length).toBeGreaterThan(200);
    for (const [found, wanted] of verdicts) expect(found).toBe(wanted);
  });

  // Digits at their bounds: every carry there is, and sums next to 2^130-5, where the last subtraction is decided.
  const edgeDigits = [0, 1, 2, 3, 4, 5, 0x7fff_ffff, 0x8000_0000, 0xffff_fffa, 0xffff_fffb, 0xffff_fffc, 0xffff_ffff];

  test("30,000 keys and messages of such digits, against BigInt", () => {
    const pick = picker(20261126);
    for (let i = 0; i < 30_000; i++) {
      const polyKey = words(8, () => edgeDigits[pick(edgeDigits.length)]!);
      const blocks = i % 20 === 0 ? 4 + pick(40) : 1 + pick(8); // long ones pass through the turns' Poly1305
      const message = words(4 * blocks, () => edgeDigits[pick(edgeDigits.length)]!).slice(0, 16 * blocks - pick(12));
      const tag = tagByBigInt(polyKey, message);
      if (!kernel.isTag(polyKey, message, tag)) throw new Error(`${hex(polyKey)} ${hex(message)} ${hex(tag)}`);
    }
  });

  test("every sum from 2^130-5-40 to 2^130-5+40, with r = 1", () => {
    const polyKey = Uint8Array.from([1, ...new Array(15).fill(0), ...random(16)]);
    for (let off = -40n; off <= 40n; off++) {
      const rest = 2n ** 128n - 5n + off; // what two of three blocks come to, beside 3 * 2^128
      const first = rest < 2n ** 128n ? rest : 2n ** 128n - 1n;
      const message = Uint8Array.from([first, rest - first, 0n].flatMap((number) => [...littleEndian(number)]));
      expect(kernel.isTag(polyKey, message, tagByBigInt(polyKey, message))).toBe(true);
    }
  });

  test("BigInt itself agrees with noble", () => {
    for (let i = 0; i < 100; i++) {
      const [polyKey, message] = [random(32), random(i)];
      expect(hex(tagByBigInt(polyKey, message))).toBe(hex(poly1305(message, polyKey)));
    }
  });

  test("a tag is right in all of its bits or wrong", () => {
    const [polyKey, message] = [random(32), random(100)];
    const tag = tagByBigInt(polyKey, message);
    expect(kernel.isTag(polyKey, message, tag)).toBe(true);
    for (let bit = 0; bit < 128; bit++) {
      const wrong = tag.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(kernel.isTag(polyKey, message, wrong)).toBe(false);
    }
  });
});

test("the digits of Poly1305 stay below 2^64 within a block and come back to their bounds behind it", () => {
  const [clamped, digit] = [2n ** 28n - 1n, 2n ** 32n - 1n];
  const s = clamped + clamped / 4n;
  let h0 = 0n;
  for (let block = 0; block < 64; block++) {
    const [x0, x, x3] = [h0 + digit, digit + digit, 2n ** 34n - 1n + digit + 2n ** 32n];
    const d0 = x0 * clamped + 2n * x * s + x3 * s;
    const d1 = x0 * clamped + x * clamped + x * s + x3 * s + (d0 >> 32n);
    const d2 = x0 * clamped + 2n * x * clamped + x3 * s + (d1 >> 32n);
    const d3 = x0 * clamped + 2n * x * clamped + x3 * clamped + (d2 >> 32n);
    for (const column of [d0, d1, d2, d3]) expect(column < 2n ** 64n).toBe(true);
    h0 = digit + (d3 >> 34n) * 5n;
    expect(100n * h0 < 202n * 2n ** 32n).toBe(true);
  }
});

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, at) => byte ^ (right[at] ?? 0));
}

/** RFC 8439 §2.8: both padded to 16, then their lengths. */
function rfc8439MacData(aad: Uint8Array, ct: Uint8Array): Uint8Array {
  const padding = (length: number): Uint8Array => new Uint8Array((16 - (length % 16)) % 16);
  const lengths = new DataView(new ArrayBuffer(16));
  lengths.setUint32(0, aad.length, true);
  lengths.setUint32(8, ct.length, true);
  const parts = [aad, padding(aad.length), ct, padding(ct.length), new Uint8Array(lengths.buffer)];
  return Uint8Array.from(Buffer.concat(parts));
}

/** RFC 8439 §2.5.1, word for word. */
function tagByBigInt(polyKey: Uint8Array, message: Uint8Array): Uint8Array {
  const p = 2n ** 130n - 5n;
  const r = numberOf(polyKey.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let accumulator = 0n;
  for (let at = 0; at < message.length; at += 16) {
    accumulator = ((accumulator + numberOf(Uint8Array.from([...message.subarray(at, at + 16), 1]))) * r) % p;
  }
  return littleEndian((accumulator + numberOf(polyKey.subarray(16))) % 2n ** 128n);
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse()) || "0"}`);
}

/** In 16 bytes. */
function littleEndian(number: bigint): Uint8Array {
  return bytes(number.toString(16).padStart(32, "0")).reverse();
}

function words(count: number, next: () => number): Uint8Array {
  const list = new DataView(new ArrayBuffer(4 * count));
  for (let at = 0; at < count; at++) list.setUint32(4 * at, next(), true);
  return new Uint8Array(list.buffer);
}
