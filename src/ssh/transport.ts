/**
 * Transport: RFC 4253 §7 (key exchange, by either side and at any time), §9, §10, §11.1-4.
 * Bytes in; events and bytes out. It has no clock: the caller says when to rekey for age.
 *
 * Law: nothing is processed between the server's proof of its host key and `acceptHostKey`, and while a key exchange
 * runs only this room sends.
 */
import type {
  AlgorithmTable,
  Certificate,
  KexMethod,
  KexStart,
  Keys,
  Negotiated,
  RandomBytes,
} from "./algorithms/interfaces.ts";
import { none } from "./algorithms/none.ts";
import { DisconnectError, HostKeyError, kexRefusal, ProtocolError } from "./errors.ts";
import { ExtensionInfo } from "./extension-info.ts";
import {
  type Choice,
  chooseAlgorithms,
  clientKexInit,
  describeKexInit,
  directionKeys,
  exchangeHash,
  isGuessRight,
  isStrict,
  refuseTerrapin,
  row,
} from "./kex.ts";
import { expectedAt, isKnown, isLegal, type KexPosition, nameOf, type Phase } from "./legal.ts";
import * as m from "./messages.ts";
import { type InboundPacket, PacketReader, PacketWriter } from "./packet.ts";
import { printable } from "./printable.ts";
import { CLIENT_VERSION, VersionExchange } from "./version-exchange.ts";
import { decode, encode, fromUtf8, isEqual, type Message, utf8 } from "./wire.ts";

const maximumQueuedBytes = 256 * 1024; // control replies that wait for a key exchange to end
/** Output beyond which nothing more is processed: the peer asks for replies faster than it reads them. */
const maximumBacklog = 1024 * 1024;
const maximumServerMessages = 200; // shown over the whole connection: whoever sits on the path may send them too

export interface TransportOptions {
  readonly table: AlgorithmTable;
  readonly randomBytes: RandomBytes;
  readonly allowChachaWithoutStrictKex: boolean;
  /** Bytes in one direction after which we start a rekey. RFC 4253 §9. */
  readonly rekeyBytes: number;
  /** Packets likewise: 2^31, half of what the sequence number holds. RFC 4344 §3.1. */
  readonly rekeyPackets: number;
  readonly trace: boolean;
}

/** The server proved to hold this key; nothing goes on until `acceptHostKey`. */
export interface HostKeyEvent {
  readonly type: "host-key";
  readonly algorithm: string;
  /** K_S: a key's blob, or a certificate's. */
  readonly blob: Uint8Array;
  /** What is in the blob where it is a certificate's. */
  readonly certificate?: Certificate;
}

/** The method of a key exchange is still to be loaded; nothing goes on until `beginExchange`. */
export type MethodEvent = { readonly type: "method"; readonly load: () => Promise<void> };

export type TransportEvent =
  | HostKeyEvent
  | MethodEvent
  /** A key exchange after the first has ended: both directions use new keys. */
  | { readonly type: "rekeyed" }
  /** A message of a higher protocol, legal in the present phase. `payload` is borrowed: valid until the next call. */
  | { readonly type: "message"; readonly number: number; readonly payload: Uint8Array }
  /** SSH_MSG_DEBUG with always_display; of a flood only the first ones. */
  | { readonly type: "server-message"; readonly text: string };

/** What is agreed on. */
interface Agreed {
  readonly serverKexInit: Uint8Array;
  readonly choice: Choice;
  readonly method: KexMethod;
}

/** Signature good; in the first exchange the caller has not accepted the key yet. */
interface Verified {
  readonly choice: Choice;
  readonly hostKeyBlob: Uint8Array;
  readonly K: Uint8Array;
  readonly H: Uint8Array;
}

type KexStep =
  | { readonly step: "version"; readonly clientKexInit: Uint8Array }
  | { readonly step: "init-sent"; readonly clientKexInit: Uint8Array }
  | { readonly step: "method-wait"; readonly clientKexInit: Uint8Array; readonly agreed: Agreed }
  | {
      readonly step: "reply-wait";
      readonly clientKexInit: Uint8Array;
      readonly agreed: Agreed;
      readonly start: KexStart;
    }
  | { readonly step: "host-key-wait"; readonly verified: Verified }
  | { readonly step: "newkeys-wait"; readonly inbound: Keys }
  | { readonly step: "open" };

const noBytes: Uint8Array = new Uint8Array(0);
const noTraces: readonly string[] = [];

export class Transport {
  readonly #options: TransportOptions;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  readonly #versions: VersionExchange = new VersionExchange();
  readonly #extensionInfo: ExtensionInfo = new ExtensionInfo();
  readonly #traces: string[] = [];
  #step: KexStep;
  #phase: Phase = "service";
  #isFirstExchange = true;
  #strict = false;
  #negotiated: Choice | undefined;
  #skipsGuess = false;
  #prepared: { readonly name: string; readonly start: KexStart } | undefined;
  #hostKeyBlob: Uint8Array | undefined;
  #sessionId: Uint8Array | undefined;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #serverMessages = 0;
  #kexInitSequenceNumber = 0;
  #packetsReceived = 0;

  /** Version line and KEXINIT are in the output at once: a far server costs round trips. RFC 4253 §4.2 allows it. */
  constructor(options: TransportOptions) {
    this.#options = options;
    const keys = { row: none, keyed: none.create(noBytes, noBytes, noBytes) };
    this.#reader = new PacketReader(keys);
    this.#writer = new PacketWriter(keys, options.randomBytes);
    this.#writer.writeRaw(utf8(`${fromUtf8(CLIENT_VERSION)}\r\n`));
    this.#trace(() => `our version ${fromUtf8(CLIENT_VERSION)}`);
    this.#step = { step: "version", clientKexInit: this.#sendKexInit("first") };
  }

  /** The server's identification string without CR LF, escaped; empty until it came. */
  get serverVersion(): string {
    return printable(fromUtf8(this.#versions.serverVersion));
  }

  /** What the server said so far before its version line: the first lines of it, escaped. RFC 4253 §4.2. */
  get greeting(): readonly string[] {
    return this.hasVersion ? this.#versions.greeting : this.#versions.greetingWith(this.#reader.unread);
  }

  /** What the latest key exchange chose; undefined until the server's KEXINIT came. RFC 4253 §7.1. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated && { ...this.#negotiated, strictKex: this.#strict };
  }

  /** H of the first exchange; undefined until its host key is accepted. RFC 4253 §7.2. */
  get sessionId(): Uint8Array | undefined {
    return this.#sessionId;
  }

  /** Extensions of EXT_INFO, name to value. RFC 8308 §2.3. */
  get extensions(): ReadonlyMap<string, Uint8Array> {
    return this.#extensionInfo.extensions;
  }

  /** Whether higher protocols may send: not between our KEXINIT and our NEWKEYS. RFC 4253 §7.1. */
  get isOpenForSending(): boolean {
    return this.#step.step === "open" || this.#step.step === "newkeys-wait";
  }

  /** Whether a key exchange runs. */
  get isExchangingKeys(): boolean {
    return this.#step.step !== "open";
  }

  /** Whether the server's version line came. */
  get hasVersion(): boolean {
    return this.#step.step !== "version";
  }

  /** Packets of the server's so far. */
  get packetsReceived(): number {
    return this.#packetsReceived;
  }

  /** Whether there is output to take. */
  get hasOutput(): boolean {
    return this.#writer.pending > 0;
  }

  /** Bytes of output that wait. */
  get pendingOutput(): number {
    return this.#writer.pending + this.#queuedBytes;
  }

  /** Takes a copy of bytes from the peer; they are processed by `next`. */
  receive(bytes: Uint8Array): void {
    this.#reader.receive(bytes);
  }

  /** What is to be sent; the array is the caller's. */
  takeOutput(): Uint8Array {
    return this.#writer.take();
  }

  /** As `takeOutput`, but borrowed: valid until the next `lendOutput`. */
  lendOutput(): Uint8Array {
    return this.#writer.lend();
  }

  /** Lines for a log at DEBUG since the last call: names and sizes, never contents. */
  takeTraces(): readonly string[] {
    return this.#options.trace ? this.#traces.splice(0) : noTraces;
  }

  /** Says which phase the caller is in: which messages are legal from now on. */
  enter(phase: Phase): void {
    this.#phase = phase;
  }

  /** Sends a payload of a higher protocol; during a key exchange it waits, in order, within bounds. RFC 4253 §7.1. */
  send(payload: Uint8Array): void {
    if (this.isOpenForSending) {
      this.#write(payload);
      this.#rekeyIfDue();
      return;
    }
    this.#queue.push(payload);
    this.#queuedBytes += payload.length + 64; // an array's own weight, so that a flood of tiny replies is bounded too
    if (this.#queuedBytes > maximumQueuedBytes) {
      throw new ProtocolError("the server asked for too many replies during a key exchange", "RFC 4253 §7.1");
    }
  }

  /** Sends a payload in two parts, which are copied once: for data, and only while `isOpenForSending`. */
  sendData(head: Uint8Array, data: Uint8Array): void {
    if (!this.isOpenForSending) throw new TypeError("data cannot wait for the end of a key exchange");
    this.#trace(() => `sent ${nameOf(head[0] as number)}, ${head.length + data.length} bytes`);
    this.#writer.write(head, data);
    this.#rekeyIfDue();
  }

  /** Sends DISCONNECT, legal at any time; nothing may be sent after it. RFC 4253 §11.1. */
  disconnect(reasonCode: number, description: string): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#write(encode(m.DISCONNECT, { reasonCode, description, languageTag: "" }));
  }

  /** Starts a key exchange unless one runs. RFC 4253 §9. */
  rekey(): void {
    if (this.#step.step === "open") this.#step = { step: "init-sent", clientKexInit: this.#sendKexInit("again") };
  }

  /**
   * Makes the key pair of the method that we want most while the server's first KEXINIT is on its way, unless it is so slow
   * that a server without that method would be kept waiting for nothing. Does nothing later.
   */
  prepareExchange(): void {
    const isEarly = this.#step.step === "version" || (this.#isFirstExchange && this.#step.step === "init-sent");
    const [first] = Object.entries(this.#options.table.kex);
    if (!isEarly || this.#prepared !== undefined || first === undefined) return;
    const [name, method] = first;
    if (method.isSlow === true) return;
    try {
      this.#prepared = { name, start: method.start(this.#options.randomBytes) };
    } catch {
      // it is begun again when it is needed, and what is wrong is told then
    }
  }

  /** Wipes what was prepared and is not needed, and what an exchange had begun that will not be finished. */
  discardPrepared(): void {
    this.#prepared?.start.discard();
    this.#prepared = undefined;
    if (this.#step.step === "reply-wait") this.#step.start.discard();
  }

  /** The method that a `method` event named is loaded: our share goes out. */
  beginExchange(): void {
    if (this.#step.step !== "method-wait") throw new TypeError("no method waits to be loaded");
    this.#sendShare(this.#step.clientKexInit, this.#step.agreed);
  }

  /** The verdict on the host key: it is trusted. NEWKEYS goes out, and what is sent from now on uses the new keys. */
  acceptHostKey(): void {
    if (this.#step.step !== "host-key-wait") throw new TypeError("no host key waits for a verdict");
    this.#finishExchange(this.#step.verified);
  }

  /**
   * Processes what was received up to the next event; undefined when more bytes, a verdict or a method are needed, or when
   * the output must be taken first.
   * @throws ProtocolError, NegotiationError, HostKeyError, DisconnectError
   */
  next(): TransportEvent | undefined {
    if (this.#step.step === "version" && !this.#readVersion(this.#step.clientKexInit)) return undefined;
    while (!this.#isHeld() && this.pendingOutput < maximumBacklog) {
      const packet = this.#reader.next();
      if (packet === undefined) return undefined;
      this.#packetsReceived += 1;
      const event = this.#process(packet);
      this.#rekeyIfDue();
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Whether the world owes us something before another packet may be looked at. */
  #isHeld(): boolean {
    return this.#step.step === "host-key-wait" || this.#step.step === "method-wait";
  }

  #readVersion(clientKexInit: Uint8Array): boolean {
    for (let line = this.#reader.nextLine(); line !== undefined; line = this.#reader.nextLine()) {
      const kind = this.#versions.receive(line);
      if (kind === "version") {
        this.#trace(() => `server version ${this.serverVersion}`);
        this.#step = { step: "init-sent", clientKexInit };
        return true;
      }
      if (kind === "greeting") this.#trace(() => `server says before its version: ${this.#versions.greeting.at(-1)}`);
    }
    this.#versions.refuseEndless(this.#reader.unread);
    return false;
  }

  // One packet: RFC 4253 §6, §11

  #process(packet: InboundPacket): TransportEvent | undefined {
    const { payload, sequenceNumber } = packet;
    const number = payload[0] as number;
    this.#trace(() => `received ${nameOf(number)}, ${payload.length} bytes`);
    if (this.#skipsGuess && number !== m.DISCONNECT.number) return this.#skipGuess(number);
    const position = this.#position();
    if (isLegal(number, position, this.#phase, this.#strict)) return this.#dispatch(number, payload, sequenceNumber);
    return this.#refuse(number, sequenceNumber, position);
  }

  #position(): KexPosition {
    const { step } = this.#step;
    if (step === "open") return "open";
    if (step === "version" || step === "method-wait" || step === "host-key-wait")
      throw new TypeError(`no packet is read in step ${step}`);
    return `${this.#isFirstExchange ? "first" : "rekey"}-${step}`;
  }

  /** Unknown numbers are answered, in every phase but the first strict exchange; known ones out of place end it. */
  #refuse(number: number, sequenceNumber: number, position: KexPosition): undefined {
    const inStrictKex = position.startsWith("first") && this.#strict;
    if (!isKnown(number) && !inStrictKex) {
      this.#write(encode(m.UNIMPLEMENTED, { packetSequenceNumber: sequenceNumber })); // RFC 4253 §11.4; §7.1 allows it
      return;
    }
    const expected = position === "open" ? `what phase ${this.#phase} allows` : expectedAt(position);
    const section = inStrictKex ? "strict kex, OpenSSH PROTOCOL 1.10" : this.#sectionOf(position);
    throw new ProtocolError(`${nameOf(number)} came, expected was ${expected}`, section);
  }

  #sectionOf(position: KexPosition): string {
    if (position !== "open") return "RFC 4253 §7.1";
    return this.#phase === "connection" ? "RFC 4254 §9" : "RFC 4252 §6";
  }

  #dispatch(number: number, payload: Uint8Array, sequenceNumber: number): TransportEvent | undefined {
    switch (number) {
      case m.DISCONNECT.number:
        throw disconnected(decode(m.DISCONNECT, payload));
      case m.IGNORE.number:
        decode(m.IGNORE, payload);
        return undefined;
      case m.UNIMPLEMENTED.number:
        return this.#receiveUnimplemented(payload);
      case m.DEBUG.number:
        return this.#receiveDebug(payload);
      case m.EXT_INFO.number:
        return this.#receiveExtInfo(payload);
      case m.KEXINIT.number:
        return this.#receiveKexInit(payload, sequenceNumber);
      case m.KEX_ECDH_REPLY.number:
        return this.#receiveReply(payload);
      case m.NEWKEYS.number:
        return this.#receiveNewKeys(payload);
      case m.PING.number:
        this.send(encode(m.PONG, decode(m.PING, payload)));
        return undefined;
      case m.PONG.number:
        decode(m.PONG, payload);
        return undefined;
      default:
        return { type: "message", number, payload };
    }
  }

  #receiveUnimplemented(payload: Uint8Array): undefined {
    const { packetSequenceNumber } = decode(m.UNIMPLEMENTED, payload);
    const isRefused = !this.#isFirstExchange && this.#step.step === "init-sent";
    if (isRefused && packetSequenceNumber === this.#kexInitSequenceNumber) {
      throw new ProtocolError("the server does not take our KEXINIT now", "RFC 4253 §9"); // it would never be answered
    }
    this.#trace(() => `the server did not understand our packet ${packetSequenceNumber}`);
  }

  #receiveDebug(payload: Uint8Array): TransportEvent | undefined {
    const { alwaysDisplay, message } = decode(m.DEBUG, payload);
    const text = printable(message);
    if (alwaysDisplay && this.#serverMessages < maximumServerMessages) {
      this.#serverMessages += 1;
      return { type: "server-message", text }; // RFC 4253 §11.3
    }
    this.#trace(() => `server debug: ${text}`);
    return undefined;
  }

  #receiveExtInfo(payload: Uint8Array): undefined {
    this.#extensionInfo.receive(payload);
    this.#trace(() => `server extensions ${printable([...this.extensions.keys()].join(", "))}`);
  }

  // Key exchange: RFC 4253 §7, §8; RFC 8731

  #sendKexInit(turn: "first" | "again"): Uint8Array {
    const payload = encode(m.KEXINIT, clientKexInit(this.#options.table, this.#options.randomBytes, turn));
    this.#trace(() => `our KEXINIT: ${describeKexInit(decode(m.KEXINIT, payload))}`);
    this.#kexInitSequenceNumber = this.#writer.sequenceNumber;
    this.#write(payload);
    return payload;
  }

  #receiveKexInit(payload: Uint8Array, sequenceNumber: number): MethodEvent | undefined {
    const server = decode(m.KEXINIT, payload);
    this.#trace(() => `server KEXINIT: ${describeKexInit(server)}`);
    if (this.#isFirstExchange) this.#strict = isStrict(server);
    if (this.#isFirstExchange && this.#strict && sequenceNumber !== 0) {
      const what = `KEXINIT is packet ${sequenceNumber}, it must be the first`;
      throw kexRefusal(what, "strict kex, OpenSSH PROTOCOL 1.10");
    }
    const ours = this.#step.step === "init-sent" ? this.#step.clientKexInit : this.#sendKexInit("again");
    const client = decode(m.KEXINIT, ours);
    const choice = chooseAlgorithms(client, server, this.#options.table);
    this.#trace(() => `chosen: ${Object.values(choice).join(", ")}${this.#strict ? ", strict kex" : ""}`);
    if (!this.#strict && !this.#options.allowChachaWithoutStrictKex) refuseTerrapin(choice, server);
    this.#negotiated = choice;
    this.#skipsGuess = server.firstKexPacketFollows && !isGuessRight(client, server);
    const method = row(this.#options.table.kex, choice.kex);
    const agreed = { serverKexInit: payload.slice(), choice, method };
    const { load } = method;
    if (load !== undefined) {
      this.#step = { step: "method-wait", clientKexInit: ours, agreed };
      return { type: "method", load };
    }
    this.#sendShare(ours, agreed);
    return undefined;
  }

  #sendShare(clientKexInit: Uint8Array, agreed: Agreed): void {
    const start = this.#startOf(agreed.choice.kex, agreed.method);
    this.#write(encode(m.KEX_ECDH_INIT, { clientShare: start.init }));
    this.#step = { step: "reply-wait", clientKexInit, agreed, start };
  }

  /** What was prepared if it is that method's; else it is wiped. */
  #startOf(name: string, method: KexMethod): KexStart {
    if (this.#prepared?.name !== name) this.discardPrepared();
    const start = this.#prepared?.start;
    this.#prepared = undefined; // it serves one exchange
    return start ?? method.start(this.#options.randomBytes);
  }

  /** The packet that the server sent on a wrong guess is ignored, whatever it holds. RFC 4253 §7. */
  #skipGuess(number: number): undefined {
    if (number < 30 || number > 49) {
      throw new ProtocolError(`${nameOf(number)} came, expected was the guessed key exchange packet`, "RFC 4253 §7");
    }
    this.#skipsGuess = false;
  }

  #receiveReply(payload: Uint8Array): TransportEvent | undefined {
    if (this.#step.step !== "reply-wait") throw new TypeError("no reply is awaited");
    const { clientKexInit, agreed, start } = this.#step;
    const { hostKeyBlob, serverShare, signature } = decode(m.KEX_ECDH_REPLY, payload);
    const algorithm = agreed.choice.hostKey;
    const verifier = row(this.#options.table.hostKey, algorithm).parse(hostKeyBlob);
    const K = start.finish(serverShare);
    const H = exchangeHash(agreed.method, {
      clientVersion: CLIENT_VERSION,
      serverVersion: this.#versions.serverVersion,
      clientKexInit,
      serverKexInit: agreed.serverKexInit,
      hostKeyBlob,
      clientShare: start.init,
      serverShare,
      K,
    });
    if (!verifier.verify(H, signature)) {
      throw new HostKeyError("the server's signature over the key exchange is wrong (RFC 4253 §8)", "signature");
    }
    const verified = { choice: agreed.choice, hostKeyBlob: hostKeyBlob.slice(), K, H };
    if (this.#hostKeyBlob === undefined) {
      this.#step = { step: "host-key-wait", verified };
      const { certificate } = verifier;
      return { type: "host-key", algorithm, blob: verified.hostKeyBlob, ...(certificate && { certificate }) };
    }
    // RFC 4253 §9 lets a host key change on rekey; nobody has verified the other one, so it may not.
    if (!isEqual(this.#hostKeyBlob, hostKeyBlob)) {
      throw new HostKeyError("the server showed another host key during a rekey", "rekey");
    }
    this.#finishExchange(verified);
    return undefined;
  }

  #finishExchange({ choice, hostKeyBlob, K, H }: Verified): void {
    this.#hostKeyBlob = hostKeyBlob;
    this.#sessionId ??= H;
    const { table } = this.#options;
    const secrets = { K, H, sessionId: this.#sessionId };
    const outbound = directionKeys(table, choice, "clientToServer", secrets);
    const inbound = directionKeys(table, choice, "serverToClient", secrets);
    K.fill(0);
    this.#write(encode(m.NEWKEYS, {}));
    this.#writer.changeKeys(outbound, this.#strict);
    this.#step = { step: "newkeys-wait", inbound };
    for (const payload of this.#queue.splice(0)) this.#write(payload);
    this.#queuedBytes = 0;
  }

  #receiveNewKeys(payload: Uint8Array): TransportEvent | undefined {
    decode(m.NEWKEYS, payload);
    if (this.#step.step !== "newkeys-wait") throw new TypeError("no NEWKEYS is awaited");
    this.#reader.changeKeys(this.#step.inbound, this.#strict);
    this.#step = { step: "open" };
    const wasFirst = this.#isFirstExchange;
    this.#isFirstExchange = false;
    return wasFirst ? undefined : { type: "rekeyed" };
  }

  /** Not before the connection protocol: OpenSSH answers a KEXINIT during authentication with UNIMPLEMENTED. */
  #rekeyIfDue(): void {
    if (this.#step.step !== "open" || this.#phase !== "connection") return;
    const { rekeyBytes, rekeyPackets } = this.#options;
    const bytes = Math.max(this.#reader.bytesSinceKeys, this.#writer.bytesSinceKeys);
    const packets = Math.max(this.#reader.packetsSinceKeys, this.#writer.packetsSinceKeys);
    if (bytes >= rekeyBytes || packets >= rekeyPackets) this.rekey(); // RFC 4253 §9, RFC 4344 §3
  }

  #write(payload: Uint8Array): void {
    this.#trace(() => `sent ${nameOf(payload[0] as number)}, ${payload.length} bytes`);
    this.#writer.write(payload);
  }

  #trace(text: () => string): void {
    if (this.#options.trace) this.#traces.push(text());
  }
}

function disconnected({ reasonCode, description }: Message<typeof m.DISCONNECT>): DisconnectError {
  const why = printable(description) || "no reason given";
  return new DisconnectError(`the server ended the connection: ${why} (reason ${reasonCode})`, reasonCode);
}
