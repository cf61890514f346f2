import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { platformMlKem } from "../../../src/node/ml-kem.ts";
import { mlkem768X25519 } from "../../../src/ssh/algorithms/mlkem768x25519-sha256.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { PeerShare, seededBytes } from "../../support/peer-crypto.ts";
import { expectRefusal as refusal } from "../../support/refusals.ts";
import { bytes, hex, vectorFile, vectors } from "../../support/vectors.ts";

const expectRefusal = (run: () => unknown, says: string): void =>
  refusal(run, says, "draft-ietf-sshm-mlkem-hybrid-kex");

interface MlKemCase {
  readonly tcId: number;
  readonly comment: string;
  /** d and z. */
  readonly seed: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
  readonly result: "valid" | "invalid";
}

const native = platformMlKem(); // from Node 24.7 on
const all = vectors<MlKemCase>("wycheproof/ml-kem-768.json");
const valid = all.filter(({ result }) => result === "valid");
const { lowOrder } = vectorFile<{ lowOrder: readonly { name: string; u: string }[] }>("x25519.json");

describe.each([["noble", noble.mlkem] as const, ...(native === undefined ? [] : [["node:crypto", native] as const])])(
  "on %s",
  (_, mlkem) => {
    const method = mlkem768X25519(mlkem, noble.x25519, noble.hash);
    const scalar = "77".repeat(32);
    const server = new PeerShare(new Uint8Array(32).fill(5));
    const start = (seed: string) => {
      const given = [bytes(seed), bytes(scalar)];
      return method.start(() => given.shift() as Uint8Array);
    };

    test("has the cases of the file", () => expect([all.length, valid.length]).toEqual([25, 21]));

    describe("Wycheproof: the key of a seed, the secret of a ciphertext", () => {
      test.each(valid)("$tcId: $comment", ({ seed, ek, c, K }) => {
        const pair = mlkem.pair(bytes(seed));
        expect(hex(pair.publicKey)).toBe(ek);
        expect(hex(pair.decapsulate(bytes(c)))).toBe(K);
      });

      test.each(valid)("$tcId: K is a string of SHA-256(K_PQ || K_CL)", ({ seed, ek, c, K }) => {
        const kex = start(seed);
        const clientShare = new PeerShare(bytes(scalar)).share;
        expect(hex(kex.init)).toBe(ek + hex(clientShare));
        const both = Buffer.concat([bytes(K), server.secret(clientShare)]);
        const wanted = `00000020${createHash("sha256").update(both).digest("hex")}`;
        expect(hex(kex.finish(bytes(c + hex(server.share))))).toBe(wanted);
      });
    });

    describe("finish refuses", () => {
      const { seed, c } = valid[0] as MlKemCase;

      test.each(all.filter(({ result }) => result === "invalid"))("$tcId: $comment", (vector) => {
        const reply = bytes(vector.c + hex(server.share));
        expectRefusal(() => start(vector.seed).finish(reply), `S_REPLY has ${reply.length} bytes, expected 1120`);
      });

      test.each([0, 32, 1088, 1119, 1121, 1216])("a reply of %i bytes", (length) => {
        const reply = new Uint8Array(length).fill(9);
        expectRefusal(() => start(seed).finish(reply), `S_REPLY has ${length} bytes, expected 1120`);
      });

      test.each(lowOrder)("the X25519 share $name, which makes its secret all zero", ({ u }) => {
        expectRefusal(() => start(seed).finish(bytes(c + u)), "low order");
      });

      test("to run twice", () => {
        const kex = start(seed);
        kex.finish(bytes(c + hex(server.share)));
        expect(() => kex.finish(bytes(c + hex(server.share)))).toThrow(TypeError);
      });
    });

    test("a ciphertext with a bit flipped gives another secret, and says nothing (FIPS 203: implicit rejection)", () => {
      const { seed, c } = valid[1] as MlKemCase;
      const reply = bytes(c + hex(server.share));
      const right = hex(start(seed).finish(reply));
      reply[500] = (reply[500] as number) ^ 1;
      const other = start(seed).finish(reply);
      expect(other.length).toBe(36);
      expect(hex(other)).not.toBe(right);
    });

    test.each([
      ["a good reply", 1120],
      ["a short one", 7],
    ])("seed and scalar are fresh for each exchange, and wiped after %s", (_, length) => {
      const made: Uint8Array[] = [];
      const random = seededBytes("mlkem");
      const randomBytes = (size: number) => {
        const fresh = random(size);
        made.push(fresh);
        return fresh;
      };
      const inits = [1, 2].map(() => {
        const kex = method.start(randomBytes);
        try {
          kex.finish(new Uint8Array(length).fill(9));
        } catch {}
        return hex(kex.init);
      });
      expect(made.map((each) => each.length)).toEqual([64, 32, 64, 32]);
      expect(new Set(inits).size).toBe(2);
      for (const secret of made) expect(secret.every((byte) => byte === 0)).toBe(true);
    });
  },
);

test.each([
  ["a good reply", 1120],
  ["a short one", 7],
])("the decapsulation key is wiped after %s", (_, length) => {
  let wiped = 0;
  const { mlkem } = noble;
  const watched = {
    isSlow: true,
    pair: (seed: Uint8Array) => {
      const pair = mlkem.pair(seed);
      return { ...pair, wipe: () => void wiped++ };
    },
  };
  const kex = mlkem768X25519(watched, noble.x25519, noble.hash).start(seededBytes("wiped"));
  try {
    kex.finish(new Uint8Array(length).fill(9));
  } catch {}
  expect(wiped).toBe(1);
});

test("the hash is SHA-256", () => {
  const abc = new TextEncoder().encode("abc");
  const wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(hex(mlkem768X25519(noble.mlkem, noble.x25519, noble.hash).hash(abc))).toBe(wanted);
});
