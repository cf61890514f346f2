/**
 * Bytes: the data types of RFC 4251 §5 and the messages that the hostile server sends, spelled out. Nothing of `src`
 * stands behind it, so that a fault of ours cannot hide by being made twice.
 */
import { join, sshString } from "../support/peer-crypto.ts";

/** Message numbers. RFC 4250 §4.1.2, RFC 8308, RFC 8731; OpenSSH PROTOCOL 1.9 for the last two. */
export const N = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  SERVICE_ACCEPT: 6,
  EXT_INFO: 7,
  KEXINIT: 20,
  NEWKEYS: 21,
  KEX_ECDH_INIT: 30,
  KEX_ECDH_REPLY: 31,
  USERAUTH_REQUEST: 50,
  USERAUTH_FAILURE: 51,
  USERAUTH_SUCCESS: 52,
  USERAUTH_BANNER: 53,
  USERAUTH_PK_OK: 60,
  GLOBAL_REQUEST: 80,
  REQUEST_SUCCESS: 81,
  REQUEST_FAILURE: 82,
  CHANNEL_OPEN: 90,
  CHANNEL_OPEN_CONFIRMATION: 91,
  CHANNEL_OPEN_FAILURE: 92,
  CHANNEL_WINDOW_ADJUST: 93,
  CHANNEL_DATA: 94,
  CHANNEL_EXTENDED_DATA: 95,
  CHANNEL_EOF: 96,
  CHANNEL_CLOSE: 97,
  CHANNEL_REQUEST: 98,
  CHANNEL_SUCCESS: 99,
  CHANNEL_FAILURE: 100,
  PING: 192,
  PONG: 193,
} as const;

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function boolean(value: boolean): Uint8Array {
  return Uint8Array.of(value ? 1 : 0);
}

export const string: (content: Uint8Array | string) => Uint8Array = sshString;

export function nameList(names: readonly string[]): Uint8Array {
  return sshString(names.join(","));
}

/** A payload: the number, then the fields as they stand. */
export function message(number: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return join(Uint8Array.of(number), ...fields);
}

/** Reads the fields of a payload in order; throws where they end too soon. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 1;

  /** `payload`: with its number. */
  constructor(payload: Uint8Array) {
    this.#bytes = Buffer.from(payload);
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  string(): Uint8Array {
    const length = this.uint32();
    if (this.#at + length > this.#bytes.length) throw new RangeError("a string runs over the end");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return Buffer.from(this.string()).toString("utf8");
  }
}

export const ignore = (data: Uint8Array | string = ""): Uint8Array => message(N.IGNORE, string(data));

export const debug = (text: string, alwaysDisplay = true): Uint8Array =>
  message(N.DEBUG, boolean(alwaysDisplay), string(text), string(""));

export const disconnect = (reason: number, description: string): Uint8Array =>
  message(N.DISCONNECT, uint32(reason), string(description), string(""));

export const unimplemented = (sequenceNumber: number): Uint8Array => message(N.UNIMPLEMENTED, uint32(sequenceNumber));

export const serviceAccept = (name: string): Uint8Array => message(N.SERVICE_ACCEPT, string(name));

export const extInfo = (extensions: Readonly<Record<string, Uint8Array | string>>): Uint8Array => {
  const pairs = Object.entries(extensions).flatMap(([name, value]) => [string(name), string(value)]);
  return message(N.EXT_INFO, uint32(pairs.length / 2), ...pairs);
};

export const banner = (text: string): Uint8Array => message(N.USERAUTH_BANNER, string(text), string(""));

export const authFailure = (methods: readonly string[], partialSuccess = false): Uint8Array =>
  message(N.USERAUTH_FAILURE, nameList(methods), boolean(partialSuccess));

export const authSuccess: Uint8Array = message(N.USERAUTH_SUCCESS);

export const pkOk = (algorithm: string, blob: Uint8Array): Uint8Array =>
  message(N.USERAUTH_PK_OK, string(algorithm), string(blob));

export const globalRequest = (name: string, wantReply: boolean, data: Uint8Array = new Uint8Array(0)): Uint8Array =>
  message(N.GLOBAL_REQUEST, string(name), boolean(wantReply), data);

export const confirmation = (recipient: number, sender: number, window: number, maximumPacket: number): Uint8Array =>
  message(N.CHANNEL_OPEN_CONFIRMATION, uint32(recipient), uint32(sender), uint32(window), uint32(maximumPacket));

export const channelData = (recipient: number, data: Uint8Array | string): Uint8Array =>
  message(N.CHANNEL_DATA, uint32(recipient), string(data));

export const channelRequest = (recipient: number, type: string, wantReply: boolean, fields: Uint8Array): Uint8Array =>
  message(N.CHANNEL_REQUEST, uint32(recipient), string(type), boolean(wantReply), fields);
