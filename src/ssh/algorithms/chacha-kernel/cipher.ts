/**
 * The kernel as a cipher: brings keys and packets into its memory, and packets back. One memory serves all connections:
 * every call leaves it free for the next.
 *
 * Law: outside a call the memory holds no key. What `head` made of one stays between `length` and `open` of a packet, at
 * most, and goes with `wipe`.
 */
import { decodeBase64 } from "../../base64.ts";
import { uint32At } from "../../wire.ts";
import type { ChaChaPrimitive, KeyedCipher } from "../interfaces.ts";
import { kernelBase64 } from "./bytes.ts";
import { BODY, HEAD_END, KEYS, LENGTH_STREAM, MAXIMUM_BODY, PACKET, SCRATCH, TURN } from "./layout.ts";

const keyLength = 64;
const lengthLength = 4;
const tagLength = 16;
const longestKeptView = 2048; // bytes; a view is made once for each length of packet up to this

/** Bytes from base64: ours, or a platform's, which takes a cold process a millisecond less for the kernel's 12 KB. */
export type FromBase64 = (text: string) => Uint8Array | undefined;

/** The kernel where the runtime lets it be compiled, else `fallback`; found out at the first key. */
export function swiftChaCha(fallback: ChaChaPrimitive, fromBase64?: FromBase64): ChaChaPrimitive {
  return (key) => (kernelChaCha(fromBase64) ?? fallback)(key);
}

/** A module of 31 bytes with one instruction on a vector. */
const vectorProbe: Uint8Array<ArrayBuffer> = decodeBase64(
  "AGFzbQEAAAABBQFgAAF7AwIBAAoKAQgAQQD9D/1iCw==",
) as Uint8Array<ArrayBuffer>;

/** Whether the runtime knows WebAssembly's vectors, asked without compiling the kernel. A policy may still forbid that. */
export function mayRunKernel(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(vectorProbe);
}

let loaded: { readonly chacha: ChaChaPrimitive | undefined } | undefined;

/** The kernel; undefined where there is no WebAssembly, none with vectors, or where a policy forbids it. Asked once. */
export function kernelChaCha(fromBase64: FromBase64 = decodeBase64): ChaChaPrimitive | undefined {
  loaded ??= { chacha: loadChaCha(fromBase64) };
  return loaded.chacha;
}

function loadChaCha(fromBase64: FromBase64): ChaChaPrimitive | undefined {
  try {
    const kernel = new Kernel(fromBase64(kernelBase64) as Uint8Array<ArrayBuffer>);
    return (key) => new KernelCipher(kernel, key);
  } catch {
    return undefined;
  }
}

/** What kernel.ts emits. */
interface Exports {
  head(sequenceNumber: number): void;
  body(length: number, isOpening: 0 | 1): 0 | 1;
  readonly memory: WebAssembly.Memory;
}

class Kernel {
  readonly #exports: Exports;
  readonly #memory: Uint8Array;
  /** By length; as long from the start as it gets, since an array that grows in leaps becomes a slow one. */
  readonly #views: (Uint8Array | undefined)[] = new Array(longestKeptView + 1).fill(undefined);
  /** Whose head lies in the memory, and for which packet. */
  #owner: KernelCipher | undefined;
  #sequenceNumber = 0;
  #longestBody = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#exports = exports as unknown as Exports;
    this.#memory = new Uint8Array(this.#exports.memory.buffer); // never detached: the memory cannot grow
  }

  /** Runs `head` unless what it leaves is there already. */
  begin(owner: KernelCipher, key: Uint8Array, sequenceNumber: number): void {
    if (this.#owner === owner && this.#sequenceNumber === sequenceNumber) return;
    if (key.length !== keyLength) throw new Error(`a key of ${key.length} bytes: it was wiped`);
    this.#memory.set(key, KEYS);
    this.#exports.head(sequenceNumber);
    this.#owner = owner;
    this.#sequenceNumber = sequenceNumber;
  }

  /** packet_length of a sealed packet, behind `begin`. */
  length(packet: Uint8Array): number {
    return (uint32At(packet, 0) ^ uint32At(this.#memory, LENGTH_STREAM)) >>> 0;
  }

  seal(packet: Uint8Array): void {
    this.#run(packet, 0);
    packet.set(this.#view(packet.length));
  }

  open(packet: Uint8Array): boolean {
    if (this.#run(packet, 1) === 0) return false;
    packet.set(this.#view(packet.length - tagLength));
    return true;
  }

  /** Overwrites all that packets and keys may have left. */
  wipe(): void {
    this.#owner = undefined;
    this.#memory.fill(0, KEYS, HEAD_END);
    this.#memory.fill(0, PACKET, BODY + this.#longestBody + TURN);
    this.#memory.fill(0, SCRATCH, SCRATCH + this.#longestBody + TURN);
    this.#longestBody = 0;
  }

  #run(packet: Uint8Array, isOpening: 0 | 1): 0 | 1 {
    const body = packet.length - lengthLength - tagLength;
    if (body < 0 || body > MAXIMUM_BODY) throw new RangeError(`a packet of ${packet.length} bytes`);
    this.#memory.set(packet, PACKET);
    this.#owner = undefined; // the kernel overwrites keys and head
    this.#longestBody = Math.max(this.#longestBody, body);
    return this.#exports.body(body, isOpening);
  }

  /** The first bytes of the packet in the memory. Making a view takes longer than copying a small packet. */
  #view(length: number): Uint8Array {
    if (length > longestKeptView) return this.#memory.subarray(PACKET, PACKET + length);
    let view = this.#views[length];
    if (view === undefined) this.#views[length] = view = this.#memory.subarray(PACKET, PACKET + length);
    return view;
  }
}

class KernelCipher implements KeyedCipher {
  readonly #kernel: Kernel;
  #key: Uint8Array;

  constructor(kernel: Kernel, key: Uint8Array) {
    if (key.length !== keyLength) throw new RangeError(`a key of ${key.length} bytes, expected ${keyLength}`);
    this.#kernel = kernel;
    this.#key = key.slice();
  }

  length(packet: Uint8Array, sequenceNumber: number): number {
    this.#kernel.begin(this, this.#key, sequenceNumber);
    return this.#kernel.length(packet);
  }

  open(packet: Uint8Array, sequenceNumber: number): boolean {
    this.#kernel.begin(this, this.#key, sequenceNumber);
    return this.#kernel.open(packet);
  }

  seal(packet: Uint8Array, sequenceNumber: number): void {
    this.#kernel.begin(this, this.#key, sequenceNumber);
    this.#kernel.seal(packet);
  }

  /** From here on every call throws. */
  wipe(): void {
    this.#key.fill(0);
    this.#key = new Uint8Array(0);
    this.#kernel.wipe();
  }
}
