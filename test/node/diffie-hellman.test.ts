import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Ecdh, EcdsaCurve, Power } from "../../src/ssh/algorithms/interfaces.ts";
import { modpPrime } from "../../src/ssh/algorithms/modp-groups.ts";
import { nobleEcdh } from "../../src/ssh/algorithms/nist-ecdh.ts";
import { power } from "../../src/ssh/algorithms/power.ts";

const missing = vi.fn((): never => {
  throw new Error("not supported");
});
let platformEcdh: Ecdh;
let platformPower: Power;

beforeAll(async () => {
  vi.resetModules();
  vi.doMock(import("node:crypto"), async (original) => ({
    ...(await original()),
    createECDH: missing,
    createPrivateKey: missing,
  }));
  ({ platformEcdh, platformPower } = await import("../../src/node/diffie-hellman.ts"));
});
afterAll(() => {
  vi.doUnmock("node:crypto");
  vi.resetModules();
});

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
  expect(missing).toHaveBeenCalledTimes(4);
  missing.mockClear();
});

test("nor are powers missed", () => {
  const [base, exponent] = [Uint8Array.of(2, 3), Uint8Array.of(5, 7)];
  expect(platformPower(base, exponent, modpPrime(14))).toEqual(power(base, exponent, modpPrime(14)));
  expect(missing).toHaveBeenCalledTimes(1);
});
