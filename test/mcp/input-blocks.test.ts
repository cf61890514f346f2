import { describe, expect, test } from "vitest";
import { Conversation } from "../../src/mcp/conversation.ts";
import { HostInput } from "../../src/mcp/host-input.ts";
import { InputBlocks } from "../../src/mcp/input-blocks.ts";
import { SendQueue } from "../../src/mcp/send-queue.ts";
import type { ByteSink, ByteSource } from "../../src/ssh/connection.ts";
import { seededBytes } from "../support/peer-crypto.ts";

const KIB = 1024;

describe("the blocks", () => {
  test("copy a chunk, whatever its length", () => {
    const blocks = new InputBlocks();
    for (const length of [0, 1, 100, 64 * KIB - 101, 64 * KIB, 64 * KIB + 1, 200 * KIB]) {
      const chunk = seededBytes(`chunk ${length}`)(length);
      const views = blocks.take(chunk);
      const copy = Buffer.from(chunk);
      chunk.fill(0xff);
      expect(Buffer.concat(views).equals(copy)).toBe(true);
    }
  });

  test("are used again when all of one was given back, in whatever pieces", () => {
    const blocks = new InputBlocks();
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 1000; i++) {
      for (const view of blocks.take(new Uint8Array(50_000))) {
        buffers.add(view.buffer);
        blocks.giveBack(view.subarray(0, 10));
        blocks.giveBack(view.subarray(10));
      }
    }
    expect(buffers.size).toBeLessThan(4);
  });

  test("are not used again while a byte of them is out", () => {
    const blocks = new InputBlocks();
    const [kept] = blocks.take(Uint8Array.of(1, 2, 3)) as [Uint8Array];
    blocks.giveBack(kept.subarray(0, 2));
    for (let i = 0; i < 100; i++) for (const view of blocks.take(new Uint8Array(10_000).fill(9))) blocks.giveBack(view);
    expect(kept).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("leave bytes alone that are not theirs", () => {
    const blocks = new InputBlocks();
    const [kept] = blocks.take(Uint8Array.of(1, 2, 3)) as [Uint8Array];
    blocks.giveBack(new Uint8Array(3));
    blocks.take(Uint8Array.of(4, 5, 6));
    expect(kept).toEqual(Uint8Array.of(1, 2, 3));
  });
});

/** Lends one buffer for everything, and writes noise over it before it lends it again. */
function lending(bytes: Uint8Array, lengthOfRead: (n: number) => number): ByteSource {
  const buffer = new Uint8Array(64 * KIB);
  let at = 0;
  let reads = 0;
  return {
    read: async () => {
      buffer.fill(0xff);
      if (at === bytes.length) return undefined;
      const piece = bytes.subarray(at, at + lengthOfRead(reads++));
      buffer.set(piece);
      at += piece.length;
      return buffer.subarray(0, piece.length);
    },
    cancel: async () => undefined,
  };
}

test("lines reach a server that is slow now and then as they were, through a stdin that lends its chunks", async () => {
  const numbers = Array.from({ length: 200_000 }, (_, i) => String(i).padStart(6, "0")).join(""); // no two places are alike
  const text = (length: number): string =>
    `{"jsonrpc":"2.0","method":"note","params":["${numbers.slice(0, length)}"]}\n`;
  const lengths = [1, 40, 3000, 20_000, 50_000, 300_000, 1_200_000, 5, 5, 5, 47_000];
  const bytes = Buffer.from([...lengths, ...lengths.reverse()].map(text).join(""));
  const blocks = new InputBlocks();
  const queue = new SendQueue(256 * KIB, (taken) => blocks.giveBack(taken));
  const conversation = new Conversation({ answer: () => undefined, stderr: () => [] });
  const source = lending(bytes, (n) => 1 + ((n * 7919) % (64 * KIB)));
  const input = new HostInput(source, 1024 * KIB, conversation, queue, blocks);
  const received: Buffer[] = [];
  let writes = 0;
  const sink: ByteSink = {
    write: (chunk) => {
      const take = (): undefined => {
        received.push(Buffer.from(chunk));
      };
      return writes++ % 5 === 0 ? new Promise(setImmediate).then(take) : take();
    },
    close: async () => undefined,
    abort: async () => undefined,
    broken: new Promise(() => undefined),
  };
  const fed = queue.feed(sink, () => undefined);
  await input.read();
  queue.end();
  expect(await fed).toBe(true);
  expect(Buffer.concat(received).equals(bytes)).toBe(true);
});
