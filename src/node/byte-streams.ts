/**
 * Byte streams: Node's streams as web streams of bytes, both with back-pressure. Our own, because `Duplex.toWeb` halves
 * the rate and a stream of `type: "bytes"` costs 4 to 8 us a chunk. Queues are measured in bytes.
 */
import type { OnReadOpts, Socket } from "node:net";
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
  const over = once();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.pause();
        source.on("data", (chunk: Uint8Array) => {
          if (over.isOver) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) <= 0) source.pause();
        });
        followEnd(source, controller, over, verdict);
      },
      pull() {
        source.resume();
      },
      cancel() {
        over.settle(cancel);
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark }),
  );
}

/**
 * One buffer for all that a socket ever reads, where Node would make one for each read: at full speed those are tens of
 * MiB that wait for the garbage collector.
 */
export class SocketBuffer {
  readonly #bytes = new Uint8Array(highWaterMark);
  #take: (length: number) => boolean = () => false;

  /** For the options of the socket that this is the buffer of, which must not read before `readable`. */
  get onread(): OnReadOpts {
    return { buffer: this.#bytes, callback: (length) => this.#take(length) };
  }

  /** As `readableBytes`, but a chunk is borrowed: valid until the next is asked for. */
  readable(socket: Socket, cancel: () => void): ReadableStream<Uint8Array> {
    const over = once();
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#take = (length) => {
            if (!over.isOver) controller.enqueue(this.#bytes.subarray(0, length));
            return false; // the next read waits until somebody asks for it
          };
          followEnd(socket, controller, over);
        },
        pull() {
          socket.resume();
        },
        cancel() {
          over.settle(cancel);
        },
      },
      { highWaterMark: 0 },
    );
  }
}

interface Once {
  readonly isOver: boolean;
  /** Calls `settle` the first time. */
  settle(settle: () => void): void;
}

function once(): Once {
  let isOver = false;
  return {
    get isOver() {
      return isOver;
    },
    settle(settle) {
      if (!isOver) settle();
      isOver = true;
    },
  };
}

function followEnd(
  source: Readable,
  controller: ReadableStreamDefaultController<Uint8Array>,
  over: Once,
  verdict?: () => Promise<void>,
): void {
  let isAtEnd = false;
  source.on("end", () => {
    isAtEnd = true;
    const close = (): void => over.settle(() => controller.close());
    if (verdict === undefined) close();
    else verdict().then(close, (error: unknown) => over.settle(() => controller.error(error)));
  });
  source.on("error", (error) => over.settle(() => controller.error(error)));
  source.on("close", () => {
    if (!isAtEnd) over.settle(() => controller.error(new Error("the stream was closed before its end")));
  });
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
