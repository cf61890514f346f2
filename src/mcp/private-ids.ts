/** Private ids: ids of requests that only we and the remote, or only we and the host, know of. */
import { type MessageId, messageId } from "./message-id.ts";

/** Gives ids that neither side can have: 128 random bits, and a count. */
export class PrivateIds {
  #random: string | undefined;
  #count = 0;

  next(): MessageId {
    this.#random ??= crypto.randomUUID(); // most sessions need none, nor WebCrypto
    return messageId(new TextEncoder().encode(`"mcp-ssh-client ${this.#random} ${++this.#count}"`));
  }
}
