/**
 * Peer: one connection of the hostile server. Plain framing with keys of its own (node:crypto, peer-crypto.ts), nothing
 * of `src`. It takes the steps of a script one after the other, reads all the while, and writes down what came, what of
 * the script it got to, and what the client did that it may never do.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import type { Socket } from "node:net";
import {
  type Bend,
  hashed,
  join,
  type KexName,
  keySizes,
  macLength,
  PeerDirection,
  PeerKey,
  peerKexes,
  seededBytes,
  sshMpint,
  sshString,
} from "../support/peer-crypto.ts";
import { boolean, Fields, message, N, nameList, string, uint32 } from "./bytes.ts";
import { canaries, canaryUser, hostLines } from "./conversation.ts";
import type { Family } from "./families.ts";
import type { KexLists, Payload, ReplyBend, Script, Step } from "./steps.ts";

/** The host key that the client knows, and one that it does not. */
export const hostKey: PeerKey = new PeerKey("the host of the hostile scenarios");
export const anotherKey: PeerKey = new PeerKey("somebody else");

const noBytes: Uint8Array = new Uint8Array(0);
/** Of the client's channel data, bytes that are kept to be compared; the rest is counted and hashed. */
const mostKept = 64 * 1024;
/** What the server pours goes in data packets of so many bytes at most. */
const pouredPacket = 32 * 1024;
const serverVersionOf = (line: string): string => line.replace(/\r?\n$/, "");

/** A packet of the client. */
export interface Received {
  readonly number: number;
  readonly payload: Uint8Array;
}

/** What the client has said, for payloads that depend on it. */
export interface Seen {
  /** The client's number of its latest channel. */
  readonly clientChannel: number;
  /** Of the latest publickey request. */
  readonly userKeyAlgorithm: string;
  readonly userKeyBlob: Uint8Array;
  readonly received: readonly Received[];
  readonly sessionId: Uint8Array;
}

/** The client has gone: the rest of the script cannot be played. */
class Gone extends Error {}

export class Peer implements Seen {
  readonly received: Received[] = [];
  /** The steps that were taken, as far as the client was still there to feel them. */
  readonly reached: Set<Step> = new Set();
  /** What a client may never do, whatever the server does. */
  readonly violations: string[] = [];
  /** The beginning of the client's channel data. */
  data: Uint8Array = noBytes;
  /** Bytes of it in all. */
  dataLength = 0;
  clientVersion = "";
  clientChannel = 0;
  userKeyAlgorithm = "";
  userKeyBlob: Uint8Array = noBytes;
  sessionId: Uint8Array = noBytes;
  /** How the client left: FIN or RST. */
  left: "fin" | "rst" | undefined;
  /** Resolves when the script has been played or cannot be any more. */
  readonly played: Promise<void>;
  readonly #socket: Socket;
  readonly #family: Family;
  readonly #randomBytes = seededBytes("hostile peer");
  readonly #dataHash = createHash("sha256");
  #outbound = new PeerDirection("none", noBytes, noBytes);
  #inbound = new PeerDirection("none", noBytes, noBytes);
  #next: { readonly inbound: PeerDirection; readonly outbound: PeerDirection } | undefined;
  #input: Uint8Array[] = [];
  #taken = 0;
  #wake: () => void = () => undefined;
  #lastPacket = noBytes;
  #serverVersion = "";
  #serverKexInit = noBytes;
  #clientKexInit = noBytes;
  #clientShare = noBytes;
  #isClientExchanging = false;
  #hasProved = false;
  #hasLetIn = false;
  #openAuthRequests = 0;
  #mayBeSigned = false;
  /** What the client lets us send on its channel. RFC 4254 §5.2. */
  #window = 0;

  constructor(socket: Socket, family: Family, script: Script) {
    this.#socket = socket;
    this.#family = family;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("end", () => this.#leave("fin"));
    socket.on("error", () => this.#leave("rst"));
    socket.on("close", () => this.#leave("rst"));
    this.played = this.#play(script);
  }

  /** The reason code of the client's DISCONNECT; undefined if none came. RFC 4253 §11.1. */
  get disconnectReason(): number | undefined {
    const last = this.received.at(-1);
    return last?.number === N.DISCONNECT ? new Fields(last.payload).uint32() : undefined;
  }

  /** SHA-256 of all of the client's channel data, in hex; to be asked for once. */
  dataDigest(): string {
    return this.#dataHash.digest("hex");
  }

  /** The client's process has ended: what it sent last is read even where the script does not read any more. */
  async finish(): Promise<void> {
    this.#socket.resume();
    await this.played;
    await this.#await(() => this.left !== undefined).catch(() => undefined);
    this.#socket.destroy();
  }

  async #play(script: Script): Promise<void> {
    try {
      for (const step of script) await this.#take(step);
    } catch (error) {
      if (!(error instanceof Gone)) this.violations.push(`the script broke: ${(error as Error).message}`);
    }
    if (!this.#socket.destroyed) this.#socket.end();
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case "raw":
        if (step.label === "version") this.#serverVersion = serverVersionOf(String(step.bytes));
        return this.#repeat(step, () => Buffer.from(step.bytes));
      case "send":
        return this.#repeat(step, () => this.#damaged(step));
      case "flight":
        return this.#repeat(step, () => join(...step.payloads.map((payload) => this.#sealed(payload))));
      case "replay":
        return this.#repeat(step, () => this.#lastPacket);
      case "inject":
        return this.#repeat(step, () => this.#injected(step.payload));
      case "swallow":
        this.#sealed(step.payload);
        this.#mark(step);
        return;
      case "kexinit":
        this.#serverKexInit = join(this.#kexInit(step.lists), step.trailing ?? noBytes);
        return this.#repeat(step, () => this.#sealed(this.#serverKexInit));
      case "reply":
        return this.#repeat(step, () => this.#sealed(this.#reply(step.bend)));
      case "newkeys":
        await this.#repeat(step, () => this.#sealed(message(N.NEWKEYS, step.trailing ?? noBytes)));
        return this.#useNextOutbound();
      case "pour":
        return this.#pour(step);
      case "await":
        this.#mark(step);
        return this.#await(() => this.#takeNumber(step.number));
      case "await-version":
        this.#mark(step);
        return this.#await(() => this.clientVersion !== "");
      case "await-lines":
        this.#mark(step);
        return this.#await(() => this.data.length >= Buffer.byteLength(hostLines));
      case "await-end":
        this.#mark(step);
        return this.#await(() => false);
      case "pause":
        this.#mark(step);
        return this.#pause(step.milliseconds);
      case "stop-reading":
        this.#mark(step);
        this.#socket.pause();
        return;
      case "read-again":
        this.#mark(step);
        this.#socket.resume();
        return;
      case "half-close":
        this.#mark(step);
        this.#socket.end();
        return;
      case "reset":
        this.#mark(step);
        this.#socket.resetAndDestroy();
        return;
    }
  }

  /** @throws Gone where nobody is there to feel it. */
  #mark(step: Step): void {
    if (this.left !== undefined && step.do !== "await-end") throw new Gone();
    this.reached.add(step);
  }

  async #repeat(
    step: Step & { readonly times?: number; readonly pause?: number },
    make: () => Uint8Array,
  ): Promise<void> {
    for (let time = 0; time < (step.times ?? 1); time++) {
      this.#mark(step);
      if (!this.#socket.write(make())) await this.#drained();
      if (step.pause !== undefined) await this.#pause(step.pause);
    }
  }

  /** Never more than the client's window lets through: to go beyond it is another deviation. */
  async #pour(step: Extract<Step, { readonly do: "pour" }>): Promise<void> {
    const { text, times, isStderr = false } = step;
    const perPacket = Math.max(1, Math.floor(pouredPacket / text.length));
    const head = isStderr ? [uint32(1)] : [];
    const number = isStderr ? N.CHANNEL_EXTENDED_DATA : N.CHANNEL_DATA;
    for (let left = times; left > 0; ) {
      const count = Math.min(perPacket, left);
      const bytes = text.repeat(count);
      this.#mark(step);
      await this.#await(() => this.#window >= bytes.length);
      this.#window -= bytes.length;
      left -= count;
      if (!this.#socket.write(this.#sealed(message(number, uint32(this.clientChannel), ...head, string(bytes)))))
        await this.#drained();
    }
  }

  #drained(): Promise<void> {
    return this.#await(() => this.#socket.writableLength < this.#socket.writableHighWaterMark);
  }

  async #pause(milliseconds: number): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      this.#wake();
    }, milliseconds);
    await this.#await(() => isOver).finally(() => clearTimeout(timer));
  }

  /** Until `holds`. @throws Gone */
  async #await(holds: () => boolean): Promise<void> {
    this.#socket.on("drain", this.#wakeUp);
    while (!holds()) {
      if (this.left !== undefined) throw new Gone();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#socket.off("drain", this.#wakeUp);
  }

  readonly #wakeUp = (): void => this.#wake();

  #takeNumber(number: number): boolean {
    for (let at = this.#taken; at < this.received.length; at++) {
      if (this.received[at]?.number !== number) continue;
      this.#taken = at + 1;
      return true;
    }
    return false;
  }

  #leave(how: "fin" | "rst"): void {
    this.left ??= how;
    this.#wake();
  }

  // What the server sends

  #sealed(payload: Payload, bend: Bend = {}): Uint8Array {
    const bytes = typeof payload === "function" ? payload(this) : payload;
    this.#note(bytes);
    this.#lastPacket = this.#outbound.seal(bytes, bend);
    return this.#lastPacket;
  }

  #damaged({ payload, bend, flip = [], cut }: Extract<Step, { readonly do: "send" }>): Uint8Array {
    const packet = this.#sealed(payload, bend);
    for (const index of flip) {
      const at = index < 0 ? packet.length + index : index;
      packet[at] = (packet[at] as number) ^ 1;
    }
    return packet.subarray(0, cut);
  }

  #injected(payload: Uint8Array): Uint8Array {
    const { sequenceNumber } = this.#outbound;
    const packet = this.#outbound.seal(payload);
    this.#outbound.sequenceNumber = sequenceNumber;
    return packet;
  }

  /** What the client may do from now on. */
  #note(payload: Uint8Array): void {
    const number = payload[0];
    const asksForSignature =
      number === N.USERAUTH_PK_OK &&
      Buffer.from(payload).equals(message(N.USERAUTH_PK_OK, string(this.userKeyAlgorithm), string(this.userKeyBlob)));
    if (asksForSignature && this.#openAuthRequests > 0) this.#mayBeSigned = true;
    if (number === N.USERAUTH_SUCCESS && this.#openAuthRequests > 0) this.#hasLetIn = true;
    if (number === N.USERAUTH_SUCCESS || number === N.USERAUTH_FAILURE || asksForSignature) this.#openAuthRequests -= 1;
  }

  get #kexName(): KexName {
    return this.#family.kex ?? "curve25519-sha256";
  }

  #hash(...parts: readonly Uint8Array[]): Uint8Array {
    return hashed(peerKexes[this.#kexName].hash, ...parts);
  }

  #kexInit(lists: Partial<KexLists> = {}): Uint8Array {
    const { cipher, mac = "hmac-sha2-256", isStrict } = this.#family;
    const kex = lists.kex ?? [this.#kexName, ...(isStrict ? ["kex-strict-s-v00@openssh.com"] : [])];
    return message(
      N.KEXINIT,
      this.#randomBytes(16),
      nameList(kex),
      nameList(lists.hostKey ?? ["ssh-ed25519"]),
      nameList(lists.cipherToServer ?? [cipher]),
      nameList(lists.cipherToClient ?? [cipher]),
      nameList(lists.mac ?? [mac]),
      nameList(lists.mac ?? [mac]),
      nameList(lists.compression ?? ["none"]),
      nameList(lists.compression ?? ["none"]),
      nameList([]),
      nameList([]),
      boolean(lists.firstKexPacketFollows ?? false),
      uint32(0),
    );
  }

  /** KEX_ECDH_REPLY, and the keys that follow from it. RFC 8731 §3, RFC 4253 §7.2, §8. */
  #reply(bend: ReplyBend = {}): Uint8Array {
    const key = bend.key === "another" ? anotherKey : hostKey;
    const blob = bend.blob?.(key.publicKeyBlob) ?? key.publicKeyBlob;
    const { share, K } = bend.share === undefined ? this.#share(bend.whereK) : { share: bend.share, K: sshString("") };
    const parts = [this.clientVersion, this.#serverVersion, this.#clientKexInit, this.#serverKexInit, blob];
    const H = this.#hash(...[...parts, this.#clientShare, share].map((part) => sshString(part)), K);
    if (this.sessionId.length === 0) this.sessionId = H;
    this.#next = this.#deriveKeys(K, H);
    const right = key.sign(H);
    const signature = bend.signature?.(right, H, this) ?? right;
    this.#hasProved ||= Object.keys(bend).every((name) => name === "whereK");
    return message(N.KEX_ECDH_REPLY, string(blob), string(share), string(signature), bend.trailing ?? noBytes);
  }

  #share(whereK: (K: Uint8Array) => boolean = () => true): { readonly share: Uint8Array; readonly K: Uint8Array } {
    for (;;) {
      const pair = peerKexes[this.#kexName].half(this.#randomBytes(32));
      const secret = pair.secret(this.#clientShare);
      if (whereK(secret)) return { share: pair.share, K: sshMpint(secret) };
    }
  }

  #deriveKeys(K: Uint8Array, H: Uint8Array): { readonly inbound: PeerDirection; readonly outbound: PeerDirection } {
    const { cipher, mac } = this.#family;
    const sizes = keySizes[cipher];
    const derive = (letter: string, length: number): Uint8Array => {
      let bytes = this.#hash(K, H, Buffer.from(letter), this.sessionId);
      while (bytes.length < length) bytes = join(bytes, this.#hash(K, H, bytes));
      return bytes.subarray(0, length);
    };
    const macOf = (letter: string) => mac && { name: mac, key: derive(letter, macLength(mac)) };
    return {
      inbound: new PeerDirection(cipher, derive("C", sizes.key), derive("A", sizes.iv), 0, macOf("E")),
      outbound: new PeerDirection(cipher, derive("D", sizes.key), derive("B", sizes.iv), 0, macOf("F")),
    };
  }

  #useNextOutbound(): void {
    if (this.#next === undefined) return; // NEWKEYS without keys: the deviation
    const { outbound } = this.#next;
    outbound.sequenceNumber = this.#family.isStrict ? 0 : this.#outbound.sequenceNumber;
    this.#outbound = outbound;
  }

  // What the client sends

  #read(bytes: Uint8Array): void {
    this.#input.push(bytes);
    try {
      this.#parse();
    } catch (error) {
      this.violations.push(`unreadable: ${(error as Error).message}`);
      this.#socket.removeAllListeners("data").resume();
    }
    this.#wake();
  }

  #parse(): void {
    let input = this.#input.length === 1 ? (this.#input[0] as Uint8Array) : join(...this.#input);
    if (this.clientVersion === "") {
      const at = input.indexOf(10);
      if (at >= 0) this.clientVersion = Buffer.from(input.subarray(0, at)).toString("latin1").replace(/\r$/, "");
      input = at >= 0 ? input.subarray(at + 1) : input;
    }
    if (this.clientVersion !== "") {
      for (let packet = this.#inbound.open(input); packet !== undefined; packet = this.#inbound.open(input)) {
        input = input.subarray(packet.size);
        this.#receive(packet.payload);
      }
    }
    this.#input = input.length === 0 ? [] : [input];
  }

  #receive(payload: Uint8Array): void {
    const number = payload[0] as number;
    this.#watch(number, payload);
    this.received.push({ number, payload: number === N.CHANNEL_DATA ? noBytes : payload });
    if (number === N.KEXINIT) this.#clientKexInit = payload;
    if (number === N.KEX_ECDH_INIT) this.#clientShare = new Fields(payload).string();
    if (number === N.NEWKEYS) this.#useNextInbound();
    if (number === N.CHANNEL_OPEN) this.#noteOpening(payload);
    if (number === N.CHANNEL_DATA) this.#noteData(payload);
    if (number === N.CHANNEL_WINDOW_ADJUST)
      this.#window += payload.length === 9 ? Buffer.from(payload).readUInt32BE(5) : 0;
    if (number === N.USERAUTH_REQUEST) this.#noteAuthRequest(payload);
  }

  /** The laws of a client: what it may never do. */
  #watch(number: number, payload: Uint8Array): void {
    const isTransports = number <= 4 || (number >= 20 && number <= 49);
    if (this.received.at(-1)?.number === N.DISCONNECT) this.violations.push(`message ${number} after DISCONNECT`);
    if (!this.#hasProved && !isTransports) this.violations.push(`message ${number} before the host key was proved`);
    if (!this.#hasLetIn && number >= 80 && number <= 127) this.violations.push(`message ${number} before the login`);
    if (this.#isClientExchanging && (!isTransports || number === N.KEXINIT)) {
      this.violations.push(`message ${number} in a key exchange (RFC 4253 §7.1)`);
    }
    if (number === N.KEXINIT) this.#isClientExchanging = true;
    if (number === N.NEWKEYS) this.#isClientExchanging = false;
    const words = this.#hasLetIn ? [] : [...canaries, ...(this.#hasProved ? [] : [canaryUser])];
    const text = words.length === 0 ? "" : Buffer.from(payload).toString("utf8");
    for (const word of words) if (text.includes(word)) this.violations.push(`leaked in message ${number}: ${word}`);
  }

  #useNextInbound(): void {
    if (this.#next === undefined) throw new Error("NEWKEYS came before the reply");
    const { inbound } = this.#next;
    inbound.sequenceNumber = this.#family.isStrict ? 0 : this.#inbound.sequenceNumber;
    this.#inbound = inbound;
  }

  #noteOpening(payload: Uint8Array): void {
    const fields = new Fields(payload);
    fields.text();
    this.clientChannel = fields.uint32();
    this.#window = fields.uint32();
  }

  #noteData(payload: Uint8Array): void {
    const fields = new Fields(payload);
    fields.uint32();
    const bytes = fields.string();
    this.#dataHash.update(bytes);
    this.dataLength += bytes.length;
    if (this.data.length < mostKept) this.data = join(this.data, bytes.subarray(0, mostKept - this.data.length));
  }

  /** A publickey request: a query, or a signed one, whose signature must be right. RFC 4252 §7. */
  #noteAuthRequest(payload: Uint8Array): void {
    this.#openAuthRequests += 1;
    const fields = new Fields(payload);
    const [user, service, method] = [fields.text(), fields.text(), fields.text()];
    if (method !== "publickey") return;
    const isSigned = fields.byte() !== 0;
    this.userKeyAlgorithm = fields.text();
    this.userKeyBlob = Uint8Array.from(fields.string());
    if (!isSigned) return;
    if (!this.#mayBeSigned) this.violations.push("a signature that nobody asked for");
    const heads = [string(user), string(service), string("publickey"), boolean(true)];
    const request = message(N.USERAUTH_REQUEST, ...heads, string(this.userKeyAlgorithm), string(this.userKeyBlob));
    const data = join(string(this.sessionId), request);
    if (!isSignedBy(this.userKeyBlob, data, fields.string())) this.violations.push("a login signature that is wrong");
  }
}

/** Whether `signature` is the ed25519 key's over `data`. RFC 8709 §6. */
function isSignedBy(blob: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const raw = (of: Uint8Array, length: number): Uint8Array => of.subarray(of.length - length);
  const key = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw(blob, 32)]);
  return verify(null, data, createPublicKey({ key, format: "der", type: "spki" }), raw(signature, 64));
}
