/** Our reading of ssh_config(5) against that of OpenSSH's own ssh, which is asked live. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ssh's own way to name a variable

import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/node/config-lines.ts";
import { FileError } from "../../src/node/files.ts";
import { hostConfig } from "../../src/node/host-config.ts";
import { evaluateConfig } from "../../src/node/ssh-config.ts";
import { describeNeeding } from "../support/needs.ts";
import {
  ConfigFolder,
  configFacts,
  missingSsh,
  type OurAnswer,
  ourAnswer,
  sshAnswer,
  sshDebug,
  type Typed,
} from "../support/ssh-config.ts";

const folder = new ConfigFolder();
afterAll(() => folder.remove());

const x: Typed = { host: "x" };

/** Name, text of the file, what is typed. Each is taken, or refused, as ssh does. */
const same: readonly (readonly [name: string, text: string, typed?: Typed])[] = [
  // lines and words
  ["nothing", ""],
  ["comments and empty lines", "# one\n\n   # two\n\t\nPort 1\n"],
  ["a comment behind a value", "Port 1 # the first"],
  ["keywords in any case", "pORT 1\nhostNAME y"],
  ["white space in front", "   Port 1\n\tUser u"],
  ["white space at the end", "Port 1  \t\r\nUser u\f"],
  ["CRLF", "Port 1\r\nUser u\r\n"],
  ["an equals sign", "Port=1\nUser = u\nHostName =y\nHostKeyAlias= z"],
  ["two equals signs", "User==u"],
  ["an equals sign that is a value", "User = = u"],
  ["a quoted value", 'User "a b"'],
  ["a value in single quotes", "User 'a b'"],
  ["quotes inside a word", 'User a"b c"d'],
  ["one kind of quotes inside the other", `User "it's"`],
  ["an escaped space", "User a\\ b"],
  ["an escaped quote", 'User a\\"b'],
  ["an escaped backslash", "User a\\\\b"],
  ["a backslash before a letter", "User a\\b"],
  ["an escaped space in quotes", 'User "a\\ b"'],
  ["no line goes on", "User a\\\nPort 1"],
  ["a quote without an end", 'User "a'],
  ["a single quote without an end", "User 'a"],
  ["a quoted keyword", '"Port" 1'],
  ["a keyword with a quote that has no end", '"Port 1'],
  ["a keyword that a quote follows", 'User"me"'],
  ["no argument", "Port"],
  ["no argument behind an equals sign", "Port ="],
  ["an empty argument", 'User ""'],
  ["a comment for an argument", "User # nobody"],
  ["two arguments where one is meant", "User a b"],
  ["a hash inside a word", "User a#b"],
  ["no newline at the end", "Port 1\nUser u"],

  // values
  ["the highest port", "Port 65535"],
  ["port 0", "Port 0"],
  ["a port too high", "Port 65536"],
  ["a port that is no number", "Port x"],
  ["a port in hexadecimal digits", "Port 0x16"],
  ["a port by name", "Port ssh"],
  ["leading zeros", "Port 0022"],
  ["a bad port in a block that does not apply", "Host y\n Port x"],
  ["times", "ConnectTimeout 90\nServerAliveInterval 1m30s"],
  ["hours, days and weeks", "ServerAliveInterval 1w1d1h1m1"],
  ["a time in capitals", "ServerAliveInterval 1M"],
  ["no time", "ConnectTimeout none"],
  ["a time that is none", "ConnectTimeout 1x"],
  ["a negative time", "ConnectTimeout -1"],
  ["a time in parts", "ServerAliveInterval 0000000001m0000000002"],
  ["a time too long", "ConnectTimeout 2147483648"],
  ["a time whose sum is too long", "ConnectTimeout 3000w3000w"],
  ["a count", "ServerAliveCountMax 5"],
  ["the highest count", "ServerAliveCountMax 2147483647"],
  ["a count too high", "ServerAliveCountMax 2147483648"],
  ["a count that is none", "ServerAliveCountMax x"],
  ["flags", "IdentitiesOnly YES"],
  ["a flag by another word", "IdentitiesOnly true"],
  ["a flag that is none", "IdentitiesOnly maybe"],
  ...["yes", "no", "off", "ask", "accept-new", "true", "false", "never"].map(
    (word) => [`StrictHostKeyChecking ${word}`, `StrictHostKeyChecking ${word}`] as const,
  ),
  ...["any", "inet", "inet6", "ipv6"].map((word) => [`AddressFamily ${word}`, `AddressFamily ${word}`] as const),
  ["an address to bind", "BindAddress 127.0.0.1"],
  ["HostName with tokens", "HostName %h.example%%"],
  ["HostName in capitals", "HostName EXAMPLE.org"],
  ["a host in capitals", "Host x\n Port 1\nHost X\n Port 2", { host: "X" }],
  ["HostName with a token that it does not have", "HostName %p"],
  ["HostName with a percent sign at its end", "HostName x%"],
  ["several identity files, one of them twice", "IdentityFile a\nIdentityFile b\nIdentityFile a"],
  ["no identity files", "IdentityFile none"],
  ["certificates", "CertificateFile a\nCertificateFile b\nCertificateFile a"],
  ["known hosts", 'UserKnownHostsFile ~/a "b c" %d/%u\nUserKnownHostsFile d'],
  ["known hosts with a variable", "UserKnownHostsFile ${SSH_CONFIG_TEST}/x"],
  ["known hosts with a variable that is not set", "UserKnownHostsFile ${SSH_CONFIG_TEST_UNSET}/x"],
  ["global known hosts", "GlobalKnownHostsFile /a /b"],
  ["no known hosts", "UserKnownHostsFile none\nGlobalKnownHostsFile NONE"],
  ["no known hosts, and some", "UserKnownHostsFile none a"],
  ["an alias", "HostKeyAlias z"],
  ["an alias in capitals", "HostKeyAlias Z"],
  ["variables", "SendEnv LANG LC_*\nSendEnv A\nSetEnv B=1 C=2\nSetEnv D=3"],
  ["variables taken back", "SendEnv LANG LC_A LC_B\nSendEnv -LC_*"],
  ["a variable without a value", "SetEnv B"],
  ["a value with a space", 'SetEnv "B=1 2"'],
  ["a variable with a value where only names are meant", "SendEnv A=1"],

  // the first value wins
  ["the first of two", "Port 1\nPort 2"],
  ["a time after none", "ConnectTimeout none\nConnectTimeout 5"],
  ["an address family after any", "AddressFamily any\nAddressFamily inet"],
  ["a block before and lines after", "Host x\n Port 1\nHost *\n Port 2\n User u"],
  ["what is typed wins", "Port 1\nUser u", { host: "x", port: 7, user: "typed" }],
  ["lines before the first block", "Port 1\nHost y\n User u"],

  // Host
  ["several patterns", "Host a b x\n Port 1"],
  ["a star", "Host x*\n Port 1", { host: "xyz" }],
  ["a star for nothing", "Host x*\n Port 1"],
  ["question marks", "Host ?y?\n Port 1", { host: "xyz" }],
  ["a question mark for nothing", "Host x?\n Port 1"],
  ["a negated pattern", "Host * !x\n Port 1"],
  ["a negated pattern in front", "Host !x *\n Port 1"],
  ["a negated pattern that does not match", "Host * !y\n Port 1"],
  ["a negated pattern alone", "Host !y\n Port 1"],
  ["commas are not separators", "Host x,y\n Port 1"],
  ["patterns in quotes", 'Host "x" y\n Port 1'],
  ["Host sees the name that was typed", "HostName y\nHost y\n Port 1\nHost x\n Port 2"],
  ["Host takes case for what it is", "Host X\n Port 1"],
  ["Host with a comment", "Host y # x\n Port 1"],
  ["an empty pattern", 'Host ""\n Port 1'],

  // Match
  ["Match all", "Match all\n Port 1"],
  ["Match !all", "Match !all\n Port 1"],
  ["Match host", "Match host x,y\n Port 1"],
  ["Match host sees HostName", "HostName Y.example\nMatch host y.EXAMPLE\n Port 1"],
  ["Match host sees tokens in HostName", "HostName %h.y\nMatch host x.y\n Port 1"],
  ["Match originalhost", "HostName y\nMatch originalhost x\n Port 1"],
  ["Match !host", "Match !host y\n Port 1"],
  ["Match host with a negated pattern", "Match host *,!x\n Port 1"],
  ["Match user", "User u\nMatch user u\n Port 1"],
  ["Match user takes case for what it is", "User u\nMatch user U\n Port 1"],
  ["Match user before a user is known", "Match user u\n Port 1\nMatch all\n User u"],
  ["Match user that was typed", "Match user typed\n Port 1", { host: "x", user: "typed" }],
  ["Match localuser", "Match localuser nobody-here\n Port 1\nMatch !localuser nobody-here\n Port 2"],
  ["two criteria", "Match host x user u\n Port 1"],
  ["two criteria that hold", "User u\nMatch host x user u\n Port 1"],
  ["criteria in any case", "match HOST x\n Port 1"],
  ["criteria with an equals sign", "Match host=x\n Port 1"],
  ["Match final", "Match final\n Port 1"],
  ["Match final sees what came later", "Match final host y\n Port 1\nMatch all\n HostName y"],
  ["Match final, and the first value", "Port 2\nMatch final\n Port 1\n User u"],
  ["Match final, and Host sees HostName", "Host x\n HostName Y.z\nHost *.z\n Port 1\nHost y.z\n User u\nMatch final"],
  ["Match final, and Host still saw what was typed", "Host y\n Port 1\nHost x\n HostName y\n Port 2\nMatch final"],
  ["Match final, and Host sees a name in capitals", "Host x\n Port 1\nMatch final", { host: "X" }],
  ["Match final, and Host sees an address", "Host 127.0.0.1\n Port 1\nMatch final", { host: "0x7F.1" }],
  ["Match final, and originalhost", "HostName y\nMatch originalhost y\n Port 1\nMatch final originalhost x\n User u"],
  ...["yes", "true", "always", "no", "false", "no\nCanonicalizeHostname yes", "yes\nCanonicalizeHostname no"].map(
    (words) =>
      [
        `CanonicalizeHostname ${words}`,
        `Host x\n HostName y.z\nHost *.z\n Port 1\nMatch canonical\n User u\nHost *\nCanonicalizeHostname ${words}`,
      ] as const,
  ),
  ["CanonicalizeHostname for another host", "Match canonical\n Port 1\nHost y\n CanonicalizeHostname yes"],
  ["Match final all", "Match final all\n Port 1"],
  ["Match canonical", "Match canonical\n Port 1"],
  ["Match canonical all", "Match canonical all\n Port 1"],
  ["Match !canonical", "Match !canonical\n Port 1"],
  ["Match canonical where final asked for it", "Match canonical\n Port 1\nMatch final\n User u"],
  ["Match !final", "Match !final\n Port 1"],
  [
    "lists in two passes",
    "IdentityFile a\nUserKnownHostsFile /u\nMatch final\n IdentityFile b\n UserKnownHostsFile /v",
  ],
  ["Match all with others", "Match host x user u all\n Port 1"],
  ["Match all before others", "Match all host x\n Port 1"],
  ["Match without criteria", "Match #\n Port 1"],
  ["Match without an argument", "Match host\n Port 1"],

  // the way
  ["ProxyJump", "ProxyJump a"],
  ["ProxyJump with all", "ProxyJump u@a:1,b,[::1]:2"],
  ["ProxyJump as a URI", "ProxyJump ssh://u@a:1"],
  ["ProxyJump none", "ProxyJump none\nProxyJump a"],
  ["ProxyJump with a bad port", "ProxyJump a:x"],
  ["ProxyJump with an empty user", "ProxyJump @a"],
  ["ProxyJump with an empty stop", "ProxyJump a,,b"],
  ["ProxyCommand as it stands", 'ProxyCommand "a b"  %h %p # c'],
  ["ProxyCommand behind an equals sign", "ProxyCommand = nc %h %p"],
  ["ProxyCommand none", "ProxyCommand none"],
  ["ProxyCommand before ProxyJump", "ProxyCommand nc %h\nProxyJump a"],
  ["ProxyJump before ProxyCommand", "ProxyJump a\nProxyCommand nc %h"],
  ["ProxyCommand none before ProxyJump", "ProxyCommand none\nProxyJump a"],
  ["ProxyJump none before ProxyCommand", "ProxyJump none\nProxyCommand nc %h"],

  // Include
  ["a file", "Include FOLDER/port\nPort 2"],
  ["a file that is not there", "Include FOLDER/nothing\nPort 2"],
  ["two files", "Include FOLDER/user FOLDER/port"],
  ["a pattern", "Include FOLDER/part-*"],
  ["a pattern with a set", "Include FOLDER/part-[!a]"],
  ["a pattern with a range", "Include FOLDER/part-[b-z]"],
  ["a pattern for a folder", "Include FOLDER/../*/part-a"],
  ["a file with a block in it", "Include FOLDER/block\nUser u"],
  ["in a block that applies", "Host x\n Include FOLDER/port\n User u"],
  ["in a block that does not", "Host y\n Include FOLDER/port\n Include FOLDER/block\n User u"],
  ["a block in it does not end the one around", "Host x\n Include FOLDER/other-block\n User u"],
  ["in a Match", "Match host x\n Include FOLDER/block"],
  ["a path with a variable", "Include ${SSH_CONFIG_TEST_UNSET}/port\nPort 2"],
  ["a file that includes itself", "Include FOLDER/itself\nPort 2"],
  ["an error in an included file", "Include FOLDER/bad"],
];

describeNeeding(missingSsh(), "as ssh -G", () => {
  folder.write("port", "Port 1\n");
  folder.write("user", "User included\n");
  folder.write("part-a", "Port 11\nUser a\n");
  folder.write("part-b", "Port 12\nUser b\n");
  folder.write("block", "Port 3\nHost x\n Port 4\n HostName h\nHost *\n ConnectTimeout 5\n");
  folder.write("other-block", "Host y\n Port 4\n");
  folder.write("bad", "Port x\n");
  folder.write("itself", "Include FOLDER/itself\n");

  test.each(same.map(([name, text, typed = x]) => ({ name, text, typed })))("$name", ({ text, typed }) => {
    const path = folder.write("config", text);
    const expected = sshAnswer(path, typed);
    const ours = (): readonly string[] => ourAnswer(path, text.replaceAll("FOLDER", folder.path), typed).lines;
    if (expected === undefined) expect(ours).toThrow();
    else expect(ours()).toEqual(expected);
  });

  const tokens = [
    "Host x",
    " HostName %h.invalid",
    " User u",
    " Port 77",
    " HostKeyAlias alias",
    " IdentityFile ~/k-%h-%n-%p-%r-%u-%d-%L-%l-%i-%k-%%",
    " IdentityFile %C",
    " IdentityFile ${SSH_CONFIG_TEST}/$HOME/%d",
    " CertificateFile c-%C-%k",
  ];

  test("tokens and variables in the paths of keys, and in ProxyCommand", () => {
    const text = [...tokens, " ProxyCommand false %h %p %r %n %k %%"].join("\n");
    const path = folder.write("config", text);
    const { config } = ourAnswer(path, text, x);
    const debug = sshDebug(path, x);
    const told = (pattern: RegExp): (string | undefined)[] => [...debug.matchAll(pattern)].map(([, what]) => what);
    expect(told(/debug1: identity file (.*) type -1\r?\n/g).filter((name) => !name?.endsWith("-cert"))).toEqual(
      config.identityFiles?.map((name) => name.replace(/^~/, userInfo().homedir)),
    );
    expect(told(/debug1: certificate file (.*) type -1\r?\n/g)).toEqual(config.certificateFiles);
    expect(told(/debug1: Executing proxy command: exec (.*?)\r?\n/g)).toEqual([config.proxyCommand]);
  });

  test("%k without a HostKeyAlias is the name as it was typed", () => {
    const text = "HostName y.invalid\nIdentityFile k-%k\nProxyCommand false %k";
    const path = folder.write("config", text);
    const { config } = ourAnswer(path, text, { host: "X" });
    const debug = sshDebug(path, { host: "X" });
    expect(debug).toMatch(`identity file ${config.identityFiles} type`);
    expect(debug).toMatch(`Executing proxy command: exec ${config.proxyCommand}`);
    expect(config.proxyCommand).toBe("false X");
  });

  test("any lines in any order", () => {
    const word = fc.constantFrom(
      "x",
      "y",
      "x.y",
      "*",
      "!x",
      "?",
      "u",
      '"a b"',
      "'c'",
      "a\\b",
      "#",
      "=",
      "1",
      "22",
      "a,b",
      "none",
    );
    const plain = fc.constantFrom("x", "y", "*", "!x", "?", "u", "x,!y", "*,!x", '"x"');
    const keyword = fc.constantFrom(
      ...["Host", "Host", "HostName", "Port", "User", "IdentityFile", "UserKnownHostsFile", "HostKeyAlias", "PORT="],
      ...["ConnectTimeout", "ServerAliveInterval", "ProxyCommand", "SendEnv", "SetEnv a=1"],
      ...["IdentitiesOnly", "Include FOLDER/block", "\tuser"],
    );
    const whole = fc.constantFrom(
      "ProxyJump j",
      "ProxyJump=u@j:1,k",
      "ProxyJump none",
      "HostName %h.y",
      "Match all",
      "Match final",
      "match FINAL all",
      "Match canonical",
      "Match # x",
    );
    const criterion = fc.constantFrom("host", "!host", "user", "!USER", "originalhost", "final host");
    const line = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(keyword, fc.constantFrom(" ", "=", "  ", "\t"), fc.array(word, { maxLength: 3 })),
      },
      { weight: 1, arbitrary: fc.tuple(whole, fc.constant(""), fc.constant([])) },
      {
        weight: 1,
        arbitrary: fc.tuple(
          criterion.map((name) => `Match ${name}`),
          fc.constant(" "),
          fc.tuple(plain),
        ),
      },
    );
    const lines = fc.array(
      line.map(([first, separator, words]) => `${first}${separator}${words.join(" ")}`),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(lines, fc.constantFrom("x", "y"), (all, host) => {
        const text = all.join("\n");
        const path = folder.write("config", text);
        const expected = sshAnswer(path, { host });
        const ours = answerOrRefusal(path, text.replaceAll("FOLDER", folder.path), { host });
        expect(ours?.lines).toEqual(expected);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

/** Undefined for a file that is refused. */
function answerOrRefusal(path: string, text: string, typed: Typed): OurAnswer | undefined {
  try {
    return ourAnswer(path, text, typed);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof FileError) return undefined;
    throw error;
  }
}

describe("what ssh is not asked about", () => {
  const answer = (text: string, typed: Typed = x): OurAnswer => {
    const path = folder.write("config", text);
    return ourAnswer(path, text.replaceAll("FOLDER", folder.path), typed);
  };
  const warnings = (text: string): readonly string[] =>
    answer(text).warnings.map((warning) => warning.text.replace(/^.*\/config /, ""));

  test("any text at all gives an answer or names a line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        answerOrRefusal("config", text, x);
      }),
      { seed: 4, numRuns: 2000 },
    );
  });

  test("the first value wins, and what was typed before all", () => {
    expect(answer("Port 1\nPort 2\nHost x\n Port 3").config.port).toBe(1);
    expect(answer("Port 1", { host: "x", port: 9 }).config.port).toBe(9);
    expect(answer("Host * !x\n Port 1\nHost x\n Port 2").config.port).toBe(2);
    expect(answer("ProxyCommand nc %h\nProxyJump a").config.jumps).toEqual([]);
  });

  test("the longest time is as long as a timer takes", () => {
    expect(answer("ConnectTimeout 2147483647").config.connectTimeout).toBe(2 ** 31 - 1);
  });

  test("a megabyte of white space takes no time", () => {
    expect(answer(`User a${" ".repeat(2 ** 20)}b`.slice(0, -1)).config.user).toBe("a");
    expect(() => answer(`Port 1${"\t".repeat(2 ** 20)}x`)).toThrow("extra arguments");
  });

  test("Match exec starts nothing, and its block is left out", () => {
    const ran = join(folder.path, "ran");
    const text = `Match exec "touch ${ran}"\n Port 1\nMatch !exec "touch ${ran}"\n Port 2\nMatch host x exec true\n Port 3`;
    expect(answer(text).config.port).toBeUndefined();
    expect(existsSync(ran)).toBe(false);
    expect(warnings(text)).toEqual([
      "lines 1, 3, 5: Match exec is not supported: no program is started to judge it, so the block is left out",
    ]);
  });

  test("what is the same with several lines of a file is said once", () => {
    folder.write("policy", "CASignatureAlgorithms x\nPubkeyAcceptedAlgorithms x\nPubkeyAcceptedKeyTypes x\n");
    expect(
      warnings(
        "CASignatureAlgorithms x\nInclude FOLDER/policy\nFoo 1\nMatch final\n Bar 1\n Foo 2\n Include FOLDER/policy",
      ),
    ).toEqual([
      "line 1: casignaturealgorithms is not supported: the built-in list counts",
      `${folder.path}/policy lines 1, 2, 3: casignaturealgorithms, pubkeyacceptedalgorithms, pubkeyacceptedkeytypes are not supported: the built-in list counts`,
      "lines 3, 5, 6: foo, bar are no keywords of ssh_config(5) that we know: they are left out",
    ]);
    expect(warnings(Array.from({ length: 30 }, (_, i) => `Foo${i} x\n`).join(""))[0]).toMatch(
      /^lines 1, .*, 20, \.\.\.: foo0, .*, foo19, \.\.\. are/,
    );
  });

  test("Match exec is not spoken of where the block is another host's", () => {
    expect(warnings("Match host y exec true\n Port 1\nHost y\n Include FOLDER/exec")).toEqual([]);
  });

  test.each([
    [
      "Match localnetwork 10.0.0.0/8",
      "Match localnetwork is not supported: it cannot be judged here, so the block is left out",
    ],
    ["Match version OpenSSH_*", "Match version is not supported: it cannot be judged here, so the block is left out"],
    ["CASignatureAlgorithms x", "casignaturealgorithms is not supported: the built-in list counts"],
    ["KnownHostsCommand /bin/x %H", "knownhostscommand is not supported: known_hosts files alone count"],
    ["CanonicalizeHostname yes", "canonicalizehostname is not supported: the name is used as it is written"],
    ["NoSuchThing yes", "nosuchthing is not a keyword of ssh_config(5) that we know: it is left out"],
    [
      "Include ${SSH_CONFIG_TEST_UNSET}/a",
      "${SSH_CONFIG_TEST_UNSET}/a is not included: there is no environment variable ${SSH_CONFIG_TEST_UNSET}",
    ],
  ])("%s is named", (line, note) => {
    expect(warnings(line)).toEqual([`line 1: ${note}`]);
    if (!line.startsWith("Match")) expect(warnings(`Host y\n ${line}`)).toEqual([]);
  });

  test.each([
    "ForwardAgent yes\nForwardX11 yes\nLocalForward 1 a:2\nControlMaster auto\nControlPath ~/.ssh/%C\nCompression yes",
    "VisualHostKey yes\nLogLevel DEBUG\nGSSAPIAuthentication yes\nHashKnownHosts yes\nTCPKeepAlive no",
    "CanonicalizeHostname no\nKnownHostsCommand none\nPubkeyAuthentication yes\nVerifyHostKeyDNS no",
    "PreferredAuthentications hostbased,publickey",
    "IgnoreUnknown UseKeychain,Foo*\nUseKeychain yes\nFooBar yes",
  ])("nothing is said of %j", (text) => expect(warnings(text)).toEqual([]));

  describe("what IgnoreUnknown is held against is bounded:", () => {
    const unknown = (count: number): string =>
      Array.from({ length: count }, (_, index) => `Foo${index} yes`).join("\n");

    test.each([
      ["64 patterns are looked at", `${"x,".repeat(63)}Foo*`, "Foo yes", []],
      ["a 65th is not", `${"x,".repeat(64)}Foo*`, "Foo yes", ["foo is not a keyword of ssh_config(5) that we know"]],
      ["a pattern of 65 characters is not", `Foo${"*".repeat(62)}`, "Foo yes", ["foo is not a keyword"]],
      ["nor is a keyword of 65", "Foo*", `Foo${"o".repeat(62)} yes`, ["fooo"]],
      ["1,000 keywords are looked at", "Foo*", unknown(1000), []],
      ["the 1,001st is not", "Foo*", unknown(1001), ["foo1000 is not a keyword"]],
      ["one that comes again is", "Foo*", `${unknown(1000)}\n${unknown(1000)}`, []],
    ])("%s", (_, list, text, expected) => {
      const told = warnings(`IgnoreUnknown ${list}\n${text}`);
      expect(told).toHaveLength(expected.length);
      for (const part of expected) expect(told[0]).toContain(part);
    });

    test("a file made of nothing else takes no time that grows with its square", () => {
      const stars = `${"*a".repeat(30)}b,`.repeat(4000);
      expect(warnings(`IgnoreUnknown ${stars}\n${unknown(30_000)}`)).toHaveLength(1); // 1e11 steps without the bounds
    });
  });

  describe("what the system does not tell", () => {
    const untold = { ...configFacts(x), localUser: "", localUserId: "", localHost: "" };
    const evaluated = (text: string) => evaluateConfig([{ path: "config", text, isUsers: true }], untold, () => []);

    test.each(["%u", "%i", "%l", "%L", "%C"])("%s stands for nothing, and a value that has it is refused", (token) => {
      const evaluation = evaluated(`IdentityFile ~/.ssh/${token}`);
      expect(() => hostConfig(evaluation, untold)).toThrow(`IdentityFile: ${token} is not told to this process`);
    });

    test("a name that nobody asks for is not missed", () => {
      const { identityFiles, port } = hostConfig(evaluated("IdentityFile ~/.ssh/%h\nPort 7"), untold);
      expect([identityFiles, port]).toEqual([["~/.ssh/x"], 7]);
    });

    test.each(["localuser me", "!localuser me", "user me"])("Match %s is left out, and said", (line) => {
      const { values, warnings } = evaluated(`Match ${line}\n Port 1`);
      expect(values.port).toBeUndefined();
      expect(warnings.map(({ text }) => text).join()).toContain("it cannot be judged here");
    });
  });

  test("a warning of two passes is one", () => {
    expect(warnings("CASignatureAlgorithms x\nMatch final\n Port 1")).toHaveLength(1);
  });

  test.each([
    ["tokens in Include", "Include FOLDER/%n", { port: 1 }, { host: "port" }],
    ["variables in Include", "Include FOLDER/${SSH_CONFIG_TEST}", { port: 9 }],
    ["tokens in User", "User %u-%n-%h", { user: `${userInfo().username}-x-x` }],
    ["variables in User", "User ${SSH_CONFIG_TEST}", { user: "set" }],
    ["a user that was typed stays as it is", "Port 1", { user: "%u" }, { host: "x", user: "%u" }],
    ["a tag", "Tag t\nMatch tagged t\n Port 1", { port: 1 }],
    ["no tag", 'Match tagged ""\n Port 1', { port: 1 }],
    ["the type of session", "Match sessiontype shell\n Port 1", { port: 1 }],
    ["an agent by its variable", "IdentityAgent $SSH_CONFIG_TEST", { identityAgent: "set" }],
    ["an agent whose variable is not set", "IdentityAgent $SSH_CONFIG_TEST_UNSET", { identityAgent: "none" }],
    ["an agent's path", "IdentityAgent ~/%u.sock", { identityAgent: `~/${userInfo().username}.sock` }],
  ] as const)("%s, as later versions of ssh do", (_name, text, expected, typed: Typed = x) => {
    folder.write("set", "Port 9\n");
    folder.write("port", "Port 1\n");
    expect(answer(text, typed).config).toMatchObject(expected);
  });

  test.each([
    ["RefuseConnection", "RefuseConnection 'not today'", "RefuseConnection: not today"],
    ["a loop", "Include FOLDER/itself", "itself line 1: too many recursive configuration includes"],
    ["a bad word", "User a\nPort x", "config line 2: bad port 'x'"],
    ["an alias that is a number", "HostKeyAlias 42", "HostKeyAlias '42' is the address 0.0.0.42 in another spelling"],
    ["an alias that is an odd address", "HostKeyAlias 0:0::1", "HostKeyAlias '0:0::1' is the address ::1"],
  ])("%s is refused by name", (_name, text, message) => {
    folder.write("itself", "Include FOLDER/itself\n");
    expect(() => answer(text)).toThrow(message);
  });

  test.each(["vm-42", "10.0.0.42", "2001:db8::1", "dead.beef"])("the alias %s is none of those", (alias) => {
    expect(answer(`HostKeyAlias ${alias}`).config.hostKeyAlias).toBe(alias);
  });

  test.each(["IdentityFile", "CertificateFile", "UserKnownHostsFile", "GlobalKnownHostsFile", "RevokedHostKeys"])(
    "%s in the home of a user by name is not looked for in a folder of that name",
    (keyword) => {
      expect(() => answer(`${keyword} ~root/x`)).toThrow("~root/x: of homes only one's own (~/) is known here");
      expect(() => answer(`${keyword} ~/x`)).not.toThrow();
    },
  );

  test("files that include one another twice are not read without end", () => {
    folder.write("twice", "Include FOLDER/twice FOLDER/twice\n");
    folder.write("many", `${"Include FOLDER/port\n".repeat(1030)}`);
    expect(() => answer("Include FOLDER/twice")).toThrow(ConfigError);
    expect(() => answer("Include FOLDER/many")).toThrow("the configuration includes too much");
  });

  test.each([
    "a;b",
    "$(id)",
    "a b",
    "`id`",
    "-oProxyCommand=x",
    "a'b",
    "a|b",
    "a&b",
    "a>b",
    "a\nb",
    "a\\",
    "",
    'a"b',
    "$IFS",
  ])("the name %j does not get into a shell's command line", (name) => {
    const typed = { host: "x", user: name };
    expect(() => answer("ProxyCommand nc %h %p -l %r", typed)).toThrow(/^ProxyCommand: the user name .* a shell/);
    expect(() => answer("ProxyCommand nc %n %p", { host: name || " " })).toThrow(/^ProxyCommand: the host name/);
    expect(() => answer("ProxyCommand nc %h %p", { host: name || " " })).toThrow(/^ProxyCommand: the host name/);
    expect(answer("ProxyCommand nc %p", typed).config.proxyCommand).toBe("nc 22");
  });

  test("plain names do", () => {
    const { config } = answer("ProxyCommand nc '%r' %h %p", { host: "fe80::1%eth0", user: "DOMAIN\\me.too" });
    expect(config.proxyCommand).toBe("nc 'DOMAIN\\me.too' fe80::1%eth0 22");
  });
});

test.each([
  ["a line of as many words", `Match ${"host x ".repeat(149_000)}\nUser u\n`], // taking each off the front took minutes
  ["as many lines that add up", `${"SendEnv A\n".repeat(104_000)}User u\n`], // so did a new list for each
])("%s as a file may hold are read in no time", (_, text) => {
  const facts = configFacts({ host: "x" });
  expect(evaluateConfig([{ path: "config", text, isUsers: true }], facts, () => []).values.user).toBe("u");
});
