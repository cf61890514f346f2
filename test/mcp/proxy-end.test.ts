/** The proxy's promises 6 to 8: the remote is gone, was never there, or says nothing. */
import { describe, expect, it, vi } from "vitest";
import type { ProxyLimits } from "../../src/mcp/limits.ts";
import { AuthError } from "../../src/ssh/errors.ts";
import { cuts, utf8 } from "./cuts.ts";
import { pass, request, result, Stage, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

const initialize = request(0, "initialize");
const discover = request("server-discover-probe-1", "server/discover");

describe("promise 6: the remote is gone, every pending request is answered", () => {
  const ends: readonly {
    name: string;
    end: (stage: Stage) => void;
    reason: string;
    says: RegExp;
    more?: object;
    code: number;
  }[] = [
    {
      name: "exit-status 0",
      end: ({ remote }) => remote.exit({ status: 0 }),
      reason: "exited",
      says: /exited with status 0\./,
      more: { status: 0 },
      code: 1,
    },
    {
      name: "exit-status 127",
      end: ({ remote }) => remote.exit({ status: 127 }),
      reason: "exited",
      says: /status 127 \(command not found.*PATH/,
      more: { status: 127 },
      code: 127,
    },
    {
      name: "exit-signal",
      end: ({ remote }) => remote.exit({ signal: "KILL", coreDumped: false, message: "" }),
      reason: "killed",
      says: /killed by signal KILL\./,
      more: { signal: "KILL" },
      code: 137,
    },
    {
      name: "channel close",
      end: ({ remote }) => remote.exit(undefined),
      reason: "closed",
      says: /closed the session without an exit status\./,
      code: 1,
    },
    {
      name: "link lost",
      end: ({ remote }) => remote.lose("Connection reset by peer"),
      reason: "link-lost",
      says: /link .* was lost: Connection reset by peer\./,
      code: 1,
    },
    {
      name: "link lost, with bytes on their way to nobody",
      end: ({ remote }) => remote.lose("no sign of life", true),
      reason: "link-lost",
      says: /link .* was lost: no sign of life\./,
      code: 1,
    },
  ];

  it.each(ends)("by $name", async ({ end, reason, says, more, code }) => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${result(0)}\n`);
    stage.host.push(`${request(1)}\n${request("b")}\n`);
    stage.remote.complain("Error: no such\u0007 file\n", "at main\n");
    await settle();
    end(stage);
    await pass(200);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, "b"]);
    for (const { jsonrpc, error } of stage.refusals) {
      expect(jsonrpc).toBe("2.0");
      expect(error.message).toMatch(says);
      expect(error.message).toMatch(
        /The call may have run\.\nIts stderr ended with:\nError: no such\\x07 file\nat main$/,
      );
      expect(error.data).toMatchObject({ source: "mcp-ssh-client", reason, mayHaveRun: true, ...more });
      expect(error.data.stderr).toEqual(["Error: no such\\x07 file", "at main"]);
    }
    expect(stage.logged("error").length).toBe(1);
    expect(stage.logged("error")[0]).not.toContain("\n");
    expect(stage.code).toBe(code);
    expect(stage.remote.calls).toContain("disconnect");
    expect(stage.remote.calls).not.toContain("signal TERM");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("answers that came before the end are delivered, not replaced", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    await settle();
    stage.shown.stall();
    stage.remote.say(`${result(1)}\n`);
    stage.remote.lose();
    await pass(100);
    stage.shown.flow();
    await pass(100);
    expect(stage.lines[0]).toBe(result(1));
    expect(stage.refusals.map(({ id }) => id)).toEqual([2]);
  });

  it("however many they are, and however slow the host", async () => {
    const stage = await Stage.connected();
    const ids = Array.from({ length: 50 }, (_, id) => `${id} ${"x".repeat(500)}`);
    stage.host.push(ids.map((id) => `${request(id)}\n`).join(""));
    await settle();
    stage.shown.stall();
    stage.remote.say(...ids.map((id) => `${result(id)}\n`));
    stage.remote.exit({ status: 0 });
    await pass(20_000);
    stage.shown.flow();
    await pass(100);
    expect(stage.lines).toEqual(ids.map(result));
    expect(stage.code).toBe(0);
  });

  it.each([
    { what: "an answer", half: '{"jsonrpc":"2.0","id":1,"result":{"a' },
    { what: "a batch", half: '[{"jsonrpc":"2.0","id":1,"result":{}}' },
    { what: "a message behind others", half: '{"jsonrpc":"2.0","method":"n"}\n{"id":1,' },
  ])(
    "$what that was cut off in the middle is no noise: one line says so, and its request is answered",
    async ({ half }) => {
      const stage = await Stage.connected();
      stage.host.push(`${request(1)}\n`);
      await settle();
      stage.remote.say(half);
      await settle();
      stage.remote.lose();
      await pass(200);
      const [last = ""] = half.split("\n").slice(-1);
      expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
      expect(stage.logged("remote")).toEqual([]);
      expect(stage.logged("warning")).toEqual([
        `The remote's stdout ended in the middle of a message: the ${last.length} bytes that had come are dropped`,
      ]);
    },
  );

  it("half a line that is the beginning of no message is shown", async () => {
    const stage = await Stage.connected();
    stage.remote.say("Password: ");
    await settle();
    stage.remote.lose();
    await settle();
    expect(stage.logged("remote")).toEqual(["[remote stdout, no MCP message] Password: "]);
  });

  it("a request that was never sent is told so", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.stdin.stall();
    stage.host.push('{"jsonrpc":"2.0","method":"n","params":"', "x".repeat(2000), '"}\n', `${request(1)}\n`);
    await settle();
    stage.remote.lose();
    await pass(100);
    expect(stage.refusals.map(({ error }) => error.data.mayHaveRun)).toEqual([true, false]);
    expect(stage.refusals[1]?.error.message).toMatch(/The request was never sent\.$/);
  });

  it("the last 10 lines of its stderr are quoted", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.remote.complain(Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join(""));
    await settle();
    stage.remote.exit({ status: 1 });
    await pass(100);
    const expected = Array.from({ length: 10 }, (_, i) => `line ${20 + i}`);
    expect(stage.refusals[0]?.error.data.stderr).toEqual(expected);
  });

  it("quotes of long lines of stderr only the beginning, which is shown whole", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.complain(`${"x".repeat(4000)}\n`);
    stage.remote.exit({ status: 1 });
    await pass(0);
    expect(stage.refusals[0]?.error.data.stderr).toEqual([`${"x".repeat(512)}...`]);
    expect(stage.logged("remote")).toEqual([`[remote stderr] ${"x".repeat(4000)}`]);
  });

  it("stderr that comes with the end is quoted too", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.complain(...Array.from({ length: 50 }, (_, i) => `${i}\n`), "bash: npx: ", "command not found");
    stage.remote.exit({ status: 127 });
    await pass(0);
    expect(stage.refusals[0]?.error.message).toMatch(/Its stderr ended with:\n41\n.*\nbash: npx: command not found$/s);
  });

  it("a subscription is answered as well, and does not count as unanswered", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request("s", "subscriptions/listen")}\n`);
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual(["s"]);
    expect(stage.code).toBe(0);
  });

  it("a remote that closes its stdout and lives on is ended after 2 s", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.remote.stdout.end();
    await pass(1999);
    expect(stage.refusals).toEqual([]);
    await pass(200);
    expect(stage.refusals).toMatchObject([{ id: 1, error: { data: { reason: "closed" } } }]);
    expect(stage.code).toBe(1);
  });

  it("a remote whose stdin breaks is ended after 2 s", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.stdin.break();
    await pass(2200);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(stage.code).toBe(1);
  });

  it("a remote whose stdin breaks is ended only after 2 s in which it says nothing", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n${request(2)}\n`);
    await settle();
    stage.remote.stdin.break();
    await pass(1900);
    stage.remote.say(`${result(1)}\n`);
    await pass(1900);
    expect(stage.refusals).toEqual([]);
    await pass(2200);
    expect(stage.lines[0]).toBe(result(1));
    expect(stage.refusals.map(({ id }) => id)).toEqual([2]);
  });

  it("a remote that has ended and goes on talking is ended after a minute", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(0)}\n${request(1)}\n`);
    await settle();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.remote.stdin.break();
    for (let second = 0; second < 59; second++) {
      stage.remote.say("a child that it left behind\n");
      await pass(1000);
    }
    expect(stage.refusals).toEqual([]);
    for (let second = 0; second < 6; second++) {
      stage.remote.say("a child that it left behind\n");
      await pass(1000);
    }
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
  });

  it("a remote that has ended and does not answer CLOSE is ended all the same", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.answersClose = false;
    stage.remote.stdin.break();
    await pass(2900);
    expect(stage.refusals).toEqual([]);
    await pass(1200); // its stderr has a second as well
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    await pass(2000);
    expect(stage.code).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("with nothing pending and the host still there, its status is all", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(100);
    expect(stage.code).toBe(0);
    expect(stage.lines).toEqual([result(0)]);
  });

  it("after the host's EOF, a remote that ends with a request unanswered is a failure", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(stage.code).toBe(1);
  });

  it("an end that the host asked for is no error", async () => {
    const stage = await Stage.connected();
    stage.host.end();
    await settle();
    stage.remote.exit({ status: 0 });
    await pass(0);
    expect(stage.logged("error")).toEqual([]);
  });
});

describe("promise 6: a line of the host's that the loss cuts through", () => {
  describe.each(cuts)("its rest fed $name", ({ of }) => {
    it("is scanned for its id, answered and dropped", async () => {
      const stage = await Stage.connected({ streamBytes: 100 });
      stage.host.push(`${initialize}\n`);
      await settle();
      stage.remote.say(`${result(0)}\n`);
      stage.host.push(`{"method":"tools/call","params":"${"x".repeat(500)}`);
      await settle();
      const sent = stage.remote.stdin.length;
      stage.remote.lose();
      await pass(100);
      expect(stage.code).toBeUndefined();
      stage.host.push(...of(utf8(`${"x".repeat(50)}","jsonrpc":"2.0","id":7}\n`)));
      await pass(200);
      expect(stage.refusals).toMatchObject([{ id: 7, error: { data: { mayHaveRun: false } } }]);
      expect(stage.remote.stdin.length).toBe(sent);
      expect(stage.code).toBe(1);
    });
  });

  it("and we stay no longer than 2 s for it", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n{"jsonrpc"`);
    await settle();
    stage.remote.lose();
    await pass(2000);
    await pass(100);
    expect(stage.code).toBe(1);
  });
});

describe("promise 6: what the host has said and we have not read when the remote goes", () => {
  /** A remote that has answered `initialize`, and goes. */
  async function gone(limits: Partial<ProxyLimits> = {}): Promise<Stage> {
    const stage = await Stage.connected(limits);
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.remote.exit({ status: 3 });
    await pass(50);
    return stage;
  }

  it("is read and answered, until the host has been silent for 100 ms", async () => {
    const stage = await gone();
    for (const id of [1, 2, 3]) {
      stage.host.push(`${request(id)}\n`);
      await pass(75);
    }
    expect(stage.code).toBeUndefined();
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(stage.code).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("the rest of a line is waited for as well", async () => {
    const stage = await gone();
    stage.host.push(request(1));
    await pass(1500);
    expect(stage.code).toBeUndefined();
    stage.host.push("\n");
    await pass(200);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(stage.code).toBe(3);
  });

  it("a host that never falls silent keeps us for 2 s", async () => {
    const stage = await gone();
    for (let turn = 0; turn < 60 && stage.code === undefined; turn++) {
      stage.host.push('{"jsonrpc":"2.0","method":"n"}\n');
      await pass(50);
      if (turn < 35) expect(stage.code).toBeUndefined();
    }
    expect(stage.code).toBe(3);
  });

  it("nothing is waited for once the host has ended its input", async () => {
    const stage = await gone();
    stage.host.push(`${request(1)}\n`);
    stage.host.end();
    await pass(0);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1]);
    expect(stage.code).toBe(3);
  });

  it("nor after a signal", async () => {
    const stage = await gone();
    stage.stop(15);
    await pass(0);
    expect(stage.code).toBe(143);
  });

  it("a host that does not read its answers is not read either, and gets them all once it does", async () => {
    const stage = await gone();
    const ids = Array.from({ length: 200 }, (_, id) => id + 1);
    stage.shown.stall();
    stage.host.push(...ids.map((id) => `${request(id)}\n`));
    await pass(30_000);
    expect(stage.host.unread.length).toBeGreaterThan(190);
    expect(stage.code).toBeUndefined();
    stage.shown.flow();
    await pass(200);
    expect(stage.refusals.map(({ id }) => id)).toEqual(ids);
    expect(stage.code).toBe(3);
  });

  it("and a signal ends that too", async () => {
    const stage = await gone();
    stage.shown.stall();
    stage.host.push(...Array.from({ length: 200 }, (_, id) => `${request(id)}\n`));
    await pass(1000);
    stage.stop(15);
    await pass(1000);
    expect(stage.code).toBe(143);
    await stage.ended;
  });
});

describe("promise 6: a connection that never came up", () => {
  it("answers the host's first request with the reason, and stderr says it in one line", async () => {
    const stage = new Stage();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.fail(new AuthError("Authentication failed: no key was taken\ntry ssh-add", [], [], false));
    await pass(100);
    expect(stage.refusals).toMatchObject([
      { id: 0, error: { data: { reason: "connect-failed", mayHaveRun: false, stderr: [] } } },
    ]);
    expect(stage.refusals[0]?.error.message).toBe(
      "The remote MCP server was not reached: Authentication failed: no key was taken try ssh-add.",
    );
    expect(stage.logged("error")).toEqual([
      "The remote MCP server was not reached: Authentication failed: no key was taken try ssh-add",
    ]);
    expect(stage.code).toBe(1);
  });

  it("waits up to 2 s for it to come", async () => {
    const stage = new Stage();
    stage.fail(new Error("Connection refused"));
    await pass(1999);
    expect(stage.code).toBeUndefined();
    stage.host.push('{"jsonrpc":"2.0","method":"n"}\n', `${initialize}\n`);
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0]);
    expect(stage.code).toBe(1);
  });

  it("and no longer", async () => {
    const stage = new Stage();
    stage.fail(new Error("Connection refused"));
    await pass(2000);
    expect(stage.code).toBe(1);
    expect(stage.lines).toEqual([]);
  });

  it("nor for a host that has left", async () => {
    const stage = new Stage();
    stage.fail(new Error("Connection refused"));
    await settle();
    stage.host.end();
    await pass(0);
    expect(stage.code).toBe(1);
  });

  it("an errored server/discover is answered so too, and we stay up to 5 s to answer initialize", async () => {
    const stage = new Stage();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.fail(new Error("Connection refused"));
    await pass(4999);
    expect(stage.refusals).toMatchObject([{ id: "server-discover-probe-1", error: { code: -31001 } }]);
    expect(stage.code).toBeUndefined();
    stage.host.push(`${initialize}\n`);
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual(["server-discover-probe-1", 0]);
    expect(stage.code).toBe(1);
  });

  it("and no longer than 5 s, also where the probe came late", async () => {
    const stage = new Stage();
    stage.fail(new Error("Connection refused"));
    await pass(1500);
    stage.host.push(`${discover}\n`);
    await pass(4999);
    expect(stage.code).toBeUndefined();
    await pass(1);
    expect(stage.code).toBe(1);
  });

  it("a remote that dies of the probe keeps us for initialize as well", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.remote.exit({ status: 1 });
    await pass(1000);
    stage.host.push(`${initialize}\n`);
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual(["server-discover-probe-1", 0]);
    expect(stage.code).toBe(1);
  });

  it("and so does one that answers the probe with an error before it dies", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.remote.say('{"jsonrpc":"2.0","id":"server-discover-probe-1","error":{"code":-32601,"message":"no"}}\n');
    stage.remote.exit({ status: 1 });
    await pass(1000);
    stage.host.push(`${initialize}\n`);
    await pass(100);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0]);
    expect(stage.code).toBe(1);
  });

  it("a remote that ends before the host's first request answers it too", async () => {
    const stage = await Stage.connected();
    stage.remote.complain("bash: mcp: command not found\n");
    stage.remote.exit({ status: 127 });
    await pass(1000);
    stage.host.push(`${initialize}\n`);
    await pass(100);
    expect(stage.refusals[0]?.error.message).toMatch(/status 127.*\nbash: mcp: command not found$/s);
    expect(stage.code).toBe(127);
  });

  it("everything that the host said meanwhile is answered, in order", async () => {
    const stage = new Stage();
    const ids = Array.from({ length: 40 }, (_, id) => id);
    stage.host.push(...ids.map((id) => `${request(id)}\n`));
    await settle();
    stage.fail(new Error("Connection refused"));
    await pass(0);
    expect(stage.refusals.map(({ id }) => id)).toEqual(ids);
  });

  it("a first request behind more than may queue is still found", async () => {
    const stage = new Stage();
    for (let count = 0; count < 40; count++) stage.host.push(`{"jsonrpc":"2.0","method":"${"x".repeat(100_000)}"}\n`);
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.fail(new Error("Connection refused"));
    await pass(0);
    expect(stage.refusals.map(({ id }) => id)).toEqual([0]);
  });
});

describe("promise 8: the first reply", () => {
  it("that does not come within 45 s is answered for, with one warning that says what to check", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    stage.remote.complain("Password:\n");
    await pass(44_999);
    expect(stage.lines).toEqual([]);
    await pass(1);
    expect(stage.refusals).toMatchObject([
      { id: 0, error: { data: { reason: "no-first-reply", stderr: ["Password:"] } } },
    ]);
    expect(stage.refusals[0]?.error.message).toMatch(/within 45 s\. Check that/);
    expect(stage.logged("warning").length).toBe(1);
    expect(stage.code).toBeUndefined();
  });

  it("that does not come is no success, though the host has left by then and waits longer", async () => {
    const stage = await Stage.connected({ drainTimeout: 120_000 });
    stage.host.push(`${initialize}\n`);
    stage.host.end();
    await pass(45_000);
    expect(stage.refusals).toMatchObject([{ id: 0, error: { data: { reason: "no-first-reply" } } }]);
    await pass(2_000);
    expect(stage.code).toBe(1);
  });

  it("counts from the sending, not from the dialling", async () => {
    const stage = new Stage();
    stage.host.push(`${initialize}\n`);
    await pass(30_000);
    stage.connect();
    await pass(44_999);
    expect(stage.lines).toEqual([]);
    await pass(1);
    expect(stage.refusals.length).toBe(1);
  });

  it("what waits to be sent by then may run, since it is sent all the same", async () => {
    const stage = await Stage.connected({ firstReplyTimeout: 100 });
    stage.remote.stdin.stall();
    stage.host.push(`${request(0).replace("}", `,"params":["${"x".repeat(2000)}"]}`)}\n`);
    await settle();
    stage.host.push(`${request(1)}\n`);
    await pass(100);
    expect(stage.refusals.map(({ error }) => error.data.mayHaveRun)).toEqual([true, true]);
    stage.remote.stdin.flow();
    await settle();
    expect(stage.remote.stdin.text.endsWith(`${request(1)}\n`)).toBe(true);
  });

  it("that comes too late does not pass: its request was answered", async () => {
    const stage = await Stage.connected({ firstReplyTimeout: 100 });
    stage.host.push(`${initialize}\n`);
    await pass(100);
    stage.remote.say(`${result(0)}\n{"jsonrpc":"2.0","method":"n"}\n`);
    await settle();
    expect(stage.lines.slice(1)).toEqual(['{"jsonrpc":"2.0","method":"n"}']);
    expect(stage.logged("debug")).toEqual([expect.stringMatching(/late answer/)]);
  });

  it.each([
    { name: "a live answer behind it", batch: `[ ${result(0)}, ${result(1)} ]\r`, passed: `[ ${result(1)} ]\r` },
    {
      name: "a notification before it",
      batch: `[{"jsonrpc":"2.0","method":"n"},${result(0)}]`,
      passed: '[{"jsonrpc":"2.0","method":"n"}]',
    },
    { name: "nothing else", batch: `[${result(0)},${result(0)}]`, passed: undefined },
  ])("that comes too late in a batch is cut out of it: with $name", async ({ batch, passed }) => {
    const stage = await Stage.connected({ firstReplyTimeout: 100 });
    stage.host.push(`${initialize}\n`);
    await pass(100);
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.say(`${batch}\n`);
    await settle();
    expect(stage.lines.slice(1)).toEqual(passed === undefined ? [] : [passed]);
    expect(stage.logged("debug")).toEqual([expect.stringMatching(/late answer/)]);
  });

  it("may be any answer: later requests take the time they take", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await pass(44_000);
    stage.remote.say(`${result(0)}\n`);
    stage.host.push(`${request(1)}\n`);
    await pass(500_000);
    expect(stage.lines).toEqual([result(0)]);
  });

  it("is waited for from the first request on, once", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${request(1)}\n`);
    await pass(10_000);
    stage.host.push(`${request(2)}\n`);
    await pass(35_000);
    expect(stage.refusals.map(({ id }) => id)).toEqual([1, 2]);
    await pass(50_000);
    expect(stage.logged("warning").length).toBe(1);
  });

  it("is waited for anew with the next request", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${discover}\n`);
    await pass(45_000);
    stage.host.push(`${initialize}\n`);
    await pass(44_999);
    expect(stage.refusals.length).toBe(1);
    await pass(1);
    expect(stage.refusals.length).toBe(2);
  });

  it("an id that the host uses again is a new request", async () => {
    const stage = await Stage.connected({ firstReplyTimeout: 100 });
    stage.host.push(`${request(1)}\n`);
    await pass(100);
    stage.host.push(`${request(1)}\n`);
    await settle();
    stage.remote.say(`${result(1)}\n`);
    await settle();
    expect(stage.lines.at(-1)).toBe(result(1));
  });
});

describe("a shell in the place of an MCP server", () => {
  const complaint = "bash: line 1: method:initialize: command not found\n";

  function shell(): Stage {
    const stage = new Stage();
    stage.remote.isShell = true;
    stage.connect();
    stage.host.push(`${initialize}\n`);
    return stage;
  }

  it("is told at once, and nothing ran", async () => {
    const stage = shell();
    await settle();
    stage.remote.complain(complaint);
    await pass(100);
    expect(stage.refusals).toMatchObject([{ id: 0, error: { data: { reason: "login-shell", mayHaveRun: false } } }]);
    expect(stage.refusals[0]?.error.message).toMatch(
      /^No MCP server answers there but a shell.*: say what to start there with --command or --subsystem\)\. The call did not run\.\nIts stderr ended with:\nbash: /,
    );
    expect(stage.logged("error").length).toBe(1);
    expect(stage.code).toBe(1);
    expect(stage.remote.calls).toContain("disconnect");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("also where the host asks server/discover first: that has died of no probe", async () => {
    const stage = new Stage();
    stage.remote.isShell = true;
    stage.remote.reopen = () => Promise.reject(new Error("another session"));
    stage.connect();
    stage.host.push(`${discover}\n`);
    await settle();
    stage.remote.complain(complaint);
    await settle();
    stage.host.push(`${initialize}\n`);
    await pass(100);
    expect(stage.refusals.map(({ error }) => error.data.reason)).toEqual(["login-shell", "login-shell"]);
  });

  it("is nothing that a server says once it has answered", async () => {
    const stage = shell();
    await settle();
    stage.remote.say(`${result(0)}\n`);
    await settle();
    stage.remote.complain(complaint);
    await pass(100);
    expect(stage.lines).toEqual([result(0)]);
    expect(stage.code).toBeUndefined();
  });

  it("is nothing that a command says", async () => {
    const stage = await Stage.connected();
    stage.host.push(`${initialize}\n`);
    await settle();
    stage.remote.complain(complaint);
    await pass(100);
    expect(stage.lines).toEqual([]);
  });

  it("ends with any status, 127 among them: that is of no command of ours", async () => {
    const stage = shell();
    await settle();
    stage.remote.exit({ status: 127 });
    await pass(100);
    expect(stage.refusals[0]?.error.message).toMatch(/^The .* status 127 \(a login shell is no MCP server: say/);
    expect(stage.code).toBe(127);
  });

  it("says nothing at all: what to do is told", async () => {
    const stage = shell();
    await pass(45_000);
    expect(stage.refusals[0]?.error.message).toMatch(/within 45 s\. Without --command or --subsystem .* login shell/);
  });
});

it.each([126, 127])("a remote that ends with status %i before any reply has run nothing", async (status) => {
  const stage = await Stage.connected();
  stage.host.push(`${initialize}\n`);
  await settle();
  stage.remote.exit({ status });
  await pass(100);
  expect(stage.refusals[0]?.error.message).toMatch(/\)\. The call did not run\.$/);
  expect(stage.refusals[0]?.error.data.mayHaveRun).toBe(false);
});

it("no timer is left behind in any of the common ends", async () => {
  const stage = await Stage.connected();
  stage.host.push(`${initialize}\n`);
  await settle();
  stage.host.end();
  await settle();
  stage.remote.exit({ status: 0 });
  await stage.ended;
  expect(vi.getTimerCount()).toBe(0);
});
