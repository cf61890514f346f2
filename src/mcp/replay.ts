/**
 * Replay: a new server is told what the old one was, in the host's own words under ids of ours, and its answers are kept
 * from the host. It must be the same server; then the host is told what it may have missed.
 */
import { type Deferred, deferred } from "../ssh/deferred.ts";
import type { Verdict } from "./envelope.ts";
import { EnvelopeScanner } from "./envelope.ts";
import { joined } from "./held-bytes.ts";
import { type HostLine, type HostRoute, lengthOf } from "./host-route.ts";
import { withId } from "./member-splice.ts";
import type { MessageId } from "./message-id.ts";
import type { PrivateIds } from "./private-ids.ts";
import type { RemoteListener } from "./remote-lines.ts";
import { differenceOf, identityOf, LONGEST_ANSWER } from "./server-identity.ts";
import type { Handshake, SessionMemory } from "./session-memory.ts";
import { within } from "./waiting.ts";

export interface ReplayPorts {
  readonly memory: SessionMemory;
  readonly ids: PrivateIds;
  /** No answer under this id is for the host. */
  readonly expectNothing: (id: MessageId) => void;
  /** Takes a whole line of ours to the host. */
  readonly toHost: (line: Uint8Array) => void;
  readonly warn: (text: string) => void;
}

/** How the handshake went: `another`: in what it differs, as words behind "another MCP server answers now:". */
export type HandshakeOutcome = { readonly how: "same" | "late" } | { readonly how: "another"; readonly text: string };

/** An answer to a request of ours. */
interface Answer {
  readonly isError: boolean;
  /** One message; empty where it is too long to be compared. */
  readonly message: Uint8Array;
}

/** The replay on one link. */
export class Replay implements RemoteListener {
  readonly #ports: ReplayPorts;
  /** By the keys of our ids. */
  readonly #asked = new Map<string, (answer: Answer) => void>();
  readonly #stopped: Deferred<undefined> = deferred();

  constructor(ports: ReplayPorts) {
    this.#ports = ports;
  }

  /** Shakes hands as the host did, if it did; resolves within `milliseconds`, or at `stop`. */
  async handshake(route: HostRoute, milliseconds: number): Promise<HandshakeOutcome> {
    const { handshake } = this.#ports.memory;
    if (handshake === undefined) return { how: "same" };
    const answered = deferred<Answer>();
    route.line(this.#request(handshake.request, answered.resolve));
    const answer = await within(milliseconds, Promise.race([answered.promise, this.#stopped.promise]));
    return answer === undefined ? { how: "late" } : judged(handshake, answer);
  }

  /** The rest, if the host had come as far: nothing waits for the answers to that. */
  renew(route: HostRoute): void {
    const { memory, toHost, warn } = this.#ports;
    if (memory.initialized === undefined || memory.handshake === undefined) return;
    route.line(lineOf(memory.initialized));
    for (const { request, uri } of memory.renewals) {
      const what = uri === undefined ? "the level of its log" : "a subscription";
      route.line(
        this.#request(request, ({ isError }) => {
          if (isError) warn(`The new MCP server refused what the old one had granted: ${what}`);
          else if (uri !== undefined) toHost(notification("notifications/resources/updated", { uri }));
        }),
      );
    }
    if (memory.isIncomplete)
      warn("Not all that the host had subscribed to is subscribed to again: it was too much to keep");
    for (const method of memory.handshake.identity.listChanged) toHost(notification(method));
  }

  /** Keeps the answers to our requests from the host. */
  hear(chunks: readonly Uint8Array[], { envelopes }: Verdict): boolean {
    const [envelope] = envelopes;
    if (envelope?.kind !== "response" || envelope.id === undefined || envelopes.length > 1) return false;
    const take = this.#asked.get(envelope.id.key);
    if (take === undefined) return false;
    this.#asked.delete(envelope.id.key);
    const isTooLong = lengthOf({ chunks }) > LONGEST_ANSWER;
    take({ isError: envelope.isError, message: isTooLong ? new Uint8Array(0) : joined(chunks).slice() }); // the line is lent
    return true;
  }

  join(): undefined {
    return undefined;
  }

  stop(): void {
    this.#stopped.resolve(undefined);
  }

  #request(message: Uint8Array, take: (answer: Answer) => void): HostLine {
    const id = this.#ports.ids.next();
    this.#asked.set(id.key, take);
    this.#ports.expectNothing(id);
    return lineOf(withId(message, id));
  }
}

function judged({ identity }: Handshake, { isError, message }: Answer): HandshakeOutcome {
  if (isError) return { how: "another", text: "it refuses the host's initialize" };
  const now = identityOf(message);
  if (now === undefined) return { how: "another", text: "its answer to initialize cannot be read" };
  const difference = differenceOf(identity, now);
  if (difference === undefined) return { how: "same" };
  return { how: "another", text: `its ${difference} is not what it was when the host began` };
}

/** A line of ours for the server, judged as one of the host's would be. */
function lineOf(message: Uint8Array): HostLine {
  const line = joined([message, newline]);
  const scanner = new EnvelopeScanner();
  scanner.scan(line);
  return { chunks: [line], verdict: scanner.end(), requests: [], isOurs: true };
}

const newline: Uint8Array = Uint8Array.of(0x0a);

function notification(method: string, params?: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ jsonrpc: "2.0", method, params })}\n`);
}
