import { describe, expect, test } from "vitest";
import { Channel, INITIAL_WINDOW_SIZE, MAXIMUM_PACKET_SIZE, type Outcome } from "../../src/ssh/channel.ts";
import { type ChannelError, ProtocolError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { concat, decode, encode, encodeFields, type FieldValues } from "../../src/ssh/wire.ts";
import { join, seededBytes, sshString } from "../support/peer-crypto.ts";
import { thrownBy } from "../support/refusals.ts";

const noBytes: Uint8Array = new Uint8Array(0);
/** Our number of the channel, and the server's. */
const ours = 7;
const theirs = 0xfffffff0;

const toUs = { recipientChannel: ours };
const toThem = { recipientChannel: theirs };

const message = {
  confirmation: (initialWindowSize = 1000, maximumPacketSize = 100) =>
    encode(m.CHANNEL_OPEN_CONFIRMATION, {
      ...toUs,
      senderChannel: theirs,
      initialWindowSize,
      maximumPacketSize,
      typeFields: noBytes,
    }),
  openFailure: (reasonCode: number, description = "") =>
    encode(m.CHANNEL_OPEN_FAILURE, { ...toUs, reasonCode, description, languageTag: "" }),
  adjust: (bytesToAdd: number) => encode(m.CHANNEL_WINDOW_ADJUST, { ...toUs, bytesToAdd }),
  data: (length: number) => encode(m.CHANNEL_DATA, { ...toUs, data: new Uint8Array(length) }),
  extended: (dataTypeCode: number, length: number) =>
    encode(m.CHANNEL_EXTENDED_DATA, { ...toUs, dataTypeCode, data: new Uint8Array(length) }),
  eof: encode(m.CHANNEL_EOF, toUs),
  close: encode(m.CHANNEL_CLOSE, toUs),
  success: encode(m.CHANNEL_SUCCESS, toUs),
  failure: encode(m.CHANNEL_FAILURE, toUs),
  request: (requestType: string, requestFields: Uint8Array = noBytes, wantReply = false) =>
    encode(m.CHANNEL_REQUEST, { ...toUs, requestType, wantReply, requestFields }),
} as const;

const exitStatus = message.request("exit-status", Uint8Array.of(0, 0, 1, 2));
const exitSignal = message.request(
  "exit-signal",
  encodeFields(m.EXIT_SIGNAL_REQUEST, {
    signalName: "TE\x1bRM",
    coreDumped: true,
    errorMessage: "no\nmore",
    languageTag: "",
  }),
);

const sent = {
  adjust: (bytesToAdd: number) => encode(m.CHANNEL_WINDOW_ADJUST, { ...toThem, bytesToAdd }),
  eof: encode(m.CHANNEL_EOF, toThem),
  close: encode(m.CHANNEL_CLOSE, toThem),
  success: encode(m.CHANNEL_SUCCESS, toThem),
  failure: encode(m.CHANNEL_FAILURE, toThem),
} as const;

interface Start {
  readonly requests?: readonly string[];
  readonly window?: number;
  readonly packet?: number;
  /** Our window. */
  readonly windowSize?: number;
}

function opening({ requests = [], windowSize }: Start = {}): Channel {
  const rows = requests.map((requestType) => ({
    requestType,
    requestFields: noBytes,
    label: `label of ${requestType}`,
  }));
  const channel = new Channel(ours, { channelType: "session", typeFields: noBytes, requests: rows }, windowSize);
  channel.open();
  return channel;
}

function ready(start: Start = {}): Channel {
  const channel = opening(start);
  channel.receive(message.confirmation(start.window, start.packet));
  for (const _ of start.requests ?? []) channel.receive(message.success);
  return channel;
}

const faultOf = (act: () => unknown): ProtocolError => thrownBy(ProtocolError, act);

function refusalOf(outcome: Outcome): ChannelError {
  if (outcome.news?.news !== "refused") throw new Error(`not refused: ${outcome.news?.news}`);
  return outcome.news.error;
}

/** News in words. */
function newsOf(outcome: Outcome): string | undefined {
  const { news } = outcome;
  return news !== undefined && "data" in news ? `${news.news} ${news.data.length}` : news?.news;
}

describe("opening, RFC 4254 §5.1", () => {
  test("CHANNEL_OPEN says our number, window and packet size", () => {
    const payload = new Channel(ours, { channelType: "session", typeFields: noBytes, requests: [] }).open();
    const sizes = Uint8Array.of(0, 0, 0, ours, 0, 0x20, 0, 0, 0, 0, 0x80, 0);
    expect(payload).toEqual(join(Uint8Array.of(90), sshString("session"), sizes));
  });

  test("without requests it is ready once confirmed; with some, once the last is answered", () => {
    expect(opening().receive(message.confirmation())).toEqual({ news: { news: "ready" } });
    const channel = opening({ requests: ["env", "exec"] });
    expect(channel.receive(message.confirmation()).send).toEqual(
      ["env", "exec"].map((requestType) =>
        encode(m.CHANNEL_REQUEST, { ...toThem, requestType, wantReply: true, requestFields: noBytes }),
      ),
    );
    expect(channel.receive(message.success)).toEqual({});
    expect(channel.writable(10)).toBe(0);
    expect(channel.receive(message.success)).toEqual({ news: { news: "ready" } });
    expect(channel.writable(10)).toBe(10);
  });

  test("what the server sends before it has answered the requests is taken", () => {
    const channel = opening({ requests: ["exec"] });
    channel.receive(message.confirmation());
    expect(newsOf(channel.receive(message.data(3)))).toBe("data 3");
    expect(newsOf(channel.receive(exitStatus))).toBe("exit-status");
    expect(newsOf(channel.receive(message.success))).toBe("ready");
  });

  test.each<{ code: number; says: string; description?: string }>([
    { code: 1, says: "administratively prohibited" },
    { code: 2, says: "connect failed: no route\\x1b to\\nhost", description: "no route\x1b to\nhost" },
    { code: 3, says: "unknown channel type" },
    { code: 4, says: "resource shortage" },
    { code: 5, says: "reason 5" },
    { code: 0xfe000000, says: "reason 4261412864: local", description: "local" },
  ])("a failure with reason $code reads: $says", ({ code, says, description = "" }) => {
    const channel = opening();
    const error = refusalOf(channel.receive(message.openFailure(code, description)));
    expect(error.message).toBe(`the server refused to open a session channel: ${says}`);
    expect([error.request, error.reason, channel.isOpen]).toEqual(["session", code, false]);
  });

  const early = { adjust: message.adjust(1), data: message.data(1), stderr: message.extended(1, 1), ...plain() };

  test.each(Object.entries(early))("nothing but the answer may come first: %s", (_, payload) => {
    expect(faultOf(() => opening().receive(payload))).toMatchObject({ section: "RFC 4254 §5.1", reason: 2 });
  });

  test.each([message.confirmation(), message.openFailure(1)])("an opening is answered once", (payload) => {
    expect(faultOf(() => ready().receive(payload)).section).toBe("RFC 4254 §5.1");
  });

  test("where the server takes data packets of 0 bytes at most, the channel is refused", () => {
    const channel = opening({ requests: ["exec"] });
    const error = refusalOf(channel.receive(message.confirmation(1000, 0)));
    expect(error.message).toMatch(/packets of 0 bytes at most/);
    expect(channel.isOpen).toBe(true); // the server has it open: CLOSE is due
    expect(channel.close()).toEqual([sent.close]);
  });

  test("closed while it opens, it is closed once the server has opened it", () => {
    const channel = opening({ requests: ["exec"] });
    expect(channel.close()).toEqual([]);
    expect(channel.receive(message.confirmation())).toEqual({ send: [sent.close] });
    expect(channel.close()).toEqual([]);
    expect(channel.receive(message.data(5))).toEqual({});
    expect(newsOf(channel.receive(message.close))).toBe("closed");
  });

  test("closed while it opens, and refused then, it is gone", () => {
    const channel = opening();
    channel.close();
    expect(newsOf(channel.receive(message.openFailure(1)))).toBe("refused");
    expect([channel.isOpen, channel.close()]).toEqual([false, []]);
  });
});

/** Messages without a choice in them. */
function plain(): Record<string, Uint8Array> {
  const { eof, close, success, failure } = message;
  return { eof, close, success, failure, "exit-status": exitStatus };
}

describe("requests of ours, RFC 4254 §5.4, §6.4", () => {
  test("an env that is refused is told by name, and the session goes on", () => {
    const channel = opening({ requests: ["env", "env", "shell"] });
    channel.receive(message.confirmation());
    expect(channel.receive(message.failure)).toEqual({ news: { news: "env-refused", name: "label of env" } });
    expect(channel.receive(message.success)).toEqual({});
    expect(newsOf(channel.receive(message.success))).toBe("ready");
  });

  test("the last request refused refuses the channel", () => {
    const channel = opening({ requests: ["env", "subsystem"] });
    channel.receive(message.confirmation());
    channel.receive(message.success);
    const error = refusalOf(channel.receive(message.failure));
    expect([error.message, error.request]).toEqual(["the server refused the label of subsystem request", "subsystem"]);
    expect([channel.isOpen, channel.writable(1)]).toEqual([true, 0]);
  });

  test.each(["success", "failure"] as const)("%s without a request ends it", (answer) => {
    expect(faultOf(() => ready({ requests: ["shell"] }).receive(message[answer]))).toMatchObject({
      section: "RFC 4254 §5.4",
      reason: 2,
    });
  });

  test("answers that were owed still come after our CLOSE, and change nothing", () => {
    const channel = opening({ requests: ["env", "shell"] });
    channel.receive(message.confirmation());
    channel.close();
    expect(channel.receive(message.failure)).toEqual({});
    expect(channel.receive(message.success)).toEqual({});
    expect(faultOf(() => channel.receive(message.success)).section).toBe("RFC 4254 §5.4");
  });

  test("signal asks for no answer, and is silent where nobody could hear it", () => {
    const payload = encode(m.CHANNEL_REQUEST, {
      ...toThem,
      requestType: "signal",
      wantReply: false,
      requestFields: sshString("TERM"),
    });
    const channel = ready();
    expect(opening().signal("TERM")).toEqual([]);
    expect(channel.signal("TERM")).toEqual([payload]);
    channel.close();
    expect(channel.signal("TERM")).toEqual([]);
  });
});

describe("requests of the server's, RFC 4254 §5.4, §6.10", () => {
  test("exit-status is told", () => {
    expect(ready().receive(exitStatus)).toEqual({ news: { news: "exit-status", status: 258 } });
  });

  test("exit-signal is told, escaped", () => {
    expect(ready().receive(exitSignal).news).toEqual({
      news: "exit-signal",
      signal: "TE\\x1bRM",
      coreDumped: true,
      message: "no\\nmore",
    });
  });

  test.each<{ about: string; type: string; fields?: Uint8Array; wantReply: boolean; send: Uint8Array[] | undefined }>([
    { about: "unknown, no reply wanted", type: "x@example.com", wantReply: false, send: undefined },
    { about: "unknown, a reply wanted", type: "x@example.com", wantReply: true, send: [sent.failure] },
    { about: "keepalive@openssh.com", type: "keepalive@openssh.com", wantReply: true, send: [sent.failure] },
    { about: "an empty name", type: "", wantReply: true, send: [sent.failure] },
    {
      about: "what only a client may ask",
      type: "exec",
      fields: sshString("rm -rf /"),
      wantReply: true,
      send: [sent.failure],
    },
    { about: "xon-xoff, RFC 4254 §6.8", type: "xon-xoff", fields: Uint8Array.of(1), wantReply: false, send: undefined },
    {
      about: "exit-status, a reply wanted against §6.10",
      type: "exit-status",
      fields: new Uint8Array(4),
      wantReply: true,
      send: [sent.success],
    },
  ])("$about", ({ type, fields, wantReply, send }) => {
    expect(ready().receive(message.request(type, fields, wantReply)).send).toEqual(send);
  });

  test("a reply does not take the news away", () => {
    const outcome = ready().receive(message.request("exit-status", Uint8Array.of(0, 0, 0, 9), true));
    expect(outcome.news).toEqual({ news: "exit-status", status: 9 });
  });

  test("after our CLOSE none is answered: nothing may follow it", () => {
    const channel = ready();
    channel.close();
    expect(channel.receive(message.request("x", noBytes, true))).toEqual({});
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "exit-status of 3 bytes", payload: message.request("exit-status", new Uint8Array(3)) },
    { about: "exit-status of 5 bytes", payload: message.request("exit-status", new Uint8Array(5)) },
    { about: "exit-signal without fields", payload: message.request("exit-signal") },
    { about: "WINDOW_ADJUST of 9 bytes", payload: join(message.adjust(1), noBytes, Uint8Array.of(0)) },
    { about: "EOF with a byte behind it", payload: join(message.eof, Uint8Array.of(0)) },
    { about: "CLOSE with a byte behind it", payload: join(message.close, Uint8Array.of(0)) },
    { about: "DATA that is cut short", payload: message.data(10).subarray(0, -1) },
    { about: "DATA with a byte behind it", payload: join(message.data(10), Uint8Array.of(0)) },
    { about: "EXTENDED_DATA that is cut short", payload: message.extended(1, 10).subarray(0, -1) },
  ])("$about does not parse", ({ payload }) => {
    expect(faultOf(() => ready().receive(payload)).section).toBe("RFC 4251 §5");
  });
});

test.each([
  { name: "longer", length: 4 },
  { name: "shorter", length: 2 },
  { name: "gone", length: undefined },
])("data whose length is not that of the message ends it: $name", ({ length }) => {
  const head = [94, 0, 0, 0, ours];
  const payload = length === undefined ? [...head, 0, 0, 0] : [...head, 0, 0, 0, length, 1, 2, 3];
  expect(() => ready().receive(Uint8Array.from(payload))).toThrow(ProtocolError);
});

describe("the server's window and packet size, RFC 4254 §5.2", () => {
  const most = 2 ** 32 - 1;

  test.each([
    { window: 0, packet: 32768, asked: 1, taken: 0 },
    { window: 1, packet: 32768, asked: 10, taken: 1 },
    { window: most, packet: 1, asked: 10, taken: 1 },
    { window: most, packet: most, asked: 1_000_000, taken: MAXIMUM_PACKET_SIZE },
    { window: 100, packet: 1000, asked: 500, taken: 100 },
    { window: 1000, packet: 100, asked: 500, taken: 100 },
    { window: 1000, packet: 1000, asked: 500, taken: 500 },
    { window: 1000, packet: 1000, asked: 0, taken: 0 },
  ])("window $window, packets of $packet: of $asked bytes $taken are taken", ({ window, packet, asked, taken }) => {
    const channel = ready({ window, packet });
    expect(channel.writable(asked)).toBe(taken);
    const data = seededBytes("data")(taken);
    const sent = decode(m.CHANNEL_DATA, concat(channel.dataHead(taken), data));
    expect(Buffer.from(sent.data).equals(data)).toBe(true);
    expect(channel.writable(most)).toBe(Math.min(window - taken, packet, MAXIMUM_PACKET_SIZE));
  });

  test("a write beyond what fits is the caller's mistake", () => {
    expect(() => ready({ window: 10 }).dataHead(11)).toThrow(RangeError);
    expect(() => ready({ packet: 10 }).dataHead(11)).toThrow(RangeError);
    expect(() => opening().dataHead(1)).toThrow(RangeError);
  });

  test("WINDOW_ADJUST adds, also from 0 and up to 2^32 - 1", () => {
    const channel = ready({ window: 0, packet: most });
    channel.receive(message.adjust(5));
    expect(channel.writable(100)).toBe(5);
    channel.receive(message.adjust(most - 5));
    expect(channel.receive(message.adjust(0))).toEqual({});
  });

  test.each([
    { window: 0, adjusts: [most, 1] },
    { window: 1, adjusts: [most] },
    { window: most, adjusts: [1] },
    { window: 2 ** 31, adjusts: [2 ** 30, 2 ** 30] },
  ])("a window of $window that $adjusts would take past 2^32 - 1 ends it", ({ window, adjusts }) => {
    const channel = ready({ window });
    for (const bytes of adjusts.slice(0, -1)) channel.receive(message.adjust(bytes));
    const fault = faultOf(() => channel.receive(message.adjust(adjusts.at(-1) as number)));
    expect(fault).toMatchObject({ section: "RFC 4254 §5.2", reason: 2 });
    expect(fault.message).toMatch(/would grow to 4294967296 /);
  });
});

describe("our window, RFC 4254 §5.2", () => {
  /** The server uses the window up in packets of the largest size. */
  function fill(channel: Channel, length: number): void {
    for (let left = length; left > 0; left -= MAXIMUM_PACKET_SIZE) {
      channel.receive(message.data(Math.min(left, MAXIMUM_PACKET_SIZE)));
    }
  }

  test.each<{ about: string; one: (length: number) => Uint8Array }>([
    { about: "data", one: message.data },
    { about: "stderr", one: (length) => message.extended(1, length) },
    { about: "extended data of an unknown type", one: (length) => message.extended(77, length) },
  ])("holds for $about: its last byte is taken, one more ends it", ({ one }) => {
    const channel = ready({ windowSize: 1000 });
    channel.receive(message.data(995));
    expect(() => channel.receive(one(5))).not.toThrow();
    const other = ready({ windowSize: 1000 });
    other.receive(message.data(995));
    expect(faultOf(() => other.receive(one(6)))).toMatchObject({ section: "RFC 4254 §5.2", reason: 2 });
  });

  test("a packet above the size that we announced ends it, within the window or not", () => {
    expect(() => ready().receive(message.data(MAXIMUM_PACKET_SIZE))).not.toThrow();
    for (const payload of [message.data(MAXIMUM_PACKET_SIZE + 1), message.extended(1, MAXIMUM_PACKET_SIZE + 1)]) {
      expect(faultOf(() => ready().receive(payload))).toMatchObject({ section: "RFC 4254 §5.1", reason: 2 });
    }
  });

  test("is 2 MiB: what is not consumed is not given back", () => {
    const channel = ready();
    fill(channel, INITIAL_WINDOW_SIZE);
    expect(INITIAL_WINDOW_SIZE).toBe(2 * 1024 * 1024);
    expect(faultOf(() => channel.receive(message.data(1))).section).toBe("RFC 4254 §5.2");
  });

  test("is given back once a quarter of it is free, all that is free at once", () => {
    const channel = ready({ windowSize: 1000 });
    channel.receive(message.data(900));
    expect(channel.consumed(249, 0)).toEqual([]);
    expect(channel.consumed(1, 0)).toEqual([sent.adjust(250)]);
    expect(channel.consumed(249, 0)).toEqual([]);
    expect(channel.consumed(401, 0)).toEqual([sent.adjust(650)]);
    expect(channel.receive(message.data(1000)).news?.news).toBe("data");
  });

  test("consuming more than was given is the caller's mistake", () => {
    const channel = ready();
    channel.receive(message.data(10));
    channel.consumed(4, 0);
    expect(() => channel.consumed(7, 0)).toThrow(RangeError);
  });

  test.each([1, 2, 77, 0, 2 ** 32 - 1])("extended data of type %i is credited at once, read or not", (type) => {
    const channel = ready({ windowSize: 1000 });
    channel.receive(message.data(200)); // unread: stays out of the window
    let credited = 0;
    for (let i = 0; i < 50; i++) {
      const outcome = channel.receive(message.extended(type, 100));
      expect(newsOf(outcome)).toBe(type === 1 ? "stderr 100" : undefined);
      for (const payload of outcome.send ?? []) credited += decode(m.CHANNEL_WINDOW_ADJUST, payload).bytesToAdd;
    }
    expect(credited).toBeGreaterThanOrEqual(5000 - 250);
    expect(credited).toBeLessThanOrEqual(5000);
  });

  test("data and extended data of 0 bytes are no news, so that a flood of them leaves nothing behind", () => {
    const channel = ready({ windowSize: 10 });
    expect(channel.receive(message.data(0))).toEqual({});
    expect(channel.receive(message.extended(1, 0))).toEqual({});
    channel.receive(message.data(10));
    expect(channel.receive(message.data(0))).toEqual({}); // legal at window 0 too
  });

  test.each<{ about: string; end: (channel: Channel) => void }>([
    { about: "the server's EOF", end: (channel) => channel.receive(message.eof) },
    { about: "the server's CLOSE", end: (channel) => channel.receive(message.close) },
    { about: "our CLOSE", end: (channel) => channel.close() },
  ])("nothing is given back after $about", ({ end }) => {
    const channel = ready({ windowSize: 1000 });
    channel.receive(message.data(900));
    end(channel);
    expect(channel.consumed(900, 1000)).toEqual([]);
  });

  describe("grows", () => {
    const size = 10 * MAXIMUM_PACKET_SIZE;

    /** Windows' worths of data, each consumed in batches of so many packets. */
    function flow(channel: Channel, packets: number, batch: number, room = Number.POSITIVE_INFINITY): void {
      for (let i = 0; i < packets; i += batch) {
        for (let k = 0; k < batch; k++) channel.receive(message.data(MAXIMUM_PACKET_SIZE));
        for (let k = 0; k < batch; k++) channel.consumed(MAXIMUM_PACKET_SIZE, room);
      }
    }

    test("twofold after each window's worth that is consumed as it comes", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 9, 1);
      expect(channel.windowTarget).toBe(size);
      flow(channel, 1, 1);
      expect(channel.windowTarget).toBe(2 * size);
      flow(channel, 19, 1);
      expect(channel.windowTarget).toBe(2 * size);
      flow(channel, 1, 1);
      expect(channel.windowTarget).toBe(4 * size);
    });

    test("also where a few packets come in one read and are consumed after it, as a socket gives them", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 10, 2);
      expect(channel.windowTarget).toBe(2 * size);
    });

    test("by the given room at most", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 10, 1, 1000);
      expect(channel.windowTarget).toBe(size + 1000);
      flow(channel, 100, 1, 0);
      expect(channel.windowTarget).toBe(size + 1000);
      flow(channel, 100, 1, -5);
      expect(channel.windowTarget).toBe(size + 1000);
    });

    test("not while the consumer is more than a quarter of the first window behind, however far it grew", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 30, 1);
      expect(channel.windowTarget).toBe(4 * size);
      for (let k = 0; k < 3; k++) channel.receive(message.data(MAXIMUM_PACKET_SIZE));
      flow(channel, 100, 1);
      expect(channel.windowTarget).toBe(size);
    });

    test("and goes back to what it was at first: nothing is given back until the reader has caught up that far", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 10, 1);
      fill(channel, 2 * size);
      expect(channel.mostHeld).toBe(2 * size);
      expect(channel.consumed(size, Number.POSITIVE_INFINITY)).toEqual([]);
      expect([channel.windowTarget, channel.mostHeld]).toEqual([size, size]);
      expect(channel.consumed(size / 4, Number.POSITIVE_INFINITY)).toEqual([sent.adjust(size / 4)]);
    });

    test("and counts as held what was granted, also where the window is to shrink", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 10, 1);
      fill(channel, size);
      expect(channel.consumed(MAXIMUM_PACKET_SIZE, 0)).toEqual([]);
      expect([channel.windowTarget, channel.mostHeld]).toEqual([size, 2 * size - MAXIMUM_PACKET_SIZE]);
    });

    test("not while the consumer is more than a quarter of the window behind", () => {
      const channel = ready({ windowSize: size });
      for (let k = 0; k < 4; k++) channel.receive(message.data(MAXIMUM_PACKET_SIZE));
      for (let i = 0; i < 100; i++) {
        channel.receive(message.data(MAXIMUM_PACKET_SIZE));
        channel.consumed(MAXIMUM_PACKET_SIZE, size);
      }
      expect(channel.windowTarget).toBe(size);
    });

    test("not for stderr, which nobody has to read", () => {
      const channel = ready({ windowSize: size });
      for (let i = 0; i < 100; i++) channel.receive(message.extended(1, MAXIMUM_PACKET_SIZE));
      expect(channel.windowTarget).toBe(size);
    });

    test("and what it grew by may then be sent", () => {
      const channel = ready({ windowSize: size });
      flow(channel, 10, 1);
      fill(channel, 2 * size);
      expect(faultOf(() => channel.receive(message.data(1))).section).toBe("RFC 4254 §5.2");
    });
  });
});

describe("EOF, CLOSE and exit, RFC 4254 §5.3, §6.10", () => {
  const ends = { eof: message.eof, "exit-status": exitStatus, "exit-signal": exitSignal };

  /** All orders of some things. */
  function orders<T>(items: readonly T[]): T[][] {
    if (items.length === 0) return [[]];
    return items.flatMap((item, i) => orders(items.filter((_, k) => k !== i)).map((rest) => [item, ...rest]));
  }
  const names = Object.keys(ends) as (keyof typeof ends)[];
  const subsets = [
    [],
    ...names.map((name) => [name]),
    names.slice(0, 2),
    [names[0], names[2]],
    names,
  ] as (typeof names)[];

  test.each(subsets.flatMap(orders).map((order) => [order]))("%j, then CLOSE", (order) => {
    const channel = ready();
    expect(order.map((name) => newsOf(channel.receive(ends[name])))).toEqual(order);
    expect(channel.receive(message.close)).toEqual({ news: { news: "closed" }, send: [sent.close] });
    expect(channel.isOpen).toBe(false);
  });

  test.each<{ about: string; payload: Uint8Array }>([
    { about: "data", payload: message.data(1) },
    { about: "data of 0 bytes", payload: message.data(0) },
    { about: "stderr", payload: message.extended(1, 1) },
    { about: "EOF again", payload: message.eof },
  ])("after EOF, $about ends it", ({ payload }) => {
    const channel = ready();
    channel.receive(message.eof);
    expect(faultOf(() => channel.receive(payload))).toMatchObject({ section: "RFC 4254 §5.3", reason: 2 });
  });

  test("after EOF the server may still take data, ask, and widen the window", () => {
    const channel = ready({ window: 0 });
    channel.receive(message.eof);
    channel.receive(message.adjust(10));
    expect(channel.writable(100)).toBe(10);
    expect(channel.sendEof()).toEqual([sent.eof]);
  });

  test("our EOF goes once, and ends our data and nothing else", () => {
    const channel = ready();
    expect([opening().sendEof(), channel.sendEof(), channel.sendEof()]).toEqual([[], [sent.eof], []]);
    expect(channel.writable(1)).toBe(0);
    expect(newsOf(channel.receive(message.data(5)))).toBe("data 5");
    expect(channel.consumed(5, 0)).toEqual([]);
    expect(channel.signal("TERM")).toHaveLength(1);
    expect(channel.close()).toEqual([sent.close]);
  });

  test("our CLOSE goes once; what still comes is dropped within the window, until the server's", () => {
    const channel = ready({ windowSize: 1000 });
    expect([channel.close(), channel.close(), channel.sendEof()]).toEqual([[sent.close], [], []]);
    expect(channel.writable(1)).toBe(0);
    expect(channel.receive(message.data(500))).toEqual({});
    expect(channel.receive(message.extended(1, 500))).toEqual({});
    expect(faultOf(() => channel.receive(message.data(1))).section).toBe("RFC 4254 §5.2");
    expect(newsOf(channel.receive(exitStatus))).toBe("exit-status");
    expect(newsOf(channel.receive(message.eof))).toBe("eof");
    expect(channel.receive(message.close)).toEqual({ news: { news: "closed" }, send: [] });
  });
});

test("every request layout is the RFC's: exit-signal as in §6.10, by hand", () => {
  const values: FieldValues<typeof m.EXIT_SIGNAL_REQUEST> = {
    signalName: "KILL",
    coreDumped: false,
    errorMessage: "",
    languageTag: "",
  };
  const byHand = join(sshString("KILL"), Uint8Array.of(0), sshString(""), sshString(""));
  expect(encodeFields(m.EXIT_SIGNAL_REQUEST, values)).toEqual(byHand);
});
