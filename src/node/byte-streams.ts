/**
 * Byte streams: Node's streams as sources and sinks of bytes, with back-pressure. Our own, because `Duplex.toWeb` halves
 * the rate and a stream of `type: "bytes"` costs 4 to 8 us a chunk. Queues are measured in bytes.
 */
import type { OnReadOpts, Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Breach, ByteSink, ByteSource, TakeChunk } from "../ssh/connection.ts";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { Flow } from "../ssh/flow.ts";

/** What may wait to be read before the source is paused; one read of a socket is as much. */
const highWaterMark = 64 * 1024;

/**
 * What `source` reads: paused while nobody reads, ended at its end, in error with its error or if it closes before its
 * end. Cancelling calls `cancel`. `verdict`: asked at the end, where it takes more than the end to know whether all went
 * well; what it rejects with is the error.
 */
export function readableBytes(source: Readable, cancel: () => void, verdict?: () => Promise<void>): ByteSource {
  const bytes = new NodeSource(source, cancel, false, verdict);
  source.on("data", (chunk: Uint8Array) => {
    if (!bytes.take(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))) source.pause();
  });
  return bytes;
}

/**
 * One buffer for all that a socket ever reads, where Node would make one for each read: at full speed those are tens of
 * MiB that wait for the garbage collector.
 */
export class SocketBuffer {
  readonly #bytes = new Uint8Array(highWaterMark);
  #take: (length: number) => boolean = () => false;

  /** For the options of the socket that this is the buffer of, which must not read before `source`. */
  get onread(): OnReadOpts {
    return {
      buffer: this.#bytes,
      callback: (length) => this.#take(length), // false: the next read waits until somebody asks for it
    };
  }

  /** As `readableBytes`, but a chunk is borrowed: valid until the next is asked for. */
  source(socket: Socket, cancel: () => void): ByteSource {
    const bytes = new NodeSource(socket, cancel, true);
    this.#take = (length) => bytes.take(this.#bytes.subarray(0, length));
    return bytes;
  }
}

type Waiting = { readonly resolve: (chunk: Uint8Array | undefined) => void; readonly reject: (error: unknown) => void };

class NodeSource implements ByteSource {
  readonly #source: Readable;
  readonly #onCancel: () => void;
  readonly #isLent: boolean;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #waiting: Waiting | undefined;
  #flow: Flow | undefined;
  #end: { readonly breach: Breach | undefined } | undefined;

  /** `isLent`: a chunk is the next one's room, so that it must be taken first. */
  constructor(source: Readable, cancel: () => void, isLent: boolean, verdict?: () => Promise<void>) {
    this.#source = source;
    this.#onCancel = cancel;
    this.#isLent = isLent;
    let isAtEnd = false;
    source.pause();
    const over = (breach?: Breach): void => {
      if (verdict === undefined) this.#over(breach);
      else
        verdict().then(
          () => this.#over(breach),
          (error: unknown) => this.#over({ error }),
        );
    };
    source.on("end", () => {
      isAtEnd = true;
      over();
    });
    source.on("error", (error) => this.#over({ error }));
    source.on("close", () => {
      if (!isAtEnd) over({ error: new Error("the stream was closed before its end") });
    });
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#give();
    });
  }

  async cancel(): Promise<void> {
    const isFirst = this.#end === undefined;
    this.#chunks = [];
    this.#over(undefined);
    if (isFirst) this.#onCancel();
  }

  flow(take: TakeChunk): Promise<Breach | undefined> {
    this.#flow = new Flow(take, () => this.#goOn());
    return this.#flow.over;
  }

  /** Whether the next chunk may come at once. */
  take(chunk: Uint8Array): boolean {
    if (this.#end !== undefined) return !this.#isLent;
    if (this.#flow?.isReady) {
      const isTaken = this.#flow.give(chunk);
      if (this.#end !== undefined || this.#chunks.length > 0) this.#goOn(); // the taker may have made it so
      return isTaken;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#give();
    return !this.#isLent && this.#length < highWaterMark;
  }

  #over(breach: Breach | undefined): void {
    this.#end ??= { breach };
    this.#give();
    this.#goOn();
  }

  /** Gives a flow what waits for it, then what comes. */
  #goOn(): void {
    while (this.#flow?.isReady) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) {
        if (this.#end === undefined) this.#source.resume();
        else this.#flow.end(this.#end.breach);
        return;
      }
      this.#length -= chunk.length;
      this.#flow.give(chunk);
    }
  }

  #give(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#length -= chunk.length;
      this.#waiting = undefined;
      waiting.resolve(chunk);
    } else if (this.#end === undefined) this.#source.resume();
    else {
      this.#waiting = undefined;
      if (this.#end.breach === undefined) waiting.resolve(undefined);
      else waiting.reject(this.#end.breach.error);
    }
  }
}

export interface SinkEnd {
  /** Called once the last byte was taken: ends the sink. */
  readonly close: (whenDone: (error?: Error | null) => void) => void;
  /** Gives up on what was not taken yet. */
  readonly abort: () => void;
  /** Asked where the sink has failed: what it rejects with is the error then. */
  readonly verdict?: () => Promise<void>;
  /** Whether the sink's `writableLength` says nothing: then only its callbacks tell what was taken. */
  readonly isLengthUntold?: boolean;
}

/** Takes bytes to `sink`: a write is done when the system has taken its bytes. */
export function writableBytes(sink: Writable, end: SinkEnd): ByteSink {
  return new NodeSink(sink, end);
}

class NodeSink implements ByteSink {
  readonly #broken: Deferred<unknown> = deferred();
  readonly broken: Promise<unknown> = this.#broken.promise;
  readonly #sink: Writable;
  readonly #end: SinkEnd;
  /** Writes that were not called back. */
  #out = 0;
  /** What is told when the sink has taken all that it was given, or never will. */
  #waiting: Deferred<void> | undefined;

  constructor(sink: Writable, end: SinkEnd) {
    this.#sink = sink;
    this.#end = end;
    sink.on("error", (error) => this.#fail(error));
    sink.on("close", () => this.#fail(new Error("the stream was closed"))); // a write that it cuts off may never be called back
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (!this.#sink.writable) return this.broken.then((error) => Promise.reject(error));
    this.#out++;
    this.#sink.write(bytes, this.#onTaken);
    return this.#hasTakenAll() ? undefined : this.#untilTaken();
  }

  close(): Promise<void> {
    const closed = this.#untilTaken();
    this.#end.close((error) => {
      if (!error) this.#settle();
    });
    return closed;
  }

  async abort(): Promise<void> {
    this.#break(new Error("writing was aborted"));
    this.#end.abort();
  }

  #untilTaken(): Promise<void> {
    this.#waiting ??= deferred();
    return this.#waiting.promise;
  }

  readonly #onTaken = (error?: Error | null): void => {
    this.#out--;
    if (!error && this.#hasTakenAll()) this.#settle();
  };

  #hasTakenAll(): boolean {
    return (this.#end.isLengthUntold ? this.#out : this.#sink.writableLength) === 0;
  }

  #settle(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #fail(error: unknown): void {
    const fail = (reason: unknown): void => this.#break(reason);
    if (this.#end.verdict === undefined) fail(error);
    else this.#end.verdict().then(() => fail(error), fail);
  }

  #break(error: unknown): void {
    this.#broken.resolve(error);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
