/**
 * Interview: asks a remote MCP server who it is, as a host would, one question after the other, each with its time: for
 * a person who wants to know why nothing works. It parses, which the proxy never does.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { joined } from "./held-bytes.ts";
import { JsonLines, type Line } from "./json-lines.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Link, type RemoteSession } from "./link.ts";
import { isShellsWord } from "./login-shell.ts";
import { cutPrompt, shown } from "./noise.ts";
import type { RemoteEnd } from "./remote-end.ts";
import { StderrLines } from "./remote-text.ts";
import { within } from "./waiting.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** What became of a question. */
export type Reply =
  | { readonly how: "result"; readonly result: JsonObject }
  | { readonly how: "error"; readonly code: number; readonly message: string }
  /** Nothing came in time. */
  | { readonly how: "silent" }
  /** The remote is gone. */
  | { readonly how: "gone"; readonly end: RemoteEnd };

/** Longer lines are no answers to what is asked here, bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;
/** How many lines that are no messages are kept. */
const MOST_NOISE = 3;

export class Interview {
  readonly #link: Link;
  readonly #lines = new JsonLines({ limit: LONGEST_LINE, beyond: "drop", isLent: true });
  readonly #stderr: StderrLines;
  readonly #waiting: Map<number, Deferred<Reply>> = new Map();
  readonly #noise: string[] = [];
  #asked = 0;

  /** Takes the session's streams. */
  constructor(remote: RemoteSession) {
    this.#stderr = new StderrLines((line) => {
      if (remote.isShell === true && isShellsWord(line)) this.#link.endAs({ how: "login-shell" });
    });
    this.#link = new Link(
      remote,
      {
        stdout: { hear: (chunk) => void this.#hear(chunk), end: () => this.#take(this.#lines.end()) },
        stderr: { hear: (chunk) => void this.#stderr.push(chunk), end: () => this.#stderr.end() },
      },
      DEFAULT_LIMITS,
    );
    void this.#link.sink.broken.then(() => this.#link.broken());
  }

  /** The first lines of its stdout that were no messages, printable. */
  get noise(): readonly string[] {
    return this.#noise;
  }

  /** The last lines of its stderr, printable. */
  get stderr(): readonly string[] {
    return this.#stderr.last;
  }

  /** Asks, and waits for the answer as long as that. */
  async ask(method: string, params: JsonObject, milliseconds: number): Promise<Reply> {
    const id = this.#asked++;
    const answer = deferred<Reply>();
    this.#waiting.set(id, answer);
    this.#send({ jsonrpc: "2.0", id, method, params });
    const gone = this.#link.ended.then((end): Reply => ({ how: "gone", end }));
    const reply = await within(milliseconds, Promise.race([answer.promise, gone]));
    this.#waiting.delete(id);
    return reply ?? { how: "silent" };
  }

  /** Sends a notification. */
  tell(method: string): void {
    this.#send({ jsonrpc: "2.0", method });
  }

  /** Ends the session; the connection stays. */
  leave(): Promise<void> {
    return this.#link.leave();
  }

  #send(message: JsonObject): void {
    const line = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
    this.#link.sink.write(line)?.catch(() => undefined); // then the remote is gone, which is told
  }

  #hear(chunk: Uint8Array): void {
    for (const line of this.#lines.push(chunk)) if (line.part === "line") this.#take(line);
  }

  #take(line: Line | undefined): void {
    if (line === undefined) return;
    if (line.isWhole && line.verdict.isMessage) {
      this.#answered(joined(line.chunks));
      return;
    }
    const repaired = cutPrompt(line);
    const noise = shown(repaired === undefined ? line.chunks : [repaired.noise], repaired?.noise.length ?? line.length);
    if (this.#noise.length < MOST_NOISE && noise.trim() !== "") this.#noise.push(noise);
    if (repaired !== undefined) this.#answered(repaired.message);
  }

  #answered(bytes: Uint8Array): void {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    for (const message of Array.isArray(value) ? value : [value]) {
      const { id, result, error } = message as { id?: unknown; result?: unknown; error?: unknown };
      if (typeof id !== "number") continue;
      if (isObject(result)) this.#waiting.get(id)?.resolve({ how: "result", result });
      if (isObject(error)) this.#waiting.get(id)?.resolve(errorOf(error));
    }
  }
}

function errorOf({ code, message }: JsonObject): Reply {
  return {
    how: "error",
    code: typeof code === "number" ? code : 0,
    message: typeof message === "string" ? message : "",
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
