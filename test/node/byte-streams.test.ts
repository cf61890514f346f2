import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readableBytes, writableBytes } from "../../src/node/byte-streams.ts";
import { flowing } from "../../src/ssh/flow.ts";
import { readableOf, writableOf } from "../../src/ssh/web-streams.ts";

const nothing = (): void => {};
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

async function readAll(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of stream) all.push(...chunk);
  return all;
}

describe("reading", () => {
  it("gives plain Uint8Arrays, then the end", async () => {
    const source = Readable.from([Buffer.from([1, 2]), Buffer.from([3])], { objectMode: false });
    const reader = readableOf(readableBytes(source, nothing)).getReader();
    const { value } = await reader.read();
    expect(value?.constructor).toBe(Uint8Array);
    expect(value).toEqual(bytes(1, 2));
    reader.releaseLock();
  });

  it("loses nothing and keeps the order", async () => {
    const chunks = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1000, i & 0xff));
    const all = await readAll(readableOf(readableBytes(Readable.from(chunks, { objectMode: false }), nothing)));
    expect(Buffer.from(all).equals(Buffer.concat(chunks))).toBe(true);
  });

  it("ends as the verdict at the end says", async () => {
    const source = (): Readable => Readable.from([Buffer.from([1])], { objectMode: false });
    expect(await readAll(readableOf(readableBytes(source(), nothing, () => Promise.resolve())))).toEqual([1]);
    const refused = readableOf(readableBytes(source(), nothing, () => Promise.reject(new Error("not well"))));
    await expect(readAll(refused)).rejects.toThrow("not well");
  });

  it("pauses the source while nobody reads, and takes no more than a queue's worth", async () => {
    let made = 0;
    const source = new Readable({
      read() {
        made += 16384;
        this.push(Buffer.alloc(16384));
      },
    });
    const reader = readableOf(readableBytes(source, nothing)).getReader();
    await reader.read();
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(source.isPaused()).toBe(true);
    expect(made).toBeLessThanOrEqual(8 * 16384 + source.readableHighWaterMark);
    const before = made;
    for (let read = 0; read < 20; read++) await reader.read();
    expect(made).toBeGreaterThan(before);
    await reader.cancel();
  });

  it("fails with the source's error", async () => {
    const source = new PassThrough();
    const reader = readableOf(readableBytes(source, nothing)).getReader();
    source.destroy(new Error("reset"));
    await expect(reader.read()).rejects.toThrow("reset");
  });

  it("fails where the source closes before its end", async () => {
    const source = new PassThrough();
    const reader = readableOf(readableBytes(source, nothing)).getReader();
    source.destroy();
    await expect(reader.read()).rejects.toThrow("closed before its end");
  });

  it("calls what cancels once, and survives what the source says afterwards", async () => {
    const source = new PassThrough();
    let cancelled = 0;
    const stream = readableBytes(source, () => {
      cancelled += 1;
    });
    await stream.cancel();
    source.write("late");
    source.destroy(new Error("late"));
    await new Promise(setImmediate);
    expect(cancelled).toBe(1);
  });
});

describe("flowing", () => {
  const all = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1000, i & 0xff));

  it.each([
    ["takes at once", () => undefined],
    ["needs time", () => new Promise<void>(setImmediate)],
  ])("gives a taker that %s all in order, and then the end", async (_, time) => {
    const taken: Uint8Array[] = [];
    const source = readableBytes(Readable.from(all, { objectMode: false }), nothing);
    const breach = await flowing(source, (chunk) => {
      taken.push(chunk);
      return time();
    });
    expect(breach).toBeUndefined();
    expect(Buffer.concat(taken).equals(Buffer.concat(all))).toBe(true);
  });

  it("pauses the source only for a taker that needs time, and reads no further", async () => {
    let made = 0;
    const source = new Readable({
      read() {
        made += 16384;
        this.push(Buffer.alloc(16384));
      },
    });
    let pauses = 0;
    source.on("pause", () => pauses++);
    let go: () => void = nothing;
    let chunks = 0;
    const bytes = readableBytes(source, () => source.destroy());
    const over = flowing(bytes, () => {
      if (++chunks < 100) return undefined;
      return new Promise((resolve) => {
        go = resolve;
      });
    });
    pauses = 0; // none before the first is asked for
    while (chunks < 100) await new Promise(setImmediate);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect([chunks, pauses, source.isPaused()]).toEqual([100, 1, true]);
    expect(made).toBeLessThanOrEqual(100 * 16384 + source.readableHighWaterMark + 16384);
    go();
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(chunks).toBe(101);
    await bytes.cancel();
    go();
    expect(await over).toBeUndefined();
  });

  it("resolves to the source's error, where a verdict says otherwise to that", async () => {
    const broken = new PassThrough();
    const over = flowing(readableBytes(broken, nothing), () => undefined);
    broken.destroy(new Error("reset"));
    expect(await over).toMatchObject({ error: { message: "reset" } });
    const refused = readableBytes(Readable.from(all, { objectMode: false }), nothing, () =>
      Promise.reject(new Error("not well")),
    );
    expect(await flowing(refused, () => undefined)).toMatchObject({ error: { message: "not well" } });
  });

  it("ends with a taker's fault, and not the process with it", async () => {
    const source = new PassThrough();
    const over = flowing(readableBytes(source, nothing), () => {
      throw new Error("a fault of ours");
    });
    source.write("x");
    await expect(over).rejects.toThrow("a fault of ours");
    source.end("y");
    await new Promise(setImmediate);
    expect(source.isPaused()).toBe(true);
  });

  it("gives what comes while a chunk is being taken behind it", async () => {
    const source = new Readable({ read: nothing });
    let text = "";
    const over = flowing(readableBytes(source, nothing), (chunk) => {
      if (text === "") source.push("second ");
      text += Buffer.from(chunk).toString();
      return undefined;
    });
    await new Promise(setImmediate);
    for (const each of ["first ", "third"]) {
      source.push(each);
      await new Promise(setImmediate);
    }
    source.push(null);
    expect([await over, text]).toEqual([undefined, "first second third"]);
  });

  it("ends where it is cancelled by its own taker", async () => {
    const source = new PassThrough();
    const bytes = readableBytes(source, nothing);
    let given = 0;
    const over = flowing(bytes, () => {
      given++;
      void bytes.cancel();
      return undefined;
    });
    source.write("x");
    source.write("y");
    expect([await over, given]).toEqual([undefined, 1]);
  });
});

describe("writing", () => {
  /** A sink that takes a write when told to. */
  function slowSink(): { sink: Writable; taken: Uint8Array[]; take: (error?: Error) => void } {
    const taken: Uint8Array[] = [];
    let done: (error?: Error) => void = nothing;
    const sink = new Writable({
      write(chunk: Uint8Array, _, callback) {
        taken.push(chunk);
        done = callback;
      },
    });
    return { sink, taken, take: (error) => done(error) };
  }
  const ends = { close: (done: () => void) => done(), abort: nothing };

  it("resolves when the sink has taken the bytes, not before", async () => {
    const { sink, taken, take } = slowSink();
    const writer = writableOf(writableBytes(sink, ends)).getWriter();
    let isTaken = false;
    const written = writer.write(bytes(1)).then(() => {
      isTaken = true;
    });
    await new Promise(setImmediate);
    expect([taken.length, isTaken]).toEqual([1, false]);
    take();
    await written;
  });

  it("says at once that the sink has taken the bytes at once", async () => {
    const taken: number[][] = [];
    const sink = new Writable({
      write(chunk: Uint8Array, _, callback) {
        taken.push([...chunk]);
        callback();
      },
    });
    const writer = writableBytes(sink, ends);
    const lent = bytes(1, 2);
    expect(writer.write(lent)).toBeUndefined();
    lent.fill(0xff);
    expect(writer.write(bytes(3))).toBeUndefined();
    expect(taken).toEqual([[1, 2], [3]]);
  });

  it("waits for the callbacks of a sink whose length says nothing", async () => {
    const callbacks: (() => void)[] = [];
    const sink = new PassThrough();
    sink.write = ((_: Uint8Array, callback: () => void) => callbacks.push(callback) > 0) as typeof sink.write;
    const writer = writableBytes(sink, { ...ends, isLengthUntold: true });
    let isTaken = false;
    const written = [writer.write(bytes(1)), writer.write(bytes(2))];
    void written[0]?.then(() => {
      isTaken = true;
    });
    callbacks.shift()?.();
    await new Promise(setImmediate);
    expect([written[1] instanceof Promise, isTaken]).toEqual([true, false]);
    callbacks.shift()?.();
    await Promise.all(written);
    sink.write = ((_: Uint8Array, callback: () => void) => callback() === undefined) as typeof sink.write;
    expect(writer.write(bytes(3))).toBeUndefined();
  });

  it("gives the sink one write at a time", async () => {
    const { sink, taken, take } = slowSink();
    const writer = writableOf(writableBytes(sink, ends)).getWriter();
    const all = [writer.write(bytes(1)), writer.write(bytes(2))];
    await new Promise(setImmediate);
    expect(taken).toHaveLength(1);
    take();
    await all[0];
    await new Promise(setImmediate);
    expect(taken).toHaveLength(2);
    take();
    await Promise.all(all);
  });

  it("fails with the sink's error, then and later", async () => {
    const { sink, take } = slowSink();
    const writer = writableOf(writableBytes(sink, ends)).getWriter();
    const written = writer.write(bytes(1));
    await new Promise(setImmediate);
    take(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await expect(written).rejects.toMatchObject({ code: "EPIPE" });
    await expect(writer.write(bytes(2))).rejects.toMatchObject({ code: "EPIPE" });
  });

  it("fails where the sink is destroyed under a write", async () => {
    const { sink } = slowSink();
    const written = writableOf(writableBytes(sink, ends)).getWriter().write(bytes(1));
    await new Promise(setImmediate);
    sink.destroy();
    await expect(written).rejects.toThrow();
  });

  it("ends after the last write", async () => {
    const { sink, take } = slowSink();
    let isClosed = false;
    const close = (done: () => void): void => {
      isClosed = true;
      done();
    };
    const writer = writableOf(writableBytes(sink, { close, abort: nothing })).getWriter();
    const written = writer.write(bytes(1));
    const closed = writer.close();
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    take();
    await Promise.all([written, closed]);
    expect(isClosed).toBe(true);
  });

  it("is aborted at once, even under a write that never ends", async () => {
    const { sink } = slowSink();
    const writer = writableOf(writableBytes(sink, { close: nothing, abort: () => sink.destroy() })).getWriter();
    const written = writer.write(bytes(1));
    await new Promise(setImmediate);
    const aborted = writer.abort();
    await expect(written).rejects.toThrow();
    await aborted;
  });
});
