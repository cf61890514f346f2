/**
 * Reconnection: the books at the loss of a link, and what stands between the loss and another one. Loaded with the first
 * loss. Nothing that may have reached a server is ever sent again; what was never sent waits.
 */
import type { Conversation } from "./conversation.ts";
import { dial } from "./dial.ts";
import type { Happening, Loss } from "./happening.ts";
import type { HostInput } from "./host-input.ts";
import type { HostOutput } from "./host-output.ts";
import type { HostLine, HostRoute } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import type { OpenRemote } from "./link.ts";
import { cancelledLine, LEFT_REASON } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";
import { PrivateIds } from "./private-ids.ts";
import type { ProxyLog } from "./proxy-log.ts";
import { ReconnectPace } from "./reconnect-pace.ts";
import { describe, isFinal, textOf } from "./remote-end.ts";
import type { RemoteLine } from "./remote-lines.ts";
import { Replay } from "./replay.ts";
import { RetiredRequests } from "./retired-requests.ts";
import type { SendQueue } from "./send-queue.ts";
import type { Occurrence } from "./waiting.ts";
import { WaitingLines } from "./waiting-lines.ts";

export interface ReconnectionPorts {
  readonly limits: ProxyLimits;
  readonly input: HostInput;
  readonly queue: SendQueue;
  readonly conversation: Conversation;
  readonly output: HostOutput;
  /** The host goes, or a signal comes. */
  readonly ending: Occurrence<Happening>;
  readonly log: Pick<ProxyLog, "debug" | "info" | "warning">;
}

export class Reconnection {
  readonly #ports: ReconnectionPorts;
  readonly #ids = new PrivateIds();
  readonly #pace = new ReconnectPace();
  readonly #retired = new RetiredRequests(this.#ids);
  /** Between a loss and another link. */
  #waiting: WaitingLines | undefined;
  /** Why connecting again failed last. */
  #lastFailure = "";

  constructor(ports: ReconnectionPorts) {
    this.#ports = ports;
  }

  /** Whether a link was lost and no other one stands. */
  get isDown(): boolean {
    return this.#waiting !== undefined;
  }

  /**
   * A link is lost: what is in flight is answered, what was never sent waits, and the host is told which requests of the
   * remote's have lost who asked. `lived`: milliseconds that the session stood; `isRouteRaw`: whether what the queue holds
   * are the host's own lines.
   */
  lose(end: Loss, lived: number, isRouteRaw: boolean): void {
    const { queue, input, conversation, log } = this.#ports;
    if (this.isDown) this.#failed(end.error);
    else log.warning(`${describe(end)}; connecting again`);
    const { lines, cut } = queue.takeBack();
    const waiting = this.#waiting ?? this.#begin(end, lived, isRouteRaw ? lines : [], cut);
    this.#retire(conversation.takeServerRequests());
    input.route = waiting;
  }

  /** Dials until there is another link, or one that will not do, or something ends us. */
  async dialled(open: OpenRemote): Promise<Happening> {
    for (;;) {
      const last = (await this.#pause()) ?? (await dial(open, this.#ports.ending));
      if (last.what === "host-ended") return this.#leave();
      if (last.what !== "remote-gone" || last.end.how !== "connect-failed") return last;
      const { error } = last.end;
      if (isFinal(error)) return { what: "remote-gone", end: { how: "not-restored", error } };
      this.#failed(error);
    }
  }

  /** Waits before the next attempt; resolves to what ends that and us. */
  async #pause(): Promise<Happening | undefined> {
    const { ending, log } = this.#ports;
    const milliseconds = this.#pace.next();
    log.debug(`connecting again in ${Math.round(milliseconds / 1000)} s`);
    for (let left = milliseconds; left > 0; left -= SLICE) {
      const before = Date.now();
      const slice = Math.min(left, SLICE);
      const ended = await ending.within(slice);
      if (ended !== undefined) return ended;
      if (Date.now() - before > slice + JUMP) return undefined; // the machine slept: its network is another, perhaps
    }
    return undefined;
  }

  /** On another link, before anything else goes there. */
  replay(): Replay {
    const { conversation, log } = this.#ports;
    const toHost = (line: Uint8Array) => this.#toHost(line);
    const warn = log.warning.bind(log);
    const expectNothing = conversation.expectNothing.bind(conversation);
    return new Replay({ memory: conversation.memory, ids: this.#ids, expectNothing, toHost, warn });
  }

  /** The new server is told the handshake. Undefined where it is the same as the old one; else what stands against it. */
  async shakeHands(replay: Replay, route: HostRoute, ends: Promise<Happening>): Promise<Happening | undefined> {
    const { firstReplyTimeout } = this.#ports.limits;
    const outcome = await Promise.race([ends, replay.handshake(route, firstReplyTimeout)]);
    replay.stop();
    if ("what" in outcome) return outcome.what === "host-ended" ? this.#leave() : outcome;
    if (outcome.how === "another") {
      const error = new Error(`another MCP server answers there now: ${outcome.text}`);
      return { what: "remote-gone", end: { how: "not-restored", error } };
    }
    if (outcome.how === "late") {
      const error = new Error(`the MCP server there did not answer initialize within ${firstReplyTimeout / 1000} s`);
      return { what: "remote-gone", end: { how: "link-lost", error } };
    }
    return undefined;
  }

  /** Another link stands, and its server is the same: what waited goes there. */
  restored(route: HostRoute, replay: Replay): void {
    const { conversation, input, log } = this.#ports;
    this.#lastFailure = "";
    log.info(RESTORED);
    conversation.restored(conversation.memory.handshake !== undefined);
    replay.renew(route);
    this.#waiting?.release(route, () => {
      input.route = route;
    });
    this.#waiting = undefined;
  }

  /** What passes to the host in place of the remote's line. */
  rename(line: RemoteLine): RemoteLine {
    return this.#retired.toHost(line);
  }

  discard(): void {
    this.#waiting?.discard();
  }

  /** The host has left while there is no link. */
  #leave(): Happening {
    this.#ports.conversation.giveUpForGood(LEFT_REASON);
    return { what: "host-left" };
  }

  #toHost(line: Uint8Array): void {
    this.#ports.output.write([line]);
  }

  /** What fails again as before is said at DEBUG. */
  #failed(error: unknown): void {
    const { log } = this.#ports;
    const text = textOf(error);
    const line = `Connecting again failed, and is tried further: ${text}`;
    if (text === this.#lastFailure) log.debug(line);
    else log.warning(line);
    this.#lastFailure = text;
    this.#waiting?.failed(text);
  }

  #begin(end: Loss, lived: number, lines: readonly HostLine[], cut: HostLine | undefined): WaitingLines {
    const { limits, input, queue, conversation, output, ending, log } = this.#ports;
    const heard = () => ending.or(output.flushed());
    const warn = log.warning.bind(log);
    this.#pace.lost(lived);
    const lost = describe(end);
    const isOwed = ({ requests }: HostLine) =>
      requests.length === 0 || requests.some((one) => conversation.isPending(one));
    const unsent = lines.filter((line) => line.isOurs !== true && isOwed(line));
    for (const request of cut?.requests ?? []) request.isSent = true; // it may have been but for its end
    const kept = new Set(unsent.flatMap(({ requests }) => requests));
    conversation.loseLink(kept, { reason: "link-lost", text: `${lost}; connecting again` });
    const waiting = new WaitingLines(limits, { conversation, queue, heard, warn }, lost);
    for (const line of unsent) waiting.line({ ...line, isAnswer: false }); // whom it answers is gone
    if (input.isInPieces) waiting.cut();
    this.#waiting = waiting;
    return waiting;
  }

  #retire(requests: readonly PendingRequest[]): void {
    const { input, limits } = this.#ports;
    this.#retired.retire(requests);
    for (const { id } of requests) this.#toHost(cancelledLine(id));
    if (this.#retired.isEmpty) return;
    input.holdUpTo(limits.lineBytes); // an answer must be whole to be known
    input.onPass = (line) => this.#retired.toServer(line);
  }
}

/** What a person is told, since nothing else tells it. */
const RESTORED =
  "The link to the remote MCP server is restored, with a new server there: what the old one had in hand (tasks, cursors, " +
  "its own state) is lost";

/** A pause is slept in parts, so that a sleep of the machine's shows, milliseconds. */
const SLICE = 1_000;
const JUMP = 5_000;
