/**
 * Memory link: a byte duplex whose other end is a scripted peer, for tests of `connect`. No time passes in it; a test
 * can stall what the client writes, end or break either stream, and see what became of them.
 */
import type { ByteDuplex } from "../../src/ssh/connection.ts";
import type { ScriptedPeer } from "./scripted-peer.ts";

export class MemoryLink {
  readonly socket: ByteDuplex;
  readonly peer: ScriptedPeer;
  /** Whether the client has closed, or given up, its writable; whether it has cancelled its readable. */
  isClosed = false;
  isAborted = false;
  isCancelled = false;
  /** Whether the server goes on sending when the client has closed its writable; others hang up too. */
  staysOpen = false;
  /** Bytes that the client wrote and nobody has taken yet. */
  stalledBytes = 0;
  #isStalled = false;
  #release: () => void = () => undefined;
  #toClient!: ReadableStreamDefaultController<Uint8Array>;
  #fault: Error | undefined;
  #isOver = false;
  #hangingUp: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: ScriptedPeer) {
    this.peer = peer;
    const readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#toClient = controller;
      },
      cancel: () => {
        this.isCancelled = true;
        this.#isOver = true;
        clearTimeout(this.#hangingUp);
      },
    });
    const writable = new WritableStream<Uint8Array>({
      write: (bytes) => this.#take(bytes),
      close: () => {
        this.isClosed = true;
        if (!this.staysOpen) this.#hangingUp = setTimeout(() => this.end());
      },
      abort: () => {
        this.isAborted = true;
      },
    });
    this.socket = { readable, writable };
  }

  /** Room in the readable's queue, in chunks: 1 where the client has read all that came. */
  get desiredSize(): number | null {
    return this.#toClient.desiredSize;
  }

  /** Sends what the peer has to say. */
  flush(): void {
    const bytes = this.peer.takeOutput();
    if (bytes.length > 0 && !this.#isOver) this.#toClient.enqueue(bytes);
  }

  /** Sends bytes that the peer knows nothing of. */
  push(bytes: Uint8Array): void {
    if (!this.#isOver) this.#toClient.enqueue(bytes);
  }

  /** From now on nobody takes what the client writes, until `resume`. */
  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    this.#release();
  }

  /** The server's side of the byte stream ends. */
  end(): void {
    if (!this.#isOver) this.#toClient.close();
    this.#isOver = true;
  }

  /** Reading breaks. */
  break(error: Error): void {
    this.#isOver = true;
    this.#toClient.error(error);
  }

  /** The next write fails, as on a socket that was reset. */
  breakWrites(error: Error): void {
    this.#fault = error;
  }

  async #take(bytes: Uint8Array): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#isStalled) {
      this.stalledBytes += bytes.length;
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      this.stalledBytes -= bytes.length;
    }
    this.peer.receive(bytes);
    this.flush();
  }
}
