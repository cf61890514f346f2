import { stringValue } from "./message-id.ts";

const BACKSLASH = 0x5c;

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

  /**
   * As `finish`, of a string that is looked for: which of `texts`, in ASCII, it is. Most are told where they stand: to copy
   * and decode each key is a tenth of what a short message costs.
   */
  finishAs<T extends string>(texts: readonly T[], chunk: Uint8Array, end: number): T | undefined {
    if (this.#earlier.length === 0) {
      const from = this.#from + 1; // behind its quote
      for (const text of texts) if (stands(text, chunk, from, end - 1)) return this.#found(text);
      if (!isEscaped(chunk, from, end)) return this.#found(undefined);
    }
    const raw = this.finish(chunk, end);
    const value = raw && stringValue(raw);
    return texts.find((text) => text === value);
  }

  #found<T>(text: T): T {
    this.#isOn = false;
    return text;
  }

  drop(): void {
    this.#isOn = false;
  }
}

function stands(text: string, chunk: Uint8Array, from: number, end: number): boolean {
  if (end - from !== text.length) return false;
  for (let at = 0; at < text.length; at++) if (chunk[from + at] !== text.charCodeAt(at)) return false;
  return true;
}

function isEscaped(chunk: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (chunk[at] === BACKSLASH) return true;
  return false;
}
