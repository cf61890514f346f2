/** Token capture: keeps the bytes of one JSON token while it is stepped over, also where it is cut between chunks. */
export class TokenCapture {
  #isOn = false;
  #limit = 0;
  /** Where the token, or the rest of it, begins in the present chunk. */
  #from = 0;
  /** What came of it in earlier chunks. */
  #earlier: number[] = [];

  get isOn(): boolean {
    return this.#isOn;
  }

  /** A token begins at `at` in the present chunk; longer than `limit` bytes, it is not kept. */
  begin(at: number, limit: number): void {
    this.#isOn = true;
    this.#limit = limit;
    this.#from = at;
    this.#earlier = [];
  }

  /** The present chunk ends: keeps what it holds of the token. */
  leave(chunk: Uint8Array): void {
    if (!this.#isOn) return;
    const room = this.#limit + 1 - this.#earlier.length;
    this.#earlier.push(...chunk.subarray(this.#from, this.#from + room));
    this.#from = 0;
  }

  /** The token ended before `end` in the present chunk. Its bytes, copied; undefined where it was too long. */
  finish(chunk: Uint8Array, end: number): Uint8Array | undefined {
    this.#isOn = false;
    if (this.#earlier.length + end - this.#from > this.#limit) return undefined;
    const here = chunk.slice(this.#from, end);
    return this.#earlier.length === 0 ? here : Uint8Array.of(...this.#earlier, ...here);
  }

  drop(): void {
    this.#isOn = false;
  }
}
