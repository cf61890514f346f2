/** The kernel by itself, for tests that lay keys and packets into its memory by hand. */
import { emitKernel } from "../../src/ssh/algorithms/chacha-kernel/kernel.ts";
import { BODY, KEYS, PACKET, POLY_KEY } from "../../src/ssh/algorithms/chacha-kernel/layout.ts";

export class KernelMemory {
  readonly bytes: Uint8Array;
  readonly head: (sequenceNumber: number) => void;
  readonly body: (length: number, isOpening: 0 | 1) => 0 | 1;

  constructor() {
    const module = new WebAssembly.Module(emitKernel() as Uint8Array<ArrayBuffer>);
    const { head, body, memory } = new WebAssembly.Instance(module).exports as {
      head: KernelMemory["head"];
      body: KernelMemory["body"];
      memory: WebAssembly.Memory;
    };
    this.head = head;
    this.body = body;
    this.bytes = new Uint8Array(memory.buffer);
  }

  /** Lays the keys down and does the head's blocks. */
  begin(keys: Uint8Array, sequenceNumber: number): void {
    this.bytes.set(keys, KEYS);
    this.head(sequenceNumber);
  }

  /** `length` bytes at `address`, copied. */
  read(address: number, length: number): Uint8Array {
    return this.bytes.slice(address, address + length);
  }

  /** Poly1305's tag over `message`, of at least 4 bytes, with a one-time key of 32: through what opens a packet. */
  isTag(polyKey: Uint8Array, message: Uint8Array, tag: Uint8Array): boolean {
    this.begin(new Uint8Array(64), 0);
    this.bytes.set(polyKey, POLY_KEY);
    this.bytes.set(message, PACKET);
    this.bytes.set(tag, PACKET + message.length);
    return this.body(message.length - (BODY - PACKET), 1) === 1;
  }
}
