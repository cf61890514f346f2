/** The shield of the era probe: a remote that meets `server/discover` with silence or its end costs no session. */
import { describe, expect, it, vi } from "vitest";
import { deferred } from "../../src/ssh/deferred.ts";
import { FakeRemote, pass, request, result, Stage, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

const DISCOVER =
  '{"jsonrpc":"2.0","id":"probe","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}';
const INITIALIZE = request(0, "initialize");
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** A proxy whose remote gives as many sessions as are asked for; `sessions` has the further ones. */
async function shielded(limits = {}): Promise<{ stage: Stage; sessions: FakeRemote[] }> {
  const stage = new Stage(limits);
  const sessions: FakeRemote[] = [];
  stage.remote.reopen = async () => {
    const { fake, remote } = stage.remote.another();
    sessions.push(fake);
    return remote;
  };
  stage.connect();
  await settle();
  return { stage, sessions };
}

const notFound = {
  jsonrpc: "2.0",
  id: "probe",
  error: { code: -32601, data: { source: "mcp-ssh-client", reason: "probe-unanswered", method: "server/discover" } },
};

const answers = (stage: Stage) => stage.lines.map((line) => JSON.parse(line));

describe("a remote that is silent on the probe", () => {
  it("is answered for after 8 s, and initialize gets a session of its own", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await pass(7_999);
    expect(stage.lines).toEqual([]);
    await pass(1);
    expect(answers(stage)).toMatchObject([notFound]);
    expect(stage.remote.calls).toEqual(["signal TERM", "close"]);
    expect(sessions.length).toBe(0);
    stage.host.push(`${INITIALIZE}\n`);
    await settle();
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n`);
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n`);
    sessions[0]?.say(`${result(0)}\n`);
    stage.host.push(`${INITIALIZED}\n${request(1)}\n`);
    await settle();
    expect(stage.lines[1]).toBe(result(0));
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n${INITIALIZED}\n${request(1)}\n`);
    expect(stage.remote.calls).not.toContain("disconnect");
  });

  it("counts from the sending, not from the dialling", async () => {
    const stage = new Stage();
    stage.remote.reopen = async () => stage.remote.another().remote;
    stage.host.push(`${DISCOVER}\n`);
    await pass(10_000);
    stage.connect();
    await pass(7_999);
    expect(stage.lines).toEqual([]);
    await pass(1);
    expect(answers(stage)).toMatchObject([notFound]);
  });

  it("is not heard any more: late answers are dropped", async () => {
    const { stage, sessions } = await shielded();
    stage.remote.answersClose = false;
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    stage.remote.say(`${result("probe")}\n`, '{"jsonrpc":"2.0","method":"n"}\n');
    await pass(1_000);
    stage.host.push(`${INITIALIZE}\n`);
    await settle();
    expect(sessions.length).toBe(1);
    stage.remote.say(`${result(0)}\n`);
    await settle();
    expect(stage.lines.length).toBe(1);
  });

  it("what comes behind the probe waits, in order, and goes to the new session", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n${INITIALIZE}\n`);
    await pass(1_000);
    stage.host.push(`${INITIALIZED}\n`);
    await pass(7_000);
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n`);
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n${INITIALIZED}\n`);
  });

  it("the first reply is waited for anew", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    await pass(40_000);
    stage.host.push(`${INITIALIZE}\n`);
    await pass(44_999);
    expect(sessions.length).toBe(1);
    expect(stage.refusals).toEqual([]);
    await pass(1);
    expect(stage.refusals).toMatchObject([{ id: 0, error: { data: { reason: "no-first-reply" } } }]);
  });

  it("a host that asks again is answered for each, and no session is opened for that", async () => {
    const { stage, sessions } = await shielded();
    const again = (id: number) => request(id, "server/discover");
    stage.host.push(`${DISCOVER}\n`);
    await pass(5_000);
    stage.host.push(`${again(2)}\n`);
    await pass(3_000);
    stage.host.push(`${again(3)}\n`);
    await settle();
    expect(answers(stage).map(({ id, error }) => [id, error.code])).toEqual([
      ["probe", -32601],
      [2, -32601],
      [3, -32601],
    ]);
    expect(sessions.length).toBe(0);
    stage.host.push(`${INITIALIZE}\n${again(4)}\n`);
    await settle();
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n${again(4)}\n`);
  });

  it("a host that asks again, and gets an answer: all goes on, in order", async () => {
    const { stage } = await shielded();
    stage.host.push(`${DISCOVER}\n${request(2, "server/discover")}\n${INITIALIZE}\n`);
    await settle();
    stage.remote.say(`${result("probe")}\n`);
    await settle();
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n${request(2, "server/discover")}\n${INITIALIZE}\n`);
  });

  it("a probe that the host has cancelled is not answered", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(
      `${DISCOVER}\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"probe"}}\n`,
    );
    await pass(8_000);
    stage.host.push(`${INITIALIZE}\n`);
    await settle();
    expect(stage.lines).toEqual([]);
    expect(sessions.length).toBe(1);
  });
});

describe("a remote that ends on the probe", () => {
  it.each([
    { name: "with 0", exit: { status: 0 } },
    { name: "with 1", exit: { status: 1 } },
    { name: "by a signal", exit: { signal: "SEGV", coreDumped: false, message: "" } },
    { name: "without a word", exit: undefined },
  ])("$name: is answered for at once, and initialize gets a session of its own", async ({ exit }) => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await settle();
    stage.remote.exit(exit);
    await pass(50);
    expect(answers(stage)).toMatchObject([notFound]);
    stage.host.push(`${INITIALIZE}\n`);
    await settle();
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n`);
    sessions[0]?.say(`${result(0)}\n`);
    await settle();
    expect(stage.lines[1]).toBe(result(0));
    sessions[0]?.exit({ status: 7 });
    await pass(150);
    expect(stage.code).toBe(7);
  });

  it.each([126, 127])("with %i, the shell's word for what never ran: it is told as it is", async (status) => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await settle();
    stage.remote.exit({ status });
    await pass(50);
    expect(stage.refusals).toMatchObject([{ id: "probe", error: { data: { reason: "exited", status } } }]);
    expect(sessions.length).toBe(0);
  });

  it("with the connection: it is told as it is", async () => {
    const { stage } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await settle();
    stage.remote.lose();
    await pass(50);
    expect(stage.refusals).toMatchObject([{ id: "probe", error: { data: { reason: "link-lost" } } }]);
  });

  it("but did not get it any more, has not died of it", async () => {
    const { stage, sessions } = await shielded();
    stage.remote.exit({ status: 3 });
    await pass(50);
    stage.host.push(`${DISCOVER}\n`);
    await pass(0);
    expect(stage.refusals).toMatchObject([{ id: "probe", error: { data: { reason: "exited", status: 3 } } }]);
    expect(sessions.length).toBe(0);
  });
});

describe("the shield is over", () => {
  it.each([
    { name: "an answer", answer: result("probe") },
    { name: "an error", answer: '{"jsonrpc":"2.0","id":"probe","error":{"code":-32601,"message":"no"}}' },
  ])("with $name to the probe: what waited goes on, and an end is an end", async ({ answer }) => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n${request(1)}\n`);
    await settle();
    stage.remote.say(`${answer}\n`);
    await settle();
    expect(stage.lines).toEqual([answer]);
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n${request(1)}\n`);
    await pass(8_000);
    stage.remote.exit({ status: 5 });
    await pass(5_000); // initialize might still come
    expect(stage.refusals).toMatchObject([{ id: 1 }]);
    expect(stage.code).toBe(5);
    expect(sessions.length).toBe(0);
  });

  it.each([
    { name: "another first request", first: INITIALIZE },
    { name: "a probe in a batch", first: `[${DISCOVER},${request(1)}]` },
  ])("with $name: a later probe is a request like others", async ({ first }) => {
    const { stage, sessions } = await shielded({ firstReplyTimeout: 100_000 });
    stage.host.push(`${first}\n${DISCOVER}\n${request(2)}\n`);
    await pass(9_000);
    expect(stage.remote.stdin.text).toBe(`${first}\n${DISCOVER}\n${request(2)}\n`);
    expect(stage.lines).toEqual([]);
    expect(sessions.length).toBe(0);
  });

  it("without another session to be had", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${DISCOVER}\n${INITIALIZE}\n`);
    await pass(9_000);
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n${INITIALIZE}\n`);
    expect(stage.lines).toEqual([]);
  });

  it("notifications and junk before the probe do not end it", async () => {
    const { stage } = await shielded();
    stage.host.push(`junk\n${INITIALIZED}\n${DISCOVER}\n`);
    await pass(8_000);
    expect(answers(stage)).toMatchObject([notFound]);
  });
});

describe("an end", () => {
  it("of the host's while the probe is out: it is still answered, and no other session opened", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await settle();
    stage.host.end();
    await pass(8_000);
    expect(answers(stage)).toMatchObject([notFound]);
    expect(stage.code).toBe(0);
    expect(sessions.length).toBe(0);
    expect(stage.remote.calls).toContain("disconnect");
  });

  it("of the host's with requests behind the probe: they are answered by the new session", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n${INITIALIZE}\n`);
    stage.host.end();
    await pass(8_000);
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n`);
    sessions[0]?.say(`${result(0)}\n`);
    await settle();
    expect(sessions[0]?.stdin.isClosed).toBe(true);
    sessions[0]?.exit({ status: 0 });
    await pass(50);
    expect(stage.lines[1]).toBe(result(0));
    expect(stage.code).toBe(0);
  });

  it("of the host's, where a late answer comes when half of its time is over: what was held goes, and EOF behind it", async () => {
    const { stage } = await shielded({ drainTimeout: 10_000 });
    stage.host.push(`${DISCOVER}\n${request(1)}\n${request("again", "server/discover")}\n`);
    stage.host.end();
    await pass(6_000);
    expect([stage.remote.stdin.text, stage.remote.stdin.isClosed]).toEqual([`${DISCOVER}\n`, false]);
    stage.remote.say(`${result("probe")}\n`);
    await settle();
    expect(stage.remote.stdin.text).toBe(`${DISCOVER}\n${request(1)}\n${request("again", "server/discover")}\n`);
    expect(stage.remote.stdin.isClosed).toBe(true);
    stage.remote.say(`${result(1)}\n${result("again")}\n`);
    stage.remote.exit({ status: 0 });
    await pass(50);
    expect(stage.code).toBe(0);
    expect(stage.lines).toEqual([result("probe"), result(1), result("again")]);
  });

  it("of the host's, where nothing was held behind a late answer: EOF goes all the same", async () => {
    const { stage } = await shielded({ drainTimeout: 10_000 });
    stage.host.push(`${DISCOVER}\n`);
    stage.host.end();
    await pass(6_000);
    stage.remote.say(`${result("probe")}\n`);
    await settle();
    expect(stage.remote.stdin.isClosed).toBe(true);
  });

  it("of the host's after the probe's answer: exit 0", async () => {
    const { stage } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    stage.host.end();
    await pass(0);
    expect(stage.code).toBe(0);
    expect(stage.remote.calls).toContain("disconnect");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("by a signal, whatever we wait for", async () => {
    const { stage } = await shielded();
    stage.remote.answersClose = false;
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    stage.stop(15);
    await pass(1_000);
    expect(stage.code).toBe(143);
  });

  it("by a signal, while the new session opens", async () => {
    const { stage } = await shielded();
    stage.remote.reopen = () => deferred<never>().promise;
    stage.host.push(`${DISCOVER}\n${INITIALIZE}\n`);
    await pass(8_000);
    stage.stop(15);
    await pass(1_000);
    expect(stage.code).toBe(143);
  });

  it("of the connection between two sessions shows when the next one is opened", async () => {
    const { stage, sessions } = await shielded();
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    stage.remote.lose();
    await pass(1_000);
    expect(stage.code).toBeUndefined();
    stage.host.push(`${INITIALIZE}\n`);
    await settle();
    expect(sessions[0]?.stdin.text).toBe(`${INITIALIZE}\n`);
  });

  it("of the first connection, where the new session has one of its own", async () => {
    const { stage } = await shielded();
    const other = new FakeRemote();
    stage.remote.reopen = async () => other;
    stage.host.push(`${DISCOVER}\n${INITIALIZE}\n`);
    await pass(8_000);
    expect(other.stdin.text).toBe(`${INITIALIZE}\n`);
    expect(stage.remote.calls).toContain("disconnect");
    expect(other.calls).toEqual([]);
    other.say(`${result(0)}\n`);
    await settle();
    expect(stage.lines[1]).toBe(result(0));
  });

  it("where no other session is given: the next request is told why", async () => {
    const { stage } = await shielded();
    stage.remote.reopen = async () => {
      throw new Error("the server refused to open a channel");
    };
    stage.host.push(`${DISCOVER}\n`);
    await pass(8_000);
    stage.host.push(`${INITIALIZE}\n`);
    await pass(100);
    expect(stage.refusals[0]?.error.message).toMatch(/the server refused to open a channel/);
    expect(stage.code).toBe(1);
    expect(stage.remote.calls).toContain("disconnect");
  });
});
