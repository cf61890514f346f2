import { createECDH } from "node:crypto";
import { describe, expect, test } from "vitest";
import { platformEcdh } from "../../../src/node/diffie-hellman.ts";
import { ecdhSha2 } from "../../../src/ssh/algorithms/ecdh-sha2.ts";
import type { EcdsaCurve } from "../../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { seededBytes, sshMpint } from "../../support/peer-crypto.ts";
import { expectRefusal as refusal } from "../../support/refusals.ts";
import { type AgreementCase, bytes, hex, vectors } from "../../support/vectors.ts";

const expectRefusal = (run: () => unknown, says: string): void => refusal(run, says, "RFC 5656 §4");

interface EcdhCase extends AgreementCase {
  readonly result: "valid" | "acceptable" | "invalid";
}

const curves: readonly (readonly [curve: EcdsaCurve, openSsl: string, length: number, cases: number])[] = [
  ["nistp256", "prime256v1", 32, 181],
  ["nistp384", "secp384r1", 48, 155],
  ["nistp521", "secp521r1", 66, 161],
];

describe.each([
  ["noble", noble.ecdh],
  ["node:crypto", platformEcdh],
])("on %s", (_, ecdh) => {
  describe.each(curves)("%s", (curve, openSsl, length, count) => {
    const method = ecdhSha2(curve, ecdh, noble.hash);
    const start = (scalar: string) => method.start(() => bytes(scalar));
    const random = seededBytes(curve);

    test("Wycheproof: every shared secret, and what is no uncompressed point of the curve refused", () => {
      const cases = vectors<EcdhCase>(`wycheproof/ecdh-${curve}.json`);
      expect(cases.length).toBe(count);
      for (const { tcId, result, private: scalar, public: point, shared } of cases) {
        const finish = () => hex(start(scalar).finish(bytes(point)));
        if (result === "valid") expect(finish(), `case ${tcId}`).toBe(hex(sshMpint(bytes(shared))));
        else expectRefusal(finish, "Q_S");
      }
    });

    test("two sides agree, the other one being OpenSSL, whose point goes through unchanged", () => {
      for (let i = 0; i < 10; i++) {
        const server = createECDH(openSsl);
        const share = server.generateKeys();
        const client = method.start(random);
        expect(client.init).toHaveLength(1 + 2 * length);
        expect(hex(client.finish(Uint8Array.from(share)))).toBe(hex(sshMpint(server.computeSecret(client.init))));
      }
    });

    test("a scalar that is 0 or beyond the order is drawn again", () => {
      const good = bytes("01".repeat(length - 1).padStart(2 * length, "0"));
      const drawn = [new Uint8Array(length), new Uint8Array(length).fill(255), good.slice()];
      const server = createECDH(openSsl);
      server.setPrivateKey(good);
      expect(hex(method.start(() => drawn.shift() as Uint8Array).init)).toBe(server.getPublicKey("hex"));
      expect(drawn).toEqual([]);
    });

    describe("refuses", () => {
      const secret = "01".repeat(length - 1).padStart(2 * length, "0");
      const server = createECDH(openSsl);
      const share = Uint8Array.from(server.generateKeys());
      const uncompressed = `expected ${1 + 2 * length} of an uncompressed point`;

      test.each([
        ["the point at infinity", Uint8Array.of(0), uncompressed],
        ["zeros as long as a point", new Uint8Array(1 + 2 * length), uncompressed],
        ["nothing", new Uint8Array(0), uncompressed],
        ["a compressed point", Uint8Array.from(server.getPublicKey(null, "compressed")), uncompressed],
        ["a point in hybrid form", Uint8Array.from(server.getPublicKey(null, "hybrid")), uncompressed],
        ["a point with a byte behind it", Uint8Array.from([...share, 0]), uncompressed],
        ["the point 0, 0", Uint8Array.from([4, ...new Uint8Array(2 * length)]), "no point of the curve"],
        ["coordinates above p", Uint8Array.from([4, ...new Uint8Array(2 * length).fill(255)]), "no point of the curve"],
        ["a point beside the curve", share.map((byte, at) => (at === 1 ? byte ^ 1 : byte)), "no point of the curve"],
      ])("%s", (_, point, says) => expectRefusal(() => start(secret).finish(point), says));

      test("to run twice", () => {
        const kex = start(secret);
        kex.finish(share);
        expect(() => kex.finish(share)).toThrow(TypeError);
      });
    });

    test("the scalar is wiped, whatever comes of it", () => {
      for (const point of [createECDH(openSsl).generateKeys(), Uint8Array.of(4)]) {
        const secret = new Uint8Array(length).fill(1);
        const kex = method.start(() => secret);
        try {
          kex.finish(Uint8Array.from(point));
        } catch {}
        expect(hex(secret)).toBe("00".repeat(length));
      }
    });
  });
});

test("the hash goes with the curve: RFC 5656 §6.2.1", () => {
  const lengths = curves.map(([curve]) => ecdhSha2(curve, noble.ecdh, noble.hash).hash(new Uint8Array(0)).length);
  expect(lengths).toEqual([32, 48, 64]);
});
