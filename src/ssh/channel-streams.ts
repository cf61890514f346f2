/**
 * Channel streams: one channel as a source and a sink of bytes, and as web streams for whoever wants those. What the
 * consumer has not read keeps the channel's window closed, what the channel does not take keeps a write waiting:
 * back-pressure both ways, without a queue that grows. Credit goes back when bytes are read, not when received.
 */
import type { ChannelNews } from "./channel.ts";
import type { ByteDuplex, ByteSink, ByteSource, DirectBytes, ExitStatus, SessionChannel } from "./connection.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { ChannelError, type SshError } from "./errors.ts";
import { ReadQueue } from "./read-queue.ts";
import { copying, duplexOf, readableOf } from "./web-streams.ts";

const maximumStderr = 64 * 1024; // what is kept of an unread stderr

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
  readonly #opened: Deferred<SshError | undefined> = deferred();
  readonly #exited: Deferred<ExitStatus | undefined> = deferred();
  /** Never rejects: undefined once the server has done what the channel was opened for, else why it has not. */
  readonly opened: Promise<SshError | undefined> = this.#opened.promise;
  readonly exited: Promise<ExitStatus | undefined> = this.#exited.promise;
  readonly #port: ChannelPort;
  readonly #data: ReadQueue;
  readonly #stderr: ReadQueue = new ReadQueue(() => undefined);
  readonly #sink: ChannelSink;
  readonly #duplex: ByteDuplex;
  #stderrStream: ReadableStream<Uint8Array> | undefined;
  #exitStatus: ExitStatus | undefined;
  #stderrDropped = 0;
  #isEnded = false;

  constructor(port: ChannelPort) {
    this.#port = port;
    this.#data = new ReadQueue((length) => port.consumed(length));
    this.#sink = new ChannelSink(port);
    this.#duplex = duplexOf({ source: this.#data, sink: this.#sink }, true);
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
      case "ready":
        this.#opened.resolve(undefined);
        return;
      case "refused":
        this.#opened.resolve(news.error);
        return;
      case "env-refused":
        return; // the channel opens all the same
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
    this.#opened.resolve(error ?? new ChannelError("the server closed the channel before it answered", "session"));
    this.#data.end(error);
    this.#stderr.end();
    this.#sink.fail(gone);
    this.#exited.resolve(this.#exitStatus);
  }

  /** Nobody reads its stdin any more; what a child of it holds open may still be written to its stdout. */
  #processEnded(status: ExitStatus): void {
    this.#exitStatus ??= status;
    this.#sink.fail(new ChannelError("the remote process has ended", "session"));
  }
}

interface WaitingWrite {
  readonly bytes: Uint8Array;
  taken: number;
  readonly resolve: () => void;
  readonly reject: (error: SshError) => void;
}

/** The way to the channel. Who writes may be within a write already: the socket takes, the server answers, it is read. */
class ChannelSink implements ByteSink {
  readonly #broken: Deferred<SshError> = deferred();
  readonly broken: Promise<SshError> = this.#broken.promise;
  readonly #port: ChannelPort;
  /** In order; the first may have begun. */
  #waiting: WaitingWrite[] = [];
  #isWriting = false;
  #fault: SshError | undefined;

  constructor(port: ChannelPort) {
    this.#port = port;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    if (this.#isBusy()) return this.#wait(bytes);
    const taken = this.#give(bytes);
    if (taken < bytes.length)
      return this.#fault === undefined ? this.#waitFirst(bytes, taken) : Promise.reject(this.#fault);
    this.resume(); // what came from within
    return undefined;
  }

  resume(): void {
    if (this.#isWriting) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      first.taken += this.#give(first.bytes.subarray(first.taken));
      if (first.taken < first.bytes.length) return;
      this.#waiting.shift();
      first.resolve();
    }
  }

  async close(): Promise<void> {
    if (this.#isBusy()) await this.#wait(new Uint8Array(0));
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
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#broken.resolve(error);
  }

  #isBusy(): boolean {
    return (this.#isWriting && this.#fault === undefined) || this.#waiting.length > 0;
  }

  /** How many bytes were taken. */
  #give(bytes: Uint8Array): number {
    this.#isWriting = true;
    let taken = this.#port.write(bytes);
    // What the socket takes at once makes room at once, of which nothing else would tell.
    for (let more = taken; taken < bytes.length && more > 0; taken += more) {
      more = this.#port.write(bytes.subarray(taken));
    }
    this.#isWriting = false;
    return taken;
  }

  #wait(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ bytes, taken: 0, resolve, reject }));
  }

  /** Before what came from within. */
  #waitFirst(bytes: Uint8Array, taken: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.unshift({ bytes, taken, resolve, reject }));
  }
}
