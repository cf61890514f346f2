/**
 * Host input: the host's stdin on its way to the server. Lines up to a limit leave when they are complete, longer ones
 * in pieces; everything passes, junk included. The route holds the host back.
 */
import type { ByteSource } from "../ssh/connection.ts";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { flowing } from "../ssh/flow.ts";
import type { Conversation } from "./conversation.ts";
import type { HostHold } from "./host-hold.ts";
import type { HostLine, HostRoute } from "./host-route.ts";
import { InputBlocks } from "./input-blocks.ts";
import { JsonLines, type Line } from "./json-lines.ts";

const newline: Uint8Array = Uint8Array.of(0x0a);

/** The one reader of the host's stdin: `read` once, until the end. */
export class HostInput {
  /** Resolves at the host's EOF, with all that it said on the route. */
  readonly ended: Promise<void>;
  /** Called after each line, its requests entered. */
  onLine: () => void = () => undefined;
  /** Where the lines go. */
  route: HostRoute;
  /** Gives what passes in place of a line: nothing, where it is undefined. */
  onPass: (line: HostLine) => HostLine | undefined = (line) => line;
  /** Holds the host back while the route has no room; without one it waits for that. */
  hold: HostHold | undefined;
  /** Called where requests were refused, since too many wait: resolves when the host has heard of it. */
  onExcess: () => Promise<unknown> = () => Promise.resolve();
  readonly #source: ByteSource;
  readonly #lines: JsonLines;
  readonly #blocks: InputBlocks;
  readonly #conversation: Conversation;
  readonly #ended: Deferred<void> = deferred();
  #chunks = 0;
  #isEnded = false;
  #excess: Promise<unknown> | undefined;

  /**
   * `source` may lend its chunks. `limit`: the longest line, bytes, that is held until it is complete. `blocks`: where
   * lines stand until whoever sends them gives them back.
   */
  constructor(
    source: ByteSource,
    limit: number,
    conversation: Conversation,
    route: HostRoute,
    blocks: InputBlocks = new InputBlocks(),
  ) {
    this.#source = source;
    this.#blocks = blocks;
    this.#lines = new JsonLines({ limit, beyond: "stream", onCopied: (part) => blocks.giveBack(part) });
    this.#conversation = conversation;
    this.route = route;
    this.ended = this.#ended.promise;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** How many chunks were read. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Whether the host is in the middle of a line. */
  get isInLine(): boolean {
    return this.#lines.isInLine;
  }

  /** Whether pieces of a line went on their way, and its end did not. */
  get isInPieces(): boolean {
    return this.#lines.isInPieces;
  }

  /** From the next line on, those of up to `limit` bytes leave only when they are complete. */
  holdUpTo(limit: number): void {
    this.#lines.limit = limit;
  }

  /** Reads to the end. An input that breaks has ended: the host is gone. */
  async read(): Promise<void> {
    await flowing(this.#source, (chunk) => {
      this.#chunks++;
      this.#take(chunk);
      return this.#mayReadOn(chunk.length);
    });
    this.#takeLast();
    this.#isEnded = true;
    this.#ended.resolve();
  }

  /** Nobody needs these bytes of a line any more. */
  giveBack(bytes: Uint8Array): void {
    this.#blocks.giveBack(bytes);
  }

  /** Reads no more. */
  cancel(): void {
    this.#source.cancel().catch(() => undefined); // it has broken before
  }

  /** Undefined: at once. */
  #mayReadOn(length: number): Promise<void> | undefined {
    if (this.#excess !== undefined) return this.#afterExcess(length);
    const room = this.route.room();
    return room && (this.hold?.over(room, length) ?? room);
  }

  async #afterExcess(length: number): Promise<void> {
    await this.#excess;
    this.#excess = undefined;
    await this.#mayReadOn(length);
  }

  #take(chunk: Uint8Array): void {
    for (const bytes of this.#blocks.take(chunk)) {
      this.#lines.split(bytes, (part) => {
        if (part.part === "piece") this.route.piece(part.bytes);
        else this.#line(part, part.chunks);
      });
    }
  }

  /** What stands behind the last newline gets one if it is a whole message; junk passes as it is. */
  #takeLast(): void {
    const line = this.#lines.end();
    if (line === undefined) return;
    this.#line(line, line.verdict.isMessage ? [...line.chunks, newline] : line.chunks);
  }

  #line(line: Line, chunks: readonly Uint8Array[]): void {
    const { verdict, isWhole } = line;
    if (isWhole && this.#conversation.refusesExcess(verdict)) {
      for (const chunk of chunks) this.#blocks.giveBack(chunk);
      this.#excess ??= this.onExcess();
      return;
    }
    const isAnswer = this.#conversation.isAnswer(verdict);
    const requests = this.#conversation.enterHost(verdict, isWhole ? chunks : undefined);
    const passed = this.onPass({ chunks, verdict, requests, isRest: !isWhole, isAnswer });
    if (passed !== undefined) this.route.line(passed);
    this.onLine();
  }
}
