/** Scenarios of the services and of user authentication. RFC 4252; RFC 4253 §10; RFC 8308. */
import {
  authFailure,
  authSuccess,
  banner,
  boolean,
  channelData,
  disconnect,
  extInfo,
  globalRequest,
  message,
  N,
  pkOk,
  serviceAccept,
  string,
  uint32,
} from "../bytes.ts";
import { strict } from "../families.ts";
import { anotherKey } from "../peer.ts";
import type { Ends, Scenario, Succeeds } from "../scenario.ts";
import {
  after,
  awaitNumber,
  before,
  type Edit,
  flight,
  instead,
  newkeys,
  type Payload,
  raw,
  send,
  silence,
} from "../steps.ts";

const scenario = (name: string, source: string, edits: readonly Edit[], expect: Ends | Succeeds): Scenario => ({
  name,
  source,
  family: strict,
  edits,
  expect,
});

const proper: Payload = (seen) => pkOk(seen.userKeyAlgorithm, seen.userKeyBlob);
const succeeds: Succeeds = { succeeds: true };
const refusal = (ends: string, reason: Ends["reason"] = 2): Ends => ({ ends, reason });

const services: readonly Scenario[] = [
  scenario(
    "SERVICE_ACCEPT for another service",
    "RFC 4253 §10",
    [instead("service-accept", send(serviceAccept("ssh-connection")))],
    refusal("SERVICE_ACCEPT for ssh-connection, asked was ssh-userauth"),
  ),
  scenario(
    "SERVICE_ACCEPT for a service with escape sequences in its name",
    "RFC 4253 §10, RFC 4251 §9.2",
    [instead("service-accept", send(serviceAccept("ssh-\u001b[2J\u009b\u202euserauth")))],
    refusal("SERVICE_ACCEPT for ssh-\\x1b[2J\\x9b\\u{202e}userauth, asked was ssh-userauth"),
  ),
  scenario(
    "SERVICE_ACCEPT without a name",
    "RFC 4253 §10",
    [instead("service-accept", send(message(N.SERVICE_ACCEPT)))],
    refusal("asks for 4 bytes, 0 are left"),
  ),
  scenario(
    "SERVICE_ACCEPT twice",
    "RFC 4253 §10",
    [after("service-accept", send(serviceAccept("ssh-userauth")))],
    refusal("SSH_MSG_SERVICE_ACCEPT came, expected was what phase userauth allows"),
  ),
  scenario(
    "SERVICE_REQUEST from the server",
    "RFC 4253 §10",
    [before("service-accept", send(message(N.SERVICE_REQUEST, string("ssh-userauth"))))],
    refusal("SSH_MSG_SERVICE_REQUEST came, expected was what phase service allows"),
  ),
  {
    ...scenario("SERVICE_ACCEPT never comes", "RFC 4253 §10", [instead("service-accept", silence())], {
      ends: "no sign of authentication within 2 s",
      reason: 11,
    }),
    flags: ["--auth-timeout", "2"],
  },
];

const extensions: readonly Scenario[] = [
  scenario(
    "three EXT_INFOs",
    "RFC 8308 §2.4",
    [after("ext-info", send(extInfo({})), send(extInfo({})))],
    refusal("EXT_INFO number 3, at most two may come"),
  ),
  scenario(
    "EXT_INFO after USERAUTH_SUCCESS",
    "RFC 8308 §2.4",
    [after("auth-success", send(extInfo({})))],
    refusal("SSH_MSG_EXT_INFO came, expected was what phase connection allows"),
  ),
  scenario(
    "EXT_INFO of 2^32-1 extensions",
    "RFC 8308 §2.3",
    [instead("ext-info", send(message(N.EXT_INFO, uint32(2 ** 32 - 1))))],
    refusal("4294967295 extensions, at most 64 are read"),
  ),
  scenario(
    "EXT_INFO with fewer extensions than it says",
    "RFC 8308 §2.3",
    [instead("ext-info", send(message(N.EXT_INFO, uint32(2), string("x"), string("y"))))],
    refusal("asks for 4 bytes, 0 are left"),
  ),
  scenario(
    "EXT_INFO with more extensions than it says",
    "RFC 8308 §2.3",
    [instead("ext-info", send(message(N.EXT_INFO, uint32(0), string("x"), string("y"))))],
    refusal("10 bytes trail"),
  ),
  scenario(
    "unknown extensions, one with escape sequences and NUL in it",
    "RFC 8308 §2.5",
    [instead("ext-info", send(extInfo({ "no-such@example.com": "\u001b[2J\u0000", "": "" })))],
    succeeds,
  ),
  scenario(
    "an extension whose name is a property of every object",
    "CVE-2018-3721, its kin: prototype pollution",
    [instead("ext-info", send(extInfo({ ["__proto__"]: "x", constructor: "x", "server-sig-algs": "ssh-ed25519" })))],
    succeeds,
  ),
  scenario(
    "server-sig-algs without the key's algorithm, and the key is taken",
    "RFC 8308 §3.1",
    [instead("ext-info", send(extInfo({ "server-sig-algs": "rsa-sha2-512" })))],
    succeeds,
  ),
  scenario("no EXT_INFO", "RFC 8308 §2.4", [instead("ext-info", raw(""))], succeeds),
  scenario(
    "ping@openssh.com, with a PING in every phase that has one",
    "OpenSSH PROTOCOL 1.9",
    [
      instead("ext-info", send(extInfo({ "ping@openssh.com": "0" }))),
      after("service-accept", send(message(N.PING, string("in authentication")))),
      after("query", awaitNumber(N.PONG)),
      before("answers", send(message(N.PING, string("in the session"))), awaitNumber(N.PONG)),
    ],
    succeeds,
  ),
];

const unearned: readonly Scenario[] = [
  scenario(
    "USERAUTH_SUCCESS before SERVICE_ACCEPT",
    "CVE-2018-10933, mirrored",
    [before("service-accept", send(authSuccess))],
    refusal("SSH_MSG_USERAUTH_SUCCESS came, expected was what phase service allows"),
  ),
  scenario(
    "USERAUTH_SUCCESS while the client signs",
    "CVE-2018-10933, mirrored",
    [instead("pk-ok", flight(proper, authSuccess))],
    refusal("USERAUTH_SUCCESS came while signing"),
  ),
  scenario(
    "USERAUTH_SUCCESS twice",
    "RFC 4252 §5.1",
    [after("auth-success", send(authSuccess))],
    refusal("SSH_MSG_USERAUTH_SUCCESS came, expected was what phase connection allows"),
  ),
  scenario(
    "USERAUTH_SUCCESS with a byte in it",
    "RFC 4252 §5.1",
    [instead("auth-success", send(message(N.USERAUTH_SUCCESS, Uint8Array.of(1))))],
    refusal("1 bytes trail"),
  ),
  scenario(
    "USERAUTH_SUCCESS in answer to the query, without a signature",
    "CVE-2021-36367; RFC 4252 §5.2",
    [instead("pk-ok", send(authSuccess)), instead("signed-request", raw("")), instead("auth-success", raw(""))],
    { succeeds: true, says: ["WARNING - the server let us in without proof of a key"] },
  ),
  scenario(
    "a channel message before USERAUTH_SUCCESS",
    "CVE-2025-32433, mirrored",
    [before("pk-ok", send(channelData(0, "x")))],
    refusal("SSH_MSG_CHANNEL_DATA came, expected was what phase userauth allows"),
  ),
  scenario(
    "a global request before USERAUTH_SUCCESS",
    "RFC 4252 §6",
    [before("pk-ok", send(globalRequest("keepalive@openssh.com", true)))],
    refusal("SSH_MSG_GLOBAL_REQUEST came, expected was what phase userauth allows"),
  ),
  scenario(
    "it opens a channel before USERAUTH_SUCCESS",
    "RFC 4252 §6",
    [before("pk-ok", send(message(N.CHANNEL_OPEN, string("session"), uint32(0), uint32(1), uint32(1))))],
    refusal("SSH_MSG_CHANNEL_OPEN came, expected was what phase userauth allows"),
  ),
  scenario(
    "USERAUTH_REQUEST from the server",
    "RFC 4252 §5",
    [before("pk-ok", send(message(N.USERAUTH_REQUEST, string("root"), string("ssh-connection"), string("none"))))],
    refusal("SSH_MSG_USERAUTH_REQUEST came, expected was what phase userauth allows"),
  ),
  scenario(
    "NEWKEYS in authentication",
    "RFC 4253 §7.3",
    [before("pk-ok", newkeys())],
    refusal("SSH_MSG_NEWKEYS came, expected was what phase userauth allows"),
  ),
  scenario(
    "KEX_ECDH_REPLY in authentication",
    "RFC 4253 §7.1",
    [before("pk-ok", send(message(N.KEX_ECDH_REPLY, string(""), string(""), string(""))))],
    refusal("SSH_MSG_KEX_ECDH_REPLY came, expected was what phase userauth allows"),
  ),
];

const anotherPkOk = "USERAUTH_PK_OK names another key than the one that was asked about";

const keys: readonly Scenario[] = [
  scenario(
    "PK_OK for another key",
    "RFC 4252 §7",
    [instead("pk-ok", send(pkOk("ssh-ed25519", anotherKey.publicKeyBlob)))],
    refusal(anotherPkOk),
  ),
  scenario(
    "PK_OK for another algorithm",
    "RFC 4252 §7",
    [
      instead(
        "pk-ok",
        send((seen) => pkOk("ssh-rsa", seen.userKeyBlob)),
      ),
    ],
    refusal(anotherPkOk),
  ),
  scenario(
    "PK_OK for no key",
    "RFC 4252 §7",
    [instead("pk-ok", send(pkOk("ssh-ed25519", new Uint8Array(0))))],
    refusal(anotherPkOk),
  ),
  scenario(
    "PK_OK for the beginning of the key",
    "RFC 4252 §7",
    [
      instead(
        "pk-ok",
        send((seen) => pkOk("ssh-ed25519", seen.userKeyBlob.subarray(0, 40))),
      ),
    ],
    refusal(anotherPkOk),
  ),
  scenario(
    "a prompt for a password in place of PK_OK",
    "CVE-2021-36367; RFC 4256 §3.2: INFO_REQUEST has PK_OK's number",
    [
      instead(
        "pk-ok",
        send(
          message(
            60,
            string("Password"),
            string("for root"),
            string(""),
            uint32(1),
            string("Password: "),
            boolean(false),
          ),
        ),
      ),
    ],
    refusal("trail"),
  ),
  scenario(
    "PK_OK twice",
    "RFC 4252 §7",
    [instead("pk-ok", flight(proper, proper))],
    refusal("USERAUTH_PK_OK came while signing"),
  ),
  scenario(
    "PK_OK after the signature",
    "RFC 4252 §7",
    [instead("auth-success", send(proper))],
    refusal("USERAUTH_PK_OK came while signature-sent"),
  ),
  scenario(
    "PK_OK before SERVICE_ACCEPT",
    "RFC 4252 §7",
    [before("service-accept", send(pkOk("ssh-ed25519", anotherKey.publicKeyBlob)))],
    refusal("SSH_MSG_USERAUTH_PK_OK came, expected was what phase service allows"),
  ),
];

const failures: readonly Scenario[] = [
  scenario(
    "USERAUTH_FAILURE to the only key",
    "RFC 4252 §5.1",
    [instead("pk-ok", send(authFailure(["publickey", "password"])))],
    refusal("Authentication failed: the server refused for user canary-user", 14),
  ),
  scenario(
    "USERAUTH_FAILURE to the signature",
    "RFC 4252 §5.1",
    [instead("auth-success", send(authFailure(["publickey"])))],
    refusal("Authentication failed: the server refused for user canary-user", 14),
  ),
  scenario(
    "USERAUTH_FAILURE while the client signs",
    "RFC 4252 §5.1",
    [instead("pk-ok", flight(proper, authFailure(["publickey"])))],
    refusal("USERAUTH_FAILURE came while signing"),
  ),
  scenario(
    "partial success where nothing was proved",
    "RFC 4252 §5.1",
    [instead("pk-ok", send(authFailure(["publickey"], true)))],
    refusal("partial success came where nothing was proved"),
  ),
  scenario(
    "partial success, and a second factor that we have not",
    "RFC 4252 §5.1",
    [instead("auth-success", send(authFailure(["keyboard-interactive"], true)))],
    refusal("the key was accepted, but the server wants more", 14),
  ),
  scenario(
    "escape sequences among the methods that can continue",
    "RFC 4251 §6, §9.2",
    [instead("pk-ok", send(authFailure(["\u001b[2J"])))],
    refusal("holds a byte that is not printable US-ASCII"),
  ),
  scenario(
    "20,000 methods that can continue",
    "RFC 4252 §5.1",
    [instead("pk-ok", send(authFailure(Array.from({ length: 20_000 }, (_, i) => `method-${i}`))))],
    refusal("Authentication failed: the server refused for user canary-user", 14),
  ),
  {
    ...scenario("no answer to the query", "RFC 4252 §5", [instead("pk-ok", silence())], {
      ends: "no sign of authentication within 2 s",
      reason: 11,
    }),
    flags: ["--auth-timeout", "2"],
  },
  {
    ...scenario("no answer to the signature", "RFC 4252 §5", [instead("auth-success", silence())], {
      ends: "no sign of authentication within 2 s",
      reason: 11,
    }),
    flags: ["--auth-timeout", "2"],
  },
  scenario(
    "DISCONNECT in authentication, with escape sequences",
    "RFC 4253 §11.1, RFC 4251 §9.2",
    [instead("pk-ok", send(disconnect(14, "no \u001b]52;c;cm0=\u0007\u009d more\u2066")))],
    refusal("the server ended the connection: no \\x1b]52;c;cm0=\\x07\\x9d more\\u{2066} (reason 14)", "none"),
  ),
  scenario(
    "DISCONNECT with 200,000 letters",
    "RFC 4253 §11.1",
    [instead("pk-ok", send(disconnect(2, "x".repeat(200_000))))],
    refusal(`the server ended the connection: ${"x".repeat(100)}`, "none"),
  ),
];

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

const banners: readonly Scenario[] = [
  scenario(
    "a banner with escape sequences, C1, bidi controls and forged lines",
    "RFC 4252 §5.4; CVE-2019-6109 and its kin",
    [after("service-accept", send(banner("hi \u001b[2J\u009b\u202e\u0000\u007f\r\n2026 - ERROR - forged\r")))],
    { succeeds: true, says: ["says: hi \\x1b[2J\\x9b\\u{202e}\\x00\\x7f", "says: 2026 - ERROR - forged"] },
  ),
  scenario(
    "a banner that is no UTF-8",
    "RFC 4252 §5.4",
    [
      after(
        "service-accept",
        send(message(N.USERAUTH_BANNER, string(Uint8Array.of(0x68, 0xff, 0xc0, 0x80)), string(""))),
      ),
    ],
    { succeeds: true, says: ["says: h\ufffd\ufffd\ufffd"] },
  ),
  scenario(
    "a banner of 250,000 letters on one line",
    "RFC 4252 §5.4",
    [after("service-accept", send(banner("x".repeat(250_000))))],
    { succeeds: true, says: [`says: ${"x".repeat(512)}...`] },
  ),
  scenario(
    "a banner of 20,000 lines",
    "RFC 4252 §5.4",
    [after("service-accept", send(banner(numbered(20_000).join("\n"))))],
    { succeeds: true, says: [...numbered(199).map((line) => `says: ${line}`), "says: (19801 more lines)"] },
  ),
  scenario(
    "300 banners",
    "RFC 4252 §5.4",
    [after("service-accept", ...numbered(300).map((text) => send(banner(text))))],
    { succeeds: true, says: numbered(200).map((line) => `says: ${line}`) },
  ),
  scenario(
    "a banner in which lines come again",
    "RFC 4252 §5.4",
    [after("service-accept", send(banner("****\nhello\n****\n")))],
    { succeeds: true, says: ["says: ****", "says: hello", "says: ****"] },
  ),
  scenario(
    "10,000 times the same banner",
    "RFC 4252 §5.4",
    [after("service-accept", send(banner("hello"), { times: 10_000 }))],
    { succeeds: true, says: ["says: hello"] },
  ),
  scenario(
    "a banner after USERAUTH_SUCCESS",
    "RFC 4252 §5.4",
    [after("auth-success", send(banner("late")))],
    refusal("SSH_MSG_USERAUTH_BANNER came, expected was what phase connection allows"),
  ),
  scenario(
    "a banner before SERVICE_ACCEPT",
    "RFC 4252 §5.4",
    [before("service-accept", send(banner("early")))],
    refusal("SSH_MSG_USERAUTH_BANNER came, expected was what phase service allows"),
  ),
];

export const authScenarios: readonly Scenario[] = [
  ...services,
  ...extensions,
  ...unearned,
  ...keys,
  ...failures,
  ...banners,
];
