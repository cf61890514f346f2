/** The reference server's habits, one by one, with a remote that a test plays; the real one is in test/interop. */
import { describe, expect, it, vi } from "vitest";
import type { ReferenceServerMode } from "../../src/mcp/index.ts";
import "../../src/mcp/reference-route.ts"; // the proxy loads it when it needs it: so it is there at once
import { cuts, utf8 } from "./cuts.ts";
import { pass, request, result, Stage, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
/** Recorded from m2m-mcp-server-ssh-server 0.1.0 with mcp 1.7.1. */
const ANSWER =
  '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2024-11-05","capabilities":{"experimental":{},"logging":{},"prompts":{"listChanged":false},"resources":{"subscribe":false,"listChanged":false},"tools":{"listChanged":false}},"serverInfo":{"name":"mcp-servers/everything","version":"1.7.1"}}}';
const TOOLS = '{"jsonrpc":"2.0","id":"mcp-ssh-client list 1","method":"tools/list"}';
const call = (id: number | string, name = "echo") =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"tools/call","params":{"name":"${name}"}}`;
const cancelled = (id: number | string) =>
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${JSON.stringify(id)}}}`;

/** A proxy connected to what looks like the reference server. */
async function facing(mode: ReferenceServerMode = "auto", limits = {}): Promise<Stage> {
  const stage = new Stage(limits, mode);
  stage.remote.serverVersion = "SSH-2.0-AsyncSSH_2.24.1";
  stage.remote.isShell = true;
  stage.connect();
  await settle();
  return stage;
}

/** The same, through with `initialize`; what was said until then is forgotten. */
async function ready(limits = {}): Promise<Stage> {
  const stage = await facing("auto", limits);
  await say(stage, INITIALIZE);
  await hear(stage, ANSWER);
  await say(stage, INITIALIZED);
  stage.remote.stdin.chunks.length = 0;
  stage.shown.chunks.length = 0;
  return stage;
}

/** Ready, and the list of tools asked for. */
async function listed(): Promise<Stage> {
  const stage = await ready();
  await say(stage, request("list", "tools/list"));
  await hear(stage, result("list"));
  stage.remote.stdin.chunks.length = 0;
  stage.shown.chunks.length = 0;
  return stage;
}

async function say(stage: Stage, ...lines: string[]): Promise<void> {
  for (const line of lines) stage.host.push(`${line}\n`);
  await settle();
}

async function hear(stage: Stage, ...lines: string[]): Promise<void> {
  for (const line of lines) stage.remote.say(`${line}\n`);
  await settle();
}

const sent = (stage: Stage) => stage.remote.stdin.text.split("\n").slice(0, -1);
const errors = (stage: Stage) =>
  stage.lines.map((line) => JSON.parse(line)).map(({ id, error }) => [id, error.code, error.data.reason]);

describe("who is taken for the reference server", () => {
  const torn = "\u2028";
  const raw = `{"jsonrpc":"2.0","method":"x","params":{"a":"${torn}"}}`;

  it.each([
    { name: "another SSH server", version: "SSH-2.0-OpenSSH_9.2p1", isShell: true },
    { name: "a command on AsyncSSH", version: "SSH-2.0-AsyncSSH_2.24.1", isShell: false },
  ])("not $name: bytes cross unchanged", async ({ version, isShell }) => {
    const stage = new Stage();
    stage.remote.serverVersion = version;
    stage.remote.isShell = isShell;
    stage.connect();
    const lines = [raw, request(1, "ping"), `[${request(2)}]`, request(3, "server/discover")];
    await say(stage, ...lines);
    expect(sent(stage)).toEqual(lines);
    expect(stage.lines).toEqual([]);
  });

  it("nobody, with off", async () => {
    const stage = await facing("off");
    const lines = [request(1, "ping"), raw, `[${request(2)}]`];
    await say(stage, ...lines);
    expect(sent(stage)).toEqual(lines);
  });

  it("everybody, with on, whatever it answers", async () => {
    const stage = new Stage({}, "on");
    stage.connect();
    await say(stage, INITIALIZE);
    await hear(stage, result(0));
    await say(stage, INITIALIZED, request("x", "tasks/list"));
    expect(JSON.parse(stage.lines[1] ?? "")).toMatchObject({ id: "x", error: { code: -32601 } });
  });

  it.each([
    { name: "another protocol", answer: ANSWER.replace("2024-11-05", "2025-06-18") },
    { name: "instructions", answer: ANSWER.replace('"serverInfo"', '"instructions":"x","serverInfo"') },
    { name: "a serverInfo with a title", answer: ANSWER.replace('"version"', '"title":"x","version"') },
    { name: "a capability of its own", answer: ANSWER.replace('"experimental"', '"tasks":{},"experimental"') },
    { name: "listChanged", answer: ANSWER.replace('"tools":{"listChanged":false}', '"tools":{"listChanged":true}') },
    { name: "no experimental", answer: ANSWER.replace('"experimental":{},', "") },
    { name: "an error", answer: '{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"no"}}' },
  ])("not one that answers with $name: bytes cross unchanged from then on", async ({ answer }) => {
    const stage = await facing();
    await say(stage, INITIALIZE, request("early", "tasks/list"));
    expect(sent(stage)).toEqual([INITIALIZE]);
    await hear(stage, answer);
    const lines = [raw, INITIALIZED, `[${request(2)}]`, request(3, "tasks/list"), call(4)];
    await say(stage, ...lines);
    expect(sent(stage)).toEqual([INITIALIZE, request("early", "tasks/list"), ...lines]);
    expect(stage.lines).toEqual([answer]);
  });

  it("not one whose host begins as with a server of 2026-07-28", async () => {
    const stage = await facing();
    await say(stage, request(1, "tools/list"), request(2, "subscriptions/listen"), raw);
    expect(sent(stage)).toEqual([request(1, "tools/list"), request(2, "subscriptions/listen"), raw]);
  });
});

describe("before initialized", () => {
  it("server/discover is answered at once, and never sent", async () => {
    const stage = await facing();
    await say(stage, request("probe", "server/discover"), INITIALIZE);
    expect(sent(stage)).toEqual([INITIALIZE]);
    expect(errors(stage)).toEqual([["probe", -32601, "not-in-reference-server"]]);
  });

  it("a ping before initialize is answered here", async () => {
    const stage = await facing();
    await say(stage, request(1, "ping"));
    expect(sent(stage)).toEqual([]);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "withheld", mayHaveRun: false } } }]);
    expect(stage.refusals[0]?.error.message).toMatch(/ping request before initialize .*mute/);
  });

  it("requests and notifications wait, in order", async () => {
    const stage = await facing();
    await say(
      stage,
      INITIALIZE,
      request(1, "ping"),
      '{"jsonrpc":"2.0","method":"notifications/x"}',
      request(2, "ping"),
    );
    await hear(stage, ANSWER);
    expect(sent(stage)).toEqual([INITIALIZE]);
    await say(stage, INITIALIZED);
    const rest = [request(1, "ping"), '{"jsonrpc":"2.0","method":"notifications/x"}', request(2, "ping")];
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED, ...rest]);
  });

  it("initialized may come before the answer", async () => {
    const stage = await facing();
    await say(stage, INITIALIZE, INITIALIZED, request(1, "ping"));
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED]);
    await hear(stage, ANSWER);
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED, request(1, "ping")]);
  });

  it("a host that never says it is helped after 5 s", async () => {
    const stage = await facing();
    await say(stage, INITIALIZE, request(1, "ping"));
    await hear(stage, ANSWER);
    await pass(4_999);
    expect(sent(stage)).toEqual([INITIALIZE]);
    await pass(1);
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED, request(1, "ping")]);
  });

  it("what is cancelled while it waits is never sent", async () => {
    const stage = await facing();
    await say(stage, INITIALIZE, request(1, "ping"), request(2, "ping"), cancelled(1));
    await hear(stage, ANSWER);
    await say(stage, INITIALIZED);
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED, request(2, "ping")]);
  });

  it("what is too much to wait is refused", async () => {
    const stage = await facing("auto", { lineBytes: 300 });
    await say(stage, INITIALIZE, request("a".repeat(200), "ping"), request("b".repeat(200), "ping"));
    expect(errors(stage)).toEqual([["b".repeat(200), -31001, "withheld"]]);
  });

  it("a second initialize begins anew", async () => {
    const stage = await ready();
    await say(stage, INITIALIZE, request(1, "ping"));
    expect(sent(stage)).toEqual([INITIALIZE]);
    await hear(stage, ANSWER);
    await say(stage, INITIALIZED);
    expect(sent(stage)).toEqual([INITIALIZE, INITIALIZED, request(1, "ping")]);
  });

  it("all that waits is answered when the remote is gone", async () => {
    const stage = await facing();
    await say(stage, INITIALIZE, request(1, "ping"));
    stage.remote.exit(undefined);
    await pass(150);
    expect(errors(stage)).toEqual([
      [0, -31001, "closed"],
      [1, -31001, "closed"],
    ]);
    expect(stage.refusals[0]?.error.message).toContain("uvx --with 'mcp<1.8' --with 'pydantic<2.13' --from");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("what would mute it", () => {
  it.each([
    { method: "tasks/list" },
    { method: "server/discover" },
    { method: "elicitation/create" },
    { method: "toString" },
  ])("$method is answered -32601", async ({ method }) => {
    const stage = await ready();
    await say(stage, request("x", method), request("y", "ping"));
    expect(errors(stage)).toEqual([["x", -32601, "not-in-reference-server"]]);
    expect(sent(stage)).toEqual([request("y", "ping")]);
  });

  it.each([
    { method: "tools/call", params: "{}", fault: /without a name/ },
    { method: "tools/call", params: '{"name":7}', fault: /without a name/ },
    { method: "tools/call", params: '{"name":"x","arguments":[]}', fault: /arguments/ },
    { method: "tools/call", params: "[]", fault: /params/ },
    { method: "prompts/get", params: '{"name":"x","arguments":{"a":1}}', fault: /arguments/ },
    { method: "resources/read", params: '{"uri":"nowhere"}', fault: /uri/ },
    { method: "resources/subscribe", params: "{}", fault: /uri/ },
    { method: "resources/unsubscribe", params: '{"uri":1}', fault: /uri/ },
    { method: "logging/setLevel", params: '{"level":"loud"}', fault: /level/ },
    {
      method: "completion/complete",
      params: '{"ref":{"type":"ref/x"},"argument":{"name":"a","value":"b"}}',
      fault: /ref/,
    },
    {
      method: "completion/complete",
      params: '{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a"}}',
      fault: /argument/,
    },
    { method: "tools/list", params: '{"_meta":7}', fault: /_meta/ },
    { method: "tools/list", params: '{"_meta":{"progressToken":true}}', fault: /progressToken/ },
    { method: "ping", params: `{"a":"\\uD800"}`, fault: /surrogate/ },
    { method: "ping", params: `{"\\\\\\udc00x":1}`, fault: /surrogate/ },
    { method: "ping", params: `{"a":${"[".repeat(200)}${"]".repeat(200)}}`, fault: /nested/ },
    {
      method: "initialize",
      params: '{"capabilities":{},"clientInfo":{"name":"x","version":"1"}}',
      fault: /protocolVersion/,
    },
    {
      method: "initialize",
      params: '{"protocolVersion":"x","capabilities":{"experimental":{"a":1}},"clientInfo":{"name":"x","version":"1"}}',
      fault: /capabilities/,
    },
    {
      method: "initialize",
      params: '{"protocolVersion":"x","capabilities":{},"clientInfo":{"name":"x"}}',
      fault: /clientInfo/,
    },
  ])("$method with $params is withheld", async ({ method, params, fault }) => {
    const stage = await ready();
    await say(stage, `{"jsonrpc":"2.0","id":"x","method":"${method}","params":${params}}`, request("y", "ping"));
    expect(errors(stage)).toEqual([["x", -31001, "withheld"]]);
    expect(stage.refusals[0]?.error.message).toMatch(fault);
    expect(sent(stage)).toEqual([request("y", "ping")]);
  });

  it.each([
    '{"jsonrpc":"2.0","id":"x","method":"ping","params":null}',
    '{"jsonrpc":"2.0","id":"x","method":"ping","params":{"_meta":null}}',
    '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
    '{"jsonrpc":"2.0","id":1.0,"method":"ping"}',
    '{"jsonrpc":"2.0","id":"x","method":"ping","params":{"a":"\\ud83d\\ude00 \\\\ud800"}}',
    '{"jsonrpc":"2.0","id":"x","method":"logging/setLevel","params":{"level":"emergency"}}',
    '{"jsonrpc":"2.0","id":"x","method":"tools/list","params":{"cursor":"c","_meta":{"progressToken":7,"y":[]}}}',
    `{"jsonrpc":"2.0","id":"x","method":"ping","params":{"a":${"[".repeat(199)}${"]".repeat(199)}}}`,
  ])("%s passes as it is", async (line) => {
    const stage = await ready();
    await say(stage, line);
    expect(sent(stage)).toEqual([line]);
  });

  it("an id that is no integer is withheld, and so is what is no UTF-8", async () => {
    const stage = await ready();
    await say(stage, '{"jsonrpc":"2.0","id":1.5,"method":"ping"}');
    stage.host.push(Buffer.from('{"jsonrpc":"2.0","id":2,"method":"ping","params":{"a":"\xff"}}\n', "latin1"));
    await settle();
    expect(errors(stage)).toEqual([
      [1.5, -31001, "withheld"],
      [2, -31001, "withheld"],
    ]);
    expect(sent(stage)).toEqual([]);
  });

  it("what is no UTF-8 and no request is dropped, with a warning: it would end the connection", async () => {
    const stage = await ready();
    stage.host.push(
      Buffer.from('{"jsonrpc":"2.0","method":"notifications/x","params":{"a":"\xff"}}\n\xe2\x80\n', "latin1"),
    );
    await say(stage, request(1, "ping"));
    expect(sent(stage)).toEqual([request(1, "ping")]);
    expect(stage.logged("warning")).toEqual(Array(2).fill(expect.stringMatching(/no valid UTF-8 was dropped/)));
  });

  it("a line that is too long for it to be looked at is withheld, and the next one passes", async () => {
    const stage = await ready({ lineBytes: 1000, streamBytes: 100 });
    await say(
      stage,
      `{"jsonrpc":"2.0","method":"tools/call","params":{"x":"${"y".repeat(1000)}"},"id":1}`,
      request(2, "ping"),
    );
    expect(errors(stage)).toEqual([[1, -31001, "withheld"]]);
    expect(sent(stage)).toEqual([request(2, "ping")]);
  });
});

describe("separators", () => {
  describe.each(cuts)("fed $name", ({ of }) => {
    it.each([{ streamBytes: 1024 * 1024 }, { streamBytes: 20 }])(
      "leave as escapes, with $streamBytes held",
      async (limits) => {
        const stage = await ready(limits);
        const line = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\u2028 \u2029 \u0085 \\u2028 ä"}}';
        stage.host.push(...of(utf8(`${line}\n`)));
        await settle();
        const escapes = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\u2028 \\u2029 \\u0085 \\u2028 ä"}}';
        expect(sent(stage)).toEqual([escapes]);
      },
    );
  });
});

describe("lists", () => {
  it("the first call waits for a list of ours, whose answer nobody sees; later ones go straight", async () => {
    const stage = await ready();
    await say(stage, call(1), call(2));
    expect(sent(stage)).toEqual([TOOLS]);
    await hear(stage, result("mcp-ssh-client list 1"));
    expect(sent(stage)).toEqual([TOOLS, call(1), call(2)]);
    await say(stage, call(3));
    expect(sent(stage).at(-1)).toBe(call(3));
    expect(stage.lines).toEqual([]);
  });

  it.each([
    { method: "prompts/get", params: '{"name":"p"}', list: "prompts/list" },
    { method: "resources/read", params: '{"uri":"a:b"}', list: "resources/list" },
    { method: "resources/subscribe", params: '{"uri":"a:b"}', list: "resources/list" },
    { method: "resources/unsubscribe", params: '{"uri":"a:b"}', list: "resources/list" },
  ])("$method needs $list", async ({ method, params, list }) => {
    const stage = await listed();
    const line = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
    await say(stage, line);
    expect(sent(stage)).toEqual([`{"jsonrpc":"2.0","id":"mcp-ssh-client list 1","method":"${list}"}`]);
    await hear(stage, result("mcp-ssh-client list 1"));
    expect(sent(stage).at(-1)).toBe(line);
  });

  it("the host's own counts, and calls wait while one is under way", async () => {
    const stage = await listed();
    await say(stage, call(1), request("again", "tools/list"), call(2), request("more", "tools/list"));
    const lists = [request("again", "tools/list"), request("more", "tools/list")];
    expect(sent(stage)).toEqual([call(1), ...lists]);
    await hear(stage, result("again"));
    expect(sent(stage).length).toBe(3);
    await hear(stage, result("more"));
    expect(sent(stage)).toEqual([call(1), ...lists, call(2)]);
    expect(stage.lines).toEqual([result("again"), result("more")]);
  });

  it("the host's own that fails does not count: ours follows; ours that fails is the last", async () => {
    const failure = (id: string) => `{"jsonrpc":"2.0","id":"${id}","error":{"code":0,"message":"no"}}`;
    const stage = await ready();
    await say(stage, request("own", "tools/list"), call(1));
    await hear(stage, failure("own"));
    expect(sent(stage)).toEqual([request("own", "tools/list"), TOOLS]);
    await hear(stage, failure("mcp-ssh-client list 1"));
    expect(sent(stage)).toEqual([request("own", "tools/list"), TOOLS, call(1)]);
    expect(stage.lines).toEqual([failure("own")]);
  });

  it("that hang hold calls up for 10 s", async () => {
    const stage = await ready();
    await say(stage, call(1));
    await pass(9_999);
    expect(sent(stage)).toEqual([TOOLS]);
    await pass(1);
    expect(sent(stage)).toEqual([TOOLS, call(1)]);
    await hear(stage, result("mcp-ssh-client list 1"));
    expect(stage.lines).toEqual([]);
  });

  it("that hang hold calls up for 10 s, also where they are the host's own", async () => {
    const stage = await listed();
    await say(stage, request("own", "tools/list"));
    await pass(20_000);
    await say(stage, call(1));
    await pass(9_999);
    expect(sent(stage)).toEqual([request("own", "tools/list")]);
    await pass(1);
    expect(sent(stage)).toEqual([request("own", "tools/list"), call(1)]);
    await hear(stage, result("own"));
    expect(stage.lines).toEqual([result("own")]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a call that is cancelled while it waits is never sent", async () => {
    const stage = await ready();
    await say(stage, call(1), call(2), cancelled(1));
    await hear(stage, result("mcp-ssh-client list 1"));
    expect(sent(stage)).toEqual([TOOLS, call(2)]);
    await say(stage, cancelled(2));
    expect(sent(stage).at(-1)).toBe(cancelled(2));
  });

  it("the host is not read while more than 1 MiB of calls waits", async () => {
    const stage = await ready();
    const large = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${"x".repeat(1024 * 1024)}"}}`;
    await say(stage, large, request(2, "ping"));
    expect(sent(stage)).toEqual([TOOLS]);
    await hear(stage, result("mcp-ssh-client list 1"));
    expect(sent(stage)).toEqual([TOOLS, large, request(2, "ping")]);
  });
});

describe("batches", () => {
  it("whose last answer ends with the remote's stdout, and no newline, are one line all the same", async () => {
    const stage = await ready();
    await say(stage, `[${request(1, "ping")},${request(2, "ping")}]`);
    await hear(stage, result(1));
    stage.remote.say(result(2));
    stage.remote.exit({ status: 0 });
    await settle();
    expect(stage.shown.text).toBe(`[${result(1)},${result(2)}]\n`);
  });

  it("are taken apart, and their answers joined in the order in which they come", async () => {
    const stage = await ready();
    await say(stage, `[ ${request(1, "ping")},{"jsonrpc":"2.0","method":"notifications/x"},${request("1", "ping")} ]`);
    expect(sent(stage)).toEqual([
      ` ${request(1, "ping")}`,
      '{"jsonrpc":"2.0","method":"notifications/x"}',
      `${request("1", "ping")} `,
    ]);
    await hear(stage, result("1"));
    expect(stage.lines).toEqual([]);
    await hear(stage, result("other"), `${result(1)}\r`);
    expect(stage.lines).toEqual([result("other"), `[${result("1")},${result(1)}\r]`]);
  });

  it("of notifications only have no answer", async () => {
    const stage = await ready();
    await say(stage, `[${INITIALIZED},${INITIALIZED}]`);
    expect(sent(stage)).toEqual([INITIALIZED, INITIALIZED]);
    expect(stage.lines).toEqual([]);
  });

  it("have our own answers in theirs", async () => {
    const stage = await ready();
    await say(stage, `[${request(1, "tasks/list")},${request(2, "tools/call")},${request(3, "ping")}]`);
    expect(sent(stage)).toEqual([request(3, "ping")]);
    expect(stage.lines).toEqual([]);
    await hear(stage, result(3));
    expect(JSON.parse(stage.lines[0] ?? "")).toMatchObject([
      { id: 1, error: { code: -32601 } },
      { id: 2, error: { code: -31001 } },
      { id: 3, result: {} },
    ]);
  });

  it("are complete without what was cancelled", async () => {
    const stage = await ready();
    await say(stage, `[${request(1, "ping")},${request(2, "ping")}]`);
    await hear(stage, result(2));
    await say(stage, cancelled(1));
    expect(stage.lines).toEqual([`[${result(2)}]`]);
  });

  it("are complete when the remote is gone", async () => {
    const stage = await ready();
    await say(stage, `[${request(1, "ping")},${request(2, "ping")}]`);
    await hear(stage, result(1));
    stage.remote.exit(undefined);
    await pass(50);
    expect(stage.lines.length).toBe(1);
    expect(JSON.parse(stage.lines[0] ?? "")).toMatchObject([
      { id: 1, result: {} },
      { id: 2, error: { data: { reason: "closed" } } },
    ]);
  });

  it("whose answers are too long for one line have an error in place of one", async () => {
    const stage = await ready({ lineBytes: 400 });
    const long = `{"jsonrpc":"2.0","id":1,"result":"${"x".repeat(300)}"}`;
    await say(stage, `[${request(1, "ping")},${request(2, "ping")}]`);
    await hear(stage, long, `{"jsonrpc":"2.0","id":2,"result":"${"y".repeat(300)}"}`);
    expect(JSON.parse(stage.lines[0] ?? "")).toMatchObject([
      { id: 1, result: "x".repeat(300) },
      { id: 2, error: { data: { reason: "line-too-long" } } },
    ]);
  });
});

it("the first reply's text has the command that works", async () => {
  const stage = await facing();
  await say(stage, INITIALIZE);
  await pass(45_000);
  const command =
    "uvx --with 'mcp<1.8' --with 'pydantic<2.13' --from 'm2m-mcp-server-ssh-server[key-server]==0.1.0' m2m-mcp-server-ssh-server";
  expect(stage.refusals[0]?.error.message).toContain(command);
  expect(stage.logged("warning")[0]).toContain(command);
});

it("answers that are no answers to us, and the server's own requests, pass", async () => {
  const stage = await listed();
  const own = '{"jsonrpc":"2.0","id":"mcp-ssh-client list 1","method":"sampling/createMessage"}';
  await hear(stage, own, result("mcp-ssh-client list 9"));
  expect(stage.lines).toEqual([own, result("mcp-ssh-client list 9")]);
  await say(stage, result("mcp-ssh-client list 1"));
  expect(sent(stage)).toEqual([result("mcp-ssh-client list 1")]);
});

it("a host that is held back behind a list is heard again when the server is gone, and answered", async () => {
  const stage = await ready();
  const long = (id: string) => call(id, "x".repeat(700 * 1024));
  const later = [..."cdefghijklmnopqrstuvwxyz"];
  await say(stage, long("a"), long("b"), ...later.map((id) => call(id))); // the list never comes
  expect(stage.host.unread.length).toBe(later.length);
  stage.remote.exit({ status: 3 });
  await pass(3_000);
  expect(errors(stage).map(([id]) => id)).toEqual(["a", "b", ...later]);
  expect(stage.code).toBe(3);
});
