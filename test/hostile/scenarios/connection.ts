/** Scenarios of the connection phase: windows, channel numbers, the order of a channel's messages, requests. RFC 4254. */
import {
  boolean,
  channelData,
  channelRequest,
  confirmation,
  globalRequest,
  message,
  N,
  serviceAccept,
  string,
  uint32,
} from "../bytes.ts";
import { remoteLines } from "../conversation.ts";
import { close, eof, exitStatus, serverChannel, strict, success } from "../families.ts";
import type { Ends, Scenario, Succeeds } from "../scenario.ts";
import { after, awaitNumber, before, type Edit, flight, instead, type Payload, raw, send, silence } from "../steps.ts";

const scenario = (
  name: string,
  source: string,
  edits: readonly Edit[],
  expect: Ends | Succeeds,
  flags: readonly string[] = [],
): Scenario => ({ name, source, family: strict, edits, expect, flags });

const succeeds: Succeeds = { succeeds: true };
const refusal = (ends: string, reason: Ends["reason"] = 2): Ends => ({ ends, reason });

const escapes = "\u001b[2J\u009b\u202e\u0007";
const escaped = "\\x1b[2J\\x9b\\u{202e}\\x07";
const most = 2 ** 32 - 1;

/** A message to the client's channel. */
const toChannel =
  (number: number, ...fields: readonly Uint8Array[]): Payload =>
  (seen) =>
    message(number, uint32(seen.clientChannel), ...fields);
const data = (bytes: Uint8Array | string): Payload => toChannel(N.CHANNEL_DATA, string(bytes));
const extended = (type: number, bytes: Uint8Array | string): Payload =>
  toChannel(N.CHANNEL_EXTENDED_DATA, uint32(type), string(bytes));
const adjust = (bytes: number): Payload => toChannel(N.CHANNEL_WINDOW_ADJUST, uint32(bytes));
const request =
  (type: string, wantReply: boolean, ...fields: readonly Uint8Array[]): Payload =>
  (seen) =>
    channelRequest(seen.clientChannel, type, wantReply, Buffer.concat(fields));
const confirmed =
  (window: number, maximumPacket = 2 ** 15): Payload =>
  (seen) =>
    confirmation(seen.clientChannel, serverChannel, window, maximumPacket);
const openFailure = (reason: number, description: string): Payload =>
  toChannel(N.CHANNEL_OPEN_FAILURE, uint32(reason), string(description), string(""));
const nothing = raw("");
const keepalive = globalRequest("keepalive@openssh.com", true);
const patience = ["--channel-timeout", "2"];
const pulse = ["--keepalive-interval", "1", "--keepalive-count", "3"];

const windows: readonly Scenario[] = [
  scenario(
    "a window of 0, opened later",
    "RFC 4254 §5.2",
    [instead("confirm", send(confirmed(0))), before("lines", send(adjust(2 ** 20)))],
    succeeds,
  ),
  scenario(
    "a window of 0, and silence",
    "RFC 4254 §5.2",
    [instead("confirm", send(confirmed(0))), instead("lines", silence())],
    refusal("no sign of life on the connection within 3 s", 11),
    pulse,
  ),
  scenario(
    "a window of 1, given back byte by byte",
    "RFC 4254 §5.2",
    [instead("confirm", send(confirmed(1))), before("lines", send(adjust(1), { times: 600 }))],
    succeeds,
  ),
  scenario("a window of 2^32-1", "RFC 4254 §5.2", [instead("confirm", send(confirmed(most)))], succeeds),
  scenario(
    "a window of 0, then one of 2^32-1",
    "RFC 4254 §5.2",
    [instead("confirm", send(confirmed(0))), before("env-success", send(adjust(most)))],
    succeeds,
  ),
  scenario(
    "a window adjusted to 2^32",
    "RFC 4254 §5.2",
    [instead("confirm", send(confirmed(most))), before("env-success", send(adjust(1)))],
    refusal("the window would grow to 4294967296"),
  ),
  scenario(
    "a window adjusted by 2^32-1, twice",
    "RFC 4254 §5.2",
    [before("env-success", send(adjust(most)), send(adjust(most)))],
    refusal("the window would grow to"),
  ),
  scenario("10,000 adjusts of 0", "RFC 4254 §5.2", [before("answers", send(adjust(0), { times: 10_000 }))], succeeds),
  scenario("10,000 adjusts of 1", "RFC 4254 §5.2", [before("answers", send(adjust(1), { times: 10_000 }))], succeeds),
  scenario(
    "packets of 0 bytes at most",
    "RFC 4254 §5.1",
    [instead("confirm", send(confirmed(2 ** 20, 0)))],
    refusal("the server takes data packets of 0 bytes at most: nothing can be sent", 11),
  ),
  scenario("packets of 1 byte at most", "RFC 4254 §5.1", [instead("confirm", send(confirmed(2 ** 20, 1)))], succeeds),
  scenario(
    "packets of 2^32-1 bytes at most",
    "RFC 4254 §5.1",
    [instead("confirm", send(confirmed(most, most)))],
    succeeds,
  ),
  scenario(
    "data a byte larger than our largest packet",
    "RFC 4254 §5.1, §5.2",
    [before("answers", send(data(Buffer.alloc(32_769, "x"))))],
    refusal("32769 bytes of data, at most 32768 were allowed"),
  ),
  scenario(
    "stderr a byte larger than our largest packet",
    "RFC 4254 §5.1, §5.2",
    [before("answers", send(extended(1, Buffer.alloc(32_769, "x"))))],
    refusal("32769 bytes of data, at most 32768 were allowed"),
  ),
  scenario(
    "a byte more than our window, before the command runs",
    "RFC 4254 §5.2",
    [before("exec-success", send(data(Buffer.alloc(32_768, "x")), { times: 64 }), send(data("x")))],
    refusal("1 bytes of data, the window is 0"),
  ),
];

/** All that goes to a channel. RFC 4254 §5. */
const channelNumbers = [91, 92, 93, 94, 95, 96, 97, 98, 99, 100];

const numbers: readonly Scenario[] = [
  ...channelNumbers.map((number) =>
    scenario(
      `message ${number} for the channel after ours`,
      "CVE-2002-0083",
      [
        before(
          "answers",
          send((seen) => message(number, uint32(seen.clientChannel + 1), string("x"))),
        ),
      ],
      refusal(`message ${number} came for channel 1, which is not open`),
    ),
  ),
  scenario(
    "data for channel 2^32-1",
    "CVE-2002-0083",
    [before("answers", send(channelData(most, "x")))],
    refusal(`message 94 came for channel ${most}, which is not open`),
  ),
  scenario(
    "data for its own number of the channel",
    "RFC 4254 §5.2",
    [before("answers", send(channelData(serverChannel, "x")))],
    refusal("message 94 came for channel 700, which is not open"),
  ),
  scenario(
    "a message to a channel without the channel",
    "RFC 4254 §5",
    [before("answers", send(message(N.CHANNEL_DATA)))],
    refusal("asks for 4 bytes, 0 are left"),
  ),
];

const early: readonly Scenario[] = [93, 94, 95, 96, 97, 98, 99, 100].map((number) =>
  scenario(
    `message ${number} before the channel is confirmed`,
    "RFC 4254 §5.1",
    [before("confirm", send(toChannel(number, string("x"))))],
    refusal(`message ${number} came for a channel that is opening`),
  ),
);

const openings: readonly Scenario[] = [
  scenario(
    "no answer to the opening",
    "RFC 4254 §5.1",
    [instead("confirm", silence())],
    refusal("within 2 s", 11),
    patience,
  ),
  scenario(
    "the opening confirmed twice",
    "RFC 4254 §5.1",
    [after("confirm", send(confirmed(1)))],
    refusal("message 91 came for a channel that is requesting"),
  ),
  scenario(
    "the opening confirmed, then refused",
    "RFC 4254 §5.1",
    [after("confirm", send(openFailure(1, "")))],
    refusal("message 92 came for a channel that is requesting"),
  ),
  scenario(
    "the opening confirmed once more in the session",
    "RFC 4254 §5.1",
    [before("answers", send(confirmed(1)))],
    refusal("message 91 came for a channel that is ready"),
  ),
  scenario(
    "the opening refused, with escape sequences",
    "RFC 4254 §5.1, RFC 4251 §9.2",
    [instead("confirm", send(openFailure(1, `no ${escapes}`)), silence())],
    refusal(`the server refused to open a session channel: administratively prohibited: no ${escaped}`, 11),
  ),
  scenario(
    "the opening refused, with forged lines",
    "RFC 4254 §5.1, RFC 4251 §9.2",
    [instead("confirm", send(openFailure(2, "no\n2026 - ERROR - forged\r\n")), silence())],
    refusal("the server refused to open a session channel: connect failed: no", 11),
  ),
  scenario(
    "the opening refused for a reason that nobody knows",
    "RFC 4254 §5.1",
    [instead("confirm", send(openFailure(most, "")), silence())],
    refusal(`the server refused to open a session channel: reason ${most}`, 11),
  ),
  scenario(
    "the opening refused in 200,000 letters",
    "RFC 4254 §5.1",
    [instead("confirm", send(openFailure(4, "x".repeat(200_000))), silence())],
    refusal(`the server refused to open a session channel: resource shortage: ${"x".repeat(100)}`, 11),
  ),
  scenario(
    "a confirmation that ends too soon",
    "RFC 4254 §5.1",
    [instead("confirm", send(toChannel(N.CHANNEL_OPEN_CONFIRMATION, uint32(1))))],
    refusal("asks for 4 bytes, 0 are left"),
  ),
];

/** What a server may open where the client asked for it; ours never does. RFC 4254 §5.1, §6.3.2, §7.2. */
const openedByServer: readonly Scenario[] = [
  ...["x11", "forwarded-tcpip", "auth-agent@openssh.com", "session", "direct-tcpip", `${escapes}@example.com`, ""].map(
    (type) =>
      scenario(
        `it opens a channel of the type ${JSON.stringify(type).replaceAll(/[^\x20-\x7e]/g, "?")}`,
        "CVE-2023-38408; RFC 4254 §5.1",
        [
          before(
            "answers",
            send(message(N.CHANNEL_OPEN, string(type), uint32(0), uint32(1), uint32(1), string("x"))),
            awaitNumber(N.CHANNEL_OPEN_FAILURE),
          ),
        ],
        succeeds,
      ),
  ),
  scenario(
    "it opens 10,000 channels",
    "RFC 4254 §5.1",
    [
      before(
        "answers",
        send(message(N.CHANNEL_OPEN, string("x11"), uint32(5), uint32(1), uint32(1)), { times: 10_000 }),
      ),
    ],
    succeeds,
  ),
  scenario(
    "it opens a channel in half a message",
    "RFC 4254 §5.1",
    [before("answers", send(message(N.CHANNEL_OPEN, string("session"))))],
    refusal("asks for 4 bytes, 0 are left"),
  ),
  scenario(
    "it opens a channel, and sends data on it all the same",
    "RFC 4254 §5.1",
    [
      before(
        "answers",
        flight(message(N.CHANNEL_OPEN, string("session"), uint32(9), uint32(1), uint32(1)), channelData(9, "x")),
      ),
    ],
    refusal("message 94 came for channel 9, which is not open"),
  ),
];

const requests: readonly Scenario[] = [
  ...(
    [
      ["the first answer", "env-success"],
      ["the answer to the command", "exec-success"],
    ] as const
  ).map(([what, label]) =>
    scenario(`${what} never comes`, "RFC 4254 §5.4", [instead(label, silence())], refusal("within 2 s", 11), patience),
  ),
  scenario("FAILURE to the variable", "RFC 4254 §6.4", [instead("env-success", send(toChannel(N.CHANNEL_FAILURE)))], {
    succeeds: true,
    says: ["refused to set CANARY_VARIABLE"],
  }),
  scenario(
    "FAILURE to the command",
    "RFC 4254 §6.5",
    [instead("exec-success", send(toChannel(N.CHANNEL_FAILURE)), silence())],
    refusal("the server refused the", 11),
  ),
  ...(
    [
      ["SUCCESS", N.CHANNEL_SUCCESS],
      ["FAILURE", N.CHANNEL_FAILURE],
    ] as const
  ).map(([name, number]) =>
    scenario(
      `${name} of a request that nobody made`,
      "RFC 4254 §5.4",
      [before("answers", send(toChannel(number)))],
      refusal("an answer came where no request waits for one"),
    ),
  ),
  scenario(
    "SUCCESS three times for two requests, in one flight",
    "RFC 4254 §5.4",
    [instead("env-success", nothing), instead("exec-success", flight(success, success, success))],
    refusal("an answer came where no request waits for one"),
  ),
  ...[
    "exec",
    "shell",
    "subsystem",
    "pty-req",
    "env",
    "x11-req",
    "auth-agent-req@openssh.com",
    "signal",
    "xon-xoff",
  ].map((type) =>
    scenario(
      `it asks the client for ${type}`,
      "RFC 4254 §6",
      [before("answers", send(request(type, true, string("/bin/sh"))), awaitNumber(N.CHANNEL_FAILURE))],
      succeeds,
    ),
  ),
  scenario(
    "10,000 requests to the channel that want a reply",
    "RFC 4254 §5.4",
    [before("answers", send(request("no-such@example.com", true), { times: 10_000 }))],
    succeeds,
  ),
  scenario(
    "10,000 requests to the channel that want none, with escape sequences in their names",
    "RFC 4254 §5.4",
    [before("answers", send(request(escapes, false), { times: 10_000 }))],
    succeeds,
  ),
  scenario(
    "tcpip-forward and cancel-tcpip-forward, asked of the client",
    "RFC 4254 §7.1",
    [
      before(
        "answers",
        send(globalRequest("tcpip-forward", true, Buffer.concat([string("0.0.0.0"), uint32(22)]))),
        awaitNumber(N.REQUEST_FAILURE),
        send(globalRequest("cancel-tcpip-forward", true, Buffer.concat([string("0.0.0.0"), uint32(22)]))),
        awaitNumber(N.REQUEST_FAILURE),
      ),
    ],
    succeeds,
  ),
];

const misplaced: readonly Scenario[] = (
  [
    ["SERVICE_REQUEST", message(N.SERVICE_REQUEST, string("ssh-userauth"))],
    ["SERVICE_ACCEPT", serviceAccept("ssh-userauth")],
    ["NEWKEYS", message(N.NEWKEYS)],
    ["KEX_ECDH_INIT", message(N.KEX_ECDH_INIT, string(Buffer.alloc(32)))],
    ["KEX_ECDH_REPLY", message(N.KEX_ECDH_REPLY, string(""), string(""), string(""))],
    ["USERAUTH_REQUEST", message(N.USERAUTH_REQUEST, string("root"), string("ssh-connection"), string("none"))],
    ["USERAUTH_FAILURE", message(N.USERAUTH_FAILURE, string("publickey"), boolean(false))],
    ["USERAUTH_PK_OK", message(N.USERAUTH_PK_OK, string("ssh-ed25519"), string(""))],
  ] as const
).map(([name, payload]) =>
  scenario(
    `${name} in the session`,
    "RFC 4253 §7.1, RFC 4252 §5.1",
    [before("answers", send(payload))],
    refusal(`SSH_MSG_${name} came, expected was what phase connection allows`),
  ),
);

const malformed: readonly Scenario[] = (
  [
    ["data that ends too soon", toChannel(N.CHANNEL_DATA, uint32(100), Buffer.from("x")), "asks for 100 bytes"],
    ["data of 2^32-1 bytes, it says", toChannel(N.CHANNEL_DATA, uint32(most)), `asks for ${most} bytes`],
    ["data with a byte behind it", toChannel(N.CHANNEL_DATA, string("x"), Buffer.from("y")), "1 bytes trail"],
    ["extended data without data", toChannel(N.CHANNEL_EXTENDED_DATA, uint32(1)), "asks for 4 bytes"],
    ["an adjust without a number", toChannel(N.CHANNEL_WINDOW_ADJUST), "asks for 4 bytes"],
    ["an adjust with a byte behind it", toChannel(N.CHANNEL_WINDOW_ADJUST, uint32(1), Buffer.from("y")), "trail"],
    ["EOF with a byte behind it", toChannel(N.CHANNEL_EOF, Buffer.from("y")), "1 bytes trail"],
    ["CLOSE with a byte behind it", toChannel(N.CHANNEL_CLOSE, Buffer.from("y")), "1 bytes trail"],
    ["a request without a type", toChannel(N.CHANNEL_REQUEST), "asks for 4 bytes"],
    ["exit-status without a status", request("exit-status", false), "asks for 4 bytes"],
    ["exit-status with a byte behind it", request("exit-status", false, uint32(0), Buffer.from("y")), "1 bytes trail"],
    ["exit-signal without a message", request("exit-signal", false, string("TERM")), "asks for"],
  ] as const
).map(([name, payload, ends]) => scenario(name, "RFC 4251 §5", [before("answers", send(payload))], refusal(ends)));

const order: readonly Scenario[] = [
  scenario(
    "data after EOF",
    "RFC 4254 §5.3",
    [before("answers", flight(eof, data("x")))],
    refusal("data came after EOF"),
  ),
  scenario(
    "stderr after EOF",
    "RFC 4254 §5.3",
    [before("answers", flight(eof, extended(1, "x")))],
    refusal("data came after EOF"),
  ),
  scenario("EOF twice", "RFC 4254 §5.3", [before("answers", flight(eof, eof))], refusal("EOF came twice")),
  scenario(
    "CLOSE twice",
    "RFC 4254 §5.3",
    [before("answers", flight(close, close))],
    refusal("message 97 came for channel 0, which is not open"),
  ),
  scenario(
    "data after CLOSE",
    "RFC 4254 §5.3",
    [before("answers", flight(close, data("x")))],
    refusal("message 94 came for channel 0, which is not open"),
  ),
  scenario(
    "exit-status after CLOSE",
    "RFC 4254 §5.3, §6.10",
    [before("answers", flight(close, exitStatus))],
    refusal("message 98 came for channel 0, which is not open"),
  ),
  scenario(
    "CLOSE before the command is answered",
    "RFC 4254 §5.3",
    [before("exec-success", send(close), silence())],
    refusal("closed the channel", 11),
  ),
  scenario(
    "CLOSE in the place of an answer",
    "RFC 4254 §5.3",
    [instead("answers", send(close), silence())],
    refusal("The remote MCP server closed the session without an exit status", 11),
  ),
  scenario(
    "exit-status 7 and CLOSE in the place of an answer",
    "RFC 4254 §6.10",
    [instead("answers", send(request("exit-status", false, uint32(7))), send(close), silence())],
    { ends: "The remote MCP server exited with status 7", reason: 11, exit: 7 },
  ),
  scenario(
    "exit-status 2^32-1",
    "RFC 4254 §6.10",
    [instead("answers", send(request("exit-status", false, uint32(most))), send(close), silence())],
    { ends: `The remote MCP server exited with status ${most}`, reason: 11, exit: 255 },
  ),
  scenario(
    "exit-status 7, then 0",
    "RFC 4254 §6.10",
    [
      instead(
        "answers",
        flight(request("exit-status", false, uint32(7)), request("exit-status", false, uint32(0)), close),
        silence(),
      ),
    ],
    { ends: "The remote MCP server exited with status 7", reason: 11, exit: 7 },
  ),
  scenario(
    "exit-signal with escape sequences in its message",
    "RFC 4254 §6.10, RFC 4251 §9.2",
    [
      instead(
        "answers",
        send(request("exit-signal", false, string("TERM"), boolean(false), string(escapes), string(""))),
        send(close),
        silence(),
      ),
    ],
    { ends: `The remote MCP server was killed by signal TERM: ${escaped}`, reason: 11, exit: 143 },
  ),
  scenario(
    "exit-signal by a name of escape sequences",
    "RFC 4254 §6.10, RFC 4251 §9.2",
    [
      instead(
        "answers",
        send(request("exit-signal", false, string(escapes), boolean(true), string(""), string(""))),
        send(close),
        silence(),
      ),
    ],
    { ends: `The remote MCP server was killed by signal ${escaped}`, reason: 11 },
  ),
];

const said: readonly Scenario[] = [
  scenario(
    "stderr with escape sequences, C1, bidi controls and forged lines",
    "RFC 4254 §5.2, RFC 4251 §9.2",
    [before("answers", send(extended(1, `${escapes}\n2026 - ERROR - forged\r\n`)))],
    { succeeds: true, says: [escaped, "2026 - ERROR - forged"] },
  ),
  scenario(
    "stdout that is no message, with escape sequences",
    "RFC 4251 §9.2",
    [before("answers", send(data(`${escapes}garbage\n`)))],
    {
      succeeds: true,
      says: [`[remote stdout, no MCP message] ${escaped}garbage`, "The remote wrote text to its stdout"],
    },
  ),
  ...[0, 2, most].map((type) =>
    scenario(
      `extended data of type ${type}`,
      "RFC 4254 §5.2",
      [before("answers", send(extended(type, `${escapes}\n`)))],
      succeeds,
    ),
  ),
  scenario(
    "6 MB of extended data of a type that nobody knows",
    "RFC 4254 §5.2",
    [before("answers", send(extended(77, Buffer.alloc(30_000, "x")), { times: 200 }))],
    succeeds,
  ),
  scenario(
    "10,000 empty packets of data",
    "RFC 4254 §5.2",
    [before("answers", send(data(""), { times: 10_000 }))],
    succeeds,
  ),
  scenario(
    "10,000 empty packets of stderr",
    "RFC 4254 §5.2",
    [before("answers", send(extended(1, ""), { times: 10_000 }))],
    succeeds,
  ),
];

/** Odd, and allowed. */
const benign: readonly Scenario[] = [
  scenario(
    "the answers a byte at a time",
    "RFC 4254 §5.2",
    [instead("answers", ...[...Buffer.from(remoteLines)].map((byte) => send(data(Uint8Array.of(byte)))))],
    succeeds,
  ),
  scenario(
    "the answers with requests, extended data and empty packets in between",
    "RFC 4254 §5",
    [
      instead(
        "answers",
        send(data(remoteLines.slice(0, 30))),
        send(keepalive),
        send(request("keepalive@openssh.com", true)),
        send(extended(9, "x")),
        send(data("")),
        send(adjust(5)),
        send(data(remoteLines.slice(30))),
      ),
    ],
    succeeds,
  ),
  scenario(
    "EOF, then exit-status",
    "RFC 4254 §6.10",
    [instead("exit-status", send(eof)), instead("eof", send(exitStatus))],
    succeeds,
  ),
  scenario("CLOSE without EOF", "RFC 4254 §5.3", [instead("eof", nothing)], succeeds),
  scenario(
    "exit-status that wants a reply",
    "RFC 4254 §6.10",
    [instead("exit-status", send(request("exit-status", true, uint32(0))))],
    succeeds,
  ),
  scenario("its CLOSE never comes", "RFC 4254 §5.3", [instead("close", silence())], succeeds, ["--drain-timeout", "1"]),
  scenario("no exit-status, no EOF, no CLOSE", "RFC 4254 §5.3", [before("exit-status", silence())], succeeds, [
    "--drain-timeout",
    "1",
  ]),
  scenario(
    "keepalives between the messages of the session",
    "RFC 4254 §4",
    ["confirm", "exec-success", "answers"].map((label) =>
      before(label, send(keepalive), awaitNumber(N.REQUEST_FAILURE)),
    ),
    succeeds,
  ),
];

export const connectionScenarios: readonly Scenario[] = [
  ...windows,
  ...numbers,
  ...early,
  ...openings,
  ...openedByServer,
  ...requests,
  ...misplaced,
  ...malformed,
  ...order,
  ...said,
  ...benign,
];
