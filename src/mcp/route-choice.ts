/**
 * Route choice: which way the host's lines take to the remote. Straight to the queue; by the era probe, where a session can
 * be had in its place; or as the reference server needs them. They wait until that is known.
 */
import type { Conversation } from "./conversation.ts";
import { EraProbe } from "./era-probe.ts";
import type { HostInput } from "./host-input.ts";
import type { HostOutput } from "./host-output.ts";
import type { HostRoute, WaitingRoute } from "./host-route.ts";
import type { ProxyLimits } from "./limits.ts";
import type { RemoteSession } from "./link.ts";
import type { ProxyLog } from "./proxy-log.ts";
import type { ReferenceRoute } from "./reference-route.ts";
import { mayBeReferenceServer, type ReferenceServerMode } from "./reference-server.ts";
import type { SendQueue } from "./send-queue.ts";

export interface RouteChoicePorts {
  readonly limits: Pick<ProxyLimits, "lineBytes" | "probeTimeout">;
  readonly referenceServer: ReferenceServerMode;
  readonly input: HostInput;
  /** The input's route until there is a remote. */
  readonly waiting: WaitingRoute;
  /** Where every way ends. */
  readonly queue: SendQueue;
  readonly conversation: Conversation;
  readonly output: HostOutput;
  readonly log: Pick<ProxyLog, "warning">;
}

export class RouteChoice {
  readonly probe: EraProbe;
  readonly #ports: RouteChoicePorts;
  #reference: ReferenceRoute | undefined;

  constructor(ports: RouteChoicePorts) {
    const { limits, input, queue, conversation } = ports;
    this.#ports = ports;
    this.probe = new EraProbe(limits.probeTimeout, queue, conversation, () => {
      input.route = queue;
    });
  }

  /** The way to what may be the reference server; while the link is lost, the one that led to it. */
  get reference(): ReferenceRoute | undefined {
    return this.#reference;
  }

  /** The way of the host's lines and of a replay's, once there is no probe. */
  get current(): HostRoute {
    return this.#reference === undefined || this.#reference.isOver ? this.#ports.queue : this.#reference;
  }

  /** Whether what the queue holds are the host's own lines. */
  get isRaw(): boolean {
    return this.current === this.#ports.queue;
  }

  /** Whether nothing of the host's waits to be sent. */
  get isEmpty(): boolean {
    return this.#ports.waiting.isEmpty && this.#ports.queue.isEmpty;
  }

  /** A remote is there: the host's lines go to it, those that waited first. A session after the probe's keeps the way. */
  async choose(remote: RemoteSession): Promise<void> {
    const { input, waiting, queue, referenceServer } = this.#ports;
    if (input.route !== waiting) return;
    const mayBeReference = referenceServer === "on" || (referenceServer === "auto" && mayBeReferenceServer(remote));
    if (mayBeReference) this.#reference = await this.#referenceRoute();
    const route = this.#reference ?? (remote.reopen === undefined ? queue : this.probe);
    input.route = route; // and in the same turn what waited goes before what comes
    waiting.release(route);
    if (route === queue) this.probe.over();
  }

  /** Another link stands in the place of one that was lost; the host's lines still wait. */
  async renew(): Promise<void> {
    if (this.#reference !== undefined) this.#reference = await this.#referenceRoute();
  }

  /** The link is lost, and the queue's lines were taken back. */
  lost(): void {
    this.#reference?.stop();
    if (this.isRaw) this.#reference = undefined;
  }

  /** Leaves no timer. */
  stop(): void {
    this.probe.stop();
    this.#reference?.stop();
  }

  /** Drops what waits and what comes. */
  discard(): void {
    const { waiting, queue } = this.#ports;
    waiting.discard();
    this.#reference?.stop(); // it may hold the host back
    queue.discard();
  }

  /** Few need it: it is loaded then. */
  async #referenceRoute(): Promise<ReferenceRoute> {
    const { ReferenceRoute } = await import("./reference-route.ts");
    const { limits, referenceServer, input, queue, conversation, output, log } = this.#ports;
    const options = { isCertain: referenceServer === "on", limit: limits.lineBytes };
    const route: ReferenceRoute = new ReferenceRoute(options, {
      queue,
      conversation,
      forward: (chunks) => output.write(chunks),
      warn: (text) => log.warning(text),
      onOver: () => {
        if (input.route === route) input.route = queue;
      },
    });
    return route;
  }
}
