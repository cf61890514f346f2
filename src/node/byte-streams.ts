/**
 * Byte streams: Node's streams as web streams of bytes, both with back-pressure. Our own, because `Duplex.toWeb` halves
 * the rate and a stream of `type: "bytes"` costs 4 to 8 us a chunk. Queues are measured in bytes.
 */
import type { Readable, Writable } from "node:stream";

/** What the reading queue may hold before the source is paused; one read of a socket is as much. */
const highWaterMark = 64 * 1024;

/**
 * What `source` reads, as a stream of Uint8Array: paused while nobody reads, ended at its end, in error with its error
 * or if it closes before its end. Cancelling calls `cancel`. `verdict`: asked at the end, where it takes more than the
 * end to know whether all went well; what it rejects with is the stream's error.
 */
export function readableBytes(
  source: Readable,
  cancel: () => void,
  verdict?: () => Promise<void>,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const over = (settle: () => void): void => {
    if (!isOver) settle();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.pause();
        source.on("data", (chunk: Uint8Array) => {
          if (isOver) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) <= 0) source.pause();
        });
        let isAtEnd = false;
        source.on("end", () => {
          isAtEnd = true;
          const close = (): void => over(() => controller.close());
          if (verdict === undefined) close();
          else verdict().then(close, (error: unknown) => over(() => controller.error(error)));
        });
        source.on("error", (error) => over(() => controller.error(error)));
        source.on("close", () => {
          if (!isAtEnd) over(() => controller.error(new Error("the stream was closed before its end")));
        });
      },
      pull() {
        source.resume();
      },
      cancel() {
        over(cancel);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark }),
  );
}

export interface SinkEnd {
  /** Called once the last byte was taken: ends the sink. */
  readonly close: (whenDone: () => void) => void;
  /** Gives up on what was not taken yet. */
  readonly abort: () => void;
  /** Asked where the sink has failed: what it rejects with is the stream's error then. */
  readonly verdict?: () => Promise<void>;
}

/**
 * Takes Uint8Arrays to `sink`. A write resolves when the system has taken its bytes, so that the caller may reuse its
 * array, and one is under way at a time: the sink's own queue stays empty. An abort does not wait for that one.
 */
export function writableBytes(sink: Writable, end: SinkEnd): WritableStream<Uint8Array> {
  let rejectCurrent: (error: Error) => void = () => {};
  const settled = (call: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      rejectCurrent = reject;
      call((error) => (error ? judge(error, reject) : resolve()));
    });
  const judge = (error: Error, fail: (error: Error) => void): void => {
    if (end.verdict === undefined) fail(error);
    else end.verdict().then(() => fail(error), fail);
  };
  return new WritableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (error: Error): void => {
          controller.error(error);
          rejectCurrent(error); // Node does not always call back for a write that a close has cut off
        };
        sink.on("error", (error) => judge(error, fail));
        sink.on("close", () => judge(new Error("the stream was closed"), fail));
        controller.signal.addEventListener("abort", end.abort);
      },
      write: (chunk) => settled((done) => sink.write(chunk, done)),
      close: () => settled(end.close),
    },
    new ByteLengthQueuingStrategy({ highWaterMark }),
  );
}
