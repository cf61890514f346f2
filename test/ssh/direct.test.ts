import { expect, test } from "vitest";
import { connect } from "../../src/ssh/connect.ts";
import type {
  ByteDuplex,
  ByteSink,
  ByteSource,
  DirectBytes,
  SessionChannel,
  SshConnection,
  TakeChunk,
} from "../../src/ssh/connection.ts";
import { DisconnectError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { duplexOf } from "../../src/ssh/web-streams.ts";
import { decode, encode } from "../../src/ssh/wire.ts";
import { PeerKey, seededBytes } from "../support/peer-crypto.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";

/** A socket without web streams, which answers later. It takes what it is given at once, or, where it is slow, a turn later. */
class DirectSocket {
  readonly peer: ScriptedPeer;
  readonly duplex: ByteDuplex;
  /** The largest write so far. */
  largest = 0;
  readonly #chunks: Uint8Array[] = [];
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(peer: ScriptedPeer, isSlow = false) {
    this.peer = peer;
    const take = (bytes: Uint8Array): undefined => {
      this.largest = Math.max(this.largest, bytes.length);
      peer.receive(bytes);
      bytes.fill(0xff); // it is ours no longer, and may become anything
      this.flush();
    };
    const source: ByteSource = {
      read: async () => {
        while (this.#chunks.length === 0 && !this.#isOver) await new Promise<void>((resolve) => (this.#wake = resolve));
        return this.#chunks.shift();
      },
      cancel: async () => this.#end(),
    };
    this.duplex = duplexOf({
      source,
      sink: {
        write: (bytes) => (isSlow ? new Promise(setImmediate).then(() => take(bytes)) : take(bytes)),
        close: async () => this.#end(),
        abort: async () => this.#end(),
        broken: new Promise(() => undefined),
      },
    });
  }

  flush(): void {
    const bytes = this.peer.takeOutput();
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#wake();
  }

  #end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

async function withSession(
  isSlow = false,
): Promise<{ socket: DirectSocket; connection: SshConnection; session: SessionChannel }> {
  const socket = new DirectSocket(new ScriptedPeer(), isSlow);
  socket.peer.greet();
  socket.flush();
  const user = new PeerKey("the user");
  const connection = await connect(socket.duplex, { user: "mcp", keys: [user], verifyHostKey: () => undefined });
  return { socket, connection, session: await connection.session({ shell: true }) };
}

test("a socket that takes everything at once is given an upload of any size, and no message more than with streams", async () => {
  const { socket, connection, session } = await withSession();
  const bytes = seededBytes("an upload")(900_000);
  await session.direct?.sink.write(bytes);
  const received = socket.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
  expect(socket.largest).toBeLessThan(300_000);
  expect(socket.peer.of(m.IGNORE)).toHaveLength(0);
  expect(socket.peer.of(m.GLOBAL_REQUEST)).toHaveLength(0); // nor had it to wait for a keepalive's answer
  await connection.close();
});

test("what stands behind a flood in one chunk is read, though the replies to it are more than may wait", async () => {
  const { socket, connection, session } = await withSession();
  for (let i = 0; i < 300; i++) socket.peer.send(encode(m.PING, { data: new Uint8Array(8000) }));
  socket.peer.send(encode(m.CHANNEL_DATA, { recipientChannel: 0, data: Uint8Array.of(7) }));
  socket.flush();
  expect(await session.direct?.source.read()).toEqual(Uint8Array.of(7));
  expect(socket.peer.of(m.PONG)).toHaveLength(300);
  await connection.close();
});

test("what is sealed while a write is under way does not touch what is being written", async () => {
  const { socket, connection, session } = await withSession(true);
  const bytes = seededBytes("pieces")(100_000);
  for (let at = 0; at < bytes.length; at += 1000) {
    await session.direct?.sink.write(bytes.subarray(at, at + 1000));
    if (at % 7000 === 0) await new Promise(setImmediate);
  }
  await connection.close();
  const received = socket.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
});

test("whoever takes a channel's chunks as they come may write, and close the connection, from there", async () => {
  const { socket, connection, session } = await withSession();
  const taken: string[] = [];
  void session.direct?.source.flow?.((chunk) => {
    const text = Buffer.from(chunk).toString();
    taken.push(text);
    if (text === "bye") void connection.close();
    else void session.direct?.sink.write(Buffer.from(`${text} yourself`));
    return undefined;
  });
  await new Promise(setImmediate);
  for (const text of ["hello", "bye"]) {
    socket.peer.send(encode(m.CHANNEL_DATA, { recipientChannel: 0, data: Buffer.from(text) }));
    socket.flush();
    await new Promise(setImmediate);
  }
  expect(await connection.closed).toBeUndefined();
  expect(taken).toEqual(["hello", "bye"]);
  const received = socket.peer.of(m.CHANNEL_DATA).map((payload) => decode(m.CHANNEL_DATA, payload).data);
  expect(Buffer.concat(received).toString()).toBe("hello yourself");
});

test("a fault of whoever takes a channel's chunks is his, and not the connection's", async () => {
  const { socket, connection, session } = await withSession();
  const over = session.direct?.source.flow?.(() => {
    throw new Error("a fault of his");
  });
  const failed = expect(over).rejects.toThrow("a fault of his");
  await new Promise(setImmediate);
  socket.peer.send(encode(m.CHANNEL_DATA, { recipientChannel: 0, data: Buffer.from("x") }));
  socket.flush();
  await failed;
  await connection.rekey();
  await connection.close();
  expect(await connection.closed).toBeUndefined();
});

/** A socket whose sink or source throws where it should reject, once `isBroken`. */
async function throwing(half: "write" | "end"): Promise<{ connection: SshConnection; breaks: () => void }> {
  const socket = new DirectSocket(new ScriptedPeer());
  socket.peer.greet();
  socket.flush();
  const { source, sink } = socket.duplex.direct as DirectBytes;
  let isBroken = false;
  const orThrow = <T>(act: () => T): T => {
    const done = act();
    if (isBroken) throw new Error("the socket's own");
    return done;
  };
  const ends = {
    source: { read: () => source.read(), cancel: () => orThrow(() => source.cancel()) },
    sink: { close: () => orThrow(() => sink.close()), abort: () => orThrow(() => sink.abort()) },
  };
  const write = (bytes: Uint8Array) => orThrow(() => sink.write(bytes));
  const duplex =
    half === "write"
      ? duplexOf({ source, sink: { ...sink, write } })
      : duplexOf({ source: ends.source, sink: { ...sink, ...ends.sink } });
  const keys = [new PeerKey("the user")];
  const limits = { keepaliveInterval: 20 };
  const connection = await connect(duplex, { user: "mcp", keys, limits, verifyHostKey: () => undefined });
  return { connection, breaks: () => (isBroken = true) };
}

test.each<{ about: string; act: (connection: SshConnection) => Promise<unknown> }>([
  { about: "a keepalive", act: () => new Promise(() => undefined) },
  { about: "an opening", act: (connection) => connection.session({ shell: true }) },
  { about: "a rekey", act: (connection) => connection.rekey() },
])("a sink that throws at $about ends the connection, like one that rejects", async ({ act }) => {
  const { connection, breaks } = await throwing("write");
  breaks();
  const error = await Promise.race([
    connection.closed,
    act(connection).then(
      () => "done",
      async (why) => why,
    ),
  ]);
  expect(error).toBeInstanceOf(DisconnectError);
  expect(await connection.closed).toMatchObject({ name: "DisconnectError", cause: { message: "the socket's own" } });
});

test("a sink that throws at a channel's write ends the connection, and the channel with it", async () => {
  const { connection, breaks } = await throwing("write");
  const session = await connection.session({ shell: true });
  breaks();
  await session.direct?.sink.write(Uint8Array.of(1));
  expect(await connection.closed).toMatchObject({ cause: { message: "the socket's own" } });
  await expect(session.direct?.sink.write(Uint8Array.of(2))).rejects.toBeInstanceOf(DisconnectError);
});

test("a socket that throws when it is closed is closed all the same", async () => {
  const { connection, breaks } = await throwing("end");
  breaks();
  await connection.close();
  expect(await connection.closed).toBeUndefined();
});

test("what comes in one read is given in one piece", async () => {
  const { socket, connection, session } = await withSession();
  const taken: string[] = [];
  void session.direct?.source.flow?.((chunk) => {
    taken.push(Buffer.from(chunk).toString());
    return undefined;
  });
  await new Promise(setImmediate);
  for (const text of ["one ", "two ", "three"])
    socket.peer.send(encode(m.CHANNEL_DATA, { recipientChannel: 0, data: Buffer.from(text) }));
  socket.flush();
  await new Promise(setImmediate);
  expect(taken).toEqual(["one two three"]);
  await connection.close();
});

test("what a slow consumer reads late is what came, whatever came after it", async () => {
  const { socket, connection, session } = await withSession();
  const bytes = seededBytes("a download")(300_000);
  for (let at = 0; at < bytes.length; at += 10_000) {
    socket.peer.send(encode(m.CHANNEL_DATA, { recipientChannel: 0, data: bytes.slice(at, at + 10_000) }));
    socket.flush();
    await new Promise(setImmediate);
  }
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < bytes.length; length += chunks.at(-1)?.length ?? Number.NaN) {
    const lent = (await session.direct?.source.read()) ?? new Uint8Array(0);
    chunks.push(lent.slice());
    lent.fill(0xff); // it is the channel's again with the next read, and may become anything
    await new Promise(setImmediate);
  }
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  await connection.close();
});

test("a socket may pass on what has come before it takes what it is given", async () => {
  const peer = new ScriptedPeer();
  let take: TakeChunk | undefined;
  const hear = (): void => {
    const bytes = take === undefined ? new Uint8Array(0) : peer.takeOutput();
    if (bytes.length > 0) void take?.(bytes);
  };
  const source: ByteSource = {
    read: () => Promise.reject(new Error("it flows")),
    flow: (given) => {
      take = given;
      setImmediate(hear);
      return new Promise(() => undefined);
    },
    cancel: async () => undefined,
  };
  const sink: ByteSink = {
    write: (bytes) => {
      hear();
      peer.receive(bytes);
      setImmediate(hear);
      return undefined;
    },
    close: async () => undefined,
    abort: async () => undefined,
    broken: new Promise(() => undefined),
  };
  peer.greet();
  const keys = [new PeerKey("the user")];
  const options = { user: "mcp", keys, verifyHostKey: () => undefined };
  const connection = await connect(duplexOf({ source, sink }), options);
  const session = await connection.session({ shell: true });
  for (let i = 0; i < 3; i++) {
    peer.sendMessage(m.GLOBAL_REQUEST, { requestName: "?", wantReply: true, requestData: new Uint8Array(0) });
    await session.direct?.sink.write(Buffer.from("data"));
  }
  await connection.close();
  const numbers = peer.received.slice(-7).map(({ number }) => number);
  const both = [m.CHANNEL_DATA.number, m.REQUEST_FAILURE.number];
  expect(numbers).toEqual([...both, ...both, ...both, m.DISCONNECT.number]);
});
