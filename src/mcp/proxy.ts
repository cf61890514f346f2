/**
 * Proxy: a host on our stdin and stdout, a remote MCP server at the other end of an SSH session, and lines between them
 * that cross byte for byte. Here is the order of things in time; what a line is, and what is owed for it, stands beside.
 */
import { Conversation } from "./conversation.ts";
import { FirstReply } from "./first-reply.ts";
import { HostInput } from "./host-input.ts";
import { HostOutput } from "./host-output.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import { Link, type LinkEars, type OpenRemote, type RemoteSession } from "./link.ts";
import type { Reason } from "./messages.ts";
import { describe, exitCode, type RemoteEnd } from "./remote-end.ts";
import { RemoteLines } from "./remote-lines.ts";
import { LineShower, type ShowLine, StderrLines } from "./remote-text.ts";
import { SendQueue } from "./send-queue.ts";
import { Silence, within } from "./waiting.ts";

/** Where the proxy says what it does. All texts are printable; none holds what a message says. */
export interface ProxyLog {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  /** Shows a line of the remote's own, marked. Must not block: lines wait for its promise, 64 KiB of them at most. */
  readonly remote: ShowLine;
}

export interface ProxyOptions {
  /** The host's lines; its end is the host's farewell. */
  readonly input: ReadableStream<Uint8Array>;
  /** Takes lines to the host. A write must resolve only when its bytes are out of our hands. Never closed. */
  readonly output: WritableStream<Uint8Array>;
  /** Called once and at once: connecting goes on while the host's first lines are read. */
  readonly open: OpenRemote;
  readonly log: ProxyLog;
  /** Resolves with the number of a signal that tells us to end, as in 15. */
  readonly stopped?: Promise<number>;
  readonly limits?: Partial<ProxyLimits>;
}

/**
 * Carries lines between host and remote until one of them ends. Resolves to the exit code when all output has left.
 * Rejects for errors of our own only.
 */
export function runProxy(options: ProxyOptions): Promise<number> {
  return new StdioProxy(options).run();
}

/** What ends a phase. */
type Happening =
  | { readonly what: "connected"; readonly remote: RemoteSession }
  | { readonly what: "remote-gone"; readonly end: RemoteEnd }
  /** The host's EOF came, and what it said is in the queue. */
  | { readonly what: "host-ended" }
  /** The host's EOF came, and nothing is left to do for it. */
  | { readonly what: "host-left" }
  /** The host does not read any more. */
  | { readonly what: "host-deaf" }
  | { readonly what: "stopped" };

class StdioProxy {
  readonly #limits: ProxyLimits;
  readonly #log: ProxyLog;
  readonly #open: OpenRemote;
  readonly #input: HostInput;
  readonly #output: HostOutput;
  readonly #queue: SendQueue;
  readonly #conversation: Conversation;
  readonly #shower: LineShower;
  readonly #stderr: StderrLines;
  readonly #silence: Silence;
  readonly #firstReply: FirstReply;
  readonly #hostEnded: Promise<Happening>;
  readonly #hostDeaf: Promise<Happening>;
  readonly #stopped: Promise<Happening>;
  /** Whether the remote is not read because the host does not read: its silence then means nothing. */
  #isHostSlow = false;
  #stopSignal: number | undefined;

  constructor({ input, output, open, log, limits, stopped }: ProxyOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#log = log;
    this.#open = open;
    this.#shower = new LineShower((line) => log.remote(line));
    this.#stderr = new StderrLines((line) => this.#shower.show(`[remote stderr] ${line}`));
    this.#output = new HostOutput(output);
    this.#conversation = new Conversation({
      answer: (line) => this.#output.write([line]),
      stderr: () => this.#stderr.last,
    });
    this.#queue = new SendQueue(this.#limits.streamBytes);
    this.#input = new HostInput(input, this.#limits.streamBytes, this.#conversation, this.#queue);
    this.#silence = new Silence(this.#limits.quietTimeout, () => !this.#isHostSlow && !this.#conversation.isAwaited);
    this.#firstReply = new FirstReply(this.#limits.firstReplyTimeout, () => this.#lateFirstReply());
    this.#hostEnded = this.#input.ended.then(() => ({ what: "host-ended" }));
    this.#hostDeaf = this.#output.gone.then(() => ({ what: "host-deaf" }));
    this.#stopped = this.#stopBy(stopped);
  }

  async run(): Promise<number> {
    const [code] = await Promise.all([this.#run(), this.#input.read()]);
    return code;
  }

  async #run(): Promise<number> {
    const connected = await this.#connect();
    const last = connected.what === "connected" ? await this.#serve(connected.remote) : connected;
    this.#firstReply.stop();
    this.#silence.stop();
    await this.#flush();
    this.#queue.discard(); // a reader that waits for room must see its input end
    this.#input.cancel();
    return exitCode({
      stopSignal: this.#stopSignal,
      remote: last.what === "remote-gone" ? last.end : undefined,
      isHostGone: this.#input.isEnded || last.what === "host-deaf",
      isUnanswered: this.#conversation.isUnanswered,
    });
  }

  /** Dials; a signal ends that at every moment, and so does a host that leaves without having said anything. */
  async #connect(): Promise<Happening> {
    const abort = new AbortController();
    const opening = this.#open(abort.signal);
    const outcome = opening.then(
      (remote): Happening => ({ what: "connected", remote }),
      (error: unknown): Happening => ({ what: "remote-gone", end: { how: "connect-failed", error } }),
    );
    const first = await Promise.race([outcome, this.#stopped, this.#hostDeaf, this.#hostLeftUnheard()]);
    if (first.what === "remote-gone") await this.#farewell(first.end);
    if (first.what === "connected" || first.what === "remote-gone") return first;
    abort.abort();
    opening.then(({ connection }) => connection.close()).catch(ignore); // it may have come too far to be stopped
    return first;
  }

  async #hostLeftUnheard(): Promise<Happening> {
    await this.#input.ended;
    return this.#queue.isEmpty ? { what: "host-left" } : new Promise(() => undefined);
  }

  /** Carries lines until something ends that, then takes leave. */
  async #serve(remote: RemoteSession): Promise<Happening> {
    const link = new Link(remote, this.#ears(), this.#limits);
    const remoteGone = link.ended.then((end): Happening => ({ what: "remote-gone", end }));
    const eofSent = this.#queue.feed(link.writable, () => this.#firstReply.asked());
    eofSent.then(
      () => this.#silence.begin(),
      () => link.broken(),
    );
    const first = await Promise.race([remoteGone, this.#stopped, this.#hostDeaf, this.#hostEnded]);
    const last = first.what === "host-ended" ? await this.#drain(remoteGone) : first;
    if (last.what === "remote-gone") await this.#farewell(last.end);
    if (last.what === "stopped") await this.#stop(link, remoteGone);
    else await link.hangUp();
    const { stderrDropped } = remote.session;
    if (stderrDropped > 0)
      this.#log.warning(`${stderrDropped} bytes of the remote's stderr came too fast and were dropped`);
    return last;
  }

  #ears(): LinkEars {
    const lines = new RemoteLines(this.#limits.lineBytes, this.#conversation, {
      forward: (chunks) => this.#output.write(chunks),
      showNoise: (text) => this.#shower.show(`[remote stdout, no MCP message] ${text}`),
      warn: (text) => this.#log.warning(text),
      debug: (text) => this.#log.debug(text),
    });
    return {
      stdout: {
        hear: async (chunk) => {
          lines.push(chunk);
          if (this.#conversation.hasReply) this.#firstReply.answered();
          this.#isHostSlow = true;
          await this.#output.room();
          this.#isHostSlow = false;
          this.#silence.sound();
        },
        end: () => lines.end(),
      },
      stderr: {
        hear: (chunk) => {
          this.#silence.sound();
          this.#stderr.push(chunk);
        },
        end: () => this.#stderr.end(),
      },
    };
  }

  /** The host has said its last: its requests are still answered, within bounds. */
  async #drain(remoteGone: Promise<Happening>): Promise<Happening> {
    const silence = this.#silence.over.then((): Happening => ({ what: "host-left" }));
    // Many servers, the reference's among them, drop at EOF what they owe: the answers come first, then EOF goes. Half
    // of the time is left for those that answer only then.
    void within(this.#limits.drainTimeout / 2, this.#conversation.settled()).then(() => this.#queue.end());
    const any = Promise.race([remoteGone, this.#stopped, this.#hostDeaf, silence]);
    for (let isDue = false; !isDue; isDue = !this.#isHostSlow) {
      const first = await within(this.#limits.drainTimeout, any);
      if (first !== undefined) return first;
    }
    this.#conversation.giveUpForGood(noAnswer(this.#limits.drainTimeout));
    return { what: "host-left" };
  }

  /** The remote is gone: what is owed is answered, and for a moment also what the host is about to ask. */
  async #farewell(end: RemoteEnd): Promise<void> {
    this.#firstReply.stop();
    this.#queue.discard();
    this.#report(end);
    this.#conversation.gone(end);
    const hasAsked = () => this.#conversation.hasRequest && !this.#input.isInLine;
    await this.#untilHostSays(hasAsked, this.#limits.firstRequestTimeout);
    const hasInitialized = () => !this.#conversation.isInitializeDue;
    await this.#untilHostSays(hasInitialized, this.#limits.initializeTimeout);
  }

  #report(end: RemoteEnd): void {
    const isExpected = this.#input.isEnded && !this.#conversation.isAwaited && end.how !== "connect-failed";
    if (isExpected) this.#log.info(describe(end));
    else this.#log.error(describe(end));
  }

  /** Waits for a condition that the host's lines bring about, unless the host is gone or a signal comes. */
  async #untilHostSays(isSaid: () => boolean, milliseconds: number): Promise<void> {
    if (isSaid()) return;
    const said = new Promise<void>((resolve) => {
      this.#input.onLine = () => {
        if (isSaid()) resolve();
      };
    });
    await within(milliseconds, Promise.race([said, this.#hostEnded, this.#hostDeaf, this.#stopped]));
  }

  /** A signal: EOF, TERM, CLOSE and DISCONNECT, all within `stopTimeout`. */
  async #stop(link: Link, remoteGone: Promise<Happening>): Promise<void> {
    this.#queue.end();
    await within(this.#limits.stopTimeout * 0.4, remoteGone);
    await link.hangUp(this.#limits.stopTimeout * 0.4);
  }

  #stopBy(stopped: Promise<number> = new Promise(() => undefined)): Promise<Happening> {
    return stopped.then((signal) => {
      this.#stopSignal = signal;
      return { what: "stopped" };
    });
  }

  /** Waits until the host has all that we wrote, however slow it is; only a signal bounds that. */
  async #flush(): Promise<void> {
    const flushed = Promise.race([this.#output.flushed(), this.#output.gone]);
    await Promise.race([flushed, this.#stopped]);
    await within(this.#limits.stopTimeout * 0.1, flushed);
    await within(this.#limits.stopTimeout * 0.1, this.#shower.idle());
  }

  #lateFirstReply(): void {
    const why = noFirstReply(this.#limits.firstReplyTimeout);
    this.#log.warning(why.text);
    this.#conversation.giveUp(why);
  }
}

function noFirstReply(milliseconds: number): Reason {
  const text =
    `The remote MCP server has not answered the first request within ${milliseconds / 1000} s. Check that what runs ` +
    "there is an MCP server on stdin and stdout, that it is not still being downloaded, and that it does not wait for input";
  return { reason: "no-first-reply", text };
}

function noAnswer(milliseconds: number): Reason {
  const text = `The remote MCP server gave no answer within ${milliseconds / 1000} s of the end of the input`;
  return { reason: "no-answer", text };
}

function ignore(): void {
  // nobody is left to be told
}
