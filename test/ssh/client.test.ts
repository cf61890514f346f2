import { describe, expect, test } from "vitest";
import { INITIAL_WINDOW_SIZE, MAXIMUM_PACKET_SIZE } from "../../src/ssh/channel.ts";
import * as e from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { table } from "../../src/ssh/table.ts";
import { decode, encode } from "../../src/ssh/wire.ts";
import { ClientRig, endingOf, messageOf, rigAt, situations } from "../support/client-rig.ts";
import { PeerKey, seededBytes, seededIntegers } from "../support/peer-crypto.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const noBytes: Uint8Array = new Uint8Array(0);
const session = { channelType: "session", typeFields: noBytes, requests: [] };

function numbersOf(peer: ScriptedPeer): number[] {
  return peer.received.map((packet) => packet.number);
}

function connected(options: ConstructorParameters<typeof ClientRig>[0] = {}): ClientRig {
  return new ClientRig(options).start();
}

/** A server that refuses every key. */
function refusing(methods: readonly string[], options: ConstructorParameters<typeof ClientRig>[0] = {}): ClientRig {
  const rig = new ClientRig(options);
  rig.peer.answers.set(m.USERAUTH_REQUEST.number, () =>
    rig.peer.sendMessage(m.USERAUTH_FAILURE, { authenticationsThatCanContinue: methods, partialSuccess: false }),
  );
  return rig.start();
}

describe("host key algorithms", () => {
  const ed25519 = table.hostKey["ssh-ed25519"];
  const client = (hostKeyAlgorithms?: readonly string[]): ClientRig =>
    new ClientRig({
      client: {
        table: { ...table, hostKey: { "ssh-ed25519": ed25519!, another: ed25519! } },
        ...(hostKeyAlgorithms === undefined ? {} : { hostKeyAlgorithms }),
      },
    });
  const offered = (rig: ClientRig): readonly string[] => {
    rig.peer.receive(rig.client.takeOutput());
    return decode(m.KEXINIT, rig.peer.of(m.KEXINIT)[0]!).serverHostKeyAlgorithms;
  };

  test.each([
    [["ssh-ed25519", "another"], undefined],
    [
      ["another", "ssh-ed25519"],
      ["another", "ssh-ed25519"],
    ],
    [["another"], ["another"]],
  ])("%j are offered where %j is asked for", (expected, names) => {
    expect(offered(client(names))).toEqual(expected);
  });

  test.each([[[]], [["ssh-dss"]], [["toString"]], [["ssh-ed25519", "ssh-rsa"]]])("%j is a RangeError", (names) => {
    expect(() => client(names)).toThrow(RangeError);
  });
});

describe("from the first byte to the first of the user's", () => {
  test("takes six flights, and what each holds", () => {
    const rig = new ClientRig();
    const flights: number[][] = [];
    rig.peer.greet();
    for (let before = 0; ; before = rig.peer.received.length) {
      rig.peer.receive(rig.client.takeOutput());
      const flight = numbersOf(rig.peer).slice(before);
      if (flight.length === 0) break;
      flights.push(flight);
      rig.client.receive(rig.peer.takeOutput());
      for (let event = rig.client.nextEvent(); event !== undefined; event = rig.client.nextEvent()) {
        if (event.type === "host-key") rig.client.acceptHostKey();
        if (event.type === "sign") rig.client.provideSignature(rig.key.sign(event.data));
        if (event.type === "authenticated") {
          const requests = [{ requestType: "shell", requestFields: noBytes, label: "shell" }];
          rig.client.openChannel({ ...session, requests });
        }
        if (event.type === "channel") rig.client.write(event.channel, Buffer.from("first byte"));
      }
    }
    expect(flights).toEqual([[20], [30], [21, 5, 50], [50], [90], [98], [94]]);
  });

  test("a second key is asked about once the first is refused, and only the one that was taken signs", () => {
    const keys = [new PeerKey("refused"), new PeerKey("taken")];
    const rig = new ClientRig({ keys });
    const authenticate = rig.peer.answers.get(m.USERAUTH_REQUEST.number);
    rig.peer.answers.set(m.USERAUTH_REQUEST.number, (payload) => {
      if (rig.peer.of(m.USERAUTH_REQUEST).length > 1) authenticate?.(payload);
      else
        rig.peer.sendMessage(m.USERAUTH_FAILURE, {
          authenticationsThatCanContinue: ["publickey"],
          partialSuccess: false,
        });
    });
    rig.start();
    expect(rig.told("sign").map(({ key }) => key)).toEqual([1]);
    expect(rig.told("authenticated")).toEqual([{ type: "authenticated", withProof: true }]);
  });

  test.each([
    { about: "to `none`", keys: [] },
    { about: "to the key query", keys: [new PeerKey("the user")] },
  ])("SUCCESS $about is told as such: no proof was asked for", ({ keys }) => {
    const rig = new ClientRig({ keys });
    rig.peer.answers.set(m.USERAUTH_REQUEST.number, () => rig.peer.sendMessage(m.USERAUTH_SUCCESS, {}));
    rig.start();
    expect(rig.told("authenticated")).toEqual([{ type: "authenticated", withProof: false }]);
    expect(rig.told("sign")).toHaveLength(0);
  });

  test("SERVICE_ACCEPT for another service ends it. RFC 4253 §10", () => {
    const rig = rigAt("in phase service");
    rig.peer.sendMessage(m.SERVICE_ACCEPT, { serviceName: "ssh-\x1bconnection" });
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4253 §10", disconnect: 2 });
    expect(messageOf(rig)).toContain("SERVICE_ACCEPT for ssh-\\x1bconnection");
  });

  test("no way in: an AuthError, DISCONNECT 14, and not a word to the server of what was tried", () => {
    const rig = refusing(["publickey", "password"]);
    expect(endingOf(rig)).toEqual({ error: "AuthError", disconnect: 14 });
    expect(rig.peer.disconnect?.description).toBe("");
    expect(messageOf(rig)).toMatch(/^Authentication failed: .*tried: publickey ssh-ed25519 SHA256:.*would take/);
  });

  test("server-sig-algs of EXT_INFO reach the failure's text. RFC 8308 §3.1", () => {
    const rig = new ClientRig();
    rig.peer.answers.set(m.USERAUTH_REQUEST.number, () => {
      const extensions = Buffer.concat([Buffer.from("\0\0\0\x0fserver-sig-algs\0\0\0\x0crsa-sha2-512", "latin1")]);
      rig.peer.sendMessage(m.EXT_INFO, { extensionCount: 1, extensions });
      rig.peer.sendMessage(m.USERAUTH_FAILURE, {
        authenticationsThatCanContinue: ["publickey"],
        partialSuccess: false,
      });
    });
    expect(messageOf(rig.start())).toContain("does not verify ssh-ed25519 signatures");
  });

  test("banners are told, escaped", () => {
    const rig = rigAt("in phase userauth");
    rig.peer.sendMessage(m.USERAUTH_BANNER, { message: "Hello\x1b[2J\r\nthere\r\n", languageTag: "" });
    expect(rig.run().told("banner")).toEqual([{ type: "banner", lines: ["Hello\\x1b[2J", "there"] }]);
  });

  test("a signature that nobody asked for is the caller's mistake; after authentication it is nothing", () => {
    expect(() => rigAt("in phase userauth").client.provideSignature(new Uint8Array(83))).toThrow(TypeError);
    const rig = connected();
    const before = rig.peer.received.length;
    rig.client.provideSignature(new Uint8Array(83));
    rig.client.acceptHostKey();
    expect(rig.run().peer.received).toHaveLength(before);
  });
});

describe("the end", () => {
  test.each<{ error: e.SshError; disconnect: number | undefined; description: string }>([
    { error: new e.ProtocolError("what", "RFC 4253 §6"), disconnect: 2, description: "what (RFC 4253 §6)" },
    { error: new e.ProtocolError("tag", "RFC 4253 §6.4", 5), disconnect: 5, description: "tag (RFC 4253 §6.4)" },
    { error: new e.NegotiationError("no cipher", "cipher", [], []), disconnect: 3, description: "no cipher" },
    { error: new e.HostKeyError("changed", "changed"), disconnect: 9, description: "" },
    { error: new e.AuthError("secret", [], [], false), disconnect: 14, description: "" },
    { error: new e.TimeoutError("life", 45_000), disconnect: 11, description: "" },
    { error: new e.KeyFormatError("our file"), disconnect: 11, description: "" },
    { error: new e.SshError("other"), disconnect: 11, description: "" },
    { error: new e.DisconnectError("gone"), disconnect: undefined, description: "" },
  ])("$error.name leaves with DISCONNECT $disconnect", ({ error, disconnect, description }) => {
    const rig = connected();
    rig.client.fail(error);
    rig.run();
    expect(rig.end).toBe(error);
    expect(rig.peer.disconnect?.reasonCode).toBe(disconnect);
    expect(rig.peer.disconnect?.description ?? "").toBe(description);
  });

  test("what is no SshError is thrown on, and the connection is over all the same", () => {
    const rig = connected();
    expect(() => rig.client.fail(new RangeError("a bug"))).toThrow(RangeError);
    expect(endingOf(rig.run())).toEqual({ error: "SshError", disconnect: 11 });
    expect(rig.end).toMatchObject({
      message: "internal error in the SSH client: a bug",
      cause: new RangeError("a bug"),
    });
    expect(rig.peer.disconnect?.description).toBe("");
    expect(() => rig.client.fail(new RangeError("another"))).toThrow(RangeError);
  });

  test.each(Object.keys(situations))("disconnect() %s: DISCONNECT 11, and nothing after it", (situation) => {
    const rig = rigAt(situation);
    rig.client.disconnect();
    rig.client.disconnect();
    rig.client.fail(new e.SshError("late"));
    rig.client.keepalive();
    rig.client.rekey();
    expect(endingOf(rig.run())).toEqual({ error: "none", disconnect: 11 });
    expect(rig.told("ended")).toEqual([{ type: "ended", error: undefined }]);
  });

  const waitedFor: Readonly<Record<string, RegExp>> = {
    "before KEXINIT": /waiting for the key exchange/,
    "before the reply": /waiting for the key exchange/,
    "before NEWKEYS": /waiting for authentication/,
    "in phase service": /waiting for authentication/,
    "in phase userauth": /waiting for authentication/,
  };

  test.each(Object.keys(situations))(
    "the byte stream's end %s is a DisconnectError that says what was due",
    (situation) => {
      const rig = rigAt(situation);
      const cause = new Error("ECONNRESET");
      rig.client.receiveEnd(cause);
      rig.client.receiveEnd();
      expect(endingOf(rig.run())).toEqual({ error: "DisconnectError", disconnect: undefined });
      expect(messageOf(rig)).toMatch(waitedFor[situation] ?? /waiting for the server/);
      expect((rig.end as Error).cause).toBe(cause);
      expect(rig.end).toMatchObject({ reason: undefined });
    },
  );

  test("before the version line the text says so", () => {
    const rig = new ClientRig().run();
    rig.client.receiveEnd();
    expect(messageOf(rig.run())).toMatch(/closed before its version line/);
    expect((rig.end as Error).cause).toBeUndefined();
  });

  test.each([
    ["a line, as OpenSSH's penalties do it", "Not allowed\x07 at this time\r\n", "Not allowed\\x07 at this time"],
    ["a prompt", "hello\nlogin: ", "hello login:"],
  ])("what came instead of the version is told: %s", (_, said, shown) => {
    const { client } = new ClientRig();
    client.receive(Buffer.from(said));
    expect(client.nextEvent()).toBeUndefined();
    expect(client.waitsFor).toBe(`the server's version line (so far it said: ${shown})`);
    client.receiveEnd();
    const text = `the connection was closed before its version line (so far it said: ${shown})`;
    expect(client.nextEvent()).toMatchObject({
      type: "ended",
      error: { message: text, greeting: shown.split(/(?<=hello) /) },
    });
  });

  test("binary that came instead of the version is not", () => {
    const { client } = new ClientRig();
    client.receive(Uint8Array.of(0, 0, 1, 0x41));
    expect([client.nextEvent(), client.waitsFor]).toEqual([undefined, "the server's version line"]);
  });

  test("after it, nothing is taken, sent or told", () => {
    const rig = connected();
    const id = rig.openChannel();
    rig.peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: id, data: Uint8Array.of(1) });
    rig.client.receiveEnd();
    const before = rig.events.length;
    rig.run();
    const { client } = rig;
    for (const act of [
      () => client.consumed(id, 1),
      () => client.sendEof(id),
      () => client.signal(id, "TERM"),
      () => client.closeChannel(id),
      () => client.rekey(),
      () => client.keepalive(),
      () => client.acceptHostKey(),
      () => client.provideSignature(noBytes),
    ]) {
      act();
    }
    expect(client.write(id, Uint8Array.of(1))).toBe(0);
    expect(() => client.openChannel(session)).toThrow(e.DisconnectError);
    expect(
      rig
        .run()
        .events.slice(before)
        .map((event) => event.type),
    ).toEqual(["ended"]);
    expect(client.pendingOutput).toBe(0);
  });

  test.each(["in phase service", "in phase userauth"])("no channel is opened %s", (situation) => {
    expect(() => rigAt(situation).client.openChannel(session)).toThrow(e.DisconnectError);
  });
});

describe("global requests, RFC 4254 §4", () => {
  test.each(["hostkeys-00@openssh.com", "keepalive@openssh.com", "tcpip-forward", ""])(
    "%j is answered if it asks",
    (requestName) => {
      const rig = connected();
      const before = rig.peer.received.length;
      for (const wantReply of [false, true, false, true]) {
        rig.peer.sendMessage(m.GLOBAL_REQUEST, { requestName, wantReply, requestData: seededBytes("data")(9) });
      }
      expect(numbersOf(rig.run().peer).slice(before)).toEqual([82, 82]);
    },
  );

  test.each([m.REQUEST_SUCCESS.number, m.REQUEST_FAILURE.number])("an answer (%i) to nothing ends it", (number) => {
    const rig = connected();
    rig.peer.send(Uint8Array.of(number));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4254 §4", disconnect: 2 });
  });

  test.each([
    { about: "SUCCESS", answer: Uint8Array.of(81) },
    { about: "SUCCESS with data", answer: Uint8Array.of(81, 1, 2, 3) },
    { about: "FAILURE", answer: Uint8Array.of(82) },
  ])("each keepalive may be answered once: $about", ({ answer }) => {
    const rig = connected();
    rig.peer.answers.delete(m.GLOBAL_REQUEST.number);
    rig.client.keepalive();
    rig.client.keepalive();
    rig.run();
    expect(rig.peer.of(m.GLOBAL_REQUEST).map((payload) => decode(m.GLOBAL_REQUEST, payload))).toEqual(
      [1, 2].map(() => ({ requestName: "keepalive@openssh.com", wantReply: true, requestData: noBytes })),
    );
    rig.peer.send(answer);
    rig.peer.send(answer);
    expect(rig.run().end).toBe("open");
    rig.peer.send(answer);
    expect(endingOf(rig.run()).error).toBe("ProtocolError");
  });

  test("an answer with trailing bytes does not parse", () => {
    const rig = connected();
    rig.peer.answers.set(m.GLOBAL_REQUEST.number, () => rig.peer.send(Uint8Array.of(82, 0)));
    rig.client.keepalive();
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4251 §5", disconnect: 2 });
  });

  test.each(Object.keys(situations))(
    "a keepalive %s goes out only where the connection protocol may speak",
    (situation) => {
      const rig = rigAt(situation);
      rig.peer.answers.delete(m.GLOBAL_REQUEST.number);
      const before = rig.peer.received.length;
      rig.client.keepalive();
      const isOpen = situation === "in phase connection" || situation === "before the server's NEWKEYS of a rekey";
      expect(numbersOf(rig.run().peer).slice(before)).toEqual(isOpen ? [80] : []);
    },
  );
});

describe("channels that the server opens, RFC 4254 §5.1, §7.2", () => {
  test.each(["session", "x11", "forwarded-tcpip", "direct-tcpip", "auth-agent@openssh.com", ""])(
    "%j is refused",
    (channelType) => {
      const rig = connected();
      const senderChannel = 0xfffffffe;
      const sizes = { initialWindowSize: 2 ** 32 - 1, maximumPacketSize: 0 };
      rig.peer.sendMessage(m.CHANNEL_OPEN, { channelType, senderChannel, ...sizes, typeFields: seededBytes("x")(20) });
      const [answer] = rig.run().peer.of(m.CHANNEL_OPEN_FAILURE);
      expect(decode(m.CHANNEL_OPEN_FAILURE, answer as Uint8Array)).toMatchObject({
        recipientChannel: senderChannel,
        reasonCode: 1,
      });
      expect(rig.end).toBe("open");
    },
  );
});

describe("channels by number, RFC 4254 §5", () => {
  const toChannels = [91, 92, 93, 94, 95, 96, 97, 98, 99, 100];

  test.each(toChannels)("message %i to a channel that was never opened ends it", (number) => {
    const rig = connected();
    rig.openChannel();
    rig.peer.send(Uint8Array.of(number, 0, 0, 0, 1, 0, 0, 0, 0));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4254 §5", disconnect: 2 });
  });

  test.each(toChannels)("message %i to a channel that has closed ends it", (number) => {
    const rig = connected();
    const id = rig.openChannel();
    rig.client.closeChannel(id);
    rig.run();
    expect(rig.news(id)).toEqual(["ready", "closed"]);
    rig.peer.send(Uint8Array.of(number, 0, 0, 0, id, 0, 0, 0, 0));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4254 §5", disconnect: 2 });
  });

  test("a channel whose opening was refused is gone", () => {
    const rig = connected();
    rig.peer.answers.set(m.CHANNEL_OPEN.number, (payload) => {
      const { senderChannel: recipientChannel } = decode(m.CHANNEL_OPEN, payload);
      rig.peer.sendMessage(m.CHANNEL_OPEN_FAILURE, {
        recipientChannel,
        reasonCode: 1,
        description: "",
        languageTag: "",
      });
    });
    const id = rig.openChannel();
    expect(rig.news(id)).toEqual(["refused"]);
    expect(rig.end).toBe("open");
    rig.peer.sendMessage(m.CHANNEL_CLOSE, { recipientChannel: id });
    expect(endingOf(rig.run()).error).toBe("ProtocolError");
  });

  test("a channel whose request was refused is closed, and gone once the server has closed it too", () => {
    const rig = connected();
    rig.peer.answers.set(m.CHANNEL_REQUEST.number, () =>
      rig.peer.sendMessage(m.CHANNEL_FAILURE, { recipientChannel: 0 }),
    );
    const id = rig.openChannel(["exec"]);
    expect(rig.news(id)).toEqual(["refused", "closed"]);
    expect(rig.peer.of(m.CHANNEL_CLOSE)).toHaveLength(1);
  });

  test("two channels do not mix, and numbers are not used again", () => {
    const rig = connected();
    const ids = [rig.openChannel(), rig.openChannel()];
    rig.peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: ids[1] as number, data: Buffer.from("two") });
    rig.client.write(ids[0] as number, Buffer.from("first"));
    rig.client.closeChannel(ids[0] as number);
    rig.run();
    expect(rig.news(0)).toEqual(["ready", "closed"]);
    expect(rig.news(1)).toEqual(["ready", "data 3"]);
    expect(decode(m.CHANNEL_DATA, rig.peer.of(m.CHANNEL_DATA)[0] as Uint8Array).recipientChannel).toBe(100);
    expect(rig.openChannel()).toBe(2);
  });

  test("a message to a channel that ends inside its number does not parse", () => {
    const rig = connected();
    rig.peer.send(Uint8Array.of(94, 0, 0));
    expect(endingOf(rig.run())).toEqual({ error: "ProtocolError", section: "RFC 4251 §5", disconnect: 2 });
  });

  test("of 65 channels the last is refused here, and the connection lives", () => {
    const rig = connected();
    for (let i = 0; i < 64; i++) rig.client.openChannel(session);
    expect(() => rig.client.openChannel(session)).toThrow(e.ChannelError);
    rig.run();
    rig.client.closeChannel(0);
    rig.run();
    expect(rig.client.openChannel(session)).toBe(64);
  });
});

describe("writing, RFC 4254 §5.2", () => {
  test.each([
    { window: 0, maximumPacketSize: 32_768, taken: 0, packets: [] },
    { window: 1, maximumPacketSize: 32_768, taken: 1, packets: [1] },
    { window: 100_000, maximumPacketSize: 32_768, taken: 100_000, packets: [32_768, 32_768, 32_768, 1696] },
    { window: 5, maximumPacketSize: 1, taken: 5, packets: [1, 1, 1, 1, 1] },
    {
      window: 2 ** 32 - 1,
      maximumPacketSize: 2 ** 32 - 1,
      taken: 262_144,
      packets: Array.from({ length: 8 }, () => 32_768),
    },
  ])(
    "window $window, packets of $maximumPacketSize: $taken bytes are taken",
    ({ window, maximumPacketSize, taken, packets }) => {
      const rig = connected({ window, maximumPacketSize });
      const id = rig.openChannel();
      expect(rig.client.write(id, new Uint8Array(262_144))).toBe(taken);
      rig.run();
      const sizes = rig.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data.length);
      expect(sizes).toEqual(packets);
    },
  );

  test("with 256 KiB of output waiting nothing more is taken, until it is", () => {
    const rig = connected({ window: 2 ** 32 - 1 });
    const id = rig.openChannel();
    const data = new Uint8Array(4 * 1024 * 1024);
    const taken = rig.client.write(id, data);
    expect(taken).toBeGreaterThanOrEqual(256 * 1024);
    expect(taken).toBeLessThanOrEqual(256 * 1024 + MAXIMUM_PACKET_SIZE);
    expect(rig.client.write(id, data)).toBe(0);
    rig.run();
    expect(rig.client.write(id, data)).toBe(taken);
  });

  test("where the channel is not ready, is closed or never was, nothing is taken", () => {
    const rig = connected();
    rig.peer.answers.delete(m.CHANNEL_REQUEST.number);
    const id = rig.openChannel();
    expect(rig.client.write(id, Uint8Array.of(1))).toBe(0);
    expect(rig.client.write(99, Uint8Array.of(1))).toBe(0);
    rig.peer.sendMessage(m.CHANNEL_SUCCESS, { recipientChannel: id });
    expect(rig.run().client.write(id, Uint8Array.of(1))).toBe(1);
    rig.client.sendEof(id);
    expect(rig.client.write(id, Uint8Array.of(1))).toBe(0);
  });
});

describe("our windows together, RFC 4254 §5.2", () => {
  /** Bytes that the server may send at present on all channels: the openings' windows and all adjusts. */
  function granted({ peer }: ClientRig): number {
    const openings = peer.of(m.CHANNEL_OPEN).map((payload) => decode(m.CHANNEL_OPEN, payload).initialWindowSize);
    const adjusts = peer
      .of(m.CHANNEL_WINDOW_ADJUST)
      .map((payload) => decode(m.CHANNEL_WINDOW_ADJUST, payload).bytesToAdd);
    return [...openings, ...adjusts].reduce((sum, each) => sum + each, 0);
  }

  test.each([
    { windowTotal: 16 * 1024 * 1024, channels: 1, each: INITIAL_WINDOW_SIZE },
    { windowTotal: 16 * 1024 * 1024, channels: 64, each: undefined },
    { windowTotal: 4 * 1024 * 1024, channels: 64, each: undefined },
    { windowTotal: 2 * 1024 * 1024, channels: 64, each: MAXIMUM_PACKET_SIZE },
  ])("$channels channels stay within $windowTotal bytes", ({ windowTotal, channels, each }) => {
    const rig = connected({ client: { windowTotal } });
    for (let i = 0; i < channels; i++) rig.client.openChannel(session);
    rig.run();
    const openings = rig.peer.of(m.CHANNEL_OPEN).map((payload) => decode(m.CHANNEL_OPEN, payload).initialWindowSize);
    expect(openings.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(windowTotal);
    expect(Math.min(...openings)).toBeGreaterThanOrEqual(MAXIMUM_PACKET_SIZE); // every channel can take a whole packet
    if (each !== undefined) expect(new Set(openings)).toEqual(new Set([each]));
  });

  test("a channel that is read grows, but never so far that all windows pass windowTotal", () => {
    const windowTotal = 4 * 1024 * 1024;
    const rig = connected({ client: { windowTotal } });
    const id = rig.openChannel();
    let received = 0;
    const data = new Uint8Array(MAXIMUM_PACKET_SIZE);
    for (let i = 0; i < 300; i++) {
      rig.peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: id, data });
      received += data.length;
      rig.run();
      expect(granted(rig) - received).toBeLessThanOrEqual(windowTotal);
    }
    expect(granted(rig) - received).toBeGreaterThan(INITIAL_WINDOW_SIZE * 0.75);
    rig.openChannel();
    expect(granted(rig) - received).toBeLessThanOrEqual(windowTotal);
  });

  test("a channel that nobody reads gets nothing back", () => {
    const rig = connected({ holdsData: true });
    const id = rig.openChannel();
    for (let i = 0; i < INITIAL_WINDOW_SIZE / MAXIMUM_PACKET_SIZE; i++) {
      rig.peer.sendMessage(m.CHANNEL_DATA, { recipientChannel: id, data: new Uint8Array(MAXIMUM_PACKET_SIZE) });
    }
    rig.run();
    expect(rig.peer.of(m.CHANNEL_WINDOW_ADJUST)).toHaveLength(0);
    rig.client.consumed(id, INITIAL_WINDOW_SIZE);
    expect(rig.run().peer.of(m.CHANNEL_WINDOW_ADJUST)).toHaveLength(1);
  });
});

describe("a server that says anything at all", () => {
  /** Payloads from a seed: a number, known or not, and bytes that look now and then like fields. */
  function nonsense(integer: (limit: number) => number, bytes: (length: number) => Uint8Array): Uint8Array {
    const numbers = [
      1, 2, 3, 4, 6, 7, 20, 21, 31, 51, 52, 53, 60, 80, 81, 82, 192, 193, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100,
    ];
    const number = numbers[integer(numbers.length)] as number;
    const fields = Array.from({ length: integer(6) }, () => {
      const content = bytes(integer(4) * integer(8));
      return integer(3) === 0 ? content : Buffer.concat([Uint8Array.of(0, 0, 0, integer(2) * content.length), content]);
    });
    return Buffer.concat([Uint8Array.of(number), ...fields]);
  }

  test.each(Object.keys(situations))(
    "%s, gets an SshError or goes on; nothing else is thrown, nothing hangs",
    (situation) => {
      const integer = seededIntegers(`nonsense ${situation}`);
      const bytes = seededBytes(`nonsense ${situation}`);
      for (let round = 0; round < 20; round++) {
        const rig = rigAt(situation, { isStrict: round % 2 === 0 });
        if (situation === "in phase connection") rig.openChannel();
        for (let i = 0; i < 8; i++) rig.peer.send(nonsense(integer, bytes));
        rig.run();
        expect(rig.end === "open" || rig.end instanceof e.SshError).toBe(true);
        expect(rig.told("ended").length).toBeLessThanOrEqual(1);
      }
    },
  );

  test("and bytes that are no packets at all", () => {
    const bytes = seededBytes("noise");
    for (let round = 0; round < 40; round++) {
      const rig = rigAt("before KEXINIT");
      rig.peer.sendRaw(bytes(300));
      expect(endingOf(rig.run()).error).toBe("ProtocolError");
    }
  });

  test("and an answer that encodes to itself is not answered: PONG for PONG, FAILURE for FAILURE", () => {
    const rig = connected();
    rig.openChannel();
    rig.client.keepalive();
    rig.run();
    const before = rig.peer.received.length;
    for (const payload of [encode(m.PONG, { data: noBytes }), encode(m.UNIMPLEMENTED, { packetSequenceNumber: 1 })]) {
      rig.peer.send(payload);
    }
    expect(rig.run().peer.received).toHaveLength(before);
  });
});
