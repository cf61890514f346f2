import { createDiffieHellman, createECDH } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { platformEcdh, platformPower } from "../../src/node/diffie-hellman.ts";
import type { EcdsaCurve } from "../../src/ssh/algorithms/interfaces.ts";
import { modpPrime } from "../../src/ssh/algorithms/modp-groups.ts";
import { nobleEcdh } from "../../src/ssh/algorithms/nist-ecdh.ts";
import { power } from "../../src/ssh/algorithms/power.ts";

vi.mock(import("node:crypto"), async (original) => {
  const crypto = await original();
  const missing = (): never => {
    throw new Error("not supported");
  };
  return { ...crypto, createECDH: vi.fn(missing), createDiffieHellman: vi.fn(missing) };
});

afterEach(() => vi.clearAllMocks());

const lengths: readonly (readonly [EcdsaCurve, number])[] = [
  ["nistp256", 32],
  ["nistp384", 48],
  ["nistp521", 66],
];

test.each(lengths)("a node:crypto without %s leaves it to JavaScript, when it is used", (curve, length) => {
  const ours = new Uint8Array(length).fill(1);
  const theirs = new Uint8Array(length).fill(1).fill(2, -4);
  const share = nobleEcdh.publicShare(curve, theirs) as Uint8Array;
  expect(platformEcdh.publicShare(curve, ours)).toEqual(nobleEcdh.publicShare(curve, ours));
  expect(platformEcdh.sharedSecret(curve, ours, share)).toEqual(nobleEcdh.sharedSecret(curve, ours, share));
  expect(platformEcdh.publicShare(curve, new Uint8Array(length))).toBeUndefined();
  const noPoint = share.slice().fill(3, -8);
  expect(() => platformEcdh.sharedSecret(curve, ours, noPoint)).toThrow();
  expect(createECDH).toHaveBeenCalledTimes(4);
});

test("nor are powers missed", () => {
  const [base, exponent] = [Uint8Array.of(2, 3), Uint8Array.of(5, 7)];
  expect(platformPower(base, exponent, modpPrime(14))).toEqual(power(base, exponent, modpPrime(14)));
  expect(createDiffieHellman).toHaveBeenCalledTimes(1);
});
