/** Private ids: ids of requests that only we and the remote, or only we and the host, know of. */
import { type MessageId, messageId } from "./message-id.ts";

/** Gives ids that neither side can have: 128 random bits, and a count. */
export class PrivateIds {
  readonly #random: string;
  #count = 0;

  constructor() {
    this.#random = crypto.randomUUID();
  }

  next(): MessageId {
    return messageId(new TextEncoder().encode(`"mcp-ssh-client ${this.#random} ${++this.#count}"`));
  }
}
