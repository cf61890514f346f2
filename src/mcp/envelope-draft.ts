/**
 * Envelope draft: the members of one JSON-RPC object as they are read, and the judgement what message they make.
 * JSON-RPC 2.0 §4, §5; MCP's own rules (ids are never null or fractional) are the host's to hold.
 */
import { type MessageId, messageId, stringValue } from "./message-id.ts";

/** What is known of one JSON-RPC message. */
export interface Envelope {
  readonly kind: "request" | "notification" | "response";
  /** Undefined where it is absent, null, or longer than LONGEST_ID. */
  readonly id: MessageId | undefined;
  /** Undefined in a response, and where it is longer than LONGEST_METHOD. */
  readonly method: string | undefined;
  /** Whether a response carries `error` and no `result`. */
  readonly isError: boolean;
  /** `params.requestId` of any message; it means something in `notifications/cancelled`. */
  readonly requestId: MessageId | undefined;
}

/** Longer methods, in bytes of their JSON token, are not known by name. */
export const LONGEST_METHOD = 1024;

/** The members that are looked at; `requestId` is that of `params`. */
export type Member = "jsonrpc" | "id" | "method" | "result" | "error" | "params" | "requestId";

/** The kind of a member's value; `other` is an array, true or false. */
export type ValueKind = "string" | "number" | "object" | "null" | "other";

/** `absent`: not there. `null`: JSON's. `unfit`: no value that the member may have. `long`: too long to be kept. */
type Read<T> = T | "absent" | "null" | "unfit" | "long";

/** The members of one object so far; the last of a repeated one counts. */
export class EnvelopeDraft {
  /** Whether its version, the last one, is 2.0. */
  isJsonRpc = false;
  #id: Read<MessageId> = "absent";
  #method: Read<{ readonly name: string }> = "absent";
  #hasResult = false;
  #hasError = false;
  #requestId: MessageId | undefined;

  /** `token`: of a string or number that was captured whole. */
  set(member: Member, kind: ValueKind, token: Uint8Array | undefined): void {
    switch (member) {
      case "jsonrpc":
        this.isJsonRpc = false; // a string sets it
        break;
      case "id":
        this.#id = readId(kind, token);
        break;
      case "method":
        this.#method = readMethod(kind, token);
        break;
      case "result":
        this.#hasResult = true;
        break;
      case "error":
        this.#hasError = true;
        break;
      case "params":
        this.#requestId = undefined;
        break;
      case "requestId":
        this.#requestId = token === undefined ? undefined : messageId(token);
    }
  }

  /** The message that the members make, undefined where they make none. */
  envelope(): Envelope | undefined {
    if (!this.isJsonRpc || this.#id === "unfit") return undefined;
    const kind = this.#kind();
    if (kind === undefined) return undefined;
    return {
      kind,
      id: typeof this.#id === "object" ? this.#id : undefined,
      method: typeof this.#method === "object" ? this.#method.name : undefined,
      isError: kind === "response" && !this.#hasResult,
      requestId: this.#requestId,
    };
  }

  #kind(): Envelope["kind"] | undefined {
    const hasId = this.#id !== "absent" && this.#id !== "null";
    if (typeof this.#method === "object" || this.#method === "long") return hasId ? "request" : "notification";
    if (this.#method !== "absent") return undefined;
    // JSON-RPC 2.0 §5: an error may have no id that is known; a result has one.
    if (this.#hasError || (this.#hasResult && hasId)) return "response";
    return undefined;
  }
}

function readId(kind: ValueKind, token: Uint8Array | undefined): Read<MessageId> {
  if (kind === "null") return "null";
  if (kind !== "string" && kind !== "number") return "unfit";
  return token === undefined ? "long" : messageId(token);
}

function readMethod(kind: ValueKind, token: Uint8Array | undefined): Read<{ readonly name: string }> {
  if (kind !== "string") return "unfit";
  return token === undefined ? "long" : { name: stringValue(token) };
}
