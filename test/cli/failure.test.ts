import { describe, expect, it } from "vitest";
import { type Attempt, describeFailure, describeInternal, reportAddress } from "../../src/cli/failure.ts";
import { FileError } from "../../src/node/files.ts";
import { IdentityError } from "../../src/node/key-choices.ts";
import { DialError } from "../../src/node/tcp.ts";
import {
  AgentError,
  AuthError,
  ChannelError,
  DisconnectError,
  HostKeyError,
  KeyFormatError,
  NegotiationError,
  PassphraseError,
  ProtocolError,
  SshError,
  TimeoutError,
} from "../../src/ssh/errors.ts";

const attempt = {
  host: "h.example",
  port: 8022,
  username: "mcp",
  clientKeys: ["/k/it's mine"],
  isClientKeyGiven: true,
  agent: undefined,
  isSshLike: false,
  isJump: false,
  config: undefined,
} as const;

const early = (error: unknown): string => describeFailure(error, attempt, false);
const late = (error: unknown): string => describeFailure(error, attempt, true);

const narrowed = (list: string, offers: Pick<Attempt, "offer" | "configuredOffer">): string =>
  describeFailure(new NegotiationError("nothing in common", list, [], []), { ...attempt, ...offers }, false);

/** What is said of a file that is not there, where that setting names it. */
const unread = (setting: "knownHosts" | "sshConfig" | "passphraseFile"): string =>
  describeFailure(
    new FileError("Cannot read /f: no such file", "/f", "ENOENT"),
    { ...attempt, [setting]: "/f" },
    false,
  );

describe("a failure is one line with cause and cure", () => {
  const cases: [name: string, text: string, expected: string[]][] = [
    [
      "nobody listens",
      early(new DialError("Connection refused: h.example port 8022", "ECONNREFUSED", 111)),
      ["[Errno 111] Connection refused: h.example port 8022; ", "8022 is its port (--port)"],
    ],
    [
      "nobody listens at the default port, and the configuration has another",
      describeFailure(
        new DialError("Connection refused: h port 8022", "ECONNREFUSED", 111),
        { ...attempt, passedOverPort: 2222 },
        false,
      ),
      [
        "8022 is its port (--port): ssh's configuration has Port 2222",
        "only with --command or --subsystem",
        "--port 2222",
      ],
    ],
    [
      "the name is not known",
      early(new DialError("Could not resolve hostname h: name not found", "ENOTFOUND", undefined)),
      ["Could not resolve hostname h: name not found; check the name (--host)"],
    ],
    [
      "no answer",
      early(new DialError("Connection timed out: h port 1", "ETIMEDOUT", undefined)),
      ["Connection timed out: h port 1; check name and port"],
    ],
    [
      "no client key",
      early(new FileError("Cannot read /k/it's mine: no such file", attempt.clientKeys[0], "ENOENT")),
      ["no such file; make a key with: ssh-keygen -t ed25519 -f '/k/it'\\''s mine' -N '' and", "authorized_keys"],
    ],
    [
      "a key that was made just now",
      describeFailure(
        new AuthError("the server takes none of our keys", [], ["publickey"], false),
        { ...attempt, madeLine: "ssh-ed25519 AAAA" },
        true,
      ),
      [
        "this key was made just now",
        "add its line, ssh-ed25519 AAAA (to authorized_keys of mcp at h.example port 8022)",
      ],
    ],
    [
      "no public key, which nobody makes under that name",
      describeFailure(
        new FileError("Cannot read /k.pub: no such file", "/k.pub", "ENOENT"),
        { ...attempt, clientKeys: ["/k.pub"] },
        false,
      ),
      ["Cannot read /k.pub: no such file; check --client-key"],
    ],
    [
      "a client key that is a folder",
      early(new FileError("Cannot read /k: it is a folder", attempt.clientKeys[0], "EISDIR")),
      ["it is a folder; check --client-key"],
    ],
    ["no known_hosts", unread("knownHosts"), ["Cannot read /f: no such file; check --known-hosts"]],
    ["no configuration", unread("sshConfig"), ["Cannot read /f: no such file; check --ssh-config"]],
    ["no passphrase", unread("passphraseFile"), ["Cannot read /f: no such file; check --passphrase-file"]],
    [
      "a key that is none",
      early(new KeyFormatError("Cannot use the key /k: it is a public key")),
      ["Cannot use the key"],
    ],
    [
      "an agent that is not there",
      early(new AgentError("The agent at /a was asked for x: there is no such socket", "unreachable")),
      ["no such socket; check --agent or SSH_AUTH_SOCK, which MCP hosts hand over only where"],
    ],
    [
      "an agent that refuses",
      late(new AgentError("The agent at /a was asked for x: it refused", "refused")),
      ["it refused; say yes to it, unlock it, or use a key"],
    ],
    [
      "a public key without an agent",
      early(new IdentityError("/k.pub is a public key, and there is no agent to sign for it", "agent")),
      ["no agent to sign for it; name the agent's socket with --agent (MCP hosts do not hand SSH_AUTH_SOCK over"],
    ],
    [
      "a key that the agent does not hold",
      early(new IdentityError("The agent at /a does not sign for it", "identity")),
      ["does not sign for it; add it with ssh-add, unlock the agent"],
    ],
    [
      "no key at all",
      early(new IdentityError("There is no key to log in with", "key")),
      ["There is no key to log in with; name one with --client-key, or an agent's socket with --agent"],
    ],
    [
      "a key that is encrypted",
      early(new PassphraseError("Cannot use the key /k: it needs its passphrase", "needed")),
      [
        "needs its passphrase; give it by MCP_SSH_PASSPHRASE",
        "--passphrase-file or --passphrase",
        "ssh-add",
        "--agent",
      ],
    ],
    [
      "a passphrase that is wrong",
      early(new PassphraseError("Cannot use the key /k: that is not it", "wrong")),
      ["Cannot use the key /k: that is not it"],
    ],
    [
      "the host key is not trusted",
      late(new HostKeyError("Host key verification failed: unknown", "unknown")),
      ["Host key verification failed: unknown"],
    ],
    [
      "the server cannot prove its host key",
      early(new HostKeyError("the server's signature is wrong", "signature")),
      ["Host key verification failed: the server's signature is wrong"],
    ],
    [
      "the server refuses the key",
      late(new AuthError("Authentication failed: the server refused", [], ["publickey"], false)),
      [
        "Authentication failed: the server refused; check that /k/it's mine.pub is in authorized_keys of mcp at h.example",
      ],
    ],
    [
      "the server wants more than the key",
      late(new AuthError("the key was accepted, but", [], ["password"], true)),
      ["Authentication failed: the key was accepted, but"],
    ],
    [
      "no strict kex",
      early(new NegotiationError("open to Terrapin", "strict kex", [], [])),
      ["open to Terrapin; to take that risk with this server, add --allow-chacha-without-strict-kex"],
    ],
    [
      "no common method, with a flag that narrows them",
      narrowed("key exchange method", { offer: { kex: "mlkem768x25519-sha256" } }),
      ["nothing in common; --kex narrows what is offered: widen it"],
    ],
    [
      "no common cipher, with a configuration that narrows them",
      narrowed("cipher", { offer: { kex: "-ecdh-*" }, configuredOffer: { ciphers: "-aes*" } }),
      ["nothing in common; Ciphers of ssh's configuration narrows what is offered: widen it"],
    ],
    ["no common cipher", early(new NegotiationError("no cipher in common", "cipher", [], [])), ["no cipher in common"]],
    [
      "the server hangs up early",
      early(new DisconnectError("the connection was closed before its version line", undefined, { greeting: [] })),
      ["closed before its version line; mostly that is OpenSSH's penalty", "PerSourcePenalties", "wait a minute"],
    ],
    [
      "the server turns us away, as OpenSSH since 9.8",
      early(new DisconnectError("closed", undefined, { greeting: ["Not allowed at this time"] })),
      ["closed; mostly that is OpenSSH's penalty", "PerSourcePenalties: 15 s to 10 minutes", "wait a minute"],
    ],
    [
      "the server turns us away, as OpenSSH before",
      early(new DisconnectError("closed", undefined, { greeting: ["Exceeded MaxStartups"] })),
      ["closed; too many connections log in there at this moment (MaxStartups, PerSourceMaxStartups", "wait a moment"],
    ],
    [
      "the server has too many connections, and a message for that",
      early(new DisconnectError("the server ended the connection: too many (reason 12)", 12)),
      ["(reason 12); mostly", "MaxStartups"],
    ],
    [
      "the key exchange breaks off, which is no penalty",
      early(new DisconnectError("the connection was closed while waiting for the key exchange")),
      ["the key exchange; look at the server's log, or whether ssh gets any further"],
    ],
    [
      "the server hangs up late",
      late(new DisconnectError("the server ended the connection")),
      ["the server ended the connection"],
    ],
    [
      "a server that says nothing",
      early(new TimeoutError("the server's version line", 15_000)),
      ["no sign of the server's version line within 15 s; check that port 8022 of h.example is an SSH server's"],
    ],
    [
      "no SSH server",
      early(new ProtocolError("this is no SSH server: it sent HTTP", "RFC 4253 §4.2")),
      ["this is no SSH server: it sent HTTP (RFC 4253 §4.2); check that port 8022"],
    ],
    ["a time-out later", late(new TimeoutError("authentication", 20_000)), ["no sign of authentication within 20 s"]],
    [
      "no shell",
      late(new ChannelError("the server refused the shell request", "shell")),
      ["shell request; it gives no login shell: say what to start with --command"],
    ],
    ["no exec", late(new ChannelError("the server refused the exec request", "exec")), ["without --command"]],
    [
      "no subsystem",
      late(new ChannelError("the server refused the subsystem x request", "subsystem")),
      ["Subsystem line"],
    ],
    [
      "no channel",
      late(new ChannelError("refused to open a session channel", "session")),
      ["refused to open a session channel"],
    ],
  ];
  it.each(cases)("%s", (_, text, expected) => {
    for (const part of expected) expect(text).toContain(part);
    expect(text).not.toContain("\n");
    expect(text).not.toMatch(/\.$/);
    expect(text).not.toContain("internal error");
  });
});

describe("where there is no cure, none is made up", () => {
  it.each([
    ["the runtime forbids the network", early(new DialError("Not permitted: h", "ERR_ACCESS_DENIED", undefined))],
    ["the file is one that no flag names", early(new FileError("Cannot read /kh: no such file", "/kh", "ENOENT"))],
    ["the host key says it all", late(new HostKeyError("Host key verification failed: unknown", "unknown"))],
    ["the server wants more than a key", late(new AuthError("Authentication failed: more", [], ["password"], true))],
    ["nothing is in common", early(new NegotiationError("no cipher in common", "cipher", [], []))],
    [
      "nothing is in common of a list that was put in another order",
      narrowed("MAC", { offer: { macs: "^hmac-sha2-512" } }),
    ],
    ["the server hangs up late", late(new DisconnectError("the server ended the connection"))],
    ["no channel is to be had", late(new ChannelError("refused to open a session channel", "session"))],
  ])("%s", (_, text) => {
    expect(text).not.toContain("; ");
  });
});

describe("a fault of ours says so, and where to report it", () => {
  it.each([
    [
      "a TypeError",
      new TypeError("x is not a function\n    at y"),
      "internal error: TypeError: x is not a function\\n    at y.",
    ],
    [
      "a bare SshError",
      new SshError("internal error in the SSH client"),
      "internal error: SshError: internal error in",
    ],
    ["no error at all", "text", "internal error: text."],
  ])("%s", (_, error, expected) => {
    for (const text of [early(error), late(error), describeInternal(error)]) {
      expect(text).toContain(expected);
      expect(text).toContain(reportAddress);
      expect(text).not.toContain("\n");
    }
  });
});
