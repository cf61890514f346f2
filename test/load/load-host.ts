/**
 * A host that accounts for every byte that it writes and reads, keeps none but short lines, and reads only when it is
 * told to; and what Linux says of the process that it started.
 */
import { spawn } from "node:child_process";
import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type Exit, hostEnvironment, type Launch } from "../support/command.ts";
import { endTree } from "../support/processes.ts";

/** Bytes and lines of one direction. */
export interface Account {
  readonly bytes: number;
  readonly lines: number;
  readonly sha256: string;
}

/** Longer lines are accounted for and not kept, unless asked for. */
const LONGEST_KEPT = 16 * 1024;

class Books {
  bytes = 0;
  lines = 0;
  readonly #hash: Hash = createHash("sha256");

  enter(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.lines++;
  }

  get account(): Account {
    return { bytes: this.bytes, lines: this.lines, sha256: this.#hash.copy().digest("hex") };
  }
}

/** Why the peaks cannot be measured here; undefined where they can. */
export function missingProc(): string | undefined {
  return process.platform === "linux" ? undefined : "no /proc here: peaks of memory are read from it";
}

export interface LoadHostOptions {
  /** False leaves the pipe of its stderr to fill up. */
  readonly readsStderr?: boolean;
  /** Bytes of the longest line that is kept; 16 KiB unless given. */
  readonly longestKept?: number;
}

export class LoadHost {
  readonly exit: Promise<Exit>;
  /** Called for each line of stdout that is short enough to be kept. */
  onLine: (line: string) => void = () => undefined;
  readonly #child;
  readonly #written = new Books();
  readonly #read = new Books();
  #stderr = "";
  #partial: Buffer[] = [];
  #partialLength = 0;
  readonly #longestKept: number;
  #nextId = 0;
  readonly #answers = new Map<number, Awaited>();

  constructor({ command, args }: Launch, options: LoadHostOptions = {}) {
    const { readsStderr = true, longestKept = LONGEST_KEPT } = options;
    this.#longestKept = longestKept;
    this.#child = spawn(command, args, { env: hostEnvironment(), stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    if (readsStderr) {
      this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
        this.#stderr = (this.#stderr + text).slice(-64 * 1024);
      });
    }
    this.#child.stdin.on("error", () => undefined); // the exit says it
    this.exit = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    void this.exit.then(({ code, signal }) => {
      const error = new Error(`ended without an answer, ${signal ?? code}:\n${this.#stderr}`);
      for (const { reject } of this.#answers.values()) reject(error);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What was written to its stdin. */
  get written(): Account {
    return this.#written.account;
  }

  /** What was read from its stdout. */
  get read(): Account {
    return this.#read.account;
  }

  /** The last 64 KiB of its stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Writes, and waits where its stdin is full. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#written.enter(bytes);
    if (!this.#child.stdin.write(bytes)) await once(this.#child.stdin, "drain");
  }

  async send(line: string): Promise<void> {
    await this.write(Buffer.from(`${line}\n`));
  }

  /** Asks and gives the answer; an empty one where it is too long to be kept. */
  async ask(method: string, params: object = {}): Promise<Answer> {
    const { answer, line } = this.question(method, params);
    await this.send(line);
    return answer;
  }

  /** A request that is not written yet. */
  question(method: string, params: object = {}): { readonly line: string; readonly answer: Promise<Answer> } {
    const id = ++this.#nextId;
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
    });
    answer.catch(() => undefined); // whoever waits for it hears of it
    return { line: JSON.stringify({ jsonrpc: "2.0", id, method, params }), answer };
  }

  /** Stops reading its stdout. */
  pause(): void {
    this.#child.stdout.pause();
  }

  resume(): void {
    this.#child.stdout.resume();
  }

  end(): void {
    this.#child.stdin.end();
  }

  /** Ends it, if a failed test left it. */
  async kill(): Promise<void> {
    await endTree(this.#child);
  }

  /** The most memory that it has had, in bytes. */
  get peak(): number {
    return memory(this.pid, "VmHWM");
  }

  /** The memory that it has now, in bytes. */
  get resident(): number {
    return memory(this.pid, "VmRSS");
  }

  /** Its open file descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  get threads(): number {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  #take(chunk: Buffer): void {
    this.#read.enter(chunk);
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, end));
      this.#line();
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(part: Buffer): void {
    if (this.#partialLength <= this.#longestKept) this.#partial.push(part.subarray(0, this.#longestKept));
    this.#partialLength += part.length;
  }

  #line(): void {
    const isKept = this.#partialLength <= this.#longestKept;
    const line = Buffer.concat(this.#partial).toString("latin1");
    this.#partial = [];
    this.#partialLength = 0;
    if (isKept) this.onLine(line);
    const id = Number(/^\{"jsonrpc":"2\.0","id":(\d+)/.exec(line)?.[1] ?? Number.NaN);
    const awaited = this.#answers.get(id);
    this.#answers.delete(id);
    awaited?.resolve(isKept ? (JSON.parse(line) as Answer) : {});
  }
}

interface Awaited {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export interface Answer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

function memory(pid: number, field: "VmHWM" | "VmRSS"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) * 1024;
}
