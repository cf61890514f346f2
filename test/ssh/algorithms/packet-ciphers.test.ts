/**
 * What every row of the table owes that seals packets, whatever its algorithm. Expected bytes are in the tests named after the rows.
 */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { platformTable } from "../../../src/node/platform.ts";
import type { AlgorithmTable, KeyedCipher, PacketCipher } from "../../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { packetCipher } from "../../../src/ssh/kex.ts";
import { tableOf } from "../../../src/ssh/rows.ts";
import { table } from "../../../src/ssh/table.ts";
import { seededBytes } from "../../support/peer-crypto.ts";
import { hex } from "../../support/vectors.ts";

const sequenceNumber = 7;

const macs = Object.keys(table.mac);

/** The rows as they seal packets: those that are no AEAD with each MAC. */
const rowsOf = (rows: AlgorithmTable, by: string): readonly (readonly [string, PacketCipher])[] =>
  Object.entries(rows.cipher).flatMap(([name, row]) =>
    "withMac" in row
      ? macs.map((mac) => [`${name} with ${mac}${by}`, packetCipher(rows, name, mac)] as const)
      : [[`${name}${by}`, row] as const],
  );

const ofPlatform = rowsOf(platformTable, " by node:crypto").filter(([name]) => name.startsWith("aes"));
const chachaByNoble = rowsOf(tableOf(noble), " by noble").filter(([name]) => name.startsWith("chacha"));

describe.each([...rowsOf(table, ""), ...chachaByNoble, ...ofPlatform])("%s", (name, row) => {
  const random = seededBytes(name);
  const key = random(row.keyLength);
  const iv = random(row.ivLength);
  const macKey = random(row.macKeyLength);
  const create = (): KeyedCipher => row.create(key, iv, macKey);
  const lengthInBlocks = row.isLengthPadded ? 4 : 0;

  /** A plain packet of `blocks` blocks, packet_length among them or not, with room for the tag. */
  const plainPacket = (blocks: number): Uint8Array => {
    const body = random(blocks * row.blockLength - lengthInBlocks);
    const packet = new Uint8Array(4 + body.length + row.tagLength);
    new DataView(packet.buffer).setUint32(0, body.length);
    packet.set(body, 4);
    return packet;
  };

  const sealedPacket = (blocks: number): Uint8Array => {
    const packet = plainPacket(blocks);
    create().seal(packet, sequenceNumber);
    return packet;
  };

  describe("open is false, and nothing is decrypted, for a packet", () => {
    const packet = sealedPacket(4);
    const tagStart = packet.length - row.tagLength;
    const regions: readonly (readonly [string, number, number])[] = [
      ["packet_length", 0, 4],
      ["padding_length", 4, 5],
      ["payload", 5, tagStart - 8],
      ["padding", tagStart - 8, tagStart],
      ["tag", tagStart, packet.length],
    ];

    test.each(regions)("with any one bit flipped in its %s", (_, start, end) => {
      expect(create().open(packet.slice(), sequenceNumber)).toBe(true);
      for (let bit = 8 * start; bit < 8 * end; bit++) {
        const flipped = packet.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        const before = hex(flipped);
        expect(create().open(flipped, sequenceNumber)).toBe(false);
        expect(hex(flipped)).toBe(before);
      }
    });

    test("sealed with another key", () => {
      const bytes = packet.slice();
      expect(row.create(random(row.keyLength), iv, random(row.macKeyLength)).open(bytes, sequenceNumber)).toBe(false);
      expect(hex(bytes)).toBe(hex(packet));
    });

    test("sealed under another sequence number", () => {
      if (name.startsWith("aes") && row.macKeyLength === 0) return; // AES-GCM counts by itself
      expect(create().open(packet.slice(), sequenceNumber + 1)).toBe(false);
    });

    test("with its last block cut out before the tag", () => {
      const short = Uint8Array.from([...packet.subarray(0, tagStart - row.blockLength), ...packet.subarray(tagStart)]);
      expect(create().open(short, sequenceNumber)).toBe(false);
    });

    test("of nothing but zeros", () => {
      expect(create().open(new Uint8Array(packet.length), sequenceNumber)).toBe(false);
    });
  });

  test("what one side seals the other opens, wherever the packet lies in its buffer, and nothing beside it changes", () => {
    const inputs = [fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 15 })] as const;
    fc.assert(
      fc.property(...inputs, (blocks, offset) => {
        const plain = plainPacket(blocks);
        const around = new Uint8Array(offset + plain.length + 16).fill(0xee);
        const packet = around.subarray(offset, offset + plain.length);
        packet.set(plain);
        create().seal(packet, sequenceNumber);
        expect(hex(packet.subarray(4, 12))).not.toBe(hex(plain.subarray(4, 12)));
        const receiver = create();
        expect(receiver.length(packet, sequenceNumber)).toBe(plain.length - 4 - row.tagLength);
        expect(receiver.open(packet, sequenceNumber)).toBe(true);
        expect(hex(packet.subarray(0, -row.tagLength))).toBe(hex(plain.subarray(0, -row.tagLength)));
        expect(hex(around.subarray(0, offset))).toBe("ee".repeat(offset));
        expect(hex(around.subarray(offset + plain.length))).toBe("ee".repeat(16));
      }),
      { seed: 20251124, numRuns: 60 },
    );
  });

  test("keys and IV are copied", () => {
    const [ownKey, ownIv, ownMacKey] = [key.slice(), iv.slice(), macKey.slice()];
    const cipher = row.create(ownKey, ownIv, ownMacKey);
    for (const own of [ownKey, ownIv, ownMacKey]) own.fill(0);
    expect(cipher.open(sealedPacket(2), sequenceNumber)).toBe(true);
    expect(hex(ownKey)).toBe("00".repeat(row.keyLength));
  });

  describe("wipe", () => {
    test("overwrites the keys' copies", () => {
      const slice = vi.spyOn(Uint8Array.prototype, "slice");
      const cipher = create();
      const copies = slice.mock.results.map((result) => result.value as Uint8Array).filter((copy) => copy.length >= 16);
      slice.mockRestore();
      const ofKeys = copies.filter((copy) => hex(copy) !== hex(iv));
      expect(ofKeys.map(hex).join("")).toBe(hex(key) + hex(macKey));
      cipher.wipe();
      expect(ofKeys.map(hex).join("")).toBe("00".repeat(row.keyLength + row.macKeyLength));
    });

    test("leaves a cipher that seals and opens nothing, rather than one with a known key", () => {
      const cipher = create();
      const packet = sealedPacket(2);
      cipher.wipe();
      expect(() => cipher.seal(plainPacket(2), sequenceNumber)).toThrow();
      let isOpen = false;
      try {
        isOpen = cipher.open(packet, sequenceNumber);
      } catch {}
      expect(isOpen).toBe(false);
    });
  });
});
