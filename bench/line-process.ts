/**
 * Line process: a child that answers JSON-RPC lines, driven as an MCP host does but as cheaply as it goes: of a long
 * line only the beginning is looked at.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Answer {
  /** The line, or the beginning of one that is longer than 4 KiB. */
  readonly text: string;
  /** Bytes of the whole line. */
  readonly length: number;
}

/** What a process has used up so far; undefined where the system does not tell. */
export interface Usage {
  /** Milliseconds of CPU, user and system, of all threads. */
  readonly cpu: number;
  /** MiB; VmHWM. */
  readonly peakRss: number;
}

const keptOfLine = 4096;

export class LineProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #ended: Promise<unknown>;
  #nextId = 1;
  #beginning: Buffer = Buffer.alloc(0);
  #length = 0;
  #stderr = "";

  constructor({ command, args }: Launch, env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#ended = once(this.#child, "close");
    this.#child.once("close", () => this.#fail());
    this.#child.stdin.on("error", () => undefined); // the end says the rest
    this.#child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
  }

  /** Sends a request; `params` is JSON. Resolves to its answer; rejects on an error or if the process ends. */
  request(method: string, params = "{}"): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`);
    });
  }

  notify(method: string): void {
    this.#child.stdin.write(`{"jsonrpc":"2.0","method":"${method}"}\n`);
  }

  /** Linux only: elsewhere its numbers are NaN. */
  usage(): Usage {
    try {
      const folder = `/proc/${this.#child.pid}`;
      const tasks = readdirSync(`${folder}/task`);
      const nanoseconds = tasks.map((task) =>
        Number(readFileSync(`${folder}/task/${task}/schedstat`, "utf8").split(" ")[0]),
      );
      const kilobytes = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`${folder}/status`, "utf8"))?.[1]);
      return { cpu: nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6, peakRss: kilobytes / 1024 };
    } catch {
      return { cpu: Number.NaN, peakRss: Number.NaN };
    }
  }

  /** Closes its stdin and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #read(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#answer({ text: this.#beginning.toString("latin1"), length: this.#length });
      this.#beginning = Buffer.alloc(0);
      this.#length = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(piece: Buffer): void {
    const room = keptOfLine - this.#beginning.length;
    if (room > 0) this.#beginning = Buffer.concat([this.#beginning, piece.subarray(0, room)]);
    this.#length += piece.length;
  }

  #answer(answer: Answer): void {
    const [, id, outcome] = /^\{"jsonrpc":"2\.0","id":(\d+),"(result|error)"/.exec(answer.text) ?? [];
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (outcome === "result") waiting?.resolve(answer);
    else waiting?.reject(new Error(`${answer.text}\n${this.#stderr}`));
  }

  #fail(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`it ended; stderr:\n${this.#stderr}`));
    this.#waiting.clear();
  }
}
