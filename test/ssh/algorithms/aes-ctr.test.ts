/** CTR ciphers with their MACs, against RFC 3686 and node:crypto; what every cipher owes is in packet-ciphers.test.ts. */
import { createCipheriv, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { platformCtr, platformHmac } from "../../../src/node/aes-ctr.ts";
import { aesCtr } from "../../../src/ssh/algorithms/aes-ctr.ts";
import { hmacSha2 } from "../../../src/ssh/algorithms/hmac-sha2.ts";
import { noble } from "../../../src/ssh/algorithms/noble.ts";
import { seededBytes } from "../../support/peer-crypto.ts";
import { bytes, type Case, hex, vectors } from "../../support/vectors.ts";

const primitives = [
  ["noble", noble.ctr, noble.hmac],
  ["node:crypto", platformCtr, platformHmac],
] as const;

describe.each(primitives)("by %s", (_, ctr, hmac) => {
  test.each(vectors<Case<{ key: string; counter: string; data: string }>>("aes-ctr.json"))(
    "RFC 3686 $name",
    ({ given, expect: wanted }) => {
      const data = bytes(given.data);
      ctr(bytes(given.key), bytes(given.counter), data);
      expect(hex(data)).toBe(wanted);
    },
  );

  test.each(vectors<Case<{ hash: "sha256" | "sha512"; key: string; data: string }>>("hmac-sha2.json"))(
    "HMAC, RFC 4231 $name",
    ({ given, expect: wanted }) => {
      const data = bytes(given.data);
      const mac = hex(hmac(given.hash, bytes(given.key), data.subarray(0, 4), data.subarray(4)));
      expect(mac.slice(0, wanted.length)).toBe(wanted);
    },
  );

  describe.each([
    [32, 256, "encrypt-and-mac"],
    [24, 512, "encrypt-and-mac"],
    [16, 256, "encrypt-then-mac"],
    [32, 512, "encrypt-then-mac"],
  ] as const)("AES with %i bytes of key, HMAC-SHA-%i, %s", (keyLength, bits, order) => {
    const random = seededBytes(`${keyLength} ${bits} ${order}`);
    const isEtm = order === "encrypt-then-mac";
    const cipher = aesCtr(keyLength, ctr).withMac(hmacSha2(bits, order, hmac));

    /** Packets of 1 to 40 blocks; node:crypto encrypts them as one stream. */
    const flight = (
      iv: Uint8Array,
    ): { plain: Uint8Array[]; sealed: Uint8Array[]; key: Uint8Array; macKey: Uint8Array } => {
      const key = random(keyLength);
      const macKey = random(bits / 8);
      const stream = createCipheriv(`aes-${8 * keyLength}-ctr`, key, iv);
      const plain = [1, 2, 40, 3, 20, 1].map((blocks) => {
        const body = random(16 * blocks - (isEtm ? 0 : 4));
        const length = Buffer.alloc(4);
        length.writeUInt32BE(body.length);
        return Uint8Array.from([...length, ...body]);
      });
      const sealed = plain.map((packet, i) => {
        const number = Buffer.alloc(4);
        number.writeUInt32BE((2 ** 32 - 3 + i) % 2 ** 32);
        const sent = isEtm
          ? Buffer.concat([packet.subarray(0, 4), stream.update(packet.subarray(4))])
          : stream.update(packet);
        const tag = createHmac(`sha${bits}`, macKey)
          .update(number)
          .update(isEtm ? sent : packet);
        return Uint8Array.from([...sent, ...tag.digest()]);
      });
      return { plain, sealed, key, macKey };
    };

    test.each([
      ["from anywhere", random(16)],
      ["over a carry of 8 bits", Uint8Array.from([...random(15), 0xff])],
      ["over a carry of 64 bits", Uint8Array.from([...random(8), ...new Uint8Array(8).fill(0xff)])],
      ["over 2^128", new Uint8Array(16).fill(0xff)],
    ])("seals and opens as one stream, X going %s, sequence numbers wrapping", (_, iv) => {
      const { plain, sealed, key, macKey } = flight(iv);
      const [sender, receiver] = [cipher.create(key, iv, macKey), cipher.create(key, iv, macKey)];
      plain.forEach((packet, i) => {
        const sequenceNumber = (2 ** 32 - 3 + i) % 2 ** 32;
        const sent = Uint8Array.from([...packet, ...new Uint8Array(bits / 8)]);
        sender.seal(sent, sequenceNumber);
        expect(hex(sent)).toBe(hex(sealed[i] as Uint8Array));
        expect(receiver.length(sent, sequenceNumber)).toBe(packet.length - 4);
        expect(receiver.open(sent, sequenceNumber)).toBe(true);
        expect(hex(sent.subarray(0, packet.length))).toBe(hex(packet));
      });
    });

    /** Terrapin's cut (CVE-2023-48795): the MAC may hold, what comes is noise, because the keystream counts bytes. */
    test("behind a packet that was cut out nothing is what was sent", () => {
      const iv = random(16);
      const { plain, sealed, key, macKey } = flight(iv);
      const receiver = cipher.create(key, iv, macKey);
      const second = (sealed[1] as Uint8Array).slice();
      const isOpen = receiver.open(second, 2 ** 32 - 2); // the number that an injected message before NEWKEYS would give
      expect(isOpen).toBe(isEtm);
      expect(hex(second)).not.toContain(hex((plain[1] as Uint8Array).subarray(4, 20)));
    });
  });
});
