/**
 * Send queue: what the host said and the server has not taken yet. It bridges the time while we connect; `room` holds
 * the host back meanwhile. Everything passes unchanged, junk included.
 */
import type { ByteSink } from "../ssh/connection.ts";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { append } from "./held-bytes.ts";
import { type HostLine, type HostRoute, lengthOf } from "./host-route.ts";
import type { PendingRequest } from "./pending.ts";

/** A line, or a piece of one. */
type Part = HostLine | Uint8Array;

interface Entry {
  readonly parts: Part[];
  length: number;
}

/** What a feed had not taken. */
export interface TakenBack {
  /** Whole ones, in order. */
  readonly lines: readonly HostLine[];
  /** The end of a line whose beginning had gone. */
  readonly cut: HostLine | undefined;
}

/** The end of the host's route: `line`, `piece` and `end` on one side, `feed` on the other. */
export class SendQueue implements HostRoute {
  readonly #limit: number;
  readonly #onTaken: (bytes: Uint8Array) => void;
  #next: Entry = emptyEntry();
  /** What waits for `release`, while there is a hold. */
  #held: Entry | undefined;
  /** Whether the last that was sent is a piece of a line. */
  #isInLine = false;
  #isEnded = false;
  #taken = 0;
  #isDiscarding = false;
  /** Whether the last that came is a piece of a line. */
  #isInPieces = false;
  /** Lines of ours that wait for the end of one. */
  #behind: HostLine[] = [];
  /** Counts the feeds: only the last one may take. */
  #feeds = 0;
  #wake: Deferred<void> = deferred();
  /** For whoever waits for room. */
  #room: Deferred<void> | undefined;

  /**
   * `limit`: the bytes of the host's that may wait; with ours it may be twice as much. `onTaken` is told of bytes that the
   * server has: nobody needs them here any more.
   */
  constructor(limit: number, onTaken: (bytes: Uint8Array) => void = () => undefined) {
    this.#limit = limit;
    this.#onTaken = onTaken;
  }

  get isEmpty(): boolean {
    return this.#waitingLength() === 0;
  }

  piece(bytes: Uint8Array): void {
    this.#isInPieces = true;
    this.#push(bytes, bytes.length);
  }

  line(line: HostLine): void {
    this.#isInPieces = false;
    this.#push(line, lengthOf(line));
    for (const ours of this.#behind.splice(0)) this.#push(ours, lengthOf(ours));
  }

  /** Takes a line of ours for the session that stands, never inside one of the host's; false: there is no room for it. */
  interject(line: HostLine): boolean {
    const waiting = this.#behind.reduce((sum, ours) => sum + lengthOf(ours), this.#waitingLength());
    if (waiting > 2 * this.#limit || this.#isDiscarding || this.#isEnded) return false;
    if (this.#isInPieces) this.#behind.push(line);
    else this.#push(line, lengthOf(line));
    return true;
  }

  /** Bytes that the server has taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when more may be pushed; undefined: now. */
  room(): Promise<void> | undefined {
    return this.#waitingLength() > this.#limit ? this.#untilRoom() : undefined;
  }

  /** What comes from now on waits for `release`, or for another feed after `unplug`. */
  hold(): void {
    this.#held ??= emptyEntry();
  }

  /** Also behind `end`: EOF waits for what is held. */
  release(): void {
    const { parts } = this.#held ?? emptyEntry();
    this.#held = undefined;
    for (const part of parts) this.#enter(this.#next, part, sizeOf(part));
    this.#wake.resolve();
  }

  /** Ends the feed; what it had not taken is dropped, but for what is held, which goes to the next feed, without `dropped`. */
  unplug(dropped: readonly HostLine[] = []): void {
    this.#feeds++;
    this.#behind = [];
    const { parts } = this.#held ?? emptyEntry();
    this.#held = undefined;
    this.#next = emptyEntry();
    for (const part of parts)
      if (part instanceof Uint8Array || !dropped.includes(part)) this.#enter(this.#next, part, sizeOf(part));
    this.#wake.resolve();
    this.#makeRoom();
  }

  /** Ends the feed; what it had not taken waits. */
  pause(): void {
    this.#feeds++;
    this.#wake.resolve();
  }

  /** Ends the feed, and takes back what it had not taken. */
  takeBack(): TakenBack {
    this.pause();
    this.#behind = [];
    this.#isInPieces = false;
    const { parts } = this.#take();
    const lines: HostLine[] = [];
    let isCut = this.#isInLine;
    let cut: HostLine | undefined;
    let pieces: Uint8Array[] = [];
    for (const part of parts) {
      if (part instanceof Uint8Array) pieces.push(part);
      else {
        if (isCut) cut = part;
        else lines.push({ ...part, chunks: [...pieces, ...part.chunks], isRest: false });
        isCut = false;
        pieces = [];
      }
    }
    this.#isInLine = false;
    return { lines, cut };
  }

  /** Resolves when something waits. */
  async filled(): Promise<void> {
    while (this.isEmpty) {
      this.#wake = deferred();
      await this.#wake.promise;
    }
  }

  /** Nothing more comes: what waits is sent, then EOF. */
  end(): void {
    this.#isEnded = true;
    this.#wake.resolve();
  }

  /** Nobody takes it any more: drops what waits and what comes. */
  discard(): void {
    this.#isDiscarding = true;
    this.#held = undefined;
    this.#take();
  }

  /**
   * Sends what waits and what comes to `sink`, with its back-pressure, until the end, then closes it; or until `unplug`.
   * Resolves to whether it was closed, rejects if it breaks. `onSent` hears of the requests whose lines were written.
   */
  async feed(sink: ByteSink, onSent: (requests: readonly PendingRequest[]) => void): Promise<boolean> {
    const feed = ++this.#feeds;
    let breach: { readonly error: unknown } | undefined;
    void sink.broken.then((error) => {
      breach = { error };
      this.#wake.resolve();
    });
    for (;;) {
      while (this.#next.length > 0 && this.#feeds === feed) {
        for (const chunk of this.#takeSent(onSent)) {
          const time = sink.write(chunk);
          if (time !== undefined) await time;
          this.#taken += chunk.length;
          this.#onTaken(chunk);
        }
      }
      if (this.#feeds !== feed) return false;
      if (this.#isEnded && this.#held === undefined) {
        await sink.close();
        return true;
      }
      this.#wake = deferred();
      await this.#wake.promise;
      if (breach !== undefined && this.#feeds === feed) throw breach.error;
    }
  }

  async #untilRoom(): Promise<void> {
    while (this.#waitingLength() > this.#limit) {
      this.#room ??= deferred();
      await this.#room.promise;
    }
  }

  #waitingLength(): number {
    return this.#next.length + (this.#held?.length ?? 0);
  }

  #takeSent(onSent: (requests: readonly PendingRequest[]) => void): readonly Uint8Array[] {
    const { parts } = this.#take();
    this.#isInLine = parts.at(-1) instanceof Uint8Array;
    const requests: PendingRequest[] = [];
    for (const part of parts) if (!(part instanceof Uint8Array)) requests.push(...part.requests);
    for (const request of requests) request.isSent = true;
    if (requests.length > 0) onSent(requests);
    return merged(parts);
  }

  #push(part: Part, length: number): void {
    if (this.#isDiscarding || this.#isEnded) return;
    this.#enter(this.#held ?? this.#next, part, length);
    this.#wake.resolve();
  }

  #enter(entry: Entry, part: Part, length: number): void {
    entry.parts.push(part);
    entry.length += length;
  }

  #take(): Entry {
    const entry = this.#next;
    this.#next = emptyEntry();
    this.#makeRoom();
    return entry;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

function emptyEntry(): Entry {
  return { parts: [], length: 0 };
}

function sizeOf(part: Part): number {
  return part instanceof Uint8Array ? part.length : lengthOf(part);
}

/** Their bytes; what follows each other in one buffer leaves in one write. */
function merged(parts: readonly Part[]): readonly Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const part of parts) {
    if (part instanceof Uint8Array) append(all, part);
    else for (const chunk of part.chunks) append(all, chunk);
  }
  return all;
}
