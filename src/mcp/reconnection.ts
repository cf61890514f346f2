/**
 * Reconnection: the books at the loss of a link, and what stands between the loss and another one. Loaded with the first
 * loss. Nothing that may have reached a server is ever sent again; what was never sent waits.
 */
import type { Conversation } from "./conversation.ts";
import type { HostInput } from "./host-input.ts";
import type { HostLine, HostRoute } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import type { PendingRequest } from "./pending.ts";
import { PrivateIds } from "./private-ids.ts";
import { ReconnectPace } from "./reconnect-pace.ts";
import { describe, type RemoteEnd } from "./remote-end.ts";
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
  /** Takes a whole line of ours to the host. */
  readonly toHost: (line: Uint8Array) => void;
  /** Resolves when the host has read what we wrote, or something ends us. */
  readonly heard: () => Promise<unknown>;
  readonly warn: (text: string) => void;
}

type Loss = Extract<RemoteEnd, { how: "link-lost" }>;

export class Reconnection {
  readonly #ports: ReconnectionPorts;
  readonly #ids = new PrivateIds();
  readonly #pace = new ReconnectPace();
  readonly #retired = new RetiredRequests(this.#ids);
  /** Between a loss and another link. */
  #waiting: WaitingLines | undefined;

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
    const { queue, input, conversation } = this.#ports;
    const { lines, cut } = queue.takeBack();
    const waiting = this.#waiting ?? this.#begin(end, lived, isRouteRaw ? lines : [], cut);
    this.#retire(conversation.takeServerRequests());
    input.route = waiting;
  }

  /** Another attempt has failed: why, printable. */
  failed(why: string): void {
    this.#waiting?.failed(why);
  }

  /** Waits before the next attempt; `ending` ends that, and is what it resolves to then. */
  async pause<T>(ending: Occurrence<T>, onPause: (milliseconds: number) => void): Promise<T | undefined> {
    const milliseconds = this.#pace.next();
    onPause(milliseconds);
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
    const { conversation, toHost, warn } = this.#ports;
    const expectNothing = conversation.expectNothing.bind(conversation);
    return new Replay({ memory: conversation.memory, ids: this.#ids, expectNothing, toHost, warn });
  }

  /** Another link stands, and its server is the same: what waited goes there. */
  restored(route: HostRoute, replay: Replay): void {
    const { conversation, input } = this.#ports;
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

  #begin(end: Loss, lived: number, lines: readonly HostLine[], cut: HostLine | undefined): WaitingLines {
    const { limits, input, queue, conversation, heard, warn } = this.#ports;
    this.#pace.lost(lived);
    const lost = describe(end);
    const unsent = lines.filter(({ isOurs }) => isOurs !== true);
    for (const request of cut?.requests ?? []) request.isSent = true; // it may have been but for its end
    const kept = new Set(unsent.flatMap(({ requests }) => requests));
    conversation.loseLink(kept, { reason: "link-lost", text: `${lost}; connecting again` });
    const waiting = new WaitingLines(limits, { conversation, queue, heard, warn }, lost);
    for (const line of unsent) waiting.line(line);
    if (input.isInPieces) waiting.cut();
    this.#waiting = waiting;
    return waiting;
  }

  #retire(requests: readonly PendingRequest[]): void {
    const { input, limits, toHost } = this.#ports;
    this.#retired.retire(requests);
    for (const { id } of requests) toHost(cancelled(id.raw));
    if (this.#retired.isEmpty) return;
    input.holdUpTo(limits.lineBytes); // an answer must be whole to be known
    input.onPass = (line) => this.#retired.toServer(line);
  }
}

/** A pause is slept in parts, so that a sleep of the machine's shows, milliseconds. */
const SLICE = 1_000;
const JUMP = 5_000;

function cancelled(id: Uint8Array): Uint8Array {
  const utf8 = new TextEncoder();
  const reason = "the link to the remote MCP server, which asked this, was lost";
  const before = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":';
  return Uint8Array.of(...utf8.encode(before), ...id, ...utf8.encode(`,"reason":${JSON.stringify(reason)}}}\n`));
}
