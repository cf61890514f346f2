/**
 * Proxy: a host on our stdin and stdout, a remote MCP server at the other end of an SSH session, and lines between them
 * that cross byte for byte. Here is the order of things in time; what a line is, and what is owed for it, stands beside.
 */
import type { ByteSink, ByteSource } from "../ssh/connection.ts";
import { sinkOf, sourceOf } from "../ssh/web-streams.ts";
import { Conversation } from "./conversation.ts";
import { EraProbe } from "./era-probe.ts";
import { Farewell } from "./farewell.ts";
import type { Happening, Loss } from "./happening.ts";
import { HostHold } from "./host-hold.ts";
import { HostInput } from "./host-input.ts";
import { HostOutput } from "./host-output.ts";
import { type HostLine, WaitingRoute } from "./host-route.ts";
import { InputBlocks } from "./input-blocks.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import { Link, type LinkEars, type OpenRemote, type RemoteSession } from "./link.ts";
import { isShellsWord, SHELL_CURE } from "./login-shell.ts";
import { EXCESS_REASON, noAnswerReason, noFirstReplyReason, SHELL_SILENCE_CURE } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";
import type { Reconnection } from "./reconnection.ts";
import type { ReferenceRoute } from "./reference-route.ts";
import { mayBeReferenceServer, REFERENCE_CURE, type ReferenceServerMode } from "./reference-server.ts";
import { describe, exitCode, isFinal, type RemoteEnd, stalledEnd } from "./remote-end.ts";
import { RemoteLines } from "./remote-lines.ts";
import { LineShower, type ShowLine, StderrLines } from "./remote-text.ts";
import type { Replay } from "./replay.ts";
import { SendQueue } from "./send-queue.ts";
import { FirstReply, Occurrence, Silence, within } from "./waiting.ts";

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
  /** The host's lines; its end is the host's farewell. A chunk may be lent until the next is read. */
  readonly input: ReadableStream<Uint8Array> | ByteSource;
  /** Takes lines to the host. A write must be done only when its bytes are out of our hands. Never closed. */
  readonly output: WritableStream<Uint8Array> | ByteSink;
  /** Called once and at once: connecting goes on while the host's first lines are read. */
  readonly open: OpenRemote;
  /** Connects once more, after the link was lost; absent where a lost link is the end. */
  readonly redial?: OpenRemote | undefined;
  readonly log: ProxyLog;
  /** Resolves with the number of a signal that tells us to end, as in 15. */
  readonly stopped?: Promise<number>;
  readonly limits?: Partial<ProxyLimits>;
  /**
   * Whether the remote is m2m-mcp-server-ssh-server, which is mute for ever after one wrong request. `auto` (unless
   * given): where it is a shell's session on AsyncSSH, and answers `initialize` as that does.
   */
  readonly referenceServer?: ReferenceServerMode;
  /** Milliseconds of a clock that only goes forward; `performance.now` unless given. */
  readonly now?: () => number;
}

/**
 * Carries lines between host and remote until one of them ends. Resolves to the exit code when all output has left.
 * Rejects for errors of our own only.
 */
export function runProxy(options: ProxyOptions): Promise<number> {
  return new StdioProxy(options).run();
}

class StdioProxy {
  readonly #limits: ProxyLimits;
  readonly #log: ProxyLog;
  readonly #open: OpenRemote;
  readonly #redial: OpenRemote | undefined;
  readonly #now: () => number;
  readonly #input: HostInput;
  readonly #output: HostOutput;
  /** Where the host's lines wait for the connection. */
  readonly #waiting: WaitingRoute;
  readonly #queue: SendQueue;
  readonly #probe: EraProbe;
  readonly #referenceServer: ReferenceServerMode;
  /** Where the remote may be the reference server; after a loss, that which led to it. */
  #reference: ReferenceRoute | undefined;
  /** Since the first loss of a link. */
  #reconnection: Reconnection | undefined;
  readonly #conversation: Conversation;
  /** Whether the session is a shell's. */
  #isShell = false;
  readonly #shower: LineShower;
  readonly #stderr: StderrLines;
  readonly #silence: Silence;
  readonly #firstReply: FirstReply;
  readonly #hostEnded: Promise<Happening>;
  readonly #hostDeaf: Promise<Happening>;
  readonly #stopped: Promise<Happening>;
  /** Any of these three. */
  readonly #ending: Occurrence<Happening>;
  #link: Link | undefined;
  #hasWarnedOfExcess = false;
  #stopSignal: number | undefined;
  readonly #farewell: Farewell;

  constructor({ input, output, open, redial, log, limits, stopped, referenceServer = "auto", now }: ProxyOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#log = log;
    this.#open = open;
    this.#redial = redial;
    this.#now = now ?? (() => performance.now());
    this.#referenceServer = referenceServer;
    this.#shower = new LineShower((line) => log.remote(line));
    this.#stderr = new StderrLines((line) => this.#hearStderr(line));
    this.#output = new HostOutput(sinkOf(output));
    this.#conversation = new Conversation({
      answer: (line, { id }) => this.#output.write(this.#reference?.join(id.key, [line]) ?? [line]),
      stderr: () => this.#stderr.last,
    });
    const { streamBytes, probeTimeout } = this.#limits;
    this.#waiting = new WaitingRoute(streamBytes);
    const blocks = new InputBlocks();
    this.#queue = new SendQueue(streamBytes, (bytes) => blocks.giveBack(bytes));
    this.#input = new HostInput(sourceOf(input), streamBytes, this.#conversation, this.#waiting, blocks);
    this.#input.hold = new HostHold(
      this.#limits,
      () => this.#queue.taken,
      () => this.#link?.endAs(stalledEnd(this.#limits.stallTimeout)),
    );
    this.#input.onExcess = () => this.#excess();
    this.#probe = new EraProbe(probeTimeout, this.#queue, this.#conversation, () => {
      this.#input.route = this.#queue;
    });
    // Where the remote is not read because the host does not read, its silence means nothing.
    const isSilenceOver = () => this.#link?.isHearing !== true && !this.#conversation.isAwaited;
    this.#silence = new Silence(this.#limits.quietTimeout, isSilenceOver);
    this.#firstReply = new FirstReply(this.#limits.firstReplyTimeout, () => this.#lateFirstReply());
    this.#hostEnded = this.#input.ended.then(() => ({ what: "host-ended" }));
    this.#hostDeaf = this.#output.gone.then(() => ({ what: "host-deaf" }));
    this.#stopped = this.#stopBy(stopped);
    this.#ending = new Occurrence(Promise.race([this.#stopped, this.#hostDeaf, this.#hostEnded]));
    this.#farewell = new Farewell({
      limits: this.#limits,
      input: this.#input,
      output: this.#output,
      conversation: this.#conversation,
      ending: this.#ending,
    });
  }

  async run(): Promise<number> {
    const [code] = await Promise.all([this.#run(), this.#input.read()]);
    return code;
  }

  async #run(): Promise<number> {
    let last = await this.#connect(this.#open);
    while (last.what === "connected" || last.what === "link-lost") {
      last = last.what === "connected" ? await this.#serve(last.remote) : await this.#reconnect(last.end, last.lived);
    }
    this.#firstReply.stop();
    this.#probe.stop();
    this.#reference?.stop();
    this.#silence.stop();
    if (this.#stopSignal !== undefined) await this.#farewell.excuse(this.#stopSignal);
    await this.#flush();
    this.#discardInput(); // a reader that waits for room must see its input end
    this.#input.cancel();
    return exitCode({
      stopSignal: this.#stopSignal,
      remote: last.what === "remote-gone" ? last.end : undefined,
      isHostGone: this.#input.isEnded || last.what === "host-deaf",
      isUnanswered: this.#conversation.isUnanswered,
    });
  }

  /** Dials; a signal ends that at every moment, and so does a host that leaves without having said anything. */
  async #connect(open: OpenRemote): Promise<Happening> {
    const ending = Promise.race([this.#stopped, this.#hostDeaf, this.#hostLeftUnheard()]);
    const last = await this.#dial(open, new Occurrence(ending));
    if (last.what === "remote-gone") await this.#takeLeave(last.end);
    return last;
  }

  /** `ending`: what ends it. */
  async #dial(open: OpenRemote, ending: Occurrence<Happening>): Promise<Happening> {
    const abort = new AbortController();
    const opening = open(abort.signal);
    const outcome = opening.then(
      (remote): Happening => ({ what: "connected", remote }),
      (error: unknown): Happening => ({ what: "remote-gone", end: { how: "connect-failed", error } }),
    );
    const first = await ending.or(outcome);
    if (first.what === "connected" || first.what === "remote-gone") return first;
    abort.abort();
    opening.then(({ connection }) => connection.close()).catch(ignore); // it may have come too far to be stopped
    return first;
  }

  async #hostLeftUnheard(): Promise<Happening> {
    await this.#input.ended;
    const isUnheard = this.#waiting.isEmpty && this.#queue.isEmpty;
    return isUnheard ? { what: "host-left" } : new Promise(() => undefined);
  }

  /** Carries lines until something ends that, then takes leave, or makes ready for another session in its place. */
  async #serve(remote: RemoteSession): Promise<Happening> {
    const began = this.#now();
    this.#isShell = remote.isShell === true;
    await this.#routeTo(remote);
    const reconnection = this.#reconnection?.isDown ? this.#reconnection : undefined;
    const replay = reconnection?.replay();
    const link = new Link(remote, this.#ears(replay), this.#limits);
    this.#link = link;
    const remoteEnds = Promise.race([
      link.ended.then((end): Happening => ({ what: "remote-gone", end: this.#withCure(end) })),
      this.#probe.late.then((): Happening => ({ what: "probe-late" })),
    ]);
    const eofSent = this.#queue.feed(link.sink, (requests) => this.#sent(requests));
    eofSent.then(
      (isSent) => isSent && this.#silence.begin(),
      () => link.broken(),
    );
    const ends = this.#ending.or(remoteEnds);
    const obstacle = reconnection && replay && (await this.#restore(reconnection, replay, ends));
    const first = obstacle ?? (await ends);
    const last = first.what === "host-ended" ? await this.#drain(link, remoteEnds) : first;
    if (this.#isProbeToBlame(last)) return await this.#startAfresh(link, remote);
    if (last.what === "remote-gone" && this.#mayReconnect(last.end)) {
      this.#queue.pause();
      await link.hangUp();
      return { what: "link-lost", end: last.end, lived: this.#now() - began };
    }
    if (last.what === "remote-gone") await this.#takeLeave(last.end);
    if (last.what === "stopped") await this.#stop(link, remoteEnds);
    else await link.hangUp();
    const { stderrDropped } = remote.session;
    if (stderrDropped > 0)
      this.#log.warning(`${stderrDropped} bytes of the remote's stderr came too fast and were dropped`);
    return last;
  }

  /** Undefined once the new link is in use; else what stands against that. */
  async #restore(reconnection: Reconnection, replay: Replay, ends: Promise<Happening>): Promise<Happening | undefined> {
    const route = this.#reference ?? this.#queue;
    const obstacle = await reconnection.shakeHands(replay, route, ends);
    if (obstacle !== undefined) return obstacle;
    this.#stderr.forget();
    reconnection.restored(this.#reference?.isOver ? this.#queue : route, replay);
    return undefined;
  }

  async #loadReconnection(): Promise<Reconnection> {
    const { Reconnection } = await import("./reconnection.ts");
    return new Reconnection({
      limits: this.#limits,
      input: this.#input,
      queue: this.#queue,
      conversation: this.#conversation,
      toHost: (line) => this.#output.write([line]),
      heard: () => this.#ending.or(this.#output.flushed()),
      log: this.#log,
    });
  }

  #mayReconnect(end: RemoteEnd): end is Loss {
    const isOfUse =
      this.#redial !== undefined && !this.#input.isEnded && this.#conversation.memory.obstacle === undefined;
    return isOfUse && end.how === "link-lost" && !isFinal(end.error);
  }

  /** The link is lost: dials until there is another one, or one that will not do, or something ends us. */
  async #reconnect(end: Loss, lived: number): Promise<Happening> {
    this.#firstReply.stop();
    this.#reconnection ??= await this.#loadReconnection();
    const reconnection = this.#reconnection;
    const isRouteRaw = this.#reference?.isOver !== false;
    const wasInUse = !reconnection.isDown;
    reconnection.lose(end, lived, isRouteRaw);
    this.#reference?.stop();
    if (wasInUse && isRouteRaw) this.#reference = undefined;
    const dial = () => this.#dial(this.#redial ?? this.#open, this.#ending);
    const last = await reconnection.dialled(dial, this.#ending);
    if (last.what === "remote-gone") await this.#takeLeave(last.end);
    return last;
  }

  /** The host's lines take the way that this remote needs, those that waited first; after a loss the replay gives them it. */
  async #routeTo(remote: RemoteSession): Promise<void> {
    const isCertain = this.#referenceServer === "on";
    if (this.#reconnection?.isDown) {
      if (this.#reference !== undefined) this.#reference = await this.#referenceRoute(isCertain);
      return;
    }
    if (this.#input.route !== this.#waiting) return;
    const mayBeReference = isCertain || (this.#referenceServer === "auto" && mayBeReferenceServer(remote));
    if (mayBeReference) this.#reference = await this.#referenceRoute(isCertain);
    else if (remote.reopen === undefined) this.#probe.over();
    const route = this.#reference ?? (remote.reopen === undefined ? this.#queue : this.#probe);
    this.#input.route = route;
    this.#waiting.release(route);
  }

  /** Few need it: it is loaded then. */
  async #referenceRoute(isCertain: boolean): Promise<ReferenceRoute> {
    const { ReferenceRoute } = await import("./reference-route.ts");
    const options = { isCertain, limit: this.#limits.lineBytes };
    const route: ReferenceRoute = new ReferenceRoute(options, {
      queue: this.#queue,
      conversation: this.#conversation,
      forward: (chunks) => this.#output.write(chunks),
      warn: (text) => this.#log.warning(text),
      onOver: () => {
        if (this.#input.route === route) this.#input.route = this.#queue;
      },
    });
    return route;
  }

  /** A shell's status 127 is that of the last line that it took for a command. */
  #withCure(end: RemoteEnd): RemoteEnd {
    const isSilent = !this.#conversation.hasReply;
    const { obstacle } = this.#conversation.memory;
    if (end.how === "link-lost" && this.#redial !== undefined && obstacle !== undefined)
      return { ...end, cure: `it is not dialled again: ${obstacle}` };
    if (end.how === "exited" && this.#isShell) return { ...end, cure: isSilent ? SHELL_CURE : "" };
    if (end.how !== "closed" || !isSilent) return end;
    return this.#reference === undefined ? end : { ...end, cure: REFERENCE_CURE };
  }

  #hearStderr(line: string): void {
    this.#shower.show(`[remote stderr] ${line}`);
    const isMisled = this.#isShell && !this.#conversation.hasReply && isShellsWord(line);
    if (isMisled) this.#link?.endAs({ how: "login-shell" });
  }

  #sent(requests: readonly PendingRequest[]): void {
    if (!this.#conversation.hasReply) this.#firstReply.asked();
    this.#probe.sent(requests);
  }

  #isProbeToBlame(last: Happening): boolean {
    return last.what === "probe-late" || (last.what === "remote-gone" && this.#probe.isDeadly(last.end));
  }

  /** The remote did not bear the host's probe: another session on the same connection is for what the host says next. */
  async #startAfresh(link: Link, remote: RemoteSession): Promise<Happening> {
    this.#log.info("The remote MCP server did not answer server/discover: it gets a new session for what comes next");
    this.#probe.refuse();
    this.#queue.unplug();
    this.#firstReply.stop();
    await Promise.race([link.leave(), this.#stopped]);
    const next = await this.#hostGoesOn();
    const { connection, reopen } = remote;
    const again = next.what === "host-went-on" && reopen !== undefined ? await this.#connect(reopen) : next;
    const isKept = again.what === "connected" && again.remote.connection === connection;
    if (!isKept) await within(this.#limits.closeTimeout, connection.close().catch(ignore));
    return again;
  }

  /** What comes first: a line of the host's, or an end. That of the connection shows when it is to be used. */
  async #hostGoesOn(): Promise<Happening> {
    const wentOn = this.#queue.filled().then((): Happening => ({ what: "host-went-on" }));
    const next = await Promise.race([wentOn, this.#stopped, this.#hostDeaf, this.#hostEnded]);
    if (next.what !== "host-ended") return next;
    return this.#conversation.isAwaited ? { what: "host-went-on" } : { what: "host-left" };
  }

  #ears(replay: Replay | undefined): LinkEars {
    const reconnection = this.#reconnection;
    const lines = new RemoteLines(this.#limits.lineBytes, this.#conversation, {
      forward: (chunks) => this.#output.write(chunks),
      showNoise: (text) => this.#shower.show(`[remote stdout, no MCP message] ${text}`),
      warn: (text) => this.#log.warning(text),
      debug: (text) => this.#log.debug(text),
      toRemote: (line) => this.#queue.interject(ourLine(line)),
      listeners: [this.#reference, replay].filter((listener) => listener !== undefined),
      ...(reconnection && { rename: (line) => reconnection.rename(line) }),
    });
    return {
      stdout: {
        hear: (chunk) => {
          lines.push(chunk);
          if (this.#conversation.hasReply) this.#firstReply.stop();
          this.#probe.heard();
          this.#silence.sound();
          return this.#output.unflushed?.then(() => this.#silence.sound()); // the chunk is lent
        },
        end: () => lines.end(),
      },
      stderr: {
        hear: (chunk) => {
          this.#silence.sound();
          this.#stderr.push(chunk);
          return undefined;
        },
        end: () => this.#stderr.end(),
      },
    };
  }

  /** The host has said its last: its requests are still answered, within bounds. */
  async #drain(link: Link, remoteEnds: Promise<Happening>): Promise<Happening> {
    const silence = this.#silence.over.then((): Happening => ({ what: "host-left" }));
    // Many servers, the reference's among them, drop at EOF what they owe: the answers come first, then EOF goes. Half
    // of the time is left for those that answer only then.
    void within(this.#limits.drainTimeout / 2, this.#conversation.settled()).then(() => this.#queue.end());
    const any = Promise.race([remoteEnds, this.#stopped, this.#hostDeaf, silence]);
    for (let isDue = false; !isDue; isDue = !link.isHearing) {
      const first = await within(this.#limits.drainTimeout, any);
      if (first !== undefined) return first;
    }
    this.#conversation.giveUpForGood(noAnswerReason(this.#limits.drainTimeout));
    return { what: "host-left" };
  }

  /** The remote is gone. */
  async #takeLeave(end: RemoteEnd): Promise<void> {
    this.#firstReply.stop();
    this.#discardInput();
    this.#report(end);
    await this.#farewell.bid(end);
  }

  #report(end: RemoteEnd): void {
    const isExpected = this.#input.isEnded && !this.#conversation.isAwaited && end.how !== "connect-failed";
    if (isExpected) this.#log.info(describe(end));
    else this.#log.error(describe(end));
  }

  /** A signal: EOF, TERM, CLOSE and DISCONNECT, all within `stopTimeout`. */
  async #stop(link: Link, remoteEnds: Promise<Happening>): Promise<void> {
    this.#queue.end();
    await within(this.#limits.stopTimeout * 0.4, remoteEnds);
    await link.hangUp(this.#limits.stopTimeout * 0.4);
  }

  #discardInput(): void {
    this.#reconnection?.discard();
    this.#waiting.discard();
    this.#reference?.stop(); // it may hold the host back
    this.#queue.discard();
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

  /** The host asks more than can wait: what it asks next is read when it has heard that. */
  async #excess(): Promise<void> {
    if (!this.#hasWarnedOfExcess) this.#log.warning(`${EXCESS_REASON.text}: what the host asks beyond is answered so`);
    this.#hasWarnedOfExcess = true;
    await this.#ending.or(this.#output.flushed());
  }

  #lateFirstReply(): void {
    const cure = this.#reference !== undefined ? REFERENCE_CURE : this.#isShell ? SHELL_SILENCE_CURE : undefined;
    const why = noFirstReplyReason(this.#limits.firstReplyTimeout, cure);
    this.#log.warning(why.text);
    this.#conversation.giveUp(why);
  }
}

/** An answer of ours to the remote. */
function ourLine(line: Uint8Array): HostLine {
  return {
    chunks: [line],
    verdict: { isMessage: false, isTooComplex: false, envelopes: [] },
    requests: [],
    isOurs: true,
  };
}

function ignore(): void {
  // nobody is left to be told
}
