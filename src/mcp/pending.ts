/** Pending: requests without an answer, by the value of their ids; one book for each direction. */
import type { Verdict } from "./envelope.ts";
import type { Envelope } from "./envelope-draft.ts";
import type { MessageId } from "./message-id.ts";

/** A request that waits for its answer. */
export interface PendingRequest {
  readonly id: MessageId;
  readonly method: string | undefined;
  /** Whether the whole line went to the channel: the request may then have been carried out. */
  isSent: boolean;
}

/** Open for as long as the host listens (2026-07-28): nobody waits for its answer, at the end least of all. */
const LONG_LIVED = "subscriptions/listen";

/** Whether somebody waits for its answer. */
export function isAwaited({ method }: PendingRequest): boolean {
  return method !== LONG_LIVED;
}

/** How many of a server's own requests are remembered. */
export const MOST_FROM_SERVER = 1000;

/** How many of the host's requests may wait for their answers. */
export const MOST_FROM_HOST = 100_000;
/** And the bytes of their ids and methods. */
export const MOST_HOST_NAMES: number = 8 * 1024 * 1024;

/** The book of one direction. */
export class PendingRequests {
  readonly #most: number;
  readonly #requests = new Map<string, PendingRequest>();
  /** Ids of requests that we answered in the remote's name. */
  readonly #abandoned = new Set<string>();
  /** How many of the requests somebody waits for: asked after every line, so it is counted and not looked for. */
  #awaited = 0;
  /** Bytes of their ids and methods. */
  #names = 0;

  /** `most`: how many are remembered, the latest; a server that we do not trust must not fill our memory. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Whether somebody waits for an answer. */
  get isAwaited(): boolean {
    return this.#awaited > 0;
  }

  /** Whether the requests of a line may be entered as well, of all that a host may have. Asked of each line. */
  hasRoomFor(envelopes: readonly Envelope[]): boolean {
    let asked = 0;
    let names = this.#names;
    for (const { kind, id, method } of envelopes) {
      if (kind !== "request" || id === undefined) continue;
      asked++;
      names += namesOf({ id, method });
    }
    return asked === 0 || (this.#requests.size + asked <= MOST_FROM_HOST && names <= MOST_HOST_NAMES);
  }

  get all(): readonly PendingRequest[] {
    return [...this.#requests.values()];
  }

  add(id: MessageId, method: string | undefined): PendingRequest {
    const request = { id, method, isSent: false };
    this.#strike(id.key); // the host used the id again: one answer serves both
    this.#requests.set(id.key, request);
    this.#names += namesOf(request);
    if (isAwaited(request)) this.#awaited++;
    this.#abandoned.delete(id.key);
    const [oldest] = this.#requests.size > this.#most ? this.#requests.keys() : [];
    if (oldest !== undefined) this.#strike(oldest);
    return request;
  }

  /** Strikes all off, and returns them. */
  takeAll(): readonly PendingRequest[] {
    const { all } = this;
    for (const { id } of all) this.#strike(id.key);
    return all;
  }

  /** Strikes a request off, answered or cancelled; returns it if it was pending. */
  remove(id: MessageId): PendingRequest | undefined {
    return this.#strike(id.key);
  }

  /** No answer under this id is wanted. */
  expectNothing(id: MessageId): void {
    this.#abandoned.add(id.key);
  }

  /** Another remote: it answers nothing that the one before was asked. */
  forgetAbandoned(): void {
    this.#abandoned.clear();
  }

  /** Strikes off a request that we answer ourselves; the remote's own answer is not wanted any more. */
  abandon(request: PendingRequest): void {
    this.#strike(request.id.key);
    this.#abandoned.add(request.id.key);
    const [oldest] = this.#abandoned.size > MOST_FROM_HOST ? this.#abandoned : [];
    if (oldest !== undefined) this.#abandoned.delete(oldest);
  }

  #strike(key: string): PendingRequest | undefined {
    const request = this.#requests.get(key);
    if (request === undefined) return undefined;
    this.#requests.delete(key);
    this.#names -= namesOf(request);
    if (isAwaited(request)) this.#awaited--;
    return request;
  }

  knows(id: MessageId): boolean {
    return this.#requests.has(id.key);
  }

  has(request: PendingRequest): boolean {
    return this.#requests.get(request.id.key) === request;
  }

  isAbandoned(id: MessageId): boolean {
    return this.#abandoned.has(id.key);
  }
}

function namesOf({ id, method = "" }: Pick<PendingRequest, "id" | "method">): number {
  return id.raw.length + method.length;
}

/** What a line changed in the books. */
export interface Change {
  readonly asked: readonly PendingRequest[];
  readonly answered: readonly { readonly request: PendingRequest; readonly isError: boolean }[];
}

/** Enters a line: `own` has the requests of the side that it came from, `other` those of the side it goes to. */
export function enter({ envelopes }: Verdict, own: PendingRequests, other: PendingRequests): Change {
  const asked: PendingRequest[] = [];
  const answered: { request: PendingRequest; isError: boolean }[] = [];
  for (const { kind, id, method, isError, requestId } of envelopes) {
    if (kind === "notification") {
      if (method === "notifications/cancelled" && requestId !== undefined) own.remove(requestId);
    } else if (id === undefined) {
      // null, or too long to be tracked
    } else if (kind === "request") asked.push(own.add(id, method));
    else {
      const request = other.remove(id);
      if (request !== undefined) answered.push({ request, isError });
    }
  }
  return { asked, answered };
}
