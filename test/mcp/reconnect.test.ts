/** Reconnecting: what the host sees when the link is lost and another one comes, line by line. */
import { describe, expect, it, vi } from "vitest";
import "../../src/mcp/reconnection.ts"; // it is loaded with the first loss, which takes its time
import { AuthError, HostKeyError } from "../../src/ssh/errors.ts";
import { FakeRemote, pass, request, result, Stage, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

const initialize =
  '{"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}},"jsonrpc":"2.0","id":0}';
const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const capabilities = '{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"logging":{}}';
const answerTo = (id: unknown, more: Record<string, string> = {}): string => {
  const { version = '"2025-11-25"', info = '{"name":"s","version":"1"}', able = capabilities } = more;
  return `{"result":{"protocolVersion":${version},"capabilities":${able},"serverInfo":${info}},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
};
const linesOf = (remote: FakeRemote): string[] => remote.stdin.text.split("\n").slice(0, -1);
const idOf = (line: string | undefined): string => (JSON.parse(line ?? "{}") as { id: string }).id;

const fromServer = (id: unknown, method = "roots/list"): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"${method}"}`;
const cancelled = (id: unknown): string =>
  `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${JSON.stringify(id)}}}`;
const listChanged = [
  '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
  '{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}',
];

/** A proxy whose host and server have shaken hands. */
async function begun(limits: Parameters<typeof Stage.reconnecting>[0] = {}): Promise<Stage> {
  const stage = await Stage.reconnecting(limits);
  stage.host.push(`${initialize}\n`);
  await settle();
  stage.remote.say(`${answerTo(0)}\n`);
  await settle();
  stage.host.push(`${initialized}\n`);
  await settle();
  return stage;
}

/** Another link, on which nobody has said anything yet. `after`: milliseconds. */
async function dialled(stage: Stage, after = 5_000): Promise<FakeRemote> {
  await pass(after);
  const remote = new FakeRemote();
  stage.redials.at(-1)?.succeed(remote);
  await settle();
  return remote;
}

/** Another link, on which a server has answered the handshake that was replayed. */
async function restored(stage: Stage, more: Record<string, string> = {}): Promise<FakeRemote> {
  const remote = await dialled(stage, 7_500);
  remote.say(`${answerTo(idOf(linesOf(remote)[0]), more)}\n`);
  await settle();
  return remote;
}

describe("a link that is lost", () => {
  it("is one whose server has taken nothing for ten minutes, though the link lives", async () => {
    const stage = await begun();
    stage.remote.stdin.stall();
    const line = `${request("x".repeat(100_000))}\n`;
    for (let count = 0; count < 50; count++) stage.host.push(line);
    for (let count = 0; count < 118; count++) await pass(5_000);
    expect(stage.redials.length).toBe(0);
    for (let count = 0; count < 4; count++) await pass(5_000);
    expect(stage.redials.length).toBe(1);
    expect(stage.logged("warning").join("\n")).toMatch(/has taken nothing of what waits for it for 600 s/);
  });

  it("says why it is not dialled again also where the server has taken nothing from the start", async () => {
    const stage = await Stage.reconnecting();
    stage.remote.stdin.stall();
    const line = `${request("x".repeat(100_000))}\n`;
    for (const each of [`${initialize}\n`, ...Array<string>(50).fill(line)]) stage.host.push(each);
    for (let count = 0; count < 122; count++) await pass(5_000);
    expect(stage.redials).toEqual([]);
    expect(stage.logged("error").join()).toMatch(
      /taken nothing .* \(it is not dialled again: there had been no answer/,
    );
  });

  it("an answer to the replayed handshake that is longer than may pass is one that does not come", async () => {
    const stage = await begun({ lineBytes: 1000 });
    stage.remote.lose();
    const remote = await restored(stage, { able: `{"experimental":{"x":"${"x".repeat(1000)}"}}` });
    expect(stage.logged("warning").at(-1)).toMatch(/longer than the 1000 .* it answers no request that is known$/);
    await pass(45_000);
    expect(stage.logged("warning").at(-1)).toMatch(/did not answer initialize within 45 s/);
    expect(remote.calls).toContain("disconnect");
  });

  it("says nothing to the host of a question that was longer than may pass", async () => {
    const stage = await begun({ lineBytes: 1000 });
    stage.remote.say(`{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":["${"x".repeat(1000)}"]}\n`);
    await settle();
    expect(JSON.parse(linesOf(stage.remote).at(-1) ?? "")).toMatchObject({ id: 7, error: { code: -31001 } });
    stage.remote.lose();
    await settle();
    expect(stage.lines.slice(1)).toEqual([]);
  });

  it("an answer to the replayed handshake of more than 1 MiB is another server's", async () => {
    const stage = await begun();
    stage.remote.lose();
    const remote = await restored(stage, { able: `{"experimental":{"x":"${"x".repeat(1024 * 1024)}"}}` });
    await pass(3_000);
    expect(stage.logged("error").at(-1)).toMatch(/another MCP server answers .* cannot be read/);
    expect(remote.calls).toContain("disconnect");
  });

  it("a host that does not read what it is told meanwhile is not read either, and gets it all once it does", async () => {
    const stage = await begun({ reconnectQueue: 1 });
    stage.remote.lose();
    await settle();
    stage.shown.stall();
    const ids = Array.from({ length: 200 }, (_, index) => index + 1);
    stage.host.push(...ids.map((id) => `${request(id)}\n`));
    await pass(4_000);
    expect(stage.host.unread.length).toBeGreaterThan(190);
    stage.shown.flow();
    await pass(200);
    expect(stage.refusals.map(({ id }) => id)).toEqual(ids.slice(1));
  });

  it("is not one behind which the host reads nothing for ten minutes: nothing waits for the server then", async () => {
    const stage = await begun({ reconnectQueue: 1 });
    stage.remote.lose();
    await settle();
    stage.shown.stall();
    for (const id of [1, 2]) stage.host.push(`${request(id)}\n`); // the second is refused, which the host does not read
    const notification = `{"jsonrpc":"2.0","method":"n","params":["${"x".repeat(100_000)}"]}\n`;
    for (let count = 0; count < 30; count++) stage.host.push(notification);
    for (let count = 0; count < 30; count++) await pass(5_000);
    expect(stage.host.unread.length).toBeGreaterThan(5); // 2 MiB were read beyond what the host has heard
    const remote = await restored(stage);
    const redials = stage.redials.length;
    for (let count = 0; count < 130; count++) await pass(5_000);
    expect(stage.redials.length).toBe(redials);
    expect(remote.calls).not.toContain("disconnect");
  });

  it("is dialled again, and the session goes on with the host's own handshake", async () => {
    const stage = await begun();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.lose("Connection reset by peer");
    await settle();
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "link-lost", mayHaveRun: true } } }]);
    expect(stage.refusals[0]?.error.message).toMatch(
      /^The link to the remote MCP server was lost: Connection reset by peer; connecting again\. The call may have run\./,
    );
    stage.host.push(`${request(2)}\n`);
    await settle();
    const remote = await restored(stage);
    const [handshake, ...rest] = linesOf(remote);
    expect(handshake?.replace(/"id":".*"/, '"id":0')).toBe(initialize);
    expect(idOf(handshake)).toMatch(/^mcp-ssh-client /);
    expect(rest).toEqual([initialized, request(2)]);
    remote.say(`${result(2)}\n`);
    await settle();
    expect(stage.lines.slice(2)).toEqual([...listChanged, result(2)]);
    expect(stage.logged("warning")).toEqual([
      "The link to the remote MCP server was lost: Connection reset by peer; connecting again",
    ]);
    expect(stage.logged("info").filter((line) => line.includes("restored")).length).toBe(1);
    expect(stage.logged("error")).toEqual([]);
    stage.host.end();
    remote.exit({ status: 0 });
    await pass(3_000);
    expect(stage.code).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is the end before the remote has answered initialize, and says why it is not dialled again", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.lose();
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0]);
    expect(stage.code).toBe(1);
    expect(stage.redials).toEqual([]);
    expect(stage.refusals[0]?.error.message).toContain(
      "was lost: Connection reset by peer (it is not dialled again: there had been no answer yet)",
    );
    expect(stage.logged("error").join()).toContain("it is not dialled again");
  });

  it.each([
    ["the host's initialize is longer than is held", { streamBytes: 50 }, '{"jsonrpc":"2.0","id":0,"result":{}}'],
    ["the answer is longer than is read", {}, `{"jsonrpc":"2.0","id":0,"result":{"x":"${"x".repeat(2 ** 20)}"}}`],
    ["the server refused initialize, and then answered", {}, '{"jsonrpc":"2.0","id":0,"error":{}}'],
  ])("is the end, and says so, where %s", async (_, limits, answer) => {
    const stage = await Stage.reconnecting(limits);
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${answer}\n`);
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    await settle();
    stage.remote.say(`${result(1)}\n`);
    await settle();
    stage.remote.lose();
    await pass(200);
    expect(stage.refusals).toMatchObject([{ id: 2, error: { data: { reason: "link-lost" } } }]);
    expect(stage.refusals[0]?.error.message).toContain(
      "(it is not dialled again: the host's initialize, or its answer, ",
    );
    expect(stage.code).toBe(1);
    expect(stage.redials).toEqual([]);
  });

  it("without connecting again, nothing is said of it", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.lose();
    await pass(100);
    expect(stage.refusals[0]?.error.message).not.toContain("dialled");
  });

  it.each([
    ["its host key has changed", new HostKeyError("Host key verification failed", "changed")],
    ["it does not let us in", new Error("line", { cause: new AuthError("Authentication failed", [], [], false) })],
  ])("is the end where %s", async (_, error) => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n`);
    await pass(5_000);
    stage.redials[0]?.fail(error);
    await pass(100);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "not-restored", mayHaveRun: false } } }]);
    expect(stage.code).toBe(1);
    expect(stage.redials.length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["serverInfo", { info: '{"name":"s","version":"2"}' }],
    ["capabilities", { able: '{"tools":{}}' }],
    ["protocolVersion", { version: '"2025-06-18"' }],
  ])("is the end where another server answers, by its %s", async (part, more) => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n`);
    const remote = await restored(stage, more);
    await pass(100);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "not-restored", mayHaveRun: false } } }]);
    expect(stage.refusals[0]?.error.message).toContain(`its ${part} is not what it was`);
    expect(linesOf(remote).length).toBe(1);
    expect(stage.code).toBe(1);
  });

  it("is dialled further, whatever else fails", async () => {
    const stage = await begun();
    stage.remote.lose();
    for (const attempt of [0, 1, 2, 3]) {
      await pass(30_000);
      expect(stage.redials.length).toBe(attempt + 1);
      stage.redials[attempt]?.fail(new Error("Connection refused"));
      await settle();
    }
    await pass(30_000);
    stage.redials.at(-1)?.fail(new Error("No route to host"));
    const remote = await restored(stage).catch(() => undefined);
    await pass(30_000);
    expect(stage.logged("warning").slice(1)).toEqual([
      "Connecting again failed, and is tried further: Connection refused",
      "Connecting again failed, and is tried further: No route to host",
    ]);
    expect(remote).toBeDefined();
    stage.stop(15);
    await pass(1_000);
    expect(stage.code).toBe(143);
  });
});

describe("requests that come while there is no link", () => {
  it("wait 30 s each, and are answered as never sent", async () => {
    const stage = await begun();
    stage.remote.lose("Broken pipe");
    await settle();
    stage.host.push(`${request(1)}\n`);
    await pass(10_000);
    stage.redials[0]?.fail(new Error("Connection refused"));
    stage.host.push(`${request(2)}\n`);
    await pass(19_999);
    expect(stage.refusals).toEqual([]);
    await pass(1);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "link-lost", mayHaveRun: false } } }]);
    expect(stage.refusals[0]?.error.message).toBe(
      "The link to the remote MCP server was lost: Broken pipe, and no other one stood within 30 s: Connection refused. " +
        "The request was never sent.",
    );
    await pass(10_000);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, 2]);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(1)).toEqual([initialized]);
  });

  it("are 256 at most", async () => {
    const stage = await begun({ reconnectQueue: 2 });
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n${request(2)}\n${request(3)}\n`, '{"jsonrpc":"2.0","method":"n"}\n');
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([3]);
    expect(stage.refusals[0]?.error.message).toMatch(/as many requests wait .* as may .*The request was never sent\.$/);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([request(1), request(2), '{"jsonrpc":"2.0","method":"n"}']);
  });

  it("are of bounded length, lines in pieces too", async () => {
    const stage = await begun({ reconnectBytes: 5_000, streamBytes: 1_000 });
    const long = (id: number, length: number) =>
      `{"jsonrpc":"2.0","method":"tools/call","params":"${"x".repeat(length)}","id":${id}}`;
    stage.remote.lose();
    await settle();
    stage.host.push(`${long(1, 2_000)}\n`);
    await settle();
    stage.host.push(...`${long(2, 3_000)}\n`.match(/[\s\S]{1,700}/g)!, `${long(3, 1_000)}\n`, `${long(4, 100)}\n`);
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([2]);
    stage.host.push(`{"jsonrpc":"2.0","method":"n","params":"${"x".repeat(5_000)}"}\n`);
    await settle();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([long(1, 2_000), long(3, 1_000), long(4, 100)]);
    expect(stage.logged("warning")).toContain("1 notifications of the host's found no room to wait: they are lost");
  });

  it("are of bounded length all together, and short ones count for more than their bytes", async () => {
    const stage = await begun({ reconnectBytes: 3_000 });
    stage.remote.lose();
    await settle();
    const ids = [1, 2, 3, 4, 5, 6, 7, 8];
    stage.host.push(ids.map((id) => `${request(id)}\n`).join(""));
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([6, 7, 8]);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual(ids.slice(0, 5).map((id) => request(id)));
  });

  it("a line without end is given up when it is too long, not when it ends", async () => {
    const stage = await begun({ reconnectBytes: 5_000, streamBytes: 1_000 });
    const long = (id: number, length: number) =>
      `{"jsonrpc":"2.0","method":"m","params":"${"x".repeat(length)}","id":${id}}`;
    stage.remote.lose();
    await settle();
    stage.host.push(`${long(1, 2_000)}\n`, long(2, 3_000).slice(0, 3_000));
    await pass(30_000);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    stage.host.push(`${long(2, 3_000).slice(3_000)}\n`);
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, 2]);
    stage.stop(15);
    await pass(1_000);
  });

  it("go when they are cancelled, and so does what cancels them", async () => {
    const stage = await begun();
    stage.host.push(`${request("in flight")}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n${request(2)}\n`, `${cancelled(1)}\n${cancelled("in flight")}\n`);
    await settle();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([request(2)]);
    expect(stage.refusals.map(({ id }) => id)).toEqual(["in flight"]);
    await pass(30_000);
    expect(stage.refusals.length).toBe(1);
  });

  it("wait in batches too; what cancels one in a batch goes behind it", async () => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    const batch = `[${request(1)}, ${request(2)}]`;
    stage.host.push(`${batch}\n${cancelled(1)}\n`);
    await settle();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([batch, cancelled(1)]);
  });

  it("that had not been sent when the link was lost wait as well, in order", async () => {
    const stage = await begun();
    stage.remote.stdin.stall();
    stage.host.push(`{"jsonrpc":"2.0","method":"n","params":"${"x".repeat(2000)}"}\n`);
    await settle();
    stage.host.push(`${request(1)}\n${cancelled("x")}\n`);
    await settle();
    stage.host.push(`${request(2)}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(3)}\n`);
    await settle();
    expect(stage.refusals).toEqual([]);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([request(1), request(2), request(3)]);
  });

  it("wait on through a loss in the middle of the replay", async () => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n`);
    const half = await dialled(stage);
    expect(linesOf(half).length).toBe(1);
    half.lose("reset");
    await settle();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(1)).toEqual([initialized, request(1)]);
    expect(stage.refusals).toEqual([]);
    expect(idOf(linesOf(remote)[0])).not.toBe(idOf(linesOf(half)[0]));
    half.say(`${answerTo(idOf(linesOf(half)[0]))}\n`);
    await settle();
    expect(stage.lines.slice(1)).toEqual(listChanged);
  });
});

describe("what the host said in the middle of it", () => {
  const long = (id: number) => `{"jsonrpc":"2.0","method":"tools/call","params":"${"x".repeat(3_000)}","id":${id}}`;

  it("a line that the loss cuts through is answered, and its rest goes nowhere", async () => {
    const stage = await begun({ streamBytes: 1_000 });
    stage.host.push(long(1).slice(0, 2_000));
    await settle();
    expect(stage.remote.stdin.text).toContain(long(1).slice(0, 1_500));
    stage.remote.lose();
    await settle();
    stage.host.push(`${long(1).slice(2_000)}\n${request(2)}\n`);
    await settle();
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "link-lost", mayHaveRun: true } } }]);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([request(2)]);
  });

  it("also where it ends only when another link stands", async () => {
    const stage = await begun({ streamBytes: 1_000 });
    stage.host.push(long(1).slice(0, 2_000));
    await settle();
    stage.remote.lose();
    await settle();
    const remote = await restored(stage);
    stage.host.push(long(1).slice(2_000, 2_500));
    await settle();
    stage.host.push(`${long(1).slice(2_500)}\n${request(2)}\n`);
    await settle();
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(linesOf(remote).slice(2)).toEqual([request(2)]);
    stage.host.push(`${request(3)}\n`);
    await settle();
    expect(linesOf(remote).slice(2)).toEqual([request(2), request(3)]);
  });

  it("or had ended and not been sent whole", async () => {
    const stage = await begun({ streamBytes: 1_000 });
    stage.remote.stdin.stall();
    stage.host.push(long(1).slice(0, 2_000));
    await settle();
    stage.host.push(`${long(1).slice(2_000)}\n${request(2)}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { mayHaveRun: true } } }]);
    const remote = await restored(stage);
    expect(linesOf(remote).slice(2)).toEqual([request(2)]);
  });

  it("notifications/initialized that was not sent yet goes once", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${answerTo(0)}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    stage.host.push(`${initialized}\n${request(1)}\n`);
    await settle();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(1)).toEqual([initialized, request(1)]);
  });

  it("or was said before initialize was answered, as by a host that says all at once", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${initialize}\n${initialized}\n`);
    await settle();
    stage.remote.say(`${answerTo(0)}\n`);
    await settle();
    stage.remote.lose();
    const remote = await restored(stage);
    expect(linesOf(remote).slice(1)).toEqual([initialized]);
  });

  it("or goes by itself, behind the replay, if it comes only then", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${answerTo(0)}\n`);
    await settle();
    stage.remote.lose();
    const remote = await restored(stage);
    expect(linesOf(remote).length).toBe(1);
    expect(stage.lines.length).toBe(1);
    stage.host.push(`${initialized}\n`);
    await settle();
    expect(linesOf(remote).slice(1)).toEqual([initialized]);
  });
});

describe("what the host had asked for", () => {
  const level = (id: number, name: string) =>
    `{"jsonrpc":"2.0","id":${id},"method":"logging/setLevel","params":{"level":"${name}"}}`;
  const subscribe = (id: number, uri: string, method = "subscribe") =>
    `{"jsonrpc":"2.0","id":${id},"method":"resources/${method}","params":{"uri":"${uri}"}}`;
  const withoutId = (line: string) => line.replace(/"id":(\d+|"[^"]*")/, '"id":0');

  it("is asked for again: the last level, and what is still subscribed to", async () => {
    const stage = await begun();
    const asked = [
      level(1, "debug"),
      level(2, "error"),
      subscribe(3, "a:1"),
      subscribe(4, "a:2"),
      subscribe(5, "a:3"),
      subscribe(6, "a:1", "unsubscribe"),
      subscribe(7, "a:4"),
      level(8, "nonsense"),
    ];
    stage.host.push(asked.map((line) => `${line}\n`).join(""));
    await settle();
    for (const id of [1, 2, 3, 4, 6, 7]) stage.remote.say(`${result(id)}\n`);
    stage.remote.say('{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"no"}}\n');
    stage.remote.say('{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"no"}}\n');
    await settle();
    const before = stage.lines.length;
    stage.remote.lose();
    const remote = await restored(stage);
    const replayed = linesOf(remote).slice(2);
    expect(replayed.map(withoutId)).toEqual([level(0, "error"), subscribe(0, "a:2"), subscribe(0, "a:4")]);
    expect(stage.lines.slice(before)).toEqual(listChanged);
    const [first, second, third] = replayed.map(idOf);
    remote.say(`${result(first!)}\n${result(second!)}\n`);
    remote.say(`{"jsonrpc":"2.0","id":"${third}","error":{"code":1,"message":"no"}}\n`);
    await settle();
    expect(stage.lines.slice(before)).toEqual([
      ...listChanged,
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:2"}}',
    ]);
    expect(stage.logged("warning").at(-1)).toBe(
      "The new MCP server refused what the old one had granted: a subscription",
    );
    remote.say(`[${result(first!)}]\n`, `${result(second!)}\n`);
    await settle();
    expect(stage.lines.length).toBe(before + 3);
  });

  it("is asked for once at a second loss too, not what was asked for in between", async () => {
    const stage = await begun();
    stage.host.push(`${subscribe(1, "a:1")}\n`);
    await settle();
    stage.remote.say(`${result(1)}\n`);
    await settle();
    stage.remote.lose();
    const second = await restored(stage);
    second.stdin.stall();
    second.lose();
    const third = await restored(stage);
    expect(linesOf(third).map(withoutId)).toEqual([initialize, initialized, subscribe(0, "a:1")]);
  });
});

it("what a replay had not sent before another loss is replayed anew, and not beside that", async () => {
  const stage = await Stage.reconnecting();
  const long = initialize.replace('"capabilities":{}', `"capabilities":{"x":"${"x".repeat(2_000)}"}`);
  stage.host.push(`${long}\n`);
  await settle();
  stage.remote.say(`${answerTo(0)}\n`);
  await settle();
  const subscribe = '{"jsonrpc":"2.0","method":"resources/subscribe","params":{"uri":"a:1"},"id":5}';
  stage.host.push(`${initialized}\n${subscribe}\n`);
  await settle();
  stage.remote.say(`${result(5)}\n`);
  await settle();
  stage.remote.lose();
  const second = await restored(stage);
  const [handshake = ""] = linesOf(second);
  second.lose();
  await pass(5_000);
  const stalled = new FakeRemote();
  stalled.stdin.stall();
  stage.redials.at(-1)?.succeed(stalled);
  await settle();
  stalled.say(`${answerTo(idOf(handshake).replace(/1$/, "3"))}\n`); // it has not read it, but may well answer
  await settle();
  stage.host.push(`${request(1)}\n`);
  await settle();
  stalled.lose();
  const last = await restored(stage);
  const [, ...rest] = linesOf(last);
  expect(rest.map((line) => line.replace(/"id":"[^"]*"/, '"id":5'))).toEqual([initialized, subscribe, request(1)]);
});

describe("the server's own requests", () => {
  it("are cancelled, late answers are dropped, and ids that come again are renamed", async () => {
    const stage = await begun();
    stage.remote.say(`${fromServer(0)}\n${fromServer(1)}\n${fromServer("x")}\n`);
    await settle();
    stage.host.push(`${result(1)}\n`);
    await settle();
    const before = stage.lines.length;
    stage.remote.lose();
    await settle();
    expect(stage.lines.slice(before).map((line) => JSON.parse(line))).toMatchObject([
      { method: "notifications/cancelled", params: { requestId: 0 } },
      { method: "notifications/cancelled", params: { requestId: "x" } },
    ]);
    const remote = await restored(stage);
    const from = stage.lines.length;
    remote.say(`${fromServer(0, "sampling/createMessage")}\n${fromServer(1)}\n`);
    await settle();
    const [renamed, same] = stage.lines.slice(from);
    expect(same).toBe(fromServer(1));
    expect(idOf(renamed)).toMatch(/^mcp-ssh-client /);
    expect(renamed?.replace(/"id":"[^"]*"/, '"id":0')).toBe(fromServer(0, "sampling/createMessage"));
    const sent = linesOf(remote).length;
    stage.host.push(`${result(0)}\n${result("x")}\n`); // late
    stage.host.push(`${result(1)}\n${result(idOf(renamed))}\n`);
    await settle();
    expect(linesOf(remote).slice(sent)).toEqual([result(1), result(0)]);
    remote.say(`${fromServer(0)}\n`);
    await settle();
    expect(stage.lines.at(-1)).toBe(fromServer(0)); // its late answer has come
  });

  it("that were renamed can be cancelled by the server, and by another loss", async () => {
    const stage = await begun();
    stage.remote.say(`${fromServer(0)}\n${fromServer(1)}\n`);
    await settle();
    stage.remote.lose();
    const second = await restored(stage);
    const from = stage.lines.length;
    second.say(`${fromServer(0)}\n${fromServer(1)}\n${cancelled(1)}\n`);
    await settle();
    const [first, other, cancels] = stage.lines.slice(from);
    expect(cancels).toBe(cancelled(idOf(other)));
    second.lose();
    await settle();
    const cancelledIds = stage.lines.slice(from + 3).map((line) => JSON.parse(line).params.requestId);
    expect(cancelledIds).toEqual([idOf(first)]);
    const third = await restored(stage);
    const sent = linesOf(third).length;
    stage.host.push(`${result(idOf(first))}\n${result(0)}\n`);
    await settle();
    expect(linesOf(third).slice(sent)).toEqual([]);
  });

  it("of a new server that asks before it answers initialize is answered at once, and of no other one", async () => {
    const stage = await begun();
    stage.remote.lose();
    const first = await dialled(stage);
    first.say(`${fromServer(7, "ping")}\n${fromServer(8, "ping")}\n`);
    await settle();
    stage.host.push(`${result(7)}\n`);
    await settle();
    expect(linesOf(first).slice(1)).toEqual([result(7)]);
    first.lose();
    await settle();
    stage.host.push(`${result(7)}\n${result(8)}\n`);
    const second = await restored(stage);
    expect(linesOf(second).slice(1)).toEqual([initialized]);
  });

  it("do not get their answers to another server either, where these had not been sent when the link was lost", async () => {
    const stage = await begun();
    stage.remote.say(`${fromServer(0)}\n`);
    await settle();
    stage.remote.stdin.stall();
    stage.host.push(`${request("x".repeat(2000))}\n`, `${request(1)}\n`);
    await settle();
    stage.host.push(`${result(0)}\n`);
    await settle();
    stage.remote.lose();
    const remote = await restored(stage);
    expect(linesOf(remote).map((line) => line.replace(/"id":"[^"]*"/, '"id":0'))).toEqual([
      initialize,
      initialized,
      request(1),
    ]);
  });

  it("are not heard any more once we have given its server up", async () => {
    const stage = await begun();
    stage.remote.lose();
    const slow = await dialled(stage);
    stage.shown.stall();
    slow.say(`{"jsonrpc":"2.0","method":"m","params":["${"x".repeat(2000)}"]}\n`);
    await settle();
    slow.say(`${fromServer(0)}\n`);
    await pass(46_000);
    expect(slow.calls).toContain("disconnect");
    const remote = await dialled(stage, 7_500);
    stage.shown.flow();
    await settle();
    expect(stage.lines.at(-1)).not.toBe(fromServer(0));
    stage.host.push(`${result(0)}\n`);
    await settle();
    expect(linesOf(remote).length).toBe(1);
  });

  it("in batches: the late answers are cut out, ids that come again renamed", async () => {
    const stage = await begun();
    stage.remote.say(`${fromServer(0)}\n${fromServer(1)}\n`);
    await settle();
    stage.remote.lose();
    const remote = await restored(stage);
    const [from, sent] = [stage.lines.length, linesOf(remote).length];
    remote.say(`[${fromServer(0)} , ${fromServer(7)}]\n`);
    await settle();
    const members = JSON.parse(stage.lines[from]!) as { id: unknown }[];
    expect(members[1]?.id).toBe(7);
    stage.host.push(`[${result(1)},${result(7)} , ${result(members[0]!.id as string)}]\n`);
    await settle();
    expect(linesOf(remote).slice(sent)).toEqual([`[${result(7)} , ${result(0)}]`]);
  });

  it("a long answer is held until its id is known", async () => {
    const stage = await begun({ streamBytes: 1_000 });
    stage.remote.say(`${fromServer(0)}\n`);
    await settle();
    stage.remote.lose();
    const remote = await restored(stage);
    const sent = linesOf(remote).length;
    const answer = (id: number) => `{"result":"${"x".repeat(5_000)}","jsonrpc":"2.0","id":${id}}`;
    stage.host.push(...`${answer(0)}\n`.match(/[\s\S]{1,700}/g)!, `${answer(5)}\n`);
    await settle();
    expect(linesOf(remote).slice(sent)).toEqual([answer(5)]);
  });
});

describe("protocol 2026-07-28", () => {
  const discover = request("probe", "server/discover");
  const modern = async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.remote.say(`${result("probe")}\n`);
    await settle();
    return stage;
  };

  it("needs no handshake; what the host listened to is answered", async () => {
    const stage = await modern();
    stage.host.push(`${request(1, "subscriptions/listen")}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "link-lost" } } }]);
    stage.host.push(`${request(2, "subscriptions/listen")}\n`);
    const remote = await dialled(stage);
    expect(linesOf(remote)).toEqual([request(2, "subscriptions/listen")]);
    expect(stage.lines.length).toBe(2);
    stage.host.end();
    await pass(2_000);
    expect(stage.code).toBe(0);
  });

  it("a new server that says nothing has 45 s for its first reply", async () => {
    const stage = await modern();
    stage.remote.lose();
    await dialled(stage);
    stage.host.push(`${request(1)}\n`);
    await pass(45_000);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "no-first-reply" } } }]);
    stage.stop(15);
    await pass(1_000);
  });

  it("what was answered for, while it waited to be sent, does not go to the server after that", async () => {
    const stage = await modern();
    stage.remote.lose();
    const silent = await dialled(stage, 7_500);
    silent.stdin.stall();
    stage.host.push(`${request(0).replace("}", `,"params":["${"x".repeat(2000)}"]}`)}\n`);
    await settle();
    stage.host.push(`${request(1)}\n`);
    await pass(45_000);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0, 1]);
    silent.lose();
    const remote = await dialled(stage, 7_500);
    expect(linesOf(remote)).toEqual([]);
  });

  it("a probe that was answered with an error is no beginning", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.remote.say('{"jsonrpc":"2.0","id":"probe","error":{"code":-32601,"message":"?"}}\n');
    await settle();
    stage.remote.lose();
    await pass(6_000);
    expect(stage.redials).toEqual([]);
    expect(stage.code).toBe(1);
  });
});

describe("the end while there is no link", () => {
  it.each([
    ["0 if nothing was unanswered", false, false, 0],
    ["1 if something was in flight", true, false, 1],
    ["1 if something waits", false, true, 1],
  ])("by the host's EOF: %s", async (_, isInFlight, isWaiting, code) => {
    const stage = await begun();
    if (isInFlight) stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.lose();
    await settle();
    if (isWaiting) stage.host.push(`${request(2)}\n`);
    await pass(5_000);
    stage.host.end();
    await pass(0);
    expect(stage.code).toBe(code);
    expect(stage.refusals.map(({ id }) => id)).toEqual([...(isInFlight ? [1] : []), ...(isWaiting ? [2] : [])]);
    if (isWaiting) expect(stage.refusals.at(-1)?.error.message).toMatch(/The request was never sent\.$/);
    expect(stage.redials[0]?.isAborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("by the host's EOF in the middle of the replay", async () => {
    const stage = await begun();
    stage.remote.lose();
    const remote = await dialled(stage);
    stage.host.end();
    await pass(100);
    expect(stage.code).toBe(0);
    expect(remote.calls).toContain("disconnect");
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["in a pause", async () => undefined, 143],
    ["while it is dialled", () => pass(5_000), 143],
  ])("by a signal %s", async (_, go, code) => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n`);
    await go();
    stage.stop(15);
    await pass(0);
    expect(stage.code).toBe(code);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("by a signal in the middle of the replay", async () => {
    const stage = await begun();
    stage.remote.lose();
    const remote = await dialled(stage);
    stage.stop(2);
    await pass(1_000);
    expect(stage.code).toBe(130);
    expect(remote.calls).toContain("disconnect");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("by a host that does not read any more", async () => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.shown.break();
    await pass(0);
    expect(stage.code).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["an exit status", { status: 3 } as const, 3],
    ["a signal", { signal: "KILL", coreDumped: false, message: "" } as const, 137],
    ["a closed channel", undefined, 0],
  ])("by a remote that ends by itself, with %s: nobody starts it again", async (_, exit, code) => {
    const stage = await begun();
    stage.remote.exit(exit);
    await pass(6_000);
    expect(stage.redials).toEqual([]);
    expect(stage.code).toBe(code);
  });

  it("by a new server that ends by itself", async () => {
    const stage = await begun();
    stage.remote.lose();
    await settle();
    stage.host.push(`${request(1)}\n`);
    const remote = await dialled(stage);
    remote.exit({ status: 127 });
    await pass(100);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "exited", mayHaveRun: false } } }]);
    expect(stage.code).toBe(127);
  });

  it("not by a new server that does not answer: that is one more attempt that failed", async () => {
    const stage = await begun();
    stage.remote.lose();
    await pass(5_000);
    const silent = new FakeRemote();
    stage.redials[0]?.succeed(silent);
    await pass(45_000);
    expect(silent.calls).toContain("disconnect");
    const remote = await restored(stage);
    expect(stage.redials.length).toBe(2);
    expect(linesOf(remote).length).toBe(2);
  });
});

it("a loss while the host reads nothing is told when it reads again, and every answer once", async () => {
  const stage = await begun();
  stage.host.push(`${request(1)}\n${request(2)}\n`);
  await settle();
  stage.shown.stall();
  const big = `{"jsonrpc":"2.0","id":1,"result":"${"x".repeat(5_000)}"}`;
  stage.remote.say(`${big}\n`);
  await settle();
  stage.remote.lose();
  await pass(10_000);
  stage.shown.flow();
  await settle();
  expect(stage.lines[1]).toBe(big);
  expect(stage.refusals.map(({ id }) => id)).toEqual([2]);
  const remote = await restored(stage);
  expect(linesOf(remote).length).toBe(2);
});

it("half a line of the lost server's goes nowhere, and the new server's lines are whole", async () => {
  const stage = await begun();
  stage.host.push(`${request(1)}\n`);
  await settle();
  stage.remote.say('{"jsonrpc":"2.0","id":1,"resu');
  await settle();
  stage.remote.lose();
  await settle();
  expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
  const remote = await restored(stage);
  remote.say(`{"jsonrpc":"2.0","method":"n"}\n`);
  await settle();
  expect(stage.lines.slice(2)).toEqual([...listChanged, '{"jsonrpc":"2.0","method":"n"}']);
  expect(stage.logged("remote")).toEqual([]);
});
