/**
 * Batch answers: the answers to the members of a batch that was taken apart, joined into one array again. JSON-RPC 2.0
 * §6: in any order, nothing for notifications, and no array where there is nothing to answer.
 */
import { batchOf } from "./batch.ts";
import { joined } from "./held-bytes.ts";
import { answerLine } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";

interface Batch {
  /** By the keys of their ids. */
  readonly owed: Map<string, PendingRequest>;
  readonly answers: Uint8Array[];
  length: number;
}

const NEWLINE = 0x0a;

/** The batches whose answers are not complete. */
export class BatchAnswers {
  readonly #limit: number;
  readonly #batches = new Map<string, Batch>();

  /** `limit`: the bytes of one array; beyond, an error stands for an answer. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A batch with these requests was taken apart. */
  open(requests: readonly PendingRequest[]): void {
    const batch: Batch = { owed: new Map(), answers: [], length: 0 };
    for (const request of requests) {
      batch.owed.set(request.id.key, request);
      this.#batches.set(request.id.key, batch);
    }
  }

  /**
   * Takes an answer's line. Undefined: it belongs to no batch, and passes. Otherwise what passes in its place: nothing,
   * or the whole array, if this was the last one.
   */
  take(key: string, line: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
    const batch = this.#batches.get(key);
    const request = batch?.owed.get(key);
    if (batch === undefined || request === undefined) return undefined;
    const answer = withoutNewline(joined(line)).slice(); // the line is lent
    const isTooLong = batch.length + answer.length > this.#limit;
    const taken = isTooLong ? withoutNewline(tooLong(request, this.#limit)) : answer;
    batch.answers.push(taken);
    batch.length += taken.length;
    return this.drop(key);
  }

  /** No answer is owed for this any more: it was cancelled. Returns what passes, as `take` does. */
  drop(key: string): readonly Uint8Array[] {
    const batch = this.#batches.get(key);
    this.#batches.delete(key);
    batch?.owed.delete(key);
    if (batch === undefined || batch.owed.size > 0 || batch.answers.length === 0) return [];
    return [batchOf(batch.answers), Uint8Array.of(NEWLINE)];
  }
}

function tooLong(request: PendingRequest, limit: number): Uint8Array {
  const text = `The answers to the batch are longer than the ${limit} bytes that may pass`;
  return answerLine(request, { reason: "line-too-long", text }, []);
}

function withoutNewline(line: Uint8Array): Uint8Array {
  return line.at(-1) === NEWLINE ? line.subarray(0, -1) : line;
}
