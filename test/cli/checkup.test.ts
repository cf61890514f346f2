/** A session that a test plays, examined: what the report says of each kind of server. */
import { describe, expect, test } from "vitest";
import { examine } from "../../src/cli/checkup.ts";
import { Report, type Step, stepNames } from "../../src/cli/report.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import type { ReferenceServerMode } from "../../src/mcp/reference-server.ts";
import type { SessionRequest } from "../../src/ssh/connection.ts";
import { FakeRemote, pass, settle, useFakeTime } from "../mcp/fakes.ts";

useFakeTime();

type Answers = Readonly<Record<string, ((params: Record<string, unknown>) => unknown) | "silence" | "exit">>;

const serverInfo = { name: "a\u001b[31m", version: "1" };
const hello = (capabilities: unknown) => (): unknown => ({ protocolVersion: "2025-06-18", capabilities, serverInfo });
const tools = (...names: unknown[]): unknown => ({ tools: names.map((name) => ({ name })) });

/** Answers each request as the table says; what it does not have is answered -32601. */
async function play(remote: FakeRemote, answers: Answers, heard: string[], isOver: () => boolean): Promise<void> {
  for (let taken = 0; !isOver(); await settle()) {
    const lines = remote.stdin.text.split("\n").slice(0, -1);
    for (const line of lines.slice(taken)) {
      const { id, method, params } = JSON.parse(line);
      heard.push(method);
      if (id === undefined) continue;
      const answer = answers[method];
      if (answer === "exit") return remote.exit({ status: 1 });
      if (answer === "silence") continue;
      const body = answer === undefined ? { error: { code: -32601, message: "no" } } : { result: answer(params) };
      remote.say(`${JSON.stringify({ jsonrpc: "2.0", id, ...body })}\n`);
    }
    taken = lines.length;
  }
}

interface Examined {
  readonly steps: Readonly<Record<string, Step>>;
  /** Methods in order, of the session and of the one that was opened beside it. */
  readonly heard: string[];
  readonly probed: string[];
  /** What was asked of each session. */
  readonly calls: readonly string[][];
  /** How often it was said that there is a wait. */
  readonly waits: number;
}

interface Situation {
  readonly first: Answers;
  /** Of the session for `server/discover`; undefined where the server gives none. */
  readonly second?: Answers;
  readonly request?: SessionRequest;
  readonly referenceServer?: ReferenceServerMode;
  readonly version?: string;
  readonly firstReplyTimeout?: number;
  readonly before?: (remote: FakeRemote) => void;
}

async function examined({
  first,
  second,
  request = { exec: "my server" },
  referenceServer = "auto",
  version,
  before,
  firstReplyTimeout = 1000,
}: Situation): Promise<Examined> {
  const remote = new FakeRemote();
  const beside = new FakeRemote();
  const heard: string[] = [];
  const probed: string[] = [];
  if (version !== undefined) remote.serverVersion = version;
  remote.reopen = async () => {
    if (second === undefined) throw new Error("no more sessions");
    return { session: beside.session, connection: remote.connection };
  };
  before?.(remote);
  const report = new Report(() => undefined);
  for (const name of stepNames.slice(0, -3)) report.passed(name, "");
  remote.isShell = "shell" in request;
  const flags = parseFlags(["--host", "far", "--command", "x"], () => "me") as Settings;
  const times = { probeTimeout: 8000, firstReplyTimeout, channelTimeout: 1000 };
  let waits = 0;
  const onWait = (): void => void waits++;
  const settings = { ...flags, request, referenceServer, ...times };
  let isOver = false;
  void play(remote, first, heard, () => isOver);
  void play(beside, second ?? {}, probed, () => isOver);
  const over = examine(remote, settings, report, onWait).then(() => {
    isOver = true;
  });
  while (!isOver) await pass(500);
  await over;
  return {
    steps: Object.fromEntries(report.steps.map((step) => [step.name, step])),
    heard,
    probed,
    calls: [remote.calls, beside.calls],
    waits,
  };
}

describe("a server with initialize", () => {
  const first: Answers = { initialize: hello({ tools: {} }), "tools/list": () => tools("one", "t\u202ewo") };

  test("is told with its name, protocol and tools, all escaped", async () => {
    const { steps, heard, probed, calls } = await examined({ first, second: {} });
    expect(calls).toEqual([
      ["signal TERM", "close"],
      ["signal TERM", "close"],
    ]);
    expect(steps["first-reply"]).toMatchObject({ ok: true, detail: "initialize was answered by a\\x1b[31m 1" });
    expect(steps["protocol"]?.detail).toBe(
      "2025-06-18 (initialize); server/discover: not known to it, as to all servers before 2026-07-28",
    );
    expect(steps["tools"]).toMatchObject({ ok: true, detail: "2 tools: one, t\\u{202e}wo" });
    expect(heard).toEqual(["initialize", "notifications/initialized", "tools/list"]);
    expect(probed).toEqual(["server/discover"]);
  });

  test.each<[string, Answers | undefined, string]>([
    ["is silent", { "server/discover": "silence" }, "no answer in "],
    ["ends", { "server/discover": "exit" }, "it ended of it"],
    ["gives no second session", undefined, "not asked: no second session"],
  ])("is well where it %s at server/discover", async (_, second, words) => {
    const { steps } = await examined({ first, ...(second === undefined ? {} : { second }) });
    expect(steps["protocol"]?.detail).toContain(`2025-06-18 (initialize); server/discover: ${words}`);
    expect(steps["tools"]?.ok).toBe(true);
  });

  test("all pages are asked for", async () => {
    const pages: Answers = {
      ...first,
      "tools/list": ({ cursor }) => ({ ...(tools(cursor ?? "first") as object), nextCursor: cursor ? null : "second" }),
    };
    expect((await examined({ first: pages, second: {} })).steps["tools"]?.detail).toBe("2 tools: first, second");
  });

  test("a list without an end is given up", async () => {
    const endless: Answers = { ...first, "tools/list": () => ({ ...(tools("x") as object), nextCursor: "y" }) };
    expect((await examined({ first: endless, second: {} })).steps["tools"]?.detail).toMatch(/^20 tools: /);
  });

  test("no tools are asked of one that announces none", async () => {
    const { steps, heard } = await examined({ first: { initialize: hello({ prompts: {} }) }, second: {} });
    expect(steps["tools"]).toMatchObject({ ok: true, detail: "none: it announces no tools" });
    expect(heard).not.toContain("tools/list");
  });

  test.each<[string, Answers[string] | undefined, string]>([
    ["an error", undefined, "tools/list was answered with error -32601: no"],
    ["silence", "silence", "no answer to tools/list within 1 s"],
    ["its end", "exit", "The remote MCP server exited with status 1"],
  ])("%s at tools/list is a failure", async (_, answer, what) => {
    const { initialize } = first;
    const asked: Answers = {
      initialize: initialize ?? "silence",
      ...(answer === undefined ? {} : { "tools/list": answer }),
    };
    expect((await examined({ first: asked, second: {} })).steps["tools"]).toMatchObject({ ok: false, cause: what });
  });

  test("tools of odd shapes are no names", async () => {
    const odd: Answers = { ...first, "tools/list": () => ({ tools: [null, 7, { name: 7 }, { name: "good" }] }) };
    expect((await examined({ first: odd, second: {} })).steps["tools"]?.detail).toBe("1 tool: good");
  });

  test("noise before the answer is quoted, and what to do about it", async () => {
    const before = (remote: FakeRemote): void => remote.say("Welcome!\n");
    const { steps } = await examined({ first, second: {}, before });
    expect(steps["first-reply"]?.ok).toBe(true);
    expect(steps["first-reply"]?.notes.join()).toMatch(/: "Welcome!"\. Likely cause: a shell profile there/);
  });
});

describe("a server of 2026-07-28 alone", () => {
  const second: Answers = {
    "server/discover": () => ({ supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }),
    "tools/list": ({ _meta }) => tools(JSON.stringify(_meta).includes("2026-07-28") ? "new" : "no meta"),
  };

  test("is asked for its tools in its own way", async () => {
    const { steps, heard, probed } = await examined({ first: {}, second });
    expect(steps["first-reply"]).toMatchObject({ ok: true, detail: "initialize was answered with error -32601: no" });
    expect(steps["protocol"]?.detail).toBe("2026-07-28 (server/discover)");
    expect(steps["tools"]?.detail).toBe("1 tool: new");
    expect([heard, probed]).toEqual([["initialize"], ["server/discover", "tools/list"]]);
  });

  test("one that takes both is told with both", async () => {
    const first: Answers = { initialize: hello({ tools: {} }), "tools/list": () => tools("old") };
    const { steps } = await examined({ first, second });
    expect(steps["protocol"]?.detail).toBe("2026-07-28 (server/discover); 2025-06-18 (initialize)");
    expect(steps["tools"]?.detail).toBe("1 tool: old");
  });

  test("one that takes neither cannot be used", async () => {
    const { steps } = await examined({ first: {}, second: {} });
    expect(steps["protocol"]).toMatchObject({
      ok: false,
      cause: expect.stringContaining("answers initialize with an error"),
    });
    expect(steps["tools"]?.ok).toBeNull();
  });
});

test("what may be the reference server is never asked server/discover", async () => {
  const first: Answers = { initialize: hello({ tools: {} }), "tools/list": () => tools("x") };
  const version = "SSH-2.0-AsyncSSH_2.21.0";
  const shell = await examined({ first, second: {}, version, request: { shell: true } });
  expect([shell.probed, shell.steps["tools"]?.ok]).toEqual([[], true]);
  expect(shell.steps["protocol"]?.detail).toContain("would never speak again");
  expect((await examined({ first, second: {}, version })).probed).toEqual(["server/discover"]);
  expect((await examined({ first, second: {}, referenceServer: "on" })).probed).toEqual([]);
  const off = await examined({ first, second: {}, version, request: { shell: true }, referenceServer: "off" });
  expect(off.probed).toEqual(["server/discover"]);
  const silent = await examined({ first: { initialize: "silence" }, version, request: { shell: true } });
  expect(silent.steps["first-reply"]?.cure).toContain("uvx --with 'mcp<1.8'");
});

describe("no first reply", () => {
  test.each([
    [1900, 0],
    [9000, 1],
  ])("within %i ms: the wait is told of %i times", async (firstReplyTimeout, times) => {
    expect((await examined({ first: { initialize: "silence" }, firstReplyTimeout })).waits).toBe(times);
  });

  const silent: Answers = { initialize: "silence" };

  test("silence says how long, and what its stdout and stderr had", async () => {
    const before = (remote: FakeRemote): void => {
      remote.say("login:\n");
      remote.complain("oh\n");
    };
    const { steps } = await examined({ first: silent, before });
    expect(steps["first-reply"]).toMatchObject({
      ok: false,
      cause: 'no answer to initialize within 1 s; its stdout had: "login:"; its stderr ended with: "oh"',
    });
    expect(steps["first-reply"]?.cure).toMatch(
      /^check that --command starts an MCP server.*Likely cause: a shell profile/,
    );
    expect([steps["protocol"]?.ok, steps["tools"]?.ok]).toEqual([null, null]);
  });

  test.each<[string, SessionRequest, RegExp]>([
    ["a command", { exec: "x" }, /^check that --command starts/],
    ["a subsystem", { subsystem: "x" }, /^check that the subsystem's command/],
    ["a login shell", { shell: true }, /^a login shell is no MCP server/],
  ])("of %s", async (_, request, cure) => {
    expect((await examined({ first: silent, request })).steps["first-reply"]?.cure).toMatch(cure);
  });

  test.each<[number, RegExp]>([
    [127, /give the whole path.*: ssh far 'bash -lc "command -v my"'; .*--command 'bash -lc '\\''my server'\\'''$/],
    [126, /^it is there, but not executable: chmod \+x it/],
    [1, /^start it by hand there/],
    [0, /^start it by hand there/],
  ])("its end with status %i", async (status, cure) => {
    const before = (remote: FakeRemote): void => {
      remote.complain("sh: my: not found\n");
      remote.exit({ status });
    };
    const { steps } = await examined({ first: {}, before });
    expect(steps["first-reply"]).toMatchObject({
      ok: false,
      cause: `The remote MCP server exited with status ${status}; its stderr ended with: "sh: my: not found"`,
    });
    expect(steps["first-reply"]?.cure).toMatch(cure);
  });
});
