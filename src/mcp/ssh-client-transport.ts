/**
 * SSH client transport: the MCP SDK's `Transport` over an SSH session, for programs that use an SDK's `Client`. It
 * parses, since the SDK wants objects; the command never goes through it. No reconnecting: the handshake is `Client`'s.
 */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import { Link, type OpenRemote, type RemoteSession } from "./link.ts";
import { isShellsWord } from "./login-shell.ts";
import { type JsonRpc, MessageLines } from "./message-lines.ts";
import { DISCOVER, type Refusal, refusal } from "./messages.ts";
import { mayBeReferenceServer } from "./reference-server.ts";
import { describe, mayBeOfProbe, type RemoteEnd } from "./remote-end.ts";
import { StderrLines } from "./remote-text.ts";
import { inTurn, overheard } from "./stderr-stream.ts";
import { within } from "./waiting.ts";

export interface SshClientTransportOptions {
  /**
   * Connects and opens the session; rejects when `signal` aborts. Called once, by `start`. With a `reopen` in what it
   * gives, a server that meets the era probe (`server/discover`) with silence or its end costs no session.
   */
  readonly open: OpenRemote;
  /** `exitTimeout`: how long `close` waits for the server to end after EOF. `lineBytes`: the longest line that is taken. */
  readonly limits?: Partial<TransportLimits>;
}

type TransportLimits = Pick<ProxyLimits, "lineBytes" | "exitTimeout" | "closeTimeout" | "probeTimeout">;

/**
 * The era probe, `server/discover`, as the first request: `out` until it is decided, `lost` where the remote did not bear
 * it and what comes next opens another session, `over` once there is nothing to shield any more.
 */
type Probe =
  | { readonly step: "watching" | "lost" | "over" }
  | {
      readonly step: "out";
      readonly id: string | number;
      readonly timer: ReturnType<typeof setTimeout>;
      readonly decided: Deferred<void>;
    };

/** Takes one start and one end. Fits the v1 SDK's `Client`, and the v2 SDK's by its shape. */
export class SshClientTransport implements Transport {
  /** Called exactly once, however the transport ends. */
  onclose?: Transport["onclose"];
  /** Called for noise on the remote's stdout, and with the reason before an `onclose` that nobody asked for. */
  onerror?: Transport["onerror"];
  onmessage?: Transport["onmessage"];
  /** The remote's stderr, there before `start`. Unread, it holds nothing up. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** No local process. With `stderr`, what v2's probe for 2026-07-28 knows a stdio transport by. */
  readonly pid: null = null;
  readonly #open: OpenRemote;
  readonly #limits: TransportLimits;
  readonly #abort = new AbortController();
  /** That of the session, and that of the one after it. */
  readonly #stderrs: readonly Deferred<ReadableStream<Uint8Array> | undefined>[] = [deferred(), deferred()];
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #remote: RemoteSession | undefined;
  #link: Link | undefined;
  #probe: Probe = { step: "watching" };
  #reopening: Promise<void> | undefined;
  #hasReply = false;
  #isOver = false;
  readonly #ended = deferred<undefined>();

  constructor({ open, limits }: SshClientTransportOptions) {
    this.#open = open;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.stderr = inTurn(this.#stderrs.map(({ promise }) => promise));
  }

  /** Connects; rejects if that fails, or if `close` comes first. To be called once. */
  start(): Promise<void> {
    if (this.#starting !== undefined || this.#closing !== undefined) {
      return Promise.reject(new Error("SshClientTransport was started before; note that Client.connect() starts it"));
    }
    this.#starting = this.#start();
    return this.#starting;
  }

  /** Resolves when the channel took the line; rejects where there is no open session. */
  async send(message: Parameters<Transport["send"]>[0]): Promise<void> {
    this.#throwIfOver();
    if (this.#probe.step === "watching") {
      if (!this.#watch(message)) return;
    } else if (this.#probe.step !== "over" && !(await this.#decided(message))) return;
    if (this.#link === undefined) throw new Error("Not connected");
    await this.#link.sink.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Sends EOF, waits for the server to end, closes. Safe at every moment, and more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    try {
      this.#attach(await this.#opened(this.#open));
    } catch (error) {
      this.#noMoreStderr();
      throw error;
    }
  }

  /** What `open` gives. An open that is deaf to the signal is not waited for once all is over: what it gives then is closed. */
  async #opened(open: OpenRemote): Promise<RemoteSession> {
    const opening = open(this.#abort.signal);
    const remote = await Promise.race([opening, this.#ended.promise]);
    if (remote === undefined) opening.then(({ connection }) => connection.close()).catch(ignore);
    else if (this.#abort.signal.aborted) await remote.connection.close();
    else return remote;
    throw new Error("SshClientTransport was closed while it connected");
  }

  #attach(remote: RemoteSession): void {
    const { stderr } = remote.session;
    const [first, second] = this.#stderrs;
    const heard =
      remote.isShell === true ? overheard(stderr, new StderrLines((line) => this.#hearShell(line))) : stderr;
    (this.#remote === undefined ? first : second)?.resolve(heard);
    const lines = new MessageLines(this.#limits.lineBytes, {
      hear: (message) => this.#hear(message),
      trouble: (what) => this.#trouble(what),
      toRemote: (line) => link.sink.write(line)?.catch(ignore),
    });
    const link = new Link(
      remote,
      { stdout: { hear: (chunk) => void lines.push(chunk), end: () => lines.end() } },
      this.#limits,
    );
    this.#remote = remote;
    this.#link = link;
    void link.sink.broken.then(() => link.broken());
    void link.ended.then((end) => this.#remoteGone(end, link));
  }

  /** A login shell would take messages for commands for ever; what a server runs in one may say what it likes. */
  #hearShell(line: string): void {
    if (!this.#hasReply && isShellsWord(line)) this.#link?.endAs({ how: "login-shell" });
  }

  async #remoteGone(end: RemoteEnd, link: Link): Promise<void> {
    if (this.#closing !== undefined || link !== this.#link) return;
    if (this.#probe.step === "out" && mayBeOfProbe(end)) {
      this.#lose(this.#probe);
      return;
    }
    this.#link = undefined; // nothing can be sent any more
    const isClean = end.how === "exited" && end.status === 0;
    if (!isClean) this.#trouble(describe(end));
    await link.hangUp();
    this.#over();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    for (const opening of [this.#starting, this.#reopening])
      if (opening !== undefined) await within(this.#limits.closeTimeout, opening.catch(ignore));
    this.#noMoreStderr();
    if (this.#link !== undefined) {
      this.#link.sink.close().catch(ignore);
      await within(this.#limits.exitTimeout, this.#link.ended);
      await this.#link.hangUp();
    } else if (this.#remote !== undefined) {
      await within(this.#limits.closeTimeout, this.#remote.connection.close().catch(ignore));
    }
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended.resolve(undefined);
    this.#endProbe();
    this.onclose?.();
  }

  #throwIfOver(): void {
    const isOpen = this.#remote !== undefined && !this.#isOver && this.#closing === undefined;
    if (!isOpen) throw new Error("Not connected");
  }

  #noMoreStderr(): void {
    for (const source of this.#stderrs) source.resolve(undefined);
  }

  /**
   * What comes behind the probe waits until it is decided, and for the session that may follow. False: it was the probe
   * once more, and was answered here.
   */
  async #decided(message: JsonRpc): Promise<boolean> {
    if (this.#probe.step === "out") await this.#probe.decided.promise;
    this.#throwIfOver();
    if (this.#probe.step !== "lost") return true;
    if (isProbe(message)) return this.#refuse(message.id, "probe-unanswered");
    this.#reopening ??= this.#reopen();
    await this.#reopening;
    this.#throwIfOver();
    return true;
  }

  /** Looks for the probe, up to the first request. False: it was answered here. */
  #watch(message: JsonRpc): boolean {
    if (!("method" in message) || !("id" in message)) return true;
    if (!isProbe(message)) this.#endProbe();
    else if (this.#remote !== undefined && mayBeReferenceServer(this.#remote)) {
      return this.#refuse(message.id, "not-in-reference-server");
    } else if (this.#remote?.reopen === undefined) this.#endProbe();
    else {
      const timer = setTimeout(() => this.#lose(probe), this.#limits.probeTimeout);
      const probe = { step: "out", id: message.id, timer, decided: deferred() } as const;
      this.#probe = probe;
    }
    return true;
  }

  /** Answers once the caller's turn is over, as a remote would. */
  #refuse(id: string | number, why: Refusal): false {
    void Promise.resolve().then(() => this.#deliver(notFound(id, why)));
    return false;
  }

  /** The remote did not bear the probe: it is answered in its name, and its session left. */
  #lose(probe: Extract<Probe, { step: "out" }>): void {
    if (this.#probe !== probe || this.#isOver || this.#closing !== undefined) return;
    clearTimeout(probe.timer);
    this.#probe = { step: "lost" };
    void this.#link?.leave();
    this.#link = undefined;
    this.#deliver(notFound(probe.id, "probe-unanswered"));
    probe.decided.resolve();
  }

  async #reopen(): Promise<void> {
    const remote = this.#remote;
    if (remote?.reopen === undefined) throw new Error("Not connected");
    try {
      const again = await this.#opened(remote.reopen.bind(remote));
      this.#attach(again);
      this.#endProbe();
      if (again.connection !== remote.connection) void remote.connection.close().catch(ignore);
    } catch (error) {
      if (this.#closing === undefined) {
        await within(this.#limits.closeTimeout, remote.connection.close().catch(ignore));
        this.#over();
      }
      throw error;
    }
  }

  /** There is nothing to shield any more. */
  #endProbe(): void {
    const probe = this.#probe;
    this.#probe = { step: "over" };
    this.#stderrs[1]?.resolve(undefined);
    if (probe.step !== "out") return;
    clearTimeout(probe.timer);
    probe.decided.resolve();
  }

  #hear(message: JsonRpc): void {
    this.#hasReply ||= !("method" in message);
    this.#deliver(message);
  }

  #deliver(message: JsonRpc): void {
    const { step } = this.#probe;
    if (step === "out" && !("method" in message) && message.id === this.#probe.id) this.#endProbe();
    try {
      this.onmessage?.(message);
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** Whoever fails at hearing of it must not cost the session its lines, nor its end. */
  #trouble(what: unknown): void {
    try {
      this.onerror?.(what instanceof Error ? what : new Error(String(what)));
    } catch {
      // it was told, and there is nobody else to tell
    }
  }
}

function isProbe(message: JsonRpc): message is JsonRpc & { readonly id: string | number } {
  return "method" in message && "id" in message && message.method === DISCOVER;
}

/** `Method not found` in the remote's name. */
function notFound(id: string | number, why: Refusal): JsonRpc {
  return { jsonrpc: "2.0", id, error: refusal(DISCOVER, why) };
}

function ignore(): void {
  // it has failed or ended already
}
