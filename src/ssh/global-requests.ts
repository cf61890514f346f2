/**
 * Global requests: RFC 4254 §4. Ours, whose answers come in the order of the requests, and the server's, of which one is
 * read: the list of its host keys (OpenSSH PROTOCOL 2.5). Pure: what is to be sent and what happened come out.
 */
import type { HostKeyAlgorithm } from "./algorithms/interfaces.ts";
import { HostKeyError, ProtocolError, SshError } from "./errors.ts";
import * as m from "./messages.ts";
import {
  checkProofs,
  decodeHostKeys,
  encodeHostKeys,
  hostKeysRequest,
  provableKeys,
  proveRequest,
} from "./other-host-keys.ts";
import { decode, encode, type Message } from "./wire.ts";

type Blobs = readonly Uint8Array[];

export type HostKeysEvent =
  /**
   * The host keys that the server says it has, copied; told once; none, where `error` says what is wrong with the list.
   * `proveHostKeys` asks for proof. OpenSSH PROTOCOL 2.5.
   */
  | { readonly type: "host-keys"; readonly blobs: Blobs; readonly error: SshError | undefined }
  /** The answer to `proveHostKeys`: these keys are the server's; none, where `error` says why it is not believed. */
  | { readonly type: "host-keys-proved"; readonly blobs: Blobs; readonly error: SshError | undefined };

/** What comes of a message of the server's. */
export interface GlobalOutcome {
  readonly send?: Uint8Array;
  readonly event?: HostKeysEvent;
}

export class GlobalRequests {
  readonly #rows: Readonly<Record<string, HostKeyAlgorithm>>;
  #readsHostKeys: boolean;
  /** Ours without an answer, in order: the host keys to be proved; undefined: a keepalive. */
  readonly #unanswered: (Blobs | undefined)[] = [];

  /** `rows`: the host key algorithms whose signatures we take. */
  constructor(rows: Readonly<Record<string, HostKeyAlgorithm>>, readsHostKeys: boolean) {
    this.#rows = rows;
    this.#readsHostKeys = readsHostKeys;
  }

  /** A request that no server knows: its refusal is a sign of life. */
  keepalive(): Uint8Array {
    return this.#request("keepalive@openssh.com", new Uint8Array(0), undefined);
  }

  /** Those of the keys whose proof can be checked. */
  provable(blobs: Blobs): Blobs {
    return provableKeys(blobs, this.#rows);
  }

  /** Asks for proof of these; `host-keys-proved` tells the end. OpenSSH PROTOCOL 2.5. */
  prove(blobs: Blobs): Uint8Array {
    return this.#request(proveRequest, encodeHostKeys(blobs), blobs);
  }

  /** A message of the server's, of numbers 80 to 82. @throws ProtocolError */
  receive(payload: Uint8Array, sessionId: Uint8Array): GlobalOutcome {
    if (payload[0] === m.GLOBAL_REQUEST.number) return this.#serverRequest(decode(m.GLOBAL_REQUEST, payload));
    const isSuccess = payload[0] === m.REQUEST_SUCCESS.number;
    const responseData = isSuccess ? decode(m.REQUEST_SUCCESS, payload).responseData : undefined;
    if (!isSuccess) decode(m.REQUEST_FAILURE, payload);
    if (this.#unanswered.length === 0) {
      throw new ProtocolError("an answer to a global request came where none was made", "RFC 4254 §4");
    }
    const blobs = this.#unanswered.shift(); // answers come in the order of the requests. RFC 4254 §4
    if (blobs === undefined) return {};
    const proved = believed(() => {
      if (responseData !== undefined) return checkProofs(blobs, responseData, sessionId, this.#rows);
      throw new HostKeyError("the server refused to prove its other host keys", "signature");
    });
    return { event: { type: "host-keys-proved", ...proved } };
  }

  #request(requestName: string, requestData: Uint8Array, blobs: Blobs | undefined): Uint8Array {
    this.#unanswered.push(blobs);
    return encode(m.GLOBAL_REQUEST, { requestName, wantReply: true, requestData });
  }

  /** keepalive@openssh.com and all others: nothing that a server may ask is supported, but it may list its host keys. */
  #serverRequest({ requestName, wantReply, requestData }: Message<typeof m.GLOBAL_REQUEST>): GlobalOutcome {
    const answer = wantReply ? { send: encode(m.REQUEST_FAILURE, {}) } : {};
    if (requestName !== hostKeysRequest || !this.#readsHostKeys) return answer;
    this.#readsHostKeys = false;
    return { ...answer, event: { type: "host-keys", ...believed(() => decodeHostKeys(requestData)) } };
  }
}

/** A lie about other host keys costs our belief in those, not the connection, whose own is trusted. */
function believed(read: () => Blobs): { readonly blobs: Blobs; readonly error: SshError | undefined } {
  try {
    return { blobs: read(), error: undefined };
  } catch (error) {
    if (error instanceof SshError) return { blobs: [], error };
    throw error;
  }
}
