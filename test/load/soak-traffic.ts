/**
 * The traffic of a soak: requests to `echo-server.mjs` by a load host, and books of them. What an answer must be follows
 * from its request's number and length alone, byte for byte. Answers come in the order of the requests, since that server
 * answers so and what is lost with a link is older than what goes by the next one.
 */
import type { LoadHost } from "./load-host.ts";

/** Faults beyond these say nothing new. */
const MOST_FAULTS = 20;

/** Those below are the load host's own. */
const FIRST_ID = 1000;

/** Text in which no two places look alike, of characters of one, two and three bytes; some 500,000 of them. */
const filling = Array.from({ length: 60_000 }, (_, number) => `${number}é€`).join(" ");

export class Traffic {
  results = 0;
  errors = 0;
  /** Whether the command has. */
  hasEnded = false;
  readonly faults: string[] = [];
  readonly #host: LoadHost;
  /** Number -> length of its text. */
  readonly #open = new Map<number, number>();
  #asked = 0;
  #last = -1;
  #wake: () => void = () => undefined;

  constructor(host: LoadHost) {
    this.#host = host;
    host.onLine = (line) => this.#take(line);
    void host.exit.then(({ code, signal }) => {
      this.hasEnded = true;
      if (this.#open.size > 0) this.fault(`it ended (${signal ?? code}) with ${this.#open.size} requests unanswered`);
      this.#wake();
    });
  }

  get asked(): number {
    return this.#asked;
  }

  fault(text: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(text);
  }

  /** Keeps `inFlight` requests open, each of up to `length` characters, until `isOver`. */
  async go(inFlight: number, length: number, isOver: () => boolean): Promise<void> {
    while (!isOver() && !this.hasEnded) {
      if (this.#open.size < inFlight) await this.#send(length, isOver);
      else await this.#change();
    }
  }

  /** Resolves when nothing is open any more; what is then after `milliseconds` is a fault. */
  async settle(milliseconds = 120_000): Promise<void> {
    const deadline = performance.now() + milliseconds;
    while (this.#open.size > 0 && !this.hasEnded && performance.now() < deadline) await this.#change();
    if (this.#open.size > 0 && !this.hasEnded)
      this.fault(`${this.#open.size} requests had no answer in ${milliseconds} ms`);
  }

  /** Does not wait for a full stdin longer than `isOver` allows: the line goes when there is room. */
  async #send(longest: number, isOver: () => boolean): Promise<void> {
    const number = FIRST_ID + this.#asked++;
    const length = (number * 7919) % longest;
    this.#open.set(number, length);
    let isSent = false;
    const sent = this.#host.send(request(number, length)).then(() => {
      isSent = true;
    });
    while (!isSent && !isOver() && !this.hasEnded) await Promise.race([sent, passing(50)]);
  }

  /** An answer, or a moment. */
  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 50);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(line: string): void {
    if (/^\{"jsonrpc":"2\.0","method":"notifications\//.test(line)) return;
    const number = Number(/"id":(\d+)/.exec(line.slice(0, 100))?.[1] ?? Number.NaN);
    const length = this.#open.get(number);
    if (length === undefined) {
      this.fault(`nobody waits for ${shown(line)}`);
      return;
    }
    this.#open.delete(number);
    if (number < this.#last) this.fault(`${number} was answered behind ${this.#last}`);
    this.#last = number;
    if (line === answer(number, length)) this.results++;
    else if (isLoss(line)) this.errors++;
    else this.fault(`${number} has another answer: ${shown(line)}`);
    this.#wake();
  }
}

function request(number: number, length: number): string {
  return `{"jsonrpc":"2.0","id":${number},"method":"raw/echo","params":${params(number, length)}}`;
}

/** As it is read: a character a byte. */
function answer(number: number, length: number): string {
  return Buffer.from(`{"jsonrpc":"2.0","id":${number},"result":${params(number, length)}}`).toString("latin1");
}

function params(number: number, length: number): string {
  const from = (number * 31) % 100_000;
  return JSON.stringify({ text: filling.slice(from, from + length) });
}

/** Our own answer to what was in flight when a link was lost. */
function isLoss(line: string): boolean {
  try {
    const { error } = JSON.parse(line) as { readonly error?: LossError };
    return error?.code === -31001 && error.data?.source === "mcp-ssh-client" && error.data.reason === "link-lost";
  } catch {
    return false;
  }
}

interface LossError {
  readonly code: number;
  readonly data?: { readonly source: string; readonly reason: string };
}

/** Resolves after `milliseconds`. */
export function passing(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function shown(line: string): string {
  return JSON.stringify(line.slice(0, 200));
}
