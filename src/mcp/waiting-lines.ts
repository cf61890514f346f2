/**
 * Waiting lines: what the host says while the link is lost. Its requests wait for another link, each for its time, and
 * all within bounds; what does not get there is answered as never sent.
 */
import { isBatch } from "./batch.ts";
import type { Conversation } from "./conversation.ts";
import { type HostLine, type HostRoute, lengthOf } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import type { Reason } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";

type WaitingLimits = Pick<ProxyLimits, "reconnectWait" | "reconnectQueue" | "reconnectBytes">;

export interface WaitingPorts {
  readonly conversation: Conversation;
  /** Leads to the new server while that is told what the old one was. */
  readonly queue: HostRoute;
  /** Resolves when the host has read what we wrote. */
  readonly heard: () => Promise<unknown>;
  readonly warn: (text: string) => void;
}

/** What becomes of the rest of a line. */
type Rest = "wanted" | "cut" | "too-long";

/** What a line takes beside its bytes, so that many short ones are bounded as well. */
const COST = 512;

interface Waiting {
  readonly line: HostLine;
  /** What it counts for, bytes. */
  readonly length: number;
  /** Undefined where nobody waits for an answer. */
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

export class WaitingLines implements HostRoute {
  readonly #limits: WaitingLimits;
  readonly #ports: WaitingPorts;
  /** How the link was lost. */
  readonly #lost: string;
  #failure: string | undefined;
  #waiting: Waiting[] = [];
  #requests = 0;
  #length = 0;
  /** Of a line in pieces. */
  #pieces: Uint8Array[] = [];
  #piecesLength = 0;
  #rest: Rest = "wanted";
  #dropped = 0;
  #isOver = false;
  /** Where lines go again, once the rest of the one that goes nowhere has come. */
  #next: { readonly route: HostRoute; readonly onOver: () => void } | undefined;

  /** `lost`: how the link was lost, a sentence without the full stop. */
  constructor(limits: WaitingLimits, ports: WaitingPorts, lost: string) {
    this.#limits = limits;
    this.#ports = ports;
    this.#lost = lost;
  }

  /** Another attempt to connect has failed: why, printable. */
  failed(why: string): void {
    this.#failure = why;
  }

  /** The line that the host is in the middle of was cut by the loss: the rest of it goes nowhere. */
  cut(): void {
    this.#rest = "cut";
  }

  piece(bytes: Uint8Array): void {
    if (this.#isOver || this.#rest !== "wanted") return;
    this.#pieces.push(bytes);
    this.#piecesLength += bytes.length;
    if (this.#length + this.#piecesLength > this.#limits.reconnectBytes) {
      this.#rest = "too-long";
      this.#dropPieces();
    }
  }

  line(line: HostLine): void {
    const rest = this.#rest;
    this.#rest = "wanted";
    if (this.#isOver && rest === "wanted") return;
    const chunks = [...this.#pieces, ...line.chunks];
    this.#dropPieces();
    const whole = { ...line, chunks, isRest: false };
    if (rest === "cut") this.#cutOff(line);
    else if (rest === "too-long") this.#refuse(line);
    else if (!this.#isForNobody(whole)) this.#wait(whole);
    this.#next?.onOver();
  }

  /**
   * The host is not held back: its requests must be heard to be answered in time, and so must its end. Only where it does
   * not read our answers we read no more that would need some.
   */
  async room(): Promise<void> {
    await this.#ports.heard();
    await this.#next?.route.room();
  }

  /** Gives all that waits to `route`, in order. `onOver` is called when lines may go there themselves. */
  release(route: HostRoute, onOver: () => void): void {
    const lines = this.#waiting.map(({ line }) => line);
    const pieces = this.#pieces;
    this.discard();
    for (const line of lines) route.line(line);
    for (const piece of pieces) route.piece(piece);
    if (this.#rest === "wanted") onOver();
    else this.#next = { route, onOver };
  }

  /** Drops what waits and what comes. */
  discard(): void {
    this.#isOver = true;
    for (const { timer } of this.#waiting) clearTimeout(timer);
    this.#waiting = [];
    this.#dropPieces();
    if (this.#dropped > 0)
      this.#ports.warn(`${this.#dropped} notifications of the host's found no room to wait: they are lost`);
    this.#dropped = 0;
  }

  /** Answers go to nobody: who asked is gone, but for a new server that asks before it is in use. And what cancels a request that was never sent has done so. */
  #isForNobody(line: HostLine): boolean {
    const { verdict, chunks } = line;
    if (!verdict.isMessage) return false;
    const { envelopes } = verdict;
    if (line.isAnswer) this.#ports.queue.line({ ...line, isOurs: true }); // it may wait for that before it answers initialize
    if (envelopes.every(({ kind }) => kind === "response")) return true;
    const [envelope] = envelopes;
    if (envelopes.length > 1 || envelope?.kind !== "notification") return false;
    // A new server is told so in its handshake.
    if (envelope.method === "notifications/initialized") return true;
    if (envelope.method !== "notifications/cancelled" || envelope.requestId === undefined) return false;
    return !isBatch(chunks) && this.#cancel(envelope.requestId.key);
  }

  /** False where the request waits with others in a batch. */
  #cancel(key: string): boolean {
    const index = this.#waiting.findIndex(({ line }) => line.requests.some(({ id }) => id.key === key));
    const found = this.#waiting[index];
    if (found === undefined) return true;
    if (found.line.verdict.envelopes.length > 1) return false;
    this.#remove(found);
    return true;
  }

  #wait(line: HostLine): void {
    const length = lengthOf(line) + COST;
    const isFull =
      this.#length + length > this.#limits.reconnectBytes ||
      (line.requests.length > 0 && this.#requests + line.requests.length > this.#limits.reconnectQueue);
    if (isFull) {
      this.#refuse(line);
      return;
    }
    const isAwaited = line.requests.length > 0;
    const timer = isAwaited ? setTimeout(() => this.#expire(waiting), this.#limits.reconnectWait) : undefined;
    const waiting: Waiting = { line, length, timer };
    this.#waiting.push(waiting);
    this.#length += length;
    this.#requests += line.requests.length;
  }

  /** All but its newline may have reached the server, which may not need it. */
  #cutOff({ requests }: HostLine): void {
    for (const request of requests) request.isSent = true;
    this.#answer(requests, " in the middle of this request");
  }

  #refuse({ requests }: HostLine): void {
    if (requests.length === 0) this.#dropped++;
    const { reconnectQueue, reconnectBytes } = this.#limits;
    const most = `as many requests wait for another one as may (${reconnectQueue} of them, ${reconnectBytes} bytes in all)`;
    this.#answer(requests, `, and ${most}`);
  }

  #remove(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#length -= waiting.length;
    this.#requests -= waiting.line.requests.length;
  }

  #expire(waiting: Waiting): void {
    this.#remove(waiting);
    const why = this.#failure === undefined ? "" : `: ${this.#failure}`;
    const wait = `no other one stood within ${this.#limits.reconnectWait / 1000} s${why}`;
    this.#answer(waiting.line.requests, `, and ${wait}`);
  }

  /** `more`: what is said behind how the link was lost. */
  #answer(requests: readonly PendingRequest[], more: string): void {
    const why: Reason = { reason: "link-lost", text: `${this.#lost}${more}` };
    for (const request of requests) this.#ports.conversation.giveUpOne(request, why);
  }

  #dropPieces(): void {
    this.#pieces = [];
    this.#piecesLength = 0;
  }
}
