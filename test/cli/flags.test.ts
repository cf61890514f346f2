import { describe, expect, it } from "vitest";
import { flagRows, usage } from "../../src/cli/flags.ts";
import type { Settings } from "../../src/cli/settings.ts";
import { parseFlags, parseSettings } from "../../src/cli/settings.ts";
import { UsageError } from "../../src/cli/values.ts";

const parse = (...argv: string[]): Settings => parseSettings(argv, () => "local-user", "not here");

const refusal = (argv: readonly string[]): string => {
  try {
    parseFlags(argv, () => "local-user");
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("defaults", () => {
  it("are the replaced tool's where neither command nor subsystem is given", () => {
    expect(parse()).toEqual({
      host: "localhost",
      port: 8022,
      username: "mcp",
      clientKeys: ["~/.ssh/m2m_mcp_server_ssh_client"],
      isClientKeyGiven: false,
      agent: undefined,
      knownHosts: undefined,
      isHostKeyChecked: true,
      hostKeyPins: [],
      acceptNew: false,
      updateHostKeys: false,
      logLevel: "INFO",
      request: { shell: true },
      env: [],
      allowChachaWithoutStrictKex: false,
      crypto: "auto",
      offer: { kex: undefined, hostKeys: undefined, ciphers: undefined, macs: undefined },
      configuredOffer: {},
      connectTimeout: 15_000,
      authTimeout: 20_000,
      channelTimeout: 15_000,
      firstReplyTimeout: 45_000,
      probeTimeout: 8_000,
      referenceServer: "auto",
      drainTimeout: 30_000,
      isReconnecting: true,
      reconnectWait: 30_000,
      reconnectQueue: 256,
      keepaliveInterval: 15_000,
      keepaliveCount: 3,
      rekeyBytes: 2 ** 30,
      rekeyInterval: 3_600_000,
      maxLine: 64 * 2 ** 20,
      keyServer: undefined,
      warnings: [],
      sshConfig: undefined,
      proxyJump: undefined,
      given: new Set(),
      isSshLike: false,
      isJump: false,
      config: undefined,
    });
  });

  it("are ssh's where a command or a subsystem is given", () => {
    expect(parse("--command", "x")).toMatchObject({ port: 22, username: "local-user", request: { exec: "x" } });
    expect(parse("--subsystem", "mcp")).toMatchObject({
      port: 22,
      username: "local-user",
      request: { subsystem: "mcp" },
    });
    expect(parse("--command", "x", "--port", "8022", "--username", "u")).toMatchObject({ port: 8022, username: "u" });
  });

  it("do not ask for the local user unless it is needed", () => {
    const never = (): string => {
      throw new Error("asked");
    };
    expect(parseFlags([], never)).toMatchObject({ username: "mcp" });
    expect(parseFlags(["--command", "x", "--username", "u"], never)).toMatchObject({ username: "u" });
  });
});

describe("values are raw text", () => {
  const cases: [name: string, argv: string[], expected: Partial<Settings>][] = [
    ["a flag and its value as two arguments", ["--host", "h"], { host: "h" }],
    ["a flag and its value as one", ["--host=h"], { host: "h" }],
    ["an equals sign in the value", ["--command=A=1 x=2"], { request: { exec: "A=1 x=2" } }],
    ["a newline in a command", ["--command=a\nb"], { request: { exec: "a\nb" } }],
    ["a value that begins with a dash, behind =", ["--command=-x"], { request: { exec: "-x" } }],
    ["a user name of digits keeps its zeros", ["--username", "00123"], { username: "00123" }],
    ["a long number keeps its digits", ["--username=12345678901234567890123"], { username: "12345678901234567890123" }],
    ["a name that a parser could take for a boolean", ["--username", "true"], { username: "true" }],
    ["a name that a parser could take for hexadecimal", ["--host", "0x16"], { host: "0x16" }],
    ["an IPv6 address", ["--host", "fe80::1%eth0"], { host: "fe80::1%eth0" }],
    ["an IPv6 address loses its brackets", ["--host", "[::1]"], { host: "::1" }],
    ["the lowest port", ["--port", "1"], { port: 1 }],
    ["the highest port", ["--port=65535"], { port: 65535 }],
    [
      "the last of a repeated flag counts",
      ["--port", "1", "--host=a", "--port=2", "--host", "b"],
      { port: 2, host: "b" },
    ],
    ["a path is not expanded here", ["--client-key", "~/k y"], { clientKeys: ["~/k y"] }],
    ["known hosts", ["--known-hosts", "kh"], { knownHosts: "kh", isHostKeyChecked: true }],
    [
      "every --host-key counts",
      ["--host-key", `SHA256:${"A".repeat(43)}`, "--host-key=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="],
      {
        hostKeyPins: [
          { fingerprint: `SHA256:${"A".repeat(43)}` },
          {
            keyType: "ssh-ed25519",
            keyBlob: Uint8Array.from(Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIA==", "base64")),
          },
        ],
        knownHosts: undefined,
      },
    ],
    [
      "--host-key beside --known-hosts",
      ["--known-hosts=x", `--host-key=SHA256:${"A".repeat(43)}`],
      { knownHosts: "x" },
    ],
    ["new keys", ["--accept-new", "--known-hosts", "x"], { acceptNew: true, knownHosts: "x" }],
    ["host keys that are followed", ["--update-host-keys", "--accept-new"], { updateHostKeys: true, acceptNew: true }],
    ["no host key checking", ["--disable-host-key-checking"], { isHostKeyChecked: false }],
    ["a key server", ["--use-key-server"], { keyServer: { port: 8000, isHttpsOnly: false }, warnings: [] }],
    [
      "a key server's port, and no plain HTTP",
      ["--key-server-port=9000", "--key-server-https", "--use-key-server"],
      { keyServer: { port: 9000, isHttpsOnly: true }, warnings: [] },
    ],
    [
      "one warning, however often it was said",
      ["--disable-host-key-checking", "--dis"],
      {
        warnings: ["Host key checking is disabled: whoever sits on the network path can read and change everything"],
      },
    ],
    [
      "--key-server-https without a key server",
      ["--key-server-https"],
      { warnings: ["--key-server-https specified but --use-key-server not enabled. It will be ignored."] },
    ],
    ["each log level", ["--log-level", "CRITICAL"], { logLevel: "CRITICAL" }],
    ["seconds with a fraction", ["--connect-timeout", "0.25"], { connectTimeout: 250 }],
    ["the longest time", ["--first-reply-timeout", "3600"], { firstReplyTimeout: 3_600_000 }],
    ["no other link", ["--no-reconnect"], { isReconnecting: false }],
    ["what waits for one", ["--reconnect-wait=2.5", "--reconnect-queue=0"], { reconnectWait: 2500, reconnectQueue: 0 }],
    ["the shortest time", ["--drain-timeout", "0.1"], { drainTimeout: 100 }],
    ["counts and sizes", ["--keepalive-count=1", "--rekey-bytes=16384"], { keepaliveCount: 1, rekeyBytes: 16384 }],
    [
      "what is offered",
      ["--kex=-ecdh-*", "--host-key-algorithms=rsa-*", "--ciphers", "aes256-ctr", "--macs=^hmac-sha2-512"],
      {
        offer: { kex: "-ecdh-*", hostKeys: "rsa-*", ciphers: "aes256-ctr", macs: "^hmac-sha2-512" },
      },
    ],
    ["who encrypts", ["--crypto", "wasm", "--crypto=noble"], { crypto: "noble" }],
    ["chacha20 without strict kex", ["--allow-chacha-without-strict-kex"], { allowChachaWithoutStrictKex: true }],
    [
      "every --env counts, in order",
      ["--env", "A", "--env=B=", "--env", "C=x=y", "--env=A=2"],
      {
        env: [
          { name: "A", value: undefined },
          { name: "B", value: "" },
          { name: "C", value: "x=y" },
          { name: "A", value: "2" },
        ],
      },
    ],
  ];
  it.each(cases)("%s", (_, argv, expected) => {
    expect(parse(...argv)).toMatchObject(expected);
  });
});

it.each([
  ["a host is given", ["--host", "h", "work"]],
  ["a flag takes no value", ["--disable-host-key-checking", "false"]],
  ["it may be a mistyped flag of ours", ["--command", "x", "--prot", "22"]],
  ["it is no name", ["[31m"]],
])("nothing is guessed of a stray argument where %s", (_name, argv) => {
  expect(() => parse(...argv)).toThrow(/^unrecognized arguments: '[^']*'$/);
});

describe("what cannot be meant is refused", () => {
  const cases: [name: string, argv: string[], message: string][] = [
    ["an unknown flag", ["--hots", "x"], "unrecognized arguments: '--hots'"],
    ["an unknown flag, its value unsaid", ["--token=s3cret"], "unrecognized arguments: '--token'"],
    ["a flag in capitals", ["--HOST", "x"], "unrecognized arguments: '--HOST'"],
    ["a prefix of several flags", ["--user=s3cret", "--k=s4cret"], "ambiguous option: --k could match --known-hosts, "],
    ["a short flag", ["-p", "22"], "unrecognized arguments: '-p'"],
    ["a negation", ["--no-disable-host-key-checking"], "unrecognized arguments: '--no-disable-host-key-checking'"],
    ["a dotted name", ["--a.b", "x"], "unrecognized arguments: '--a.b'"],
    ["a dotted name that begins as a flag", ["--env.A=x"], "unrecognized arguments: '--env.A'"],
    ["a name of the prototype", ["--__proto__=x"], "unrecognized arguments: '--__proto__'"],
    ["a name that every object has", ["--constructor", "x"], "unrecognized arguments: '--constructor'"],
    ["two dashes alone", ["--"], "unrecognized arguments: '--'"],
    ["two dashes and a value", ["--=x"], "unrecognized arguments: '--=x'"],
    ["a positional argument", ["host.example"], "unrecognized arguments: 'host.example'"],
    ["a positional argument that may be a host", ["work"], "'work' (did you mean --host work?)"],
    ["the same behind a flag", ["--port", "22", "me@work"], "'me@work' (did you mean --username me --host work?)"],
    [
      "a command of several arguments",
      ["--command", "npx", "-y", "x"],
      "'-y' (the command is one argument: put all of",
    ],
    ["the same, by a word", ["--command=npx", "x"], "'x' (the command is one argument: put all of it in quotes)"],
    ["an empty argument", [""], "unrecognized arguments: ''"],
    ["control characters are escaped", ["\u001b[31m"], "unrecognized arguments: '\\x1b[31m'"],
    ["a value that is missing at the end", ["--host"], "argument --host: expected one argument"],
    ["a value that is missing before a flag", ["--host", "--port", "1"], "argument --host: expected one argument"],
    ["a value on a flag that has none", ["--disable-host-key-checking=false"], "ignored explicit argument 'false'"],
    ["an empty value on a flag that has none", ["--disable-host-key-checking="], "ignored explicit argument ''"],
    ["a value on --help", ["--help=x"], "argument -h/--help: ignored explicit argument 'x'"],
    [
      "a word behind a flag that takes no value",
      ["--disable-host-key-checking", "false"],
      "unrecognized arguments: 'false'",
    ],
    ["an empty host", ["--host", ""], "argument --host: must not be empty"],
    ["an empty host behind =", ["--host="], "argument --host: must not be empty"],
    ["a host with a user", ["--host=u@h"], "(the user goes to --username)"],
    ["a host with a port", ["--host=h:22"], "(the port goes to --port)"],
    ["a host with a space", ["--host=h h"], "argument --host: invalid host"],
    ["a host with a newline", ["--host=h\n"], "invalid host: 'h\\n'"],
    ["a host with a NUL", ["--host=h\0"], "invalid host: 'h\\x00'"],
    ["a host with a folder", ["--host=ssh://h"], "argument --host: invalid host"],
    ["empty brackets", ["--host=[]"], "argument --host: invalid host"],
    ["a host with a wildcard", ["--host=*.example"], "argument --host: invalid host"],
    ["a host that is not ASCII", ["--host=b\u00fccher.example"], "argument --host: invalid host"],
    ["a name in brackets", ["--host=[h]"], "argument --host: invalid host"],
    ["an empty user", ["--username="], "argument --username: must not be empty"],
    ["a user with a newline", ["--username=a\nb"], "invalid user name: 'a\\nb'"],
    ["a user with a NUL", ["--username=a\0"], "invalid user name: 'a\\x00'"],
    ...["0", "65536", "1e3", "0x16", " 22", "22 ", "", "+22", "-22", "2.0", "022", "99999999999", "٢٢"].map(
      (port): [string, string[], string] => [
        `port ${JSON.stringify(port)}`,
        [`--port=${port}`],
        "argument --port: invalid port",
      ],
    ),
    ["an empty path", ["--client-key="], "argument --client-key: must not be empty"],
    [
      "a key in place of its path",
      ["--client-key=-----BEGIN PRIVATE KEY-----\nMC4"],
      "argument --client-key: this is a private key itself, where the path of its file is needed",
    ],
    ["a path with a NUL", ["--known-hosts=a\0b"], "argument --known-hosts: invalid path"],
    [
      "a log level in small letters",
      ["--log-level", "info"],
      "invalid choice: 'info' (choose from 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')",
    ],
    ["an unknown log level", ["--log-level=TRACE"], "argument --log-level: invalid choice: 'TRACE'"],
    ["an empty command", ["--command", ""], "argument --command: must not be empty"],
    ["a blank command", ["--command", " \n"], "argument --command: must not be empty"],
    ["a command with a NUL", ["--command=a\0"], "argument --command: invalid command"],
    ["an empty subsystem", ["--subsystem="], "argument --subsystem: must not be empty"],
    [
      "a subsystem with a space",
      ["--subsystem=a b"],
      "argument --subsystem: invalid subsystem: 'a b' (one word; a command goes to --command)",
    ],
    ["a variable without a name", ["--env", "=x"], "argument --env: invalid variable name: ''"],
    ["an odd variable name, its value unsaid", ["--env", "A-B=s3cret"], "argument --env: invalid variable name: 'A-B'"],
    ["a variable's value with a NUL, unsaid", ["--env=A=s3\0cret"], "argument --env: the value of A holds a NUL"],
    ...["0", "0.0", "0.05", "-1", "3601", "1e3", "", " 1", "1.", ".5", "Infinity", "NaN", "15s"].map(
      (time): [string, string[], string] => [
        `time ${JSON.stringify(time)}`,
        [`--auth-timeout=${time}`],
        "argument --auth-timeout: invalid time",
      ],
    ),
    ...["0", "101", "1.5", "1e1", "01", ""].map((count): [string, string[], string] => [
      `count ${JSON.stringify(count)}`,
      [`--keepalive-count=${count}`],
      "argument --keepalive-count: invalid int value",
    ]),
    ["no rekey limit", ["--rekey-bytes=0"], "argument --rekey-bytes: invalid int value: '0'"],
    ["an early value, even if the last one is good", ["--port=0", "--port=22"], "argument --port: invalid port"],
    [
      "--known-hosts, then no checking",
      ["--known-hosts=x", "--disable-host-key-checking"],
      "argument --disable-host-key-checking: not allowed with argument --known-hosts",
    ],
    [
      "no checking, then --known-hosts",
      ["--disable-host-key-checking", "--known-hosts=x"],
      "argument --known-hosts: not allowed with argument --disable-host-key-checking",
    ],
    [
      "--command, then --subsystem",
      ["--command=x", "--subsystem=y"],
      "argument --subsystem: not allowed with argument --command",
    ],
    [
      "--subsystem, then --command",
      ["--subsystem=y", "--command=x"],
      "argument --command: not allowed with argument --subsystem",
    ],
    [
      "a torn fingerprint",
      ["--host-key=SHA256:AAAA"],
      "argument --host-key: invalid host key: 'SHA256:AAAA' (a SHA256",
    ],
    ["a host key that is none", ["--host-key", "h\u001b"], "argument --host-key: invalid host key: 'h\\x1b' (neither"],
    ...[
      ["--accept-new", "--disable-host-key-checking"],
      [`--host-key=SHA256:${"A".repeat(43)}`, "--disable-host-key-checking"],
      [`--host-key=SHA256:${"A".repeat(43)}`, "--accept-new"],
      ["--accept-new", "--use-key-server"],
      ["--update-host-keys", "--disable-host-key-checking"],
      ["--update-host-keys", `--host-key=SHA256:${"A".repeat(43)}`],
    ].flatMap(([one = "", two = ""]): [string, string[], string][] => {
      const name = (flag: string): string => flag.replace(/=.*/, "");
      return [
        [
          `${name(one)}, then ${name(two)}`,
          [one, two],
          `argument ${name(two)}: not allowed with argument ${name(one)}`,
        ],
        [
          `${name(two)}, then ${name(one)}`,
          [two, one],
          `argument ${name(one)}: not allowed with argument ${name(two)}`,
        ],
      ];
    }),
    [
      "--passphrase after --passphrase-file, its value unsaid",
      ["--passphrase-file", "f", "--passphrase", "s3cret"],
      "argument --passphrase: not allowed with argument --passphrase-file",
    ],
  ];
  it.each(cases)("%s", (_, argv, message) => {
    const said = refusal(argv);
    expect(said).toContain(message);
    expect(said).not.toMatch(/s3|cret/);
  });
});

describe("help and version", () => {
  it.each([
    [["--help"], "help"],
    [["-h"], "help"],
    [["--version"], "version"],
    [["--port", "22", "--help", "--nonsense"], "help"],
  ])("%j asks for %s", (argv, expected) => {
    expect(parseFlags(argv, () => "u")).toBe(expected);
  });

  it("do not hide a wrong flag before them", () => {
    expect(refusal(["--nonsense", "--help"])).toContain("--nonsense");
  });
});

describe("usage", () => {
  it("asks for a list of the algorithms, with what narrows them", () => {
    expect(parseFlags(["--host", "h", "--list-algorithms", "--kex=-ecdh-*"], () => "me")).toEqual({
      lists: { kex: "-ecdh-*", hostKeys: undefined, ciphers: undefined, macs: undefined },
      crypto: "auto",
    });
    expect(() => parse("--list-algorithms")).toThrow("argument --list-algorithms: not here");
  });

  it("names every flag with its placeholder, in lines of at most 80 columns", () => {
    const text = usage("mcp-ssh-client");
    for (const { flag, value } of flagRows.slice(1)) expect(text).toContain(value ? `${flag} ${value}` : flag);
    // a group stays together, as argparse keeps it
    for (const line of text.split("\n")) if (!line.includes(" | ")) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^usage: mcp-ssh-client \[-h\] \[--version\] \[--host HOST\]/);
  });

  it("shows which flags exclude each other", () => {
    const text = usage("mcp-ssh-client");
    expect(text).toContain(
      "\n                      [--known-hosts FILE | --disable-host-key-checking | --use-key-server]\n",
    );
    expect(text).toContain(" [--command CMD | --subsystem NAME]");
  });

  it("every row says what it is for", () => {
    for (const { about } of flagRows) expect(about).not.toBe("");
  });
});
