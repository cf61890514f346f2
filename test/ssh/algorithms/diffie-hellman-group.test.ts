import { getDiffieHellman } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { platformPower } from "../../../src/node/diffie-hellman.ts";
import { diffieHellmanGroup } from "../../../src/ssh/algorithms/diffie-hellman-group.ts";
import { type ModpGroup, modpPrime } from "../../../src/ssh/algorithms/modp-groups.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { power } from "../../../src/ssh/algorithms/power.ts";
import { seededBytes, sshMpint } from "../../support/peer-crypto.ts";
import { expectRefusal } from "../../support/refusals.ts";
import { bytes, hex } from "../../support/vectors.ts";

const groups: readonly ModpGroup[] = [14, 16, 18];

test.each(groups)("group %i has the prime that OpenSSL has", (group) => {
  expect(hex(modpPrime(group))).toBe(getDiffieHellman(`modp${group}`).getPrime("hex"));
});

/** RFC 3526 §3 spells out its first and last digits so. */
test("group 14 ends as RFC 3526 prints it", () => {
  const digits = hex(modpPrime(14)).toUpperCase();
  expect(digits.startsWith("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD1")).toBe(true);
  expect(digits.endsWith("15728E5A8AACAA68FFFFFFFFFFFFFFFF")).toBe(true);
});

describe.each([
  ["BigInt", power],
  ["node:crypto", platformPower],
])("by %s", (_, primitive) => {
  describe.each(groups)("group %i", (group) => {
    const method = diffieHellmanGroup(group, primitive, noble.hash);
    const prime = getDiffieHellman(`modp${group}`).getPrime();
    const p = BigInt(`0x${prime.toString("hex")}`);
    const mpint = (value: bigint): Uint8Array => {
      const digits = value.toString(16);
      return sshMpint(bytes(digits.padStart(2 * Math.ceil(digits.length / 2), "0"))).subarray(4);
    };

    test("agrees with OpenSSL, whose share comes as an mpint", () => {
      const random = seededBytes(`group ${group}`);
      for (let i = 0; i < 4; i++) {
        const server = getDiffieHellman(`modp${group}`);
        const f = sshMpint(server.generateKeys()).subarray(4);
        const client = method.start(random);
        expect(hex(client.finish(f))).toBe(hex(sshMpint(server.computeSecret(client.init))));
      }
    });

    test("x has 512 bits, its first one set, and e is what it makes of 2", () => {
      const lengths: number[] = [];
      const { init } = method.start((length) => {
        lengths.push(length);
        return new Uint8Array(length).fill(3);
      });
      expect(lengths).toEqual([64]);
      let e = 1n;
      for (const bit of BigInt(`0x83${"03".repeat(63)}`).toString(2)) e = (e * e * (bit === "1" ? 2n : 1n)) % p;
      expect(hex(init)).toBe(hex(mpint(e)));
    });

    test.each([
      ["0", 0n],
      ["1", 1n],
      ["p - 1", p - 1n],
      ["p", p],
      ["p + 1", p + 1n],
      ["4p + 2", 4n * p + 2n],
    ])("refuses f = %s", (_, value) => {
      const f = value === 0n ? new Uint8Array(0) : mpint(value);
      const kex = method.start(seededBytes("x"));
      expectRefusal(() => kex.finish(f), "f is not between 1 and p - 1", "RFC 8268 §4");
    });

    test.each([2n, p - 2n])("takes the f beside them, %#", (value) => {
      expect(method.start(seededBytes("x")).finish(mpint(value)).length).toBeGreaterThan(200);
    });

    test.each([
      ["is negative", Uint8Array.of(0x80, 1)],
      ["has needless zeros", Uint8Array.of(0, 1)],
      ["has needless zeros", Uint8Array.of(0)],
    ])("refuses an f that %s", (says, f) => {
      expect(() => method.start(seededBytes("x")).finish(f)).toThrow(says);
    });

    test("no prime is tested anew, which takes OpenSSL 3.5 (Node 24) ten seconds and more from group 16 on", () => {
      const before = process.cpuUsage();
      method.start(seededBytes("x")).finish(mpint(4n));
      expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
    });

    test("x is wiped, and used once", () => {
      const x = new Uint8Array(64).fill(7);
      const kex = method.start(() => x);
      kex.finish(mpint(12345n));
      expect(hex(x)).toBe("00".repeat(64));
      expect(() => kex.finish(mpint(12345n))).toThrow(TypeError);
    });
  });
});

test.each(groups)("in group %i nothing is left to BigInt where node:crypto has it", async (group) => {
  vi.resetModules();
  const spare = vi.fn(power);
  vi.doMock("../../../src/ssh/algorithms/power.ts", () => ({ power: spare }));
  const { platformPower } = await import("../../../src/node/diffie-hellman.ts");
  const method = diffieHellmanGroup(group, platformPower, noble.hash);
  method.start(seededBytes("x")).finish(Uint8Array.of(4));
  expect(spare).not.toHaveBeenCalled();
  vi.doUnmock("../../../src/ssh/algorithms/power.ts");
});

test("the hashes are those of RFC 8268 §3", () => {
  const lengths = groups.map((group) => diffieHellmanGroup(group, power, noble.hash).hash(new Uint8Array(0)).length);
  expect(lengths).toEqual([32, 64, 64]);
});
