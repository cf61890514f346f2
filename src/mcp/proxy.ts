/**
 * Proxy: a host on our stdin and stdout, a remote MCP server at the other end of an SSH session, and lines between them
 * that cross byte for byte. Here is the order of things in time; what a line is, and what is owed for it, stands beside.
 */
import type { ByteSink, ByteSource } from "../ssh/connection.ts";
import { sinkOf, sourceOf } from "../ssh/web-streams.ts";
import { Conversation } from "./conversation.ts";
import { withCure } from "./cure.ts";
import { dial } from "./dial.ts";
import type { EraProbe } from "./era-probe.ts";
import { Farewell } from "./farewell.ts";
import type { Happening, Loss } from "./happening.ts";
import { HostHold } from "./host-hold.ts";
import { HostInput } from "./host-input.ts";
import { HostOutput } from "./host-output.ts";
import { WaitingRoute } from "./host-route.ts";
import { InputBlocks } from "./input-blocks.ts";
import { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
import type { Link, OpenRemote, RemoteSession } from "./link.ts";
import { EXCESS_REASON, noAnswerReason } from "./messages.ts";
import type { PendingRequest } from "./pending.ts";
import type { ProxyLog } from "./proxy-log.ts";
import type { Reconnection } from "./reconnection.ts";
import type { ReferenceServerMode } from "./reference-server.ts";
import { exitCode, isFinal, type RemoteEnd, stalledEnd } from "./remote-end.ts";
import { RemoteVoice } from "./remote-voice.ts";
import type { Replay } from "./replay.ts";
import { RouteChoice } from "./route-choice.ts";
import { SendQueue } from "./send-queue.ts";
import { Occurrence, within } from "./waiting.ts";

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
  readonly #queue: SendQueue;
  readonly #conversation: Conversation;
  readonly #routes: RouteChoice;
  readonly #probe: EraProbe;
  readonly #voice: RemoteVoice;
  readonly #farewell: Farewell;
  readonly #loadReconnection: () => Promise<Reconnection>;
  /** Since the first loss of a link. */
  #reconnection: Reconnection | undefined;
  readonly #hostEnded: Promise<Happening>;
  readonly #hostDeaf: Promise<Happening>;
  readonly #stopped: Promise<Happening>;
  /** Any of these three. */
  readonly #ending: Occurrence<Happening>;
  #hasWarnedOfExcess = false;
  #stopSignal: number | undefined;

  constructor(options: ProxyOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { open, redial, log, stopped, referenceServer = "auto", now = () => performance.now() } = options;
    this.#limits = limits;
    this.#log = log;
    this.#open = open;
    this.#redial = redial;
    this.#now = now;
    const output = new HostOutput(sinkOf(options.output));
    const conversation = new Conversation({
      answer: (line, { id }) => output.write(this.#routes.reference?.join(id.key, [line]) ?? [line]),
      stderr: () => this.#voice.lastWords,
    });
    const waiting = new WaitingRoute(limits.streamBytes);
    const blocks = new InputBlocks();
    const queue = new SendQueue(limits.streamBytes, (bytes) => blocks.giveBack(bytes));
    const input = new HostInput(sourceOf(options.input), limits.streamBytes, conversation, waiting, blocks);
    input.hold = new HostHold(limits, queue, () => this.#voice.link?.endAs(stalledEnd(limits.stallTimeout)));
    input.onExcess = () => this.#excess();
    this.#hostEnded = input.ended.then(() => ({ what: "host-ended" }));
    this.#hostDeaf = output.gone.then(() => ({ what: "host-deaf" }));
    this.#stopped = this.#stopBy(stopped);
    this.#ending = new Occurrence(Promise.race([this.#stopped, this.#hostDeaf, this.#hostEnded]));
    const rooms = { limits, input, output, queue, conversation, log, ending: this.#ending };
    this.#input = input;
    this.#output = output;
    this.#queue = queue;
    this.#conversation = conversation;
    this.#routes = new RouteChoice({ ...rooms, referenceServer, waiting });
    this.#probe = this.#routes.probe;
    this.#voice = new RemoteVoice({ ...rooms, routes: this.#routes });
    this.#farewell = new Farewell(rooms);
    this.#loadReconnection = async () => new (await import("./reconnection.ts")).Reconnection(rooms);
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
    this.#voice.stop();
    this.#routes.stop();
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
    const last = await dial(open, new Occurrence(ending));
    if (last.what === "remote-gone") await this.#takeLeave(last.end);
    return last;
  }

  async #hostLeftUnheard(): Promise<Happening> {
    await this.#input.ended;
    return this.#routes.isEmpty ? { what: "host-left" } : new Promise(() => undefined);
  }

  /** Carries lines until something ends that, then takes leave, or makes ready for another session in its place. */
  async #serve(remote: RemoteSession): Promise<Happening> {
    const began = this.#now();
    const reconnection = this.#reconnection?.isDown ? this.#reconnection : undefined;
    await (reconnection ? this.#routes.renew() : this.#routes.choose(remote));
    const replay = reconnection?.replay();
    const link = this.#voice.listen(remote, replay, reconnection);
    const remoteEnds = Promise.race([
      link.ended.then((end): Happening => ({ what: "remote-gone", end: this.#withCure(end) })),
      this.#probe.late.then((): Happening => ({ what: "probe-late" })),
    ]);
    const eofSent = this.#queue.feed(link.sink, (requests) => this.#sent(requests));
    eofSent.then(
      (isSent) => isSent && this.#voice.silence.begin(),
      () => link.broken(),
    );
    const ends = this.#ending.or(remoteEnds);
    const obstacle = reconnection && replay && (await this.#restore(reconnection, replay, ends));
    const first = obstacle ?? (await ends);
    const last = first.what === "host-ended" ? await this.#drain(link, remoteEnds) : first;
    if (this.#isProbeToBlame(last)) return await this.#startAfresh(link, remote);
    if (last.what === "remote-gone" && this.#mayReconnect(last.end)) {
      this.#queue.pause();
      link.stopHearing(); // it may stand, and the host may have still to read what it said
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
    const obstacle = await reconnection.shakeHands(replay, this.#routes.current, ends);
    if (obstacle !== undefined) return obstacle;
    this.#voice.forget();
    reconnection.restored(this.#routes.current, replay);
    return undefined;
  }

  #mayReconnect(end: RemoteEnd): end is Loss {
    const isOfUse =
      this.#redial !== undefined && !this.#input.isEnded && this.#conversation.memory.obstacle === undefined;
    return isOfUse && end.how === "link-lost" && !isFinal(end.error);
  }

  /** The link is lost: dials until there is another one, or one that will not do, or something ends us. */
  async #reconnect(end: Loss, lived: number): Promise<Happening> {
    this.#voice.firstReply.stop();
    this.#reconnection ??= await this.#loadReconnection();
    this.#reconnection.lose(end, lived, this.#routes.isRaw);
    this.#routes.lost();
    const last = await this.#reconnection.dialled(this.#redial ?? this.#open);
    if (last.what === "remote-gone") await this.#takeLeave(last.end);
    return last;
  }

  #withCure(end: RemoteEnd): RemoteEnd {
    const obstacle = this.#redial && this.#conversation.memory.obstacle;
    return withCure(end, this.#voice.known, obstacle);
  }

  #sent(requests: readonly PendingRequest[]): void {
    if (!this.#conversation.hasReply) this.#voice.firstReply.asked();
    this.#probe.sent(requests);
  }

  #isProbeToBlame(last: Happening): boolean {
    return last.what === "probe-late" || (last.what === "remote-gone" && this.#probe.isDeadly(last.end));
  }

  /** The remote did not bear the host's probe: another session on the same connection is for what the host says next. */
  async #startAfresh(link: Link, remote: RemoteSession): Promise<Happening> {
    this.#log.info("The remote MCP server did not answer server/discover: it gets a new session for what comes next");
    this.#probe.refuse();
    this.#voice.firstReply.stop();
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

  /** The host has said its last: its requests are still answered, within bounds. */
  async #drain(link: Link, remoteEnds: Promise<Happening>): Promise<Happening> {
    const silence = this.#voice.silence.over.then((): Happening => ({ what: "host-left" }));
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
    this.#voice.firstReply.stop();
    this.#discardInput();
    await this.#farewell.bid(end);
  }

  /** A signal: EOF, TERM, CLOSE and DISCONNECT, all within `stopTimeout`. */
  async #stop(link: Link, remoteEnds: Promise<Happening>): Promise<void> {
    this.#queue.end();
    await within(this.#limits.stopTimeout * 0.4, remoteEnds);
    await link.hangUp(this.#limits.stopTimeout * 0.4);
  }

  #discardInput(): void {
    this.#reconnection?.discard();
    this.#routes.discard();
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
    await within(this.#limits.stopTimeout * 0.1, this.#voice.shown());
  }

  /** The host asks more than can wait: what it asks next is read when it has heard that. */
  async #excess(): Promise<void> {
    if (!this.#hasWarnedOfExcess) this.#log.warning(`${EXCESS_REASON.text}: what the host asks beyond is answered so`);
    this.#hasWarnedOfExcess = true;
    await this.#ending.or(this.#output.flushed());
  }
}

function ignore(): void {
  // nobody is left to be told
}
