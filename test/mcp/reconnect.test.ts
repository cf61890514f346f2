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

/** Another link, on which a server has answered the handshake that was replayed. */
async function restored(stage: Stage, more: Record<string, string> = {}): Promise<FakeRemote> {
  const remote = new FakeRemote();
  await pass(5_000);
  stage.redials.at(-1)?.succeed(remote);
  await settle();
  remote.say(`${answerTo(idOf(linesOf(remote)[0]), more)}\n`);
  await settle();
  return remote;
}

describe("a link that is lost", () => {
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
    expect(stage.lines.slice(2)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
      '{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}',
      result(2),
    ]);
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

  it("is the end before the remote has answered initialize", async () => {
    const stage = await Stage.reconnecting();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.lose();
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0]);
    expect(stage.code).toBe(1);
    expect(stage.redials).toEqual([]);
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
