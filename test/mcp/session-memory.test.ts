/** What a new server would have to be told, and whom we take for the same server: within bounds. */
import { describe, expect, it } from "vitest";
import { Conversation } from "../../src/mcp/conversation.ts";
import { EnvelopeScanner, type Verdict } from "../../src/mcp/envelope.ts";
import { differenceOf, identityOf } from "../../src/mcp/server-identity.ts";
import { utf8 } from "./cuts.ts";

const judged = (line: string): Verdict => {
  const scanner = new EnvelopeScanner();
  scanner.scan(utf8(line));
  return scanner.end();
};

/** A session of which each line of the host's is answered at once, and well. */
class Session {
  readonly #conversation = new Conversation({ answer: () => undefined, stderr: () => [] });
  readonly memory = this.#conversation.memory;

  say(line: string, answer?: string): void {
    this.#conversation.enterHost(judged(line), [utf8(line), utf8("\n")]);
    const id = (JSON.parse(line) as { id?: unknown }).id;
    if (id === undefined) return;
    const reply = answer ?? `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{}}`;
    this.#conversation.enterRemote(judged(reply), [utf8(reply), utf8("\n")]);
  }
}

const subscribe = (id: number, uri: string) =>
  `{"jsonrpc":"2.0","id":${id},"method":"resources/subscribe","params":{"uri":"${uri}"}}`;

describe("the memory of a session", () => {
  it("keeps 1,000 subscriptions, and says that there were more", () => {
    const session = new Session();
    for (let id = 0; id < 1_000; id++) session.say(subscribe(id, `a:${id}`));
    expect([session.memory.renewals.length, session.memory.isIncomplete]).toEqual([1_000, false]);
    session.say(subscribe(1_000, "a:1000"));
    expect([session.memory.renewals.length, session.memory.isIncomplete]).toEqual([1_000, true]);
  });

  it("keeps 1 MiB of them, each of 64 KiB at most", () => {
    const session = new Session();
    session.say(subscribe(0, "x".repeat(65_536)));
    expect([session.memory.renewals.length, session.memory.isIncomplete]).toEqual([0, true]);
    for (let id = 0; id < 40; id++) session.say(subscribe(id, `${"x".repeat(50_000)}${id}`));
    expect(session.memory.renewals.length).toBe(20);
  });

  it("keeps a subscription once, and frees what is given back", () => {
    const session = new Session();
    for (let id = 0; id < 300; id++) {
      session.say(subscribe(id, `${"x".repeat(50_000)}`));
      session.say(subscribe(id, `a:${id}`));
      session.say(subscribe(id, `a:${id}`).replace("subscribe", "unsubscribe"));
    }
    expect([session.memory.renewals.length, session.memory.isIncomplete]).toEqual([1, false]);
  });

  it("does not copy an answer to initialize that is too long to be compared", () => {
    const conversation = new Conversation({ answer: () => undefined, stderr: () => [] });
    const asked = '{"jsonrpc":"2.0","id":1,"method":"initialize"}';
    conversation.enterHost(judged(asked), [utf8(asked)]);
    const answer = `{"jsonrpc":"2.0","id":1,"result":{"pad":"${"x".repeat(1024 * 1024)}"}}`;
    const chunk = utf8(answer);
    chunk.slice = () => {
      throw new Error("copied");
    };
    expect(conversation.enterRemote(judged(answer), [chunk])).toBe(0);
    expect([conversation.isAwaited, conversation.memory.handshake]).toEqual([false, undefined]);
  });

  it("takes subscriptions out of batches", () => {
    const session = new Session();
    session.say(`[${subscribe(1, "a:1")} , ${subscribe(2, "a:2")}]`);
    session.say(subscribe(1, "a:3"));
    const requests = session.memory.renewals.map(({ request }) => new TextDecoder().decode(request).trim());
    expect(requests).toEqual([subscribe(1, "a:3")]); // those of the batch have no answers yet
  });

  it("is of no use where the answer to initialize cannot be kept", () => {
    const session = new Session();
    const info = "x".repeat(1024 * 1024);
    session.say(
      '{"jsonrpc":"2.0","id":0,"method":"initialize"}',
      `{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"1","serverInfo":"${info}","capabilities":{}}}`,
    );
    expect(session.memory.obstacle).toContain("too long");
  });
});

describe("the identity of a server", () => {
  const answer = (version: string, info: string, capabilities: string) =>
    utf8(
      `{"jsonrpc":"2.0","id":0,"result":{"instructions":"i","protocolVersion":${version},"serverInfo":${info},"capabilities":${capabilities}}}`,
    );
  const differs = (one: Uint8Array, other: Uint8Array) => differenceOf(identityOf(one)!, identityOf(other)!);
  const plain = answer('"1"', '{"name":"s","version":"1"}', '{"a":{"b":[1,{"c":null}]},"d":{}}');

  it.each([
    [
      "the order of members is none of it",
      answer('"1"', '{"version":"1","name":"s"}', '{"d":{},"a":{"b":[1.0,{"c":null}]}}'),
      undefined,
    ],
    [
      "that of an array is",
      answer('"1"', '{"name":"s","version":"1"}', '{"a":{"b":[{"c":null},1]},"d":{}}'),
      "capabilities",
    ],
    ["null is not absent", answer('"1"', '{"name":"s","version":"1"}', '{"a":{"b":[1,{}]},"d":{}}'), "capabilities"],
    [
      "a text is no number",
      answer("1", '{"name":"s","version":"1"}', '{"a":{"b":[1,{"c":null}]},"d":{}}'),
      "protocolVersion",
    ],
    [
      "a member more",
      answer('"1"', '{"name":"s","version":"1","__proto__":1}', '{"a":{"b":[1,{"c":null}]},"d":{}}'),
      "serverInfo",
    ],
  ])("%s", (_, other, expected) => {
    expect(differs(plain, other)).toBe(expected);
  });

  it.each([
    ["an error", utf8('{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":""}}')],
    ["too long", answer('"1"', `"${"x".repeat(1024 * 1024)}"`, "{}")],
    [
      "nested beyond any stack",
      answer('"1"', `${"[".repeat(9_000)}${"]".repeat(9_000)}`, `${"[".repeat(200_000)}${"]".repeat(200_000)}`),
    ],
    ["no JSON", utf8("{")],
    ["no result", utf8('{"result":null}')],
  ])("is not taken from what is %s", (_, line) => {
    expect(identityOf(line)).toBeUndefined();
  });

  it("knows which lists may change", () => {
    const able = '{"tools":{"listChanged":true},"prompts":{"listChanged":false},"resources":{"listChanged":1}}';
    expect(identityOf(answer('"1"', "{}", able))?.listChanged).toEqual(["notifications/tools/list_changed"]);
    expect(identityOf(answer('"1"', "{}", '{"tools":null}'))?.listChanged).toEqual([]);
  });
});
