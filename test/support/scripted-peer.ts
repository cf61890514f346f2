/**
 * Scripted peer: the server's half of SSH for tests, in memory and sans I/O. Left alone it is a server that works; a
 * test replaces one answer, bends one packet, or sends one message out of turn. Its cryptography is node:crypto's
 * (peer-crypto.ts); only the layouts of messages are the library's.
 *
 * It holds the client to RFC 4253 §7.1: what the client sends between its KEXINIT and its NEWKEYS, other than what may
 * come there, stands in `violations`.
 */
import type { KexInit } from "../../src/ssh/kex.ts";
import * as m from "../../src/ssh/messages.ts";
import { decode, decodeFields, encode, type Layout, type Message } from "../../src/ssh/wire.ts";
import {
  type Bend,
  type CipherName,
  join,
  keySizes,
  type MacName,
  macLength,
  PeerDirection,
  PeerKey,
  PeerShare,
  seededBytes,
  sha256,
  sshString,
} from "./peer-crypto.ts";

const strictMarker = "kex-strict-s-v00@openssh.com";
const noBytes: Uint8Array = new Uint8Array(0);

export interface Script {
  /** Whole lines with their ends: text before the version line, and the version line. */
  readonly version?: string;
  readonly hostKey?: PeerKey;
  readonly isStrict?: boolean;
  /** The cipher, of both directions if no other is named; AES-GCM unless given, since node:crypto has it whole. */
  readonly cipher?: CipherName;
  /** Another cipher for what the client sends. */
  readonly cipherToServer?: CipherName;
  /** Beside a cipher in counter mode; `hmac-sha2-256` unless given. */
  readonly mac?: MacName;
  /** Fields of KEXINIT other than what the above make of it. */
  readonly kexInit?: Partial<KexInit>;
  /** What the server's side of a channel starts with. */
  readonly window?: number;
  readonly maximumPacketSize?: number;
  readonly seed?: string;
}

/** A packet from the client. */
export interface Received {
  readonly number: number;
  readonly payload: Uint8Array;
  readonly sequenceNumber: number;
}

/** What a test may bend in a KEX_ECDH_REPLY. */
export interface ReplyBend {
  readonly hostKey?: PeerKey;
  readonly hostKeyBlob?: Uint8Array;
  readonly share?: Uint8Array;
  readonly signature?: (right: Uint8Array) => Uint8Array;
}

export class ScriptedPeer {
  /** All packets of the client, in order. */
  readonly received: Received[] = [];
  readonly violations: string[] = [];
  /** What the peer does on its own when a message comes; replace or delete one to deviate. */
  readonly answers: Map<number, (payload: Uint8Array) => void>;
  readonly hostKey: PeerKey;
  /** V_C without CR LF. */
  clientVersion = "";
  sessionId: Uint8Array | undefined;
  /** H of the latest exchange. */
  exchangeHash: Uint8Array | undefined;
  outbound: PeerDirection = new PeerDirection("none", noBytes, noBytes);
  inbound: PeerDirection = new PeerDirection("none", noBytes, noBytes);
  readonly #script: Script;
  readonly #randomBytes: (length: number) => Uint8Array;
  #output: Uint8Array[] = [];
  #input: Uint8Array = noBytes;
  #clientKexInit: Uint8Array | undefined;
  #serverKexInit: Uint8Array | undefined;
  #clientShare: Uint8Array = noBytes;
  #nextKeys: { readonly inbound: PeerDirection; readonly outbound: PeerDirection } | undefined;
  #isClientExchanging = false;
  #closed: Set<number> = new Set();

  constructor(script: Script = {}) {
    this.#script = script;
    this.hostKey = script.hostKey ?? new PeerKey("the host");
    this.#randomBytes = seededBytes(script.seed ?? "scripted peer");
    this.answers = new Map<number, (payload: Uint8Array) => void>([
      [m.KEXINIT.number, () => this.#serverKexInit ?? this.sendKexInit()],
      [m.KEX_ECDH_INIT.number, () => this.finishExchange()],
      [m.SERVICE_REQUEST.number, () => this.sendMessage(m.SERVICE_ACCEPT, { serviceName: "ssh-userauth" })],
      [m.USERAUTH_REQUEST.number, (payload) => this.#authenticate(payload)],
      [m.GLOBAL_REQUEST.number, (payload) => this.#answerGlobalRequest(payload)],
      [m.PING.number, (payload) => this.sendMessage(m.PONG, decode(m.PING, payload))],
      [m.CHANNEL_OPEN.number, (payload) => this.confirm(decode(m.CHANNEL_OPEN, payload).senderChannel)],
      [m.CHANNEL_REQUEST.number, (payload) => this.#answerRequest(payload)],
      [m.CHANNEL_CLOSE.number, (payload) => this.sendClose(decode(m.CHANNEL_CLOSE, payload).recipientChannel)],
    ]);
  }

  /** What is to reach the client. */
  takeOutput(): Uint8Array {
    const output = join(...this.#output);
    this.#output = [];
    return output;
  }

  /** Takes bytes of the client and answers what `answers` has an answer for. */
  receive(bytes: Uint8Array): void {
    this.#input = join(this.#input, bytes);
    if (this.clientVersion === "" && !this.#readVersion()) return;
    for (let packet = this.inbound.open(this.#input); packet !== undefined; packet = this.inbound.open(this.#input)) {
      this.#input = this.#input.subarray(packet.size);
      this.#process(packet.payload, packet.sequenceNumber);
    }
  }

  /** The payloads of one kind that came. */
  of(layout: Layout): Uint8Array[] {
    return this.received.filter((packet) => packet.number === layout.number).map((packet) => packet.payload);
  }

  /** The DISCONNECT that the client sent last of all; undefined if it sent none. */
  get disconnect(): Message<typeof m.DISCONNECT> | undefined {
    const last = this.received.at(-1);
    return last?.number === m.DISCONNECT.number ? decode(m.DISCONNECT, last.payload) : undefined;
  }

  // What a server sends

  sendRaw(bytes: Uint8Array | string): void {
    this.#output.push(Uint8Array.from(Buffer.from(bytes)));
  }

  send(payload: Uint8Array, bend: Bend = {}): void {
    this.#output.push(this.outbound.seal(payload, bend));
  }

  sendMessage<L extends Layout>(layout: L, message: Message<L>): void {
    this.send(encode(layout, message));
  }

  /** Version line and KEXINIT. */
  greet(): void {
    this.sendVersion();
    this.sendKexInit();
  }

  sendVersion(): void {
    this.sendRaw(this.#script.version ?? "SSH-2.0-ScriptedPeer\r\n");
  }

  /** Our KEXINIT, at any time. `fields` bend it once. */
  sendKexInit(fields: Partial<KexInit> = {}): void {
    const payload = encode(m.KEXINIT, { ...this.#kexInit(), ...this.#script.kexInit, ...fields });
    this.#serverKexInit = payload;
    this.send(payload);
  }

  /** Reply and NEWKEYS to the client's share. */
  finishExchange(bend: ReplyBend = {}): void {
    this.sendReply(bend);
    this.sendNewKeys();
  }

  sendReply(bend: ReplyBend = {}): void {
    const pair = new PeerShare(this.#randomBytes(32));
    const hostKey = bend.hostKey ?? this.hostKey;
    const hostKeyBlob = bend.hostKeyBlob ?? hostKey.publicKeyBlob;
    const K = pair.sharedSecret(this.#clientShare);
    const H = this.#hash(hostKeyBlob, pair.share, K);
    this.exchangeHash = H;
    this.sessionId ??= H;
    this.#nextKeys = this.#deriveKeys(K, H, this.sessionId);
    const right = hostKey.sign(H);
    const signature = bend.signature?.(right) ?? right;
    this.sendMessage(m.KEX_ECDH_REPLY, { hostKeyBlob, serverShare: bend.share ?? pair.share, signature });
  }

  /** NEWKEYS; what follows it uses the new keys. */
  sendNewKeys(): void {
    this.sendMessage(m.NEWKEYS, {});
    const next = this.#nextKeys?.outbound;
    if (next === undefined) return;
    next.sequenceNumber = this.#isStrict ? 0 : this.outbound.sequenceNumber;
    this.outbound = next;
    this.#serverKexInit = undefined;
  }

  /** Confirms the opening of a channel; ours has the client's number plus 100. */
  confirm(recipientChannel: number): void {
    this.sendMessage(m.CHANNEL_OPEN_CONFIRMATION, {
      recipientChannel,
      senderChannel: recipientChannel + 100,
      initialWindowSize: this.#script.window ?? 1024 * 1024,
      maximumPacketSize: this.#script.maximumPacketSize ?? 32 * 1024,
      typeFields: noBytes,
    });
  }

  /** CLOSE, once a channel; `id` is our own number of it. */
  sendClose(id: number): void {
    const recipientChannel = id - 100;
    if (!this.#closed.has(id)) this.sendMessage(m.CHANNEL_CLOSE, { recipientChannel });
    this.#closed.add(id);
  }

  // What a server reads

  #readVersion(): boolean {
    const at = this.#input.indexOf(0x0a);
    if (at < 0) return false;
    const line = Buffer.from(this.#input.subarray(0, at)).toString("latin1");
    if (!line.endsWith("\r")) this.violations.push("the client's version line has no CR");
    this.clientVersion = line.slice(0, -1);
    this.#input = this.#input.subarray(at + 1);
    return true;
  }

  #process(payload: Uint8Array, sequenceNumber: number): void {
    const number = payload[0] as number;
    this.received.push({ number, payload, sequenceNumber });
    this.#watch(number);
    if (number === m.KEXINIT.number) this.#clientKexInit = payload;
    if (number === m.KEX_ECDH_INIT.number) this.#clientShare = decode(m.KEX_ECDH_INIT, payload).clientShare;
    if (number === m.NEWKEYS.number) this.#useNextInbound();
    this.answers.get(number)?.(payload);
  }

  /** RFC 4253 §7.1: what may come between the client's KEXINIT and its NEWKEYS; §11.1: nothing after DISCONNECT. */
  #watch(number: number): void {
    const isLegal = (number <= 4 && number > 0) || number === 21 || (number >= 30 && number <= 49);
    if (this.#isClientExchanging && !isLegal) this.violations.push(`message ${number} in a key exchange`);
    if (number === 20) this.#isClientExchanging = true;
    if (number === 21) this.#isClientExchanging = false;
    if (this.received.at(-2)?.number === 1) this.violations.push(`message ${number} after DISCONNECT`);
  }

  #useNextInbound(): void {
    if (this.#nextKeys === undefined) throw new Error("the client's NEWKEYS came before our reply");
    const next = this.#nextKeys.inbound;
    next.sequenceNumber = this.#isStrict ? 0 : this.inbound.sequenceNumber;
    this.inbound = next;
  }

  #authenticate(payload: Uint8Array): void {
    const { methodName, methodFields } = decode(m.USERAUTH_REQUEST, payload);
    if (methodName !== "publickey") {
      this.sendMessage(m.USERAUTH_FAILURE, { authenticationsThatCanContinue: ["publickey"], partialSuccess: false });
    } else if (methodFields[0] === 0) {
      const { algorithm, publicKeyBlob } = decodeFields("query", m.PUBLICKEY_QUERY, methodFields);
      this.sendMessage(m.USERAUTH_PK_OK, { algorithm, publicKeyBlob });
    } else this.sendMessage(m.USERAUTH_SUCCESS, {});
  }

  #answerGlobalRequest(payload: Uint8Array): void {
    if (decode(m.GLOBAL_REQUEST, payload).wantReply) this.sendMessage(m.REQUEST_FAILURE, {});
  }

  #answerRequest(payload: Uint8Array): void {
    const { recipientChannel, wantReply } = decode(m.CHANNEL_REQUEST, payload);
    if (wantReply) this.sendMessage(m.CHANNEL_SUCCESS, { recipientChannel: recipientChannel - 100 });
  }

  // Key exchange

  get #isStrict(): boolean {
    return this.#script.isStrict ?? true;
  }

  get #cipher(): CipherName {
    return this.#script.cipher ?? "aes256-gcm@openssh.com";
  }

  get #cipherToServer(): CipherName {
    return this.#script.cipherToServer ?? this.#cipher;
  }

  get #mac(): MacName {
    return this.#script.mac ?? "hmac-sha2-256";
  }

  #kexInit(): KexInit {
    return {
      cookie: this.#randomBytes(16),
      kexAlgorithms: ["curve25519-sha256", ...(this.#isStrict && this.sessionId === undefined ? [strictMarker] : [])],
      serverHostKeyAlgorithms: ["ssh-ed25519"],
      encryptionAlgorithmsClientToServer: [this.#cipherToServer],
      encryptionAlgorithmsServerToClient: [this.#cipher],
      macAlgorithmsClientToServer: [this.#mac],
      macAlgorithmsServerToClient: [this.#mac],
      compressionAlgorithmsClientToServer: ["none"],
      compressionAlgorithmsServerToClient: ["none"],
      languagesClientToServer: [],
      languagesServerToClient: [],
      firstKexPacketFollows: false,
      reserved: 0,
    };
  }

  /** V_S: the version line, without what stands before it and without its end. */
  get #serverVersion(): string {
    const lines = (this.#script.version ?? "SSH-2.0-ScriptedPeer\r\n").split("\n");
    return (lines.find((line) => line.startsWith("SSH-")) ?? "").replace(/\r$/, "");
  }

  #hash(hostKeyBlob: Uint8Array, serverShare: Uint8Array, K: Uint8Array): Uint8Array {
    if (this.#clientKexInit === undefined || this.#serverKexInit === undefined) throw new Error("no KEXINIT yet");
    const strings = [
      this.clientVersion,
      this.#serverVersion,
      this.#clientKexInit,
      this.#serverKexInit,
      hostKeyBlob,
      this.#clientShare,
      serverShare,
    ];
    return sha256(...strings.map(sshString), K);
  }

  /** RFC 4253 §7.2. */
  #deriveKeys(
    K: Uint8Array,
    H: Uint8Array,
    sessionId: Uint8Array,
  ): { inbound: PeerDirection; outbound: PeerDirection } {
    const derive = (letter: string, length: number): Uint8Array => {
      const first = sha256(K, H, Buffer.from(letter), sessionId);
      return join(first, sha256(K, H, first)).subarray(0, length);
    };
    const direction = (cipher: CipherName, letters: readonly [string, string, string]): PeerDirection => {
      const { key, iv } = keySizes[cipher];
      const [ivLetter, keyLetter, macLetter] = letters;
      const mac = { name: this.#mac, key: derive(macLetter, macLength(this.#mac)) };
      const beside = cipher.endsWith("-ctr") ? mac : undefined;
      return new PeerDirection(cipher, derive(keyLetter, key), derive(ivLetter, iv), 0, beside);
    };
    return {
      inbound: direction(this.#cipherToServer, ["A", "C", "E"]),
      outbound: direction(this.#cipher, ["B", "D", "F"]),
    };
  }
}
