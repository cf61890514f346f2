import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { nodeDerivations } from "../../../src/node/key-derivations.ts";
import { decryptAesCbc, deriveBytesToKey, nobleDerivations } from "../../../src/ssh/algorithms/pem-ciphers.ts";
import { type Case, hex, vectors } from "../../support/vectors.ts";

type Given = { readonly passphrase: string; readonly salt: string } & (
  | { readonly hash: "sha1" | "sha256"; readonly iterations: number }
  | { readonly N: number; readonly r: number; readonly p: number }
);

describe.each([
  ["noble", nobleDerivations],
  ["OpenSSL", nodeDerivations],
])("key derivations by %s", (_, derivations) => {
  test.each(vectors<Case<Given>>("key-derivations.json"))("$name", ({ given, expect: expected }) => {
    const [passphrase, salt] = [given.passphrase, given.salt].map((text) => new TextEncoder().encode(text));
    const length = expected.length / 2;
    const key =
      "N" in given
        ? derivations.scrypt(passphrase!, salt!, given, length)
        : derivations.pbkdf2(given.hash, passphrase!, salt!, given.iterations, length);
    expect(hex(key)).toBe(expected);
    expect(key.constructor).toBe(Uint8Array);
  });

  test("a cost at the bound is within it, whatever it is made of", () => {
    const most = derivations.mostScryptCost;
    const costs = [
      { N: most / 8, r: 8, p: 1 },
      { N: 2 ** 15, r: 1, p: most / 2 ** 15 },
      { N: 2, r: 8, p: most / 2 ** 8 },
    ];
    for (const cost of costs) {
      expect(derivations.scrypt(Uint8Array.of(1), Uint8Array.of(2), cost, 16)).toHaveLength(16);
    }
  });
});

test("EVP_BytesToKey is a chain of MD5 over itself, the passphrase and the salt", () => {
  const [passphrase, salt] = [Buffer.from("secret"), Buffer.from("12345678")];
  const md5 = (...parts: Buffer[]): Buffer => createHash("md5").update(Buffer.concat(parts)).digest();
  const first = md5(passphrase, salt);
  const second = md5(first, passphrase, salt);
  expect(hex(deriveBytesToKey(passphrase, salt, 24))).toBe(hex(Buffer.concat([first, second]).subarray(0, 24)));
});

test("what is no whole number of blocks does not decrypt", () => {
  for (const length of [0, 15, 17]) {
    expect(decryptAesCbc(new Uint8Array(16), new Uint8Array(16), new Uint8Array(length))).toBeUndefined();
  }
});
