/**
 * Client: the hall. The three machines of RFC 4253, 4252 and 4254 meet here and nowhere else: messages are handed on by
 * number range (RFC 4250 §4.1.1), phases change, and `#fail` is the one place that turns an error into a DISCONNECT.
 *
 * Sans I/O: `receive(bytes)`, then `nextEvent()` until it is undefined, then `takeOutput()`. No clock, no streams, no
 * callbacks. What needs the world (a verdict on a host key, a signature, a method that is still to be loaded) leaves as an
 * event and comes back as a call.
 */
import type { AlgorithmTable, Negotiated, RandomBytes } from "./algorithms/interfaces.ts";
import { withHostKeys } from "./algorithms/offer.ts";
import {
  Channel,
  type ChannelNews,
  INITIAL_WINDOW_SIZE,
  MAXIMUM_PACKET_SIZE,
  type Opening,
  type Outcome,
} from "./channel.ts";
import {
  AuthError,
  ChannelError,
  DISCONNECT_REASON,
  DisconnectError,
  HostKeyError,
  NegotiationError,
  OPEN_FAILURE_REASON,
  ProtocolError,
  SshError,
} from "./errors.ts";
import { GlobalRequests, type HostKeysEvent } from "./global-requests.ts";
import * as m from "./messages.ts";
import { printable } from "./printable.ts";
import { type HostKeyEvent, type MethodEvent, Transport } from "./transport.ts";
import { type Candidate, UserAuth } from "./userauth.ts";
import { decode, decodeFields, encode, uint32At } from "./wire.ts";

/** Output beyond which `write` takes nothing: what is accepted has a way out soon. */
const maximumOutput = 256 * 1024;
const maximumChannels = 64;
/** How every message to a channel begins. RFC 4254 §5. */
const toChannel = { number: "byte", recipientChannel: "uint32", rest: "rest" } as const;

export interface ClientOptions {
  readonly user: string;
  /** The public halves of the keys to try, in order. */
  readonly keys: readonly Candidate[];
  readonly randomBytes: RandomBytes;
  /** What we offer. */
  readonly table: AlgorithmTable;
  /** Which of the table's host key algorithms to offer, in this order; all in the table's unless given. */
  readonly hostKeyAlgorithms?: readonly string[];
  /** See `ConnectOptions`. */
  readonly allowChachaWithoutStrictKex?: boolean;
  /** Bytes in one direction after which we start a rekey; 2^30 unless given. RFC 4253 §9. */
  readonly rekeyBytes?: number;
  /** Packets likewise; 2^31 unless given. RFC 4344 §3.1. */
  readonly rekeyPackets?: number;
  /** What all channels' windows may add up to; 10 MiB unless given. */
  readonly windowTotal?: number;
  /** Whether the server's list of its host keys is read and told. */
  readonly readsHostKeys?: boolean;
  readonly trace?: boolean;
}

/** What happened. Byte arrays are borrowed: valid until the next call of `receive` or `nextEvent`. */
export type ClientEvent =
  /** The server holds this key; nothing is processed until `acceptHostKey` or `fail`. RFC 4253 §8. */
  | HostKeyEvent
  /** What the key exchange needs is to be loaded; nothing is processed until `beginExchange` or `fail`. */
  | MethodEvent
  /** Sign `data` with key number `key`, for `algorithm`, then call `provideSignature`. RFC 4252 §7. */
  | { readonly type: "sign"; readonly key: number; readonly algorithm: string; readonly data: Uint8Array }
  | { readonly type: "banner"; readonly lines: readonly string[] }
  /** `withProof` is false where the server let us in without a signature. */
  | { readonly type: "authenticated"; readonly withProof: boolean }
  | { readonly type: "rekeyed" }
  | HostKeysEvent
  | { readonly type: "server-message"; readonly text: string }
  | { readonly type: "channel"; readonly channel: number; readonly news: ChannelNews }
  /** The connection is over; nothing follows. `error` is undefined where `disconnect` was called. */
  | { readonly type: "ended"; readonly error: SshError | undefined };

type ClientPhase = "transport" | "service" | "userauth" | "connection" | "ended";

export class SshClient {
  readonly #transport: Transport;
  readonly #userauth: UserAuth;
  readonly #requests: GlobalRequests;
  readonly #windowTotal: number;
  readonly #channels: Map<number, Channel> = new Map();
  #phase: ClientPhase = "transport";
  #end: ClientEvent | undefined;
  #nextChannel = 0;

  constructor(options: ClientOptions) {
    this.#windowTotal = options.windowTotal ?? 10 * 1024 * 1024;
    this.#userauth = new UserAuth(options.user, options.keys);
    const table = withHostKeys(options.table, options.hostKeyAlgorithms);
    this.#requests = new GlobalRequests(table.hostKey, options.readsHostKeys ?? false);
    this.#transport = new Transport({
      table,
      randomBytes: options.randomBytes,
      allowChachaWithoutStrictKex: options.allowChachaWithoutStrictKex ?? false,
      rekeyBytes: options.rekeyBytes ?? 2 ** 30,
      rekeyPackets: options.rekeyPackets ?? 2 ** 31,
      trace: options.trace ?? false,
    });
  }

  /** The server's identification string, escaped; empty until it came. RFC 4253 §4.2. */
  get serverVersion(): string {
    return this.#transport.serverVersion;
  }

  /** What the first key exchange chose, or the latest; undefined until the server's KEXINIT came. RFC 4253 §7.1. */
  get negotiated(): Negotiated | undefined {
    return this.#transport.negotiated;
  }

  /** The last that was tried to log in, as in `publickey ssh-ed25519 SHA256:...`: what the server let us in for. */
  get triedLast(): string {
    return this.#userauth.triedLast;
  }

  /** H of the first key exchange, 32 bytes; undefined until its host key is accepted. RFC 4253 §7.2. */
  get sessionId(): Uint8Array | undefined {
    return this.#transport.sessionId;
  }

  /** Whether a key exchange runs. */
  get isExchangingKeys(): boolean {
    return this.#transport.isExchangingKeys;
  }

  /** What the next bytes should bring, in words for a time-out or a lost link. */
  get waitsFor(): string {
    if (!this.#transport.hasVersion) return `the server's version line${this.#soFar}`;
    if (this.#phase === "transport") return "the key exchange";
    return this.#phase === "connection" ? "the server" : "authentication";
  }

  /** Packets of the server's so far. */
  get packetsReceived(): number {
    return this.#transport.packetsReceived;
  }

  /** Bytes of output that wait for `takeOutput`. */
  get pendingOutput(): number {
    return this.#transport.pendingOutput;
  }

  /** Whether there is any that is sealed. */
  get hasOutput(): boolean {
    return this.#transport.hasOutput;
  }

  /** Takes a copy of bytes from the server; `nextEvent` processes them. */
  receive(bytes: Uint8Array): void {
    if (this.#phase !== "ended") this.#transport.receive(bytes);
  }

  /** The byte stream from the server has ended; with `cause` where the socket broke. */
  receiveEnd(cause?: unknown): void {
    const { hasVersion, greeting } = this.#transport;
    const when = hasVersion ? `while waiting for ${this.waitsFor}` : `before its version line${this.#soFar}`;
    const options = { ...(cause === undefined ? {} : { cause }), ...(hasVersion ? {} : { greeting }) };
    this.#finish(new DisconnectError(`the connection was closed ${when}`, undefined, options));
  }

  /** What is to be sent to the server; the array is the caller's. */
  takeOutput(): Uint8Array {
    return this.#transport.takeOutput();
  }

  /** As `takeOutput`, but borrowed: valid until the next `lendOutput`. Nothing is copied or allocated for it. */
  lendOutput(): Uint8Array {
    return this.#transport.lendOutput();
  }

  /** Lines for a log at DEBUG: names and sizes, never contents. */
  takeTraces(): readonly string[] {
    return this.#transport.takeTraces();
  }

  /**
   * Processes what was received up to the next event. Undefined: more bytes, a verdict, a signature or a method are
   * needed, or the output must be taken first.
   */
  nextEvent(): ClientEvent | undefined {
    try {
      while (this.#phase !== "ended") {
        const event = this.#transport.next();
        if (event === undefined) break;
        if (event.type !== "message") return event;
        const told = this.#dispatch(event.number, event.payload);
        if (told !== undefined) return told;
      }
    } catch (error) {
      this.fail(error);
    }
    const end = this.#end;
    this.#end = undefined;
    return end;
  }

  /** For a caller whose first output has left: makes what the answer will need. It fails only when that is needed. */
  prepareExchange(): void {
    if (this.#phase === "transport") this.#transport.prepareExchange();
  }

  /** What a `method` event named is loaded. */
  beginExchange(): void {
    if (this.#phase !== "ended") this.#transport.beginExchange();
  }

  /** The host key is trusted: the keys go into use, and user authentication begins in the same flight. RFC 4253 §10. */
  acceptHostKey(): void {
    if (this.#phase !== "transport") return;
    this.#transport.acceptHostKey();
    this.#phase = "service";
    this.#transport.send(encode(m.SERVICE_REQUEST, { serviceName: "ssh-userauth" }));
    this.#transport.send(this.#userauth.start());
  }

  /** The signature that a `sign` event asked for, as `string algorithm, string signature`. RFC 4252 §7. */
  provideSignature(signature: Uint8Array): void {
    if (this.#phase === "userauth") this.#transport.send(this.#userauth.signed(signature));
  }

  /** The key that a `sign` event named cannot sign: the next one is asked about. False where there is none. RFC 4252 §7. */
  declineSignature(): boolean {
    if (this.#phase !== "userauth") return false;
    const request = this.#userauth.declined(this.#transport.extensions);
    if (request === undefined) return false;
    this.#transport.send(request);
    return true;
  }

  /** Opens a channel; news of it comes as events. Returns our number of it. RFC 4254 §5.1. */
  openChannel(opening: Opening): number {
    if (this.#phase !== "connection") throw new DisconnectError("the connection has ended");
    if (this.#channels.size >= maximumChannels) throw new ChannelError("too many channels", opening.channelType);
    const windowSize = Math.min(INITIAL_WINDOW_SIZE, MAXIMUM_PACKET_SIZE + this.#windowRoom());
    const channel = new Channel(this.#nextChannel++, opening, windowSize);
    this.#channels.set(channel.id, channel);
    this.#sendAll([channel.open()]);
    return channel.id;
  }

  /**
   * Sends data; returns how many bytes it took (copied): 0 during a key exchange, at window 0, or with 256 KiB of
   * output waiting. RFC 4254 §5.2.
   */
  write(id: number, data: Uint8Array): number {
    const channel = this.#channels.get(id);
    let taken = 0;
    while (channel !== undefined && taken < data.length && this.#maySendData()) {
      const length = channel.writable(data.length - taken);
      if (length === 0) break;
      this.#transport.sendData(channel.dataHead(length), data.subarray(taken, taken + length));
      taken += length;
    }
    return taken;
  }

  /** The consumer has taken `length` bytes of a channel's data: its window is given back. RFC 4254 §5.2. */
  consumed(id: number, length: number): void {
    const channel = this.#channels.get(id);
    if (channel === undefined || this.#phase !== "connection") return;
    this.#sendAll(channel.consumed(length, this.#windowRoom()));
  }

  /** No more data goes to this channel: EOF. RFC 4254 §5.3. */
  sendEof(id: number): void {
    this.#sendAll(this.#channels.get(id)?.sendEof());
  }

  /** Asks for a signal, as in `TERM`; there is no answer. RFC 4254 §6.9. */
  signal(id: number, signalName: string): void {
    this.#sendAll(this.#channels.get(id)?.signal(signalName));
  }

  /** CLOSE; `closed` is told when the server's came. RFC 4254 §5.3. */
  closeChannel(id: number): void {
    this.#sendAll(this.#channels.get(id)?.close());
  }

  /**
   * Sends IGNORE if the server owes an answer to authentication or to an opening: for a caller who has just read bytes
   * that gave nothing to send. sshd leaves Nagle's algorithm on until a command runs, so its second small message waits
   * until we acknowledge the first; TCP sends that at once with data, on its own up to 40 ms late. RFC 4253 §11.2.
   */
  acknowledge(): void {
    if (this.#transport.isOpenForSending && this.#awaitsAnswer()) {
      this.#transport.send(encode(m.IGNORE, { data: new Uint8Array(0) }));
    }
  }

  /** Asks for a sign of life; whatever comes is one. Held back during a key exchange. */
  keepalive(): void {
    if (this.#phase === "ended" || !this.#transport.isOpenForSending) return;
    if (this.#transport.extensions.has("ping@openssh.com")) {
      this.#transport.send(encode(m.PING, { data: new Uint8Array(0) }));
      return;
    }
    if (this.#phase !== "connection") return;
    this.#sendAll([this.#requests.keepalive()]);
  }

  /**
   * Asks for proof that the server holds these of the keys that it listed; those of types that we cannot check are left
   * out. Returns how many are asked about; unless it is 0, `host-keys-proved` tells the end. OpenSSH PROTOCOL 2.5.
   */
  proveHostKeys(blobs: readonly Uint8Array[]): number {
    if (this.#phase !== "connection") throw new DisconnectError("the connection has ended");
    const keys = this.#requests.provable(blobs);
    if (keys.length > 0) this.#sendAll([this.#requests.prove(keys)]);
    return keys.length;
  }

  /** Starts a key exchange unless one runs; `rekeyed` tells its end. RFC 4253 §9. */
  rekey(): void {
    if (this.#phase !== "ended") this.#transport.rekey();
  }

  /** Ends the connection from our side. RFC 4253 §11.1. */
  disconnect(): void {
    if (this.#phase === "ended") return;
    this.#transport.disconnect(DISCONNECT_REASON.BY_APPLICATION, "");
    this.#finish(undefined);
  }

  /**
   * Ends the connection for `error`'s sake: the one place where an error becomes a DISCONNECT. What is no SshError is a
   * fault of this program or its caller's and is thrown on.
   */
  fail(error: unknown): void {
    if (this.#phase !== "ended") {
      this.#finish(error instanceof SshError ? error : internalError(error)); // first: the last words may fail as well
      const reason = reasonOf(error);
      if (reason !== undefined) this.#transport.disconnect(reason, descriptionOf(error));
    }
    if (!(error instanceof SshError)) throw error;
  }

  #finish(error: SshError | undefined): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#transport.discardPrepared();
    this.#end = { type: "ended", error };
    this.#channels.clear();
  }

  /** Servers that will not serve us now say so before they hang up: OpenSSH's `Not allowed at this time`. */
  get #soFar(): string {
    const { greeting } = this.#transport;
    return greeting.length === 0 ? "" : ` (so far it said: ${greeting.join(" ")})`;
  }

  #awaitsAnswer(): boolean {
    if (this.#phase === "service" || this.#phase === "userauth") return this.#userauth.awaitsAnswer;
    if (this.#phase !== "connection") return false;
    for (const channel of this.#channels.values()) if (channel.awaitsAnswer) return true;
    return false;
  }

  /** What windows may still grow by; a packet's worth is kept back for every channel that may yet be opened. */
  #windowRoom(): number {
    let windows = 0;
    for (const channel of this.#channels.values()) windows += channel.mostHeld;
    const keptBack = (maximumChannels - this.#channels.size) * MAXIMUM_PACKET_SIZE;
    return Math.max(0, this.#windowTotal - windows - keptBack);
  }

  #maySendData(): boolean {
    return this.#transport.isOpenForSending && this.#transport.pendingOutput < maximumOutput;
  }

  #sendAll(payloads: readonly Uint8Array[] | undefined): void {
    if (this.#phase !== "connection") return;
    try {
      for (const payload of payloads ?? []) this.#transport.send(payload);
    } catch (error) {
      this.fail(error); // the caller may be outside of nextEvent
    }
  }

  // Messages of the higher protocols. What is legal in which phase stands in legal.ts.

  #dispatch(number: number, payload: Uint8Array): ClientEvent | undefined {
    if (number === m.SERVICE_ACCEPT.number) return this.#serviceAccepted(payload);
    if (number < 80) return this.#authenticate(payload);
    return number < 90 ? this.#global(payload) : this.#channel(number, payload);
  }

  #serviceAccepted(payload: Uint8Array): undefined {
    const { serviceName } = decode(m.SERVICE_ACCEPT, payload);
    if (serviceName !== "ssh-userauth") {
      throw new ProtocolError(`SERVICE_ACCEPT for ${printable(serviceName)}, asked was ssh-userauth`, "RFC 4253 §10");
    }
    this.#phase = "userauth";
    this.#transport.enter("userauth");
  }

  #authenticate(payload: Uint8Array): ClientEvent | undefined {
    const step = this.#userauth.receive(payload, this.#transport.extensions);
    switch (step.step) {
      case "send":
        this.#transport.send(step.payload);
        return undefined;
      case "sign":
        return { ...step.asked, type: "sign", data: this.#userauth.dataToSign(this.#sessionIdNow()) };
      case "banner":
        return { type: "banner", lines: step.lines };
      case "success":
        this.#phase = "connection";
        this.#transport.enter("connection");
        return { type: "authenticated", withProof: step.withProof };
      case "wait":
        return undefined;
    }
  }

  #sessionIdNow(): Uint8Array {
    if (this.#transport.sessionId === undefined) throw new TypeError("no session id before the first key exchange");
    return this.#transport.sessionId;
  }

  #global(payload: Uint8Array): ClientEvent | undefined {
    const { send, event } = this.#requests.receive(payload, this.#sessionIdNow());
    if (send !== undefined) this.#transport.send(send);
    return event;
  }

  #channel(number: number, payload: Uint8Array): ClientEvent | undefined {
    if (number === m.CHANNEL_OPEN.number) return this.#refuseChannel(payload);
    const recipientChannel = recipientOf(payload);
    const channel = this.#channels.get(recipientChannel);
    if (channel === undefined) {
      throw new ProtocolError(
        `message ${number} came for channel ${recipientChannel}, which is not open`,
        "RFC 4254 §5",
      );
    }
    return this.#told(channel, channel.receive(payload));
  }

  #told(channel: Channel, outcome: Outcome): ClientEvent | undefined {
    this.#sendAll(outcome.send);
    const { news } = outcome;
    if (news === undefined) return undefined;
    if (news.news === "closed" || (news.news === "refused" && !channel.isOpen)) this.#channels.delete(channel.id);
    else if (news.news === "refused") this.#sendAll(channel.close());
    return { type: "channel", channel: channel.id, news };
  }

  /** A server may open forwarding channels that the client asked for; this one never asks. RFC 4254 §5.1, §7.2. */
  #refuseChannel(payload: Uint8Array): undefined {
    const { senderChannel } = decode(m.CHANNEL_OPEN, payload);
    const reasonCode = OPEN_FAILURE_REASON.ADMINISTRATIVELY_PROHIBITED;
    const description = "this client opens all channels itself";
    this.#transport.send(
      encode(m.CHANNEL_OPEN_FAILURE, { recipientChannel: senderChannel, reasonCode, description, languageTag: "" }),
    );
  }
}

/** Whom a message to a channel is for: read without a layout where it can be, since most messages are such. RFC 4254 §5. */
function recipientOf(payload: Uint8Array): number {
  return payload.length < 5
    ? decodeFields("a channel's message", toChannel, payload).recipientChannel
    : uint32At(payload, 1);
}

/** Which DISCONNECT tells the peer: by blame; none where the peer is gone already. RFC 4253 §11.1. */
function reasonOf(error: unknown): number | undefined {
  if (error instanceof ProtocolError) return error.reason;
  if (error instanceof NegotiationError) return DISCONNECT_REASON.KEY_EXCHANGE_FAILED;
  if (error instanceof HostKeyError) return DISCONNECT_REASON.HOST_KEY_NOT_VERIFIABLE;
  if (error instanceof AuthError) return DISCONNECT_REASON.NO_MORE_AUTH_METHODS_AVAILABLE;
  if (error instanceof DisconnectError) return undefined;
  return DISCONNECT_REASON.BY_APPLICATION;
}

/** What is no fault of the server's: ours, or of what the caller gave. */
export function internalError(error: unknown): SshError {
  const what = error instanceof Error ? printable(error.message) : "";
  return new SshError(`internal error in the SSH client: ${what || "unknown"}`, { cause: error });
}

/** What the server's log gets to read: the fault where it is the server's own, nothing of ours otherwise. */
function descriptionOf(error: unknown): string {
  return error instanceof ProtocolError || error instanceof NegotiationError ? error.message : "";
}
