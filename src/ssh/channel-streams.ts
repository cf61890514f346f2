/**
 * Channel streams: one channel as a source and a sink of bytes, and as web streams for whoever wants those. What the
 * consumer has not read keeps the channel's window closed, what the channel does not take keeps a write waiting:
 * back-pressure both ways, without a queue that grows. Credit goes back when bytes are read, not when received.
 */
import type { ChannelNews } from "./channel.ts";
import type {
  Breach,
  ByteDuplex,
  ByteSink,
  ByteSource,
  DirectBytes,
  ExitStatus,
  SessionChannel,
  TakeChunk,
} from "./connection.ts";
import { ChannelError, type SshError } from "./errors.ts";
import { Flow } from "./flow.ts";
import { copying, duplexOf, readableOf } from "./web-streams.ts";

const maximumStderr = 64 * 1024; // what is kept of an unread stderr
const blockLength = 64 * 1024; // of what waits to be read: a window of single bytes must weigh no more than its bytes
const mostSpare = 48; // blocks that are kept for what comes: of a full window, 128, the rest is made anew

/** What the streams ask of the connection; `id` is known to it. */
export interface ChannelPort {
  /** How many bytes were taken. */
  write(bytes: Uint8Array): number;
  consumed(length: number): void;
  sendEof(): void;
  signal(name: string): void;
  close(): void;
}

export class ChannelStreams implements SessionChannel {
  readonly exited: Promise<ExitStatus | undefined>;
  readonly #port: ChannelPort;
  readonly #data: ReadQueue;
  readonly #stderr: ReadQueue = new ReadQueue(() => undefined);
  readonly #sink: ChannelSink;
  readonly #duplex: ByteDuplex;
  #stderrStream: ReadableStream<Uint8Array> | undefined;
  #resolveExited: (status: ExitStatus | undefined) => void = () => undefined;
  #exitStatus: ExitStatus | undefined;
  #stderrDropped = 0;
  #isEnded = false;

  constructor(port: ChannelPort) {
    this.#port = port;
    this.#data = new ReadQueue((length) => port.consumed(length));
    this.#sink = new ChannelSink(port);
    this.#duplex = duplexOf({ source: this.#data, sink: this.#sink }, true);
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
  }

  get direct(): DirectBytes {
    return { source: this.#data, sink: this.#sink };
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#duplex.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#duplex.writable;
  }

  get stderr(): ReadableStream<Uint8Array> {
    this.#stderrStream ??= readableOf(copying(this.#stderr));
    return this.#stderrStream;
  }

  get directStderr(): ByteSource {
    return this.#stderr;
  }

  get stderrDropped(): number {
    return this.#stderrDropped;
  }

  async signal(name: string): Promise<void> {
    this.#port.signal(name);
  }

  async close(): Promise<void> {
    this.#port.close();
    await this.exited;
  }

  /** Takes news of the channel; byte arrays are copied. */
  tell(news: ChannelNews): void {
    switch (news.news) {
      case "data":
        this.#data.push(news.data);
        return;
      case "stderr":
        this.#stderr.push(news.data);
        this.#stderrDropped += this.#stderr.dropDownTo(maximumStderr);
        return;
      case "eof":
        this.#data.end();
        this.#stderr.end();
        return;
      case "exit-status":
        this.#processEnded({ status: news.status });
        return;
      case "exit-signal":
        this.#processEnded({ signal: news.signal, coreDumped: news.coreDumped, message: news.message });
        return;
      case "closed":
        this.end(undefined);
        return;
      case "ready":
      case "refused":
      case "env-refused":
        return; // told to whoever opens the channel
    }
  }

  /** Goes on with a write that the channel could not take whole. */
  resume(): void {
    this.#sink.resume();
  }

  /** Gives the flows what was told since, all of it at once: it leaves in one write then. */
  deliver(): void {
    this.#data.deliver();
    this.#stderr.deliver();
  }

  /** The channel is gone: by the server's CLOSE, or with the connection, which `error` tells. */
  end(error: SshError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const gone = error ?? new ChannelError("the server closed the channel", "session");
    this.#data.end(error);
    this.#stderr.end();
    this.#sink.fail(gone);
    this.#resolveExited(this.#exitStatus);
  }

  /** Nobody reads its stdin any more; what a child of it holds open may still be written to its stdout. */
  #processEnded(status: ExitStatus): void {
    this.#exitStatus ??= status;
    this.#sink.fail(new ChannelError("the remote process has ended", "session"));
  }
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  taken: number;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: SshError) => void;
}

/** The way to the channel. */
class ChannelSink implements ByteSink {
  readonly broken: Promise<unknown>;
  readonly #port: ChannelPort;
  #pending: PendingWrite | undefined;
  #fault: SshError | undefined;
  #break: (error: SshError) => void = () => undefined;

  constructor(port: ChannelPort) {
    this.#port = port;
    this.broken = new Promise((resolve) => {
      this.#break = resolve;
    });
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#pending !== undefined) return this.#pending.done.then(() => this.write(bytes));
    let taken = this.#port.write(bytes);
    // What the socket takes at once makes room at once, of which nothing else would tell.
    for (let more = taken; taken < bytes.length && more > 0; taken += more) {
      more = this.#port.write(bytes.subarray(taken));
    }
    return taken === bytes.length ? undefined : this.#wait(bytes, taken);
  }

  #wait(bytes: Uint8Array, taken: number): Promise<void> {
    let resolve: () => void = () => undefined;
    let reject: (error: SshError) => void = () => undefined;
    const done = new Promise<void>((onDone, onFailed) => {
      resolve = onDone;
      reject = onFailed;
    });
    this.#pending = { bytes, taken, done, resolve, reject };
    return done;
  }

  resume(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    pending.taken += this.#port.write(pending.bytes.subarray(pending.taken));
    if (pending.taken < pending.bytes.length) return;
    this.#pending = undefined;
    pending.resolve();
  }

  async close(): Promise<void> {
    while (this.#pending !== undefined) await this.#pending.done;
    this.#port.sendEof();
  }

  async abort(): Promise<void> {
    this.fail(new ChannelError("writing was aborted", "session"));
    this.#port.close();
  }

  /** Nobody takes anything any more: a write that waits for a window would wait for ever. */
  fail(error: SshError): void {
    if (this.#fault !== undefined) return;
    this.#fault = error;
    this.#pending?.reject(error);
    this.#pending = undefined;
    this.#break(error);
  }
}

/** Some bytes in a row, and room behind them. */
interface Block {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
}

type Reader = {
  readonly resolve: (chunk: Uint8Array | undefined) => void;
  readonly reject: (error: SshError) => void;
};

/**
 * Bytes that wait to be read, in blocks that are used again: those of a new one for each packet are tens of MiB before the
 * garbage collector comes. What `read` gives is borrowed: valid until the next `read`.
 */
class ReadQueue implements ByteSource {
  readonly #onRead: (length: number) => void;
  #blocks: Block[] = [];
  #lent: Block | undefined;
  readonly #spare: Block[] = [];
  #length = 0;
  #reader: Reader | undefined;
  #flow: Flow | undefined;
  #isDelivering = false;
  #isOver = false;
  #end: { readonly error: SshError | undefined } | undefined;

  /** `onRead` is told how many bytes were read, or will never be. */
  constructor(onRead: (length: number) => void) {
    this.#onRead = onRead;
  }

  read(): Promise<Uint8Array | undefined> {
    this.#freeLent();
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#give();
    });
  }

  flow(take: TakeChunk): Promise<Breach | undefined> {
    this.#flow = new Flow(take, () => this.deliver());
    return this.#flow.over;
  }

  /** Gives a flow what waits for it. */
  deliver(): void {
    if (this.#flow === undefined || this.#isDelivering) return;
    this.#isDelivering = true;
    while (this.#flow.isReady) {
      this.#freeLent();
      const block = this.#blocks.shift();
      if (block !== undefined) this.#deliver(this.#flow, block);
      else if (this.#end === undefined) break;
      else this.#flow.end(this.#end.error && { error: this.#end.error });
    }
    this.#isDelivering = false;
  }

  #deliver(flow: Flow, block: Block): void {
    const chunk = block.bytes.subarray(block.start, block.end);
    const { length } = chunk;
    this.#length -= length;
    if (flow.give(chunk)) this.#free(block);
    else this.#lent = block;
    this.#onRead(length); // behind the taking: a reply leaves first
  }

  async cancel(): Promise<void> {
    this.#isOver = true;
    this.#blocks = [];
    if (this.#length > 0) this.#onRead(this.#length);
    this.#length = 0;
    this.end(); // a read that waits
  }

  /** Takes a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    if (this.#isOver) {
      this.#onRead(bytes.length); // nobody will read: the peer must not be held up
      return;
    }
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const block = this.#blockWithRoom();
      const piece = bytes.subarray(at, at + blockLength - block.end);
      block.bytes.set(piece, block.end);
      block.end += piece.length;
      at += piece.length;
    }
    this.#give();
  }

  /** Drops the oldest bytes until at most `limit` wait; returns how many went. */
  dropDownTo(limit: number): number {
    const excess = Math.max(0, this.#length - limit);
    for (let left = excess; left > 0; ) {
      const oldest = this.#blocks[0] as Block;
      const dropped = Math.min(left, oldest.end - oldest.start);
      oldest.start += dropped;
      left -= dropped;
      if (oldest.start === oldest.end) this.#free(this.#blocks.shift() as Block);
    }
    this.#length -= excess;
    return excess;
  }

  /** Nothing more comes; what waits can still be read, then the stream closes or errors. */
  end(error?: SshError): void {
    this.#end ??= { error };
    this.#give();
    this.deliver();
  }

  #give(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const block = this.#blocks.shift();
    if (block === undefined && this.#end === undefined) return;
    this.#reader = undefined;
    if (block !== undefined) {
      this.#lent = block;
      const chunk = block.bytes.subarray(block.start, block.end);
      this.#length -= chunk.length;
      reader.resolve(chunk);
      this.#onRead(chunk.length);
    } else if (this.#end?.error === undefined) reader.resolve(undefined);
    else reader.reject(this.#end.error);
  }

  #blockWithRoom(): Block {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last !== undefined && last.end < blockLength) return last;
    const block = this.#spare.pop() ?? { bytes: new Uint8Array(blockLength), start: 0, end: 0 };
    this.#blocks.push(block);
    return block;
  }

  #freeLent(): void {
    if (this.#lent !== undefined) this.#free(this.#lent);
    this.#lent = undefined;
  }

  #free(block: Block): void {
    block.start = block.end = 0;
    if (this.#spare.length < mostSpare) this.#spare.push(block);
  }
}
