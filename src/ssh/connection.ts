/**
 * Connection: the shapes that `connect` takes and gives. Types only, so that callers and their tests need no SSH.
 */
import type { AlgorithmTable, Certificate, Negotiated, RandomBytes, Signer } from "./algorithms/interfaces.ts";
import type { SshError } from "./errors.ts";

/** A stream of bytes both ways: a socket, a WebSocket, a channel. */
export interface ByteDuplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /**
   * The same bytes without the streams, for whoever counts microseconds: a web stream costs ten times as much a chunk
   * until it has been compiled. Who takes a half of it leaves the stream of that half alone. What a channel's gives is
   * borrowed: valid until the next `read`.
   */
  readonly direct?: DirectBytes;
}

export interface DirectBytes {
  readonly source: ByteSource;
  readonly sink: ByteSink;
}

/** Bytes that come. One reader, one read at a time. */
export interface ByteSource {
  /**
   * The next chunk, the reader's for good unless whoever gives the source says that it is borrowed; undefined at the end.
   * Rejects where the source has broken.
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Reads to the end in place of `read`, where a promise for each chunk is too much. Resolves at the end: to nothing, or
   * to what broke the source. Rejects with the error of `take`, which is then given no more.
   */
  flow?(take: TakeChunk): Promise<Breach | undefined>;
  /** Nobody reads any more: a read that waits has come to the end, and a flow when its last chunk is taken. */
  cancel(): Promise<void>;
}

/**
 * Takes a chunk in the moment in which it came. Undefined: it was taken; else that is so when the promise resolves, and the
 * next one comes then. Until it is taken the chunk is lent.
 */
export type TakeChunk = (chunk: Uint8Array) => Promise<void> | undefined;

/** Why no more comes from a source that did not come to its end. */
export interface Breach {
  readonly error: unknown;
}

/** Bytes that go. */
export interface ByteSink {
  /**
   * Takes a chunk behind those before it. Undefined: its bytes have left, and the array is the caller's again; else that
   * is so when the promise resolves. It rejects where they cannot leave.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends it behind what was written. Resolves when that is told. */
  close(): Promise<void>;
  /** Gives up on what has not left. */
  abort(): Promise<void>;
  /** Resolves with an error when nothing can be written any more. */
  readonly broken: Promise<unknown>;
}

/** A host key that the server proved to hold, before anything is trusted. RFC 4253 §8. */
export interface HostKey {
  /** As negotiated: `ssh-ed25519`; `rsa-sha2-512` for a key that known_hosts calls ssh-rsa. */
  readonly algorithm: string;
  /** The public key blob, as base64 in known_hosts; where a certificate was shown, that of the key in it. */
  readonly blob: Uint8Array;
  /** `SHA256:...` as OpenSSH prints it; made when it is asked for. */
  readonly fingerprint: string;
  /** Shown where a certificate's algorithm was negotiated; its authority did sign it, but may be anybody. */
  readonly certificate?: Certificate;
}

/** What the caller may be told while connecting; texts of the peer's are escaped already. */
export type Notice =
  /** The server's authentication banner, a line each. RFC 4252 §5.4. */
  | { readonly type: "banner"; readonly lines: readonly string[] }
  /** The server let us in without proof of a key. RFC 4252 §5.2. */
  | { readonly type: "authenticated-without-proof" }
  /** A key could not sign, and why; the next one is tried. RFC 4252 §7. */
  | { readonly type: "key-passed-over"; readonly text: string }
  /** An `env` request was refused: the variable's name, never its value. RFC 4254 §6.4. */
  | { readonly type: "env-refused"; readonly name: string }
  /**
   * The host keys that the server says it has, with `readsHostKeys`; only the one in use is proved. None where `fault`
   * says what is wrong with the list. OpenSSH PROTOCOL 2.5.
   */
  | { readonly type: "host-keys"; readonly keys: readonly HostKey[]; readonly fault: string | undefined }
  /** The server's SSH_MSG_DEBUG with always_display. RFC 4253 §11.3. */
  | { readonly type: "server-message"; readonly text: string }
  /** Detail for a log at DEBUG: names and sizes, never contents. */
  | { readonly type: "trace"; readonly text: string };

/** How far `connect` has come, each told once and in this order; between the last two the host key is judged. */
export type Progress =
  /** The server's identification string came, escaped. RFC 4253 §4.2. */
  | { readonly type: "version"; readonly serverVersion: string }
  /** The first key exchange has chosen. RFC 4253 §7.1. */
  | { readonly type: "negotiated"; readonly algorithms: Negotiated }
  /** We are logged in, by what: `none`, or as in `publickey ssh-ed25519 SHA256:...`. RFC 4252 §5.1. */
  | { readonly type: "authenticated"; readonly by: string };

/** Times in milliseconds, sizes in bytes; each has a default and none may be infinite. */
export interface Limits {
  /** Version exchange and first key exchange, until the host key's verdict is asked for. 15,000. */
  readonly handshakeTimeout: number;
  /** From the first key exchange to USERAUTH_SUCCESS, a signer's time not counted. 20,000. */
  readonly authenticationTimeout: number;
  /** One call of a signer's `sign`. 60,000. */
  readonly signTimeout: number;
  /** Opening a channel, and its requests. 15,000. */
  readonly channelTimeout: number;
  /** A key exchange after the first. 30,000. */
  readonly rekeyTimeout: number;
  /** Silence after which a keepalive is sent. 15,000. */
  readonly keepaliveInterval: number;
  /** Intervals without a packet after which the peer is dead, 2 at least: it must have been asked. 3. */
  readonly keepaliveCount: number;
  /** Bytes in either direction after which we start a rekey. 2^30. */
  readonly rekeyBytes: number;
  /** Time after which we start a rekey. 3,600,000. */
  readonly rekeyInterval: number;
  /** What all channels' windows may add up to; 2 MiB of it are kept back for channels to come. 10 MiB. */
  readonly windowTotal: number;
}

export interface ConnectOptions {
  readonly user: string;
  /** Keys to try, in order. */
  readonly keys: readonly Signer[];
  /** Whether this host key is trusted: resolve to let the connection go on, throw (a HostKeyError) to end it. No default. */
  readonly verifyHostKey: (hostKey: HostKey) => void | Promise<void>;
  /** Ends the attempt. Once `connect` has resolved it has no part in the connection; `close` has. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
  /** Takes chacha20-poly1305@openssh.com from a server without strict kex, which Terrapin (CVE-2023-48795) can cut. */
  readonly allowChachaWithoutStrictKex?: boolean;
  /** What is offered, in order; the library's own table unless given. */
  readonly table?: AlgorithmTable;
  /** Which of the table's host key algorithms to offer, in this order; all in the table's unless given. RFC 4253 §7.1. */
  readonly hostKeyAlgorithms?: readonly string[];
  /** Whether a `host-keys` notice is made of the server's list of its host keys. */
  readonly readsHostKeys?: boolean;
  readonly onNotice?: (notice: Notice) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** Whether `trace` notices are made. */
  readonly trace?: boolean;
  /** Milliseconds of a clock that only goes forward, whose start does not matter. `performance.now` unless given. */
  readonly now?: () => number;
  /** `crypto.getRandomValues` unless given. */
  readonly randomBytes?: RandomBytes;
}

export interface SshConnection {
  readonly hostKey: HostKey;
  /** The server's identification string, escaped. RFC 4253 §4.2. */
  readonly serverVersion: string;
  /** H of the first key exchange. RFC 4253 §7.2. */
  readonly sessionId: Uint8Array;
  /** Resolves once, when the connection has ended: undefined if we closed it. Never rejects. */
  readonly closed: Promise<SshError | undefined>;
  /**
   * Opens a session channel and makes its request; resolves when the server accepted it.
   * @throws ChannelError if the server refused. RFC 4254 §6.
   */
  session(request: SessionRequest, options?: { readonly signal?: AbortSignal }): Promise<SessionChannel>;
  /** Opens a direct-tcpip channel. @throws ChannelError if the server refused. RFC 4254 §7.2. */
  tunnel(host: string, port: number): Promise<ByteDuplex>;
  /**
   * Has the server prove that it holds these of the keys that a `host-keys` notice listed. Resolves to those that it
   * proved: all but those of types, or with signatures, that we cannot check. One call at a time.
   * @throws HostKeyError if a proof fails, ProtocolError, TimeoutError; the connection lives. OpenSSH PROTOCOL 2.5.
   */
  proveHostKeys(keys: readonly HostKey[]): Promise<readonly HostKey[]>;
  /** Exchanges fresh keys; resolves when both directions use them. RFC 4253 §9. */
  rekey(): Promise<void>;
  /** Sends DISCONNECT and ends the byte stream. */
  close(): Promise<void>;
}

export type SessionRequest = ({ readonly exec: string } | { readonly subsystem: string } | { readonly shell: true }) & {
  readonly env?: Readonly<Record<string, string>>;
};

/** How the remote process ended. RFC 4254 §6.10. */
export type ExitStatus =
  | { readonly status: number }
  | { readonly signal: string; readonly coreDumped: boolean; readonly message: string };

/** One session on the server: `writable` is its stdin (closing it sends EOF), `readable` its stdout. RFC 4254 §6. */
export interface SessionChannel extends ByteDuplex {
  /** Its stderr. Unread, it never stalls stdout: the last 64 KiB are kept and what was dropped is counted. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** The same plain: whoever takes it leaves `stderr` alone. What it gives is valid until the next is asked for. */
  readonly directStderr?: ByteSource;
  /** Bytes of stderr dropped so far because nobody read. */
  readonly stderrDropped: number;
  /** Resolves when the channel has closed: undefined where the server did not say how. Never rejects. */
  readonly exited: Promise<ExitStatus | undefined>;
  /** Asks the server to deliver a signal, as in `TERM`; there is no answer. RFC 4254 §6.9. */
  signal(name: string): Promise<void>;
  /** Sends CLOSE; resolves when the server's CLOSE came or the connection ended. RFC 4254 §5.3. */
  close(): Promise<void>;
}
