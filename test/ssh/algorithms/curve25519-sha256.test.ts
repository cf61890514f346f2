import { describe, expect, test } from "vitest";
import { platformX25519 } from "../../../src/node/curve25519.ts";
import { curve25519Sha256 as methodOn } from "../../../src/ssh/algorithms/curve25519-sha256.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { seededBytes } from "../../support/peer-crypto.ts";
import { expectRefusal as refusal } from "../../support/refusals.ts";
import { type AgreementCase, bytes, type Case, hex, vectorFile, vectors } from "../../support/vectors.ts";

const expectRefusal = (run: () => unknown, says: string): void => refusal(run, says, "RFC 8731 §3");

describe.each([
  ["noble", noble.x25519],
  ["node:crypto", platformX25519],
])("on %s", (_, primitive) => {
  const curve25519Sha256 = methodOn(primitive, noble.hash);
  const start = (scalar: string) => curve25519Sha256.start(() => bytes(scalar));

  describe("RFC 7748: init and finish", () => {
    const cases = vectors<Case<{ scalar: string; u: string }> & { publicKey?: string }>("x25519.json");

    test.each(cases)("$name", ({ given, expect: wanted, publicKey }) => {
      const kex = start(given.scalar);
      if (publicKey !== undefined) expect(hex(kex.init)).toBe(publicKey);
      expect(hex(kex.finish(bytes(given.u)))).toBe(mpint(wanted));
    });
  });

  describe("Wycheproof: every shared secret, and every all-zero one refused", () => {
    const cases = vectors<AgreementCase>("wycheproof/x25519.json");

    test("has all its cases", () => expect(cases.length).toBe(518));

    test.each(cases)("$tcId: $comment", (vector) => {
      const finish = () => start(vector.private).finish(bytes(vector.public));
      if (/^0+$/.test(vector.shared)) return expectRefusal(finish, "low order");
      expect(hex(finish())).toBe(mpint(vector.shared));
    });

    test("some of the secrets need each form of an mpint: a zero before, zeros dropped, neither", () => {
      const secrets = cases.map(({ shared }) => shared).filter((shared) => !/^0+$/.test(shared));
      for (const form of [/^[89a-f]/, /^00/, /^(?!00)[0-7]/]) expect(secrets.some((s) => form.test(s))).toBe(true);
    });
  });

  describe("finish refuses", () => {
    const { lowOrder } = vectorFile<{ lowOrder: readonly { name: string; u: string }[] }>("x25519.json");
    const scalar = "77".repeat(32);

    test.each(lowOrder)("the share $name, which makes the secret all zero", ({ u }) => {
      expectRefusal(() => start(scalar).finish(bytes(u)), "low order");
    });

    test.each([0, 1, 31, 33, 64])("a share of %i bytes", (length) => {
      const share = new Uint8Array(length).fill(9);
      expectRefusal(() => start(scalar).finish(share), `Q_S has ${length} bytes, expected 32`);
    });

    test("to run twice: the second secret would be a known one", () => {
      const kex = start(scalar);
      kex.finish(bytes(`09${"00".repeat(31)}`));
      expect(() => kex.finish(bytes(`09${"00".repeat(31)}`))).toThrow(TypeError);
    });
  });

  describe("the ephemeral secret", () => {
    test.each([
      ["after a good share", `09${"00".repeat(31)}`],
      ["after a share of low order", "00".repeat(32)],
      ["after a share of the wrong length", "09"],
    ])("is wiped %s", (_, share) => {
      const secret = new Uint8Array(32).fill(0x77);
      const kex = curve25519Sha256.start(() => secret);
      expect(hex(secret)).toBe("77".repeat(32));
      try {
        kex.finish(bytes(share));
      } catch {}
      expect(hex(secret)).toBe("00".repeat(32));
    });

    test("is 32 fresh bytes for each exchange", () => {
      const lengths: number[] = [];
      const random = seededBytes("curve25519");
      const randomBytes = (length: number) => {
        lengths.push(length);
        return random(length);
      };
      const shares = [1, 2, 3].map(() => hex(curve25519Sha256.start(randomBytes).init));
      expect(lengths).toEqual([32, 32, 32]);
      expect(new Set(shares).size).toBe(3);
    });
  });

  test("two exchanges agree, also with the other primitives", () => {
    const random = seededBytes("agree");
    const client = curve25519Sha256.start(random);
    const server = methodOn(noble.x25519, noble.hash).start(random);
    expect(hex(client.finish(server.init))).toBe(hex(server.finish(client.init)));
  });

  test("the hash is SHA-256", () => {
    const abc = new TextEncoder().encode("abc");
    expect(hex(curve25519Sha256.hash(abc))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

/** X, 32 bytes as they are, as an mpint by way of BigInt: RFC 8731 §3.1, RFC 4251 §5. */
function mpint(X: string): string {
  const digits = BigInt(`0x${X}`).toString(16);
  const whole = digits.length % 2 === 1 ? `0${digits}` : digits;
  const signed = Number.parseInt(whole.slice(0, 2), 16) >= 0x80 ? `00${whole}` : whole;
  return (signed.length / 2).toString(16).padStart(8, "0") + signed;
}
