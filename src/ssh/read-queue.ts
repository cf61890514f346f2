/**
 * Read queue: bytes that wait to be read, or to be taken by a flow. What comes is copied, what goes is lent.
 */
import type { Breach, ByteSource, TakeChunk } from "./connection.ts";
import type { SshError } from "./errors.ts";
import { Flow } from "./flow.ts";

const blockLength = 64 * 1024; // of what waits to be read: a window of single bytes must weigh no more than its bytes
const mostSpare = 48; // blocks that are kept for what comes: of a full window, 128, the rest is made anew

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
export class ReadQueue implements ByteSource {
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
    const last = this.#blocks.at(-1); // an index of -1 is a name to V8, and slow
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
