/**
 * The whole client against a peer that says anything: well-formed messages with any values, the same with bytes changed,
 * and plain noise, inside the encrypted transport and before it, at every place of a session and between the calls of
 * whoever drives the client. It ends by an error of ours or goes on; it never throws, never grows, never sends out of turn.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { platformTable } from "../../src/node/platform.ts";
import type { ClientEvent } from "../../src/ssh/client.ts";
import { ChannelError, DisconnectError, SshError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { decode, encode, type Layout, type Message } from "../../src/ssh/wire.ts";
import { ClientRig, situations } from "../support/client-rig.ts";
import { PeerKey } from "../support/peer-crypto.ts";
import { fieldsOf, layouts } from "./messages.ts";
import { cuts, type Mutation, mutated, mutations, pieces } from "./mutations.ts";
import { expectPrintable, property, refusable } from "./property.ts";

/** Output that may wait: the backlog at which the client stops reading, and what one packet may still ask of it. */
const mostOutput = 1024 * 1024 + 256 * 1024 + 512 * 1024;

/** What one step says at most, bytes: more than a window, which is as good as any flood. */
const mostSaid = 4 * 1024 * 1024;

type Step =
  | { readonly step: "say"; readonly payload: Uint8Array; readonly times: number }
  | { readonly step: "bend"; readonly payload: Uint8Array; readonly packetLength: number; readonly padding: number }
  | { readonly step: "raw"; readonly bytes: Uint8Array }
  | { readonly step: "rekey" }
  | { readonly step: "silence"; readonly number: number }
  | { readonly step: "call"; readonly call: Call };

type Call =
  | { readonly call: "open"; readonly requests: readonly string[] }
  | { readonly call: "write"; readonly channel: number; readonly length: number }
  | { readonly call: "sendEof" | "closeChannel"; readonly channel: number }
  | { readonly call: "signal"; readonly channel: number }
  | { readonly call: "keepalive" | "rekey" | "acknowledge" | "prove" | "disconnect" | "receiveEnd" };

/** Numbers of channels that there may be: most messages should find theirs. */
const channel = fc.oneof(
  { weight: 8, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.constantFrom(99, 2 ** 32 - 1) },
);

function payloadOf(layout: Layout): fc.Arbitrary<Uint8Array> {
  return fc
    .record({ message: fieldsOf(layout.fields), channel })
    .map(({ message, channel: recipientChannel }) =>
      encode(layout, ("recipientChannel" in message ? { ...message, recipientChannel } : message) as Message<Layout>),
    );
}

const wellFormed = fc.constantFrom(...layouts).chain(payloadOf);
/** What a channel lives by, more often than chance would have it. */
const ofChannels = fc
  .constantFrom<Layout>(
    m.CHANNEL_DATA,
    m.CHANNEL_EXTENDED_DATA,
    m.CHANNEL_WINDOW_ADJUST,
    m.CHANNEL_REQUEST,
    m.CHANNEL_EOF,
    m.CHANNEL_CLOSE,
    m.CHANNEL_SUCCESS,
    m.CHANNEL_FAILURE,
    m.CHANNEL_OPEN_CONFIRMATION,
    m.CHANNEL_OPEN_FAILURE,
    m.GLOBAL_REQUEST,
  )
  .chain(payloadOf);
const large = fc
  .record({ recipientChannel: channel, length: fc.integer({ min: 0, max: 40_000 }) })
  .map(({ recipientChannel, length }) => encode(m.CHANNEL_DATA, { recipientChannel, data: new Uint8Array(length) }));
const mutationsOrNone: fc.Arbitrary<readonly Mutation[]> = fc.oneof(fc.constant([]), mutations);
const hostKeys = fc.constantFrom("the host", "another host").chain((name) =>
  mutationsOrNone.map((changes) => {
    const { publicKeyBlob } = new PeerKey(name);
    const list = new Uint8Array([0, 0, 0, publicKeyBlob.length, ...publicKeyBlob]);
    return encode(m.GLOBAL_REQUEST, {
      requestName: "hostkeys-00@openssh.com",
      wantReply: false,
      requestData: mutated(list, changes),
    });
  }),
);
const malformed = fc
  .record({ payload: fc.oneof(wellFormed, ofChannels), changes: mutations })
  .map(({ payload, changes }) => mutated(payload, changes))
  .filter((payload) => payload.length > 0);
const noise = fc.uint8Array({ minLength: 1, maxLength: 80 });
const payload = fc.oneof(
  { weight: 3, arbitrary: wellFormed },
  { weight: 6, arbitrary: ofChannels },
  { weight: 2, arbitrary: malformed },
  { weight: 1, arbitrary: large },
  { weight: 1, arbitrary: hostKeys },
  { weight: 1, arbitrary: noise },
);

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    call: fc.constant("open" as const),
    requests: fc.array(fc.constantFrom("env", "exec", "shell"), { maxLength: 3 }),
  }),
  fc.record({ call: fc.constant("write" as const), channel: fc.nat(2), length: fc.nat(100_000) }),
  fc.record({ call: fc.constantFrom("sendEof" as const, "closeChannel" as const), channel: fc.nat(2) }),
  fc.record({ call: fc.constant("signal" as const), channel: fc.nat(2) }),
  fc.record({
    call: fc.constantFrom("keepalive" as const, "rekey" as const, "acknowledge" as const, "prove" as const),
  }),
);
const ending: fc.Arbitrary<Call> = fc.record({ call: fc.constantFrom("disconnect" as const, "receiveEnd" as const) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      step: fc.constant("say" as const),
      payload,
      times: fc.oneof(
        { weight: 12, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.constantFrom(2, 300, 3000) },
      ),
    }),
  },
  { weight: 6, arbitrary: fc.record({ step: fc.constant("call" as const), call }) },
  { weight: 1, arbitrary: fc.constant({ step: "rekey" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant("silence" as const), number: fc.constantFrom(20, 30, 5, 50, 80, 90, 98) }),
  },
);
/** What nothing survives: once, at the end. */
const lastStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ step: fc.constant("call" as const), call: ending }),
  fc.record({
    step: fc.constant("bend" as const),
    payload,
    packetLength: fc.oneof(fc.nat(80), fc.nat(2 ** 32 - 1)),
    padding: fc.nat(255),
  }),
  fc.record({ step: fc.constant("raw" as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 400 }) }),
);

const session = fc.record({
  situation: fc.constantFrom(...Object.keys(situations)),
  cipher: fc.constantFrom(
    "aes256-gcm@openssh.com" as const,
    "aes128-gcm@openssh.com" as const,
    "chacha20-poly1305@openssh.com" as const,
  ),
  isStrict: fc.boolean(),
  opens: fc.nat(2),
  lengths: cuts,
  readsHostKeys: fc.boolean(),
  rekeyBytes: fc.constantFrom(2 ** 30, 2000),
  steps: fc.array(step, { maxLength: 12 }),
  last: lastStep,
});
type Session = typeof session extends fc.Arbitrary<infer T> ? T : never;

describe("a session with a peer that says anything", () => {
  property(
    "ends by an error of ours or goes on, sends nothing out of turn, tells nothing that could steer a terminal",
    session,
    (given) => {
      const rig = rigOf(given);
      situations[given.situation]?.(rig);
      rig.run();
      for (let i = 0; i < given.opens && rig.end === "open"; i++) perform(rig, { call: "open", requests: ["shell"] });
      rig.run();
      for (const each of [...given.steps, given.last]) {
        take(rig, each);
        expect(rig.client.pendingOutput).toBeLessThan(mostOutput);
        rig.run();
        expectInOrder(rig);
      }
      rig.client.receiveEnd();
      rig.run();
      expectEnded(rig);
    },
    250,
  );

  property(
    "asks for nothing without end of who never reads: what waits for a peer that floods stays bounded",
    fc.record({ payload, times: fc.constantFrom(5000, 20_000), isExchanging: fc.boolean() }),
    ({ payload: flood, times, isExchanging }) => {
      const rig = new ClientRig({ client: { table: platformTable } });
      rig.start();
      rig.openChannel();
      if (isExchanging) rig.client.rekey();
      for (let i = 0; i < times; i++) rig.peer.send(flood);
      const bytes = rig.peer.takeOutput();
      for (let at = 0; at < bytes.length; at += 65_536) {
        rig.client.receive(bytes.subarray(at, at + 65_536));
        let told = 0;
        while (rig.client.nextEvent() !== undefined) told += 1;
        expect(told).toBeLessThanOrEqual(65_536 / 32 + 1);
        expect(rig.client.pendingOutput).toBeLessThan(mostOutput);
      }
    },
    4,
  );
});

function rigOf({ cipher, isStrict, lengths, readsHostKeys, rekeyBytes }: Session): ClientRig {
  return new ClientRig({
    cipher,
    isStrict,
    cut: (bytes) => pieces(bytes, lengths),
    client: { table: platformTable, readsHostKeys, rekeyBytes, trace: true },
  });
}

function take(rig: ClientRig, taken: Step): void {
  const { peer } = rig;
  switch (taken.step) {
    case "say":
      for (let i = 0; i < taken.times && i * taken.payload.length < mostSaid; i++) peer.send(taken.payload);
      return;
    case "bend":
      peer.send(taken.payload, { packetLength: taken.packetLength, paddingLength: taken.padding });
      return;
    case "raw":
      peer.sendRaw(taken.bytes);
      return;
    case "rekey":
      if (rig.client.sessionId !== undefined && !rig.client.isExchangingKeys) peer.sendKexInit();
      return;
    case "silence":
      peer.answers.delete(taken.number);
      return;
    case "call":
      perform(rig, taken.call);
  }
}

/** A caller may be told at once that the connection has ended, or that there are too many channels. */
function perform(rig: ClientRig, given: Call): void {
  const { client } = rig;
  refusable(
    () => {
      switch (given.call) {
        case "open": {
          const requests = given.requests.map((requestType) => ({
            requestType,
            requestFields: new Uint8Array(0),
            label: requestType,
          }));
          client.openChannel({ channelType: "session", typeFields: new Uint8Array(0), requests });
          return;
        }
        case "write":
          expect(client.write(given.channel, new Uint8Array(given.length))).toBeLessThanOrEqual(given.length);
          return;
        case "sendEof":
        case "closeChannel":
          client[given.call](given.channel);
          return;
        case "signal":
          client.signal(given.channel, "TERM");
          return;
        case "prove":
          client.proveHostKeys(rig.told("host-keys").flatMap(({ blobs }) => blobs));
          return;
        default:
          client[given.call]();
      }
    },
    DisconnectError,
    ChannelError,
  );
}

/** Nothing is told after the end, DISCONNECT is the last of what was sent, texts are printable. */
function expectInOrder(rig: ClientRig): void {
  const ends = rig.events.flatMap(({ type }, index) => (type === "ended" ? [index] : []));
  expect(ends.length).toBeLessThanOrEqual(1);
  if (ends.length === 1) expect(ends[0]).toBe(rig.events.length - 1);
  const disconnects = rig.peer.received.flatMap(({ number }, index) => (number === 1 ? [index] : []));
  for (const index of disconnects) expect(index).toBe(rig.peer.received.length - 1);
  for (const event of rig.events) for (const said of textsOf(event)) expectPrintable(said);
  for (const trace of rig.client.takeTraces()) expectPrintable(trace);
}

function expectEnded(rig: ClientRig): void {
  expectInOrder(rig);
  expectWithinWindows(rig);
  const end = rig.events.at(-1);
  expect(end?.type).toBe("ended");
  if (end?.type === "ended" && end.error !== undefined) expect(end.error).toBeInstanceOf(SshError);
  expect(rig.client.write(0, new Uint8Array(1))).toBe(0);
  expect(rig.client.nextEvent()).toBeUndefined();
}

/** RFC 4254 §5.2: no more is told of channels than the windows that we gave them. In a key exchange ours may still wait. */
function expectWithinWindows(rig: ClientRig): void {
  if (rig.client.isExchangingKeys) return;
  const data = rig.told("channel").flatMap(({ news }) => ("data" in news ? [news.data.length] : []));
  const windows = rig.peer.of(m.CHANNEL_OPEN).map((open) => decode(m.CHANNEL_OPEN, open).initialWindowSize);
  const credit = rig.peer
    .of(m.CHANNEL_WINDOW_ADJUST)
    .map((adjust) => decode(m.CHANNEL_WINDOW_ADJUST, adjust).bytesToAdd);
  expect(sum(data)).toBeLessThanOrEqual(sum(windows) + sum(credit));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function textsOf(event: ClientEvent): readonly string[] {
  switch (event.type) {
    case "banner":
      return event.lines;
    case "server-message":
      return [event.text];
    case "ended":
    case "host-keys":
    case "host-keys-proved":
      return event.error === undefined ? [] : [event.error.message];
    case "channel":
      if (event.news.news === "exit-signal") return [event.news.signal, event.news.message];
      return event.news.news === "refused" ? [event.news.error.message] : [];
    default:
      return [];
  }
}
