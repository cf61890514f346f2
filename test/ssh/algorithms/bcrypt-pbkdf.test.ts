import { describe, expect, test } from "vitest";
import { bcryptPbkdf, digitsOfPi } from "../../../src/ssh/algorithms/bcrypt-pbkdf.ts";
import { bytes, type Case, hex, vectors } from "../../support/vectors.ts";

interface Given {
  readonly passphrase: string;
  readonly salt: string;
  readonly rounds: number;
  readonly length: number;
}

describe("bcrypt-pbkdf", () => {
  test.each(vectors<Case<Given>>("bcrypt-pbkdf.json"))("$name", ({ given, expect: expected }) => {
    const [passphrase, salt] = [bytes(given.passphrase), bytes(given.salt)];
    expect(hex(bcryptPbkdf(passphrase, salt, given.rounds, given.length))).toBe(expected);
    expect(hex(passphrase)).toBe(given.passphrase); // borrowed
    expect(hex(salt)).toBe(given.salt);
  });

  test.each([
    ["an empty passphrase", 0, 1, 1, 1],
    ["an empty salt", 1, 0, 1, 1],
    ["no round", 1, 1, 0, 1],
    ["no byte", 1, 1, 1, 0],
  ])("refuses %s", (_, passphrase, salt, rounds, length) => {
    expect(() => bcryptPbkdf(new Uint8Array(passphrase), new Uint8Array(salt), rounds, length)).toThrow(RangeError);
  });
});

test("Blowfish begins with the digits of pi: the first and last words of its published tables", () => {
  const digits = digitsOfPi();
  const word = (index: number): string => (digits[index]! >>> 0).toString(16);
  // Schneier, "Description of a New Variable-Length Key, 64-Bit Block Cipher (Blowfish)": P1, P18, S1[0], S2[0], S3[0], S4[0], S4[255]
  expect([0, 17, 18, 274, 530, 786, 1041].map(word)).toEqual([
    "243f6a88",
    "8979fb1b",
    "d1310ba6",
    "4b7a70e9",
    "e93d5a68",
    "3a39ce37",
    "3ac372e6",
  ]);
  expect(digits).toHaveLength(1042);
});
