/**
 * Remote text: what the remote says that is no message, its stderr and the noise on its stdout, shown to a person line
 * by line, escaped and marked. Showing never holds anything up: what nobody reads is dropped beyond a bound, and counted.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { printable } from "../ssh/printable.ts";

/** Shows one printable line; the promise, if any, resolves when it was taken. */
export type ShowLine = (line: string) => void | Promise<void>;

/** UTF-16 units that may wait to be shown. */
const WAITING = 64 * 1024;

/** Shows lines one at a time as they are taken. */
export class LineShower {
  readonly #show: ShowLine;
  #waiting: string[] = [];
  #size = 0;
  #dropped = 0;
  #isBusy = false;
  #idle: Deferred<void> = deferred();

  constructor(show: ShowLine) {
    this.#show = show;
  }

  show(line: string): void {
    if (this.#size + line.length > WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#size += line.length;
    if (!this.#isBusy) void this.#run();
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    if (this.#isBusy) await this.#idle.promise;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      const taken = this.#show(line);
      if (taken !== undefined) await taken;
    }
    this.#isBusy = false;
    this.#idle.resolve();
    this.#idle = deferred();
  }

  #next(): string | undefined {
    const line = this.#waiting.shift();
    if (line !== undefined) {
      this.#size -= line.length;
      return line;
    }
    if (this.#dropped === 0) return undefined;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return `(${dropped} lines of the remote's were dropped here: they came faster than they were read)`;
  }
}

/** How many last lines are quoted to the host. */
const QUOTED = 10;
/** How much of each, UTF-16 units before escapes: hosts show it to a person or a model, once for each request. */
const LONGEST_QUOTED = 512;
/** Longer lines are shown in parts, UTF-16 units. */
const LONGEST = 4096;

/** Splits the remote's stderr into printable lines: shows them all, keeps the last few. */
export class StderrLines {
  readonly #show: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #partial = "";
  #last: string[] = [];

  constructor(show: (line: string) => void) {
    this.#show = show;
  }

  /** The last lines, printable. */
  get last(): readonly string[] {
    return this.#last;
  }

  /** Another remote: what the one before said last says nothing of it. */
  forget(): void {
    this.#last = [];
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#partial + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    while (this.#partial.length > LONGEST) {
      this.#line(this.#partial.slice(0, LONGEST));
      this.#partial = this.#partial.slice(LONGEST);
    }
  }

  end(): void {
    const rest = this.#partial + this.#decoder.decode();
    this.#partial = "";
    if (rest !== "") this.#line(rest);
  }

  #line(text: string): void {
    const line = text.replace(/\r$/, "");
    this.#show(printable(line, LONGEST));
    if (line !== "") this.#last = [...this.#last, printable(line, LONGEST_QUOTED)].slice(-QUOTED);
  }
}
