import { expect, test } from "vitest";
import { SendQueue } from "../../src/mcp/send-queue.ts";
import type { ByteSink } from "../../src/ssh/connection.ts";
import { deferred } from "../../src/ssh/deferred.ts";
import { text, utf8 } from "./cuts.ts";

/** A sink that takes a chunk when told to. */
function slowSink(): { sink: ByteSink; taken: Uint8Array[]; take: () => void; break: (error: Error) => void } {
  const taken: Uint8Array[] = [];
  const broken = deferred<unknown>();
  let next = deferred();
  const sink: ByteSink = {
    write: (bytes) => {
      taken.push(bytes);
      next = deferred();
      return next.promise;
    },
    close: async () => {
      taken.push(utf8("EOF"));
    },
    abort: async () => undefined,
    broken: broken.promise,
  };
  return { sink, taken, take: () => next.resolve(), break: broken.resolve };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test("gives a sink one chunk at a time, and EOF behind the last", async () => {
  const { sink, taken, take } = slowSink();
  const queue = new SendQueue(1000);
  const fed = queue.feed(sink, () => undefined);
  for (const word of ["one ", "two "]) queue.piece(utf8(word));
  queue.end();
  await turn();
  expect(text(taken)).toBe("one ");
  take();
  await turn();
  expect(text(taken)).toBe("one two ");
  take();
  expect([await fed, text(taken)]).toEqual([true, "one two EOF"]);
});

test("says that a sink breaks while nothing waits", async () => {
  const { sink, break: breakIt } = slowSink();
  const fed = new SendQueue(1000).feed(sink, () => undefined);
  await turn();
  breakIt(new Error("the channel is closed"));
  await expect(fed).rejects.toThrow("the channel is closed");
});
