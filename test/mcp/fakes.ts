/** Fakes: a host and a remote that a test plays, with no process and no SSH between them. Nothing here reads a clock. */
import { afterEach, beforeEach, vi } from "vitest";
import {
  type OpenRemote,
  type ProxyLimits,
  type ReferenceServerMode,
  type RemoteSession,
  runProxy,
} from "../../src/mcp/index.ts";
import type { ExitStatus, HostKey, SessionChannel, SshConnection } from "../../src/ssh/connection.ts";
import { deferred } from "../../src/ssh/deferred.ts";
import { SshError } from "../../src/ssh/errors.ts";
import { text, utf8 } from "./cuts.ts";

/** Makes timers the test's for each test of a file; streams keep their own turns. */
export function useFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass. */
export async function pass(milliseconds: number): Promise<void> {
  await settle();
  await vi.advanceTimersByTimeAsync(milliseconds);
  await settle();
}

const asBytes = (what: string | Uint8Array): Uint8Array => (typeof what === "string" ? utf8(what) : what);

/** A readable that a test fills; nothing is read ahead. */
export class Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** Chunks that nobody has read. */
  readonly unread: Uint8Array[] = [];
  isCancelled = false;
  #end: { readonly error: Error | undefined } | undefined;
  #wake = deferred();

  constructor() {
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (this.unread.length === 0 && this.#end === undefined && !this.isCancelled) {
            this.#wake = deferred();
            await this.#wake.promise;
          }
          if (this.isCancelled) return;
          const chunk = this.unread.shift();
          if (chunk !== undefined) controller.enqueue(chunk);
          else if (this.#end?.error === undefined) controller.close();
          else controller.error(this.#end.error);
        },
        cancel: () => {
          this.isCancelled = true;
          this.#wake.resolve();
        },
      },
      { highWaterMark: 0 },
    );
  }

  push(...chunks: (string | Uint8Array)[]): void {
    this.unread.push(...chunks.map(asBytes));
    this.#wake.resolve();
  }

  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake.resolve();
  }
}

/** A writable that a test watches: it can stall, and break. */
export class Sink {
  readonly stream: WritableStream<Uint8Array>;
  readonly chunks: Uint8Array[] = [];
  isClosed = false;
  #stalled: ReturnType<typeof deferred<void>> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #isBroken = false;

  constructor(highWaterMark = 1024) {
    this.stream = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        write: async (chunk) => {
          await this.#stalled?.promise;
          if (this.#isBroken) throw new Error("EPIPE");
          this.chunks.push(chunk.slice());
        },
        close: () => {
          this.isClosed = true;
        },
      },
      { highWaterMark, size: (chunk) => chunk.length },
    );
  }

  get text(): string {
    return text(this.chunks);
  }

  get length(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  stall(): void {
    this.#stalled ??= deferred();
  }

  flow(): void {
    this.#stalled?.resolve();
    this.#stalled = undefined;
  }

  break(): void {
    this.#isBroken = true;
    this.#stalled?.resolve();
    this.#controller?.error(new Error("EPIPE"));
  }
}

/** A remote: what it hears on `stdin`, says on `stdout` and `stderr`, and how it ends. */
export class FakeRemote {
  readonly stdin: Sink;
  readonly stdout = new Source();
  readonly stderr = new Source();
  /** What was asked of the session and the connection, in order. */
  readonly calls: string[] = [];
  readonly session: SessionChannel;
  readonly connection: SshConnection;
  serverVersion = "SSH-2.0-fake";
  isShell = false;
  /** Gives another session, unless it is undefined. */
  reopen?: OpenRemote;
  /** Another session on the same connection. */
  another(): { readonly fake: FakeRemote; readonly remote: RemoteSession } {
    const fake = new FakeRemote();
    return { fake, remote: { session: fake.session, connection: this.connection } };
  }

  /** Whether the server answers our CLOSE. */
  answersClose = true;
  readonly #exited = deferred<ExitStatus | undefined>();
  readonly #closed = deferred<SshError | undefined>();

  constructor(stdin: Sink = new Sink()) {
    this.stdin = stdin;
    this.session = {
      readable: this.stdout.stream,
      writable: this.stdin.stream,
      stderr: this.stderr.stream,
      stderrDropped: 0,
      exited: this.#exited.promise,
      signal: async (name) => {
        this.calls.push(`signal ${name}`);
      },
      close: async () => {
        this.calls.push("close");
        if (this.answersClose) this.exit(undefined);
        await this.#exited.promise;
      },
    };
    const versionOf = () => this.serverVersion;
    this.connection = {
      hostKey: {} as HostKey,
      get serverVersion() {
        return versionOf();
      },
      sessionId: new Uint8Array(32),
      closed: this.#closed.promise,
      session: () => Promise.reject(new Error("not here")),
      tunnel: () => Promise.reject(new Error("not here")),
      proveHostKeys: () => Promise.reject(new Error("not here")),
      rekey: () => Promise.reject(new Error("not here")),
      close: async () => {
        this.calls.push("disconnect");
        this.#closed.resolve(undefined);
      },
    };
  }

  say(...chunks: (string | Uint8Array)[]): void {
    this.stdout.push(...chunks);
  }

  complain(...chunks: (string | Uint8Array)[]): void {
    this.stderr.push(...chunks);
  }

  /** The channel closes: EOF, exit-status or not, CLOSE. */
  exit(status: ExitStatus | undefined): void {
    this.stdout.end();
    this.stderr.end();
    this.stdin.break();
    this.#exited.resolve(status);
  }

  /** The connection breaks. */
  lose(message = "Connection reset by peer", isToldLate = false): void {
    const error = new SshError(message);
    this.stdout.end(error);
    this.stderr.end();
    this.stdin.break();
    this.#exited.resolve(undefined);
    if (!isToldLate) this.#closed.resolve(error);
  }
}

/** An attempt to connect again. */
export class Redial {
  readonly outcome = deferred<RemoteSession>();
  isAborted = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => {
      this.isAborted = true;
      this.fail(new Error("aborted"));
    });
  }

  succeed(remote: FakeRemote): void {
    this.outcome.resolve(remote);
  }

  fail(error: Error): void {
    const failed = Promise.reject(error);
    failed.catch(() => undefined); // it may have succeeded before it was given up
    this.outcome.resolve(failed as never);
  }
}

/** A proxy under test, between a host and a remote that the test plays. */
export class Stage {
  readonly host = new Source();
  readonly shown: Sink;
  readonly remote = new FakeRemote();
  /** `LEVEL text`, and `remote text`. */
  readonly log: string[] = [];
  /** Undefined until the proxy has ended. */
  code: number | undefined;
  /** What makes the dialling succeed or fail. */
  readonly dialling = deferred<FakeRemote | Error>();
  isDiallingAborted = false;
  isAbortIgnored = false;
  /** Set to hold up what is shown of the remote's. */
  showing: Promise<void> | undefined;
  readonly #stop = deferred<number>();
  readonly ended: Promise<void>;
  /** The attempts to connect again, in order. */
  readonly redials: Redial[] = [];

  constructor(
    limits: Partial<ProxyLimits> = {},
    referenceServer?: ReferenceServerMode,
    isReconnecting = false,
    shown: Sink = new Sink(),
  ) {
    this.shown = shown;
    const run = runProxy({
      ...(isReconnecting && { redial: (signal: AbortSignal) => this.#redial(signal) }),
      ...(referenceServer && { referenceServer }),
      input: this.host.stream,
      output: this.shown.stream,
      open: (signal) => this.#open(signal),
      stopped: this.#stop.promise,
      limits,
      log: {
        debug: (line) => this.log.push(`debug ${line}`),
        info: (line) => this.log.push(`info ${line}`),
        warning: (line) => this.log.push(`warning ${line}`),
        error: (line) => this.log.push(`error ${line}`),
        remote: (line) => {
          this.log.push(`remote ${line}`);
          return this.showing;
        },
      },
    });
    this.ended = run.then((code) => {
      this.code = code;
    });
  }

  /** A proxy whose connection stands. */
  static async connected(limits: Partial<ProxyLimits> = {}): Promise<Stage> {
    const stage = new Stage(limits);
    stage.connect();
    await settle();
    return stage;
  }

  /** A proxy that connects again, whose connection stands. */
  static async reconnecting(limits: Partial<ProxyLimits> = {}, referenceServer?: ReferenceServerMode): Promise<Stage> {
    const stage = new Stage(limits, referenceServer, true);
    stage.connect();
    await settle();
    return stage;
  }

  connect(): void {
    this.dialling.resolve(this.remote);
  }

  fail(error: Error): void {
    this.dialling.resolve(error);
  }

  stop(signal: number): void {
    this.#stop.resolve(signal);
  }

  /** What the host has got, a line each, without the newlines. */
  get lines(): string[] {
    const all = this.shown.text;
    if (all !== "" && !all.endsWith("\n")) throw new Error(`the host got half a line: ${all}`);
    return all.split("\n").slice(0, -1);
  }

  /** The -31001 answers that the host got. */
  get refusals(): Refusal[] {
    return this.lines.map((line) => JSON.parse(line) as Refusal).filter((line) => line.error?.code === -31001);
  }

  logged(kind: string): string[] {
    return this.log.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  }

  async #redial(signal: AbortSignal): Promise<RemoteSession> {
    const redial = new Redial(signal);
    this.redials.push(redial);
    return await redial.outcome.promise;
  }

  readonly #open: OpenRemote = async (signal) => {
    const aborted = new Promise<Error>((resolve) => {
      signal.addEventListener("abort", () => {
        this.isDiallingAborted = true;
        if (!this.isAbortIgnored) resolve(new Error("aborted"));
      });
    });
    const outcome = await Promise.race([this.dialling.promise, aborted]);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
}

export interface Refusal {
  readonly jsonrpc: string;
  readonly id: string | number;
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly data: {
      readonly source: string;
      readonly reason: string;
      readonly mayHaveRun: boolean;
      readonly stderr: readonly string[];
      readonly [more: string]: unknown;
    };
  };
}

export const request = (id: number | string, method = "tools/call"): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)}}`;

export const result = (id: number | string): string => `{"result":{},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
