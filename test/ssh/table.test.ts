import { describe, expect, test } from "vitest";
import { platformTable } from "../../src/node/platform.ts";
import type { AlgorithmTable } from "../../src/ssh/algorithms/interfaces.ts";
import { none } from "../../src/ssh/algorithms/none.ts";
import { packetCipher } from "../../src/ssh/kex.ts";
import { withAesFirst } from "../../src/ssh/rows.ts";
import { table } from "../../src/ssh/table.ts";

test("on the platform's primitives it is the same table; withAesFirst puts AES first and changes nothing else", () => {
  const namesOf = ({ markers, ...lists }: AlgorithmTable) => Object.values(lists).map(Object.keys);
  const [kex, hostKey, cipher, mac, compression] = namesOf(table);
  const gcm = ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"];
  const aesFirst = [...gcm, "aes256-ctr", "aes192-ctr", "aes128-ctr", "chacha20-poly1305@openssh.com"];
  expect(namesOf(platformTable)).toEqual([kex, hostKey, cipher, mac, compression]);
  expect(namesOf(withAesFirst(table))).toEqual([kex, hostKey, aesFirst, mac, compression]);
  expect(platformTable.markers).toEqual(table.markers);
});

describe("the order of the rows is what we offer", () => {
  test.each([
    [
      "kex",
      [
        "mlkem768x25519-sha256",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
        "diffie-hellman-group14-sha256",
      ],
    ],
    [
      "hostKey",
      [
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "rsa-sha2-512",
        "rsa-sha2-256",
        "ssh-ed25519-cert-v01@openssh.com",
        "ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "ecdsa-sha2-nistp521-cert-v01@openssh.com",
        "rsa-sha2-512-cert-v01@openssh.com",
        "rsa-sha2-256-cert-v01@openssh.com",
      ],
    ],
    [
      "cipher",
      [
        "chacha20-poly1305@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-gcm@openssh.com",
        "aes256-ctr",
        "aes192-ctr",
        "aes128-ctr",
      ],
    ],
    ["mac", ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"]],
    ["compression", ["none"]],
  ] as const)("%s", (list, names) => expect(Object.keys(table[list])).toEqual(names));

  test("markers", () => expect(table.markers).toEqual(["ext-info-c", "kex-strict-c-v00@openssh.com"]));
});

test("every name is one that RFC 4251 §6 allows: printable US-ASCII, no comma, at most 64 characters", () => {
  const { markers, ...lists } = table;
  for (const name of [...Object.values(lists).flatMap(Object.keys), ...markers]) {
    expect(name).toMatch(/^[!-+\--~]{1,64}$/);
  }
});

test("the two names of curve25519-sha256 are one method", () => {
  expect(table.kex["curve25519-sha256@libssh.org"]).toBe(table.kex["curve25519-sha256"]);
});

describe("the sizes of each cipher, as its specification has them", () => {
  test.each([
    ["chacha20-poly1305@openssh.com", { keyLength: 64, ivLength: 0, macKeyLength: 0, blockLength: 8, tagLength: 16 }],
    ["aes256-gcm@openssh.com", { keyLength: 32, ivLength: 12, blockLength: 16, tagLength: 16 }],
    ["aes128-gcm@openssh.com", { keyLength: 16, ivLength: 12, blockLength: 16, tagLength: 16 }],
  ])("%s", (name, sizes) => expect(table.cipher[name]).toMatchObject({ ...sizes, isLengthPadded: false }));
});

describe("the sizes of the others follow from cipher and MAC: RFC 4344 §4, RFC 6668 §2", () => {
  test.each([
    ["aes256-ctr", "hmac-sha2-256", { keyLength: 32, macKeyLength: 32, tagLength: 32, isLengthPadded: true }],
    ["aes192-ctr", "hmac-sha2-512", { keyLength: 24, macKeyLength: 64, tagLength: 64, isLengthPadded: true }],
    [
      "aes128-ctr",
      "hmac-sha2-256-etm@openssh.com",
      { keyLength: 16, macKeyLength: 32, tagLength: 32, isLengthPadded: false },
    ],
    [
      "aes256-ctr",
      "hmac-sha2-512-etm@openssh.com",
      { keyLength: 32, macKeyLength: 64, tagLength: 64, isLengthPadded: false },
    ],
  ])("%s with %s", (cipher, mac, sizes) => {
    expect(packetCipher(table, cipher, mac)).toMatchObject({ ...sizes, ivLength: 16, blockLength: 16 });
  });

  test("there is no such cipher without a MAC, nor with an integrity key of another length", () => {
    expect(() => packetCipher(table, "aes256-ctr", undefined)).toThrow(TypeError);
    const cipher = packetCipher(table, "aes256-ctr", "hmac-sha2-256");
    expect(() => cipher.create(new Uint8Array(32), new Uint8Array(16))).toThrow(TypeError);
    expect(() => cipher.create(new Uint8Array(32), new Uint8Array(16), new Uint8Array(31))).toThrow(TypeError);
  });
});

describe("none", () => {
  const packet = Uint8Array.from([0xff, 0, 0, 1, 12, 10, 21, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const keyed = none.create(new Uint8Array(0), new Uint8Array(0));

  test("pads packet_length too, to 8, and has no tag", () => {
    const sizes = { keyLength: 0, ivLength: 0, blockLength: 8, tagLength: 0, isLengthPadded: true };
    expect(none).toMatchObject(sizes);
  });

  test("reads packet_length, unsigned, wherever the packet lies", () => {
    expect(keyed.length(packet.subarray(1), 0)).toBe(0x0000010c);
    expect(keyed.length(packet, 0)).toBe(0xff000001);
  });

  test("leaves packets as they are", () => {
    const copy = packet.slice();
    keyed.seal(copy, 0);
    expect(keyed.open(copy, 0)).toBe(true);
    keyed.wipe();
    expect(keyed.open(copy, 1)).toBe(true);
    expect(copy).toEqual(packet);
  });
});
