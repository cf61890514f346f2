import { expect, test } from "vitest";
import { choosePlatform, loadPlatform, platformPrimitives, platformTable } from "../../src/node/platform.ts";
import type { Primitives } from "../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../src/ssh/algorithms/noble.ts";

test("node:crypto's primitives are taken here, and asked once", async () => {
  const platform = await loadPlatform();
  expect(platform).toEqual({ primitives: platformPrimitives, table: platformTable });
  expect(await loadPlatform()).toBe(platform);
});

const missing = (): never => {
  throw new Error("not supported");
};
const without: Readonly<Record<string, Partial<Primitives>>> = {
  X25519: { x25519: { ...platformPrimitives.x25519, sharedSecret: missing } },
  Ed25519: { ed25519: { ...platformPrimitives.ed25519, publicKey: missing } },
  "AES-GCM": { gcm: { ...platformPrimitives.gcm, seal: missing } },
};

test.each(Object.entries(without))("a node:crypto without %s leaves all to noble, chacha20 first", async (_, lack) => {
  const { primitives, table } = await choosePlatform({ ...platformPrimitives, ...lack });
  expect(primitives).toBe(noble);
  expect(Object.keys(table.cipher)[0]).toBe("chacha20-poly1305@openssh.com");
});
