import { describe, expect, test, vi } from "vitest";
import { systemRandomBytes } from "../../src/ssh/random-bytes.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("systemRandomBytes", () => {
  test("gives as many bytes as were asked for", () => {
    const randomBytes = systemRandomBytes();
    for (const length of [0, 1, 4, 16, 17, 32, 1024, 4096]) expect(randomBytes(length).length).toBe(length);
  });

  test("gives no byte of the pool twice, over many fillings of it", () => {
    const randomBytes = systemRandomBytes();
    const given = Array.from({ length: 1000 }, () => hex(randomBytes(16)));
    expect(new Set(given).size).toBe(1000);
  });

  test("takes each byte of the pool once, in order, whatever is asked for in between", () => {
    const counting = <T extends ArrayBufferView | null>(array: T): T => {
      if (array instanceof Uint8Array) for (let i = 0; i < array.length; i++) array[i] = i;
      return array;
    };
    const system = vi.spyOn(crypto, "getRandomValues").mockImplementation(counting);
    const randomBytes = systemRandomBytes();
    expect([4, 8, 32, 4].map((length) => randomBytes(length)[0])).toEqual([0, 4, 0, 12]);
    system.mockRestore();
  });

  test("takes them from another source where one is given, and from no other", () => {
    const system = vi.spyOn(crypto, "getRandomValues");
    const randomBytes = systemRandomBytes((bytes) => bytes.fill(7));
    for (const length of [4, 32]) expect(randomBytes(length)).toEqual(new Uint8Array(length).fill(7));
    expect(system).not.toHaveBeenCalled();
    system.mockRestore();
  });

  test("gives arrays of the caller's own: neither writing to one nor the next call changes another", () => {
    const randomBytes = systemRandomBytes();
    const first = randomBytes(16);
    const before = hex(first);
    randomBytes(16).fill(0);
    expect(hex(first)).toBe(before);
    expect(first.buffer.byteLength).toBe(16);
  });

  test("never keeps what may be a secret: 17 bytes and more come from the system each time", () => {
    const system = vi.spyOn(crypto, "getRandomValues");
    const randomBytes = systemRandomBytes();
    for (let i = 0; i < 3; i++) randomBytes(17);
    expect(system.mock.calls.map(([array]) => (array as Uint8Array).length)).toEqual([17, 17, 17]);
    system.mockRestore();
  });

  test("asks the system once for the padding of a hundred packets", () => {
    const system = vi.spyOn(crypto, "getRandomValues");
    const randomBytes = systemRandomBytes();
    for (let i = 0; i < 100; i++) randomBytes(10);
    expect(system).toHaveBeenCalledTimes(1);
    system.mockRestore();
  });
});
