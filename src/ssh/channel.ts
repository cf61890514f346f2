/**
 * Channel: one channel of RFC 4254 §5 and the session requests of §6. Pure: every method returns the payloads to send
 * or what happened. Opening, requests, windows, EOF and CLOSE of one channel; it knows no other.
 */
import { ChannelError, OPEN_FAILURE_REASON, ProtocolError } from "./errors.ts";
import * as m from "./messages.ts";
import { printable } from "./printable.ts";
import { decode, decodeFields, encode, encodeFields, putUint32, uint32At } from "./wire.ts";

/** The largest data packet that we take and send: with its headers within the 35,000 bytes of RFC 4253 §6.1. */
export const MAXIMUM_PACKET_SIZE: number = 32 * 1024;
/** What a window starts with; OpenSSH's size, enough for 40 MB/s at 50 ms. */
export const INITIAL_WINDOW_SIZE: number = 2 * 1024 * 1024;
/** RFC 4254 §5.2: a window may grow to 2^32 - 1. */
const maximumWindowSize = 0xffffffff;
const stderrType = 1; // SSH_EXTENDED_DATA_STDERR, RFC 4254 §5.2

/** How a channel is opened and what is asked of it once it is. RFC 4254 §5.1, §6.4, §6.5. */
export interface Opening {
  readonly channelType: string;
  readonly typeFields: Uint8Array;
  /** Sent together, once the channel is open; all but the last may be refused. */
  readonly requests: readonly ChannelRequest[];
}

export interface ChannelRequest {
  readonly requestType: string;
  readonly requestFields: Uint8Array;
  /** What a refusal is told about: a variable's name, a command's kind. */
  readonly label: string;
}

/** What the server's message meant. Byte arrays are borrowed. */
export type ChannelNews =
  | { readonly news: "ready" }
  | { readonly news: "refused"; readonly error: ChannelError }
  | { readonly news: "env-refused"; readonly name: string }
  | { readonly news: "data"; readonly data: Uint8Array }
  | { readonly news: "stderr"; readonly data: Uint8Array }
  | { readonly news: "eof" }
  | { readonly news: "exit-status"; readonly status: number }
  | { readonly news: "exit-signal"; readonly signal: string; readonly coreDumped: boolean; readonly message: string }
  | { readonly news: "closed" };

/** What comes of a message: at most one piece of news, and payloads to send. */
export interface Outcome {
  readonly news?: ChannelNews;
  readonly send?: readonly Uint8Array[];
}

const nothing: Outcome = {};

export class Channel {
  /** Our number of the channel: what the server calls recipient channel. */
  readonly id: number;
  readonly #opening: Opening;
  #state: "opening" | "requesting" | "ready" | "closed" = "opening";
  #recipientChannel = 0;
  #outboundWindow = 0;
  #outboundPacketSize = 0;
  readonly #initialWindow: number;
  #windowTarget: number;
  #inboundWindow: number;
  #unconsumed = 0;
  #consumedSinceGrowth = 0;
  #awaited: ChannelRequest[] = [];
  #eofSent = false;
  #eofReceived = false;
  #closeSent = false;

  /** `windowSize`: bytes that the server may send before any are consumed. RFC 4254 §5.2. */
  constructor(id: number, opening: Opening, windowSize: number = INITIAL_WINDOW_SIZE) {
    this.id = id;
    this.#opening = opening;
    this.#initialWindow = windowSize;
    this.#windowTarget = windowSize;
    this.#inboundWindow = windowSize;
  }

  /** Whether the server owes an answer to the opening, or to a request of it. */
  get awaitsAnswer(): boolean {
    return this.#state === "opening" || this.#state === "requesting";
  }

  /** Whether the server knows the channel: its CLOSE is still to come. */
  get isOpen(): boolean {
    return this.#state !== "closed";
  }

  /** What the window is filled up to at present. */
  get windowTarget(): number {
    return this.#windowTarget;
  }

  /** Bytes that may come to wait here: what is unread, and what the server may send before it is told anything else. */
  get mostHeld(): number {
    return Math.max(this.#windowTarget, this.#inboundWindow + this.#unconsumed);
  }

  open(): Uint8Array {
    return encode(m.CHANNEL_OPEN, {
      channelType: this.#opening.channelType,
      senderChannel: this.id,
      initialWindowSize: this.#inboundWindow,
      maximumPacketSize: MAXIMUM_PACKET_SIZE,
      typeFields: this.#opening.typeFields,
    });
  }

  /** How many of `length` bytes may be sent now, in one message: window and maximum packet size. RFC 4254 §5.2. */
  writable(length: number): number {
    if (this.#state !== "ready" || this.#eofSent || this.#closeSent) return 0;
    return Math.min(length, this.#outboundWindow, this.#outboundPacketSize, MAXIMUM_PACKET_SIZE);
  }

  /** Begins to send so many bytes, no more than `writable` said: the message up to its data, which goes behind it as it is. */
  dataHead(length: number): Uint8Array {
    if (length > this.writable(length)) throw new RangeError(`${length} bytes do not fit the window`);
    this.#outboundWindow -= length;
    const head = new Uint8Array(1 + 4 + 4); // by hand, as `dataOf`
    head[0] = m.CHANNEL_DATA.number;
    putUint32(head, 1, this.#recipientChannel);
    putUint32(head, 5, length);
    return head;
  }

  /**
   * The consumer has taken `length` bytes of data: the window is given back when a quarter of it is free. RFC 4254 §5.2.
   * `room`: bytes that it may grow by.
   */
  consumed(length: number, room: number): readonly Uint8Array[] {
    if (length > this.#unconsumed) throw new RangeError(`${length} bytes consumed, ${this.#unconsumed} were given`);
    this.#unconsumed -= length;
    this.#fitWindow(length, room);
    const free = this.#windowTarget - this.#inboundWindow - this.#unconsumed;
    if (this.#closeSent || this.#eofReceived || free < this.#windowTarget / 4) return [];
    this.#inboundWindow += free;
    return [encode(m.CHANNEL_WINDOW_ADJUST, { recipientChannel: this.#recipientChannel, bytesToAdd: free })];
  }

  /**
   * The window doubles after every window's worth behind which no more than a quarter of the first window ever waited: the
   * link is what holds it up then. Where more waits it is the reader, for whom a grown window would only be more to hold:
   * it goes back to its first size, as nothing is given back until that much is free. Neither takes a clock.
   */
  #fitWindow(length: number, room: number): void {
    if (this.#unconsumed > this.#initialWindow / 4) {
      this.#consumedSinceGrowth = 0;
      this.#windowTarget = this.#initialWindow;
      return;
    }
    this.#consumedSinceGrowth += length;
    if (this.#consumedSinceGrowth < this.#windowTarget) return;
    this.#windowTarget += Math.max(0, Math.min(this.#windowTarget, room));
    this.#consumedSinceGrowth = 0;
  }

  /** EOF: we send no more data. RFC 4254 §5.3. */
  sendEof(): readonly Uint8Array[] {
    if (this.#state !== "ready" || this.#eofSent || this.#closeSent) return [];
    this.#eofSent = true;
    return [encode(m.CHANNEL_EOF, { recipientChannel: this.#recipientChannel })];
  }

  /** Asks for a signal; there is no answer. RFC 4254 §6.9. */
  signal(signalName: string): readonly Uint8Array[] {
    if (this.#state !== "ready" || this.#closeSent) return [];
    return [this.#request("signal", encodeFields(m.SIGNAL_REQUEST, { signalName }), false)];
  }

  /** CLOSE; an opening that is not answered yet is closed once it is. RFC 4254 §5.3. */
  close(): readonly Uint8Array[] {
    if (this.#closeSent || this.#state === "closed") return [];
    this.#closeSent = true;
    return this.#state === "opening" ? [] : [this.#closeMessage()];
  }

  /**
   * Processes a message to this channel (numbers 91 to 100).
   * @throws ProtocolError where RFC 4254 does not allow it now.
   */
  receive(payload: Uint8Array): Outcome {
    const number = payload[0] as number;
    const answersOpening = number === m.CHANNEL_OPEN_CONFIRMATION.number || number === m.CHANNEL_OPEN_FAILURE.number;
    if (answersOpening !== (this.#state === "opening")) {
      throw new ProtocolError(`message ${number} came for a channel that is ${this.#state}`, "RFC 4254 §5.1");
    }
    switch (number) {
      case m.CHANNEL_OPEN_CONFIRMATION.number:
        return this.#confirmed(payload);
      case m.CHANNEL_OPEN_FAILURE.number:
        return this.#openFailed(payload);
      case m.CHANNEL_WINDOW_ADJUST.number:
        return this.#adjusted(decode(m.CHANNEL_WINDOW_ADJUST, payload).bytesToAdd);
      case m.CHANNEL_DATA.number:
        return this.#data(dataOf(payload));
      case m.CHANNEL_EXTENDED_DATA.number:
        return this.#extendedData(payload);
      case m.CHANNEL_EOF.number:
        decode(m.CHANNEL_EOF, payload);
        return this.#eof();
      case m.CHANNEL_CLOSE.number:
        decode(m.CHANNEL_CLOSE, payload);
        return this.#closed();
      case m.CHANNEL_REQUEST.number:
        return this.#requested(payload);
      case m.CHANNEL_SUCCESS.number:
        decode(m.CHANNEL_SUCCESS, payload);
        return this.#answered("accepted");
      case m.CHANNEL_FAILURE.number:
        decode(m.CHANNEL_FAILURE, payload);
        return this.#answered("refused");
      default:
        throw new TypeError(`not a message of a channel: ${number}`);
    }
  }

  #confirmed(payload: Uint8Array): Outcome {
    const confirmation = decode(m.CHANNEL_OPEN_CONFIRMATION, payload);
    this.#recipientChannel = confirmation.senderChannel;
    this.#outboundWindow = confirmation.initialWindowSize;
    this.#outboundPacketSize = confirmation.maximumPacketSize;
    this.#state = "requesting";
    if (this.#closeSent) return { send: [this.#closeMessage()] };
    if (this.#outboundPacketSize === 0) {
      const message = "the server takes data packets of 0 bytes at most: nothing can be sent";
      return { news: { news: "refused", error: new ChannelError(message, this.#opening.channelType) } };
    }
    this.#awaited = [...this.#opening.requests];
    if (this.#awaited.length === 0) return this.#ready();
    return { send: this.#awaited.map((request) => this.#request(request.requestType, request.requestFields, true)) };
  }

  #openFailed(payload: Uint8Array): Outcome {
    const { reasonCode, description } = decode(m.CHANNEL_OPEN_FAILURE, payload);
    this.#state = "closed";
    const reasons = Object.entries(OPEN_FAILURE_REASON);
    const reason = reasons
      .find(([, code]) => code === reasonCode)?.[0]
      .toLowerCase()
      .replaceAll("_", " ");
    const why = `${reason ?? `reason ${reasonCode}`}${description ? `: ${printable(description)}` : ""}`;
    const message = `the server refused to open a ${this.#opening.channelType} channel: ${why}`;
    return { news: { news: "refused", error: new ChannelError(message, this.#opening.channelType, reasonCode) } };
  }

  /** SUCCESS and FAILURE come in the order of the requests. RFC 4254 §5.4. */
  #answered(answer: "accepted" | "refused"): Outcome {
    const request = this.#awaited.shift();
    if (request === undefined)
      throw new ProtocolError("an answer came where no request waits for one", "RFC 4254 §5.4");
    const isLast = this.#awaited.length === 0;
    if (this.#closeSent) return nothing;
    if (answer === "accepted") return isLast ? this.#ready() : nothing;
    if (!isLast) return { news: { news: "env-refused", name: request.label } };
    const error = new ChannelError(`the server refused the ${request.label} request`, request.requestType);
    return { news: { news: "refused", error } };
  }

  #ready(): Outcome {
    this.#state = "ready";
    return { news: { news: "ready" } };
  }

  #adjusted(bytesToAdd: number): Outcome {
    if (this.#outboundWindow + bytesToAdd > maximumWindowSize) {
      throw new ProtocolError(`the window would grow to ${this.#outboundWindow + bytesToAdd}`, "RFC 4254 §5.2");
    }
    this.#outboundWindow += bytesToAdd;
    return nothing;
  }

  #data(data: Uint8Array): Outcome {
    this.#takeWindow(data.length);
    if (this.#closeSent || data.length === 0) return nothing; // no window bounds how often nothing may come
    this.#unconsumed += data.length;
    return { news: { news: "data", data } };
  }

  /** Stderr, and any type that we do not know, never holds the window: what is kept of it is bounded elsewhere. */
  #extendedData(payload: Uint8Array): Outcome {
    const { dataTypeCode, data } = decode(m.CHANNEL_EXTENDED_DATA, payload);
    this.#takeWindow(data.length);
    if (this.#closeSent || data.length === 0) return nothing;
    this.#unconsumed += data.length;
    const send = this.consumed(data.length, 0);
    return dataTypeCode === stderrType ? { news: { news: "stderr", data }, send } : { send };
  }

  #takeWindow(length: number): void {
    if (this.#eofReceived) throw new ProtocolError("data came after EOF", "RFC 4254 §5.3");
    if (length > MAXIMUM_PACKET_SIZE) {
      throw new ProtocolError(`${length} bytes of data, at most ${MAXIMUM_PACKET_SIZE} were allowed`, "RFC 4254 §5.1");
    }
    if (length > this.#inboundWindow) {
      throw new ProtocolError(`${length} bytes of data, the window is ${this.#inboundWindow}`, "RFC 4254 §5.2");
    }
    this.#inboundWindow -= length;
  }

  #eof(): Outcome {
    if (this.#eofReceived) throw new ProtocolError("EOF came twice", "RFC 4254 §5.3");
    this.#eofReceived = true;
    return { news: { news: "eof" } };
  }

  #closed(): Outcome {
    const send = this.#closeSent ? [] : [this.#closeMessage()];
    this.#closeSent = true;
    this.#state = "closed";
    return { news: { news: "closed" }, send };
  }

  #requested(payload: Uint8Array): Outcome {
    const { requestType, wantReply, requestFields } = decode(m.CHANNEL_REQUEST, payload);
    const news = exitNews(requestType, requestFields);
    if (!wantReply || this.#closeSent) return news === undefined ? nothing : { news };
    // Also for keepalive@openssh.com: RFC 4254 §5.4 wants FAILURE for what is not recognised.
    const layout = news === undefined ? m.CHANNEL_FAILURE : m.CHANNEL_SUCCESS;
    const send = [encode(layout, { recipientChannel: this.#recipientChannel })];
    return news === undefined ? { send } : { news, send };
  }

  #request(requestType: string, requestFields: Uint8Array, wantReply: boolean): Uint8Array {
    const recipientChannel = this.#recipientChannel;
    return encode(m.CHANNEL_REQUEST, { recipientChannel, requestType, wantReply, requestFields });
  }

  #closeMessage(): Uint8Array {
    return encode(m.CHANNEL_CLOSE, { recipientChannel: this.#recipientChannel });
  }
}

/** As `decode(m.CHANNEL_DATA, payload).data`, which finds the fault where there is one: most messages are this one. */
function dataOf(payload: Uint8Array): Uint8Array {
  const isWhole = payload.length >= 9 && uint32At(payload, 5) === payload.length - 9;
  return isWhole ? payload.subarray(9) : decode(m.CHANNEL_DATA, payload).data;
}

/** How the remote process ended. RFC 4254 §6.10. */
function exitNews(requestType: string, requestFields: Uint8Array): ChannelNews | undefined {
  if (requestType === "exit-status") {
    const { exitStatus } = decodeFields("exit-status", m.EXIT_STATUS_REQUEST, requestFields);
    return { news: "exit-status", status: exitStatus };
  }
  if (requestType !== "exit-signal") return undefined;
  const { signalName, coreDumped, errorMessage } = decodeFields("exit-signal", m.EXIT_SIGNAL_REQUEST, requestFields);
  return { news: "exit-signal", signal: printable(signalName, 64), coreDumped, message: printable(errorMessage) };
}
