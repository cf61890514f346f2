/**
 * The kernel as a cipher beside noble's: a million packets, forgeries, connections that take turns, and runtimes that do
 * not let it be compiled.
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import { kernelChaCha, swiftChaCha } from "../../../../src/ssh/algorithms/chacha-kernel/cipher.ts";
import { KEYS, MAXIMUM_BODY, PACKET } from "../../../../src/ssh/algorithms/chacha-kernel/layout.ts";
import { chacha20Poly1305, nobleChaCha } from "../../../../src/ssh/algorithms/chacha20-poly1305@openssh.com.ts";
import { PacketReader, PacketWriter } from "../../../../src/ssh/packet.ts";
import { seededBytes } from "../../../support/peer-crypto.ts";
import { hex } from "../../../support/vectors.ts";
import { picker } from "../../../support/xorshift.ts";

const chacha = kernelChaCha()!;
const random = seededBytes("chacha kernel");
const overhead = 20; // packet_length and tag

const isSame = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

describe("a million packets, against noble", () => {
  const pool = random(1 << 17);
  const room = 36_000;

  test.each(Array.from({ length: 10 }, (_, index) => index + 1))("part %i of 10", { timeout: 300_000 }, (part) => {
    const pick = picker(20261126 + part);
    const ours = new Uint8Array(room);
    const plain = new Uint8Array(room);
    const sealed = new Uint8Array(room);
    let ciphers = [chacha(random(64)), nobleChaCha(random(64))];
    for (let i = 0; i < 100_000; i++) {
      if (i % 100 === 0) {
        const key = pool.slice(pick(1 << 16)).subarray(0, 64);
        ciphers = [chacha(key), nobleChaCha(key)];
      }
      const [kernel, noble] = ciphers as [ReturnType<typeof chacha>, ReturnType<typeof chacha>];
      // Nearly all as short as calls are; one in 500 of any length up to what every peer must read.
      const body = i % 500 === 0 ? pick(35_001 - overhead) : i % 10 === 0 ? pick(600) : pick(140);
      const offset = pick(16);
      const number = pick(2) === 0 ? i : pick(2 ** 32);
      const size = body + overhead;
      const packet = ours.subarray(offset, offset + size);
      const original = plain.subarray(0, size);
      const expected = sealed.subarray(0, size);
      original.set(pool.subarray(pick(pool.length - size)).subarray(0, size));
      expected.set(original);
      packet.set(original);
      noble.seal(expected, number);
      kernel.seal(packet, number);
      const isSealedAlike = isSame(packet, expected);
      const at = pick(size);
      const bit = 1 << pick(8);
      packet[at] = (packet[at] as number) ^ bit;
      const isForged = kernel.open(packet, number);
      packet[at] = (packet[at] as number) ^ bit;
      const isUntouched = isSame(packet, expected);
      const isOpened = kernel.open(packet, number) && isSame(packet.subarray(0, -16), original.subarray(0, -16));
      if (!isSealedAlike || isForged || !isUntouched || !isOpened) {
        throw new Error(
          JSON.stringify({ part, i, body, offset, number, isSealedAlike, isForged, isUntouched, isOpened }),
        );
      }
    }
  });
});

test("a forged byte at any place of any packet of up to 100 bytes is refused, and nothing is touched", () => {
  const cipher = chacha(random(64));
  for (let body = 0; body <= 100; body++) {
    const packet = random(body + overhead);
    cipher.seal(packet, body);
    for (let at = 0; at < packet.length; at++) {
      const forged = packet.slice();
      forged[at] = (forged[at] as number) ^ (1 + ((random(1)[0] as number) % 255));
      const before = forged.slice();
      if (cipher.open(forged, body) || !isSame(forged, before)) throw new Error(`byte ${at} of ${body}`);
    }
    expect(cipher.open(packet, body)).toBe(true);
  }
});

describe("what does not fit is refused", () => {
  const cipher = chacha(random(64));

  test("the longest packet does", () => {
    const packet = new Uint8Array(MAXIMUM_BODY + overhead);
    const byNoble = packet.slice();
    const key = random(64);
    chacha(key).seal(packet, 1);
    nobleChaCha(key).seal(byNoble, 1);
    expect(isSame(packet, byNoble)).toBe(true);
    expect(chacha(key).open(packet, 1)).toBe(true);
  });

  test.each([MAXIMUM_BODY + overhead + 1, overhead - 1, 0])("%i bytes", (size) => {
    expect(() => cipher.seal(new Uint8Array(size), 0)).toThrow(RangeError);
    expect(() => cipher.open(new Uint8Array(size), 0)).toThrow(RangeError);
  });

  test("a key of another length", () => {
    expect(() => chacha(new Uint8Array(32))).toThrow(RangeError);
  });
});

test("connections take turns, between a length and its packet too, and with the same sequence number", () => {
  const keys = [random(64), random(64)] as const;
  const [here, there] = [chacha(keys[0]), chacha(keys[1])];
  const packets = keys.map((key) => {
    const packet = new Uint8Array(64);
    packet[3] = 44;
    nobleChaCha(key).seal(packet, 3);
    return packet;
  }) as [Uint8Array, Uint8Array];
  expect(here.length(packets[0], 3)).toBe(44);
  expect(there.length(packets[1], 3)).toBe(44);
  expect(here.open(packets[0], 3)).toBe(true);
  expect(there.length(packets[1], 3)).toBe(44);
  expect(there.open(packets[1], 3)).toBe(true);
  const [ours, byNoble] = [new Uint8Array(300), new Uint8Array(300)];
  here.length(packets[1], 3);
  here.seal(ours, 4);
  nobleChaCha(keys[0]).seal(byNoble, 4);
  expect(hex(ours)).toBe(hex(byNoble));
});

test("keys change in the middle, with packets in flight in both directions", () => {
  const row = chacha20Poly1305(chacha);
  const byNoble = chacha20Poly1305(nobleChaCha);
  const keysOf = (key: Uint8Array, with_: typeof row) => ({ row: with_, keyed: with_.create(key, new Uint8Array(0)) });
  const directions = [0, 1].map(() => {
    const key = random(64);
    // One direction is sealed by the kernel and opened by noble, the other the other way round.
    return { writer: new PacketWriter(keysOf(key, row), random), reader: new PacketReader(keysOf(key, byNoble)) };
  });
  const back = random(64);
  directions[1] = {
    writer: new PacketWriter(keysOf(back, byNoble), random),
    reader: new PacketReader(keysOf(back, row)),
  };
  const flights: Uint8Array[][] = [[], []];
  for (let epoch = 0; epoch < 4; epoch++) {
    directions.forEach(({ writer, reader }, direction) => {
      for (let i = 0; i < 5; i++) {
        writer.write(Uint8Array.of(direction, epoch, i, ...random(i * 40)));
        flights[direction]?.push(writer.take());
      }
      // All but the last two arrive, byte by byte, before the writer goes on to its next keys.
      const arrive = (): void => {
        const bytes = flights[direction]?.shift() as Uint8Array;
        let payload: Uint8Array | undefined;
        for (const byte of bytes) {
          reader.receive(Uint8Array.of(byte));
          payload = reader.next()?.payload ?? payload;
        }
        expect([...(payload as Uint8Array).subarray(0, 2)]).toEqual([direction, epoch]);
      };
      const key = random(64);
      for (let i = 0; i < 3; i++) arrive();
      writer.changeKeys(keysOf(key, direction === 0 ? row : byNoble), epoch === 1);
      for (let i = 0; i < 2; i++) arrive();
      reader.changeKeys(keysOf(key, direction === 0 ? byNoble : row), epoch === 1);
    });
  }
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe("in the kernel's memory", () => {
  /** The memory of a kernel of its own, and its cipher. */
  const fresh = async () => {
    vi.resetModules();
    const made: WebAssembly.Instance[] = [];
    class Instance extends WebAssembly.Instance {
      constructor(module: WebAssembly.Module) {
        super(module);
        made.push(this);
      }
    }
    vi.stubGlobal("WebAssembly", { Module: WebAssembly.Module, Instance });
    const { kernelChaCha } = await import("../../../../src/ssh/algorithms/chacha-kernel/cipher.ts");
    const own = kernelChaCha()!;
    const { memory } = made[0]!.exports as { memory: WebAssembly.Memory };
    return { own, memory: new Uint8Array(memory.buffer) };
  };

  test("no key stays behind a call, and behind wipe nothing at all", async () => {
    const { own, memory } = await fresh();
    const key = new Uint8Array(64).fill(0xa7);
    const isThere = (): boolean => Buffer.from(memory).includes(Buffer.from(key.subarray(0, 16)));
    const [sender, receiver] = [own(key), own(key)];
    for (const body of [40, 3000, 20_000]) {
      const packet = new Uint8Array(body + overhead).fill(0x5b);
      sender.seal(packet, 1);
      expect(isThere()).toBe(false);
      receiver.length(packet, 1);
      expect(isThere()).toBe(true); // for the call to come
      receiver.open(packet, 1);
      expect(isThere()).toBe(false);
      receiver.length(packet, 2);
    }
    expect(memory.subarray(PACKET).some((byte) => byte !== 0)).toBe(true);
    sender.wipe();
    expect(isThere()).toBe(false);
    expect(memory.subarray(KEYS).every((byte) => byte === 0)).toBe(true);
    const packet = new Uint8Array(60);
    nobleChaCha(key).seal(packet, 2);
    expect(receiver.open(packet, 2)).toBe(true); // what was begun and wiped is begun anew
    expect(() => sender.seal(new Uint8Array(60), 2)).toThrow("wiped");
    expect(() => sender.length(new Uint8Array(60), 2)).toThrow("wiped");
  });
});

describe("where the kernel may not be compiled, the fallback serves without a word", () => {
  const refusals = {
    "no WebAssembly": undefined,
    "a policy against it": {
      Module: class {
        constructor() {
          throw new EvalError("Refused to compile WebAssembly");
        }
      },
    },
  };

  test.each(Object.entries(refusals))("%s", async (_, webAssembly) => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", webAssembly);
    const cipher = await import("../../../../src/ssh/algorithms/chacha-kernel/cipher.ts");
    expect(cipher.kernelChaCha()).toBe(undefined);
    const keys: Uint8Array[] = [];
    const fallback = (key: Uint8Array) => {
      keys.push(key);
      return nobleChaCha(key);
    };
    const key = random(64);
    const packet = new Uint8Array(60);
    cipher.swiftChaCha(fallback)(key).seal(packet, 9);
    expect(keys).toEqual([key]);
    const expected = new Uint8Array(60);
    nobleChaCha(key).seal(expected, 9);
    expect(hex(packet)).toBe(hex(expected));
  });

  test("and where it may, the kernel does", () => {
    const fallback = () => {
      throw new Error("not needed");
    };
    expect(() => swiftChaCha(fallback)(random(64))).not.toThrow();
  });
});
