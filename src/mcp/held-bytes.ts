/**
 * Held bytes: a growing run of bytes as a list of chunks. Parts that are given for good are kept as views if they are
 * large, small ones are gathered; parts that are lent are copied, into blocks that are used again.
 */

/** Smaller parts are copied: a view of a few bytes would keep the whole chunk alive, and a list of millions is slow. */
const SMALL = 16 * 1024;
const SMALLEST_TAIL = 1024;
const LARGEST_TAIL = 64 * 1024;

/** Add parts, then take them all. */
export class HeldBytes {
  readonly #onCopied: (part: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Where small parts are gathered; `#used` bytes of it are taken and not in `#chunks` yet. */
  #tail: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** `onCopied` is told of parts that are not needed any more, since they were copied. */
  constructor(onCopied: (part: Uint8Array) => void = () => undefined) {
    this.#onCopied = onCopied;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a part; a large one is borrowed for good. Linear in all: each byte is copied once at most. */
  add(part: Uint8Array): void {
    this.#length += part.length;
    if (part.length >= SMALL) {
      this.#sealTail();
      this.#chunks.push(part);
      return;
    }
    const fits = Math.min(part.length, this.#tail.length - this.#used);
    this.#gather(part.subarray(0, fits));
    if (fits === part.length) return;
    this.#sealTail();
    this.#tail = new Uint8Array(Math.min(Math.max(this.#length, SMALLEST_TAIL), LARGEST_TAIL));
    this.#gather(part.subarray(fits));
  }

  /** Gives all that is held and holds nothing more. */
  take(): Uint8Array[] {
    this.#sealTail();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    this.#tail = new Uint8Array(0);
    return chunks;
  }

  #gather(part: Uint8Array): void {
    this.#tail.set(part, this.#used);
    this.#used += part.length;
    this.#onCopied(part);
  }

  #sealTail(): void {
    if (this.#used > 0) this.#chunks.push(this.#tail.subarray(0, this.#used));
    this.#tail = this.#tail.subarray(this.#used);
    this.#used = 0;
  }
}

const BLOCK = 64 * 1024;
/** Blocks that are kept for what comes, of a line of 16 MiB. */
const MOST_SPARE = 256;

/** As `HeldBytes`, for parts that are lent. What `take` gives is valid until `reuse`. */
export class CopiedBytes {
  #blocks: Uint8Array[] = [];
  /** Bytes in the last block. */
  #used = BLOCK;
  #length = 0;
  readonly #taken: Uint8Array[] = [];
  readonly #spare: Uint8Array[] = [];

  get length(): number {
    return this.#length;
  }

  /** Takes a copy. */
  add(part: Uint8Array): void {
    this.#length += part.length;
    for (let at = 0; at < part.length; ) {
      if (this.#used === BLOCK) {
        this.#blocks.push(this.#spare.pop() ?? new Uint8Array(BLOCK));
        this.#used = 0;
      }
      const piece = part.subarray(at, at + BLOCK - this.#used);
      this.#blocks.at(-1)?.set(piece, this.#used);
      this.#used += piece.length;
      at += piece.length;
    }
  }

  /** Gives all that is held and holds nothing more. */
  take(): Uint8Array[] {
    const blocks = this.#blocks;
    this.#taken.push(...blocks);
    this.#blocks = [];
    const last = blocks.length - 1;
    const chunks = blocks.map((block, index) => (index === last ? block.subarray(0, this.#used) : block));
    this.#used = BLOCK;
    this.#length = 0;
    return chunks;
  }

  /** Nobody needs what `take` gave any more. */
  reuse(): void {
    for (const block of this.#taken.splice(0)) if (this.#spare.length < MOST_SPARE) this.#spare.push(block);
  }
}

/** One array of all chunks: for the small, or where an API wants it. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/**
 * Adds `part` to `chunks`; where it follows the last one in the same buffer, the two become one view, so that the
 * lines of one chunk leave in one write.
 */
export function append(chunks: Uint8Array[], part: Uint8Array): void {
  const last = chunks.at(-1);
  if (last !== undefined && last.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset) {
    chunks[chunks.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length);
  } else chunks.push(part);
}
