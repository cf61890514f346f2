/**
 * Era probe: hosts of protocol 2026-07-28 send `server/discover` before anything else, and fall back to `initialize`
 * when that is answered with an error. Older servers may meet it with silence, or end: then we answer for them, and the
 * host goes on with another session on the same connection. What the host says behind its probe waits until that is
 * decided. Any answer of the remote's, and any other first request, ends this for good.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import type { Conversation } from "./conversation.ts";
import type { HostLine, HostRoute } from "./host-route.ts";
import { DISCOVER } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";
import { mayBeOfProbe, type RemoteEnd } from "./remote-end.ts";
import type { SendQueue } from "./send-queue.ts";

export class EraProbe implements HostRoute {
  readonly #milliseconds: number;
  readonly #queue: SendQueue;
  readonly #conversation: Conversation;
  readonly #onOver: () => void;
  readonly #late: Deferred<void> = deferred();
  #state: "watching" | "out" | "refused" | "over" = "watching";
  #request: PendingRequest | undefined;
  /** Probes that the host sent while the first was out. */
  #retries: HostLine[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `milliseconds`: from the sending. `onOver` is called when lines may go straight to `queue`. */
  constructor(milliseconds: number, queue: SendQueue, conversation: Conversation, onOver: () => void) {
    this.#milliseconds = milliseconds;
    this.#queue = queue;
    this.#conversation = conversation;
    this.#onOver = onOver;
  }

  /** Resolves when the remote has not answered the probe in time; never once this is decided. */
  get late(): Promise<void> {
    const isOpen = this.#state === "watching" || this.#state === "out";
    return isOpen ? this.#late.promise : new Promise(() => undefined);
  }

  piece(bytes: Uint8Array): void {
    this.#queue.piece(bytes);
  }

  line(line: HostLine): void {
    if (this.#request !== undefined && isProbe(line.requests)) {
      this.#again(line);
      return;
    }
    this.#queue.line(line);
    if (this.#state === "watching") this.#watch(line.requests);
    else if (this.#state === "refused" && line.requests.length > 0) this.#end();
  }

  room(): Promise<void> | undefined {
    return this.#queue.room();
  }

  /** These requests were sent. */
  sent(requests: readonly PendingRequest[]): void {
    if (this.#state !== "out" || this.#request === undefined || !requests.includes(this.#request)) return;
    this.#timer = setTimeout(() => this.#late.resolve(), this.#milliseconds);
  }

  /** The remote said something, entered in the books. */
  heard(): void {
    if (this.#state !== "out" || this.#request === undefined) return;
    if (!this.#conversation.isPending(this.#request)) this.over();
  }

  /** Whether a remote that ended so may have died of the probe. */
  isDeadly(end: RemoteEnd): boolean {
    return this.#state === "out" && this.#request?.isSent === true && mayBeOfProbe(end);
  }

  /** Decided against the remote: answers the probe in its name, if that is still owed, and every other one, which go nowhere. */
  refuse(): void {
    this.stop();
    this.#state = "refused";
    this.#queue.unplug(this.#retries);
    for (const request of [this.#request, ...this.#retries.flatMap(({ requests }) => requests)]) {
      if (request !== undefined) this.#conversation.refuse(request, "probe-unanswered");
    }
  }

  /** Decided: what waited goes to the remote as well. */
  over(): void {
    this.#queue.release();
    this.#end();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.stop();
    this.#state = "over";
    this.#onOver();
  }

  #watch(requests: readonly PendingRequest[]): void {
    const [first] = requests;
    if (first === undefined) return;
    if (!isProbe(requests)) {
      this.over();
      return;
    }
    this.#state = "out";
    this.#request = first;
    this.#queue.hold();
  }

  /** A host that has waited long enough asks again. */
  #again(line: HostLine): void {
    if (this.#state === "out") {
      this.#retries.push(line);
      this.#queue.line(line);
    } else for (const request of line.requests) this.#conversation.refuse(request, "probe-unanswered");
  }
}

/** Alone on its line. */
function isProbe(requests: readonly PendingRequest[]): boolean {
  return requests.length === 1 && requests[0]?.method === DISCOVER;
}
