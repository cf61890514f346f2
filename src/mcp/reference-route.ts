/**
 * Reference route: the host's lines on their way to the reference server, which is mute for ever after one request that it
 * does not take. On this route nothing reaches it that would do that, and what it needs first goes first. It is taken in
 * two steps. From the connection on, for whatever may be that server: requests wait for `initialize` and `initialized`,
 * batches are taken apart, separators are escaped. Its answer to `initialize` decides: either its habits are known from
 * then on, or this route is over and bytes cross unchanged.
 */

import { batchMembers, isBatch } from "./batch.ts";
import { BatchAnswers } from "./batch-answers.ts";
import type { Conversation } from "./conversation.ts";
import type { Verdict } from "./envelope.ts";
import type { Envelope } from "./envelope-draft.ts";
import { HeldBytes, joined } from "./held-bytes.ts";
import { type HostLine, type HostRoute, lengthOf, NO_MESSAGE } from "./host-route.ts";
import { ListWait } from "./list-wait.ts";
import { DISCOVER } from "./messages.ts";
import { isReferenceAnswer, isReferenceMethod, listNeeded, requestFault } from "./reference-habits.ts";
import type { SendQueue } from "./send-queue.ts";
import { SeparatorEscaper } from "./separators.ts";
import { LONGEST_ANSWER } from "./server-identity.ts";

export interface ReferencePorts {
  readonly queue: SendQueue;
  readonly conversation: Conversation;
  /** Takes whole lines to the host. */
  readonly forward: (chunks: readonly Uint8Array[]) => void;
  readonly warn: (text: string) => void;
  /** It was another server: the lines go straight from now on. */
  readonly onOver: () => void;
}

export interface ReferenceOptions {
  /** Whether it is the reference server by the user's word, whatever it answers. */
  readonly isCertain: boolean;
  /** The longest line, bytes, and how much may wait for `initialized`. */
  readonly limit: number;
}

/** Milliseconds from the answer to `initialize`: a host that never says `initialized` would wait for ever. */
const INITIALIZED_WAIT = 5_000;

const newline: Uint8Array = Uint8Array.of(0x0a);
const INITIALIZED: Uint8Array = new TextEncoder().encode('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');

export class ReferenceRoute implements HostRoute {
  readonly #ports: ReferencePorts;
  readonly #limit: number;
  readonly #batches: BatchAnswers;
  readonly #lists: ListWait;
  readonly #long = new HeldBytes();
  #isTooLong = false;
  /** Whether it is the reference server; `unknown` until it has answered `initialize`. */
  #verdict: "unknown" | "reference" | "other";
  /** The key of the id of the host's `initialize`. */
  #initialize: string | undefined;
  #isAnswered = false;
  #isInitialized = false;
  /** What waits for that, and its bytes. */
  #waiting: HostLine[] = [];
  #waitingLength = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ isCertain, limit }: ReferenceOptions, ports: ReferencePorts) {
    this.#ports = ports;
    this.#limit = limit;
    this.#batches = new BatchAnswers(limit);
    this.#lists = new ListWait((line) => this.#forward(line));
    this.#verdict = isCertain ? "reference" : "unknown";
  }

  piece(bytes: Uint8Array): void {
    this.#isTooLong ||= this.#long.length + bytes.length > this.#limit;
    if (this.#isTooLong) this.#long.take();
    else this.#long.add(bytes);
  }

  line(line: HostLine): void {
    const isTooLong = this.#isTooLong;
    const whole = { ...line, chunks: [...this.#long.take(), ...line.chunks] };
    this.#isTooLong = false;
    if (isTooLong) this.#withhold(line, `longer than ${this.#limit} bytes`);
    else if (!isUtf8(whole.chunks)) this.#withhold(line, "that is no valid UTF-8");
    else if (!line.verdict.isMessage) this.#forward(whole);
    else if (isBatch(whole.chunks)) this.#batch(whole);
    else this.#message(whole);
  }

  async room(): Promise<void> {
    await this.#lists.room();
    await this.#ports.queue.room();
  }

  /** Hears a line of the remote's before it is entered; true: it answers a request of ours, and does not pass. */
  hear(chunks: readonly Uint8Array[], { envelopes }: Verdict): boolean {
    const [envelope] = envelopes;
    if (this.#verdict === "other" || envelope?.kind !== "response" || envelope.id === undefined) return false;
    const { key } = envelope.id;
    if (key === this.#initialize) this.#initializeAnswered(chunks, envelope);
    return this.#lists.answered(key, envelope.isError);
  }

  /** An answer to the host, the remote's or ours. Undefined: it passes; else what passes in its place. */
  join(key: string, line: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
    return this.#batches.take(key, line);
  }

  /** Whether it was another server. */
  get isOver(): boolean {
    return this.#verdict === "other";
  }

  /** Drops what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#lists.stop();
  }

  get #isReady(): boolean {
    return this.#verdict === "reference" && this.#isAnswered && this.#isInitialized;
  }

  /** It drops arrays without an answer. */
  #batch({ chunks, verdict, requests }: HostLine): void {
    if (requests.length > 0) this.#batches.open(requests);
    for (const [index, member] of batchMembers(joined(chunks)).entries()) {
      const envelope = verdict.envelopes[index];
      if (envelope === undefined) continue;
      const own = requests.filter(({ id }) => envelope.kind === "request" && id === envelope.id);
      this.line({ chunks: [member, newline], verdict: { ...verdict, envelopes: [envelope] }, requests: own });
    }
  }

  #message(line: HostLine): void {
    const [envelope] = line.verdict.envelopes;
    if (this.#verdict === "other") this.#ports.queue.line(line);
    else if (envelope?.kind === "request") this.#request(line, envelope);
    else if (envelope?.kind === "notification") this.#notification(line, envelope);
    else this.#forward(line);
  }

  #notification(line: HostLine, { method, requestId }: Envelope): void {
    if (method === "notifications/initialized") {
      this.#forward(line);
      this.#setInitialized();
    } else if (method === "notifications/cancelled" && requestId !== undefined) {
      this.#cancelled(line, requestId.key);
    } else if (this.#isReady) this.#forward(line);
    else this.#wait(line);
  }

  /** What was not sent needs no cancelling. */
  #cancelled(line: HostLine, key: string): void {
    this.#ports.forward(this.#batches.drop(key));
    const isIt = ({ requests }: HostLine) => requests.some(({ id }) => id.key === key);
    const rest = this.#waiting.filter((waiting) => !isIt(waiting));
    const isHere = rest.length < this.#waiting.length;
    this.#waiting = rest;
    this.#waitingLength = rest.reduce((sum, waiting) => sum + lengthOf(waiting), 0);
    if (!isHere && !this.#lists.cancelled(key)) this.#forward(line);
  }

  #request(line: HostLine, { id, method }: Envelope): void {
    if (method === DISCOVER) this.#refuse(line);
    else if (method === "initialize") this.#initializing(line, id?.key);
    else if (this.#isReady) this.#deliver(line, method, id?.key);
    else if (this.#initialize !== undefined) this.#wait(line);
    else if (method === "ping" || this.#verdict === "reference") this.#withhold(line, "before initialize");
    else {
      this.#other(); // a host that begins like that knows that it is another server, of protocol 2026-07-28
      this.#ports.queue.line(line);
    }
  }

  #initializing(line: HostLine, key: string | undefined): void {
    const fault = this.#verdict === "reference" ? requestFault(joined(line.chunks)) : undefined;
    if (fault !== undefined) {
      this.#withhold(line, fault);
      return;
    }
    this.#initialize = key;
    this.#isAnswered = false;
    this.#isInitialized = false;
    this.#forward(line);
  }

  #initializeAnswered(chunks: readonly Uint8Array[], { isError }: Envelope): void {
    this.#isAnswered = true;
    if (this.#verdict === "unknown") {
      const isTooLong = lengthOf({ chunks }) > LONGEST_ANSWER; // its answers are short
      if (isError || isTooLong || !isReferenceAnswer(joined(chunks))) this.#other();
      else this.#verdict = "reference";
    }
    if (this.#isReady) this.#stopWaiting();
    else if (this.#verdict === "reference") this.#timer = setTimeout(() => this.#sayInitialized(), INITIALIZED_WAIT);
  }

  #sayInitialized(): void {
    if (this.#waiting.length === 0) return;
    this.#ports.queue.line({ chunks: [INITIALIZED], verdict: NO_MESSAGE, requests: [] });
    this.#setInitialized();
  }

  #setInitialized(): void {
    this.#isInitialized = true;
    if (this.#isReady) this.#stopWaiting();
  }

  /** The requests that it knows, with parameters that it takes, behind the list that they need. */
  #deliver(line: HostLine, method: string | undefined, key: string | undefined): void {
    if (!isReferenceMethod(method)) {
      this.#refuse(line);
      return;
    }
    const fault = requestFault(joined(line.chunks));
    if (fault !== undefined) this.#withhold(line, fault);
    else if (listNeeded[method] !== undefined) this.#lists.behind(listNeeded[method], line);
    else {
      if (key !== undefined) this.#lists.asked(method, key);
      this.#forward(line);
    }
  }

  #wait(line: HostLine): void {
    const length = lengthOf(line);
    if (this.#waitingLength + length > this.#limit) this.#withhold(line, "too long to wait for initialize");
    else {
      this.#waiting.push(line);
      this.#waitingLength += length;
    }
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    for (const line of waiting) this.#message(line);
  }

  /** Nothing of this is for it. */
  #other(): void {
    this.#verdict = "other";
    this.#stopWaiting();
    this.#ports.onOver();
  }

  #refuse({ requests }: HostLine): void {
    for (const request of requests) this.#ports.conversation.refuse(request, "not-in-reference-server");
  }

  #withhold({ requests }: HostLine, fault: string): void {
    if (requests.length === 0)
      this.#ports.warn(`A line of the host's ${fault} was dropped: the remote would not bear it`);
    for (const request of requests) this.#ports.conversation.withhold(request, fault);
  }

  #forward({ chunks, requests }: Pick<HostLine, "chunks" | "requests">): void {
    const escaper = new SeparatorEscaper();
    const parts = [...chunks.flatMap((chunk) => escaper.push(chunk)), ...escaper.end()];
    // Each part would be a packet of its own.
    const one = parts.length > chunks.length ? [joined(parts)] : parts;
    this.#ports.queue.line({ chunks: one, verdict: NO_MESSAGE, requests });
  }
}

/** AsyncSSH ends the whole connection at a byte that is none. */
function isUtf8(chunks: readonly Uint8Array[]): boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (const chunk of chunks) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}
