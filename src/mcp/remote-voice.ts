/**
 * Remote voice: what the remote says, on its way to the host and to a person, and for how long it says nothing.
 */
import type { Conversation } from "./conversation.ts";
import { type Known, silenceCure } from "./cure.ts";
import type { HostOutput } from "./host-output.ts";
import { NO_MESSAGE } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import { Link, type LinkEar, type RemoteSession } from "./link.ts";
import { isShellsWord } from "./login-shell.ts";
import { noFirstReplyReason } from "./messages.ts";
import type { ProxyLog } from "./proxy-log.ts";
import type { Reconnection } from "./reconnection.ts";
import { RemoteLines, type RemoteListener } from "./remote-lines.ts";
import { LineShower, StderrLines } from "./remote-text.ts";
import type { RouteChoice } from "./route-choice.ts";
import type { SendQueue } from "./send-queue.ts";
import { FirstReply, Silence } from "./waiting.ts";

export interface RemoteVoicePorts {
  readonly limits: ProxyLimits;
  readonly queue: SendQueue;
  readonly routes: RouteChoice;
  readonly conversation: Conversation;
  readonly output: HostOutput;
  readonly log: ProxyLog;
}

export class RemoteVoice {
  /** Of all that it says, from our EOF on. */
  readonly silence: Silence;
  readonly firstReply: FirstReply;
  readonly #ports: RemoteVoicePorts;
  readonly #shower: LineShower;
  readonly #stderr = new StderrLines((line) => this.#hearStderr(line));
  #link: Link | undefined;
  #isShell = false;

  constructor(ports: RemoteVoicePorts) {
    const { limits, conversation, log } = ports;
    this.#ports = ports;
    this.#shower = new LineShower((line) => log.remote(line));
    // Where the remote is not read because the host does not read, its silence means nothing.
    const isOver = () => this.#link?.isHearing !== true && !conversation.isAwaited;
    this.silence = new Silence(limits.quietTimeout, isOver);
    this.firstReply = new FirstReply(limits.firstReplyTimeout, () => this.#lateFirstReply());
  }

  /** The last lines of its stderr, printable. */
  get lastWords(): readonly string[] {
    return this.#stderr.last;
  }

  /** The link that was listened to last. */
  get link(): Link | undefined {
    return this.#link;
  }

  get known(): Known {
    const { routes, conversation } = this.#ports;
    return {
      isShell: this.#isShell,
      mayBeReference: routes.reference !== undefined,
      hasReply: conversation.hasReply,
    };
  }

  /** Hears a session from its first moment. The others: where it stands in the place of a lost one. */
  listen(remote: RemoteSession, replay?: RemoteListener, reconnection?: Pick<Reconnection, "rename">): Link {
    this.#isShell = remote.isShell === true;
    const stderr: LinkEar = {
      hear: (chunk) => {
        this.silence.sound();
        this.#stderr.push(chunk);
        return undefined;
      },
      end: () => this.#stderr.end(),
    };
    this.#link = new Link(remote, { stdout: this.#stdout(replay, reconnection), stderr }, this.#ports.limits);
    return this.#link;
  }

  /** Another server is in use: what the one before said last says nothing of it. */
  forget(): void {
    this.#stderr.forget();
  }

  /** Leaves no timer. */
  stop(): void {
    this.silence.stop();
    this.firstReply.stop();
  }

  /** Resolves when a person has been shown all. */
  shown(): Promise<void> {
    return this.#shower.idle();
  }

  #stdout(replay?: RemoteListener, reconnection?: Pick<Reconnection, "rename">): LinkEar {
    const { limits, queue, routes, conversation, output, log } = this.#ports;
    const lines = new RemoteLines(limits.lineBytes, conversation, {
      forward: (chunks) => output.write(chunks),
      showNoise: (text) => this.#shower.show(`[remote stdout, no MCP message] ${text}`),
      warn: (text) => log.warning(text),
      debug: (text) => log.debug(text),
      toRemote: (line) => queue.interject({ chunks: [line], verdict: NO_MESSAGE, requests: [], isOurs: true }),
      listeners: [routes.reference, replay].filter((listener) => listener !== undefined),
      ...(reconnection && { rename: (line) => reconnection.rename(line) }),
    });
    return {
      hear: (chunk) => {
        lines.push(chunk);
        if (conversation.hasReply) this.firstReply.stop();
        routes.probe.heard();
        this.silence.sound();
        return output.unflushed?.then(() => this.silence.sound()); // the chunk is lent
      },
      end: () => lines.end(),
    };
  }

  #hearStderr(line: string): void {
    this.#shower.show(`[remote stderr] ${line}`);
    const isMisled = this.#isShell && !this.#ports.conversation.hasReply && isShellsWord(line);
    if (isMisled) this.#link?.endAs({ how: "login-shell" });
  }

  #lateFirstReply(): void {
    const { limits, conversation, log } = this.#ports;
    if (this.#link?.isHearing === true) {
      this.firstReply.asked(); // it may be there, and the host is what is slow
      return;
    }
    const why = noFirstReplyReason(limits.firstReplyTimeout, silenceCure(this.known));
    log.warning(why.text);
    conversation.giveUp(why);
  }
}
