/**
 * Input blocks: where the host's bytes stand from their reading until the server has taken them, in blocks that are used
 * again once every byte of them was given back. What is never given back is left to the garbage collector.
 */

const BLOCK = 64 * 1024;
/** Blocks that are kept for what comes. */
const MOST_SPARE = 32;

interface Block {
  readonly bytes: Uint8Array;
  used: number;
  returned: number;
}

export class InputBlocks {
  #current: Block = { bytes: new Uint8Array(0), used: 0, returned: 0 };
  readonly #spare: Block[] = [];
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();

  /** Copies a chunk. The views are the caller's until they are given back, in any pieces, each byte once at most. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    const views: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#current.used === this.#current.bytes.length) this.#current = this.#spare.pop() ?? this.#make();
      const { bytes, used } = this.#current;
      const piece = at === 0 && chunk.length <= bytes.length - used ? chunk : chunk.subarray(at, at + BLOCK - used);
      bytes.set(piece, used);
      this.#current.used += piece.length;
      views.push(bytes.subarray(used, used + piece.length));
      at += piece.length;
    }
    return views;
  }

  /** Nobody needs these bytes any more, nor a view of them. Bytes that stand in none of the blocks may come too. */
  giveBack(view: Uint8Array): void {
    const block = this.#blocks.get(view.buffer);
    if (block === undefined) return;
    block.returned += view.length;
    if (block.returned < block.used) return;
    block.used = block.returned = 0;
    if (block !== this.#current && this.#spare.length < MOST_SPARE) this.#spare.push(block);
  }

  #make(): Block {
    const block = { bytes: new Uint8Array(BLOCK), used: 0, returned: 0 };
    this.#blocks.set(block.bytes.buffer, block);
    return block;
  }
}
