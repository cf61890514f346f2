/**
 * Client rig: the sans-I/O client and a scripted peer, coupled in memory. It moves bytes until both are quiet, keeps
 * what happened, and gives the client the verdicts and signatures that it asks for unless a test keeps them back.
 */

import { type ClientEvent, type ClientOptions, SshClient } from "../../src/ssh/client.ts";
import { ProtocolError, type SshError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { table } from "../../src/ssh/table.ts";
import { PeerKey, seededBytes } from "./peer-crypto.ts";
import { type Script, ScriptedPeer } from "./scripted-peer.ts";

export interface RigOptions extends Script {
  readonly client?: Partial<ClientOptions>;
  readonly keys?: readonly PeerKey[];
  /** Keeps back the verdict on the host key. */
  readonly holdsVerdict?: boolean;
  /** Keeps back signatures. */
  readonly holdsSignature?: boolean;
  /** Does not consume channel data. */
  readonly holdsData?: boolean;
  /** How bytes are cut on their way to the client; whole unless given. */
  readonly cut?: (bytes: Uint8Array) => readonly Uint8Array[];
}

export class ClientRig {
  readonly client: SshClient;
  readonly peer: ScriptedPeer;
  readonly events: ClientEvent[] = [];
  readonly #options: RigOptions;
  readonly #keys: readonly PeerKey[];

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.#keys = options.keys ?? [new PeerKey("the user")];
    this.peer = new ScriptedPeer(options);
    const randomBytes = seededBytes("client");
    this.client = new SshClient({ user: "mcp", keys: this.#keys, randomBytes, table, ...options.client });
  }

  /** Moves bytes both ways until nothing moves. */
  run(): this {
    for (;;) {
      this.#drain();
      const toPeer = this.client.takeOutput();
      if (toPeer.length > 0) this.peer.receive(toPeer);
      const toClient = this.peer.takeOutput();
      if (toClient.length > 0) this.#feed(toClient);
      if (toPeer.length + toClient.length === 0) break;
    }
    if (this.peer.violations.length > 0) throw new Error(this.peer.violations.join("; "));
    return this;
  }

  /** The server greets, and everything goes its way as far as it goes. */
  start(): this {
    this.peer.greet();
    return this.run();
  }

  /** Opens a session with a `shell` request; the channel's number. */
  openChannel(requests: readonly string[] = ["shell"]): number {
    const id = this.client.openChannel({
      channelType: "session",
      typeFields: new Uint8Array(0),
      requests: requests.map((requestType) => ({ requestType, requestFields: new Uint8Array(0), label: requestType })),
    });
    this.run();
    return id;
  }

  /** The events of one type. */
  told<T extends ClientEvent["type"]>(type: T): Extract<ClientEvent, { readonly type: T }>[] {
    return this.events.filter((event): event is Extract<ClientEvent, { readonly type: T }> => event.type === type);
  }

  /** News of a channel, in words: as in `data 5` or `exit-status`. */
  news(id: number): string[] {
    return this.told("channel")
      .filter((event) => event.channel === id)
      .map(({ news }) => ("data" in news ? `${news.news} ${news.data.length}` : news.news));
  }

  /** What ended the connection; "open" while it lives. */
  get end(): SshError | undefined | "open" {
    const [end] = this.told("ended");
    return end === undefined ? "open" : end.error;
  }

  get key(): PeerKey {
    return this.#keys[0] as PeerKey;
  }

  #feed(bytes: Uint8Array): void {
    for (const piece of this.#options.cut?.(bytes) ?? [bytes]) {
      this.client.receive(piece);
      this.#drain();
    }
  }

  #drain(): void {
    for (let event = this.client.nextEvent(); event !== undefined; event = this.client.nextEvent()) {
      this.events.push(copied(event));
      this.#answer(event);
    }
  }

  #answer(event: ClientEvent): void {
    if (event.type === "host-key" && !this.#options.holdsVerdict) this.client.acceptHostKey();
    if (event.type === "sign" && !this.#options.holdsSignature) {
      this.client.provideSignature((this.#keys[event.key] as PeerKey).sign(event.data));
    }
    if (event.type === "channel" && event.news.news === "data" && !this.#options.holdsData) {
      this.client.consumed(event.channel, event.news.data.length);
    }
  }
}

/** Every place of the handshake and after it where the server may send something, and how a fresh rig comes there. */
export const situations: Readonly<Record<string, (rig: ClientRig) => void>> = {
  "before KEXINIT": ({ peer }) => {
    peer.answers.delete(m.KEXINIT.number);
    peer.sendVersion();
  },
  "before the reply": ({ peer }) => {
    peer.answers.delete(m.KEX_ECDH_INIT.number);
    peer.greet();
  },
  "before NEWKEYS": ({ peer }) => {
    peer.answers.set(m.KEX_ECDH_INIT.number, () => peer.sendReply());
    peer.answers.delete(m.SERVICE_REQUEST.number); // it comes with the client's NEWKEYS: an answer would be out of turn
    peer.answers.delete(m.USERAUTH_REQUEST.number);
    peer.greet();
  },
  "in phase service": ({ peer }) => {
    peer.answers.delete(m.SERVICE_REQUEST.number);
    peer.answers.delete(m.USERAUTH_REQUEST.number);
    peer.greet();
  },
  "in phase userauth": ({ peer }) => {
    peer.answers.delete(m.USERAUTH_REQUEST.number);
    peer.greet();
  },
  "in phase connection": ({ peer }) => peer.greet(),
  "after our KEXINIT of a rekey": (rig) => {
    rig.start();
    rig.peer.answers.delete(m.KEXINIT.number);
    rig.client.rekey();
  },
  "after the server's KEXINIT of a rekey": (rig) => {
    rig.start();
    rig.peer.answers.delete(m.KEX_ECDH_INIT.number);
    rig.peer.sendKexInit();
  },
  "before the server's NEWKEYS of a rekey": (rig) => {
    rig.start();
    rig.peer.answers.set(m.KEX_ECDH_INIT.number, () => rig.peer.sendReply());
    rig.peer.sendKexInit();
  },
};

/** A fresh rig, brought to a situation. */
export function rigAt(situation: string, options: RigOptions = {}): ClientRig {
  const rig = new ClientRig(options);
  const enter = situations[situation];
  if (enter === undefined) throw new TypeError(`no situation ${situation}`);
  enter(rig);
  return rig.run();
}

/** How a connection ended, in a few words to compare: the error's class, its section, the DISCONNECT that left. */
export interface Ending {
  readonly error: string;
  /** Of a ProtocolError. */
  readonly section?: string;
  readonly disconnect: number | undefined;
}

export function endingOf(rig: ClientRig): Ending {
  const { end } = rig;
  const disconnect = rig.peer.disconnect?.reasonCode;
  if (end === undefined || end === "open") return { error: end ?? "none", disconnect };
  return end instanceof ProtocolError
    ? { error: end.name, section: end.section, disconnect }
    : { error: end.name, disconnect };
}

/** What the ending's error says; empty where there is none. */
export function messageOf(rig: ClientRig): string {
  return rig.end instanceof Error ? rig.end.message : "";
}

/** The event with bytes of its own: what the client lends is valid only until the next call. */
function copied(event: ClientEvent): ClientEvent {
  if (event.type === "host-key") return { ...event, blob: event.blob.slice() };
  if (event.type === "sign") return { ...event, data: event.data.slice() };
  if (event.type !== "channel" || !("data" in event.news)) return event;
  return { ...event, news: { ...event.news, data: event.news.data.slice() } };
}

/** Bytes one by one. */
export function byteByByte(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Pieces of 1 to `limit` bytes. */
export function cutAtRandom(integer: (limit: number) => number, limit = 100): (bytes: Uint8Array) => Uint8Array[] {
  return (bytes) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + integer(limit);
      pieces.push(bytes.subarray(at, end));
      at = end;
    }
    return pieces;
  };
}
