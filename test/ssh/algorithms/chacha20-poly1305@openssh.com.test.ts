import { describe, expect, test } from "vitest";
import { kernelChaCha } from "../../../src/ssh/algorithms/chacha-kernel/cipher.ts";
import { chacha20Poly1305, nobleChaCha } from "../../../src/ssh/algorithms/chacha20-poly1305@openssh.com.ts";
import type { KeyedCipher } from "../../../src/ssh/algorithms/interfaces.ts";
import { bytes, type Case, hex, vectors } from "../../support/vectors.ts";

const noIv = new Uint8Array(0);
const cases = vectors<Case<{ key: string; sequenceNumber: number; plain: string }>>(
  "chacha20-poly1305@openssh.com.json",
);

const implementations = [
  ["noble", nobleChaCha],
  ["the kernel", kernelChaCha()!],
] as const;
const inTurn = implementations.flatMap(([name, chacha]) =>
  cases.map((each) => ({
    ...each,
    name: `${each.name}, ${name}`,
    create: (key: string): KeyedCipher => chacha20Poly1305(chacha).create(bytes(key), noIv),
  })),
);

describe.each(inTurn)("OpenSSL's packet with $name", ({ given, expect: sealed, create }) => {
  const cipher = create(given.key);
  const { sequenceNumber } = given;

  test("is what seal writes", () => {
    const packet = bytes(`${given.plain}${"00".repeat(16)}`);
    cipher.seal(packet, sequenceNumber);
    expect(hex(packet)).toBe(sealed);
  });

  test("has its length read, and is left as it is", () => {
    const packet = bytes(sealed);
    expect(cipher.length(packet, sequenceNumber)).toBe(given.plain.length / 2 - 4);
    expect(cipher.length(packet.subarray(0, 4), sequenceNumber)).toBe(given.plain.length / 2 - 4);
    expect(hex(packet)).toBe(sealed);
  });

  test("is opened in place", () => {
    const packet = bytes(sealed);
    expect(cipher.open(packet, sequenceNumber)).toBe(true);
    expect(hex(packet)).toBe(given.plain + sealed.slice(-32));
  });
});

describe.each(implementations)("the sequence number is the nonce, %s", (_, chacha) => {
  const { given, expect: sealed } = cases.find(({ given }) => given.sequenceNumber === 2 ** 31)!;
  const cipher = chacha20Poly1305(chacha).create(bytes(given.key), noIv);

  test.each([0, 2 ** 31 - 1, 2 ** 31 + 1])("a packet of sequence number 2^31 is refused as number %i", (other) => {
    const packet = bytes(sealed);
    expect(cipher.open(packet, other)).toBe(false);
    expect(hex(packet)).toBe(sealed);
  });

  test("and nothing else: packets open in any order, again and again", () => {
    for (let i = 0; i < 3; i++) {
      cipher.seal(new Uint8Array(64), i);
      expect(cipher.open(bytes(sealed), 2 ** 31)).toBe(true);
    }
  });
});
