/**
 * SSH client transport: the MCP SDK's `Transport` over an SSH session, for programs that use an SDK's `Client`. It
 * parses, since the SDK wants objects; the command never goes through it. No reconnecting: the handshake is `Client`'s.
 */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { printable } from "../ssh/printable.ts";
import { HeldBytes, joined } from "./held-bytes.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import { Link, type OpenRemote, type RemoteSession } from "./link.ts";
import { MESSAGE_START } from "./noise.ts";
import { describe, type RemoteEnd } from "./remote-end.ts";
import { type Deferred, deferred, within } from "./waiting.ts";

export interface SshClientTransportOptions {
  /** Connects and opens the session; rejects when `signal` aborts. Called once, by `start`. */
  readonly open: OpenRemote;
  /** `exitTimeout`: how long `close` waits for the server to end after EOF. */
  readonly limits?: Partial<Pick<ProxyLimits, "exitTimeout" | "closeTimeout">>;
}

const NEWLINE = 0x0a;

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
  readonly #limits: Pick<ProxyLimits, "exitTimeout" | "closeTimeout">;
  readonly #abort = new AbortController();
  readonly #stderrSource: Deferred<ReadableStream<Uint8Array> | undefined> = deferred();
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #link: Link | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #isOver = false;

  constructor({ open, limits }: SshClientTransportOptions) {
    this.#open = open;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.stderr = lazily(this.#stderrSource.promise);
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
    if (this.#writer === undefined || this.#isOver || this.#closing !== undefined) throw new Error("Not connected");
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** Sends EOF, waits for the server to end, closes. Safe at every moment, and more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    try {
      const remote = await this.#open(this.#abort.signal);
      if (this.#abort.signal.aborted) await remote.connection.close();
      else this.#attach(remote);
    } catch (error) {
      this.#stderrSource.resolve(undefined);
      throw error;
    }
    if (this.#abort.signal.aborted) throw new Error("SshClientTransport was closed while it connected");
  }

  #attach(remote: RemoteSession): void {
    this.#stderrSource.resolve(remote.session.stderr);
    const lines = new MessageLines((text) => this.#take(text));
    const link = new Link(
      remote,
      { stdout: { hear: (chunk) => lines.push(chunk), end: () => lines.end() } },
      this.#limits,
    );
    this.#link = link;
    this.#writer = remote.session.writable.getWriter();
    this.#writer.closed.catch(() => link.broken());
    void link.ended.then((end) => this.#remoteGone(end, link));
  }

  async #remoteGone(end: RemoteEnd, link: Link): Promise<void> {
    if (this.#closing !== undefined) return;
    const isClean = end.how === "exited" && end.status === 0;
    if (!isClean) this.onerror?.(new Error(describe(end)));
    await link.hangUp();
    this.#over();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await this.#starting?.catch(ignore);
    this.#stderrSource.resolve(undefined);
    if (this.#link !== undefined) {
      this.#writer?.close().catch(ignore);
      await within(this.#limits.exitTimeout, this.#link.ended);
      await this.#link.hangUp();
    }
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onclose?.();
  }

  /** One line: a message, a batch of them, noise, or noise before a message. */
  #take(line: string): void {
    const messages = messagesOf(line) ?? this.#behindPrompt(line);
    for (const message of messages) this.#deliver(message);
  }

  #deliver(message: JsonRpc): void {
    try {
      this.onmessage?.(message);
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #behindPrompt(line: string): readonly JsonRpc[] {
    const start = line.indexOf(MESSAGE_START);
    const messages = start > 0 ? messagesOf(line.slice(start)) : undefined;
    const noise = messages === undefined ? line : line.slice(0, start);
    this.onerror?.(new Error(`the remote wrote to its stdout what is no MCP message: ${printable(noise)}`));
    return messages ?? [];
  }
}

type JsonRpc = Parameters<NonNullable<Transport["onmessage"]>>[0];

/** The messages of a line; undefined where it is none. */
function messagesOf(line: string): readonly JsonRpc[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const members: readonly unknown[] = Array.isArray(value) ? value : [value];
    return members.length > 0 && members.every(isJsonRpc) ? members : undefined;
  } catch {
    return undefined;
  }
}

/** The rest of a message's shape is for the SDK to judge. */
function isJsonRpc(value: unknown): value is JsonRpc {
  return typeof value === "object" && value !== null && "jsonrpc" in value && value.jsonrpc === "2.0";
}

/** Splits bytes into lines of text, of any length. */
class MessageLines {
  readonly #take: (line: string) => void;
  readonly #held = new HeldBytes();

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, from)) {
      this.#held.add(chunk.subarray(from, newline));
      this.#give();
      from = newline + 1;
    }
    if (from < chunk.length) this.#held.add(chunk.subarray(from));
  }

  /** What stands behind the last newline is a line too. */
  end(): void {
    if (this.#held.length > 0) this.#give();
  }

  #give(): void {
    this.#take(new TextDecoder().decode(joined(this.#held.take())));
  }
}

/** A stream that is read only when it is read from. */
function lazily(source: Promise<ReadableStream<Uint8Array> | undefined>): ReadableStream<Uint8Array> {
  const reader = source.then((stream) => stream?.getReader());
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await (await reader)?.read();
        if (next?.value === undefined) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel(reason) {
        await (await reader)?.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function ignore(): void {
  // it has failed or ended already
}
