import { describe, expect, test } from "vitest";
import { expectedAt, isKnown, isLegal, type KexPosition, nameOf, type Phase } from "../../src/ssh/legal.ts";

/** All numbers that a byte can have; 0 is reserved, RFC 4250 §4.1.1. */
const numbers = Array.from({ length: 256 }, (_, number) => number);

/** From `first` to `last`, both included. */
function range(first: number, last: number): number[] {
  return numbers.slice(first, last + 1);
}

// Written by hand from the RFCs, not from legal.ts.

/** DISCONNECT, IGNORE, UNIMPLEMENTED, DEBUG: "at any time", RFC 4253 §11. */
const always = range(1, 4);
const ping = [192, 193];

/** What may come while no exchange of keys stands in the way, by phase. */
const traffic: Readonly<Record<Phase, readonly number[]>> = {
  service: [6, 7], // SERVICE_ACCEPT, RFC 4253 §10; EXT_INFO right after NEWKEYS, RFC 8308 §2.4
  userauth: [7, 51, 52, 53, 60, ...ping], // RFC 4252 §6; EXT_INFO before USERAUTH_SUCCESS, RFC 8308 §2.4
  connection: [80, 81, 82, ...range(90, 100), ...ping], // RFC 4254 §9
};

const phases = ["service", "userauth", "connection"] as const;

interface Situation {
  readonly position: KexPosition;
  readonly phase: Phase;
  readonly strict: boolean;
  readonly legal: readonly number[];
}

/** RFC 4253 §7.1: between the server's KEXINIT and its NEWKEYS, only these and what the exchange waits for. */
const situations: readonly Situation[] = [
  { position: "first-init-sent", phase: "service", strict: false, legal: [...always, 20] },
  { position: "first-reply-wait", phase: "service", strict: false, legal: [...always, 31] },
  { position: "first-newkeys-wait", phase: "service", strict: false, legal: [...always, 21] },
  // OpenSSH PROTOCOL 1.10: in the first exchange nothing but what the exchange needs; DISCONNECT ends it anyway
  { position: "first-init-sent", phase: "service", strict: true, legal: [1, 20] },
  { position: "first-reply-wait", phase: "service", strict: true, legal: [1, 31] },
  { position: "first-newkeys-wait", phase: "service", strict: true, legal: [1, 21] },
  ...phases.flatMap((phase) =>
    [false, true].flatMap((strict): Situation[] => [
      { position: "open", phase, strict, legal: [...always, 20, ...traffic[phase]] },
      // ours is out, the server has not seen it: what it sent before is still coming
      { position: "rekey-init-sent", phase, strict, legal: [...always, 20, ...traffic[phase]] },
      { position: "rekey-reply-wait", phase, strict, legal: [...always, 31] },
      { position: "rekey-newkeys-wait", phase, strict, legal: [...always, 21] },
    ]),
  ),
];

describe("isLegal", () => {
  test.each(situations)("$position in phase $phase, strict $strict: of 256 numbers, $legal", (situation) => {
    const { position, phase, strict, legal } = situation;
    const found = numbers.filter((number) => isLegal(number, position, phase, strict));
    expect(found).toEqual([...legal].sort((a, b) => a - b));
  });

  test("nothing that only a client sends is ever legal", () => {
    for (const number of [0, 5, 30, 50]) {
      expect(situations.some(({ position, phase, strict }) => isLegal(number, position, phase, strict))).toBe(false);
    }
  });
});

describe("isKnown", () => {
  // RFC 4250 §4.1.2, RFC 5656 §7.1, RFC 4252 §7, RFC 8308 §2.3, OpenSSH PROTOCOL 1.9
  const known = [...range(1, 7), 20, 21, 30, 31, ...range(50, 53), 60, 80, 81, 82, ...range(90, 100), ...ping];

  test("is true for the numbers that have a meaning to this client or its server, and for no other", () => {
    expect(numbers.filter(isKnown)).toEqual(known);
  });

  test("goes with the names of the RFCs", () => {
    expect([1, 7, 20, 31, 52, 60, 94, 192].map(nameOf)).toEqual([
      "SSH_MSG_DISCONNECT",
      "SSH_MSG_EXT_INFO",
      "SSH_MSG_KEXINIT",
      "SSH_MSG_KEX_ECDH_REPLY",
      "SSH_MSG_USERAUTH_SUCCESS",
      "SSH_MSG_USERAUTH_PK_OK",
      "SSH_MSG_CHANNEL_DATA",
      "SSH2_MSG_PING",
    ]);
    expect(nameOf(77)).toBe("message 77");
  });

  test.each<[KexPosition, string]>([
    ["first-init-sent", "SSH_MSG_KEXINIT"],
    ["first-reply-wait", "SSH_MSG_KEX_ECDH_REPLY"],
    ["first-newkeys-wait", "SSH_MSG_NEWKEYS"],
    ["rekey-init-sent", "SSH_MSG_KEXINIT"],
    ["rekey-reply-wait", "SSH_MSG_KEX_ECDH_REPLY"],
    ["rekey-newkeys-wait", "SSH_MSG_NEWKEYS"],
  ])("the exchange waits, at %s, for %s", (position, name) => {
    expect(expectedAt(position)).toBe(name);
  });
});
