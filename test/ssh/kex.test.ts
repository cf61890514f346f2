import { describe, expect, test } from "vitest";
import type { AlgorithmTable, KexMethod } from "../../src/ssh/algorithms/interfaces.ts";
import { NegotiationError } from "../../src/ssh/errors.ts";
import {
  chooseAlgorithms,
  clientKexInit,
  deriveKeys,
  exchangeHash,
  isGuessRight,
  isStrict,
  type KexInit,
  packetCipher,
} from "../../src/ssh/kex.ts";
import { table } from "../../src/ssh/table.ts";
import { ClientRig } from "../support/client-rig.ts";
import { join, seededBytes, sha256, sshMpint, sshString } from "../support/peer-crypto.ts";
import { thrownBy } from "../support/refusals.ts";

const ours: KexInit = clientKexInit(table, seededBytes("cookie"), "first");

/** A server that has all that we have, with some lists replaced. */
function server(fields: Partial<KexInit> = {}): KexInit {
  return {
    ...ours,
    kexAlgorithms: ["curve25519-sha256", "kex-strict-s-v00@openssh.com"],
    serverHostKeyAlgorithms: ["ssh-ed25519"],
    ...fields,
  };
}

function negotiationFault(fields: Partial<KexInit>): NegotiationError {
  return thrownBy(NegotiationError, () => chooseAlgorithms(ours, server(fields), table));
}

describe("our KEXINIT", () => {
  test("offers what the table has, in its order, and the markers behind the methods", () => {
    expect(ours).toMatchObject({
      kexAlgorithms: [...Object.keys(table.kex), "ext-info-c", "kex-strict-c-v00@openssh.com"],
      serverHostKeyAlgorithms: Object.keys(table.hostKey),
      encryptionAlgorithmsClientToServer: Object.keys(table.cipher),
      macAlgorithmsClientToServer: Object.keys(table.mac),
      compressionAlgorithmsClientToServer: ["none"],
      languagesClientToServer: [],
      firstKexPacketFollows: false,
      reserved: 0,
    });
    expect(ours.encryptionAlgorithmsServerToClient).toEqual(ours.encryptionAlgorithmsClientToServer);
    expect(ours.macAlgorithmsServerToClient).toEqual(ours.macAlgorithmsClientToServer);
  });

  test("names the markers in the first exchange only. OpenSSH PROTOCOL 1.10, RFC 8308 §2.1", () => {
    const again = clientKexInit(table, seededBytes("cookie"), "again");
    expect(again.kexAlgorithms).toEqual(Object.keys(table.kex));
  });

  test("has a cookie of 16 fresh random bytes", () => {
    const randomBytes = seededBytes("cookie");
    const cookies = [1, 2].map(() => clientKexInit(table, randomBytes, "again").cookie);
    expect(cookies.map((cookie) => cookie.length)).toEqual([16, 16]);
    expect(cookies[0]).not.toEqual(cookies[1]);
    expect(cookies[0]).toEqual(seededBytes("cookie")(16));
  });
});

const onlyCtr = {
  encryptionAlgorithmsClientToServer: ["aes256-ctr"],
  encryptionAlgorithmsServerToClient: ["aes256-ctr"],
};

describe("chooseAlgorithms", () => {
  /** Two rows a list, so that an order can be seen. */
  const method = table.kex["curve25519-sha256"] as KexMethod;
  const wide: AlgorithmTable = {
    ...table,
    kex: { first: method, second: method },
    hostKey: { "host-a": table.hostKey["ssh-ed25519"]!, "host-b": table.hostKey["ssh-ed25519"]! },
    cipher: {
      "cipher-a": table.cipher["aes128-gcm@openssh.com"]!,
      "cipher-b": table.cipher["aes256-gcm@openssh.com"]!,
      "bare-a": table.cipher["aes256-ctr"]!,
      "bare-b": table.cipher["aes128-ctr"]!,
    },
    mac: { "mac-a": table.mac["hmac-sha2-256"]!, "mac-b": table.mac["hmac-sha2-512"]! },
    compression: { none: null, zlib: null },
  };
  const client = clientKexInit(wide, seededBytes("cookie"), "first");
  const same: KexInit = { ...client, kexAlgorithms: ["first", "second"] };

  test.each<{ about: string; fields: Partial<KexInit>; chosen: readonly string[] }>([
    { about: "takes the client's first of each list", fields: {}, chosen: ["first", "host-a", "cipher-a", "cipher-a"] },
    {
      about: "goes by the client's order, not the server's",
      fields: {
        kexAlgorithms: ["second", "first"],
        serverHostKeyAlgorithms: ["host-b", "host-a"],
        encryptionAlgorithmsClientToServer: ["cipher-b", "cipher-a"],
        encryptionAlgorithmsServerToClient: ["cipher-b", "cipher-a"],
      },
      chosen: ["first", "host-a", "cipher-a", "cipher-a"],
    },
    {
      about: "passes over a method that the server lacks",
      fields: { kexAlgorithms: ["third", "second"] },
      chosen: ["second", "host-a", "cipher-a", "cipher-a"],
    },
    {
      about: "passes over a host key algorithm that the server lacks",
      fields: { serverHostKeyAlgorithms: ["host-b"] },
      chosen: ["first", "host-b", "cipher-a", "cipher-a"],
    },
    {
      about: "chooses the client's cipher by its own list",
      fields: { encryptionAlgorithmsClientToServer: ["cipher-b"] },
      chosen: ["first", "host-a", "cipher-b", "cipher-a"],
    },
    {
      about: "chooses the server's cipher by its own list",
      fields: { encryptionAlgorithmsServerToClient: ["cipher-b"] },
      chosen: ["first", "host-a", "cipher-a", "cipher-b"],
    },
    {
      about: "asks for no MAC in common where an AEAD brings its own",
      fields: { macAlgorithmsClientToServer: ["hmac-md5"], macAlgorithmsServerToClient: ["hmac-md5"] },
      chosen: ["first", "host-a", "cipher-a", "cipher-a"],
    },
    {
      about: "chooses a MAC for each direction whose cipher has none, by the client's order",
      fields: {
        encryptionAlgorithmsClientToServer: ["bare-b"],
        encryptionAlgorithmsServerToClient: ["bare-a"],
        macAlgorithmsClientToServer: ["mac-b"],
        macAlgorithmsServerToClient: ["mac-b", "mac-a"],
      },
      chosen: ["first", "host-a", "bare-b", "bare-a", "mac-b", "mac-a"],
    },
    {
      about: "chooses a MAC for one direction alone",
      fields: { encryptionAlgorithmsServerToClient: ["bare-a"], macAlgorithmsClientToServer: [] },
      chosen: ["first", "host-a", "cipher-a", "bare-a", "mac-a"],
    },
    {
      about: "asks for no language in common",
      fields: { languagesClientToServer: ["de"], languagesServerToClient: ["fr"] },
      chosen: ["first", "host-a", "cipher-a", "cipher-a"],
    },
  ])("$about", ({ fields, chosen }) => {
    expect(Object.values(chooseAlgorithms(client, { ...same, ...fields }, wide))).toEqual(chosen);
  });

  test.each<{ list: string; fields: Partial<KexInit>; ours: string }>([
    {
      list: "key exchange method",
      fields: { kexAlgorithms: ["diffie-hellman-group1-sha1"] },
      ours: "curve25519-sha256",
    },
    { list: "host key algorithm", fields: { serverHostKeyAlgorithms: ["ssh-rsa"] }, ours: "ssh-ed25519" },
    { list: "cipher", fields: { encryptionAlgorithmsClientToServer: ["3des-cbc"] }, ours: "aes256-gcm@openssh.com" },
    { list: "cipher", fields: { encryptionAlgorithmsServerToClient: ["3des-cbc"] }, ours: "aes256-gcm@openssh.com" },
    { list: "compression method", fields: { compressionAlgorithmsClientToServer: ["zlib"] }, ours: "none" },
    { list: "MAC", fields: { macAlgorithmsClientToServer: ["hmac-md5"], ...onlyCtr }, ours: "hmac-sha2-256" },
    { list: "MAC", fields: { macAlgorithmsServerToClient: ["hmac-sha1"], ...onlyCtr }, ours: "hmac-sha2-512" },
    { list: "compression method", fields: { compressionAlgorithmsServerToClient: ["zlib"] }, ours: "none" },
  ])("says so where no $list is in common", ({ list, fields, ours }) => {
    const fault = negotiationFault(fields);
    const theirs = Object.values(fields)[0] as string[];
    expect(fault.message).toMatch(new RegExp(`^no ${list} in common: we have .*; the server has ${theirs[0]}$`));
    expect(fault.list).toBe(list);
    expect(fault.ours).toContain(ours);
    expect(fault.theirs).toEqual(theirs);
  });

  test.each(["ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com", "kex-strict-s-v00@openssh.com"])(
    "never chooses the marker %s, nor counts it as ours. RFC 8308 §2.2",
    (marker) => {
      const fault = negotiationFault({ kexAlgorithms: [marker] });
      expect(fault.ours).toEqual(Object.keys(table.kex));
    },
  );

  test("says `none` where the server's list is empty", () => {
    expect(negotiationFault({ kexAlgorithms: [] }).message).toMatch(/the server has none$/);
  });

  test("shows a list of the server's that is too long only in part", () => {
    const kexAlgorithms = Array.from({ length: 20_000 }, (_, i) => `method-${i}`);
    expect(negotiationFault({ kexAlgorithms }).message.length).toBeLessThan(1000);
  });
});

describe("isStrict and isGuessRight", () => {
  test("strict kex is what the server's own marker says, wherever it stands", () => {
    expect(isStrict(server())).toBe(true);
    expect(isStrict(server({ kexAlgorithms: ["kex-strict-s-v00@openssh.com", "curve25519-sha256"] }))).toBe(true);
    expect(isStrict(server({ kexAlgorithms: ["curve25519-sha256", "kex-strict-c-v00@openssh.com"] }))).toBe(false);
    expect(isStrict(server({ kexAlgorithms: ["curve25519-sha256"] }))).toBe(false);
  });

  // RFC 4253 §7: the first kex algorithm and the first host key algorithm of both sides decide, nothing else
  test.each<{ about: string; fields: Partial<KexInit>; isRight: boolean }>([
    { about: "both first names agree", fields: {}, isRight: true },
    { about: "the kex method differs", fields: { kexAlgorithms: ["curve25519-sha256@libssh.org"] }, isRight: false },
    { about: "the host key algorithm differs", fields: { serverHostKeyAlgorithms: ["ssh-rsa"] }, isRight: false },
    { about: "only a cipher differs", fields: { encryptionAlgorithmsClientToServer: ["3des-cbc"] }, isRight: true },
    {
      about: "a common method stands second",
      fields: { kexAlgorithms: ["other", "curve25519-sha256"] },
      isRight: false,
    },
  ])("a guess is right or wrong: $about", ({ fields, isRight }) => {
    const curveFirst = { ...ours, kexAlgorithms: ["curve25519-sha256", "mlkem768x25519-sha256"] };
    expect(isGuessRight(curveFirst, server(fields))).toBe(isRight);
  });
});

describe("exchangeHash and deriveKeys, against node:crypto", () => {
  const method = table.kex["curve25519-sha256"] as KexMethod;
  const random = seededBytes("exchange");
  const input = {
    clientVersion: Buffer.from("SSH-2.0-client"),
    serverVersion: Buffer.from("SSH-2.0-server with spaces"),
    clientKexInit: random(300),
    serverKexInit: random(500),
    hostKeyBlob: random(51),
    clientShare: random(32),
    serverShare: random(32),
    K: sshMpint(random(32)),
  };

  test("the exchange hash covers V_C, V_S, I_C, I_S, K_S, Q_C, Q_S, K in this order. RFC 8731 §3.1", () => {
    const { K, ...strings } = input;
    const H = sha256(...Object.values(strings).map(sshString), K);
    expect(exchangeHash(method, input)).toEqual(H);
  });

  test.each([
    { about: "a high first bit", secret: Uint8Array.of(0x80, ...random(31)) },
    { about: "leading zero bytes", secret: Uint8Array.of(0, 0, 0x7f, ...random(29)) },
    { about: "a zero byte and a high bit", secret: Uint8Array.of(0, 0xff, ...random(30)) },
  ])("the hash is right for a K with $about", ({ secret }) => {
    const K = sshMpint(secret);
    const { K: _, ...strings } = input;
    expect(exchangeHash(method, { ...input, K })).toEqual(sha256(...Object.values(strings).map(sshString), K));
  });

  const H = random(32);
  const sessionId = random(32);
  const letters = { clientToServer: ["A", "C", "E"], serverToClient: ["B", "D", "F"] } as const;
  const ciphers = Object.keys(table.cipher).map((name) => packetCipher(table, name, "hmac-sha2-256"));

  test.each(["clientToServer", "serverToClient"] as const)(
    "derives the %s IV and keys of every cipher",
    (direction) => {
      for (const cipher of ciphers) {
        const [ivLetter, keyLetter, macLetter] = letters[direction];
        const first = sha256(input.K, H, Buffer.from(keyLetter), sessionId);
        const key = join(first, sha256(input.K, H, first)).subarray(0, cipher.keyLength);
        const iv = sha256(input.K, H, Buffer.from(ivLetter), sessionId).subarray(0, cipher.ivLength);
        const macKey = sha256(input.K, H, Buffer.from(macLetter), sessionId).subarray(0, cipher.macKeyLength);
        expect(deriveKeys(method, input.K, H, sessionId, direction, cipher)).toEqual({ key, iv, macKey });
      }
    },
  );

  test("goes on as K1 || K2 || K3 where a key is longer than two hashes. RFC 4253 §7.2", () => {
    const cipher = { ...packetCipher(table, "aes256-gcm@openssh.com", undefined), keyLength: 80 };
    const K1 = sha256(input.K, H, Buffer.from("C"), sessionId);
    const K2 = sha256(input.K, H, K1);
    const K3 = sha256(input.K, H, K1, K2);
    const { key } = deriveKeys(method, input.K, H, sessionId, "clientToServer", cipher);
    expect(key).toEqual(join(K1, K2, K3).subarray(0, 80));
  });

  test("a whole exchange gives the session id that the scripted peer computed, whatever K looks like", () => {
    for (const seed of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const rig = new ClientRig({ seed }).start();
      expect(rig.client.sessionId).toEqual(rig.peer.sessionId);
    }
  });
});
