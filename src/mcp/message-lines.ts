/** Message lines: the remote's stdout as the SDK's transport wants it, parsed. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Envelope } from "./envelope-draft.ts";
import { joined } from "./held-bytes.ts";
import { JsonLines, type Line } from "./json-lines.ts";
import { answerLine, type Reason } from "./messages.ts";
import { cutPrompt, shown } from "./noise.ts";

/** A message as the SDK has it. */
export type JsonRpc = Parameters<NonNullable<Transport["onmessage"]>>[0];

/** Where it goes. */
export interface MessageEars {
  readonly hear: (message: JsonRpc) => void;
  /** Told of noise, printable, and why a line could not be given. */
  readonly trouble: (what: unknown) => void;
  /** Takes a whole line of ours to the remote. */
  readonly toRemote: (line: Uint8Array) => void;
}

/** Splits bytes into lines and parses them: `push` each chunk, then `end`. */
export class MessageLines {
  readonly #lines: JsonLines;
  readonly #limit: number;
  readonly #ears: MessageEars;

  /** `limit`: the longest line, bytes; of a longer one no more than its beginning is held, and its request answered. */
  constructor(limit: number, ears: MessageEars) {
    this.#lines = new JsonLines({ limit, beyond: "drop", isLent: true });
    this.#limit = limit;
    this.#ears = ears;
  }

  push(chunk: Uint8Array): void {
    this.#lines.split(chunk, (part) => {
      if (part.part === "line") this.#take(part);
    });
  }

  /** What stands behind the last newline is a line too. */
  end(): void {
    const line = this.#lines.end();
    if (line !== undefined) this.#take(line);
  }

  /** One line: a message, a batch of them, noise, or noise before a message. The next one comes, whatever is thrown. */
  #take(line: Line): void {
    try {
      if (line.isWhole) this.#give(line);
      else if (line.length > this.#limit && line.verdict.envelopes.length > 0) this.#refuse(line);
      else this.#noise(line.chunks, line.length);
    } catch (error) {
      this.#ears.trouble(error);
    }
  }

  #give(line: Line): void {
    const messages = messagesOf(line.chunks);
    if (messages !== undefined) for (const message of messages) this.#ears.hear(message);
    else {
      const repaired = cutPrompt(line);
      this.#noise(repaired === undefined ? line.chunks : [repaired.noise], repaired?.noise.length ?? line.length);
      for (const message of (repaired && messagesOf([repaired.message])) ?? []) this.#ears.hear(message);
    }
  }

  #noise(chunks: readonly Uint8Array[], length: number): void {
    this.#ears.trouble(`the remote wrote to its stdout what is no MCP message: ${shown(chunks, length)}`);
  }

  /** Whoever asked, host or server, is answered. */
  #refuse({ length, verdict }: Line): void {
    const text = `The remote's line of ${length} bytes is longer than the ${this.#limit} that may pass (lineBytes)`;
    const why: Reason = { reason: "line-too-long", text, details: { length, limit: this.#limit } };
    this.#ears.trouble(`${text}; it was dropped`);
    for (const envelope of verdict.envelopes) this.#answer(envelope, why);
  }

  #answer({ kind, id, method }: Envelope, why: Reason): void {
    if (id === undefined) return;
    if (kind === "request") this.#ears.toRemote(answerLine({ id, method, isSent: false }, why, []));
    else if (kind === "response")
      for (const message of messagesOf([answerLine({ id, method, isSent: true }, why, [])]) ?? [])
        this.#ears.hear(message);
  }
}

/** The messages of a line; undefined where it is none. */
function messagesOf(line: readonly Uint8Array[]): readonly JsonRpc[] | undefined {
  const text = new TextDecoder().decode(joined(line));
  try {
    const value: unknown = JSON.parse(text);
    const members: readonly unknown[] = Array.isArray(value) ? value : [value];
    return members.length > 0 && members.every(isJsonRpc) ? members : undefined;
  } catch {
    return undefined;
  }
}

/** The rest of a message's shape is for the SDK to judge. */
function isJsonRpc(value: unknown): value is JsonRpc {
  return typeof value === "object" && value !== null && "jsonrpc" in value && value.jsonrpc === "2.0";
}
