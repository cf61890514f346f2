import { describe, expect, test, vi } from "vitest";
import type { Keys } from "../../src/ssh/algorithms/interfaces.ts";
import { none } from "../../src/ssh/algorithms/none.ts";
import { ProtocolError } from "../../src/ssh/errors.ts";
import { packetCipher } from "../../src/ssh/kex.ts";
import { PacketReader, PacketWriter } from "../../src/ssh/packet.ts";
import { table } from "../../src/ssh/table.ts";
import {
  type Bend,
  type CipherName,
  join,
  keySizes,
  PeerDirection,
  poly1305,
  seededBytes,
  seededIntegers,
} from "../support/peer-crypto.ts";
import { thrownBy } from "../support/refusals.ts";

const ciphers = ["none", "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"] as const;
const aeads = ciphers.slice(1) as readonly CipherName[];

/** The same key and IV for both sides. */
function material(cipher: CipherName): { key: Uint8Array; iv: Uint8Array } {
  const bytes = seededBytes(`packets of ${cipher}`);
  return { key: bytes(keySizes[cipher].key), iv: bytes(keySizes[cipher].iv) };
}

function keys(cipher: CipherName): Keys {
  const row = cipher === "none" ? none : packetCipher(table, cipher, undefined);
  const { key, iv } = material(cipher);
  return { row, keyed: row.create(key, iv) };
}

function peer(cipher: CipherName, sequenceNumber = 0): PeerDirection {
  const { key, iv } = material(cipher);
  return new PeerDirection(cipher, key, iv, sequenceNumber);
}

/** Payloads of every length around the block sizes, and some that no buffer holds at first. */
const payloads = [...Array.from({ length: 40 }, (_, i) => i + 1), 1000, 3000, 5000, 30, 9000].map((length) =>
  seededBytes("p")(length),
);

function readAll(reader: PacketReader): { payload: Uint8Array; sequenceNumber: number }[] {
  const packets = [];
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    packets.push({ payload: packet.payload.slice(), sequenceNumber: packet.sequenceNumber });
  }
  return packets;
}

const faultOf = (act: () => unknown): ProtocolError => thrownBy(ProtocolError, act);

test("the peer's own Poly1305 is the one of RFC 8439 §2.5.2", () => {
  const key = Buffer.from("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", "hex");
  const tag = poly1305(key, Buffer.from("Cryptographic Forum Research Group"));
  expect(Buffer.from(tag).toString("hex")).toBe("a8061dc1305136c6c22b8baf0c0127a9");
});

describe.each(ciphers)("PacketReader with %s", (cipher) => {
  const expected = payloads.map((payload, sequenceNumber) => ({ payload, sequenceNumber }));

  function sealed(): Uint8Array {
    const direction = peer(cipher);
    return join(...payloads.map((payload) => direction.seal(payload)));
  }

  test("opens packets that came all at once", () => {
    const reader = new PacketReader(keys(cipher));
    reader.receive(sealed());
    expect(readAll(reader)).toEqual(expected);
    expect(reader.unread.length).toBe(0);
  });

  test("opens packets that come byte by byte, each with its last byte and not before", () => {
    const direction = peer(cipher);
    const reader = new PacketReader(keys(cipher));
    for (const [sequenceNumber, payload] of payloads.entries()) {
      const packet = direction.seal(payload);
      for (const byte of packet.subarray(0, -1)) {
        reader.receive(Uint8Array.of(byte));
        expect(reader.next()).toBeUndefined();
      }
      reader.receive(packet.subarray(-1));
      expect(readAll(reader)).toEqual([{ payload, sequenceNumber }]);
    }
  });

  test.each(["one", "two", "three"])("opens packets that are cut at random, seed %s", (seed) => {
    const integer = seededIntegers(seed);
    const bytes = sealed();
    const reader = new PacketReader(keys(cipher));
    const packets = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + integer(97);
      reader.receive(bytes.subarray(at, end));
      packets.push(...readAll(reader));
      at = end;
    }
    expect(packets).toEqual(expected);
  });

  test("counts bytes and packets since the keys", () => {
    const reader = new PacketReader(keys(cipher));
    const bytes = sealed();
    reader.receive(bytes);
    readAll(reader);
    expect([reader.bytesSinceKeys, reader.packetsSinceKeys]).toEqual([bytes.length, payloads.length]);
    reader.changeKeys(keys(cipher), false);
    expect([reader.bytesSinceKeys, reader.packetsSinceKeys]).toEqual([0, 0]);
  });

  test("overwrites the keys that it used before", () => {
    const used = keys(cipher);
    const wipe = vi.spyOn(used.keyed, "wipe");
    for (const side of [new PacketReader(used), new PacketWriter(used, seededBytes("padding"))]) {
      wipe.mockClear();
      side.changeKeys(keys(cipher), false);
      expect(wipe).toHaveBeenCalledTimes(1);
    }
    wipe.mockRestore();
  });

  test("takes a copy of what it receives", () => {
    const packet = peer(cipher).seal(Uint8Array.of(2, 3, 4));
    const reader = new PacketReader(keys(cipher));
    reader.receive(packet.subarray(0, 9));
    packet.fill(0, 0, 9);
    reader.receive(packet.subarray(9));
    expect(reader.next()?.payload).toEqual(Uint8Array.of(2, 3, 4));
  });

  test("wraps the sequence number from 2^32 - 1 to 0", () => {
    const direction = peer(cipher, 2 ** 32 - 1);
    const reader = new PacketReader(keys(cipher), 2 ** 32 - 1);
    reader.receive(join(direction.seal(Uint8Array.of(1)), direction.seal(Uint8Array.of(2))));
    expect(readAll(reader).map((packet) => packet.sequenceNumber)).toEqual([2 ** 32 - 1, 0]);
    expect(reader.sequenceNumber).toBe(1);
  });

  test.each([
    { reset: true, next: 0, about: "counts from 0 again under strict kex" },
    { reset: false, next: 2, about: "goes on counting without strict kex" },
  ])("$about", ({ reset, next }) => {
    const before = peer("none");
    const after = peer(cipher, next);
    const reader = new PacketReader(keys("none"));
    reader.receive(join(before.seal(Uint8Array.of(1)), before.seal(Uint8Array.of(21)), after.seal(Uint8Array.of(6))));
    reader.next();
    reader.next();
    reader.changeKeys(keys(cipher), reset);
    expect(reader.next()?.sequenceNumber).toBe(next);
  });

  // A packet of 11 bytes of payload: its length is right for every cipher once the padding is.
  const bends: readonly { about: string; bend: Bend; expected: RegExp; section: string }[] = [
    ...[0, 1, 4, 5].map((packetLength) => ({
      about: `packet_length ${packetLength}`,
      bend: { packetLength },
      expected: /^packet_length \d, at least 6/,
      section: "RFC 4253 §6",
    })),
    {
      about: "a length that is no multiple of the block",
      bend: { packetLength: 33 },
      expected: /^packet_length 33 .*multiple/,
      section: "RFC 4253 §6",
    },
    {
      about: "a length above 256 KiB",
      bend: { packetLength: cipher === "none" ? 262_148 : 262_160 },
      expected: /^packet_length 2621\d\d, at most 262144/,
      section: "RFC 4253 §6.1",
    },
    {
      about: "a length of 2^32 - 16",
      bend: { packetLength: cipher === "none" ? 2 ** 32 - 20 : 2 ** 32 - 16 },
      expected: /at most 262144/,
      section: "RFC 4253 §6.1",
    },
    {
      about: "padding_length 3",
      bend: { paddingLength: 3 },
      expected: /^padding_length 3, at least 4/,
      section: "RFC 4253 §6",
    },
    {
      about: "padding_length 0",
      bend: { paddingLength: 0 },
      expected: /^padding_length 0, at least 4/,
      section: "RFC 4253 §6",
    },
    {
      about: "padding that is as long as the packet",
      bend: { paddingLength: 255 },
      expected: /^padding_length 255 leaves no payload/,
      section: "RFC 4253 §6",
    },
  ];

  test.each(bends)("refuses $about", ({ bend, expected, section }) => {
    const reader = new PacketReader(keys(cipher));
    reader.receive(peer(cipher).seal(new Uint8Array(11), bend));
    const fault = faultOf(() => reader.next());
    expect(fault.message).toMatch(expected);
    expect([fault.section, fault.reason]).toEqual([section, 2]);
  });

  test("refuses a packet without payload: its padding leaves none", () => {
    const padding = cipher === "none" ? 11 : 15;
    const reader = new PacketReader(keys(cipher));
    reader.receive(peer(cipher).seal(new Uint8Array(0), { padding }));
    expect(faultOf(() => reader.next()).message).toMatch(/leaves no payload/);
  });

  test("reads padding of 4 and of 255 bytes, the bounds of RFC 4253 §6", () => {
    const direction = peer(cipher);
    const reader = new PacketReader(keys(cipher));
    for (const padding of [4, 255]) {
      const rest = (cipher === "none" ? 4 : 0) + 1 + padding;
      const payload = new Uint8Array(48 - (rest % 16)).fill(7);
      reader.receive(direction.seal(payload, { padding }));
      expect(reader.next()?.payload).toEqual(payload);
    }
  });

  test("a packet of 256 KiB is still read", () => {
    const payload = new Uint8Array(256 * 1024 - (cipher === "none" ? 4 : 0) - 1 - 15);
    const reader = new PacketReader(keys(cipher));
    reader.receive(peer(cipher).seal(payload, { padding: 15 }));
    expect(reader.next()?.payload.length).toBe(payload.length);
  });
});

describe.each(aeads)("PacketReader with %s, on a wrong tag", (cipher) => {
  const packetSize = 4 + 16 + 16;

  // The first four bytes are the length, whose check may fire before the tag's: a case of its own below.
  test.each(Array.from({ length: packetSize - 4 }, (_, i) => i + 4))(
    "refuses a flip in byte %i with reason 5",
    (at) => {
      const packet = peer(cipher).seal(new Uint8Array(6));
      expect(packet.length).toBeLessThanOrEqual(packetSize);
      const place = Math.min(at, packet.length - 1);
      packet[place] = (packet[place] as number) ^ 0x80;
      const reader = new PacketReader(keys(cipher));
      reader.receive(packet);
      const fault = faultOf(() => reader.next());
      expect(fault.message).toContain("tag is wrong");
      expect([fault.section, fault.reason]).toEqual(["RFC 4253 §6.4", 5]);
    },
  );

  test("refuses a length that was shortened to another legal one", () => {
    const packet = peer(cipher).seal(new Uint8Array(100));
    packet[3] = (packet[3] as number) ^ (cipher.startsWith("aes") ? 0x10 : 0x08);
    const reader = new PacketReader(keys(cipher));
    reader.receive(join(packet, new Uint8Array(64)));
    expect(faultOf(() => reader.next()).reason).toBe(5);
  });

  test("refuses a packet that comes twice, in another's place, or after one that was left out", () => {
    const direction = peer(cipher);
    const [first, second] = [direction.seal(Uint8Array.of(1)), direction.seal(Uint8Array.of(2))];
    for (const order of [[first, first], [second]]) {
      const reader = new PacketReader(keys(cipher));
      reader.receive(join(...order));
      const isAhead = order.length === 1;
      if (!isAhead) reader.next();
      // chacha20's length is encrypted with the sequence number: out of its place it is noise, and may be refused first
      expect(() => reader.next()).toThrow(ProtocolError);
    }
  });
});

describe.each(ciphers)("PacketWriter with %s", (cipher) => {
  test("writes packets that the peer's own framing and cryptography open", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    for (const payload of payloads) writer.write(payload);
    const direction = peer(cipher);
    let output = writer.take();
    for (const [sequenceNumber, payload] of payloads.entries()) {
      const packet = direction.open(output);
      expect(packet).toMatchObject({ payload, sequenceNumber });
      output = output.subarray(packet?.size);
    }
    expect(output.length).toBe(0);
  });

  test("pads with fresh random bytes, at least 4 and fewer than a block more. RFC 4253 §6", () => {
    for (const payload of payloads) {
      const asked: number[] = [];
      const writer = new PacketWriter(keys(cipher), (length) => {
        asked.push(length);
        return new Uint8Array(length);
      });
      writer.write(payload);
      expect(asked).toHaveLength(1);
      expect(asked[0]).toBeGreaterThanOrEqual(4);
      expect(asked[0]).toBeLessThan(cipher.startsWith("aes") ? 20 : 12);
    }
  });

  test("wraps the sequence number from 2^32 - 1 to 0", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"), 2 ** 32 - 1);
    writer.write(Uint8Array.of(1));
    writer.write(Uint8Array.of(2));
    expect(writer.sequenceNumber).toBe(1);
    const direction = peer(cipher, 2 ** 32 - 1);
    const output = writer.take();
    const first = direction.open(output);
    expect(first?.sequenceNumber).toBe(2 ** 32 - 1);
    expect(direction.open(output.subarray(first?.size))).toMatchObject({
      payload: Uint8Array.of(2),
      sequenceNumber: 0,
    });
  });

  test.each([
    { reset: true, next: 0, about: "counts from 0 again under strict kex" },
    { reset: false, next: 1, about: "goes on counting without strict kex" },
  ])("$about", ({ reset, next }) => {
    const writer = new PacketWriter(keys("none"), seededBytes("padding"));
    writer.write(Uint8Array.of(21));
    const before = writer.take().length;
    writer.changeKeys(keys(cipher), reset);
    expect([before, writer.bytesSinceKeys, writer.packetsSinceKeys, writer.sequenceNumber]).toEqual([16, 0, 0, next]);
    writer.write(Uint8Array.of(5));
    const output = writer.take();
    expect(peer(cipher, next).open(output)?.payload).toEqual(Uint8Array.of(5));
    expect([writer.bytesSinceKeys, writer.packetsSinceKeys]).toEqual([output.length, 1]);
  });

  test("counts bytes and packets since the keys, and what waits", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    for (const payload of payloads) writer.write(payload);
    expect([writer.packetsSinceKeys, writer.bytesSinceKeys]).toEqual([payloads.length, writer.pending]);
    const output = writer.take();
    expect([writer.bytesSinceKeys, writer.pending]).toEqual([output.length, 0]);
  });

  test("writes raw bytes before the first packet: the version line", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    writer.writeRaw(Buffer.from("SSH-2.0-x\r\n"));
    writer.write(Uint8Array.of(20));
    const output = writer.take();
    expect(Buffer.from(output.subarray(0, 11)).toString()).toBe("SSH-2.0-x\r\n");
    expect(peer(cipher).open(output.subarray(11))?.payload).toEqual(Uint8Array.of(20));
  });

  test("copies the payload, and hands its output over once", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    const payload = Uint8Array.of(2, 3, 4);
    writer.write(payload);
    payload.fill(0);
    const output = writer.take();
    expect([writer.pending, writer.take().length]).toEqual([0, 0]);
    writer.write(Uint8Array.of(9));
    expect(peer(cipher).open(output)?.payload).toEqual(Uint8Array.of(2, 3, 4));
  });

  test("puts the two parts of a payload together", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    writer.write(Uint8Array.of(94, 1), Uint8Array.of(2, 3, 4));
    expect(peer(cipher).open(writer.take())?.payload).toEqual(Uint8Array.of(94, 1, 2, 3, 4));
  });

  test("lends its output until it lends again: what is sealed meanwhile goes elsewhere", () => {
    const writer = new PacketWriter(keys(cipher), seededBytes("padding"));
    const direction = peer(cipher);
    let lent = new Uint8Array(0);
    for (let i = 0; i < 10; i++) {
      const payload = Uint8Array.of(2, ...new Uint8Array(40 * i).fill(i));
      writer.write(payload);
      lent.fill(0xff); // ours no longer
      lent = writer.lend() as Uint8Array<ArrayBuffer>;
      expect([writer.pending, writer.take().length]).toEqual([0, 0]);
      writer.write(Uint8Array.of(3));
      expect(direction.open(lent)?.payload).toEqual(payload);
      expect(direction.open(writer.take())?.payload).toEqual(Uint8Array.of(3));
    }
  });
});

describe("PacketReader before the first packet", () => {
  test("hands out lines without their LF, and leaves the rest to packets", () => {
    const packet = peer("none").seal(Uint8Array.of(20, 1));
    const reader = new PacketReader(keys("none"));
    reader.receive(join(Buffer.from("text\r\n\nSSH-2.0-x\n"), packet));
    const lines = [reader.nextLine(), reader.nextLine(), reader.nextLine()];
    expect(lines.map((line) => line && Buffer.from(line).toString())).toEqual(["text\r", "", "SSH-2.0-x"]);
    expect(reader.nextLine()).toBeUndefined();
    expect(reader.unread).toEqual(packet);
    expect(reader.next()?.payload).toEqual(Uint8Array.of(20, 1));
  });
});
