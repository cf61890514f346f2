/**
 * Farewell: the remote is gone, and the host has not heard of it. What is owed is answered, and also what the host has
 * said meanwhile or is about to ask: that text is what it shows a person.
 */
import type { Conversation } from "./conversation.ts";
import type { Happening } from "./happening.ts";
import type { HostInput } from "./host-input.ts";
import type { HostOutput } from "./host-output.ts";
import { NoRoute } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import { stoppedReason } from "./messages.ts";
import type { ProxyLog } from "./proxy-log.ts";
import { describe, type RemoteEnd } from "./remote-end.ts";
import { type Occurrence, within } from "./waiting.ts";

type FarewellLimits = Pick<ProxyLimits, "firstRequestTimeout" | "initializeTimeout" | "hostQuietTimeout">;

export interface FarewellPorts {
  readonly limits: FarewellLimits;
  readonly input: HostInput;
  readonly output: HostOutput;
  readonly conversation: Conversation;
  /** The host goes, or a signal comes. */
  readonly ending: Occurrence<Happening>;
  readonly log: Pick<ProxyLog, "info" | "error">;
}

export class Farewell {
  readonly #ports: FarewellPorts;

  constructor(ports: FarewellPorts) {
    this.#ports = ports;
  }

  /** Once nothing of the host's goes anywhere any more. */
  async bid(end: RemoteEnd): Promise<void> {
    const { input, output, conversation, ending, limits } = this.#ports;
    this.#report(end);
    input.route = new NoRoute(
      () => ending.or(output.flushed()),
      (bytes) => input.giveBack(bytes),
    );
    conversation.gone(end);
    const hasAsked = await this.#untilHostSays(() => conversation.hasRequest, limits.firstRequestTimeout);
    const hasInitialized = () => !conversation.isInitializeDue;
    if (hasAsked && (await this.#untilHostSays(hasInitialized, limits.initializeTimeout))) await this.#hearOut();
  }

  /** After a signal. Who ends us mostly does not listen any more: what is owed is answered where that takes no time. */
  async excuse(signal: number): Promise<void> {
    const { output, conversation } = this.#ports;
    const isListening = await within(
      0,
      output.flushed().then(() => true),
    );
    if (isListening) conversation.giveUpForGood(stoppedReason(signal));
  }

  #report(end: RemoteEnd): void {
    const { input, conversation, log } = this.#ports;
    const isExpected = input.isEnded && !conversation.isAwaited && end.how !== "connect-failed";
    if (isExpected) log.info(describe(end));
    else log.error(describe(end));
  }

  /** Waits for a condition that the host's lines bring about; false if the host goes or a signal comes before, or time is up. */
  async #untilHostSays(isSaid: () => boolean, milliseconds: number): Promise<boolean> {
    if (isSaid()) return true;
    const said = new Promise<void>((resolve) => {
      this.#ports.input.onLine = () => {
        if (isSaid()) resolve();
      };
    });
    await within(milliseconds, this.#ports.ending.or(said));
    return isSaid();
  }

  /**
   * What the host had said when the remote went may still be in the pipe: it is read and answered, until the host is quiet.
   * In parts: a process that stood still sees its timer first and then what can be read. While the host does not read
   * its answers no time counts.
   */
  async #hearOut(): Promise<void> {
    const { input, output, ending, limits } = this.#ports;
    const { firstRequestTimeout, hostQuietTimeout } = limits;
    const part = hostQuietTimeout / 4;
    for (let quiet = 0, left = firstRequestTimeout; quiet < hostQuietTimeout && left > 0; left -= part) {
      const before = input.chunks;
      await ending.or(output.flushed());
      if ((await ending.within(part)) !== undefined) return;
      const isQuiet = input.chunks === before && !input.isInLine;
      quiet = isQuiet ? quiet + part : 0;
    }
  }
}
