/** The proxy's promises 1 to 5, in their order; what is owed when the remote is gone is in `proxy-end.test.ts`. */
import { describe, expect, it, vi } from "vitest";
import { cutAtRandom, cuts, text, utf8 } from "./cuts.ts";
import { pass, request, result, Stage, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

/** What parse and stringify would lose, each a message. */
const fragile: readonly { name: string; line: string }[] = [
  { name: "integers beyond 2^53", line: '{"jsonrpc":"2.0","id":9007199254740993,"result":{"n":18446744073709551617}}' },
  { name: "1.0, -0 and 1e400", line: '{"jsonrpc":"2.0","id":1.0,"result":[1.0,-0,1e400,1E-400]}' },
  { name: "duplicate keys and their order", line: '{"result":{"b":1,"a":2,"b":3,"1":4},"jsonrpc":"2.0","id":1}' },
  { name: "escapes", line: '{"jsonrpc":"2.0","id":"a\\/b","result":"\\u00e9\\/\\u0041\\n"}' },
  { name: "lone surrogates", line: '{"jsonrpc":"2.0","id":1,"result":"\\ud800 \\udc00"}' },
  { name: "CRLF", line: '{"jsonrpc":"2.0","id":1,"result":{}}\r' },
  { name: "spaces", line: ' \t{ "jsonrpc" : "2.0", "id" : 1, "result" : { } } ' },
  {
    name: "raw U+2028, U+2029, U+0085 and a byte order mark inside",
    line: '{"jsonrpc":"2.0","id":1,"result":"\u2028\u2029\u0085\ufeff"}',
  },
  { name: "a batch", line: '[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","method":"n"}]' },
  { name: "members that nobody knows", line: '{"jsonrpc":"2.0","id":1,"result":{},"later":{"x":[]},"_meta":null}' },
  { name: "a method that nobody knows", line: '{"jsonrpc":"2.0","method":"future/thing","params":[]}' },
  { name: "an answer to nothing that was asked", line: '{"jsonrpc":"2.0","id":"nobody","result":{}}' },
];

describe("promise 1: bytes of a line cross unchanged, in order", () => {
  describe.each(cuts)("fed $name", ({ of }) => {
    it.each(fragile)("to the host: $name", async ({ line }) => {
      const stage = await Stage.connected();
      stage.remote.say(...of(utf8(`${line}\n${line}\n`)));
      await settle();
      expect(stage.shown.text).toBe(`${line}\n${line}\n`);
    });

    it("to the server: all of them, and junk", async () => {
      const stage = await Stage.connected();
      const junk = ["", "not JSON", '{"half":', '{"jsonrpc":"1.0"}', "\u0000\u001b[0m"];
      const all = Buffer.concat([
        utf8(`${[...fragile.map(({ line }) => line), ...junk].join("\n")}\n`),
        Uint8Array.of(0xff, 0xfe, 0x0a),
      ]);
      stage.host.push(...of(all));
      await settle();
      expect(Buffer.compare(Buffer.concat(stage.remote.stdin.chunks), all)).toBe(0);
    });
  });

  it("invalid UTF-8 in a message passes as it is", async () => {
    const stage = await Stage.connected();
    const line = Buffer.concat([utf8('{"jsonrpc":"2.0","id":1,"result":"'), Uint8Array.of(0xff), utf8('"}\n')]);
    stage.remote.say(line);
    await settle();
    expect(Buffer.compare(Buffer.concat(stage.shown.chunks), line)).toBe(0);
  });

  it.each(Array.from({ length: 16 }, (_, turns) => turns))(
    "the remote is found while the host's lines are read, %i turns on: they stay in order",
    async (turns) => {
      const stage = new Stage();
      const lines = Array.from({ length: 8 }, (_, id) => `${request(id)}\n`);
      for (const line of lines) stage.host.push(line);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      stage.connect();
      await settle();
      expect(stage.remote.stdin.text).toBe(lines.join(""));
    },
  );

  it("the lines of one chunk leave in one write", async () => {
    const stage = await Stage.connected();
    stage.remote.say(`${result(1)}\n${result(2)}\n${result(3)}\n`);
    stage.host.push(`${request(4)}\n${request(5)}\n`);
    await settle();
    expect(stage.shown.chunks.length).toBe(1);
    expect(stage.remote.stdin.chunks.length).toBe(1);
  });
});

describe("promise 2: a line leaves only when complete", () => {
  it("half a line does not reach the host", async () => {
    const stage = await Stage.connected();
    stage.remote.say(`${result(1)}\n${result(2)}`);
    await settle();
    expect(stage.lines).toEqual([result(1)]);
    stage.remote.say("\n");
    await settle();
    expect(stage.lines).toEqual([result(1), result(2)]);
  });

  it("half a line of up to 1 MiB does not reach the server", async () => {
    const stage = await Stage.connected();
    const line = request("x".repeat(1024 * 1024 - 100));
    stage.host.push(...cutAtRandom(utf8(line), 5, 100_000));
    await settle();
    expect(stage.remote.stdin.length).toBe(0);
    stage.host.push("\n");
    await settle();
    expect(stage.remote.stdin.text).toBe(`${line}\n`);
  });

  it("a line above 1 MiB streams to the server before it is complete", async () => {
    const stage = await Stage.connected();
    const line = request("x".repeat(3 * 1024 * 1024));
    stage.host.push(...cutAtRandom(utf8(line), 6, 100_000));
    await settle();
    expect(stage.remote.stdin.length).toBeGreaterThan(1024 * 1024);
    stage.host.push("\n");
    await settle();
    expect(stage.remote.stdin.text === `${line}\n`).toBe(true);
  });

  const noise: readonly { name: string; line: string; mark: string }[] = [
    { name: "a greeting", line: "Welcome to Ubuntu 24.04", mark: "Welcome to Ubuntu 24.04" },
    { name: "an empty line", line: "", mark: "" },
    { name: "JSON that is no JSON-RPC", line: '{"level":"info"}', mark: '{"level":"info"}' },
    { name: "a number", line: "42", mark: "42" },
    { name: "half a message", line: '{"jsonrpc":"2.0","id":1,"res', mark: '{"jsonrpc":"2.0","id":1,"res' },
    { name: "a message with garbage behind it", line: `${result(1)}$`, mark: `${result(1)}$` },
    { name: "a batch with a stranger", line: `[${result(1)},{}]`, mark: `[${result(1)},{}]` },
    { name: "controls, which are escaped", line: "\u001b[2J\u0007\u202e", mark: "\\x1b[2J\\x07\\u{202e}" },
  ];

  it.each(noise)("goes to stderr with a mark: $name", async ({ line, mark }) => {
    const stage = await Stage.connected();
    stage.remote.say(`${line}\n${result(2)}\n`);
    await settle();
    expect(stage.lines).toEqual([result(2)]);
    expect(stage.logged("remote")).toEqual([`[remote stdout, no MCP message] ${mark}`]);
  });

  it("long noise is shown by its beginning, escaped as well", async () => {
    const stage = await Stage.connected();
    stage.remote.say(`\u001b[31m${"x".repeat(5000)}\n`);
    await settle();
    expect(stage.logged("remote")).toEqual([expect.stringMatching(/\] \\x1b\[31mx+\.\.\. \(5006 bytes\)$/)]);
  });

  it("one warning names the likely cause, however much noise there is", async () => {
    const stage = await Stage.connected();
    stage.remote.say("hello\n", "hello\n", `prompt$ ${result(1)}\n`, "again\n");
    await settle();
    expect(stage.logged("warning").length).toBe(1);
    expect(stage.logged("warning")[0]).toMatch(/shell profile .*prints/);
    expect(stage.logged("remote").length).toBe(4);
  });

  describe.each(cuts)("a message behind a prompt, fed $name", ({ of }) => {
    it("is cut out, and the prompt goes to stderr", async () => {
      const stage = await Stage.connected();
      const message = '{"jsonrpc":"2.0","id":1,"result":{"a":"{\\"jsonrpc\\""}}';
      stage.remote.say(...of(utf8(`prompt$ ${message}\n${result(2)}\n`)));
      await settle();
      expect(stage.lines).toEqual([message, result(2)]);
      expect(stage.logged("remote")).toEqual(["[remote stdout, no MCP message] prompt$ "]);
    });
  });

  it("an answer cut out of a prompt's line counts as the answer", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.say('\u001b[?2004h{"jsonrpc":"2.0","id":1,"result":{}}\n');
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.refusals).toEqual([]);
  });

  it("the cut is tried once, at the first place", async () => {
    const stage = await Stage.connected();
    stage.remote.say('$ {"jsonrpc" $ {"jsonrpc":"2.0","id":1,"result":{}}\n');
    await settle();
    expect(stage.lines).toEqual([]);
  });

  it("the cut is tried in lines under 1 MiB only", async () => {
    const stage = await Stage.connected();
    const message = (length: number) => `{"jsonrpc":"2.0","id":1,"result":"${"x".repeat(length)}"}`;
    stage.remote.say(`$ ${message(1_000_000)}\n`);
    await settle();
    expect(stage.lines.length).toBe(1);
    stage.remote.say(`$ ${message(1_048_576)}\n`);
    await settle();
    expect(stage.lines.length).toBe(1);
    expect(stage.logged("remote").at(-1)).toMatch(/^\[remote stdout.*\] \$ \{"jsonrpc.*\(\d+ bytes\)$/);
  });

  it.each([
    { name: "whole: it passes, with its newline", last: result(1), lines: [result(1)], noise: [] },
    {
      name: "behind a prompt: cut out",
      last: '$ {"jsonrpc":"2.0","method":"n"}',
      lines: ['{"jsonrpc":"2.0","method":"n"}'],
      noise: ["$ "],
    },
    { name: "half: nowhere", last: '{"jsonrpc":"2.0","id":1', lines: [], noise: [] },
    { name: "noise: to stderr", last: "logout", lines: [], noise: ["logout"] },
  ])("the remote's last line without a newline, $name", async ({ last, lines, noise: shown }) => {
    const stage = await Stage.connected();
    stage.remote.say(last);
    stage.remote.exit({ status: 0 });
    stage.host.end();
    await pass(0);
    expect(stage.lines).toEqual(lines);
    expect(stage.logged("remote")).toEqual(shown.map((text) => `[remote stdout, no MCP message] ${text}`));
  });

  it.each([
    { name: "whole: it gets its newline", last: request(1), sent: `${request(1)}\n` },
    { name: "half: it passes as it is", last: '{"jsonrpc":"2.0","id":1', sent: '{"jsonrpc":"2.0","id":1' },
    { name: "junk: it passes as it is", last: "junk", sent: "junk" },
  ])("the host's last line without a newline, $name", async ({ last, sent }) => {
    const stage = await Stage.connected();
    stage.host.push(last);
    stage.host.end();
    await settle();
    expect(stage.remote.stdin.text).toBe(sent);
  });

  it("a line of 64 MiB passes, and one that is longer gets its request answered", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request("big")}\n${request("bigger")}\n`);
    const head = '{"result":"';
    const tail = (id: string) => `","jsonrpc":"2.0","id":"${id}"}`;
    const size = 64 * 1024 * 1024;
    const filled = (length: number) =>
      Array<Uint8Array>(2047)
        .fill(full)
        .concat(utf8("x".repeat(length)));
    const full = utf8("x".repeat(32 * 1024));
    const rest = size - 2047 * full.length - head.length;
    stage.remote.say(head, ...filled(rest - tail("big").length), `${tail("big")}\n`);
    stage.remote.say(head, ...filled(rest + 1 - tail("bigger").length), `${tail("bigger")}\n`, `${result(3)}\n`);
    while (!stage.shown.chunks.some((chunk) => text(chunk) === `${result(3)}\n`)) await settle();
    expect(stage.lines.map((line) => line.length)).toEqual([size, expect.any(Number), result(3).length]);
    expect(stage.refusals).toMatchObject([
      { id: "bigger", error: { data: { reason: "line-too-long", limit: 64 * 1024 * 1024 } } },
    ]);
    expect(stage.logged("warning")[0]).toMatch(/longer than .* dropped, its request was answered/);
  });

  describe.each(cuts)("a line above the limit, fed $name", ({ of }) => {
    it.each([
      { name: "the id last", line: `{"result":"${"x".repeat(300)}","jsonrpc":"2.0","id":"a\\/b"}` },
      { name: "the id first", line: `{"id":"a\\/b","jsonrpc":"2.0","result":"${"x".repeat(300)}"}` },
      { name: "torn behind its id", line: `{"jsonrpc":"2.0","id":"a\\/b","result":"${"x".repeat(300)}` },
    ])("$name: its request is answered, the line dropped, the next one passes", async ({ line }) => {
      const stage = await Stage.connected({ lineBytes: 200 });
      stage.host.push(`${request("a/b")}\n`);
      await settle();
      stage.remote.say(...of(utf8(`${line}\n${result(2)}\n`)));
      await settle();
      expect(stage.lines.length).toBe(2);
      expect(stage.refusals.map(({ id }) => id)).toEqual(["a/b"]);
      expect(stage.lines[1]).toBe(result(2));
    });
  });

  it("a message above the limit that answers nothing is dropped with a warning", async () => {
    const stage = await Stage.connected({ lineBytes: 200 });
    stage.remote.say(`{"jsonrpc":"2.0","method":"n","params":["${"x".repeat(300)}"]}\n`);
    await settle();
    expect(stage.lines).toEqual([]);
    expect(stage.logged("warning")).toEqual([expect.stringMatching(/dropped, it answers no request/)]);
  });

  describe("a request of the server's above the limit", () => {
    const fill = "x".repeat(300);
    const asks = (id: string): string =>
      `{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":["${fill}"]}`;

    it("is answered with an error under its id", async () => {
      const stage = await Stage.connected({ lineBytes: 200 });
      stage.remote.say(`${asks("7.0")}\n`, `${result(2)}\n`);
      await settle();
      expect(stage.lines).toEqual([result(2)]);
      const [answer = "", ...more] = stage.remote.stdin.text.split("\n");
      expect(answer).toMatch(/^{"jsonrpc":"2.0","id":7.0,"error":/);
      expect(JSON.parse(answer)).toMatchObject({
        error: {
          code: -31001,
          message: expect.stringMatching(
            /^The remote's request of \d+ bytes is longer than the 200 .*\(--max-line\)\.$/,
          ),
          data: { source: "mcp-ssh-client", reason: "line-too-long", limit: 200 },
        },
      });
      expect(more).toEqual([""]);
      expect(stage.logged("warning")).toEqual([
        expect.stringMatching(/dropped, the server was answered with an error$/),
      ]);
    });

    it("does not cut a line of the host's that goes in pieces", async () => {
      const stage = await Stage.connected({ lineBytes: 200, streamBytes: 100 });
      stage.host.push(`{"jsonrpc":"2.0","method":"${fill}`);
      await settle();
      stage.remote.say(`${asks("1")}\n`);
      await settle();
      stage.host.push('"}\n');
      await settle();
      const [first, answer = ""] = stage.remote.stdin.text.split("\n");
      expect(first).toBe(`{"jsonrpc":"2.0","method":"${fill}"}`);
      expect(JSON.parse(answer)).toMatchObject({ id: 1, error: { code: -31001 } });
    });

    it("in a batch with an answer: both sides are told, in one warning", async () => {
      const stage = await Stage.connected({ lineBytes: 200 });
      stage.host.push(`${request("a")}\n`);
      await settle();
      stage.remote.say(`[${result("a")},${asks('"b"')},${asks('"c"')}]\n`);
      await settle();
      expect(stage.refusals).toMatchObject([{ id: "a", error: { data: { reason: "line-too-long" } } }]);
      const answers = stage.remote.stdin.text.split("\n").slice(1, -1);
      expect(answers.map((line) => JSON.parse(line).id)).toEqual(["b", "c"]);
      expect(stage.logged("warning").length).toBe(1);
    });

    it("is not answered where its id is not known, or the server does not read", async () => {
      const stage = await Stage.connected({ lineBytes: 200, streamBytes: 1000 });
      stage.remote.say(`${asks(`"${"y".repeat(2000)}"`)}\n`);
      await settle();
      expect(stage.remote.stdin.text).toBe("");
      stage.remote.stdin.stall();
      for (let id = 0; id < 100; id++) stage.remote.say(`${asks(String(id))}\n`);
      await settle();
      stage.remote.stdin.flow();
      await settle();
      expect(stage.remote.stdin.length).toBeLessThan(5000);
      expect(stage.logged("warning").at(-1)).toMatch(/the server could not be answered$/);
    });
  });

  it("a batch above the limit has all its answers replaced", async () => {
    const stage = await Stage.connected({ lineBytes: 200 });
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    await settle();
    stage.remote.say(`[${result(1)},{"jsonrpc":"2.0","method":"${"x".repeat(300)}"},${result(2)}]\n`);
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, 2]);
    expect(stage.lines.length).toBe(2);
  });

  describe.each(cuts)("an answer nested too deeply, fed $name", ({ of }) => {
    const deep = `${"[".repeat(10_100)}"]}\\"",{"a":[{}]}${"]".repeat(10_100)}`;
    it.each([
      { name: "the id first", line: `{"jsonrpc":"2.0","id":"a\\/b","result":${deep}}` },
      { name: "the id last", line: `{"result":${deep},"jsonrpc":"2.0","id":"a\\/b"}` },
      { name: "in a batch", line: `[{"jsonrpc":"2.0","method":"n"},{"result":${deep},"jsonrpc":"2.0","id":"a/b"}]` },
    ])("$name, is dropped and its request answered", async ({ line }) => {
      const stage = await Stage.connected();
      stage.host.push(`${request("a/b")}\n`);
      await settle();
      stage.remote.say(...of(utf8(`${line}\n${result(2)}\n`)));
      await settle();
      expect(stage.refusals).toMatchObject([{ id: "a/b", error: { data: { reason: "line-too-long" } } }]);
      expect(stage.lines.slice(1)).toEqual([result(2)]);
    });
  });

  it("noise above the limit is noise", async () => {
    const stage = await Stage.connected({ lineBytes: 200 });
    stage.remote.say(`${"x".repeat(2_000)}\n`);
    await settle();
    expect(stage.logged("remote")).toEqual([expect.stringMatching(/^\[remote stdout.*\] x+\.\.\. \(2001 bytes\)$/)]);
  });
});

describe("promise 3: pending is what the host asked and nobody answered or cancelled", () => {
  const cases: readonly { name: string; host: string[]; remote: string[]; pending: unknown[] }[] = [
    { name: "answered", host: [request(1)], remote: [result(1)], pending: [] },
    {
      name: "answered with an error",
      host: [request(1)],
      remote: ['{"jsonrpc":"2.0","id":1,"error":{}}'],
      pending: [],
    },
    { name: "not answered", host: [request(1), request("1")], remote: [], pending: [1, "1"] },
    { name: '1 is not "1"', host: [request(1), request("1")], remote: [result("1")], pending: [1] },
    {
      name: "an escaped slash",
      host: [request("a/b")],
      remote: ['{"jsonrpc":"2.0","id":"a\\/b","result":1}'],
      pending: [],
    },
    {
      name: "an escaped letter",
      host: [request("é")],
      remote: ['{"jsonrpc":"2.0","id":"\\u00e9","result":1}'],
      pending: [],
    },
    {
      name: "a neighbour beyond 2^53",
      host: ['{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}'],
      remote: ['{"jsonrpc":"2.0","id":9007199254740992,"result":1}'],
      pending: [9007199254740992],
    },
    {
      name: "cancelled by the host",
      host: [request(1), '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'],
      remote: [],
      pending: [],
    },
    {
      name: "cancelled under another name",
      host: [request(1), '{"jsonrpc":"2.0","method":"notifications/other","params":{"requestId":1}}'],
      remote: [],
      pending: [1],
    },
    {
      name: "cancelled by the server, which is its own request",
      host: [request(1)],
      remote: ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'],
      pending: [1],
    },
    {
      name: "a request of the server's with the same id",
      host: [request(1)],
      remote: [request(1, "sampling/createMessage")],
      pending: [1],
    },
    { name: "the host's own answer with the same id", host: [request(1), result(1)], remote: [], pending: [1] },
    {
      name: "a batch",
      host: [`[${request(1)},${request(2)},${request(3)}]`],
      remote: [`[${result(1)},${result(3)}]`],
      pending: [2],
    },
    { name: "a message with garbage behind it", host: [`${request(1)}$`], remote: [], pending: [] },
    {
      name: "a notification",
      host: ['{"jsonrpc":"2.0","method":"notifications/initialized"}'],
      remote: [],
      pending: [],
    },
  ];

  it.each(cases)("$name", async ({ host, remote, pending }) => {
    const stage = await Stage.connected();
    stage.host.push(`${host.join("\n")}\n`);
    await settle();
    stage.remote.say(remote.map((line) => `${line}\n`).join(""));
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(5000);
    expect(stage.refusals.map(({ id }) => id)).toEqual(pending);
  });

  it("ids go back as they were written", async () => {
    const stage = await Stage.connected();
    const ids = ['"a\\/b"', '"\\u00e9"', "9007199254740993", "1.0", '"ü"', "-0"];
    stage.host.push(ids.map((id) => `{"jsonrpc":"2.0","id":${id},"method":"m"}\n`).join(""));
    await settle();
    stage.remote.lose();
    await pass(100);
    expect(stage.lines.map((line) => /^\{"jsonrpc":"2.0","id":(.*?),"error":/.exec(line)?.[1])).toEqual(ids);
  });
});

describe("more requests than may wait", () => {
  const flood = (from: number, count: number): string =>
    Array.from({ length: count }, (_, number) => `${request(from + number, "ping")}\n`).join("");

  it("are answered so, not sent, and the host is told before it is read on", async () => {
    const stage = await Stage.connected();
    stage.host.push(flood(0, 100_000));
    await settle();
    expect(stage.remote.stdin.text).toBe(flood(0, 100_000));
    stage.shown.stall();
    stage.host.push(flood(100_000, 3), flood(100_003, 1), `{"jsonrpc":"2.0","method":"notifications/x"}\n`);
    await settle();
    expect(stage.host.unread.length).toBe(2);
    stage.shown.flow();
    await settle();
    expect(stage.refusals.map(({ id, error }) => [id, error.data.reason, error.data.mayHaveRun])).toEqual(
      [100_000, 100_001, 100_002, 100_003].map((id) => [id, "too-many-requests", false]),
    );
    expect(stage.remote.stdin.text.slice(flood(0, 100_000).length)).toBe(
      '{"jsonrpc":"2.0","method":"notifications/x"}\n',
    );
    expect(stage.logged("warning").length).toBe(1);
    stage.remote.say(`${result(7)}\n`);
    await settle();
    stage.host.push(flood(200_000, 1));
    await settle();
    expect(stage.remote.stdin.text.endsWith(flood(200_000, 1))).toBe(true);
  });

  it("are not what is no message: junk passes as ever", async () => {
    const stage = await Stage.connected();
    stage.host.push(flood(0, 100_000), `${request(7, "ping")} junk\n`);
    await settle();
    expect(stage.remote.stdin.text.endsWith(`${request(7, "ping")} junk\n`)).toBe(true);
    expect(stage.lines).toEqual([]);
  });

  it("are those with ids and methods of 8 MiB, too", async () => {
    const stage = await Stage.connected();
    const long = (id: number): string => `${request(`${id}${"x".repeat(1000)}`, "y".repeat(1000))}\n`;
    for (let id = 0; id < 4200; id++) stage.host.push(long(id));
    await settle();
    expect(stage.refusals.length).toBeGreaterThan(0);
    expect(stage.refusals.length).toBeLessThan(60);
  });
});

describe("promise 4: back-pressure end to end", () => {
  it("the remote is not read while the host does not read", async () => {
    const stage = await Stage.connected();
    stage.shown.stall();
    const line = `${result("x".repeat(1000))}\n`;
    for (let count = 0; count < 50; count++) stage.remote.say(line);
    await settle();
    expect(stage.remote.stdout.unread.length).toBeGreaterThanOrEqual(47);
    stage.shown.flow();
    await settle();
    expect(stage.lines.length).toBe(50);
  });

  it("the host is not read while the channel is full", async () => {
    const stage = await Stage.connected();
    stage.remote.stdin.stall();
    const line = `${request("x".repeat(100_000))}\n`;
    for (let count = 0; count < 50; count++) stage.host.push(line);
    await settle();
    expect(stage.host.unread.length).toBeGreaterThan(30);
    stage.remote.stdin.flow();
    await settle();
    expect(stage.remote.stdin.length).toBe(50 * line.length);
  });

  it("the host is gone, and the server takes nothing: that is seen, and we end", async () => {
    const stage = await Stage.connected();
    stage.remote.stdin.stall();
    const params = `,"params":"${"x".repeat(50_000)}"}\n`;
    for (let id = 0; id < 25; id++) stage.host.push(request(id).replace(/}$/, params));
    stage.host.end();
    await settle();
    expect(stage.host.unread.length).toBeGreaterThan(2);
    for (let count = 0; count < 5; count++) await pass(5_000);
    expect(stage.host.unread.length).toBe(0);
    await pass(35_000);
    expect(stage.code).toBeDefined();
    expect(stage.remote.calls).toContain("disconnect");
  });

  it("the host is gone, and the server takes nothing: that is seen also where it was slow twice before", async () => {
    const stage = await Stage.connected();
    const line = `${request("x".repeat(1_000_000))}\n`;
    for (let count = 0; count < 2; count++) {
      stage.remote.stdin.stall();
      for (const each of ["", line, line]) stage.host.push(`${each}${request(count)}\n`);
      await pass(6_000);
      stage.remote.stdin.flow();
      await settle();
    }
    expect(stage.host.unread.length).toBe(0);
    stage.remote.stdin.stall();
    for (const each of [request("first"), line, line, request("last")]) stage.host.push(`${each}\n`);
    stage.host.end();
    await pass(45_000);
    expect(stage.code).toBeDefined();
  });

  it("a host that is there has no more than 2 MiB read beyond the room that there is", async () => {
    const stage = await Stage.connected();
    stage.remote.stdin.stall();
    const line = `${request("x".repeat(100_000))}\n`;
    for (let count = 0; count < 50; count++) stage.host.push(line);
    await settle();
    const before = stage.host.unread.length;
    for (let count = 0; count < 60; count++) await pass(5_000);
    const beyond = before - stage.host.unread.length;
    expect(beyond).toBeGreaterThan(10);
    expect(beyond).toBeLessThanOrEqual(21);
    stage.remote.stdin.flow();
    await settle();
    expect(stage.remote.stdin.length).toBe(50 * line.length);
  });

  it("the host is read up to 1 MiB while we connect, and everything arrives", async () => {
    const stage = new Stage();
    const line = `${request("x".repeat(100_000))}\n`;
    for (let count = 0; count < 50; count++) stage.host.push(line);
    await settle();
    expect(50 - stage.host.unread.length).toBe(11);
    stage.connect();
    await settle();
    expect(stage.remote.stdin.length).toBe(50 * line.length);
  });

  it("a stalled server does not keep its answers from the host, nor the other way", async () => {
    const stage = await Stage.connected();
    stage.remote.stdin.stall();
    stage.host.push(`${request(1)}\n`);
    stage.remote.say(`${result(0)}\n`);
    await settle();
    expect(stage.lines).toEqual([result(0)]);
  });

  it("stderr that nobody reads never blocks stdout: it is capped, and the rest dropped with a count", async () => {
    const stage = await Stage.connected();
    let release: () => void = () => undefined;
    stage.showing = new Promise((resolve) => {
      release = resolve;
    });
    for (let count = 0; count < 1000; count++) stage.remote.complain(`${count} ${"x".repeat(1000)}\n`);
    stage.remote.say(`${result(1)}\n`);
    await settle();
    expect(stage.lines).toEqual([result(1)]);
    expect(stage.remote.stderr.unread.length).toBe(0);
    expect(stage.logged("remote").length).toBe(1);
    stage.showing = undefined;
    release();
    await settle();
    const shown = stage.logged("remote");
    const [, dropped] = /^\((\d+) lines .* dropped/.exec(shown.at(-1) ?? "") ?? [];
    expect(shown.length - 1 + Number(dropped)).toBe(1000);
    expect(shown.length).toBeGreaterThan(50);
  });

  it("stderr that the session had to drop is counted in a warning", async () => {
    const stage = await Stage.connected();
    Object.assign(stage.remote.session, { stderrDropped: 70_000 });
    stage.remote.exit({ status: 0 });
    stage.host.end();
    await pass(0);
    expect(stage.logged("warning")).toEqual([expect.stringMatching(/^70000 bytes of the remote's stderr .* dropped/)]);
  });

  it("a line of stderr without an end is shown in parts", async () => {
    const stage = await Stage.connected();
    stage.remote.complain("x".repeat(10_000));
    await settle();
    expect(stage.logged("remote").map((line) => line.length)).toEqual([4112, 4112]);
  });

  it("the remote's stderr is shown by lines, marked and escaped", async () => {
    const stage = await Stage.connected();
    stage.remote.complain(
      "npm warn \u001b[33mold\u001b[0m\r\nhalf ",
      "line\nÄ".slice(0, 6),
      Uint8Array.of(0xc3),
      Uint8Array.of(0xa9, 0x0a),
      "rest",
    );
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.logged("remote")).toEqual([
      "[remote stderr] npm warn \\x1b[33mold\\x1b[0m",
      "[remote stderr] half line",
      "[remote stderr] Äé",
      "[remote stderr] rest",
    ]);
  });
});

describe("promise 5: the end by the host", () => {
  it("the host's EOF waits for the answers that are owed: servers drop those at EOF", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    stage.host.end();
    await settle();
    stage.remote.say(`${result(1)}\n`);
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(false);
    stage.remote.say(`${result(2)}\n`);
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(true);
    expect(stage.code).toBeUndefined();
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.code).toBe(0);
    expect(stage.lines).toEqual([result(1), result(2)]);
  });

  it("the host's EOF becomes the channel's, and we end as soon as the remote does", async () => {
    const stage = await Stage.connected();
    stage.host.end();
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(true);
    expect(stage.code).toBeUndefined();
    stage.remote.say(`${result(1)}\n`);
    stage.remote.exit({ status: 3 });
    await pass(0);
    expect(stage.code).toBe(3);
    expect(stage.lines).toEqual([result(1)]);
    expect(stage.remote.calls).not.toContain("signal TERM");
    expect(stage.remote.calls.at(-1)).toBe("disconnect");
  });

  it("with nothing pending we end after 1 s in which the remote said nothing: TERM, CLOSE, DISCONNECT", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    stage.remote.say(`${result(1)}\n`);
    await pass(900);
    stage.remote.complain("still here\n");
    await pass(900);
    stage.remote.say('{"jsonrpc":"2.0","method":"n"}\n');
    await pass(999);
    expect(stage.remote.calls).toEqual([]);
    await pass(1);
    expect(stage.remote.calls).toEqual(["signal TERM", "close", "disconnect"]);
    expect(stage.code).toBe(0);
  });

  it("with requests pending we wait for their answers, and then for 1 s of silence", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    stage.host.end();
    await pass(10_000);
    stage.remote.say(`${result(2)}\n`);
    await pass(10_000);
    expect(stage.code).toBeUndefined();
    stage.remote.say(`${result(1)}\n`);
    await pass(999);
    expect(stage.code).toBeUndefined();
    await pass(1);
    expect(stage.code).toBe(0);
    expect(stage.lines).toEqual([result(2), result(1)]);
  });

  it("but no longer than 30 s; then they are answered and we say so by the exit code", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await pass(29_999);
    expect(stage.code).toBeUndefined();
    await pass(1);
    expect(stage.code).toBe(1);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "no-answer" } } }]);
    expect(stage.remote.calls).toContain("signal TERM");
  });

  it("the wait for answers is settable", async () => {
    const stage = await Stage.connected({ drainTimeout: 500 });
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await pass(500);
    expect(stage.code).toBe(1);
  });

  it("an open subscription is nothing to wait for", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request("s", "subscriptions/listen")}\n`);
    stage.host.end();
    await pass(1000);
    expect(stage.code).toBe(0);
  });

  it("a server that never answers our CLOSE does not keep us", async () => {
    const stage = await Stage.connected();
    stage.remote.answersClose = false;
    stage.host.end();
    await pass(1000 + 1000);
    expect(stage.code).toBe(0);
  });

  it("the silence begins once everything was sent", async () => {
    const stage = await Stage.connected();
    stage.remote.stdin.stall();
    stage.host.push('{"jsonrpc":"2.0","method":"n"}\n');
    stage.host.end();
    await pass(2000);
    stage.remote.complain("busy\n");
    await pass(3000);
    expect(stage.code).toBeUndefined();
    stage.remote.stdin.flow();
    await pass(1000);
    expect(stage.code).toBe(0);
  });

  it("the host's EOF while connecting with nothing queued: we end at once", async () => {
    const stage = new Stage();
    stage.host.end();
    await settle();
    expect(stage.code).toBe(0);
    expect(stage.isDiallingAborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("the host's EOF while connecting with a request queued: it is carried out", async () => {
    const stage = new Stage();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await pass(10_000);
    expect(stage.isDiallingAborted).toBe(false);
    stage.connect();
    await settle();
    expect(stage.remote.stdin.text).toBe(`${request(1)}\n`);
    stage.remote.say(`${result(1)}\n`);
    await pass(1000);
    expect(stage.lines).toEqual([result(1)]);
    expect(stage.code).toBe(0);
  });

  it("EPIPE: the host is gone, we hang up", async () => {
    const stage = await Stage.connected();
    stage.shown.break();
    await pass(0);
    expect(stage.remote.calls).toEqual(["signal TERM", "close", "disconnect"]);
    expect(stage.code).toBe(0);
    expect(stage.host.isCancelled).toBe(true);
  });

  it("EPIPE while connecting", async () => {
    const stage = new Stage();
    stage.shown.break();
    await settle();
    expect(stage.code).toBe(0);
    expect(stage.isDiallingAborted).toBe(true);
  });

  it("an input that breaks is the host's EOF", async () => {
    const stage = await Stage.connected();
    stage.host.end(new Error("EIO"));
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(true);
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.code).toBe(0);
  });

  it("we do not end before the host has got everything", async () => {
    const stage = await Stage.connected();
    stage.shown.stall();
    stage.remote.say(`${result(1)}\n`);
    stage.remote.exit({ status: 0 });
    await pass(20_000);
    expect(stage.code).toBeUndefined();
    stage.shown.flow();
    await pass(2000);
    expect(stage.code).toBe(0);
    expect(stage.lines).toEqual([result(1)]);
  });

  it("nor before it has got what we answer ourselves", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.shown.stall();
    stage.remote.exit({ status: 3 });
    await pass(20_000);
    expect(stage.code).toBeUndefined();
    stage.shown.flow();
    await pass(2000);
    expect(stage.code).toBe(3);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
  });

  it("nor because it has said all, with what we answer ourselves unread", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.shown.stall();
    stage.remote.exit({ status: 3 });
    await settle();
    stage.host.end();
    await pass(20_000);
    expect(stage.code).toBeUndefined();
    stage.shown.flow();
    await pass(2000);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
  });

  it.each([{ isAnswered: true }, { isAnswered: false }])("nor because it is slow: %j", async ({ isAnswered }) => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await settle();
    stage.shown.stall();
    const lines = Array.from({ length: 50 }, () => `{"jsonrpc":"2.0","method":"${"x".repeat(1000)}"}`);
    stage.remote.say(...(isAnswered ? [result(1), ...lines] : [...lines, result(1)]).map((line) => `${line}\n`));
    await pass(100_000);
    expect(stage.code).toBeUndefined();
    expect(stage.remote.calls).toEqual([]);
    stage.shown.flow();
    await pass(1000);
    expect(stage.code).toBe(0);
    expect(stage.lines.length).toBe(51);
    expect(stage.lines).toContain(result(1)); // it is not the server that is slow
  });

  it("the host's EOF while connecting, and then no connection: its request is answered", async () => {
    const stage = new Stage();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await settle();
    stage.fail(new Error("Connection refused"));
    await pass(0);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(stage.code).toBe(1);
  });
});

describe("promise 5: signals", () => {
  it.each([
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ])("%s: EOF, TERM, CLOSE, DISCONNECT, all within 1 s, even of a dead server", async (_name, signal) => {
    const stage = await Stage.connected();
    stage.remote.answersClose = false;
    stage.host.push(`${request(1)}\n`);
    stage.shown.stall();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.stop(signal);
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(true);
    await pass(1000);
    expect(stage.code).toBe(128 + signal);
    expect(stage.remote.calls).toEqual(["signal TERM", "close", "disconnect"]);
    expect(stage.host.isCancelled).toBe(true);
  });

  it("a server that ends on EOF gets no TERM, and what it still says reaches the host", async () => {
    const stage = await Stage.connected();
    stage.stop(15);
    await settle();
    stage.remote.say(`${result(1)}\n`);
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.code).toBe(143);
    expect(stage.remote.calls).not.toContain("signal TERM");
    expect(stage.lines).toEqual([result(1)]);
  });

  it("while connecting: at once", async () => {
    const stage = new Stage();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.stop(15);
    await settle();
    expect(stage.code).toBe(143);
    expect(stage.isDiallingAborted).toBe(true);
  });

  it("while we drain", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await pass(2000);
    stage.stop(15);
    await pass(1000);
    expect(stage.code).toBe(143);
  });

  it("while we wait for a host's first request in vain", async () => {
    const stage = new Stage();
    stage.fail(new Error("Connection refused"));
    await pass(500);
    stage.stop(2);
    await pass(200);
    expect(stage.code).toBe(130);
  });

  it("while the host does not read", async () => {
    const stage = await Stage.connected();
    stage.shown.stall();
    stage.remote.say(`${result(1)}\n`);
    stage.remote.exit({ status: 0 });
    await pass(50_000);
    expect(stage.code).toBeUndefined();
    stage.stop(15);
    await pass(1000);
    expect(stage.code).toBe(143);
  });

  it("what the remote has not answered by then is answered with why: sent or not", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    await settle();
    stage.remote.stdin.stall();
    stage.host.push('{"jsonrpc":"2.0","method":"n"}\n');
    await settle();
    stage.host.push(`${request(3)}\n`);
    await settle();
    stage.stop(15);
    await settle();
    stage.remote.say(`${result(2)}\n`);
    await pass(1000);
    expect(stage.lines[0]).toBe(result(2));
    expect(stage.refusals).toMatchObject([
      { id: 1, error: { data: { reason: "stopped", mayHaveRun: true } } },
      { id: 3, error: { data: { reason: "stopped", mayHaveRun: false } } },
    ]);
    expect(stage.refusals[0]?.error.message).toBe(
      "mcp-ssh-client was told to end, by SIGTERM, before the remote MCP server had answered. The call may have run.",
    );
    expect(stage.code).toBe(143);
  });

  it("also where there is no remote yet", async () => {
    const stage = new Stage();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.stop(2);
    await pass(0);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "stopped", mayHaveRun: false } } }]);
    expect(stage.refusals[0]?.error.message).toMatch(/by SIGINT, .* The request was never sent\.$/);
    expect(stage.code).toBe(130);
  });

  it("but nothing is added to what a host does not read", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.shown.stall();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.stop(15);
    await pass(1000);
    expect(stage.code).toBe(143);
    stage.shown.flow();
    await settle();
    expect(stage.lines).toEqual([result(0)]);
  });

  it("a connection that comes too late is closed", async () => {
    const stage = new Stage();
    stage.isAbortIgnored = true;
    stage.stop(15);
    await settle();
    expect(stage.code).toBe(143);
    stage.connect();
    await settle();
    expect(stage.remote.calls).toEqual(["disconnect"]);
  });
});
