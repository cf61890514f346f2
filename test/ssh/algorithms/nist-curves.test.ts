import { createECDH } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { EcdsaCurve } from "../../../src/ssh/algorithms/interfaces.ts";
import { nistCurve } from "../../../src/ssh/algorithms/nist-curves.ts";
import { hex } from "../../support/vectors.ts";

const made = vi.hoisted(() => vi.fn());

vi.mock("@noble/curves/abstract/weierstrass.js", async (original) => {
  const noble = await original<typeof import("@noble/curves/abstract/weierstrass.js")>();
  const weierstrass: typeof noble.weierstrass = (...args) => {
    made();
    return noble.weierstrass(...args);
  };
  return { ...noble, weierstrass };
});

test("no curve is made before it is asked for, and each once: most connections need none", async () => {
  vi.resetModules(); // whoever shares our process may have made some
  made.mockClear();
  const { table } = await import("../../../src/ssh/table.ts");
  const { nistCurve } = await import("../../../src/ssh/algorithms/nist-curves.ts");
  expect(Object.keys(table.hostKey)).toContain("ecdsa-sha2-nistp256");
  expect(made).not.toHaveBeenCalled();
  const curve = nistCurve("nistp256");
  expect(nistCurve("nistp256")).toBe(curve);
  expect(made).toHaveBeenCalledTimes(1);
});

describe("a curve is OpenSSL's", () => {
  test.each<[EcdsaCurve, string]>([
    ["nistp256", "prime256v1"],
    ["nistp384", "secp384r1"],
    ["nistp521", "secp521r1"],
  ])("%s", (name, theirs) => {
    const { length, ecdsa } = nistCurve(name);
    for (const scalar of [1n, 2n, 3n, 2n ** 200n + 1n, ecdsa.Point.Fn.ORDER - 1n]) {
      const secret = Uint8Array.from(Buffer.from(scalar.toString(16).padStart(2 * length, "0"), "hex"));
      const ecdh = createECDH(theirs);
      ecdh.setPrivateKey(secret);
      expect(hex(ecdsa.getPublicKey(secret, false))).toBe(ecdh.getPublicKey("hex"));
    }
    const order = Buffer.from(ecdsa.Point.Fn.ORDER.toString(16).padStart(2 * length, "0"), "hex");
    expect(() => createECDH(theirs).setPrivateKey(order)).toThrow(); // not below it, they say
  });
});
