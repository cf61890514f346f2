/** What an interview makes of a remote that a test plays. */
import { describe, expect, test } from "vitest";
import { Interview, type Reply } from "../../src/mcp/interview.ts";
import { FakeRemote, pass, settle, useFakeTime } from "./fakes.ts";

useFakeTime();

/** Asks one thing, lets the remote do something, and gives what came of it. */
async function asked(act: (remote: FakeRemote) => void): Promise<{ reply: Reply | undefined; interview: Interview }> {
  const remote = new FakeRemote();
  const interview = new Interview(remote);
  let reply: Reply | undefined;
  void interview.ask("initialize", { a: 1 }, 1000).then((got) => {
    reply = got;
  });
  await settle();
  expect(remote.stdin.text).toBe('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"a":1}}\n');
  act(remote);
  await settle();
  return { reply, interview };
}

describe("a question", () => {
  const cases: [name: string, said: string, reply: Reply | undefined, noise: string[]][] = [
    ["a result", '{"jsonrpc":"2.0","id":0,"result":{"x":1}}\n', { how: "result", result: { x: 1 } }, []],
    [
      "an error",
      '{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no"}}\n',
      { how: "error", code: -32601, message: "no" },
      [],
    ],
    ["an error without members", '{"jsonrpc":"2.0","id":0,"error":{}}\n', { how: "error", code: 0, message: "" }, []],
    ["a batch", '[{"jsonrpc":"2.0","id":0,"result":{}}]\n', { how: "result", result: {} }, []],
    ["another id", '{"jsonrpc":"2.0","id":1,"result":{}}\n', undefined, []],
    ["the id as a text", '{"jsonrpc":"2.0","id":"0","result":{}}\n', undefined, []],
    ["a result that is no object", '{"jsonrpc":"2.0","id":0,"result":[]}\n', undefined, []],
    ["a request of the server's", '{"jsonrpc":"2.0","id":0,"method":"ping"}\n', undefined, []],
    [
      "behind a prompt",
      'hi\u001b[31m\n$ {"jsonrpc":"2.0","id":0,"result":{}}\n',
      { how: "result", result: {} },
      ["hi\\x1b[31m", "$ "],
    ],
    ["only noise", "a\n\nb\nc\nd\n", undefined, ["a", "b", "c"]],
  ];
  test.each(cases)("answered with %s", async (_, said, expected, noise) => {
    const { reply, interview } = await asked((remote) => remote.say(said));
    expect(reply).toEqual(expected);
    expect(interview.noise).toEqual(noise);
  });

  test("nothing in its time is silence, and what comes later is no answer to the next", async () => {
    const remote = new FakeRemote();
    const interview = new Interview(remote);
    const replies: Reply[] = [];
    void interview.ask("one", {}, 1000).then((reply) => replies.push(reply));
    await pass(1000);
    void interview.ask("two", {}, 1000).then((reply) => replies.push(reply));
    remote.say('{"jsonrpc":"2.0","id":0,"result":{"late":true}}\n');
    remote.say('{"jsonrpc":"2.0","id":1,"result":{}}\n');
    await settle();
    expect(replies).toEqual([{ how: "silent" }, { how: "result", result: {} }]);
  });

  test("the remote's end, with what it said last", async () => {
    const { reply, interview } = await asked((remote) => {
      remote.complain("first\nnot found");
      remote.exit({ status: 127 });
    });
    expect(reply).toEqual({ how: "gone", end: { how: "exited", status: 127 } });
    expect(interview.stderr).toEqual(["first", "not found"]);
  });

  test("an answer and then the end is an answer", async () => {
    const { reply } = await asked((remote) => {
      remote.say('{"jsonrpc":"2.0","id":0,"result":{}}\n');
      remote.exit({ status: 0 });
    });
    expect(reply).toEqual({ how: "result", result: {} });
  });

  test("a remote that takes nothing is silent", async () => {
    const remote = new FakeRemote();
    remote.stdin.stall();
    const interview = new Interview(remote);
    const reply = interview.ask("x", {}, 1000);
    await pass(1000);
    expect(await reply).toEqual({ how: "silent" });
  });
});

test("leaving ends the session and not the connection", async () => {
  const remote = new FakeRemote();
  await new Interview(remote).leave();
  expect(remote.calls).toEqual(["signal TERM", "close"]);
});
