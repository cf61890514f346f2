/**
 * Session memory: what a new server in the old one's place must be told, in the host's own words, and what the old one
 * said of itself. The few methods that this needs to know stand here.
 */
import { messagesIn } from "./batch.ts";
import type { Verdict } from "./envelope.ts";
import type { Envelope } from "./envelope-draft.ts";
import { lengthOf } from "./host-route.ts";
import type { MessageId } from "./message-id.ts";
import type { PendingRequest } from "./pending.ts";
import { type Identity, identityOf, LONGEST_ANSWER } from "./server-identity.ts";

/** The host's `initialize`, and who answered it. */
export interface Handshake {
  /** One message, without a newline. */
  readonly request: Uint8Array;
  readonly identity: Identity;
}

/** A request to be made of a new server, one message without a newline. */
export interface Renewal {
  readonly request: Uint8Array;
  /** Of a subscription: what is subscribed to. */
  readonly uri: string | undefined;
}

interface Subscription {
  /** The host's request for it. */
  readonly request: PendingRequest;
  readonly message: Uint8Array;
  isGranted: boolean;
}

/** Requests whose success a new server has to be told of. */
const kept: ReadonlySet<string | undefined> = new Set([
  "initialize",
  "logging/setLevel",
  "resources/subscribe",
  "resources/unsubscribe",
]);
const INITIALIZED = "notifications/initialized";

/** Longer requests for a level or a subscription are not kept, bytes; nor more of the latter, in number and bytes. */
const LONGEST_RENEWAL = 64 * 1024;
const MOST_SUBSCRIPTIONS = 1000;
const MOST_BYTES = 1024 * 1024;

export class SessionMemory {
  /** The messages of such requests without an answer. */
  readonly #asked = new WeakMap<PendingRequest, Uint8Array>();
  #isInitializeAsked = false;
  #hasResult = false;
  #handshake: Handshake | undefined;
  #initialized: Uint8Array | undefined;
  #level: Uint8Array | undefined;
  /** By what is subscribed to, in the order of the asking. */
  readonly #subscriptions = new Map<string, Subscription>();
  #bytes = 0;
  #isIncomplete = false;

  /** Why no other session can be put in this one's place: nothing, where the remote has answered, and is known by its answer. */
  get obstacle(): string | undefined {
    if (this.#handshake !== undefined || (this.#hasResult && !this.#isInitializeAsked)) return undefined;
    if (!this.#hasResult) return "there had been no answer yet";
    return "the host's initialize, or its answer, was refused or is too long to be repeated";
  }

  /** Undefined where the host speaks 2026-07-28, which has none. */
  get handshake(): Handshake | undefined {
    return this.#handshake;
  }

  /** The host's `notifications/initialized`, without a newline. */
  get initialized(): Uint8Array | undefined {
    return this.#initialized;
  }

  get renewals(): readonly Renewal[] {
    const granted = [...this.#subscriptions].filter(([, { isGranted }]) => isGranted);
    const subscriptions = granted.map(([uri, { message }]) => ({ uri, request: message }));
    return this.#level === undefined ? subscriptions : [{ uri: undefined, request: this.#level }, ...subscriptions];
  }

  /** Whether the host subscribed to more than is kept. */
  get isIncomplete(): boolean {
    return this.#isIncomplete;
  }

  /** The host's line, and its requests as entered; `chunks`: all of it, undefined where it was not held. */
  asked({ envelopes }: Verdict, requests: readonly PendingRequest[], chunks: readonly Uint8Array[] | undefined): void {
    for (const [index, { method, id }] of envelopes.entries()) {
      if (method === INITIALIZED && chunks !== undefined) this.#initialized = memberAt(chunks, index);
      if (!kept.has(method)) continue;
      if (method === "initialize") {
        this.#isInitializeAsked = true;
        this.#initialized = undefined; // here, since some hosts say it before they have the answer
      }
      const request = requests.find((candidate) => candidate.id === id);
      const message = chunks && memberAt(chunks, index);
      if (request === undefined || message === undefined) continue;
      if (method === "resources/subscribe") this.#subscribe(uriOf(message), request, message);
      else if (method === "resources/unsubscribe") this.#forget(uriOf(message));
      else this.#asked.set(request, message);
    }
  }

  /** The remote's line, which answered those requests. */
  answered(
    answers: readonly { readonly request: PendingRequest; readonly isError: boolean }[],
    { envelopes }: Verdict,
    chunks: readonly Uint8Array[],
  ): void {
    for (const { request, isError } of answers) {
      if (!isError) this.#hasResult = true;
      if (!kept.has(request.method)) continue;
      if (request.method === "resources/subscribe") this.#settle(request, isError);
      const message = isError ? undefined : this.#asked.get(request);
      if (message === undefined) continue;
      if (request.method === "initialize") this.#begin(message, answerTo(request.id, envelopes, chunks));
      else if (message.length > LONGEST_RENEWAL) this.#isIncomplete = true;
      else this.#level = message;
    }
  }

  /** Another handshake: nothing of before counts any more. */
  #begin(request: Uint8Array, answer: Uint8Array | undefined): void {
    const identity = answer && identityOf(answer);
    this.#handshake = identity && { request, identity };
    this.#level = undefined;
    this.#subscriptions.clear();
    this.#bytes = 0;
    this.#isIncomplete = false;
  }

  #subscribe(uri: string | undefined, request: PendingRequest, message: Uint8Array): void {
    if (uri === undefined || this.#subscriptions.get(uri)?.isGranted) return;
    this.#forget(uri);
    const isTooMuch = this.#subscriptions.size >= MOST_SUBSCRIPTIONS || this.#bytes + message.length > MOST_BYTES;
    if (isTooMuch || message.length > LONGEST_RENEWAL) {
      this.#isIncomplete = true;
      return;
    }
    this.#subscriptions.set(uri, { request, message, isGranted: false });
    this.#bytes += message.length;
  }

  /** The server has granted it or not; what was unsubscribed from meanwhile is not here any more. */
  #settle(request: PendingRequest, isError: boolean): void {
    for (const [uri, subscription] of this.#subscriptions) {
      if (subscription.request !== request) continue;
      if (isError) this.#forget(uri);
      else subscription.isGranted = true;
    }
  }

  #forget(uri: string | undefined): void {
    const subscription = uri === undefined ? undefined : this.#subscriptions.get(uri);
    if (uri === undefined || subscription === undefined) return;
    this.#subscriptions.delete(uri);
    this.#bytes -= subscription.message.length;
  }
}

function answerTo(
  id: MessageId,
  envelopes: readonly Envelope[],
  chunks: readonly Uint8Array[],
): Uint8Array | undefined {
  if (lengthOf({ chunks }) > LONGEST_ANSWER) return undefined;
  const index = envelopes.findIndex((envelope) => envelope.kind === "response" && envelope.id?.key === id.key);
  return memberAt(chunks, index);
}

/** The message at that place in a line, without a newline. Copied: a view would keep the chunk of the input alive. */
function memberAt(chunks: readonly Uint8Array[], index: number): Uint8Array | undefined {
  const message = messagesIn(chunks)[index];
  if (message === undefined) return undefined;
  return message.at(-1) === NEWLINE ? message.slice(0, -1) : message.slice();
}

const NEWLINE = 0x0a;

function uriOf(message: Uint8Array): string | undefined {
  try {
    const { params } = JSON.parse(new TextDecoder().decode(message)) as { params?: { uri?: unknown } };
    return typeof params?.uri === "string" ? params.uri : undefined;
  } catch {
    return undefined;
  }
}
