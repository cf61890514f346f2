/**
 * Retired requests: what a server that is lost had asked of the host. The host is told not to answer; if it does, that
 * goes to nobody. SDK servers count their ids from 0, so a new server uses the ids of the lost one again: such a request
 * reaches the host under an id of ours, and its answer goes back under the server's.
 */
import { messagesIn, withMessages } from "./batch.ts";
import type { Envelope } from "./envelope-draft.ts";
import type { HostLine } from "./host-route.ts";
import { withId, withRequestId } from "./member-splice.ts";
import type { MessageId } from "./message-id.ts";
import { MOST_FROM_SERVER, type PendingRequest } from "./pending.ts";
import type { PrivateIds } from "./private-ids.ts";
import type { RemoteLine } from "./remote-lines.ts";

interface Renamed {
  readonly own: MessageId;
  readonly server: MessageId;
}

export class RetiredRequests {
  readonly #ids: PrivateIds;
  /** The keys of their ids, as the host knows them. */
  readonly #retired = new Set<string>();
  /** By the keys of our ids, and by those of the server's. */
  readonly #renamed = new Map<string, Renamed>();
  readonly #renamedOfServer = new Map<string, Renamed>();

  constructor(ids: PrivateIds) {
    this.#ids = ids;
  }

  get isEmpty(): boolean {
    return this.#retired.size === 0 && this.#renamed.size === 0;
  }

  /** These have lost their server, and the host was told. The latest are remembered. */
  retire(requests: readonly PendingRequest[]): void {
    this.#renamed.clear();
    this.#renamedOfServer.clear();
    for (const { id } of requests) {
      this.#retired.delete(id.key);
      this.#retired.add(id.key);
    }
    for (const key of this.#retired) {
      if (this.#retired.size <= MOST_FROM_SERVER) break;
      this.#retired.delete(key);
    }
  }

  /** What passes to the host in place of the remote's line. */
  toHost(line: RemoteLine): RemoteLine {
    if (this.isEmpty || !line.verdict.envelopes.some((envelope) => this.#isRenamed(envelope))) return line;
    const members = messagesIn(line.chunks).map((member, index) => {
      const envelope = line.verdict.envelopes[index];
      return { member, envelope, ...(envelope && this.#forHost(member, envelope)) };
    });
    const envelopes = members.flatMap(({ envelope }) => envelope ?? []);
    const renamed = members.map(({ member }) => member);
    return { chunks: withMessages(line.chunks, renamed), verdict: { ...line.verdict, envelopes } };
  }

  /** What passes to the server in place of the host's line; undefined: nothing. */
  toServer(line: HostLine): HostLine | undefined {
    if (this.isEmpty || line.isRest || !line.verdict.envelopes.some((envelope) => this.#isAnswer(envelope)))
      return line;
    const kept: { member: Uint8Array; envelope: Envelope }[] = [];
    for (const [index, member] of messagesIn(line.chunks).entries()) {
      const envelope = line.verdict.envelopes[index];
      const passed = envelope && this.#forServer(member, envelope);
      if (passed !== undefined) kept.push(passed);
    }
    if (kept.length === 0) return undefined;
    const members = kept.map(({ member }) => member);
    const envelopes = kept.map(({ envelope }) => envelope);
    return { ...line, chunks: withMessages(line.chunks, members), verdict: { ...line.verdict, envelopes } };
  }

  #isRenamed({ kind, id, requestId }: Envelope): boolean {
    if (kind === "request") return id !== undefined && this.#retired.has(id.key);
    return kind === "notification" && requestId !== undefined && this.#renamedOfServer.has(requestId.key);
  }

  #isAnswer({ kind, id }: Envelope): boolean {
    return kind === "response" && id !== undefined && (this.#retired.has(id.key) || this.#renamed.has(id.key));
  }

  #forHost(member: Uint8Array, envelope: Envelope): { member: Uint8Array; envelope: Envelope } {
    const { kind, id, requestId, method } = envelope;
    if (kind === "request" && id !== undefined && this.#retired.has(id.key)) {
      const { own } = this.#rename(id);
      return { member: withId(member, own), envelope: { ...envelope, id: own } };
    }
    const renamed = requestId && this.#renamedOfServer.get(requestId.key);
    if (kind !== "notification" || method !== "notifications/cancelled" || renamed === undefined) {
      return { member, envelope };
    }
    return { member: withRequestId(member, renamed.own), envelope: { ...envelope, requestId: renamed.own } };
  }

  #forServer(member: Uint8Array, envelope: Envelope): { member: Uint8Array; envelope: Envelope } | undefined {
    const { kind, id } = envelope;
    if (kind !== "response" || id === undefined) return { member, envelope };
    const renamed = this.#renamed.get(id.key);
    if (renamed !== undefined) {
      this.#forget(renamed);
      return { member: withId(member, renamed.server), envelope: { ...envelope, id: renamed.server } };
    }
    return this.#retired.delete(id.key) ? undefined : { member, envelope };
  }

  #rename(server: MessageId): Renamed {
    const renamed = { own: this.#ids.next(), server };
    this.#renamed.set(renamed.own.key, renamed);
    this.#renamedOfServer.set(server.key, renamed);
    const [oldest] = this.#renamed.size > MOST_FROM_SERVER ? this.#renamed.values() : [];
    if (oldest !== undefined) this.#forget(oldest);
    return renamed;
  }

  #forget(renamed: Renamed): void {
    const { own, server } = renamed;
    this.#renamed.delete(own.key);
    if (this.#renamedOfServer.get(server.key) === renamed) this.#renamedOfServer.delete(server.key); // not a later one's
  }
}
