/**
 * Connect: the room with `await`, timers and streams. Pumps bytes between a byte duplex and the sans-I/O client, brings
 * it verdicts, signatures and the time of day, and turns its events into promises.
 */

import type { ChannelNews, Opening } from "./channel.ts";
import { ChannelStreams } from "./channel-streams.ts";
import { type ClientEvent, type ClientOptions, internalError, SshClient } from "./client.ts";
import type {
  ByteDuplex,
  ByteSink,
  ByteSource,
  ConnectOptions,
  HostKey,
  Limits,
  Notice,
  SessionChannel,
  SessionRequest,
  SshConnection,
} from "./connection.ts";
import { type Clock, Deadline, now, within } from "./deadline.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { AuthError, HostKeyError, SshError, TimeoutError } from "./errors.ts";
import { flowing } from "./flow.ts";
import { HangUp } from "./hang-up.ts";
import { fingerprint } from "./known-hosts.ts";
import * as m from "./messages.ts";
import { printable } from "./printable.ts";
import { systemRandomBytes } from "./random-bytes.ts";
import { requestsOf } from "./session-request.ts";
import { Upkeep } from "./upkeep.ts";
import { directOf } from "./web-streams.ts";
import { decodeFields, encodeFields, isEqual } from "./wire.ts";

/** What holds where nothing else is said. */
export const defaultLimits: Limits = {
  handshakeTimeout: 15_000,
  authenticationTimeout: 20_000,
  signTimeout: 60_000,
  channelTimeout: 15_000,
  rekeyTimeout: 30_000,
  keepaliveInterval: 15_000,
  keepaliveCount: 3,
  rekeyBytes: 2 ** 30,
  rekeyInterval: 3_600_000,
  windowTotal: 10 * 1024 * 1024, // 8 MiB for one session whose reader keeps up: 160 MB/s at 50 ms; 2 MiB where he does not
};

const muchOutput = 128 * 1024; // less keeps neither a write nor an event waiting: see client.ts
const readPauseOutput = 512 * 1024; // with this much to send we read nothing: replies must not pile up

/**
 * Connects over `socket`: exchanges keys, has the host key judged, authenticates. Takes both streams of `socket`; they
 * are closed with the connection.
 * @throws ProtocolError, NegotiationError, HostKeyError, AuthError, DisconnectError, TimeoutError; `signal`'s reason;
 * RangeError for limits that are none.
 */
export async function connect(socket: ByteDuplex, options: ConnectOptions): Promise<SshConnection> {
  const limits = { ...defaultLimits, ...options.limits };
  checkLimits(limits);
  const table = options.table ?? (await import("./table.ts")).table; // a platform with its own needs no other
  return new Connection(socket, { ...options, table }, limits).established;
}

class Connection implements SshConnection {
  readonly #established: Deferred<SshConnection> = deferred();
  readonly #closed: Deferred<SshError | undefined> = deferred();
  readonly established: Promise<SshConnection> = this.#established.promise;
  readonly closed: Promise<SshError | undefined> = this.#closed.promise;
  readonly #options: ConnectOptions;
  readonly #limits: Limits;
  readonly #client: SshClient;
  readonly #source: ByteSource;
  readonly #sink: ByteSink;
  readonly #hangUp: HangUp;
  readonly #channels: Map<number, ChannelStreams> = new Map();
  readonly #rekeys: Deferred<void>[] = [];
  #proof: Deferred<readonly Uint8Array[]> | undefined;
  readonly #over: AbortController = new AbortController();
  #hostKey: HostKey | undefined;
  #writing: Promise<void> | undefined;
  #isWriting = false;
  /** Whether output has left, or is leaving, since bytes were last received. */
  #hasSent = false;
  #isStepping = false;
  #told: "nothing" | "version" | "negotiated" = "nothing";
  /** Why nothing can be asked for any more, once it has ended. */
  #gone: SshError | undefined;
  #verdict: Promise<void> | undefined;
  readonly #now: Clock;
  readonly #deadline: Deadline;
  /** From authentication to the end. */
  #upkeep: Upkeep | undefined;

  constructor(socket: ByteDuplex, options: ConnectOptions & Pick<ClientOptions, "table">, limits: Limits) {
    this.#options = options;
    this.#limits = limits;
    this.#now = options.now ?? now;
    this.#deadline = new Deadline(this.#now);
    const { rekeyBytes, windowTotal } = limits;
    const randomBytes = options.randomBytes ?? systemRandomBytes();
    this.#client = new SshClient({ ...options, randomBytes, rekeyBytes, windowTotal });
    const { source, sink } = directOf(socket);
    this.#source = source;
    this.#sink = sink;
    this.#hangUp = new HangUp(source, sink);
    this.#begin();
  }

  get hostKey(): HostKey {
    if (this.#hostKey === undefined) throw new TypeError("no host key yet");
    return this.#hostKey;
  }

  get serverVersion(): string {
    return this.#client.serverVersion;
  }

  get sessionId(): Uint8Array {
    return this.#client.sessionId ?? new Uint8Array(0);
  }

  session(request: SessionRequest, options: { readonly signal?: AbortSignal } = {}): Promise<SessionChannel> {
    return this.#open(
      { channelType: "session", typeFields: new Uint8Array(0), requests: requestsOf(request) },
      options.signal,
    );
  }

  tunnel(host: string, port: number): Promise<ByteDuplex> {
    const origin = { originatorAddress: "127.0.0.1", originatorPort: 0 };
    const typeFields = encodeFields(m.DIRECT_TCPIP, { hostToConnect: host, portToConnect: port, ...origin });
    return this.#open({ channelType: "direct-tcpip", typeFields, requests: [] }, undefined);
  }

  rekey(): Promise<void> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const waiting = deferred();
    this.#rekeys.push(waiting);
    this.#act(() => this.#client.rekey());
    return waiting.promise;
  }

  async proveHostKeys(keys: readonly HostKey[]): Promise<readonly HostKey[]> {
    if (this.#gone !== undefined) throw this.#gone;
    if (this.#proof !== undefined) throw new TypeError("a proof of host keys is under way");
    if (this.#client.proveHostKeys(keys.map(({ blob }) => blob)) === 0) return [];
    const proof = deferred<readonly Uint8Array[]>();
    this.#proof = proof;
    this.#step();
    const blobs = await within(
      this.#limits.channelTimeout,
      "proof of the other host keys",
      proof.promise,
      undefined,
      this.#now,
    );
    return keys.filter(({ blob }) => blobs.some((each) => isEqual(each, blob)));
  }

  async close(): Promise<void> {
    this.#act(() => this.#client.disconnect());
    await this.closed;
  }

  // The pump

  #begin(): void {
    const { signal } = this.#options;
    if (signal?.aborted) this.#abort();
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#startDeadline(this.#limits.handshakeTimeout);
    void this.#read();
    this.#client.prepareExchange(); // our KEXINIT has left, and the server's is waited for
  }

  readonly #abort = (): void => {
    this.#established.reject(this.#options.signal?.reason);
    this.#act(() => this.#client.disconnect());
  };

  async #read(): Promise<void> {
    try {
      this.#step();
      const breach = await flowing(this.#source, this.#take);
      this.#client.receiveEnd(breach?.error);
    } catch (error) {
      this.#client.receiveEnd(error);
    }
    this.#step();
    this.#hangUp.sourceEnded();
  }

  readonly #take = (bytes: Uint8Array): Promise<void> | undefined => {
    if (this.#gone !== undefined) return this.#hangUp.drop(bytes.length);
    const { packetsReceived } = this.#client;
    this.#client.receive(bytes);
    this.#hasSent = this.#writing !== undefined;
    this.#step();
    this.#upkeep?.liveness.heard(this.#now(), this.#client.packetsReceived > packetsReceived);
    if (!this.#hasSent) this.#client.acknowledge();
    this.#flush();
    if (this.#gone !== undefined) return this.#hangUp.drop(0);
    return this.#verdict !== undefined || this.#client.pendingOutput >= readPauseOutput ? this.#mayRead() : undefined;
  };

  /** Nothing is read while a host key waits for its verdict, a method to be loaded, or the server does not read what we owe it. */
  async #mayRead(): Promise<void> {
    await this.#verdict;
    this.#verdict = undefined; // no other has begun: the next answers what the server has still to send
    while (this.#client.pendingOutput >= readPauseOutput && this.#writing !== undefined) await this.#writing;
  }

  /** Takes all events, then sends all output; callable from anywhere. */
  #step(): void {
    if (this.#isStepping || this.#gone !== undefined) return;
    this.#isStepping = true;
    try {
      for (let event = this.#client.nextEvent(); event !== undefined; event = this.#client.nextEvent())
        this.#handle(event);
      this.#tellProgress(); // before the host key can come, which answers what we send now
      for (const streams of this.#channels.values()) streams.resume();
      for (const text of this.#client.takeTraces()) this.#notice({ type: "trace", text });
    } catch (error) {
      const failure = internalError(error);
      this.#client.fail(failure);
      this.#finish(failure);
    }
    this.#isStepping = false;
    this.#upkeep?.watchRekey(this.#client.isExchangingKeys);
    this.#flush();
    for (const streams of this.#channels.values()) streams.deliver(); // whoever takes it may ask us for anything
  }

  /** Has the client do something, and does what follows from it. */
  #act(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#step();
      if (this.#gone === undefined) throw error; // a mistake of the caller's; else it is told as the end
    }
    this.#step();
  }

  /** Tells of the version and of what was negotiated, each once, before what follows from them. */
  #tellProgress(): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined || this.#told === "negotiated") return;
    const { serverVersion, negotiated } = this.#client;
    if (this.#told === "nothing" && serverVersion !== "") {
      this.#told = "version";
      onProgress({ type: "version", serverVersion });
    }
    if (negotiated === undefined) return;
    this.#told = "negotiated";
    onProgress({ type: "negotiated", algorithms: negotiated });
  }

  /** One write at a time: what comes meanwhile leaves together with the next. */
  #flush(): void {
    if (this.#isWriting || this.#writing !== undefined || this.#gone !== undefined) return;
    if (!this.#client.hasOutput) return;
    const output = this.#client.lendOutput(); // until it has left: no other is lent before
    this.#hasSent = true;
    this.#isWriting = true; // a sink may have us take a chunk from within
    let writing: Promise<void> | undefined;
    try {
      writing = this.#sink.write(output);
    } catch (error) {
      writing = Promise.reject(error); // who flushes may be a timer, which must not throw
    }
    this.#isWriting = false;
    if (writing === undefined) {
      if (output.length >= muchOutput) this.#step(); // something may have waited for it to leave
      this.#flush(); // what was made within the write
      return;
    }
    const written = writing.catch((error: unknown) => this.#client.receiveEnd(error));
    this.#writing = written.then(() => {
      this.#writing = undefined;
      this.#step();
    });
  }

  #handle(event: ClientEvent): void {
    switch (event.type) {
      case "host-key":
        this.#verdict = this.#judgeHostKey(hostKeyOf(event));
        return;
      case "method":
        this.#verdict = this.#loadMethod(event.load);
        return;
      case "sign":
        void this.#sign(event);
        return;
      case "banner":
        this.#notice({ type: "banner", lines: event.lines });
        return;
      case "server-message":
        this.#notice({ type: "server-message", text: event.text });
        return;
      case "authenticated":
        this.#authenticated(event.withProof);
        return;
      case "rekeyed":
        this.#upkeep?.rekeyed();
        for (const waiting of this.#rekeys.splice(0)) waiting.resolve();
        return;
      case "host-keys":
        this.#notice({ type: "host-keys", keys: event.blobs.map(listed), fault: event.error?.message });
        return;
      case "host-keys-proved":
        if (event.error === undefined) this.#proof?.resolve(event.blobs);
        else this.#proof?.reject(event.error);
        this.#proof = undefined;
        return;
      case "channel":
        this.#channelNews(event.channel, event.news);
        return;
      case "ended":
        this.#finish(event.error);
        return;
    }
  }

  /** The server has chosen a method that most have not: it is loaded now. */
  async #loadMethod(load: () => Promise<void>): Promise<void> {
    try {
      await load();
      this.#client.beginExchange();
    } catch (error) {
      this.#client.fail(internalError(error));
    }
    this.#step();
  }

  // Trust and authentication

  async #judgeHostKey(hostKey: HostKey): Promise<void> {
    this.#deadline.stop();
    this.#hostKey = hostKey;
    let blame = (error: unknown): SshError => rejection(error, hostKey);
    try {
      const verdict: unknown = await this.#options.verifyHostKey(hostKey);
      if (verdict === false) throw new Error("verifyHostKey returned false"); // no Promise<void>, but what it means is plain
      blame = internalError; // what goes wrong from here on is no matter of trust
      this.#startDeadline(this.#limits.authenticationTimeout);
      this.#client.acceptHostKey();
    } catch (error) {
      this.#client.fail(error instanceof SshError ? error : blame(error));
    }
    this.#step();
  }

  /** The authentication timer stands still while a signer, perhaps a person at a security key, takes its time. */
  async #sign({ key, algorithm, data }: Extract<ClientEvent, { type: "sign" }>): Promise<void> {
    const left = this.#deadline.stop();
    const { authenticationTimeout, signTimeout } = this.#limits;
    try {
      const signer = this.#options.keys[key];
      if (signer === undefined) throw new TypeError(`no key ${key}`);
      const signing = signer.sign(data, algorithm);
      const signature = await within(signTimeout, "a signature by the key", signing, this.#over.signal, this.#now);
      this.#startDeadline(authenticationTimeout, left);
      this.#client.provideSignature(signature);
    } catch (error) {
      this.#cannotSign(error, left);
    }
    this.#step();
  }

  /** The next key is tried, as ssh does it: an agent may refuse one key, or a person not touch it. */
  #cannotSign(error: unknown, left: number): void {
    if (this.#gone !== undefined) return;
    const message = `Authentication failed: the key could not sign: ${wordsOf(error)}`;
    const failure = error instanceof SshError ? error : new AuthError(message, [], [], false, 0, { cause: error });
    if (!this.#client.declineSignature()) {
      this.#client.fail(failure);
      return;
    }
    this.#startDeadline(this.#limits.authenticationTimeout, left);
    try {
      this.#notice({ type: "key-passed-over", text: failure.message });
    } catch (fault) {
      this.#client.fail(internalError(fault)); // as of every other notice
    }
  }

  #authenticated(withProof: boolean): void {
    this.#deadline.stop();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    if (!withProof) this.#notice({ type: "authenticated-without-proof" });
    this.#options.onProgress?.({ type: "authenticated", by: this.#client.triedLast });
    this.#upkeep = new Upkeep(this.#limits, this.#now, {
      keepalive: () => this.#act(() => this.#client.keepalive()),
      rekey: () => this.#act(() => this.#client.rekey()),
      giveUp: (error) => this.#act(() => this.#client.fail(error)),
    });
    this.#established.resolve(this);
  }

  /** `left`: what of the limit is left. */
  #startDeadline(limit: number, left: number = limit): void {
    if (this.#gone !== undefined) return; // a verdict or a signature may come when nobody needs it any more
    this.#deadline.start(left, () =>
      this.#act(() => this.#client.fail(new TimeoutError(this.#client.waitsFor, limit))),
    );
  }

  // Channels

  async #open(opening: Opening, signal: AbortSignal | undefined): Promise<ChannelStreams> {
    if (this.#gone !== undefined) throw this.#gone;
    const client = this.#client;
    const id = this.#openChannel(opening);
    const streams = new ChannelStreams({
      write: (bytes) => {
        const taken = client.write(id, bytes);
        if (!this.#isStepping) this.#flush();
        return taken;
      },
      consumed: (length) => {
        client.consumed(id, length);
        if (client.hasOutput) this.#step(); // it may have given window back, or have failed
      },
      sendEof: () => this.#act(() => client.sendEof(id)),
      signal: (name) => this.#act(() => client.signal(id, name)),
      close: () => this.#act(() => client.closeChannel(id)),
    });
    this.#channels.set(id, streams);
    this.#step();
    try {
      const fault = await within(
        this.#limits.channelTimeout,
        "an answer to the channel's request",
        streams.opened,
        signal,
        this.#now,
      );
      if (fault !== undefined) throw fault;
    } catch (error) {
      this.#act(() => client.closeChannel(id));
      throw error;
    }
    return streams;
  }

  #openChannel(opening: Opening): number {
    try {
      return this.#client.openChannel(opening);
    } catch (error) {
      this.#step(); // it may have ended the connection
      throw this.#gone ?? error;
    }
  }

  #channelNews(id: number, news: ChannelNews): void {
    const streams = this.#channels.get(id);
    if (streams === undefined) return;
    if (news.news === "env-refused") this.#notice({ type: "env-refused", name: news.name });
    else streams.tell(news);
    const isOpeningRefused = news.news === "refused" && news.error.reason !== undefined; // no CLOSE will follow
    if (news.news === "closed" || isOpeningRefused) this.#channels.delete(id);
  }

  // The end

  #finish(error: SshError | undefined): void {
    if (this.#gone !== undefined) return;
    const gone = error ?? new SshError("the connection has been closed");
    this.#gone = gone;
    this.#over.abort();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#deadline.stop();
    this.#upkeep?.stop();
    this.#upkeep = undefined;
    this.#established.reject(gone);
    for (const waiting of this.#rekeys.splice(0)) waiting.reject(gone);
    this.#proof?.reject(gone);
    for (const streams of this.#channels.values()) streams.end(gone);
    this.#channels.clear();
    void this.#hangUp.finish(this.#client.takeOutput(), error).then(() => this.#closed.resolve(error));
  }

  #notice(notice: Notice): void {
    this.#options.onNotice?.(notice);
  }
}

/** What never comes would be waited for for ever, and a timer of 2^31 ms goes off at once. */
function checkLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits)) {
    const most = /(Timeout|Interval)$/.test(name) ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
    if (!(value >= 1 && value <= most)) throw new RangeError(`${name} is ${value}, it must be from 1 to ${most}`);
  }
}

/** A key of the server's list; its type is a text of the server's. */
function listed(blob: Uint8Array): HostKey {
  const { type } = decodeFields("host key", { type: "text", rest: "rest" }, blob);
  return { algorithm: printable(type), blob, fingerprint: fingerprint(blob) };
}

/** Of a certificate the key that it certifies: that is the key that the server holds. */
function hostKeyOf({ algorithm, blob, certificate }: Extract<ClientEvent, { type: "host-key" }>): HostKey {
  const keyBlob = (certificate?.keyBlob ?? blob).slice();
  let known: string | undefined;
  return {
    algorithm,
    blob: keyBlob,
    get fingerprint() {
      known ??= fingerprint(keyBlob); // a hash, and most logins show it to nobody
      return known;
    },
    ...(certificate && { certificate }),
  };
}

function rejection(error: unknown, hostKey: HostKey): SshError {
  const message = `the host key was not accepted: ${wordsOf(error)}`;
  return new HostKeyError(message, "rejected", hostKey.fingerprint, undefined, { cause: error });
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? printable(error.message) : "";
}
