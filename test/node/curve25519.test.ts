import { createPrivateKey } from "node:crypto";
import { expect, test, vi } from "vitest";
import { platformEd25519, platformX25519 } from "../../src/node/curve25519.ts";
import { noble } from "../../src/ssh/algorithms/noble.ts";

vi.mock(import("node:crypto"), async (original) => {
  const crypto = await original();
  return { ...crypto, createPrivateKey: vi.fn(crypto.createPrivateKey) };
});

const secret = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);

test("OpenSSL takes a key apart, which is what takes its time, once for a key exchange and once for all signatures", () => {
  const server = noble.x25519.pair(secret.map((byte) => byte ^ 0xff));
  const calls = vi.mocked(createPrivateKey).mock.calls;
  const pair = platformX25519.pair(secret.slice());
  expect(pair.publicShare).toEqual(noble.x25519.pair(secret).publicShare);
  expect(pair.sharedSecret(server.publicShare)).toEqual(server.sharedSecret(pair.publicShare));
  expect(calls.length).toBe(1);

  const key = platformEd25519.key(secret);
  const ours = noble.ed25519.key(secret);
  expect(key.publicKey).toEqual(ours.publicKey);
  for (const data of [secret, new Uint8Array(0)]) expect(key.sign(data)).toEqual(ours.sign(data));
  expect(calls.length).toBe(2);
});

test.each([["noble", noble.ed25519] as const, ["node:crypto", platformEd25519] as const])(
  "%s's key is its own: the seed may be wiped",
  (_, ed25519) => {
    const seed = secret.slice();
    const key = ed25519.key(seed);
    seed.fill(0);
    expect(ed25519.verify(key.sign(secret), secret, key.publicKey)).toBe(true);
  },
);
