import { describe, expect, test } from "vitest";
import { platformGcm } from "../../../src/node/aes-gcm.ts";
import { aesGcm } from "../../../src/ssh/algorithms/aes-gcm.ts";
import type { GcmPrimitive, KeyedCipher } from "../../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { bytes, type Case, hex, vectors } from "../../support/vectors.ts";

type Given = { readonly key: string; readonly iv: string; readonly plains: readonly string[] };
const cases = vectors<Case<Given, readonly string[]>>("aes-gcm@openssh.com.json");

const primitives: Readonly<Record<string, GcmPrimitive>> = { noble: noble.gcm, "node:crypto": platformGcm };
const both = cases.flatMap((each) => Object.keys(primitives).map((primitive) => ({ ...each, primitive })));

const keyed = ({ key, iv }: Given, primitive = "noble"): KeyedCipher =>
  aesGcm(key.length === 32 ? 16 : 32, primitives[primitive]!).create(bytes(key), bytes(iv));

describe.each(both)("$primitive, OpenSSL's packets, $name", ({ given, expect: sealed, primitive }) => {
  test("are what seal writes, one after the other, whatever the sequence number", () => {
    const cipher = keyed(given, primitive);
    const packets = given.plains.map((plain, i) => {
      const packet = bytes(`${plain}${"00".repeat(16)}`);
      cipher.seal(packet, 1000 * i);
      return hex(packet);
    });
    expect(packets).toEqual(sealed);
  });

  test("are opened in place, their lengths being in the clear", () => {
    const cipher = keyed(given, primitive);
    for (const [i, plain] of given.plains.entries()) {
      const packet = bytes(sealed[i]!);
      expect(cipher.length(packet, 0)).toBe(plain.length / 2 - 4);
      expect(hex(packet)).toBe(sealed[i]);
      expect(cipher.open(packet, 0)).toBe(true);
      expect(hex(packet)).toBe(plain + sealed[i]!.slice(-32));
    }
  });

  test("are refused out of order", () => {
    const cipher = keyed(given, primitive);
    const packet = bytes(sealed[1]!);
    expect(cipher.open(packet, 1)).toBe(false);
    expect(hex(packet)).toBe(sealed[1]);
  });
});

describe("the invocation counter never wraps: an IV must not come twice with one key", () => {
  const last: Given = { key: "11".repeat(32), iv: `22222222${"ff".repeat(8)}`, plains: [] };
  const plain = () => new Uint8Array(4 + 16 + 16);

  test("seal takes its last value, then throws and leaves the packet in the clear unsent", () => {
    const cipher = keyed(last);
    cipher.seal(plain(), 0);
    expect(() => cipher.seal(plain(), 1)).toThrow(RangeError);
    expect(() => cipher.seal(plain(), 2)).toThrow("invocation_counter is used up");
  });

  test("open does so too", () => {
    const packet = plain();
    keyed(last).seal(packet, 0);
    const cipher = keyed(last);
    expect(cipher.open(packet.slice(), 0)).toBe(true);
    expect(() => cipher.open(packet.slice(), 1)).toThrow("invocation_counter is used up");
  });
});
