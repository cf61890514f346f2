import { PassThrough, Readable, Writable } from "node:stream";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type OpenRemote, SshClientTransport, type SshClientTransportOptions } from "../../src/mcp/index.ts";
import type { ExitStatus } from "../../src/ssh/connection.ts";
import { deferred } from "../../src/ssh/deferred.ts";
import { cuts, utf8 } from "./cuts.ts";
import { FakeRemote, pass, settle, useFakeTime } from "./fakes.ts";

/** What a transport told, in order. */
interface Heard {
  readonly messages: JSONRPCMessage[];
  readonly errors: string[];
  closes: number;
}

function listen(transport: SshClientTransport): Heard {
  const heard: Heard = { messages: [], errors: [], closes: 0 };
  transport.onmessage = (message) => heard.messages.push(message);
  transport.onerror = (error) => heard.errors.push(error.message);
  transport.onclose = () => {
    heard.closes++;
  };
  return heard;
}

interface Set {
  readonly remote: FakeRemote;
  readonly transport: SshClientTransport;
  readonly heard: Heard;
}

async function started(limits: SshClientTransportOptions["limits"] = {}): Promise<Set> {
  const remote = new FakeRemote();
  const transport = new SshClientTransport({ open: async () => remote, limits });
  const heard = listen(transport);
  await transport.start();
  return { remote, transport, heard };
}

const ping: JSONRPCMessage = { jsonrpc: "2.0", id: 1, method: "ping" };
const pong: JSONRPCMessage = { jsonrpc: "2.0", id: 1, result: {} };

describe("SshClientTransport", () => {
  useFakeTime();

  it("start rejects with the reason of a failure, and nothing was closed", async () => {
    const failing = new SshClientTransport({ open: () => Promise.reject(new Error("Connection refused")) });
    const heard = listen(failing);
    await expect(failing.start()).rejects.toThrow("Connection refused");
    expect(heard.closes).toBe(0);
    await failing.close();
    expect(heard.closes).toBe(1);
  });

  it("an onerror that throws ends no session, and costs nobody the end of one", async () => {
    const { remote, transport, heard } = await started();
    transport.onerror = () => {
      throw new Error("the program's own");
    };
    remote.say("noise\n", `${JSON.stringify(pong)}\n`);
    await settle();
    expect(heard.messages).toEqual([pong]);
    remote.lose();
    await pass(2_000);
    expect([heard.closes, remote.calls]).toEqual([1, expect.arrayContaining(["disconnect"])]);
  });

  it("a second start is an error, also after a failed one and after close", async () => {
    const { transport } = await started();
    await expect(transport.start()).rejects.toThrow("started before");
    const failing = new SshClientTransport({ open: () => Promise.reject(new Error("no")) });
    await expect(failing.start()).rejects.toThrow("no");
    await expect(failing.start()).rejects.toThrow("started before");
    const closed = new SshClientTransport({ open: () => Promise.reject(new Error("no")) });
    await closed.close();
    await expect(closed.start()).rejects.toThrow("started before");
  });

  it("send writes one line, and resolves when the channel took it", async () => {
    const { remote, transport } = await started();
    remote.stdin.stall();
    let isSent = false;
    const sent = transport.send({ ...ping, params: { text: "a\nb\u2028" } } as JSONRPCMessage).then(() => {
      isSent = true;
    });
    await settle();
    expect(isSent).toBe(false);
    remote.stdin.flow();
    await sent;
    expect(remote.stdin.text).toBe('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"text":"a\\nb\u2028"}}\n');
  });

  it("lines sent together keep their order", async () => {
    const { remote, transport } = await started();
    const ids = Array.from({ length: 200 }, (_, id) => id);
    await Promise.all(ids.map((id) => transport.send({ ...ping, id } as JSONRPCMessage)));
    const lines = remote.stdin.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).id)).toEqual(ids);
  });

  it("send rejects before start, after close and after the remote's end", async () => {
    const idle = new SshClientTransport({ open: async () => new FakeRemote() });
    await expect(idle.send(ping)).rejects.toThrow("Not connected");
    const one = await started();
    one.remote.exit({ status: 0 });
    await pass(0);
    await expect(one.transport.send(ping)).rejects.toThrow("Not connected");
    const other = await started();
    const closing = other.transport.close();
    await expect(other.transport.send(ping)).rejects.toThrow("Not connected");
    other.remote.exit({ status: 0 });
    await closing;
  });

  it("a send that a broken link leaves behind rejects", async () => {
    const { remote, transport } = await started();
    remote.stdin.stall();
    const sending = transport.send(ping);
    const sent = expect(sending).rejects.toThrow();
    await settle();
    remote.lose();
    await sent;
  });

  describe.each(cuts)("what the remote says, fed $name", ({ of }) => {
    const text = (value: string): string => JSON.stringify({ jsonrpc: "2.0", method: "n", params: { value } });
    it("arrives as messages; noise is an error that is not fatal", async () => {
      const { remote, heard } = await started();
      const batch = `[${text("é")},${text("😀")}]`;
      const junk = 'Welcome\u0007\n\n[]\n{"a":1}\n';
      remote.say(...of(utf8(`${text("1")}\r\n${batch}\n${junk}prompt$ ${text("2")}\n${text("3")}`)));
      await settle();
      remote.stdout.end();
      await settle();
      const values = heard.messages.map((message) => ("params" in message ? message.params?.["value"] : undefined));
      expect(values).toEqual(["1", "é", "😀", "2", "3"]);
      expect(heard.errors.map((error) => error.replace(/^.*message: /, ""))).toEqual([
        ...["Welcome\\x07", "", "[]", '{"a":1}', "prompt$ "],
      ]);
      expect(heard.closes).toBe(0);
    });
  });

  it("a line of 20 MiB arrives: twice what the SDK's own transports buffer", async () => {
    const { remote, heard } = await started();
    const part = utf8("x".repeat(32 * 1024));
    remote.say('{"jsonrpc":"2.0","id":1,"result":{"t":"', ...Array<Uint8Array>(640).fill(part), '"}}\n');
    while (heard.messages.length === 0) await settle();
    expect(heard.messages[0]).toMatchObject({ id: 1, result: { t: expect.any(String) } });
    expect(JSON.stringify(heard.messages[0]).length).toBeGreaterThan(20 * 1024 * 1024);
  });

  it("a line longer than lineBytes is not held: whoever waits for it is answered, and the next one arrives", async () => {
    const { remote, transport, heard } = await started({ lineBytes: 1000 });
    const long = "x".repeat(1000);
    await transport.send(ping);
    remote.say(`{"jsonrpc":"2.0","result":{"t":"${long}"},"id":1}\n`); // the id may come last
    remote.say(`{"jsonrpc":"2.0","id":"theirs","method":"sampling/createMessage","params":{"t":"${long}"}}\n`);
    remote.say(`{"jsonrpc":"2.0","method":"notifications/message","params":{"t":"${long}"}}\n`);
    remote.say(`${JSON.stringify(pong)}\n`);
    await settle();
    const refusal = { code: -31001, data: { reason: "line-too-long", limit: 1000 } };
    expect(heard.messages).toMatchObject([{ id: 1, error: refusal }, pong]);
    expect(remote.stdin.text).toMatch(/^{"jsonrpc":"2.0","id":"theirs","error":{"code":-31001,/m);
    const told = expect.stringMatching(/^The remote's line of \d{4} bytes is longer than the 1000 that may pass/);
    expect(heard.errors).toEqual([told, told, told]);
  });

  it("noise without an end is not held, and its beginning is told", async () => {
    const { remote, heard } = await started();
    const part = utf8("x".repeat(32 * 1024));
    remote.say(...Array<Uint8Array>(65 * 32).fill(part), `\n${JSON.stringify(pong)}\n`); // 65 MiB
    while (heard.messages.length === 0) await settle();
    expect(heard.errors).toEqual([expect.stringMatching(/ x{1024}\.\.\. \(68157441 bytes\)$/)]);
  });

  it("a line that is longer than any string is reported and stops nothing", async () => {
    const { remote, transport, heard } = await started();
    const tooLong = vi.spyOn(TextDecoder.prototype, "decode").mockImplementationOnce(() => {
      throw new RangeError("Cannot create a string longer than 0x1fffffe8 characters"); // V8's at 512 MiB
    });
    remote.say(`the first\n${JSON.stringify(pong)}\n`);
    await settle();
    tooLong.mockRestore();
    expect(heard.errors).toEqual([expect.stringContaining("Cannot create a string")]);
    expect(heard.messages).toEqual([pong]);
    remote.exit({ status: 0 });
    await transport.close();
    expect(heard.closes).toBe(1);
  });

  it("an onmessage that throws is reported and stops nothing", async () => {
    const { remote, transport, heard } = await started();
    let count = 0;
    transport.onmessage = () => {
      count++;
      throw new Error("handler");
    };
    remote.say(`[${JSON.stringify(pong)},${JSON.stringify(pong)}]\n${JSON.stringify(pong)}\n`);
    await settle();
    expect(count).toBe(3);
    expect(heard.errors).toEqual(["handler", "handler", "handler"]);
  });

  const ends: readonly { name: string; end: (set: Set) => void; error: RegExp | undefined }[] = [
    { name: "exit-status 0", end: ({ remote }) => remote.exit({ status: 0 }), error: undefined },
    { name: "exit-status 127", end: ({ remote }) => remote.exit({ status: 127 }), error: /command not found/ },
    {
      name: "a signal",
      end: ({ remote }) => remote.exit({ signal: "KILL", coreDumped: false, message: "" }),
      error: /KILL/,
    },
    { name: "CLOSE without a status", end: ({ remote }) => remote.exit(undefined), error: /without an exit status/ },
    { name: "a lost link", end: ({ remote }) => remote.lose("reset"), error: /lost: reset/ },
    { name: "a stdin that breaks", end: ({ remote }) => remote.stdin.break(), error: /without an exit status/ },
    { name: "EOF of its stdout alone", end: ({ remote }) => remote.stdout.end(), error: /without an exit status/ },
  ];

  it.each(ends)("onclose is called once for $name", async (end) => {
    const set = await started();
    end.end(set);
    await pass(2100);
    expect(set.heard.closes).toBe(1);
    expect(set.heard.errors).toEqual(end.error === undefined ? [] : [expect.stringMatching(end.error)]);
    expect(set.remote.calls).toContain("disconnect");
    await set.transport.close();
    expect(set.heard.closes).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("close sends EOF, waits for the server to end, closes; onclose is called once", async () => {
    const { remote, transport, heard } = await started();
    const closing = Promise.all([transport.close(), transport.close()]);
    await pass(1000);
    expect(remote.stdin.isClosed).toBe(true);
    expect(heard.closes).toBe(0);
    remote.exit({ status: 0 });
    await closing;
    expect(heard).toMatchObject({ closes: 1, errors: [] });
    expect(remote.calls).toEqual(["disconnect"]);
  });

  it("close ends a server that does not: TERM, CLOSE, DISCONNECT after 2 s", async () => {
    const { remote, transport, heard } = await started();
    remote.answersClose = false;
    const closing = transport.close();
    await pass(1999);
    expect(remote.calls).toEqual([]);
    await pass(1 + 1000);
    await closing;
    expect(remote.calls).toEqual(["signal TERM", "close", "disconnect"]);
    expect(heard.closes).toBe(1);
  });

  it("messages that come while it closes still arrive", async () => {
    const { remote, transport, heard } = await started();
    const closing = transport.close();
    remote.say(`${JSON.stringify(pong)}\n`);
    await settle();
    remote.exit({ status: 0 });
    await closing;
    expect(heard.messages).toEqual([pong]);
  });

  it.each([{ isAbortHeard: true }, { isAbortHeard: false }])(
    "close while connecting ends that (%j)",
    async ({ isAbortHeard }) => {
      const remote = new FakeRemote();
      const opening = deferred<FakeRemote>();
      const open: OpenRemote = (signal) =>
        new Promise((resolve, reject) => {
          if (isAbortHeard) signal.addEventListener("abort", () => reject(new Error("aborted")));
          void opening.promise.then(resolve);
        });
      const transport = new SshClientTransport({ open });
      const heard = listen(transport);
      const starting = expect(transport.start()).rejects.toThrow(
        isAbortHeard ? "aborted" : "closed while it connected",
      );
      const closing = transport.close();
      await settle();
      opening.resolve(remote);
      await Promise.all([starting, closing]);
      expect(heard.closes).toBe(1);
      expect(remote.calls).toEqual(isAbortHeard ? [] : ["disconnect"]);
    },
  );

  it("close waits a second for an open that is deaf to its signal; what it gives later is closed", async () => {
    const opening = deferred<FakeRemote>();
    const transport = new SshClientTransport({ open: () => opening.promise });
    const heard = listen(transport);
    const starting = expect(transport.start()).rejects.toThrow("closed while it connected");
    const closing = transport.close();
    await pass(999);
    expect(heard.closes).toBe(0);
    await pass(1);
    await Promise.all([starting, closing]);
    expect(heard.closes).toBe(1);
    const remote = new FakeRemote();
    opening.resolve(remote);
    await settle();
    expect(remote.calls).toEqual(["disconnect"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stderr is a stream from the beginning, and pid is null", async () => {
    const remote = new FakeRemote();
    const transport = new SshClientTransport({ open: async () => remote });
    expect("stderr" in transport && "pid" in transport).toBe(true);
    expect(transport.pid).toBeNull();
    const reader = transport.stderr.getReader();
    await transport.start();
    remote.complain("one", "two");
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("one");
    expect(remote.stderr.unread.length).toBe(1);
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("two");
    remote.exit({ status: 0 });
    expect((await reader.read()).done).toBe(true);
  });

  describe("a login shell, which takes messages for commands", () => {
    const word = "bash: line 1: {jsonrpc:2.0,id:1,method:ping}: command not found\n";

    async function facingShell(): Promise<Set> {
      const remote = new FakeRemote();
      remote.isShell = true;
      const transport = new SshClientTransport({ open: async () => remote });
      const heard = listen(transport);
      await transport.start();
      await transport.send(ping);
      return { remote, transport, heard };
    }

    it.each(["read", "not read"])("is told with what to do, its stderr %s, and is the end", async (how) => {
      const { remote, transport, heard } = await facingShell();
      const text = how === "read" ? new Response(transport.stderr).text() : Promise.resolve(word);
      for (const part of ["Welcome\n", word]) remote.complain(part);
      await settle();
      expect(heard.errors).toEqual([expect.stringMatching(/a shell.*--command/)]);
      expect(heard.closes).toBe(1);
      expect(remote.calls).toEqual(["signal TERM", "close", "disconnect"]);
      expect(await text).toContain(word);
    });

    it("is not taken for one once it has answered, nor where a command was asked for", async () => {
      const answering = await facingShell();
      answering.remote.say(lineOf(pong));
      await settle();
      const command = await started();
      for (const { remote, heard } of [answering, command]) {
        remote.complain(word);
        await settle();
        expect([heard.errors, heard.closes]).toEqual([[], 0]);
      }
    });

    it("is not read far ahead", async () => {
      const { remote } = await facingShell();
      for (let i = 0; i < 100; i++) remote.complain("x".repeat(1023), "\n");
      await settle();
      expect(remote.stderr.unread.length).toBeGreaterThan(150);
    });
  });

  it("stderr that nobody reads is left to the session, which bounds it, and holds nothing up", async () => {
    const { remote, heard } = await started();
    for (let count = 0; count < 100; count++) remote.complain("x".repeat(1000));
    remote.say(`${JSON.stringify(pong)}\n`);
    await settle();
    expect(heard.messages).toEqual([pong]);
    expect(remote.stderr.unread.length).toBeGreaterThan(95);
    remote.exit({ status: 0 });
    await pass(0);
    expect(heard.closes).toBe(1);
  });

  it("stderr ends where nothing was ever started", async () => {
    const transport = new SshClientTransport({ open: () => Promise.reject(new Error("no")) });
    const reader = transport.stderr.getReader();
    await expect(transport.start()).rejects.toThrow("no");
    expect((await reader.read()).done).toBe(true);
  });
});

/** A session whose other end is a v1 SDK server. */
async function everything(): Promise<{ readonly open: OpenRemote; readonly calls: string[] }> {
  const remote = new FakeRemote();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const server = new McpServer({ name: "in-memory", version: "1" });
  server.registerTool("add", { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  await server.connect(new StdioServerTransport(stdin, stdout));
  const exited = deferred<ExitStatus | undefined>();
  stdin.on("end", () => {
    stdout.end();
    exited.resolve({ status: 0 });
  });
  const session = {
    ...remote.session,
    readable: Readable.toWeb(stdout) as ReadableStream<Uint8Array>,
    writable: Writable.toWeb(stdin) as WritableStream<Uint8Array>,
    stderr: new ReadableStream<Uint8Array>({ start: (controller) => controller.close() }),
    exited: exited.promise,
    close: async () => {
      await exited.promise;
    },
  };
  return { open: async () => ({ session, connection: remote.connection }), calls: remote.calls };
}

const info = { name: "test", version: "1" };
const call = { name: "add", arguments: { a: 2, b: 3 } };

const discover: JSONRPCMessage = { jsonrpc: "2.0", id: "probe", method: "server/discover" };
const initialize: JSONRPCMessage = { jsonrpc: "2.0", id: 0, method: "initialize" };
const notFound = (reason: string) => ({
  jsonrpc: "2.0",
  id: "probe",
  error: { code: -32601, data: { source: "mcp-ssh-client", reason, method: "server/discover" } },
});
const lineOf = (message: JSONRPCMessage) => `${JSON.stringify(message)}\n`;

describe("SshClientTransport and the era probe", () => {
  useFakeTime();

  /** A started transport whose remote gives further sessions, which `sessions` has. */
  async function shielded(): Promise<Set & { readonly sessions: FakeRemote[] }> {
    const remote = new FakeRemote();
    const sessions: FakeRemote[] = [];
    remote.reopen = async () => {
      const { fake, remote: again } = remote.another();
      sessions.push(fake);
      return again;
    };
    const transport = new SshClientTransport({ open: async () => remote });
    const heard = listen(transport);
    await transport.start();
    return { remote, transport, heard, sessions };
  }

  it("answers for a remote that is silent for 8 s, and sends what comes next to another session", async () => {
    const { remote, transport, heard, sessions } = await shielded();
    await transport.send(discover);
    await pass(7_999);
    expect(heard.messages).toEqual([]);
    await pass(1);
    expect(heard.messages).toMatchObject([notFound("probe-unanswered")]);
    await pass(1_000); // the end of the first session is heard of, and is not the transport's
    expect(remote.calls).toEqual(["signal TERM", "close"]);
    expect(sessions.length).toBe(0);
    await transport.send(initialize);
    expect(remote.stdin.text).toBe(lineOf(discover));
    expect(sessions[0]?.stdin.text).toBe(lineOf(initialize));
    remote.say(lineOf(pong));
    sessions[0]?.say(lineOf({ ...pong, id: 0 } as JSONRPCMessage));
    await settle();
    expect(heard.messages.slice(1)).toEqual([{ ...pong, id: 0 }]);
    expect(heard.errors).toEqual([]);
    expect(heard.closes).toBe(0);
    sessions[0]?.exit({ status: 0 });
    await pass(50);
    expect(heard.closes).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    { name: "with 0", exit: { status: 0 } },
    { name: "with 1", exit: { status: 1 } },
    { name: "without a word", exit: undefined },
  ])("answers at once for a remote that ends $name", async ({ exit }) => {
    const { remote, transport, heard, sessions } = await shielded();
    await transport.send(discover);
    remote.exit(exit);
    await pass(50);
    expect(heard.messages).toMatchObject([notFound("probe-unanswered")]);
    await transport.send(initialize);
    expect(sessions[0]?.stdin.text).toBe(lineOf(initialize));
    expect(heard.closes).toBe(0);
  });

  it("what comes behind the probe waits for its answer", async () => {
    const { remote, transport, sessions } = await shielded();
    await transport.send(discover);
    const sends = [transport.send(initialize), transport.send(ping)];
    await settle();
    expect(remote.stdin.text).toBe(lineOf(discover));
    remote.say(lineOf({ jsonrpc: "2.0", id: "probe", error: { code: -32601, message: "no" } } as JSONRPCMessage));
    await Promise.all(sends);
    expect(remote.stdin.text).toBe(lineOf(discover) + lineOf(initialize) + lineOf(ping));
    await pass(8_000);
    expect(sessions.length).toBe(0);
  });

  it("what comes behind the probe waits for the other session, in order", async () => {
    const { transport, sessions } = await shielded();
    await transport.send(discover);
    const sends = [transport.send(initialize), transport.send(ping)];
    await pass(8_000);
    await Promise.all(sends);
    expect(sessions.length).toBe(1);
    expect(sessions[0]?.stdin.text).toBe(lineOf(initialize) + lineOf(ping));
  });

  it("is none without a way to another session, or with another first request", async () => {
    const one = await started();
    await one.transport.send(discover);
    await one.transport.send(initialize);
    await pass(8_000);
    expect(one.heard.messages).toEqual([]);
    expect(one.remote.stdin.text).toBe(lineOf(discover) + lineOf(initialize));
    const other = await shielded();
    await other.transport.send(initialize);
    await other.transport.send(discover);
    await pass(8_000);
    expect(other.heard.messages).toEqual([]);
  });

  it("is answered here where the remote may be the reference server, and never sent", async () => {
    const { remote, transport, heard } = await shielded();
    remote.serverVersion = "SSH-2.0-AsyncSSH_2.24.1";
    remote.isShell = true;
    await transport.send(discover);
    await transport.send(discover);
    await transport.send(initialize);
    expect(heard.messages).toMatchObject([notFound("not-in-reference-server"), notFound("not-in-reference-server")]);
    expect(remote.stdin.text).toBe(lineOf(initialize));
  });

  it("is answered each time that it is sent", async () => {
    const { transport, heard, sessions } = await shielded();
    await transport.send(discover);
    const second = transport.send({ ...discover, id: "second" } as JSONRPCMessage);
    await pass(8_000);
    await second;
    await transport.send({ ...discover, id: "third" } as JSONRPCMessage);
    expect(heard.messages.map((message) => "id" in message && message.id)).toEqual(["probe", "second", "third"]);
    expect(sessions.length).toBe(0);
    await transport.send(initialize);
    expect(sessions[0]?.stdin.text).toBe(lineOf(initialize));
  });

  it("ends with the connection", async () => {
    const { remote, transport, heard } = await shielded();
    await transport.send(discover);
    remote.lose();
    await pass(50);
    expect(heard.messages).toEqual([]);
    expect(heard.errors).toEqual([expect.stringMatching(/link .* lost/)]);
    expect(heard.closes).toBe(1);
  });

  it("ends with close, out, lost, or while the other session opens", async () => {
    const out = await shielded();
    await out.transport.send(discover);
    const waiting = expect(out.transport.send(initialize)).rejects.toThrow("Not connected");
    out.remote.exit({ status: 0 });
    await out.transport.close();
    await waiting;
    const lost = await shielded();
    await lost.transport.send(discover);
    await pass(8_000);
    await lost.transport.close();
    expect(lost.remote.calls).toContain("disconnect");
    const opening = await shielded();
    opening.remote.reopen = (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    await opening.transport.send(discover);
    await pass(8_000);
    const refused = expect(opening.transport.send(initialize)).rejects.toThrow("aborted");
    await opening.transport.close();
    await refused;
    const deaf = await shielded();
    const other = deferred<FakeRemote>();
    deaf.remote.reopen = () => other.promise;
    await deaf.transport.send(discover);
    await pass(8_000);
    const given = expect(deaf.transport.send(initialize)).rejects.toThrow("closed while it connected");
    const closing = deaf.transport.close();
    await pass(1_000);
    await Promise.all([given, closing]);
    const late = new FakeRemote();
    other.resolve(late);
    await settle();
    expect(late.calls).toEqual(["disconnect"]);
    for (const { heard } of [out, lost, opening, deaf]) expect(heard.closes).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves the first connection where the other session has one of its own", async () => {
    const { remote, transport, heard } = await shielded();
    const other = new FakeRemote();
    remote.reopen = async () => other;
    await transport.send(discover);
    await pass(8_000);
    await transport.send(initialize);
    await pass(1_000);
    expect(remote.calls).toContain("disconnect");
    expect(other.calls).toEqual([]);
    expect(other.stdin.text).toBe(lineOf(initialize));
    expect(heard.closes).toBe(0);
  });

  it("ends where no other session is given: the send rejects, and the transport is closed", async () => {
    const { remote, transport, heard } = await shielded();
    remote.reopen = () => Promise.reject(new Error("no more channels"));
    await transport.send(discover);
    await pass(8_000);
    await expect(transport.send(initialize)).rejects.toThrow("no more channels");
    expect(heard.closes).toBe(1);
    expect(remote.calls).toContain("disconnect");
  });

  it("stderr goes on with that of the other session", async () => {
    const { remote, transport, sessions } = await shielded();
    remote.complain("one\n");
    await transport.send(discover);
    await pass(8_000);
    await transport.send(initialize);
    sessions[0]?.complain("two\n");
    sessions[0]?.exit({ status: 0 });
    await pass(50);
    let text = "";
    for await (const chunk of transport.stderr) text += new TextDecoder().decode(chunk);
    expect(text).toBe("one\ntwo\n");
  });
});

describe("with the SDKs", () => {
  it("the v1 Client lists and calls tools, and closes", async () => {
    const { open, calls } = await everything();
    const client = new Client(info);
    let closes = 0;
    client.onclose = () => {
      closes++;
    };
    await client.connect(new SshClientTransport({ open }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["add"]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.callTool(call)));
    expect(answers.map(({ content }) => content)).toEqual(Array(50).fill([{ type: "text", text: "5" }]));
    await client.close();
    expect(closes).toBe(1);
    expect(calls).toContain("disconnect");
  });

  it.each(["legacy", "auto"] as const)("the v2 Client takes it, in mode %s", async (mode) => {
    const { open } = await everything();
    const client = new ClientV2(info, { versionNegotiation: { mode } });
    let closes = 0;
    client.onclose = () => {
      closes++;
    };
    await client.connect(new SshClientTransport({ open }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["add"]);
    expect((await client.callTool(call)).content).toEqual([{ type: "text", text: "5" }]);
    await client.close();
    expect(closes).toBe(1);
  });

  it("the v2 Client's probe meets silence and falls back to initialize, as over stdio", async () => {
    const remote = new FakeRemote();
    const client = new ClientV2(info, { versionNegotiation: { mode: "auto", probe: { timeoutMs: 50 } } });
    const connecting = client.connect(new SshClientTransport({ open: async () => remote }));
    const asked = () =>
      remote.stdin.text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await vi.waitFor(
      () => expect(asked().map(({ method }) => method)).toEqual(["server/discover", "initialize"]),
      30_000,
    );
    const result = { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "s", version: "1" } };
    remote.say(`${JSON.stringify({ jsonrpc: "2.0", id: asked()[1].id, result })}\n`);
    await connecting;
    remote.exit({ status: 0 });
    await client.close();
  });

  it("a request that the end of the remote leaves open is rejected by the Client", async () => {
    const remote = new FakeRemote();
    const client = new Client(info);
    const failing = expect(client.connect(new SshClientTransport({ open: async () => remote }))).rejects.toThrow(
      /closed/i,
    );
    await settle();
    remote.exit({ status: 127 });
    await failing;
  });
});
