/**
 * Envelope: what the proxy looks at in a message (id, method, what kind it is), found by stepping once over the bytes,
 * wherever they are cut, and without building the value. Grammar: RFC 8259, as in `json-grammar.ts`.
 *
 * Where a key occurs twice the last one counts, as with most parsers. Keys may be escaped (`"\u0069d"`).
 */
import { type Envelope, EnvelopeDraft, LONGEST_METHOD, type Member, type ValueKind } from "./envelope-draft.ts";
import { ACTION, FIRST_ACTION, STATE, TABLE } from "./json-grammar.ts";
import { LONGEST_ID } from "./message-id.ts";
import { TokenCapture } from "./token-capture.ts";

/** What a text turned out to be. */
export interface Verdict {
  /** One whole JSON value: a JSON-RPC message, or a non-empty array of such. */
  readonly isMessage: boolean;
  /** No message only because it is nested too deeply, or a batch of too many. */
  readonly isTooComplex: boolean;
  /** One per member of a batch; where `isMessage` is false, those that were read until the fault. */
  readonly envelopes: readonly Envelope[];
}

/** Deeper nesting is no message: Go's encoding/json stops there as well, other hosts earlier. */
const DEEPEST = 10_000;
/** A batch of more members is no message; batches were in the protocol for three months of 2025. */
const LARGEST_BATCH = 10_000;
/** The longest key of interest, `requestId`, with each letter escaped and its quotes. */
const LONGEST_KEY = 2 + 6 * "requestId".length;

const envelopeMembers = ["jsonrpc", "id", "method", "result", "error", "params"] as const;
const paramsMembers = ["requestId"] as const;
const versions = ["2.0"] as const;

/** Most strings are shorter, in bytes: for these a view costs more than it saves. */
const SHORT_RUN = 64;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const FAULT: number = STATE.fault;
const STRING: number = STATE.string;
const IN_ARRAY = 0;
const IN_OBJECT = 1;

/** Steps over one text after another: `scan` its parts, then `end`. */
export class EnvelopeScanner {
  #state: number = STATE.start;
  #depth = 0;
  readonly #containers = new Uint8Array(DEEPEST + 1);
  /** The depth at which members are those of an envelope: 1, or 2 in a batch. */
  #envelopeDepth = 1;
  #isKey = false;
  #isInParams = false;
  #isTooComplex = false;
  /** The member whose value comes next or is being captured. */
  #member: Member | undefined;
  readonly #capture = new TokenCapture();
  #draft = new EnvelopeDraft();
  #envelopes: Envelope[] = [];

  /** Whether the text can no longer be a message. */
  get isFaulty(): boolean {
    return this.#state === STATE.fault || this.#isTooComplex;
  }

  /** Whether the text breaks off in the middle of what may become a message. */
  get isUnfinished(): boolean {
    return this.#depth > 0 && !this.isFaulty;
  }

  /** Steps over the next part of the text; nothing of it is kept. Linear, half a nanosecond a byte in long strings. */
  scan(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const newline = this.scanLine(bytes, from);
      if (newline < 0) return;
      from = newline + 1;
    }
  }

  /**
   * As `scan`, from `from` on and no farther than the next newline. Returns where that is, or -1: to look for it apart takes
   * as long again.
   */
  scanLine(bytes: Uint8Array, from: number): number {
    let state = this.#state;
    let at = from;
    for (const { length } = bytes; at < length && state !== FAULT; at++) {
      if (state === STRING) {
        at = endOfPlain(bytes, at);
        if (at === length) break;
      }
      const byte = bytes[at] as number;
      const next = TABLE[(state << 8) | byte] as number;
      state = next < FIRST_ACTION ? next : this.#act(next, bytes, at);
      if (byte === NEWLINE) {
        this.#state = state;
        return at;
      }
    }
    this.#capture.leave(bytes);
    this.#state = state;
    return at < bytes.length ? bytes.indexOf(NEWLINE, at) : -1;
  }

  /** Judges the text that was scanned and makes ready for the next. */
  end(): Verdict {
    const isMessage = this.#state === STATE.after && this.#depth === 0;
    if (!isMessage) this.#keepDraft();
    const envelopes = this.#envelopes;
    const isTooComplex = this.#isTooComplex;
    this.#reset();
    return { isMessage: isMessage && !isTooComplex && envelopes.length > 0, isTooComplex, envelopes };
  }

  #reset(): void {
    this.#state = STATE.start;
    this.#depth = 0;
    this.#envelopeDepth = 1;
    this.#isKey = false;
    this.#isInParams = false;
    this.#isTooComplex = false;
    this.#member = undefined;
    this.#capture.drop();
    this.#draft = new EnvelopeDraft();
    this.#envelopes = [];
  }

  /** Returns the next state. */
  #act(action: number, bytes: Uint8Array, at: number): number {
    switch (action) {
      case ACTION.endString:
        return this.#endString(bytes, at);
      case ACTION.beginKey:
        return this.#beginKey(at);
      case ACTION.beginString:
        return this.#beginScalar("string", at) ? STATE.string : STATE.fault;
      case ACTION.beginNumber:
        return this.#beginScalar("number", at) ? step(STATE.number, bytes, at) : STATE.fault;
      case ACTION.endNumber:
        return this.#endNumber(bytes, at);
      case ACTION.beginLiteral:
        return this.#beginLiteral(bytes, at);
      case ACTION.comma:
        return this.#comma();
      case ACTION.openObject:
        return this.#open(IN_OBJECT, STATE.keyOrEnd);
      case ACTION.openArray:
        return this.#open(IN_ARRAY, STATE.valueOrEnd);
      case ACTION.openDeep:
        return this.#openDeep();
      case ACTION.closeDeep:
        return --this.#depth === DEEPEST ? STATE.after : STATE.deep;
      case ACTION.closeObject:
        return this.#close(IN_OBJECT);
      default:
        return this.#close(IN_ARRAY);
    }
  }

  #beginKey(at: number): number {
    this.#isKey = true;
    const isOfInterest =
      this.#depth === this.#envelopeDepth || (this.#isInParams && this.#depth === this.#envelopeDepth + 1);
    if (isOfInterest) this.#capture.begin(at, LONGEST_KEY);
    return STATE.string;
  }

  #endString(bytes: Uint8Array, at: number): number {
    const isKey = this.#isKey;
    this.#isKey = false;
    if (this.#capture.isOn) {
      if (isKey) this.#member = this.#endMember(bytes, at + 1);
      else if (this.#member === "jsonrpc") this.#setVersion(this.#capture.finishAs(versions, bytes, at + 1));
      else this.#set("string", this.#capture.finish(bytes, at + 1));
    }
    return isKey ? STATE.colon : STATE.after;
  }

  #endMember(bytes: Uint8Array, end: number): Member | undefined {
    return this.#capture.finishAs(this.#depth > this.#envelopeDepth ? paramsMembers : envelopeMembers, bytes, end);
  }

  /** False where a batch's member is not an object. */
  #beginScalar(kind: "string" | "number", at: number): boolean {
    if (this.#member === undefined) return this.#depth >= this.#envelopeDepth;
    if (isCaptured(this.#member, kind)) {
      this.#capture.begin(at, this.#member === "method" ? LONGEST_METHOD : LONGEST_ID);
      return true;
    }
    this.#set(kind, undefined);
    return true;
  }

  #endNumber(bytes: Uint8Array, at: number): number {
    if (this.#capture.isOn) this.#set("number", this.#capture.finish(bytes, at));
    const next = step(STATE.after, bytes, at);
    return next < FIRST_ACTION ? next : this.#act(next, bytes, at);
  }

  #beginLiteral(bytes: Uint8Array, at: number): number {
    if (this.#depth < this.#envelopeDepth) return STATE.fault;
    if (this.#member !== undefined) this.#set(bytes[at] === LETTER_N ? "null" : "other", undefined);
    return step(STATE.literal, bytes, at);
  }

  #setVersion(version: "2.0" | undefined): void {
    this.#draft.isJsonRpc = version !== undefined;
    this.#member = undefined;
  }

  #set(kind: ValueKind, raw: Uint8Array | undefined): void {
    if (this.#member !== undefined) this.#draft.set(this.#member, kind, raw);
    this.#member = undefined;
  }

  #comma(): number {
    if (this.#depth === 0) return STATE.fault;
    return this.#containers[this.#depth] === IN_OBJECT ? STATE.key : STATE.value;
  }

  /** No message any more, but its id may still come. */
  #openDeep(): number {
    this.#isTooComplex = true;
    this.#depth++;
    return STATE.deep;
  }

  #open(container: typeof IN_OBJECT | typeof IN_ARRAY, inside: number): number {
    if (this.#depth === DEEPEST) return this.#openDeep();
    if (this.#depth === 0 && container === IN_ARRAY) this.#envelopeDepth = 2;
    else if (this.#depth < this.#envelopeDepth && container === IN_ARRAY) return STATE.fault;
    if (this.#member !== undefined) {
      if (this.#member === "params") this.#isInParams = container === IN_OBJECT;
      this.#set(container === IN_OBJECT ? "object" : "other", undefined);
    }
    this.#containers[++this.#depth] = container;
    return inside;
  }

  #close(container: typeof IN_OBJECT | typeof IN_ARRAY): number {
    if (this.#depth === 0 || this.#containers[this.#depth] !== container) return STATE.fault;
    this.#depth--;
    if (this.#depth === this.#envelopeDepth) this.#isInParams = false;
    if (this.#depth === this.#envelopeDepth - 1 && container === IN_OBJECT) return this.#endEnvelope();
    return STATE.after;
  }

  #endEnvelope(): number {
    const envelope = this.#draft.envelope();
    if (envelope === undefined) return STATE.fault;
    if (this.#envelopes.length === LARGEST_BATCH) {
      this.#isTooComplex = true;
      return STATE.fault;
    }
    this.#envelopes.push(envelope);
    this.#draft = new EnvelopeDraft();
    return STATE.after;
  }

  #keepDraft(): void {
    const envelope = this.#draft.envelope();
    if (envelope !== undefined) this.#envelopes.push(envelope);
  }
}

/** Where the run of bytes that stand for themselves in a string ends: the hot loop, most bytes are in such runs. */
function endOfPlain(bytes: Uint8Array, from: number): number {
  const soon = Math.min(from + SHORT_RUN, bytes.length);
  const at = endOfPlainBytes(bytes, from, soon);
  return at < soon ? at : endOfPlainBytes(bytes, endOfPlainWords(bytes, at), bytes.length);
}

function endOfPlainBytes(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) break;
    at++;
  }
  return at;
}

/**
 * Steps over four bytes at a time, an eighth of the time of one by one; the end of the run is in the next four or
 * behind them. What is not aligned is left.
 */
function endOfPlainWords(bytes: Uint8Array, from: number): number {
  const start = from + (-(bytes.byteOffset + from) & 3);
  if (bytes.length - start < 4 || endOfPlainBytes(bytes, from, start) < start) return from;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, (bytes.length - start) >> 2);
  let at = 0;
  while (at < words.length && isPlainWord(words[at] as number)) at++;
  return start + 4 * at;
}

/**
 * Whether none of four bytes is a quote, a backslash or a control. `(x - n) & ~x` has the top bit of a byte of x set if
 * that is less than n, at most 128, and no byte below it is. With bit 1 turned, controls stay below 0x20 and the quote alone
 * becomes it; a backslash is what differs from one by nothing.
 */
function isPlainWord(word: number): boolean {
  const quoteOrControl = (word ^ 0x02020202) - 0x21212121;
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  return ((quoteOrControl | backslash) & ~word & 0x80808080) === 0;
}

function step(state: number, bytes: Uint8Array, at: number): number {
  return TABLE[(state << 8) | (bytes[at] as number)] as number;
}

function isCaptured(member: Member, kind: "string" | "number"): boolean {
  if (member === "id" || member === "requestId") return true;
  return kind === "string" && (member === "method" || member === "jsonrpc");
}
