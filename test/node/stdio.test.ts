import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createStderr } from "../../src/node/stdio.ts";

/** A host that reads our stderr only when told to. */
function slowHost(): { sink: Writable; text: () => string; read: () => Promise<void> } {
  const taken: string[] = [];
  let pending: (() => void) | undefined;
  const sink = new Writable({
    write(chunk: Uint8Array, _, callback) {
      taken.push(new TextDecoder().decode(chunk));
      pending = callback;
    },
  });
  const read = async (): Promise<void> => {
    while (pending !== undefined) {
      const callback = pending;
      pending = undefined;
      callback();
      await new Promise(setImmediate);
    }
  };
  return { sink, text: () => taken.join(""), read };
}

describe("stderr", () => {
  it.each(["", ", also where nothing says what waits, as in Bun"])(
    "never makes a writer wait: beyond 256 KiB it drops, and says how often once it is read%s",
    async (where) => {
      const { sink, text, read } = slowHost();
      if (where !== "") Object.defineProperty(sink, "writableLength", { value: 0 });
      const stderr = createStderr(sink, where !== "");
      const line = `${"x".repeat(1023)}\n`;
      for (let written = 0; written < 300; written++) stderr.write(line);
      expect(sink.writableLength).toBeLessThanOrEqual(256 * 1024);
      await read();
      stderr.write("back\n");
      await read();
      expect(text()).toBe(`${line.repeat(256)}(44 lines were dropped here: nobody read them)\nback\n`);
    },
  );

  it("drops nothing of much that is said in one turn and taken at once", () => {
    let length = 0;
    const sink = new Writable({
      write(chunk: Uint8Array, _, callback) {
        length += chunk.length;
        callback();
      },
    });
    const stderr = createStderr(sink);
    for (let written = 0; written < 300; written++) stderr.write(`${"x".repeat(1023)}\n`);
    expect(length).toBe(300 * 1024);
  });

  it("says at the end as well how often it dropped", async () => {
    const { sink, text, read } = slowHost();
    const stderr = createStderr(sink);
    for (let written = 0; written < 300; written++) stderr.write(`${"x".repeat(1023)}\n`);
    const drained = stderr.drained();
    await read();
    await read();
    await drained;
    expect(text().slice(-60)).toMatch(/x\n\(44 lines were dropped here: nobody read them\)\n$/);
  });

  it("says when a line was taken", async () => {
    const { sink, text, read } = slowHost();
    let isTaken = false;
    const taken = createStderr(sink)
      .taken("line\n")
      .then(() => {
        isTaken = true;
      });
    await new Promise(setImmediate);
    expect([text(), isTaken]).toEqual(["line\n", false]);
    await read();
    await taken;
  });

  it("says when it is drained", async () => {
    const { sink, read } = slowHost();
    const stderr = createStderr(sink);
    stderr.write("x");
    let isDrained = false;
    const drained = stderr.drained().then(() => {
      isDrained = true;
    });
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    await read();
    await drained;
  });

  it("is silent once nobody can read it any more", async () => {
    const { sink } = slowHost();
    const stderr = createStderr(sink);
    sink.destroy(new Error("write EPIPE"));
    await new Promise(setImmediate);
    stderr.write("x");
    await stderr.taken("y");
    await stderr.drained();
  });
});
