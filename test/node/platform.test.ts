import { afterEach, describe, expect, test, vi } from "vitest";
import { platformMlKem } from "../../src/node/ml-kem.ts";
import {
  CryptoError,
  choosePlatform,
  loadPlatform,
  loadTable,
  platformPrimitives,
  platformTable,
} from "../../src/node/platform.ts";
import type { KexMethod, Primitives } from "../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../src/ssh/algorithms/noble.ts";
import { nobleMlKem } from "../../src/ssh/algorithms/noble-ml-kem.ts";
import { packetCipher } from "../../src/ssh/kex.ts";

test("node:crypto's primitives are taken here, and asked once", async () => {
  const platform = await loadPlatform();
  const { mlkem: _, ...others } = platformPrimitives;
  expect(platform.primitives).toMatchObject(others);
  expect(Object.keys(platform.table.kex)).toEqual(Object.keys(platformTable.kex));
  expect(await loadPlatform()).toBe(platform);
});

const missing = (): never => {
  throw new Error("not supported");
};
const without: Readonly<Record<string, Partial<Primitives>>> = {
  hash: { hash: missing },
  x25519: { x25519: { pair: (secret) => ({ ...platformPrimitives.x25519.pair(secret), sharedSecret: missing }) } },
  ed25519: { ed25519: { ...platformPrimitives.ed25519, key: missing } },
  gcm: { gcm: { ...platformPrimitives.gcm, seal: missing } },
  ctr: { ctr: missing },
  hmac: { hmac: missing },
};

/** What it may lack of one of these, while the rest of that works. */
const partly: readonly (readonly [name: string, lack: Partial<Primitives>])[] = [
  ["ed25519", { ed25519: { ...platformPrimitives.ed25519, verify: () => false } }], // it catches what verify throws
  [
    "ed25519",
    { ed25519: { ...platformPrimitives.ed25519, key: (seed) => ({ ...noble.ed25519.key(seed), sign: missing }) } },
  ],
  ["gcm", { gcm: { ...platformPrimitives.gcm, open: missing } }],
  ["gcm", { gcm: { ...platformPrimitives.gcm, open: () => false } }],
];

test.each([...Object.entries(without), ...partly])(
  "a node:crypto without %s, or a part of it, leaves that to noble, and nothing else",
  async (name, lack) => {
    const { primitives, table } = await choosePlatform({ ...platformPrimitives, ...lack, isAesFirst: true });
    const by = (each: keyof Primitives) => (primitives[each] === noble[each] ? "noble" : "node:crypto");
    const names = Object.keys(without) as (keyof Primitives)[];
    expect(names.filter((each) => by(each) === "noble")).toEqual([name]);
    const first = name === "gcm" ? "chacha20-poly1305@openssh.com" : "aes256-gcm@openssh.com";
    expect(Object.keys(table.cipher)[0]).toBe(first);
  },
);

describe("--crypto", () => {
  const chacha = "chacha20-poly1305@openssh.com";

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test("auto is the platform's table, which has the kernel first", async () => {
    expect(await loadTable("auto")).toBe((await loadPlatform()).table);
    expect(Object.keys(platformTable.cipher).slice(0, 2)).toEqual([chacha, "aes256-gcm@openssh.com"]);
  });

  test("noble needs no WebAssembly, and offers chacha20 first as JavaScript has no AES", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const { loadTable } = await import("../../src/node/platform.ts");
    const table = await loadTable("noble");
    expect(Object.keys(table.cipher)[0]).toBe(chacha);
    packetCipher(table, chacha, undefined).create(new Uint8Array(64), new Uint8Array(0)).seal(new Uint8Array(40), 0);
  });

  test("wasm offers the kernel first", async () => {
    const table = await loadTable("wasm");
    const { cipher } = table;
    expect(new Set(Object.keys(cipher))).toEqual(new Set(Object.keys(platformTable.cipher)));
    expect(Object.keys(cipher)[0]).toBe(chacha);
    expect(packetCipher(table, chacha, undefined).create(new Uint8Array(64), new Uint8Array(0)).constructor.name).toBe(
      "KernelCipher",
    );
  });

  test("wasm is refused where there is none, auto is not", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const { loadTable } = await import("../../src/node/platform.ts");
    await expect(loadTable("wasm")).rejects.toMatchObject({ name: new CryptoError("").name });
    await expect(loadTable("wasm")).rejects.toThrow("--crypto wasm");
    const table = await loadTable("auto");
    expect(Object.keys(table.cipher)[0]).toBe("aes256-gcm@openssh.com"); // node:crypto's, before noble's chacha20
    const keyed = packetCipher(table, chacha, undefined).create(new Uint8Array(64), new Uint8Array(0));
    expect(keyed.constructor.name).toBe("ChaCha20Poly1305");
  });
});

test("ML-KEM is node:crypto's where it has it, else noble's, loaded when it is used; and it is offered first", async () => {
  const native = platformMlKem();
  vi.resetModules();
  const load = vi.fn(() => ({ nobleMlKem }));
  vi.doMock("../../src/ssh/algorithms/noble-ml-kem.ts", load);
  const { loadPlatform } = await import("../../src/node/platform.ts");
  const { primitives, table } = await loadPlatform();
  const [[name, method]] = Object.entries(table.kex) as [[string, KexMethod]];
  expect(name).toBe("mlkem768x25519-sha256");
  expect([load.mock.calls.length, method.load === undefined]).toEqual([0, native !== undefined]);
  const random = (length: number) => new Uint8Array(length).fill(1);
  if (native === undefined) expect(() => method.start(random)).toThrow(TypeError);
  await method.load?.();
  expect([load.mock.calls.length, method.load]).toEqual([native === undefined ? 1 : 0, undefined]);
  const seed = random(64);
  expect(primitives.mlkem.pair(seed).publicKey).toEqual(nobleMlKem.pair(seed).publicKey);
  expect(method.start(random).init.length).toBe(1184 + 32);
  vi.doUnmock("../../src/ssh/algorithms/noble-ml-kem.ts");
});
