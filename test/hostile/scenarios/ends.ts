/** Scenarios of a connection that ends, or falls silent, at every step. RFC 9293 §3.6: a FIN leaves the other half open. */
import { channelData, disconnect, N, uint32 } from "../bytes.ts";
import { remoteLines } from "../conversation.ts";
import { type Family, strict, withRekey } from "../families.ts";
import type { Ends, Scenario } from "../scenario.ts";
import { awaitNumber, before, halfClose, pause, reset, type Script, send, silence, stopReading } from "../steps.ts";

interface Moment {
  readonly when: string;
  readonly family: Family;
  /** Before the step with this label. */
  readonly at: string;
  readonly waitsFor: string;
  readonly first?: Script;
  readonly says?: readonly string[];
}

const theServer = "while waiting for the server";
const theKeys = "while waiting for the key exchange";
const theLogin = "while waiting for authentication";

/** The beginning of the remote's answer, which is no message yet. */
const half = send((seen) => channelData(seen.clientChannel, remoteLines.slice(0, 40)));
const halfSaid = ["The remote's stdout ended in the middle of a message: the 40 bytes that had come are dropped"];

const moments: readonly Moment[] = [
  {
    when: "before its version",
    family: strict,
    at: "version",
    waitsFor: "before its version line",
    first: [{ do: "await-version" }],
  },
  { when: "after its version", family: strict, at: "kexinit", waitsFor: theKeys },
  { when: "after its KEXINIT", family: strict, at: "reply", waitsFor: theKeys },
  // whether the host key has been judged by then is a matter of luck
  { when: "after its reply", family: strict, at: "newkeys", waitsFor: "while waiting for" },
  { when: "after NEWKEYS", family: strict, at: "service-accept", waitsFor: theLogin },
  { when: "after SERVICE_ACCEPT", family: strict, at: "pk-ok", waitsFor: theLogin },
  { when: "after PK_OK", family: strict, at: "auth-success", waitsFor: theLogin },
  { when: "after the opening", family: strict, at: "confirm", waitsFor: theServer },
  { when: "after the requests", family: strict, at: "env-success", waitsFor: theServer },
  { when: "after the command was asked for", family: strict, at: "exec-success", waitsFor: theServer },
  { when: "in the session", family: strict, at: "answers", waitsFor: theServer },
  {
    when: "in the middle of a message",
    family: strict,
    at: "answers",
    waitsFor: theServer,
    first: [half],
    says: halfSaid,
  },
  { when: "in the middle of a rekey", family: withRekey, at: "rekey-reply", waitsFor: theServer },
  { when: "after the reply of a rekey", family: withRekey, at: "rekey-newkeys", waitsFor: theServer },
];

const closed: readonly Scenario[] = moments.flatMap(
  ({ when, family, at, waitsFor, first = [], says = [] }): Scenario[] => {
    const expect: Ends = { ends: `the connection was closed ${waitsFor}`, reason: "none", says };
    const steps = (end: Script): Scenario["edits"] => [before(at, ...first, pause(200), ...end, silence())];
    return [
      { name: `FIN ${when}`, source: "RFC 9293 §3.6", family, edits: steps([halfClose()]), expect },
      { name: `RST ${when}`, source: "RFC 9293 §3.5.3", family, edits: steps([reset()]), expect },
    ];
  },
);

/** The server's own DISCONNECT while the host waits for an answer: it is told the server's reason, in safe letters. */
const told = "down for work \u001b[2J\u009b\u202e\r\n2026 - ERROR - forged";
const toldSafely = "the server ended the connection: down for work \\x1b[2J\\x9b\\u{202e}";
const dismissal = (
  name: string,
  reason: number,
  more: {
    readonly family?: Family;
    readonly at?: string;
    readonly first?: Script;
    readonly says?: readonly string[];
  } = {},
): Scenario => {
  const { family = strict, at = "answers", first = [], says = [] } = more;
  return {
    name,
    source: "RFC 4253 §11.1, RFC 4251 §9.2",
    family,
    edits: [before(at, ...first, send(disconnect(reason, told)), silence())],
    expect: { ends: toldSafely, reason: "none", says },
  };
};

const dismissals: readonly Scenario[] = [
  dismissal("DISCONNECT in the session, a request unanswered", 11),
  dismissal("DISCONNECT with a reason that no RFC has, a request unanswered", 2 ** 32 - 1),
  dismissal("DISCONNECT in the middle of a message", 11, { first: [half], says: halfSaid }),
  dismissal("DISCONNECT in the middle of a rekey, a request unanswered", 11, { family: withRekey, at: "rekey-reply" }),
  {
    name: "DISCONNECT that ends in its reason, a request unanswered",
    source: "RFC 4253 §11.1",
    family: strict,
    edits: [before("answers", send(Buffer.concat([Uint8Array.of(1), uint32(11)])), silence())],
    expect: { ends: "SSH_MSG_DISCONNECT", reason: 2 },
  },
];

const pulse = ["--keepalive-interval", "1", "--keepalive-count", "3"];
const noLife: Ends = { ends: "no sign of life on the connection within 3 s", reason: 11 };

const silences: readonly Scenario[] = [
  {
    name: "silence in the session",
    source: "RFC 4254 §4",
    family: strict,
    edits: [before("answers", silence())],
    flags: pulse,
    expect: noLife,
  },
  {
    name: "silence in the middle of a message",
    source: "RFC 4254 §4",
    family: strict,
    edits: [
      before(
        "answers",
        send((seen) => channelData(seen.clientChannel, remoteLines.slice(0, 40))),
        silence(),
      ),
    ],
    flags: pulse,
    expect: { ...noLife, says: halfSaid },
  },
  {
    name: "silence after KEXINIT of a rekey",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [before("rekey-client-kexinit", silence())],
    flags: pulse,
    expect: noLife,
  },
  {
    name: "silence before NEWKEYS of a rekey",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [before("rekey-newkeys", silence())],
    flags: pulse,
    expect: noLife,
  },
  {
    name: "it neither reads nor sends in the session",
    source: "RFC 4254 §4",
    family: strict,
    edits: [before("answers", stopReading(), silence())],
    flags: pulse,
    expect: noLife,
  },
  {
    name: "it neither reads nor sends in the middle of a rekey",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [before("rekey-reply", stopReading(), silence())],
    flags: pulse,
    expect: noLife,
  },
  {
    name: "it answers our keepalives with silence, and the one after with FIN",
    source: "RFC 4254 §4",
    family: strict,
    edits: [before("answers", awaitNumber(N.GLOBAL_REQUEST), halfClose(), silence())],
    flags: pulse,
    expect: { ends: "the connection was closed while waiting for the server", reason: "none" },
  },
];

export const endScenarios: readonly Scenario[] = [...closed, ...dismissals, ...silences];
