/**
 * Conversation: what has been asked and not answered between host and remote, and the answers that we give in the
 * remote's name. Nothing here is on the way of the bytes.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import type { Verdict } from "./envelope.ts";
import type { Envelope } from "./envelope-draft.ts";
import type { MessageId } from "./message-id.ts";
import {
  answerLine,
  DISCOVER,
  EXCESS_REASON,
  goneReason,
  type Reason,
  type Refusal,
  refusalLine,
  withheldReason,
} from "./messages.ts";
import { enter, isAwaited, MOST_FROM_SERVER, type PendingRequest, PendingRequests } from "./pending.ts";
import type { RemoteEnd } from "./remote-end.ts";
import { SessionMemory } from "./session-memory.ts";

/** What the conversation needs of others. */
export interface ConversationPorts {
  /** Takes a line of ours, with its newline, to the host: the answer to `request`. */
  readonly answer: (line: Uint8Array, request: PendingRequest) => void;
  /** The last lines of the remote's stderr, printable. */
  readonly stderr: () => readonly string[];
}

export class Conversation {
  readonly #ports: ConversationPorts;
  readonly #host = new PendingRequests();
  /** What a new remote would have to be told. */
  readonly memory: SessionMemory = new SessionMemory();
  /** The server's own requests, under the ids that the host knows them by. */
  readonly #server = new PendingRequests(MOST_FROM_SERVER);
  #end: RemoteEnd | undefined;
  #hasRequest = false;
  #hasReply = false;
  #isUnanswered = false;
  #isProbeErrored = false;
  #hasInitialize = false;
  #settled: Deferred<void> | undefined;

  constructor(ports: ConversationPorts) {
    this.#ports = ports;
  }

  /** Whether the host waits for an answer. */
  get isAwaited(): boolean {
    return this.#host.isAwaited;
  }

  /** Resolves when the host waits for no answer. */
  settled(): Promise<void> {
    if (!this.isAwaited) return Promise.resolve();
    this.#settled ??= deferred();
    return this.#settled.promise;
  }

  /** Whether the host has asked anything yet. */
  get hasRequest(): boolean {
    return this.#hasRequest;
  }

  /** Whether the remote has answered anything yet. */
  get hasReply(): boolean {
    return this.#hasReply;
  }

  /** Whether the remote never answered a request of the host's, and will not any more. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  /** Whether the host's probe for 2026-07-28 failed and its `initialize` has not come yet. */
  get isInitializeDue(): boolean {
    return this.#isProbeErrored && !this.#hasInitialize;
  }

  /**
   * Enters a line of the host's and returns its requests, which are answered at once if the remote is gone. `chunks`: all
   * of it, undefined where it was not held.
   */
  enterHost(verdict: Verdict, chunks?: readonly Uint8Array[]): readonly PendingRequest[] {
    if (!verdict.isMessage) return [];
    const { asked } = enter(verdict, this.#host, this.#server);
    this.memory.asked(verdict, asked, chunks);
    if (asked.length > 0) this.#hasRequest = true;
    if (asked.some(({ method }) => method === "initialize")) this.#hasInitialize = true;
    if (this.#end !== undefined) this.giveUpForGood(goneReason(this.#end, this.#hasReply));
    return asked;
  }

  /** Whether a line of the host's asks more than may wait for answers; each request in it is answered so then. */
  refusesExcess({ isMessage, envelopes }: Verdict): boolean {
    if (!isMessage || this.#host.hasRoomFor(envelopes)) return false;
    for (const { kind, id, method } of envelopes) {
      if (kind !== "request" || id === undefined) continue;
      const request = { id, method, isSent: false };
      this.#ports.answer(answerLine(request, EXCESS_REASON, []), request);
    }
    return true;
  }

  /** Whether a line of the host's, not entered yet, answers what the remote has asked on this link, and nothing else. */
  isAnswer({ isMessage, envelopes }: Verdict): boolean {
    return isMessage && envelopes.every(({ kind, id }) => kind === "response" && id && this.#server.knows(id));
  }

  /** Enters a line of the remote's. Returns how many of its messages answer what we have answered: they must not pass. */
  enterRemote(verdict: Verdict, chunks: readonly Uint8Array[]): number {
    let late = 0;
    for (const envelope of verdict.envelopes) if (this.isLate(envelope)) late++;
    if (late === verdict.envelopes.length) return late;
    const { answered } = enter(verdict, this.#server, this.#host);
    if (answered.length > 0) {
      this.#hasReply = true;
      this.memory.answered(answered, verdict, chunks);
    }
    if (answered.some(({ request, isError }) => isError && request.method === DISCOVER)) this.#isProbeErrored = true;
    this.#noteSettled();
    return late;
  }

  /** Whether a message of the remote's answers what we have answered. */
  isLate({ kind, id }: Envelope): boolean {
    return kind === "response" && id !== undefined && this.#host.isAbandoned(id);
  }

  /**
   * The remote's answers in a line that cannot pass: their requests are answered with `why`; returns how many. All else in
   * it is not entered: the host never sees it.
   */
  replaceAnswers(verdict: Verdict, why: Reason): number {
    const envelopes = verdict.envelopes.filter(({ kind }) => kind === "response");
    const { answered } = enter({ ...verdict, envelopes }, this.#server, this.#host);
    for (const { request } of answered) this.#ports.answer(answerLine(request, why, []), request);
    if (answered.length > 0) this.#hasReply = true;
    this.#noteSettled();
    return answered.length;
  }

  isPending(request: PendingRequest): boolean {
    return this.#host.has(request);
  }

  /** Answers one request that the remote does not know, or is taken not to know; no answer of its own can come. */
  refuse(request: PendingRequest, why: Refusal): void {
    this.#answerAlone(request, refusalLine(request, why));
  }

  /** Answers one request that was not sent because of what is wrong with it. */
  withhold(request: PendingRequest, fault: string): void {
    this.#answerAlone(request, answerLine(request, withheldReason(request.method, fault), []));
  }

  /** Answers all that is pending, and what waits is sent all the same; should the remote's own answers still come, they will not pass. */
  giveUp(why: Reason): void {
    for (const request of this.#host.all) request.isSent = true;
    this.giveUpForGood(why);
  }

  /** Answers one request that the remote never had, or has lost; no answer of its own can come. */
  giveUpOne(request: PendingRequest, why: Reason): void {
    if (this.isPending(request) && isAwaited(request)) this.#isUnanswered = true;
    this.#answerAlone(request, answerLine(request, why, []));
  }

  /** The link is lost, and another one may come: answers all that is pending but `kept`, which were never sent. */
  loseLink(kept: ReadonlySet<PendingRequest>, why: Reason): void {
    const stderr = this.#ports.stderr();
    this.#hasReply = false;
    this.#host.forgetAbandoned();
    for (const request of this.#host.all) {
      if (kept.has(request)) continue;
      if (isAwaited(request)) this.#isUnanswered = true;
      this.#answerAlone(request, answerLine(request, why, stderr));
    }
  }

  /** What the remote has asked and the host has not answered; nobody waits for it any more. */
  takeServerRequests(): readonly PendingRequest[] {
    return this.#server.takeAll();
  }

  /** Another link stands. `hasReply`: whether the remote has answered on it. */
  restored(hasReply: boolean): void {
    this.#isUnanswered = false;
    this.#hasReply = hasReply;
  }

  /** The remote answers us under this id: that is not for the host. */
  expectNothing(id: MessageId): void {
    this.#host.expectNothing(id);
  }

  /** As `giveUp`, at our end: nothing is sent any more. */
  giveUpForGood(why: Reason): void {
    if (this.isAwaited) this.#isUnanswered = true;
    const stderr = this.#ports.stderr();
    for (const request of this.#host.all) this.#answer(request, answerLine(request, why, stderr));
    this.#noteSettled();
  }

  /** The remote is gone: answers all that is pending and all that will come. */
  gone(end: RemoteEnd): void {
    this.#end = end;
    this.giveUpForGood(goneReason(end, this.#hasReply));
  }

  #answer(request: PendingRequest, line: Uint8Array): void {
    if (request.method === DISCOVER) this.#isProbeErrored = true;
    this.#host.abandon(request);
    this.#ports.answer(line, request);
  }

  #answerAlone(request: PendingRequest, line: Uint8Array): void {
    if (!this.isPending(request)) return;
    if (request.method === DISCOVER) this.#isProbeErrored = true;
    this.#host.remove(request.id);
    this.#ports.answer(line, request);
    this.#noteSettled();
  }

  #noteSettled(): void {
    if (this.isAwaited) return;
    this.#settled?.resolve();
    this.#settled = undefined;
  }
}
