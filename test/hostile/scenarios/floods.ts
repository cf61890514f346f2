/** Scenarios of messages that nobody asked for, one or very many of them, in every phase. RFC 4253 §11. */
import { debug, extInfo, globalRequest, ignore, message, N, string, uint32, unimplemented } from "../bytes.ts";
import { lax, strict } from "../families.ts";
import type { Scenario, Succeeds } from "../scenario.ts";
import { after, awaitNumber, before, instead, send, stopReading } from "../steps.ts";

const succeeds: Succeeds = { succeeds: true };

/** The labels before which each phase can be disturbed. */
const phases = [
  ["before SERVICE_ACCEPT", "service-accept"],
  ["in authentication", "pk-ok"],
  ["before the channel is confirmed", "confirm"],
  ["in the session", "answers"],
] as const;

/** Numbers that no RFC gives a meaning. */
const strangers = [0, 8, 22, 61, 83, 101, 194, 255];

const everywhere: readonly Scenario[] = phases.flatMap(([where, label]): Scenario[] => [
  {
    name: `IGNORE, DEBUG and UNIMPLEMENTED ${where}`,
    source: "RFC 4253 §11.2, §11.3, §11.4",
    family: strict,
    edits: [before(label, send(ignore("x")), send(debug("x", false)), send(unimplemented(0)))],
    expect: succeeds,
  },
  {
    name: `unknown message numbers ${where}`,
    source: "RFC 4253 §11.4",
    family: strict,
    edits: [
      before(label, ...strangers.map((number) => send(message(number, string("x"))))),
      // the query is under way before SERVICE_ACCEPT comes
      before(label === "service-accept" ? "pk-ok" : label, ...strangers.map(() => awaitNumber(N.UNIMPLEMENTED))),
    ],
    expect: succeeds,
  },
  {
    name: `REQUEST_SUCCESS that nobody asked for ${where}`,
    source: "RFC 4254 §4",
    family: strict,
    edits: [before(label, send(message(N.REQUEST_SUCCESS)))],
    expect:
      label === "confirm" || label === "answers"
        ? { ends: "an answer to a global request came where none was made", reason: 2 }
        : { ends: "SSH_MSG_REQUEST_SUCCESS came, expected was what phase", reason: 2 },
  },
]);

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

const floods: readonly Scenario[] = [
  {
    name: "20,000 IGNOREs in the key exchange, lax",
    source: "RFC 4253 §11.2",
    family: lax,
    edits: [before("reply", send(ignore("x"), { times: 20_000 }))],
    expect: succeeds,
  },
  {
    name: "20,000 IGNOREs in authentication",
    source: "RFC 4253 §11.2",
    family: strict,
    edits: [before("pk-ok", send(ignore("x"), { times: 20_000 }))],
    expect: succeeds,
  },
  {
    name: "20,000 IGNOREs in the session",
    source: "RFC 4253 §11.2",
    family: strict,
    edits: [before("answers", send(ignore("x"), { times: 20_000 }))],
    expect: succeeds,
  },
  {
    name: "60 MB of IGNOREs of 256 KiB",
    source: "RFC 4253 §11.2",
    family: strict,
    edits: [before("answers", send(ignore(Buffer.alloc(250_000, "x")), { times: 240 }))],
    expect: succeeds,
  },
  {
    name: "300 DEBUGs to be shown, with escape sequences",
    source: "RFC 4253 §11.3, RFC 4251 §9.2",
    family: strict,
    edits: [before("answers", ...numbered(300).map((text) => send(debug(`\u001b[2J\u202e\u0085${text}`))))],
    expect: { succeeds: true, says: numbered(200).map((text) => `says: \\x1b[2J\\u{202e}\\x85${text}`) },
  },
  {
    name: "10,000 UNIMPLEMENTEDs",
    source: "RFC 4253 §11.4",
    family: strict,
    edits: [before("answers", send(unimplemented(3), { times: 10_000 }))],
    expect: succeeds,
  },
  {
    name: "10,000 unknown messages",
    source: "RFC 4253 §11.4",
    family: strict,
    edits: [before("answers", send(message(250), { times: 10_000 }))],
    expect: succeeds,
  },
  {
    name: "10,000 global requests that want a reply",
    source: "RFC 4254 §4",
    family: strict,
    edits: [before("answers", send(globalRequest("no-such@example.com", true), { times: 10_000 }))],
    expect: succeeds,
  },
  {
    name: "10,000 global requests that want none, with 1,000 bytes of data",
    source: "RFC 4254 §4",
    family: strict,
    edits: [
      before("answers", send(globalRequest("no-such@example.com", false, new Uint8Array(1000)), { times: 10_000 })),
    ],
    expect: succeeds,
  },
  {
    name: "10,000 PINGs",
    source: "CVE-2025-26466",
    family: strict,
    edits: [before("answers", send(message(N.PING, string("x".repeat(64))), { times: 10_000 }))],
    expect: succeeds,
  },
  {
    name: "10,000 PONGs that nobody asked for",
    source: "OpenSSH PROTOCOL 1.9",
    family: strict,
    edits: [before("answers", send(message(N.PONG, string("x")), { times: 10_000 }))],
    expect: succeeds,
  },
  {
    name: "PINGs for ever in authentication, and it reads no answers",
    source: "CVE-2025-26466",
    family: strict,
    edits: [before("pk-ok", stopReading(), send(message(N.PING, string("x".repeat(4096))), { times: 100_000 }))],
    flags: ["--auth-timeout", "4"],
    expect: { ends: "no sign of authentication within 4 s", reason: 11 },
  },
  {
    name: "PINGs for ever in the session, and it reads no answers",
    source: "CVE-2025-26466",
    family: strict,
    edits: [before("answers", stopReading(), send(message(N.PING, string("x".repeat(4096))), { times: 100_000 }))],
    flags: ["--keepalive-interval", "1", "--keepalive-count", "4"],
    expect: { ends: "no sign of life on the connection within 4 s", reason: 11 },
  },
  {
    name: "unknown messages for ever in authentication, and it reads no answers",
    source: "RFC 4253 §11.4",
    family: strict,
    edits: [before("pk-ok", stopReading(), send(message(250), { times: 2_000_000 }))],
    flags: ["--auth-timeout", "4"],
    expect: { ends: "no sign of authentication within 4 s", reason: 11 },
  },
  {
    name: "extensions with 200 KB of value",
    source: "RFC 8308 §2.3",
    family: strict,
    edits: [instead("ext-info", send(extInfo({ "server-sig-algs": `${"x,".repeat(100_000)}ssh-ed25519` })))],
    expect: succeeds,
  },
  {
    name: "hostkeys-00@openssh.com with a list that is none, unasked for",
    source: "OpenSSH PROTOCOL 2.5",
    family: strict,
    edits: [after("auth-success", send(globalRequest("hostkeys-00@openssh.com", false, uint32(2 ** 31))))],
    expect: succeeds,
  },
];

export const floodScenarios: readonly Scenario[] = [...everywhere, ...floods];
