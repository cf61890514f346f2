/**
 * Scenarios of a server that stalls: it says nothing more, or a byte at a time, or what is no answer, at every step of a
 * connection; it reads no more while the host keeps sending; it talks without end.
 */
import { channelData, confirmation, ignore, N } from "../bytes.ts";
import { type Family, lax, rekey, serverChannel, strict, withRekey } from "../families.ts";
import type { Scenario } from "../scenario.ts";
import {
  awaitNumber,
  before,
  type Edit,
  instead,
  pause,
  pour,
  pourStderr,
  raw,
  type Script,
  send,
  silence,
  stopReading,
} from "../steps.ts";

/** Where a server may stall, and what the client waits for then. */
interface Moment {
  readonly when: string;
  readonly family: Family;
  /** Before the step with this label. */
  readonly at: string;
  readonly flags: readonly string[];
  readonly ends: string;
  /** Whether packets are in the clear, and IGNORE is not legal. RFC 4253 §11.2; OpenSSH PROTOCOL 1.10. */
  readonly isFirst?: boolean;
}

const toConnect = ["--connect-timeout", "2"];
const toLogIn = ["--auth-timeout", "2"];
const toOpen = ["--channel-timeout", "2"];
const pulse = ["--keepalive-interval", "1", "--keepalive-count", "3"];

const noKeys = "no sign of the key exchange within 2 s";
const noLogin = "no sign of authentication within 2 s";
const noChannel = "no sign of an answer to the channel's request within 2 s";
const noLife = "no sign of life on the connection within 3 s";

const moments: readonly Moment[] = [
  { when: "after its version", family: strict, at: "kexinit", flags: toConnect, ends: noKeys, isFirst: true },
  { when: "after its KEXINIT", family: strict, at: "reply", flags: toConnect, ends: noKeys, isFirst: true },
  { when: "after its reply", family: strict, at: "newkeys", flags: toLogIn, ends: noLogin, isFirst: true },
  { when: "after NEWKEYS", family: strict, at: "ext-info", flags: toLogIn, ends: noLogin },
  { when: "after EXT_INFO", family: strict, at: "service-accept", flags: toLogIn, ends: noLogin },
  { when: "after SERVICE_ACCEPT", family: strict, at: "pk-ok", flags: toLogIn, ends: noLogin },
  { when: "after PK_OK", family: strict, at: "auth-success", flags: toLogIn, ends: noLogin },
  { when: "after USERAUTH_SUCCESS", family: strict, at: "confirm", flags: toOpen, ends: noChannel },
  { when: "after the opening's confirmation", family: strict, at: "env-success", flags: toOpen, ends: noChannel },
  { when: "after the answer to the variable", family: strict, at: "exec-success", flags: toOpen, ends: noChannel },
];

const inSession: readonly Moment[] = [
  { when: "in the session", family: strict, at: "answers", flags: pulse, ends: noLife },
  { when: "after its KEXINIT of a rekey", family: withRekey, at: "rekey-reply", flags: pulse, ends: noLife },
  { when: "after its reply of a rekey", family: withRekey, at: "rekey-newkeys", flags: pulse, ends: noLife },
  { when: "after a rekey", family: withRekey, at: "answers", flags: pulse, ends: noLife },
];

/** A packet of 256 bytes in the clear or by AES-GCM, whose length is in the clear too: a byte twice a second, for ever. */
const dribble = (isFirst = false): Script => [
  ...[0, 0, 0, isFirst ? 252 : 240].map((byte) => raw(Uint8Array.of(byte), { pause: 100 })),
  raw(Uint8Array.of(7), { times: 200, pause: 500 }),
];

const silent: readonly Scenario[] = [...moments, ...inSession].map(({ when, family, at, flags, ends }) => ({
  name: `mute ${when}`,
  source: "RFC 4253 §7.1, RFC 4252 §5, RFC 4254 §5: no answer is due by any time",
  family,
  edits: [before(at, silence())],
  flags,
  expect: { ends, reason: 11 },
}));

const slow: readonly Scenario[] = [...moments, ...inSession].map(({ when, family, at, flags, ends, isFirst }) => ({
  name: `a byte at a time ${when}`,
  source: "slowloris",
  family,
  edits: [before(at, ...dribble(isFirst))],
  flags,
  expect: { ends, reason: 11 },
}));

const chatty: readonly Scenario[] = moments.map(({ when, family, at, flags, ends, isFirst }) => ({
  name: `IGNOREs in place of an answer ${when}`,
  source: "RFC 4253 §11.2",
  family: isFirst ? lax : family,
  edits: [before(at, send(ignore("x"), { times: 200, pause: 200 }))],
  flags,
  expect: { ends, reason: 11 },
}));

/** 256 MiB. */
const much = { offers: 4096 };
const wide = instead(
  "confirm",
  send((seen) => confirmation(seen.clientChannel, serverChannel, 2 ** 32 - 1, 2 ** 15)),
);
const deaf = (
  name: string,
  family: Family,
  edits: readonly Edit[],
  expect: Scenario["expect"],
  more: Partial<Scenario> = {},
) => ({
  name,
  source: "RFC 9293 §3.8.6; RFC 4254 §5.2",
  family,
  edits,
  flags: pulse,
  host: much,
  expect,
  ...more,
});

const unread: readonly Scenario[] = [
  deaf("its window is used up while the host keeps sending", strict, [before("answers", silence())], {
    ends: noLife,
    reason: 11,
  }),
  // what it does not read stands before our DISCONNECT
  deaf("it reads no more while the host keeps sending", strict, [wide, before("answers", stopReading(), silence())], {
    ends: noLife,
    reason: "none",
  }),
  deaf(
    "it reads no more after its KEXINIT, while the host keeps sending",
    withRekey,
    [wide, before("rekey-reply", stopReading(), silence())],
    { ends: noLife, reason: 11 },
  ),
  deaf(
    "it reads no more after the client's KEXINIT, while the host keeps sending",
    strict,
    [wide, before("answers", awaitNumber(N.KEXINIT), stopReading(), silence())],
    { ends: noLife, reason: 11 },
    { flags: [...pulse, "--rekey-bytes", "1000000"] },
  ),
  deaf(
    "it reads no more after its reply of a rekey, while the host keeps sending",
    withRekey,
    [wide, before("rekey-newkeys", stopReading(), silence())],
    { ends: noLife, reason: "none" },
  ),
  deaf(
    "it reads no more and shows signs of life, until the host ends us",
    strict,
    [wide, before("answers", stopReading(), send(ignore("x"), { times: 200, pause: 200 }))],
    { stopped: 143 },
    { host: { ...much, endsUsAfter: 4000 } },
  ),
  {
    name: "the host sends 16 MiB, and it reads",
    source: "RFC 4254 §5.2",
    family: strict,
    edits: [wide, before("answers", pause(1))],
    host: { offers: 256 },
    expect: { succeeds: true },
  },
  {
    name: "the host sends 16 MiB in a storm of rekeys",
    source: "RFC 4253 §9",
    family: strict,
    edits: [wide, before("lines", ...Array.from({ length: 20 }, (_, count) => rekey(`rekey ${count}`)).flat())],
    host: { offers: 256 },
    expect: { succeeds: true },
  },
];

const data = (text: string) => send((seen) => channelData(seen.clientChannel, text));
const notification = `{"jsonrpc":"2.0","method":"notifications/z","params":{"pad":"${"z".repeat(940)}"}}\n`;
const line = `${"garbage ".repeat(124)}\n`;
const noise = / - WARNING - The remote wrote text to its stdout|\[remote stdout, no MCP message\]|were dropped here/;
const ofStderr = /\[remote stderr\]|were dropped here|of the remote's stderr came too fast/;

const endless: readonly Scenario[] = [
  {
    name: "a line of 64 MiB that is no message",
    source: "the issue: endless stdout garbage",
    family: strict,
    edits: [before("answers", pour("garbage ", 2 ** 23), data("\n"))],
    expect: { succeeds: true, floods: noise },
  },
  {
    name: "a message of 64 MiB, where 1 MiB may pass",
    source: "the issue: endless stdout garbage",
    family: strict,
    edits: [before("answers", data('{"jsonrpc":"2.0","method":"m","params":"'), pour("x", 2 ** 26), data('"}\n'))],
    flags: ["--max-line", String(2 ** 20)],
    expect: { succeeds: true, says: ["bytes is longer than the 1048576 that may pass"] },
  },
  {
    name: "64 MiB of lines that are no messages",
    source: "the issue: endless stdout garbage",
    family: strict,
    edits: [before("answers", pour(line, 67_000))],
    expect: { succeeds: true, floods: noise },
  },
  {
    name: "64 MiB of notifications, and the host does not read for 2 s",
    source: "RFC 4254 §5.2",
    family: strict,
    edits: [before("answers", pour(notification, 65_536))],
    host: { deafFor: 2000 },
    expect: { succeeds: true },
  },
  {
    name: "64 MiB of stderr",
    source: "RFC 4254 §5.2",
    family: strict,
    edits: [before("answers", pourStderr(line, 67_000))],
    expect: { succeeds: true, floods: ofStderr },
  },
  {
    name: "64 MiB of stderr in one line, and the host reads nothing for 2 s",
    source: "RFC 4254 §5.2",
    family: strict,
    edits: [before("answers", pourStderr("garbage ", 2 ** 23))],
    host: { deafFor: 2000 },
    expect: { succeeds: true, floods: ofStderr },
  },
];

export const stallScenarios: readonly Scenario[] = [...silent, ...slow, ...chatty, ...unread, ...endless];
