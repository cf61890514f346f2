/**
 * Channel streams: one channel as web streams. What the consumer has not read keeps the channel's window closed, what
 * the channel does not take keeps `writable` waiting: back-pressure both ways, without a queue that grows.
 *
 * Queues are our own and the streams' high-water marks are 0: credit goes back when bytes are read, not when received.
 */
import type { ChannelNews } from "./channel.ts";
import type { ExitStatus, SessionChannel } from "./connection.ts";
import { ChannelError, type SshError } from "./errors.ts";
import { concat } from "./wire.ts";

const maximumStderr = 64 * 1024; // what is kept of an unread stderr
const writableHighWaterMark = 64 * 1024;
const maximumJoined = 4 * 1024; // up to which chunks that wait are joined: a window of single bytes must weigh no more

/** What the streams ask of the connection; `id` is known to it. */
export interface ChannelPort {
  /** How many bytes were taken. */
  write(bytes: Uint8Array): number;
  consumed(length: number): void;
  sendEof(): void;
  signal(name: string): void;
  close(): void;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  taken: number;
  readonly resolve: () => void;
  readonly reject: (error: SshError) => void;
}

export class ChannelStreams implements SessionChannel {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exited: Promise<ExitStatus | undefined>;
  readonly #port: ChannelPort;
  readonly #data: ReadQueue;
  readonly #stderr: ReadQueue;
  readonly #resolveExited: (status: ExitStatus | undefined) => void;
  #exitStatus: ExitStatus | undefined;
  #pendingWrite: PendingWrite | undefined;
  #writableController: WritableStreamDefaultController | undefined;
  #stderrDropped = 0;
  #isEnded = false;

  constructor(port: ChannelPort) {
    this.#port = port;
    let resolveExited: (status: ExitStatus | undefined) => void = () => undefined;
    this.exited = new Promise((resolve) => {
      resolveExited = resolve;
    });
    this.#resolveExited = resolveExited;
    this.#data = new ReadQueue((length) => port.consumed(length));
    this.#stderr = new ReadQueue(() => undefined);
    this.readable = this.#data.stream;
    this.stderr = this.#stderr.stream;
    this.writable = new WritableStream(
      {
        start: (controller) => {
          this.#writableController = controller;
          controller.signal.addEventListener("abort", () => this.#failWrite(aborted()), { once: true });
        },
        write: (bytes) => this.#write(bytes),
        close: () => port.sendEof(),
        abort: () => port.close(),
      },
      { highWaterMark: writableHighWaterMark, size: (bytes) => bytes.length },
    );
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
    const pending = this.#pendingWrite;
    if (pending === undefined) return;
    pending.taken += this.#port.write(pending.bytes.subarray(pending.taken));
    if (pending.taken < pending.bytes.length) return;
    this.#pendingWrite = undefined;
    pending.resolve();
  }

  /** The channel is gone: by the server's CLOSE, or with the connection, which `error` tells. */
  end(error: SshError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const gone = error ?? new ChannelError("the server closed the channel", "session");
    this.#data.end(error);
    this.#stderr.end();
    this.#failWrite(gone);
    this.#writableController?.error(gone);
    this.#resolveExited(this.#exitStatus);
  }

  /** Nobody reads its stdin any more; what a child of it holds open may still be written to its stdout. */
  #processEnded(status: ExitStatus): void {
    this.#exitStatus ??= status;
    const ended = new ChannelError("the remote process has ended", "session");
    this.#failWrite(ended);
    this.#writableController?.error(ended);
  }

  #write(bytes: Uint8Array): Promise<void> | undefined {
    const taken = this.#port.write(bytes);
    if (taken === bytes.length) return undefined;
    return new Promise((resolve, reject) => {
      this.#pendingWrite = { bytes, taken, resolve, reject };
    });
  }

  /** A stream's abort waits for its write, and the write may wait for a window that never comes. */
  #failWrite(error: SshError): void {
    this.#pendingWrite?.reject(error);
    this.#pendingWrite = undefined;
  }
}

function aborted(): SshError {
  return new ChannelError("writing was aborted", "session");
}

/** Chunks that wait to be read, as a stream. */
class ReadQueue {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #onRead: (length: number) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isWanted = false;
  #isOver = false;
  #end: { readonly error: SshError | undefined } | undefined;

  constructor(onRead: (length: number) => void) {
    this.#onRead = onRead;
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#isWanted = true;
          this.#give();
        },
        cancel: () => {
          this.#isOver = true;
          this.#chunks = [];
          if (this.#length > 0) this.#onRead(this.#length);
          this.#length = 0;
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Takes a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    if (this.#isOver) {
      this.#onRead(bytes.length); // nobody will read: the peer must not be held up
      return;
    }
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.length + bytes.length <= maximumJoined)
      this.#chunks.splice(-1, 1, concat(last, bytes));
    else this.#chunks.push(concat(bytes));
    this.#length += bytes.length;
    this.#give();
  }

  /** Drops the oldest bytes until at most `limit` wait; returns how many went. */
  dropDownTo(limit: number): number {
    const excess = Math.max(0, this.#length - limit);
    for (let left = excess; left > 0; ) {
      const oldest = this.#chunks.shift() ?? new Uint8Array(left);
      if (oldest.length > left) this.#chunks.unshift(oldest.subarray(left));
      left -= oldest.length;
    }
    this.#length -= excess;
    return excess;
  }

  /** Nothing more comes; what waits can still be read, then the stream closes or errors. */
  end(error?: SshError): void {
    this.#end ??= { error };
    this.#give();
  }

  #give(): void {
    if (this.#isOver) return;
    const chunk = this.#isWanted ? this.#chunks.shift() : undefined;
    if (chunk !== undefined) {
      this.#isWanted = false;
      this.#length -= chunk.length;
      this.#controller?.enqueue(chunk);
      this.#onRead(chunk.length);
    } else if (this.#chunks.length === 0 && this.#end !== undefined) {
      this.#isOver = true;
      if (this.#end.error === undefined) this.#controller?.close();
      else this.#controller?.error(this.#end.error);
    }
  }
}
