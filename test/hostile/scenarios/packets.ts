/** Scenarios of the binary packet protocol: lengths, padding, tags. RFC 4253 §6; RFC 5647; PROTOCOL.chacha20poly1305. */
import { macLength, PeerDirection } from "../../support/peer-crypto.ts";
import { ignore, uint32 } from "../bytes.ts";
import { chachaStrict, encryptAndMac, encryptThenMac, strict } from "../families.ts";
import type { Scenario } from "../scenario.ts";
import { after, before, halfClose, instead, raw, replay, send, silence, swallow } from "../steps.ts";

/** A packet as it looks before any keys. */
function clear(payload: Uint8Array): Uint8Array {
  return new PeerDirection("none", new Uint8Array(0), new Uint8Array(0)).seal(payload);
}

/** Only a packet_length, and something after it. */
const length = (value: number): Uint8Array => Buffer.concat([uint32(value), Buffer.alloc(16, 4)]);
const wrongTag = { ends: "the packet's authentication tag is wrong", reason: 5 } as const;

export const packetScenarios: readonly Scenario[] = [
  ...([0, 1, 5] as const).map(
    (value): Scenario => ({
      name: `a packet_length of ${value}, in the clear`,
      source: "RFC 4253 §6",
      family: strict,
      edits: [instead("kexinit", raw(length(value)))],
      expect: { ends: `packet_length ${value}, at least 6 is needed`, reason: 2 },
    }),
  ),
  ...[262_148, 2 ** 31, 2 ** 32 - 1].map(
    (value): Scenario => ({
      name: `a packet_length of ${value}, in the clear`,
      source: "RFC 4253 §6.1",
      family: strict,
      edits: [instead("kexinit", raw(length(value)))],
      expect: { ends: `packet_length ${value}, at most 262144 is read`, reason: 2 },
    }),
  ),
  {
    name: "a packet_length that is no multiple of 8, in the clear",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", raw(length(13)))],
    expect: { ends: "packet_length 13 is not a multiple of 8", reason: 2 },
  },
  {
    name: "a padding_length of 3, in the clear",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", send(ignore(), { bend: { paddingLength: 3 } }))],
    expect: { ends: "padding_length 3, at least 4 is asked for", reason: 2 },
  },
  {
    name: "a padding_length that is longer than the packet, in the clear",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", send(ignore(), { bend: { paddingLength: 255 } }))],
    expect: { ends: "padding_length 255 leaves no payload in 12 bytes", reason: 2 },
  },
  {
    name: "a packet without a payload, in the clear",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", send(new Uint8Array(0)))],
    expect: { ends: "leaves no payload in", reason: 2 },
  },
  {
    name: "half a KEXINIT, then the end",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", send(ignore("cut"), { cut: 9 }), halfClose(), silence())],
    expect: { ends: "the connection was closed while waiting for the key exchange", reason: "none" },
  },
  {
    name: "half a KEXINIT, then silence",
    source: "RFC 4253 §6",
    family: strict,
    edits: [instead("kexinit", send(ignore("cut"), { cut: 9 }), silence())],
    flags: ["--connect-timeout", "2"],
    expect: { ends: "no sign of the key exchange within 2 s", reason: 11 },
  },
  {
    name: "a packet_length of 256 KiB, then a trickle",
    source: "RFC 4253 §6.1; slowloris",
    family: strict,
    edits: [instead("kexinit", raw(uint32(2 ** 18 - 4)), raw("x", { times: 30, pause: 100 }))],
    flags: ["--connect-timeout", "2"],
    expect: { ends: "no sign of the key exchange within 2 s", reason: 11 },
  },

  ...[strict, chachaStrict, encryptAndMac, encryptThenMac].flatMap((family): Scenario[] => {
    const block = family === chachaStrict ? 8 : 16;
    const named = family.mac === undefined ? family.cipher : family.name;
    // where packet_length is encrypted, being out of step garbles it: it is far too long, but for one time in 16,384
    const isLengthClear = family === strict || family === encryptThenMac;
    const outOfStep = isLengthClear ? wrongTag : ({ ends: "at most 262144 is read", reason: 2 } as const);
    return [
      {
        name: `a bit of the first tag flipped, ${named}`,
        source: "RFC 4253 §6.4",
        family,
        edits: [instead("ext-info", send(ignore("flipped"), { flip: [-1] }))],
        expect: wrongTag,
      },
      {
        name: `a tag of which the first byte is wrong, ${named}`,
        source: "RFC 4253 §6.4",
        family,
        edits: [instead("ext-info", send(ignore("flipped"), { flip: [-(family.mac ? macLength(family.mac) : 16)] }))],
        expect: wrongTag,
      },
      {
        name: `a tag that is cut, then the end, ${named}`,
        source: "RFC 4253 §6.4",
        family,
        edits: [instead("ext-info", send(ignore("cut"), { cut: -4 }), halfClose(), silence())],
        expect: { ends: "the connection was closed while waiting for authentication", reason: "none" },
      },
      {
        name: `a bit of the payload flipped, ${named}`,
        source: "RFC 4253 §6.4",
        family,
        edits: [instead("ext-info", send(ignore("flipped"), { flip: [8] }))],
        expect: wrongTag,
      },
      {
        name: `a bit of the payload flipped in the session, ${named}`,
        source: "RFC 4253 §6.4",
        family,
        edits: [before("exec-request", send(ignore("flipped"), { flip: [12] }))],
        expect: wrongTag,
      },
      {
        name: `a packet_length made shorter on the way, ${named}`,
        source: "RFC 4253 §6.3; CVE-2008-5161",
        family,
        edits: [instead("ext-info", send(ignore("x".repeat(300)), { flip: [2] }))],
        expect: wrongTag,
      },
      {
        name: `a packet_length made longer on the way, ${named}`,
        source: "RFC 4253 §6.3; CVE-2008-5161",
        family,
        edits: [instead("ext-info", send(ignore(), { flip: [2] }), send(ignore("x".repeat(300))))],
        expect: wrongTag,
      },
      {
        name: `a packet_length made huge on the way, ${named}`,
        source: "RFC 4253 §6.1",
        family,
        edits: [instead("ext-info", send(ignore(), { flip: [0] }))],
        expect: { ends: "at most 262144 is read", reason: 2 },
      },
      {
        name: `a packet_length of 0, ${named}`,
        source: "RFC 4253 §6",
        family,
        edits: [instead("ext-info", send(ignore(), { bend: { packetLength: 0 } }))],
        expect: { ends: "packet_length 0, at least 6 is needed", reason: 2 },
      },
      {
        name: `a packet_length that is no multiple of ${block}, ${named}`,
        source: "RFC 4253 §6; RFC 5647 §7.2",
        family,
        edits: [instead("ext-info", send(ignore(), { bend: { packetLength: 17 } }))],
        expect: { ends: `packet_length 17 is not a multiple of ${block}`, reason: 2 },
      },
      {
        name: `a padding_length of 0, ${named}`,
        source: "RFC 4253 §6",
        family,
        edits: [instead("ext-info", send(ignore(), { bend: { paddingLength: 0 } }))],
        expect: { ends: "padding_length 0, at least 4 is asked for", reason: 2 },
      },
      {
        name: `a padding_length that is longer than the packet, ${named}`,
        source: "RFC 4253 §6",
        family,
        edits: [instead("ext-info", send(ignore(), { bend: { paddingLength: 200 } }))],
        expect: { ends: "padding_length 200 leaves no payload", reason: 2 },
      },
      {
        name: `a packet without a payload, ${named}`,
        source: "RFC 4253 §6",
        family,
        edits: [instead("ext-info", send(new Uint8Array(0)))],
        expect: { ends: "leaves no payload in", reason: 2 },
      },
      {
        name: `a packet sent twice, ${named}`,
        source: "RFC 4251 §9.3.3",
        family,
        edits: [after("ext-info", replay())],
        expect: outOfStep,
      },
      {
        name: `a packet taken away in the session, ${named}`,
        source: "RFC 4251 §9.3.3",
        family,
        edits: [before("exec-success", swallow(ignore("taken away")))],
        expect: outOfStep,
      },
      {
        name: `padding of 255 bytes, ${named}`,
        source: "RFC 4253 §6",
        family,
        edits: [
          before("answers", send(ignore("x".repeat(family === encryptAndMac ? 7 : 11)), { bend: { padding: 255 } })),
        ],
        expect: { succeeds: true },
      },
      {
        name: `packets of 256 KiB, ${named}`,
        source: "RFC 4253 §6.1: longer ones should be taken",
        family,
        edits: [before("answers", send(ignore("x".repeat(262_000)), { times: 3 }))],
        expect: { succeeds: true },
      },
    ];
  }),
  {
    name: "a packet in the clear after NEWKEYS",
    source: "RFC 4253 §7.3",
    family: strict,
    edits: [instead("ext-info", raw(clear(ignore("x".repeat(16)))))],
    expect: { ends: "packet_length 28 is not a multiple of 16", reason: 2 },
  },
  {
    name: "random bytes in place of the first encrypted packet",
    source: "RFC 4253 §6.3",
    family: strict,
    edits: [instead("ext-info", raw(Buffer.alloc(4096, 0xa5)))],
    expect: { ends: "packet_length 2779096485, at most 262144 is read", reason: 2 },
  },
];
