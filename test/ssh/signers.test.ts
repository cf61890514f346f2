import { createPublicKey, generateKeyPairSync, verify as nodeVerify } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import type { RsaPrivateKey } from "../../src/ssh/algorithms/interfaces.ts";
import { KeyFormatError } from "../../src/ssh/errors.ts";
import { parsePrivateKey } from "../../src/ssh/private-key.ts";
import { rsaSigner, signerOf } from "../../src/ssh/signers.ts";
import { table } from "../../src/ssh/table.ts";
import { rsaKeyBlob, strings } from "../support/blobs.ts";
import { vectors } from "../support/vectors.ts";

interface KeyFile {
  readonly name: string;
  readonly text: string;
  readonly passphrase?: string;
  readonly expect: { readonly publicKey: string } | { readonly error: string };
}

const files = vectors<KeyFile>("private-key.json").flatMap((file) =>
  "error" in file.expect ? [] : [{ ...file, publicKey: file.expect.publicKey }],
);

describe("the signer of a key file signs with that key", () => {
  test.each(files)("$name", async ({ text, passphrase = "", publicKey }) => {
    const signer = signerOf(parsePrivateKey(text, new TextEncoder().encode(passphrase)));
    const blob = Uint8Array.from(Buffer.from(publicKey.split(" ")[1]!, "base64"));
    expect(signer.publicKeyBlob).toEqual(blob);
    const data = new TextEncoder().encode("what is signed");
    for (const algorithm of signer.algorithms) {
      const signature = await signer.sign(data, algorithm);
      if (bitsOf(publicKey) < 2048)
        expect(signature).toHaveLength(4 + 12 + 4 + 128); // no host's key, but a user's
      else expect(table.hostKey[algorithm]?.parse(blob).verify(data, signature)).toBe(true);
    }
  });

  function bitsOf(publicKey: string): number {
    return publicKey.startsWith("ssh-rsa ") && publicKey.length < 250 ? 1024 : 2048;
  }

  test("of every kind", () => {
    const kinds = new Set(files.map(({ publicKey }) => publicKey.split(/[ -]/)[0]));
    expect(kinds).toEqual(new Set(["ssh", "ecdsa"]));
    expect(files.some(({ publicKey }) => publicKey.startsWith("ssh-rsa "))).toBe(true);
  });
});

/** An RSA key that OpenSSL made. */
function rsaKey(modulusLength: number, publicExponent = 65537): RsaPrivateKey {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  const jwk = privateKey.export({ format: "jwk" }) as Record<keyof RsaPrivateKey, string>;
  const number = (name: keyof RsaPrivateKey): Uint8Array => Uint8Array.from(Buffer.from(jwk[name], "base64url"));
  const primes = { p: number("p"), q: number("q"), dp: number("dp"), dq: number("dq"), qi: number("qi") };
  return { n: number("n"), e: number("e"), d: number("d"), ...primes };
}

const key = rsaKey(2048);
const data = Uint8Array.from({ length: 100 }, (_, at) => at);

describe("rsaSigner", () => {
  test.each([
    [2048, 65537],
    [2048, 3],
    [2056, 65537],
    [3072, 65537],
    [4096, 65537],
  ])("%i bits, e = %i: what it signs, under both names, OpenSSL verifies and we do", async (bits, e) => {
    const key = rsaKey(bits, e);
    const signer = rsaSigner(key);
    expect(signer.algorithms).toEqual(["rsa-sha2-512", "rsa-sha2-256"]);
    expect(signer.publicKeyBlob).toEqual(rsaKeyBlob(key.e, key.n));
    const publicKey = createPublicKey({
      key: { kty: "RSA", n: Buffer.from(key.n).toString("base64url"), e: Buffer.from(key.e).toString("base64url") },
      format: "jwk",
    });
    for (const [algorithm, hash] of [
      ["rsa-sha2-512", "sha512"],
      ["rsa-sha2-256", "sha256"],
    ] as const) {
      const blob = await signer.sign(data, algorithm);
      const signature = blob.subarray(4 + algorithm.length + 4);
      expect(blob).toEqual(strings(algorithm, signature));
      expect(nodeVerify(hash, data, publicKey, signature)).toBe(true);
      expect(table.hostKey[algorithm]?.parse(signer.publicKeyBlob).verify(data, blob)).toBe(true);
    }
  });

  test("never signs with SHA-1", async () => {
    await expect(rsaSigner(key).sign(data, "ssh-rsa")).rejects.toThrow(/does not sign as ssh-rsa/);
  });

  test("signs often, and at the same time", async () => {
    const signer = rsaSigner(key);
    const made = await Promise.all([1, 2, 3].map(() => signer.sign(data, "rsa-sha2-512")));
    expect(made[1]).toEqual(made[0]);
    expect(await signer.sign(data, "rsa-sha2-512")).toEqual(made[0]); // PKCS#1 v1.5 has no random part
  });

  test("does not look at the key again once it was made", async () => {
    const copy = Object.fromEntries(Object.entries(key).map(([name, number]) => [name, number.slice()]));
    const signer = rsaSigner(copy as unknown as RsaPrivateKey);
    const before = await signer.sign(data, "rsa-sha2-256");
    for (const number of Object.values(copy)) number.fill(0);
    expect(await signer.sign(data, "rsa-sha2-256")).toEqual(before);
  });

  test("never lets a faulty signature out", async () => {
    const signer = rsaSigner(key);
    const { sign } = crypto.subtle;
    const faulty = vi.spyOn(crypto.subtle, "sign").mockImplementation(async (...args) => {
      const signature = new Uint8Array(await sign.apply(crypto.subtle, args));
      signature[10]! ^= 1;
      return signature.buffer;
    });
    await expect(signer.sign(data, "rsa-sha2-512")).rejects.toThrow(KeyFormatError);
    faulty.mockRestore();
    await expect(signer.sign(data, "rsa-sha2-512")).resolves.toHaveLength(4 + 12 + 4 + 256);
  });
});
