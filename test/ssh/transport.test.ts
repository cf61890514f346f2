import { describe, expect, test } from "vitest";
import type { KexMethod } from "../../src/ssh/algorithms/interfaces.ts";
import { offering } from "../../src/ssh/algorithms/offer.ts";
import { HostKeyError, type NegotiationError, SshError } from "../../src/ssh/errors.ts";
import type { KexInit } from "../../src/ssh/kex.ts";
import * as m from "../../src/ssh/messages.ts";
import { table } from "../../src/ssh/table.ts";
import { Transport, type TransportOptions } from "../../src/ssh/transport.ts";
import { decode, encode, encodeFields, type Layout } from "../../src/ssh/wire.ts";
import {
  byteByByte,
  ClientRig,
  cutAtRandom,
  endingOf,
  messageOf,
  type RigOptions,
  rigAt,
  situations,
} from "../support/client-rig.ts";
import { join, PeerKey, seededBytes, seededIntegers, sshString } from "../support/peer-crypto.ts";
import type { Received, ReplyBend, ScriptedPeer } from "../support/scripted-peer.ts";
import { hex } from "../support/vectors.ts";

const noBytes: Uint8Array = new Uint8Array(0);
const strictKex = "strict kex, OpenSSH PROTOCOL 1.10";

const ignore = encode(m.IGNORE, { data: Uint8Array.of(1, 2, 3) });
const debug = encode(m.DEBUG, { alwaysDisplay: false, message: "hello", languageTag: "" });
const unimplemented = encode(m.UNIMPLEMENTED, { packetSequenceNumber: 0 });

/** Numbers that have no meaning, at the ends of every range of RFC 4250 §4.1.1. */
const unknownNumbers = [0, 8, 19, 22, 29, 32, 49, 54, 59, 61, 79, 83, 89, 101, 127, 128, 191, 194, 255];
/** All numbers that have one. */
const knownNumbers = [1, 2, 3, 4, 5, 6, 7, 20, 21, 30, 31, 50, 51, 52, 53, 60, 80, 81, 82, 192, 193].concat(
  Array.from({ length: 11 }, (_, i) => 90 + i),
);

function numbersOf(peer: ScriptedPeer): number[] {
  return peer.received.map((packet) => packet.number);
}

function extInfo(extensions: Readonly<Record<string, string>>, trailing: Uint8Array = noBytes): Uint8Array {
  const entries = Object.entries(extensions).map(([name, value]) => join(sshString(name), sshString(value)));
  return encode(m.EXT_INFO, { extensionCount: entries.length, extensions: join(...entries, trailing) });
}

describe("choosing, RFC 4253 §7.1", () => {
  test.each(["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"] as const)(
    "speaks %s with a peer whose cryptography is node:crypto's, byte by byte and cut at random",
    (cipher) => {
      const integer = seededIntegers(cipher);
      for (const cut of [undefined, byteByByte, cutAtRandom(integer)]) {
        const rig = new ClientRig({ cipher, ...(cut && { cut }) }).start();
        const id = rig.openChannel();
        rig.peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: id, data: new Uint8Array(2000) });
        expect(rig.run().news(id)).toEqual(["ready", "data 2000"]);
      }
    },
  );

  test("speaks another cipher in each direction, through a rekey", () => {
    const rig = new ClientRig({ cipher: "aes128-gcm@openssh.com", cipherToServer: "chacha20-poly1305@openssh.com" });
    rig.start().client.rekey();
    expect(rig.run().told("rekeyed")).toHaveLength(1);
    rig.openChannel();
    expect(rig.news(0)).toEqual(["ready"]);
  });

  test.each<{ list: string; kexInit: Partial<KexInit> }>([
    { list: "key exchange method", kexInit: { kexAlgorithms: ["diffie-hellman-group1-sha1"] } },
    { list: "host key algorithm", kexInit: { serverHostKeyAlgorithms: ["ssh-rsa", "ssh-dss"] } },
    { list: "cipher", kexInit: { encryptionAlgorithmsClientToServer: ["aes128-cbc"] } },
    { list: "cipher", kexInit: { encryptionAlgorithmsServerToClient: ["aes128-cbc"] } },
    { list: "compression method", kexInit: { compressionAlgorithmsServerToClient: ["zlib"] } },
    {
      list: "key exchange method",
      kexInit: {
        kexAlgorithms: ["ext-info-s", "ext-info-c", "kex-strict-s-v00@openssh.com", "kex-strict-c-v00@openssh.com"],
      },
    },
  ])("nothing in common as $list ends it with reason 3: $kexInit", ({ list, kexInit }) => {
    const rig = new ClientRig({ kexInit }).start();
    expect(endingOf(rig)).toEqual({ error: "NegotiationError", disconnect: 3 });
    expect(rig.end).toMatchObject({ list });
    expect(rig.peer.disconnect?.description).toBe(messageOf(rig));
  });

  test("our share leaves only after the server's KEXINIT", () => {
    const rig = rigAt("before KEXINIT");
    expect(numbersOf(rig.peer)).toEqual([20]);
    rig.peer.answers.delete(m.KEX_ECDH_INIT.number);
    rig.peer.sendKexInit();
    expect(numbersOf(rig.run().peer)).toEqual([20, 30]);
  });
});

describe("a guess by the server, RFC 4253 §7", () => {
  const wrong: Partial<KexInit> = {
    firstKexPacketFollows: true,
    kexAlgorithms: ["curve25519-sha256@libssh.org", "curve25519-sha256", "kex-strict-s-v00@openssh.com"],
  };

  test.each([30, 31, 32, 49])("a packet that was sent on a wrong guess is skipped unread: number %i", (number) => {
    const rig = rigAt("before KEXINIT");
    rig.peer.sendKexInit(wrong);
    rig.peer.send(Uint8Array.of(number, 0xff));
    expect(rig.run().end).toBe("open");
    expect(rig.told("authenticated")).toHaveLength(1);
    expect(numbersOf(rig.peer)).not.toContain(m.UNIMPLEMENTED.number);
  });

  test.each([2, 20, 21, 29, 50, 192])("what is no packet of a key exchange method is not: number %i", (number) => {
    const rig = rigAt("before KEXINIT");
    rig.peer.sendKexInit(wrong);
    rig.peer.send(Uint8Array.of(number));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4253 §7", disconnect: 2 });
  });

  test("only one packet is skipped", () => {
    const rig = rigAt("before KEXINIT");
    rig.peer.answers.delete(m.KEX_ECDH_INIT.number);
    rig.peer.sendKexInit(wrong);
    rig.peer.send(Uint8Array.of(31, 0xff));
    rig.peer.send(Uint8Array.of(31, 0xff));
    expect(endingOf(rig.run()).error).toBe("ProtocolError");
  });

  test("a server that gives up instead of sending its guess is shown as such", () => {
    const rig = rigAt("before KEXINIT");
    rig.peer.sendKexInit(wrong);
    rig.peer.sendMessage(m.DISCONNECT, { reasonCode: 12, description: "too many", languageTag: "" });
    expect(endingOf(rig.run())).toEqual({ error: "DisconnectError", disconnect: undefined });
  });

  test("after a right guess nothing is skipped", () => {
    const client = { table: offering(table, { kex: "^curve25519-sha256" }) };
    const rig = new ClientRig({ client, kexInit: { firstKexPacketFollows: true } }).start();
    expect(rig.told("authenticated")).toHaveLength(1);
  });

  test("a wrong guess in a rekey is skipped too", () => {
    const rig = new ClientRig().start();
    rig.peer.sendKexInit({ firstKexPacketFollows: true, kexAlgorithms: ["curve25519-sha256@libssh.org"] });
    rig.peer.send(Uint8Array.of(31, 0xff));
    expect(rig.run().told("rekeyed")).toHaveLength(1);
  });
});

describe("strict kex, OpenSSH PROTOCOL 1.10", () => {
  const intruders: readonly { name: string; payload: Uint8Array }[] = [
    { name: "IGNORE", payload: ignore },
    { name: "DEBUG", payload: debug },
    { name: "UNIMPLEMENTED", payload: unimplemented },
    { name: "EXT_INFO", payload: extInfo({ "server-sig-algs": "ssh-ed25519" }) },
    { name: "SERVICE_ACCEPT", payload: encode(m.SERVICE_ACCEPT, { serviceName: "ssh-userauth" }) },
    { name: "an unknown message", payload: Uint8Array.of(77) },
    { name: "PING", payload: encode(m.PING, { data: noBytes }) },
  ];
  const harmless = intruders.filter(({ name }) => /^(IGNORE|DEBUG|UNIMPLEMENTED|an unknown message)$/.test(name));

  test.each(harmless)("$name before KEXINIT ends it once the server turns out to be strict", ({ payload }) => {
    const rig = rigAt("before KEXINIT");
    rig.peer.send(payload);
    rig.peer.sendKexInit();
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: strictKex, disconnect: 3 });
    expect(messageOf(rig)).toContain("KEXINIT is packet 1, it must be the first");
  });

  test.each(intruders)("$name between KEXINIT and the reply ends it", ({ payload }) => {
    const rig = rigAt("before the reply");
    rig.peer.send(payload);
    rig.peer.finishExchange();
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: strictKex, disconnect: 2 });
    expect(rig.told("host-key")).toHaveLength(0);
  });

  test.each(intruders)("$name between the reply and NEWKEYS ends it", ({ payload }) => {
    const rig = rigAt("before NEWKEYS");
    rig.peer.send(payload);
    rig.peer.sendNewKeys();
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: strictKex, disconnect: 2 });
    expect(numbersOf(rig.peer)).not.toContain(m.UNIMPLEMENTED.number);
  });

  test.each(["before the reply", "before NEWKEYS"])("DISCONNECT %s is shown", (situation) => {
    const rig = rigAt(situation);
    rig.peer.sendMessage(m.DISCONNECT, { reasonCode: 3, description: "no", languageTag: "" });
    expect(endingOf(rig.run())).toEqual({ error: "DisconnectError", disconnect: undefined });
  });

  test.each(harmless)(
    "without it, $name is taken before KEXINIT, before the reply and before NEWKEYS",
    ({ payload }) => {
      const rig = new ClientRig({ isStrict: false });
      rig.peer.answers.set(m.KEX_ECDH_INIT.number, () => {
        rig.peer.send(payload);
        rig.peer.sendReply();
        rig.peer.send(payload);
        rig.peer.sendNewKeys();
      });
      rig.peer.sendVersion();
      rig.peer.send(payload);
      rig.peer.sendKexInit();
      expect(rig.run().told("authenticated")).toHaveLength(1);
    },
  );

  // chacha20-poly1305 has the sequence number in its nonce: the peer could not open or seal a packet with a wrong one
  test.each<{ about: string; options: RigOptions }>([
    { about: "from 0 again in both directions under strict kex", options: {} },
    { about: "on without it", options: { isStrict: false, client: { allowChachaWithoutStrictKex: true } } },
  ])("sequence numbers count $about, at each of three exchanges", ({ options }) => {
    const rig = new ClientRig({ ...options, cipher: "chacha20-poly1305@openssh.com" }).start();
    rig.client.rekey();
    rig.run();
    rig.peer.sendKexInit();
    rig.run();
    expect(rig.told("rekeyed")).toHaveLength(2);
    const afterNewKeys = rig.peer.received.filter((_, i, all) => all[i - 1]?.number === m.NEWKEYS.number);
    const isReset = options.isStrict ?? true;
    expect(afterNewKeys.every((packet) => (packet.sequenceNumber === 0) === isReset)).toBe(true);
    const id = rig.openChannel();
    expect(rig.news(id)).toEqual(["ready"]);
  });

  test("is decided by the first KEXINIT: a marker in a later one changes nothing", () => {
    const options = { isStrict: false, client: { allowChachaWithoutStrictKex: true } };
    const rig = new ClientRig({ ...options, cipher: "chacha20-poly1305@openssh.com" }).start();
    rig.peer.sendKexInit({ kexAlgorithms: ["curve25519-sha256", "kex-strict-s-v00@openssh.com"] });
    rig.run();
    rig.openChannel();
    expect(rig.told("rekeyed")).toHaveLength(1);
    expect(rig.end).toBe("open");
  });

  test("in a rekey IGNORE, DEBUG and UNIMPLEMENTED are legal again, RFC 4253 §7.1", () => {
    for (const situation of Object.keys(situations).slice(-3)) {
      const rig = rigAt(situation);
      for (const { payload } of harmless) rig.peer.send(payload);
      expect(rig.run().end).toBe("open");
    }
  });

  test.each<{ about: string; kexInit: Partial<KexInit> }>([
    { about: "both directions", kexInit: {} },
    { about: "client to server", kexInit: { encryptionAlgorithmsServerToClient: ["aes256-gcm@openssh.com"] } },
    { about: "server to client", kexInit: { encryptionAlgorithmsClientToServer: ["aes256-gcm@openssh.com"] } },
  ])("chacha20-poly1305 in $about is refused without strict kex, for Terrapin's sake", ({ kexInit }) => {
    const rig = new ClientRig({ isStrict: false, cipher: "chacha20-poly1305@openssh.com", kexInit }).start();
    expect(endingOf(rig)).toEqual({ error: "NegotiationError", disconnect: 3 });
    expect(messageOf(rig)).toMatch(/Terrapin.*CVE-2023-48795.*update the server/);
    expect((rig.end as NegotiationError).list).toBe("strict kex");
    expect(numbersOf(rig.peer)).toEqual([20, 1]);
  });

  test("chacha20-poly1305 is taken without strict kex where the caller allows it", () => {
    const client = { allowChachaWithoutStrictKex: true };
    const rig = new ClientRig({ isStrict: false, cipher: "chacha20-poly1305@openssh.com", client }).start();
    expect(rig.told("authenticated")).toHaveLength(1);
  });

  test.each<Pick<RigOptions, "cipher" | "mac">>([
    {},
    { cipher: "aes256-ctr", mac: "hmac-sha2-256" },
    { cipher: "aes256-ctr", mac: "hmac-sha2-256-etm@openssh.com" },
  ])("AES goes on without strict kex, $cipher $mac", (options) => {
    expect(new ClientRig({ isStrict: false, ...options }).start().told("authenticated")).toHaveLength(1);
  });

  /** CVE-2023-48795: one packet put in before NEWKEYS, the first one behind it taken away, so that the numbers agree. */
  const cutOff = (options: RigOptions): ClientRig => {
    const rig = rigAt("before the reply", { isStrict: false, ...options });
    const { peer } = rig;
    peer.send(ignore);
    peer.outbound.sequenceNumber -= 1; // it is not the server's
    peer.finishExchange();
    const passed = peer.takeOutput();
    peer.send(extInfo({ "server-sig-algs": "ssh-ed25519" }));
    peer.takeOutput();
    peer.sendRaw(passed);
    return rig.run();
  };

  test("Terrapin's cut goes unnoticed under chacha20-poly1305 where the caller allows it", () => {
    const client = { allowChachaWithoutStrictKex: true };
    const rig = cutOff({ cipher: "chacha20-poly1305@openssh.com", client });
    expect([rig.end, rig.told("authenticated").length]).toEqual(["open", 1]);
  });

  test.each<Pick<RigOptions, "cipher" | "mac"> & { section: string; says: RegExp }>([
    { cipher: "aes256-gcm@openssh.com", section: "RFC 4253 §6.4", says: /authentication tag is wrong/ },
    { cipher: "aes256-ctr", mac: "hmac-sha2-256", section: "RFC 4253 §6.1", says: /packet_length \d+/ },
    { cipher: "aes128-ctr", mac: "hmac-sha2-512", section: "RFC 4253 §6.1", says: /packet_length \d+/ },
  ])("Terrapin's cut ends it under $cipher $mac", ({ section, says, ...options }) => {
    const rig = cutOff(options);
    expect([rig.end, rig.told("authenticated").length]).toMatchObject([{ section }, 0]);
    expect(messageOf(rig)).toMatch(says);
  });

  // the MAC is right and the keystream is not; of what noise may be, most ends it, and the rest is answered UNIMPLEMENTED
  test.each(["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"] as const)(
    "behind Terrapin's cut nothing is what the server said, under AES-CTR with %s",
    (mac) => {
      for (let i = 0; i < 20; i++) {
        const rig = cutOff({ cipher: "aes256-ctr", mac, seed: `noise ${i}` });
        expect(rig.client.negotiated).toMatchObject({ macServerToClient: mac, strictKex: false });
        expect(rig.told("authenticated")).toEqual([]);
        const [sent, answers] = [numbersOf(rig.peer).slice(0, 5), numbersOf(rig.peer).slice(5)];
        expect(sent).toEqual([20, 30, 21, 5, 50]);
        expect(answers.filter((number) => number !== m.UNIMPLEMENTED.number && number !== m.DISCONNECT.number)).toEqual(
          [],
        );
      }
    },
  );
});

describe("the reply: host key, share, signature. RFC 4253 §8, RFC 8731 §3, RFC 8709", () => {
  const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const impostor = new PeerKey("an impostor");
  const key = (content: Uint8Array, type = "ssh-ed25519"): Uint8Array => join(sshString(type), sshString(content));
  const lowOrder = ["00".repeat(32), `01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`, `ee${"ff".repeat(30)}7f`];

  test.each<{ about: string; bend: ReplyBend }>([
    { about: "R flipped", bend: { signature: flipped(19) } },
    { about: "S flipped", bend: { signature: flipped(19 + 32) } },
    { about: "of another key", bend: { signature: () => impostor.sign(Buffer.from("whatever")) } },
    { about: "for a host key that is not the signer's", bend: { hostKeyBlob: impostor.publicKeyBlob } },
    { about: "all zero", bend: { signature: () => key(new Uint8Array(64)) } },
  ])("a signature that is wrong ($about) is a HostKeyError, reason 9, and no event", ({ bend }) => {
    const rig = rigAt("before the reply");
    rig.peer.finishExchange(bend);
    expect(endingOf(rig.run())).toEqual({ error: "HostKeyError", disconnect: 9 });
    expect(rig.end).toMatchObject({ verdict: "signature" });
    expect(rig.told("host-key")).toHaveLength(0);
    expect(numbersOf(rig.peer)).toEqual([20, 30, 1]);
  });

  test.each<{ about: string; bend: ReplyBend; section: string }>([
    {
      about: "a host key of another type",
      bend: { hostKeyBlob: key(new Uint8Array(32), "ssh-rsa") },
      section: "RFC 8709 §4",
    },
    { about: "a host key of 31 bytes", bend: { hostKeyBlob: key(new Uint8Array(31)) }, section: "RFC 8709 §4" },
    {
      about: "bytes behind the host key",
      bend: { hostKeyBlob: join(new PeerKey("the host").publicKeyBlob, Uint8Array.of(0)) },
      section: "RFC 8709 §4",
    },
    { about: "an empty host key", bend: { hostKeyBlob: noBytes }, section: "RFC 8709 §4" },
    {
      about: "a signature of another type",
      bend: { signature: () => key(new Uint8Array(64), "ssh-rsa") },
      section: "RFC 8709 §6",
    },
    { about: "a signature of 63 bytes", bend: { signature: () => key(new Uint8Array(63)) }, section: "RFC 8709 §6" },
    {
      about: "bytes behind the signature",
      bend: { signature: (right) => join(right, Uint8Array.of(0)) },
      section: "RFC 8709 §6",
    },
    { about: "an empty signature", bend: { signature: () => noBytes }, section: "RFC 8709 §6" },
    { about: "an empty share", bend: { share: noBytes }, section: "RFC 8731 §3" },
    { about: "a share of 31 bytes", bend: { share: new Uint8Array(31).fill(9) }, section: "RFC 8731 §3" },
    { about: "a share of 33 bytes", bend: { share: new Uint8Array(33).fill(9) }, section: "RFC 8731 §3" },
    ...lowOrder.map((hex) => ({
      about: `a share of low order, ${hex.slice(0, 4)}...`,
      bend: { share: Uint8Array.from(Buffer.from(hex, "hex")) },
      section: "RFC 8731 §3",
    })),
  ])("$about ends it with reason 3", ({ bend, section }) => {
    const rig = rigAt("before the reply");
    rig.peer.finishExchange(bend);
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section, disconnect: 3 });
    expect(rig.told("host-key")).toHaveLength(0);
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "is empty", payload: Uint8Array.of(31) },
    { about: "is cut short", payload: Uint8Array.of(31, 0, 0, 0, 51, 1, 2) },
    {
      about: "has bytes behind it",
      payload: join(
        encode(m.KEX_ECDH_REPLY, { hostKeyBlob: noBytes, serverShare: noBytes, signature: noBytes }),
        noBytes,
        Uint8Array.of(1),
      ),
    },
  ])("a reply that $about ends it", ({ payload }) => {
    const rig = rigAt("before the reply");
    rig.peer.send(payload);
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4251 §5", disconnect: 2 });
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "is cut short", payload: Uint8Array.of(20, ...new Uint8Array(16), 0, 0, 0) },
    { about: "is its number alone", payload: Uint8Array.of(20) },
  ])("a KEXINIT that $about ends it", ({ payload }) => {
    const rig = rigAt("before KEXINIT");
    rig.peer.send(payload);
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4251 §5", disconnect: 2 });
  });
});

describe("waiting for the verdict on the host key", () => {
  function waiting(): ClientRig {
    const rig = new ClientRig({ holdsVerdict: true }).start();
    expect(rig.events).toEqual([{ type: "host-key", algorithm: "ssh-ed25519", blob: rig.peer.hostKey.publicKeyBlob }]);
    return rig;
  }

  test("no byte that came is processed and none leaves: not NEWKEYS, not a reply, not a request", () => {
    const rig = waiting();
    rig.peer.sendMessage(m.PING, { data: noBytes });
    rig.peer.sendMessage(m.DISCONNECT, { reasonCode: 2, description: "", languageTag: "" });
    rig.client.keepalive();
    rig.client.rekey();
    rig.run();
    expect(rig.events).toHaveLength(1);
    expect(numbersOf(rig.peer)).toEqual([20, 30]);
    expect(rig.client.sessionId).toBeUndefined();
  });

  test("not even garbage behind it is looked at", () => {
    const rig = waiting();
    rig.peer.sendRaw(new Uint8Array(1000).fill(0xff));
    expect(rig.run().events).toHaveLength(1);
  });

  test("a rejected key leaves with DISCONNECT 9 and nothing else: no service request, no signature, no user's name", () => {
    const rig = waiting();
    rig.client.fail(new HostKeyError("unknown host", "unknown"));
    expect(endingOf(rig.run())).toEqual({ error: "HostKeyError", disconnect: 9 });
    expect(numbersOf(rig.peer)).toEqual([20, 30, 1]);
    expect(rig.peer.disconnect?.description).toBe(""); // what we know of hosts is none of a stranger's business
  });

  test("after a rejection nothing can bring it back", () => {
    const rig = waiting();
    rig.client.fail(new HostKeyError("unknown host", "unknown"));
    rig.client.acceptHostKey();
    rig.client.provideSignature(new Uint8Array(83));
    expect(numbersOf(rig.run().peer)).toEqual([20, 30, 1]);
  });

  test("an accepted key lets NEWKEYS, the service request and the key query leave in one flight", () => {
    const rig = waiting();
    rig.client.acceptHostKey();
    rig.peer.receive(rig.client.takeOutput());
    expect(numbersOf(rig.peer)).toEqual([20, 30, 21, 5, 50]);
    expect(rig.client.sessionId).toEqual(rig.peer.exchangeHash);
  });

  test("a verdict that nobody asked for is the caller's mistake", () => {
    const transport = new Transport(transportOptions());
    expect(() => transport.acceptHostKey()).toThrow(TypeError);
  });
});

function transportOptions(): TransportOptions {
  return {
    table,
    randomBytes: seededBytes("transport"),
    allowChachaWithoutStrictKex: false,
    rekeyBytes: 2 ** 30,
    rekeyPackets: 2 ** 31,
    trace: false,
  };
}

describe("rekeying, RFC 4253 §9", () => {
  test.each<{ about: string; begin: (rig: ClientRig) => void }>([
    { about: "by us", begin: ({ client }) => client.rekey() },
    { about: "by the server", begin: ({ peer }) => peer.sendKexInit() },
    {
      about: "by both at once",
      begin: ({ client, peer }) => {
        client.rekey();
        peer.sendKexInit();
      },
    },
    {
      about: "by us, asked for twice",
      begin: ({ client }) => {
        client.rekey();
        client.rekey();
      },
    },
  ])("$about brings fresh keys under the first session id", ({ begin }) => {
    const rig = new ClientRig({ cipher: "chacha20-poly1305@openssh.com" }).start();
    const first = rig.client.sessionId?.slice();
    begin(rig);
    rig.run();
    expect(rig.told("rekeyed")).toHaveLength(1);
    expect(rig.told("host-key")).toHaveLength(1); // the key is known now: nobody is asked again
    expect(rig.client.isExchangingKeys).toBe(false);
    expect(rig.peer.of(m.KEXINIT)).toHaveLength(2);
    expect(rig.peer.exchangeHash).not.toEqual(first);
    expect(rig.client.sessionId).toEqual(first);
    expect(rig.openChannel()).toBe(0);
    expect(rig.news(0)).toEqual(["ready"]);
  });

  test("our KEXINIT of a rekey has a cookie of its own and no markers", () => {
    const rig = new ClientRig().start();
    rig.client.rekey();
    const [first, again] = rig
      .run()
      .peer.of(m.KEXINIT)
      .map((payload) => decode(m.KEXINIT, payload));
    expect(again?.cookie).not.toEqual(first?.cookie);
    expect(again?.kexAlgorithms).toEqual(Object.keys(table.kex));
  });

  test("another host key in a rekey ends it, even one with a good signature", () => {
    const rig = rigAt("after the server's KEXINIT of a rekey");
    rig.peer.finishExchange({ hostKey: new PeerKey("another") });
    expect(endingOf(rig.run())).toEqual({ error: "HostKeyError", disconnect: 9 });
    expect(rig.end).toMatchObject({ verdict: "rekey" });
    expect(rig.told("host-key")).toHaveLength(1);
  });

  test("a wrong signature in a rekey ends it", () => {
    const rig = rigAt("after the server's KEXINIT of a rekey");
    rig.peer.finishExchange({ signature: (right) => right.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) });
    expect(endingOf(rig.run())).toEqual({ error: "HostKeyError", disconnect: 9 });
  });

  test("nothing in common in a rekey ends it", () => {
    const rig = new ClientRig().start();
    rig.peer.sendKexInit({ kexAlgorithms: ["other"] });
    expect(endingOf(rig.run())).toEqual({ error: "NegotiationError", disconnect: 3 });
  });

  test.each(["in phase service", "in phase userauth"])("by the server %s, then authentication goes on", (situation) => {
    const rig = rigAt(situation);
    const { peer } = rig;
    peer.answers.set(m.SERVICE_REQUEST.number, () => undefined);
    peer.sendKexInit();
    rig.run();
    expect(rig.told("rekeyed")).toHaveLength(1);
    if (situation === "in phase service") peer.sendMessage(m.SERVICE_ACCEPT, { serviceName: "ssh-userauth" });
    peer.sendMessage(m.USERAUTH_PK_OK, { algorithm: "ssh-ed25519", publicKeyBlob: rig.key.publicKeyBlob });
    peer.answers.set(m.USERAUTH_REQUEST.number, () => peer.sendMessage(m.USERAUTH_SUCCESS, {}));
    expect(rig.run().told("authenticated")).toEqual([{ type: "authenticated", withProof: true }]);
  });

  test("by us while a key signs: the signed request waits and covers the first session id", () => {
    const rig = new ClientRig({ holdsSignature: true }).start();
    rig.peer.answers.delete(m.KEXINIT.number);
    rig.client.rekey();
    rig.run();
    const [sign] = rig.told("sign");
    rig.client.provideSignature(rig.key.sign(sign!.data));
    expect(numbersOf(rig.run().peer).at(-1)).toBe(m.KEXINIT.number); // RFC 4253 §7.1: not before our NEWKEYS
    rig.peer.sendKexInit();
    rig.run();
    expect(rig.told("rekeyed")).toHaveLength(1);
    expect(rig.told("authenticated")).toHaveLength(1);
    expect(numbersOf(rig.peer).slice(-3)).toEqual([30, 21, 50]);
  });

  test("with data in flight both ways: nothing is lost, doubled or out of order", () => {
    const rig = new ClientRig().start();
    const id = rig.openChannel();
    const data = (text: string) => ({ recipientChannel: id, data: Buffer.from(text) });
    expect(rig.client.write(id, Buffer.from("before"))).toBe(6);
    rig.client.rekey();
    rig.peer.sendMessage(m.CHANNEL_DATA, data("sent before the server saw our KEXINIT"));
    rig.peer.sendMessage(m.CHANNEL_EXTENDED_DATA, { ...data("so was this"), dataTypeCode: 1 });
    expect(rig.client.write(id, Buffer.from("during"))).toBe(0);
    rig.run();
    expect(rig.client.write(id, Buffer.from("after"))).toBe(5);
    rig.peer.sendMessage(m.CHANNEL_DATA, data("with new keys"));
    rig.run();
    expect(rig.news(id)).toEqual(["ready", "data 38", "stderr 11", "data 13"]);
    const sent = rig.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data);
    expect(Buffer.concat(sent).toString()).toBe("beforeafter");
  });

  test.each(["us", "the server"])("begun by %s: write takes nothing until our NEWKEYS is out, then it does", (who) => {
    const rig = new ClientRig().start();
    const { client, peer } = rig;
    const id = rig.openChannel();
    peer.answers.delete(m.KEXINIT.number);
    peer.answers.delete(m.KEX_ECDH_INIT.number);
    if (who === "us") client.rekey();
    else peer.sendKexInit();
    rig.run();
    expect(client.write(id, Buffer.from("x"))).toBe(0);
    if (who === "us") peer.sendKexInit();
    rig.run();
    expect(client.write(id, Buffer.from("x"))).toBe(0);
    peer.sendReply();
    rig.run();
    expect(client.isExchangingKeys).toBe(true); // the server's NEWKEYS is still to come
    expect(client.write(id, Buffer.from("x"))).toBe(1);
  });

  test("control replies wait for our NEWKEYS and leave in order", () => {
    const rig = rigAt("after our KEXINIT of a rekey");
    const { peer } = rig;
    for (const id of [1, 2, 3]) {
      peer.sendMessage(m.PING, { data: Uint8Array.of(id) });
      peer.sendMessage(m.GLOBAL_REQUEST, {
        requestName: "keepalive@openssh.com",
        wantReply: true,
        requestData: noBytes,
      });
    }
    const before = rig.run().peer.received.length;
    expect(numbersOf(peer).at(-1)).toBe(m.KEXINIT.number);
    peer.sendKexInit();
    rig.run();
    expect(numbersOf(peer).slice(before)).toEqual([30, 21, 193, 82, 193, 82, 193, 82]);
    expect(peer.of(m.PONG).map((payload) => decode(m.PONG, payload).data[0])).toEqual([1, 2, 3]);
  });

  test.each<{ about: string; data: number; count: number }>([
    { about: "few large ones", data: 32 * 1024, count: 9 },
    { about: "many small ones", data: 0, count: 4000 },
  ])("replies that wait are bounded by 256 KiB: $about end it", ({ data, count }) => {
    const rig = rigAt("after our KEXINIT of a rekey");
    for (let i = 0; i < count; i++) rig.peer.sendMessage(m.PING, { data: new Uint8Array(data) });
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4253 §7.1", disconnect: 2 });
    expect(rig.client.pendingOutput).toBe(0);
  });

  test("replies below that bound are kept", () => {
    const rig = rigAt("after our KEXINIT of a rekey");
    for (let i = 0; i < 7; i++) rig.peer.sendMessage(m.PING, { data: new Uint8Array(32 * 1024) });
    rig.run();
    rig.peer.sendKexInit();
    rig.run();
    expect(rig.peer.of(m.PONG)).toHaveLength(7);
  });

  test("DISCONNECT does not wait", () => {
    const rig = rigAt("after our KEXINIT of a rekey");
    rig.peer.sendMessage(m.PING, { data: noBytes });
    rig.run();
    rig.client.disconnect();
    expect(endingOf(rig.run())).toEqual({ error: "none", disconnect: 11 });
    expect(numbersOf(rig.peer)).not.toContain(m.PONG.number);
  });

  test.each<{ about: string; client: RigOptions["client"]; act: (rig: ClientRig, id: number) => void }>([
    {
      about: "bytes that we sent",
      client: { rekeyBytes: 20_000 },
      act: ({ client }, id) => void client.write(id, new Uint8Array(21_000)),
    },
    {
      about: "bytes that came",
      client: { rekeyBytes: 20_000 },
      act: ({ peer }, id) => peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: id, data: new Uint8Array(21_000) }),
    },
    {
      about: "packets that we sent",
      client: { rekeyPackets: 40 },
      act: ({ client }, id) => {
        for (let i = 0; i < 41; i++) client.write(id, Uint8Array.of(1));
      },
    },
    {
      about: "packets that came",
      client: { rekeyPackets: 40 },
      act: ({ peer }) => {
        for (let i = 0; i < 41; i++) peer.send(ignore);
      },
    },
  ])("we begin one after so many $about, and count anew", ({ client, act }) => {
    const rig = new ClientRig({ ...(client && { client }) }).start();
    const id = rig.openChannel();
    expect(rig.told("rekeyed")).toHaveLength(0);
    for (const times of [1, 2]) {
      act(rig, id);
      expect(rig.run().told("rekeyed")).toHaveLength(times);
    }
    expect(rig.peer.of(m.KEXINIT)).toHaveLength(3);
  });

  test("a write stops at the byte limit and goes on with new keys", () => {
    const rig = new ClientRig({ client: { rekeyBytes: 40_000 } }).start();
    const id = rig.openChannel();
    const data = new Uint8Array(200_000).map((_, i) => i);
    for (let taken = 0; taken < data.length; rig.run()) {
      const more = rig.client.write(id, data.subarray(taken));
      expect(more).toBeGreaterThan(0);
      taken += more;
    }
    const sent = rig.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data);
    expect(Buffer.concat(sent).equals(data)).toBe(true);
    expect(rig.told("rekeyed").length).toBeGreaterThanOrEqual(3);
  });
});

describe("a rekey that the server does not take, as OpenSSH during authentication,", () => {
  test("ends the connection at once: it would never be answered", () => {
    const rig = new ClientRig().start();
    rig.peer.answers.delete(m.KEXINIT.number);
    rig.client.rekey();
    rig.run();
    const { sequenceNumber } = rig.peer.received.findLast(({ number }) => number === m.KEXINIT.number) as Received;
    rig.peer.send(encode(m.UNIMPLEMENTED, { packetSequenceNumber: sequenceNumber }));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4253 §9", disconnect: 2 });
  });

  test("is not begun by us before USERAUTH_SUCCESS, whatever has been sent", () => {
    const rig = new ClientRig({ client: { rekeyPackets: 1 }, holdsSignature: true }).start();
    expect(rig.peer.of(m.KEXINIT)).toHaveLength(1);
  });
});

describe("what has no meaning is answered UNIMPLEMENTED with its sequence number, RFC 4253 §11.4", () => {
  const cases = Object.keys(situations).map((situation) => ({ situation, isStrict: !situation.startsWith("before") }));
  cases.push({ situation: "before the server's NEWKEYS of a rekey", isStrict: true });

  test.each(cases)("$situation, strict $isStrict", ({ situation, isStrict }) => {
    const rig = rigAt(situation, { isStrict });
    const expected = unknownNumbers.map((number) => {
      const { sequenceNumber } = rig.peer.outbound;
      rig.peer.send(Uint8Array.of(number, 1, 2, 3));
      return sequenceNumber;
    });
    rig.run();
    expect(rig.end).toBe("open");
    const answered = rig.peer.of(m.UNIMPLEMENTED).map((payload) => decode(m.UNIMPLEMENTED, payload));
    expect(answered.map(({ packetSequenceNumber }) => packetSequenceNumber)).toEqual(expected);
  });

  test("right after a reset the number is 0", () => {
    const rig = new ClientRig();
    rig.peer.answers.set(m.KEX_ECDH_INIT.number, () => {
      rig.peer.finishExchange();
      rig.peer.send(Uint8Array.of(77));
    });
    rig.start();
    expect(rig.peer.of(m.UNIMPLEMENTED)).toEqual([encode(m.UNIMPLEMENTED, { packetSequenceNumber: 0 })]);
  });

  test("a flood of them is answered no further than 1 MiB of output", () => {
    const rig = new ClientRig().start();
    for (let i = 0; i < 60_000; i++) rig.peer.send(Uint8Array.of(77));
    rig.client.receive(rig.peer.takeOutput());
    rig.client.nextEvent();
    expect(rig.client.pendingOutput).toBeLessThan(1.1 * 1024 * 1024);
    rig.run();
    expect(rig.peer.of(m.UNIMPLEMENTED)).toHaveLength(60_000);
  });
});

describe("what has a meaning, out of its place, ends the connection", () => {
  // By hand from RFC 4253 §7.1, §10, §11, RFC 4252 §6, RFC 4254 §9, RFC 8308 §2.4: what may come. See legal.test.ts.
  const channels = [80, 81, 82, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100];
  const legal: Readonly<Record<string, readonly number[]>> = {
    "before KEXINIT": [20],
    "before the reply": [31],
    "before NEWKEYS": [21],
    "in phase service": [6, 7, 20],
    "in phase userauth": [7, 20, 51, 52, 53, 60, 192, 193],
    "in phase connection": [20, 192, 193, ...channels],
    "after our KEXINIT of a rekey": [20, 192, 193, ...channels],
    "after the server's KEXINIT of a rekey": [31],
    "before the server's NEWKEYS of a rekey": [21],
  };
  const sections: Readonly<Record<string, string>> = {
    "in phase service": "RFC 4252 §6",
    "in phase userauth": "RFC 4252 §6",
    "in phase connection": "RFC 4254 §9",
  };

  test.each(Object.entries(legal))("%s, all known numbers but 1 to 4 and %j", (situation, allowed) => {
    const isStrict = !situation.startsWith("before") || situation.includes("rekey"); // strict kex has its own table above
    for (const number of knownNumbers.filter((known) => known > 4 && !allowed.includes(known))) {
      const rig = rigAt(situation, { isStrict });
      rig.peer.send(Uint8Array.of(number));
      const section = sections[situation] ?? "RFC 4253 §7.1";
      expect({ number, ...endingOf(rig.run()) }).toEqual({ number, error: "ProtocolError", section, disconnect: 2 });
      expect(rig.peer.disconnect?.description).toMatch(/^SSH2?_MSG_\w+ came, expected was /);
    }
  });
});

describe("EXT_INFO, RFC 8308", () => {
  test("right after NEWKEYS, and a second time before USERAUTH_SUCCESS: the second adds to the first", () => {
    const rig = new ClientRig();
    rig.peer.answers.set(m.KEX_ECDH_INIT.number, () => {
      rig.peer.finishExchange();
      rig.peer.send(extInfo({ "server-sig-algs": "ssh-ed25519", "ping@openssh.com": "0" }));
    });
    const authenticate = rig.peer.answers.get(m.USERAUTH_REQUEST.number);
    rig.peer.answers.set(m.USERAUTH_REQUEST.number, (payload) => {
      if (rig.peer.of(m.USERAUTH_REQUEST).length === 2) rig.peer.send(extInfo({ "server-sig-algs": "x" }));
      authenticate?.(payload);
    });
    rig.start();
    expect(rig.told("authenticated")).toHaveLength(1);
    rig.client.keepalive();
    expect(numbersOf(rig.run().peer).at(-1)).toBe(m.PING.number); // known from the first
  });

  test("a third is refused", () => {
    const rig = rigAt("in phase userauth");
    rig.peer.send(extInfo({ a: "" }));
    rig.peer.send(extInfo({ b: "" }));
    expect(rig.run().end).toBe("open");
    rig.peer.send(extInfo({ c: "" }));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 8308 §2.4", disconnect: 2 });
  });

  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`extension-${i}`, "value"]));
  const one = join(sshString("name"), sshString("value"));

  test.each<{ about: string; payload: Uint8Array; section: string | undefined }>([
    { about: "no extension", payload: extInfo({}), section: undefined },
    { about: "64 extensions", payload: extInfo(many(64)), section: undefined },
    { about: "65 extensions", payload: extInfo(many(65)), section: "RFC 8308 §2.3" },
    {
      about: "the count 2^32 - 1",
      payload: encode(m.EXT_INFO, { extensionCount: 2 ** 32 - 1, extensions: one }),
      section: "RFC 8308 §2.3",
    },
    { about: "trailing bytes", payload: extInfo({ a: "b" }, Uint8Array.of(0)), section: "RFC 8308 §2.3" },
    {
      about: "more extensions than it counts",
      payload: encode(m.EXT_INFO, { extensionCount: 0, extensions: one }),
      section: "RFC 8308 §2.3",
    },
    {
      about: "fewer extensions than it counts",
      payload: encode(m.EXT_INFO, { extensionCount: 2, extensions: one }),
      section: "RFC 4251 §5",
    },
    {
      about: "a name that is cut short",
      payload: Uint8Array.of(7, 0, 0, 0, 1, 0, 0, 0, 9, 65),
      section: "RFC 4251 §5",
    },
    { about: "its number alone", payload: Uint8Array.of(7), section: "RFC 4251 §5" },
  ])("with $about: $section", ({ payload, section }) => {
    const rig = rigAt("in phase service");
    rig.peer.send(payload);
    const expected = section === undefined ? { error: "open" } : { error: "ProtocolError", section, disconnect: 2 };
    expect(endingOf(rig.run())).toEqual({ disconnect: undefined, ...expected });
  });
});

describe("PING, PONG, IGNORE, DEBUG, UNIMPLEMENTED, DISCONNECT", () => {
  test.each(["in phase userauth", "in phase connection"])("PING is answered with its own data, %s", (situation) => {
    const rig = rigAt(situation);
    const data = [noBytes, Uint8Array.of(1), seededBytes("ping")(32 * 1024)];
    for (const each of data) rig.peer.sendMessage(m.PING, { data: each });
    rig.run();
    const pongs = rig.peer.of(m.PONG).map((payload) => Buffer.from(decode(m.PONG, payload).data));
    expect(pongs.map((pong, i) => pong.equals(data[i] as Uint8Array))).toEqual([true, true, true]);
  });

  test("PONG, whoever asked for it, and UNIMPLEMENTED are taken without an answer", () => {
    const rig = rigAt("in phase connection");
    const before = rig.peer.received.length;
    rig.peer.sendMessage(m.PONG, { data: Uint8Array.of(1) });
    rig.peer.send(unimplemented);
    rig.peer.send(ignore);
    expect(rig.run().peer.received).toHaveLength(before);
    expect(rig.end).toBe("open");
  });

  const malformed: readonly { layout: Layout; payload: Uint8Array }[] = [
    { layout: m.DISCONNECT, payload: Uint8Array.of(1, 0, 0, 0) },
    { layout: m.IGNORE, payload: join(ignore, Uint8Array.of(0)) },
    { layout: m.UNIMPLEMENTED, payload: Uint8Array.of(3, 0, 0) },
    { layout: m.DEBUG, payload: join(debug, Uint8Array.of(0)) },
    { layout: m.PING, payload: Uint8Array.of(192, 0, 0, 0, 1) },
    { layout: m.PONG, payload: Uint8Array.of(193) },
    { layout: m.GLOBAL_REQUEST, payload: Uint8Array.of(80, 0, 0, 0, 0) },
    { layout: m.CHANNEL_OPEN, payload: Uint8Array.of(90, 0, 0, 0, 0) },
  ];

  test.each(malformed)("a $layout.name that does not parse ends it", ({ payload }) => {
    const rig = rigAt("in phase connection");
    rig.peer.send(payload);
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4251 §5", disconnect: 2 });
  });

  test.each(Object.keys(situations))(
    "DISCONNECT %s is shown with its reason, escaped, and not answered",
    (situation) => {
      const rig = rigAt(situation);
      const before = rig.peer.received.length;
      const description = "too many\x1b[2J \u202e\r\nfailures";
      rig.peer.sendMessage(m.DISCONNECT, { reasonCode: 2, description, languageTag: "en" });
      expect(endingOf(rig.run())).toEqual({ error: "DisconnectError", disconnect: undefined });
      expect(messageOf(rig)).toBe(
        "the server ended the connection: too many\\x1b[2J \\u{202e}\\r\\nfailures (reason 2)",
      );
      expect(rig.end).toMatchObject({ reason: 2 });
      expect(rig.peer.received).toHaveLength(before);
      rig.peer.send(ignore);
      expect(rig.run().told("ended")).toHaveLength(1);
    },
  );

  test("DISCONNECT without words says so, and one of 100 KiB is cut", () => {
    for (const [description, shown] of [
      ["", /no reason given/],
      ["x".repeat(100_000), /x\.\.\. \(reason 7\)$/],
    ] as const) {
      const rig = rigAt("in phase connection");
      rig.peer.sendMessage(m.DISCONNECT, { reasonCode: 7, description, languageTag: "" });
      expect(messageOf(rig.run())).toMatch(shown);
      expect(messageOf(rig).length).toBeLessThan(700);
    }
  });

  test("of a flood of DEBUG before any key is trusted 200 are shown, the rest are traces", () => {
    const rig = rigAt("before the reply", { isStrict: false, client: { trace: true } });
    const shown = encode(m.DEBUG, { alwaysDisplay: true, message: "look", languageTag: "" });
    for (let i = 0; i < 1000; i++) rig.peer.send(shown);
    rig.run();
    expect(rig.told("server-message")).toHaveLength(200);
    expect(rig.client.takeTraces().filter((line) => line === "server debug: look")).toHaveLength(800);
    expect(rig.end).toBe("open");
  });

  test("DEBUG is shown where the server wants it shown, escaped; else it is a trace", () => {
    const rig = new ClientRig({ client: { trace: true } }).start();
    rig.client.takeTraces();
    rig.peer.sendMessage(m.DEBUG, { alwaysDisplay: true, message: "look\x07\u2028here", languageTag: "" });
    rig.peer.sendMessage(m.DEBUG, { alwaysDisplay: false, message: "aside\x1b", languageTag: "" });
    rig.run();
    expect(rig.told("server-message")).toEqual([{ type: "server-message", text: "look\\x07\\u{2028}here" }]);
    expect(rig.client.takeTraces()).toContain("server debug: aside\\x1b");
  });
});

describe("traces", () => {
  test("name messages and sizes, not contents; none are made unless asked for", () => {
    const rig = new ClientRig({ client: { trace: true } }).start();
    const id = rig.openChannel();
    rig.client.write(id, Buffer.from("the secret of the user"));
    const text = rig.run().client.takeTraces().join("\n");
    expect(text).toMatch(/sent SSH_MSG_KEXINIT, \d+ bytes/);
    expect(text).toMatch(/chosen: curve25519-sha256, ssh-ed25519, .*, strict kex/);
    expect(text).toMatch(/sent SSH_MSG_CHANNEL_DATA, 31 bytes/);
    expect(text).not.toMatch(/secret|mcp,/);
    expect(rig.client.takeTraces()).toEqual([]);
    expect(new ClientRig().start().client.takeTraces()).toEqual([]);
  });
});

describe("Transport by itself", () => {
  test("says when it may send, and whether the server's version came", () => {
    const transport = new Transport(transportOptions());
    expect([transport.isOpenForSending, transport.isExchangingKeys, transport.hasVersion]).toEqual([
      false,
      true,
      false,
    ]);
    transport.receive(Buffer.from("SSH-2.0-x\r\n"));
    expect(transport.next()).toBeUndefined();
    expect([transport.isOpenForSending, transport.hasVersion, transport.serverVersion]).toEqual([
      false,
      true,
      "SSH-2.0-x",
    ]);
  });

  test("what is sent during the first exchange waits", () => {
    const transport = new Transport(transportOptions());
    const before = transport.takeOutput().length;
    transport.send(encodeFields({ number: "byte", rest: "rest" }, { number: 2, rest: noBytes }));
    expect(before).toBeGreaterThan(100);
    expect(transport.takeOutput().length).toBe(0);
    expect(transport.pendingOutput).toBeGreaterThan(0);
  });
});

describe("a method that is still to be loaded", () => {
  /** curve25519 as it is where nothing of it is loaded at first. */
  function lateRig() {
    const method = table.kex["curve25519-sha256"] as KexMethod;
    const seen = { isLoaded: false, started: 0 };
    const load = async (): Promise<void> => {
      seen.isLoaded = true;
    };
    const late: KexMethod = {
      hash: method.hash,
      get load() {
        return seen.isLoaded ? undefined : load;
      },
      start(randomBytes) {
        seen.started += 1;
        return method.start(randomBytes);
      },
    };
    const rig = new ClientRig({ client: { table: { ...table, kex: { "curve25519-sha256": late } } } });
    return { rig, seen, events: () => rig.events.filter(({ type }) => type === "method") };
  }

  test("is told once, and nothing goes on until it is there", async () => {
    const { rig, seen, events } = lateRig();
    rig.start();
    expect(events()).toHaveLength(1);
    expect([seen.started, rig.peer.of(m.KEX_ECDH_INIT).length]).toEqual([0, 0]);
    const [event] = events();
    if (event?.type !== "method") throw new Error("no such event");
    await event.load();
    rig.client.beginExchange();
    rig.run();
    expect(rig.end).toBe("open");
    rig.client.rekey();
    rig.run();
    expect([seen.started, events().length, rig.end]).toEqual([2, 1, "open"]);
  });

  test("what the server sends meanwhile is looked at behind it, and by the rules of that place", () => {
    const { rig, seen } = lateRig();
    rig.start();
    rig.peer.send(encode(m.IGNORE, { data: new Uint8Array(0) })); // which ends a first strict exchange
    rig.run();
    expect(rig.end).toBe("open");
    expect(rig.client.packetsReceived).toBe(1);
    seen.isLoaded = true;
    rig.client.beginExchange();
    rig.run();
    expect(rig.end).toMatchObject({ name: "ProtocolError", section: strictKex });
  });

  test("is nothing to begin with elsewhere, nor when the connection is over", () => {
    const { rig } = lateRig();
    expect(() => rig.client.beginExchange()).toThrow(TypeError);
    rig.start();
    rig.client.fail(new SshError("it could not be loaded"));
    rig.run();
    rig.client.beginExchange();
    expect(rig.peer.of(m.KEX_ECDH_INIT)).toHaveLength(0);
  });
});

describe("a key pair that is made before it is needed", () => {
  /** curve25519 alone, watched; `slow`: as ML-KEM is in JavaScript. `other`: a method before it that the server lacks. */
  function watchedRig({ slow = false, other = false } = {}) {
    const method = table.kex["curve25519-sha256"] as KexMethod;
    const seen = { started: [] as string[], discarded: [] as string[], inits: [] as string[] };
    const watch = (name: string): KexMethod => ({
      hash: method.hash,
      isSlow: slow,
      start(randomBytes) {
        seen.started.push(name);
        const begun = method.start(randomBytes);
        seen.inits.push(hex(begun.init));
        return {
          ...begun,
          discard() {
            seen.discarded.push(name);
            begun.discard();
          },
        };
      },
    });
    const names = [...(other ? ["sntrup761x25519-sha512"] : []), "curve25519-sha256"];
    const kex = Object.fromEntries(names.map((name) => [name, watch(name)]));
    const rig = new ClientRig({ client: { table: { ...table, kex } } });
    return { rig, seen };
  }

  test("what was prepared serves the first exchange alone", () => {
    const { rig, seen } = watchedRig();
    rig.client.prepareExchange();
    rig.client.prepareExchange();
    expect(seen.started).toHaveLength(1);
    rig.start();
    expect(rig.end).toBe("open");
    expect(seen.started).toHaveLength(1);
    rig.client.prepareExchange(); // too late: nothing
    rig.client.rekey();
    rig.run();
    expect(seen.started).toHaveLength(2);
    expect(new Set(seen.inits).size).toBe(2);
    expect(seen.discarded).toEqual([]);
    expect(rig.end).toBe("open");
  });

  test("what was prepared for a method that the server lacks is wiped", () => {
    const { rig, seen } = watchedRig({ other: true });
    rig.client.prepareExchange();
    rig.start();
    expect(seen.started).toEqual(["sntrup761x25519-sha512", "curve25519-sha256"]);
    expect(seen.discarded).toEqual(["sntrup761x25519-sha512"]);
    expect(rig.end).toBe("open");
  });

  test("a slow method's is not made before it is needed", () => {
    const { rig, seen } = watchedRig({ slow: true });
    rig.client.prepareExchange();
    expect(seen.started).toEqual([]);
    rig.start();
    expect(seen.started).toEqual(["curve25519-sha256"]);
  });

  test("is wiped when the connection ends before", () => {
    const { rig, seen } = watchedRig();
    rig.client.prepareExchange();
    rig.client.disconnect();
    rig.run();
    expect(seen.discarded).toEqual(["curve25519-sha256"]);
  });

  test("so is what an exchange had begun, where the connection ends in the middle of it", () => {
    const { rig, seen } = watchedRig();
    rig.peer.greet();
    rig.client.receive(rig.peer.takeOutput());
    expect(rig.client.nextEvent()).toBeUndefined();
    expect(seen.started).toEqual(["curve25519-sha256"]);
    rig.client.receiveEnd();
    rig.run();
    expect(seen.discarded).toEqual(["curve25519-sha256"]);
  });

  test("and a method that cannot begin says so when it is needed, not before", () => {
    const broken: KexMethod = {
      ...(table.kex["curve25519-sha256"] as KexMethod),
      start: () => {
        throw new RangeError("broken");
      },
    };
    const rig = new ClientRig({ client: { table: { ...table, kex: { "curve25519-sha256": broken } } } });
    rig.client.prepareExchange();
    expect(rig.end).toBe("open");
    expect(() => rig.start()).toThrow(/broken/);
  });
});
