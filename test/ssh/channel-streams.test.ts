import { describe, expect, test } from "vitest";
import type { ChannelNews } from "../../src/ssh/channel.ts";
import { type ChannelPort, ChannelStreams } from "../../src/ssh/channel-streams.ts";
import type { ExitStatus } from "../../src/ssh/connection.ts";
import { ChannelError, DisconnectError, SshError } from "../../src/ssh/errors.ts";
import { seededBytes } from "../support/peer-crypto.ts";

/** A channel that takes so many bytes, and remembers what it was asked. */
class Port implements ChannelPort {
  room = Number.POSITIVE_INFINITY;
  written = "";
  consumedBytes = 0;
  readonly calls: string[] = [];
  /** What a write takes at most. */
  most = Number.POSITIVE_INFINITY;
  /** Called once, from within the next write. */
  onWrite: (() => void) | undefined;

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.room, this.most);
    this.room -= taken;
    this.written += Buffer.from(bytes.subarray(0, taken)).toString();
    const { onWrite } = this;
    this.onWrite = undefined;
    onWrite?.();
    return taken;
  }
  consumed(length: number): void {
    this.consumedBytes += length;
  }
  sendEof(): void {
    this.calls.push("eof");
  }
  signal(name: string): void {
    this.calls.push(`signal ${name}`);
  }
  close(): void {
    this.calls.push("close");
  }
}

function pair(): { port: Port; streams: ChannelStreams } {
  const port = new Port();
  return { port, streams: new ChannelStreams(port) };
}

const data = (text: string): ChannelNews => ({ news: "data", data: Buffer.from(text) });
const stderr = (text: string): ChannelNews => ({ news: "stderr", data: Buffer.from(text) });
const closed: ChannelNews = { news: "closed" };
const eof: ChannelNews = { news: "eof" };

/** All chunks up to the end, as texts; an error at the end is the last of them. */
async function readAll(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const reader = stream.getReader();
  const chunks: string[] = [];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(Buffer.from(next.value).toString());
    }
  } catch (error) {
    chunks.push(`error: ${(error as Error).message}`);
  }
  return chunks;
}

/** Whether a promise is settled by now: what has to happen for that needs no time, only turns. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  return settled;
}

describe("readable", () => {
  test("gives data in order, and credit back when it is read, not when it came", async () => {
    const { port, streams } = pair();
    const reader = streams.readable.getReader();
    streams.tell(data("first"));
    await isSettled(Promise.resolve());
    expect(port.consumedBytes).toBe(0);
    streams.tell(data(" second"));
    expect(port.consumedBytes).toBe(0);
    let text = "";
    while (text.length < 12) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect([text, port.consumedBytes]).toEqual(["first second", 12]);
  });

  test("gives data at once to who waits for it", async () => {
    const { port, streams } = pair();
    const reader = streams.readable.getReader();
    const reads = [reader.read(), reader.read()];
    await isSettled(Promise.resolve());
    streams.tell(data("one"));
    expect(port.consumedBytes).toBe(3);
    await reads[0];
    streams.tell(data("two"));
    expect((await Promise.all(reads)).map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(["one", "two"]);
    expect(port.consumedBytes).toBe(6);
  });

  test("copies what it is told", async () => {
    const { streams } = pair();
    const bytes = Buffer.from("lent");
    streams.tell({ news: "data", data: bytes });
    bytes.fill(0);
    const { value } = await streams.readable.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("lent");
  });

  test("joins small pieces that wait, so that a window of them weighs little more than its bytes", async () => {
    const { port, streams } = pair();
    const bytes = seededBytes("pieces")(20_000);
    for (const byte of bytes) streams.tell({ news: "data", data: Uint8Array.of(byte) });
    streams.tell(eof);
    const chunks: Uint8Array[] = [];
    const reader = streams.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(chunks.length).toBeLessThan(10);
    expect(port.consumedBytes).toBe(20_000);
  });

  test("gives pieces longer than a block in order, whole", async () => {
    const { port, streams } = pair();
    const bytes = seededBytes("large pieces")(300_000);
    for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 90_001)
      streams.tell({ news: "data", data: bytes.subarray(at, at + length) });
    streams.tell(eof);
    const chunks: Uint8Array[] = [];
    for await (const chunk of streams.readable) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(port.consumedBytes).toBe(bytes.length);
  });

  test("its web stream gives chunks for good", async () => {
    const { streams } = pair();
    const reader = streams.readable.getReader();
    streams.tell(data("first"));
    const first = await reader.read();
    for (let i = 0; i < 4; i++) {
      streams.tell(data("other"));
      await reader.read();
    }
    expect(Buffer.from(first.value ?? []).toString()).toBe("first");
  });

  test("its source lends a chunk until the next read: what comes meanwhile goes elsewhere", async () => {
    const { streams } = pair();
    const { source } = streams.direct;
    streams.tell(data("first"));
    const first = await source.read();
    streams.tell(data("other"));
    expect(Buffer.from(first ?? []).toString()).toBe("first");
    first?.fill(0xff);
    expect(Buffer.from((await source.read()) ?? []).toString()).toBe("other");
  });

  test("its source makes no block twice: a download that is read as it comes stays in one", async () => {
    const { streams } = pair();
    const { source } = streams.direct;
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 1000; i++) {
      streams.tell({ news: "data", data: new Uint8Array(32768) });
      buffers.add((await source.read())?.buffer ?? new ArrayBuffer(0));
    }
    expect(buffers.size).toBeLessThan(4);
  });

  test.each<{ about: string; end: (streams: ChannelStreams) => void; last: string[] }>([
    { about: "EOF closes it", end: (streams) => streams.tell(eof), last: [] },
    { about: "CLOSE without EOF closes it", end: (streams) => streams.tell(closed), last: [] },
    {
      about: "the connection's end is its error",
      end: (streams) => streams.end(new DisconnectError("gone")),
      last: ["error: gone"],
    },
    {
      about: "after EOF the connection's end is none of its business",
      end: (streams) => {
        streams.tell(eof);
        streams.end(new DisconnectError("gone"));
      },
      last: [],
    },
  ])("$about, once what waits was read", async ({ end, last }) => {
    const { streams } = pair();
    streams.tell(data("waits"));
    end(streams);
    expect(await readAll(streams.readable)).toEqual(["waits", ...last]);
  });

  test.each<{ about: string; end: (streams: ChannelStreams) => void; last: string[] }>([
    { about: "EOF", end: (streams) => streams.tell(eof), last: [] },
    { about: "the connection's end", end: (streams) => streams.end(new SshError("gone")), last: ["error: gone"] },
  ])("$about reaches a read that waits", async ({ end, last }) => {
    const { streams } = pair();
    const chunks = readAll(streams.readable);
    await isSettled(Promise.resolve());
    end(streams);
    expect(await chunks).toEqual(last);
  });

  test("cancelled, it gives all credit back and what still comes too: nobody will read it", async () => {
    const { port, streams } = pair();
    streams.tell(data("waits"));
    await streams.readable.cancel();
    expect(port.consumedBytes).toBe(5);
    streams.tell(data("too late"));
    expect(port.consumedBytes).toBe(13);
    streams.tell(eof);
    streams.tell(closed);
    expect(port.calls).toEqual([]);
  });
});

describe("stderr", () => {
  test("is read like stdout, and takes no credit: that went back at once", async () => {
    const { port, streams } = pair();
    streams.tell(stderr("one "));
    streams.tell(stderr("two"));
    streams.tell(eof);
    expect((await readAll(streams.stderr)).join("")).toBe("one two");
    expect([port.consumedBytes, streams.stderrDropped]).toEqual([0, 0]);
  });

  test.each([
    { about: "large pieces", piece: 32 * 1024, count: 10 },
    { about: "odd pieces", piece: 999, count: 100 },
    { about: "single bytes", piece: 1, count: 70_000 },
    { about: "one piece that is too large by itself", piece: 100_000, count: 1 },
    { about: "exactly as much as is kept", piece: 1024, count: 64 },
  ])("unread, the last 64 KiB are kept and the rest is counted: $about", async ({ piece, count }) => {
    const { streams } = pair();
    const bytes = Buffer.from(seededBytes("stderr")(piece * count));
    for (let at = 0; at < bytes.length; at += piece) {
      streams.tell({ news: "stderr", data: bytes.subarray(at, at + piece) });
    }
    streams.tell(closed);
    const reader = streams.stderr.getReader();
    const chunks: Uint8Array[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    expect(Buffer.concat(chunks).equals(bytes.subarray(-64 * 1024))).toBe(true);
    expect(streams.stderrDropped).toBe(Math.max(0, bytes.length - 64 * 1024));
  });

  test("read plain, it drops and counts alike, and what was lent stays until the next read", async () => {
    const { streams } = pair();
    const bytes = Buffer.from(seededBytes("stderr")(100_000));
    streams.tell({ news: "stderr", data: bytes });
    const kept: Uint8Array[] = [];
    for (let lent = await streams.directStderr.read(); lent !== undefined; lent = await streams.directStderr.read()) {
      streams.tell(eof);
      kept.push(lent.slice());
      lent.fill(0);
    }
    expect(Buffer.concat(kept).equals(bytes.subarray(-64 * 1024))).toBe(true);
    expect(streams.stderrDropped).toBe(100_000 - 64 * 1024);
  });

  test("closes with the connection, without an error of its own", async () => {
    const { streams } = pair();
    streams.tell(stderr("last words"));
    streams.end(new DisconnectError("gone"));
    expect(await readAll(streams.stderr)).toEqual(["last words"]);
  });

  test("cancelled, it keeps nothing", async () => {
    const { port, streams } = pair();
    await streams.stderr.cancel();
    streams.tell(stderr("x".repeat(100_000)));
    expect([port.consumedBytes, streams.stderrDropped]).toEqual([0, 0]);
  });
});

describe("writable", () => {
  test("hands on what the channel takes at once", async () => {
    const { port, streams } = pair();
    const writer = streams.writable.getWriter();
    await writer.write(Buffer.from("one "));
    await writer.write(Buffer.from("two"));
    await writer.close();
    expect([port.written, port.calls]).toEqual(["one two", ["eof"]]);
  });

  test("waits where the channel takes less, and goes on with every resume", async () => {
    const { port, streams } = pair();
    port.room = 2;
    const writer = streams.writable.getWriter();
    const written = writer.write(Buffer.from("abcdef"));
    const closed = writer.close();
    expect([await isSettled(written), port.written]).toEqual([false, "ab"]);
    streams.resume();
    port.room = 3;
    streams.resume();
    expect([await isSettled(written), port.written]).toEqual([false, "abcde"]);
    port.room = 10;
    streams.resume();
    await written;
    await closed;
    expect([port.written, port.calls]).toEqual(["abcdef", ["eof"]]);
    streams.resume();
  });

  test("asks for more up to 64 KiB, measured in bytes", async () => {
    const { port, streams } = pair();
    port.room = 0;
    const writer = streams.writable.getWriter();
    await isSettled(writer.ready);
    expect(writer.desiredSize).toBe(64 * 1024);
    const written = writer.write(new Uint8Array(60_000));
    expect(writer.desiredSize).toBe(64 * 1024 - 60_000);
    port.room = 60_000;
    await isSettled(Promise.resolve());
    streams.resume();
    await written;
  });

  test("aborted, it closes the channel", async () => {
    const { port, streams } = pair();
    await streams.writable.abort(new Error("no more"));
    expect(port.calls).toEqual(["close"]);
  });

  test("aborted while a write waits for a window that never comes, it closes the channel all the same", async () => {
    const { port, streams } = pair();
    port.room = 0;
    const writer = streams.writable.getWriter();
    const written = writer.write(Buffer.from("stuck"));
    const failure = expect(written).rejects.toThrow();
    await isSettled(Promise.resolve());
    expect(await isSettled(writer.abort(new Error("no more")))).toBe(true);
    expect(port.calls).toEqual(["close"]);
    await failure;
    port.room = 100;
    streams.resume();
    expect(port.written).toBe("");
  });

  const ends: { about: string; end: (streams: ChannelStreams) => void; error: RegExp }[] = [
    { about: "the server's CLOSE", end: (streams) => streams.tell(closed), error: /the server closed the channel/ },
    { about: "the connection's end", end: (streams) => streams.end(new DisconnectError("gone")), error: /^gone$/ },
  ];

  test.each(ends)("$about fails a write that comes after it, though none waited", async ({ end, error }) => {
    const { port, streams } = pair();
    const writer = streams.writable.getWriter();
    await writer.write(Buffer.from("before"));
    end(streams);
    const failures = [expect(writer.closed).rejects.toThrow(error)];
    failures.push(expect(writer.write(Buffer.from("late"))).rejects.toThrow(error));
    await Promise.all(failures);
    expect(port.written).toBe("before");
  });

  test.each(ends)("$about fails a write that waits, and every later one", async ({ end, error }) => {
    const { port, streams } = pair();
    port.room = 0;
    const writer = streams.writable.getWriter();
    const failures = [expect(writer.write(Buffer.from("stuck"))).rejects.toThrow(error)];
    await isSettled(Promise.resolve());
    end(streams);
    failures.push(expect(writer.closed).rejects.toThrow(error));
    failures.push(expect(writer.write(Buffer.from("late"))).rejects.toThrow(error));
    await Promise.all(failures);
    expect(port.calls).toEqual([]);
  });

  test("the server's EOF does not end it", async () => {
    const { port, streams } = pair();
    streams.tell(eof);
    const writer = streams.writable.getWriter();
    await writer.write(Buffer.from("still"));
    expect(port.written).toBe("still");
  });
});

describe("the plain halves", () => {
  test("writes that overlap leave in order", async () => {
    const { port, streams } = pair();
    port.room = 2;
    const { sink } = streams.direct;
    const writes = [
      sink.write(Buffer.from("first ")),
      sink.write(Buffer.from("second ")),
      sink.write(Buffer.from("third")),
    ];
    port.room = Number.POSITIVE_INFINITY;
    await isSettled(Promise.resolve());
    streams.resume();
    await Promise.all(writes);
    expect(port.written).toBe("first second third");
    expect(sink.write(Buffer.from("!"))).toBeUndefined();
  });

  test("a write from within another, or from what the rest of one sets going, stays behind all before it", async () => {
    const { port, streams } = pair();
    const { sink } = streams.direct;
    const writes: (Promise<void> | undefined)[] = [];
    port.room = 3;
    port.onWrite = () => writes.push(sink.write(Buffer.from("inner ")));
    writes.push(sink.write(Buffer.from("outer ")));
    writes.push(sink.write(Buffer.from("second ")));
    port.room = Number.POSITIVE_INFINITY;
    streams.resume();
    writes.push(sink.write(Buffer.from("third"))); // before whoever waits for the second has had a turn
    await Promise.all(writes);
    expect(port.written).toBe("outer inner second third");
  });

  test("a write from within another is not put into it where the channel takes that piece by piece", async () => {
    const { port, streams } = pair();
    const { sink } = streams.direct;
    const writes: (Promise<void> | undefined)[] = [];
    port.most = 3;
    port.onWrite = () => writes.push(sink.write(Buffer.from("inner ")));
    writes.push(sink.write(Buffer.from("outer ")));
    await Promise.all(writes);
    expect(port.written).toBe("outer inner ");
  });

  test("a write during which the channel goes is not waited for", async () => {
    const { port, streams } = pair();
    const gone = new DisconnectError("gone");
    port.room = 2;
    let closed: Promise<void> | undefined;
    port.onWrite = () => {
      streams.end(gone);
      closed = streams.direct.sink.close(); // nor is that
    };
    await expect(streams.direct.sink.write(Buffer.from("more"))).rejects.toBe(gone);
    await closed;
  });

  test("EOF goes behind what was written", async () => {
    const { port, streams } = pair();
    port.room = 0;
    const written = streams.direct.sink.write(Buffer.from("last"));
    const ended = streams.direct.sink.close();
    expect([await isSettled(ended), port.calls]).toEqual([false, []]);
    port.room = 4;
    streams.resume();
    await Promise.all([written, ended]);
    expect([port.written, port.calls]).toEqual(["last", ["eof"]]);
  });

  test("say what broke them, also when nothing is written", async () => {
    const { streams } = pair();
    const gone = new DisconnectError("gone");
    streams.end(gone);
    expect(await streams.direct.sink.broken).toBe(gone);
    await expect(streams.direct.sink.write(Buffer.from("late"))).rejects.toBe(gone);
    await expect(streams.direct.source.read()).rejects.toBe(gone);
  });

  test("cancelled, a read that waits has come to the end, and so have all that follow", async () => {
    const { port, streams } = pair();
    const { source } = streams.direct;
    const read = source.read();
    await source.cancel();
    expect([await read, await source.read()]).toEqual([undefined, undefined]);
    streams.tell(data("late"));
    expect(port.consumedBytes).toBe(4);
  });
});

describe("exited, close and signal", () => {
  const exitStatus: ChannelNews = { news: "exit-status", status: 3 };
  const exitSignal: ChannelNews = { news: "exit-signal", signal: "KILL", coreDumped: false, message: "oom" };
  const byStatus: ExitStatus = { status: 3 };
  const bySignal: ExitStatus = { signal: "KILL", coreDumped: false, message: "oom" };

  test.each<{ about: string; news: readonly ChannelNews[]; exited: ExitStatus | undefined }>([
    { about: "a status", news: [exitStatus, eof], exited: byStatus },
    { about: "a signal", news: [eof, exitSignal], exited: bySignal },
    { about: "nothing", news: [eof], exited: undefined },
    { about: "a status, then another", news: [exitStatus, { news: "exit-status", status: 0 }], exited: byStatus },
    { about: "a signal, then a status", news: [exitSignal, exitStatus], exited: bySignal },
  ])("exited is told at CLOSE, not before: $about", async ({ news, exited }) => {
    const { streams } = pair();
    for (const each of news) streams.tell(each);
    expect(await isSettled(streams.exited)).toBe(false);
    streams.tell(closed);
    expect(await streams.exited).toEqual(exited);
  });

  test("exited is undefined where the connection ends first, and never rejects", async () => {
    const { streams } = pair();
    streams.end(new DisconnectError("gone"));
    streams.end(undefined);
    expect(await streams.exited).toBeUndefined();
  });

  test("close asks for CLOSE and waits for the server's", async () => {
    const { port, streams } = pair();
    const done = streams.close();
    expect([port.calls, await isSettled(done)]).toEqual([["close"], false]);
    streams.tell(closed);
    await done;
  });

  test("signal is handed on", async () => {
    const { port, streams } = pair();
    await streams.signal("TERM");
    expect(port.calls).toEqual(["signal TERM"]);
  });

  test.each<readonly [string, readonly ChannelNews[], string | undefined]>([
    ["ready", [{ news: "ready" }], undefined],
    ["ready and closed", [{ news: "ready" }, closed], undefined],
    ["refused", [{ news: "refused", error: new ChannelError("no", "exec") }], "no"],
    ["refused and closed", [{ news: "refused", error: new ChannelError("no", "exec") }, closed], "no"],
    ["closed without an answer", [closed], "the server closed the channel before it answered"],
  ])("opened: %s", async (_, news, fault) => {
    const { port, streams } = pair();
    for (const each of news) streams.tell(each);
    expect([(await streams.opened)?.message, port.calls]).toEqual([fault, []]);
  });

  test("opened: with the connection, which says why", async () => {
    const { streams } = pair();
    const why = new DisconnectError("it is gone");
    streams.end(why);
    expect(await streams.opened).toBe(why);
  });

  test("a refused variable is no answer", async () => {
    const { port, streams } = pair();
    streams.tell({ news: "env-refused", name: "LANG" });
    expect([port.calls, await isSettled(streams.opened), await isSettled(streams.exited)]).toEqual([[], false, false]);
  });
});

describe("a process that has ended while others hold its channel open", () => {
  const ends: readonly ChannelNews[] = [
    { news: "exit-status", status: 3 },
    { news: "exit-signal", signal: "TERM", coreDumped: false, message: "" },
  ];
  test.each(ends)("is written to no more after $news, and its stdout goes on", async (news) => {
    const { port, streams } = pair();
    port.room = 1;
    const writer = streams.writable.getWriter();
    const writing = writer.write(Buffer.from("ab"));
    const failed = expect(writing).rejects.toThrow(ChannelError);
    await writer.ready;
    streams.tell(news);
    await failed;
    await expect(writer.closed).rejects.toThrow("the remote process has ended");
    streams.tell(data("more"));
    streams.tell(eof);
    expect(await readAll(streams.readable)).toEqual(["more"]);
  });
});
