/** Message lines: the remote's lines as objects, for the SDK's transport, which wants them parsed. */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CopiedBytes, joined } from "./held-bytes.ts";

const NEWLINE = 0x0a;

/** A message as the SDK has it. */
export type JsonRpc = Parameters<NonNullable<Transport["onmessage"]>>[0];

/** The messages of a line; undefined where it is none. */
export function messagesOf(line: string): readonly JsonRpc[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
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

/** Splits bytes into lines of text, of any length that a string may have. */
export class MessageLines {
  readonly #take: (line: string) => void;
  readonly #fail: (error: unknown) => void;
  readonly #held = new CopiedBytes();

  /** `fail` is told why a line could not be given or taken; the next one comes all the same. */
  constructor(take: (line: string) => void, fail: (error: unknown) => void) {
    this.#take = take;
    this.#fail = fail;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, from)) {
      this.#held.add(chunk.subarray(from, newline));
      this.#give();
      from = newline + 1;
    }
    if (from < chunk.length) this.#held.add(chunk.subarray(from));
  }

  /** What stands behind the last newline is a line too. */
  end(): void {
    if (this.#held.length > 0) this.#give();
  }

  #give(): void {
    const line = this.#held.take();
    try {
      this.#take(new TextDecoder().decode(joined(line)));
    } catch (error) {
      this.#fail(error);
    }
    this.#held.reuse();
  }
}
