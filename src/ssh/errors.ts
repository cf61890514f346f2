/**
 * Errors: whose fault it was decides the class. The one place that turns an error into a DISCONNECT is `client.ts`;
 * the reason codes of RFC 4253 §11.1 and RFC 4254 §5.1 stand here.
 */

/** Reason codes of SSH_MSG_DISCONNECT. RFC 4253 §11.1 (numbers: RFC 4250 §4.2.2). */
export const DISCONNECT_REASON = {
  HOST_NOT_ALLOWED_TO_CONNECT: 1,
  PROTOCOL_ERROR: 2,
  KEY_EXCHANGE_FAILED: 3,
  RESERVED: 4,
  MAC_ERROR: 5,
  COMPRESSION_ERROR: 6,
  SERVICE_NOT_AVAILABLE: 7,
  PROTOCOL_VERSION_NOT_SUPPORTED: 8,
  HOST_KEY_NOT_VERIFIABLE: 9,
  CONNECTION_LOST: 10,
  BY_APPLICATION: 11,
  TOO_MANY_CONNECTIONS: 12,
  AUTH_CANCELLED_BY_USER: 13,
  NO_MORE_AUTH_METHODS_AVAILABLE: 14,
  ILLEGAL_USER_NAME: 15,
} as const;

/** Reason codes of SSH_MSG_CHANNEL_OPEN_FAILURE. RFC 4254 §5.1. */
export const OPEN_FAILURE_REASON = {
  ADMINISTRATIVELY_PROHIBITED: 1,
  CONNECT_FAILED: 2,
  UNKNOWN_CHANNEL_TYPE: 3,
  RESOURCE_SHORTAGE: 4,
} as const;

/** The root of all errors that this library throws for the world's faults. Caller misuse is a TypeError or RangeError. */
export class SshError extends Error {
  override readonly name: string = "SshError";
}

/** The peer broke an RFC. `message` says what came, what was expected, and the section. */
export class ProtocolError extends SshError {
  override readonly name = "ProtocolError";
  readonly section: string;
  /** The DISCONNECT reason code that tells the peer so: 2 unless said otherwise. RFC 4253 §11.1. */
  readonly reason: number;

  /** `what`: got and expected in one phrase, already printable; `section`: as in "RFC 4253 §6". */
  constructor(what: string, section: string, reason: number = DISCONNECT_REASON.PROTOCOL_ERROR) {
    super(`${what} (${section})`);
    this.section = section;
    this.reason = reason;
  }
}

/** The error for what ends a key exchange, as a share or a key that is refused: reason 3. RFC 4253 §11.1. */
export function kexRefusal(what: string, section: string): ProtocolError {
  return new ProtocolError(what, section, DISCONNECT_REASON.KEY_EXCHANGE_FAILED);
}

/** Client and server have nothing in common in one of the lists of KEXINIT. RFC 4253 §7.1. */
export class NegotiationError extends SshError {
  override readonly name = "NegotiationError";
  readonly list: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];

  constructor(message: string, list: string, ours: readonly string[], theirs: readonly string[]) {
    super(message);
    this.list = list;
    this.ours = ours;
    this.theirs = theirs;
  }
}

/** Why a host key was not trusted. `signature`: the server could not prove that it has the key. */
export type HostKeyFault = "unknown" | "changed" | "revoked" | "signature" | "rekey" | "rejected";

/** The host key is not one that the caller trusts, or the server does not hold it. RFC 4251 §4.1. */
export class HostKeyError extends SshError {
  override readonly name = "HostKeyError";
  readonly verdict: HostKeyFault;
  /** `SHA256:...` of the key that the server showed. */
  readonly fingerprint: string | undefined;
  /** Where the entry that decided stands, as in `~/.ssh/known_hosts:12`. */
  readonly knownHostsLine: string | undefined;

  constructor(
    message: string,
    verdict: HostKeyFault,
    fingerprint?: string,
    knownHostsLine?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.verdict = verdict;
    this.fingerprint = fingerprint;
    this.knownHostsLine = knownHostsLine;
  }
}

/** The server did not let us in: our keys, or its policy. RFC 4252 §5.1. */
export class AuthError extends SshError {
  override readonly name = "AuthError";
  /** What was tried, as in `publickey ssh-ed25519 SHA256:...`. */
  readonly tried: readonly string[];
  /** The methods that the server would take, printable. */
  readonly canContinue: readonly string[];
  readonly partialSuccess: boolean;
  /** How many keys were left untried, since a server takes only so many tries. */
  readonly untried: number;

  constructor(
    message: string,
    tried: readonly string[],
    canContinue: readonly string[],
    partialSuccess: boolean,
    untried = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.tried = tried;
    this.canContinue = canContinue;
    this.partialSuccess = partialSuccess;
    this.untried = untried;
  }
}

/** The server refused a channel or a request on it; the connection lives. RFC 4254 §5.1, §5.4. */
export class ChannelError extends SshError {
  override readonly name = "ChannelError";
  /** The request that was refused (`session`, `exec`, `subsystem`, `shell`...). */
  readonly request: string;
  /** The reason code of an open failure. RFC 4254 §5.1. */
  readonly reason: number | undefined;

  constructor(message: string, request: string, reason?: number) {
    super(message);
    this.request = request;
    this.reason = reason;
  }
}

/** The peer left: by SSH_MSG_DISCONNECT, or the socket ended (`reason` undefined). RFC 4253 §11.1. */
export class DisconnectError extends SshError {
  override readonly name = "DisconnectError";
  readonly reason: number | undefined;
  /** What it said in place of its version line, escaped; undefined once that had come. RFC 4253 §4.2. */
  readonly greeting: readonly string[] | undefined;

  constructor(message: string, reason?: number, options: ErrorOptions & { greeting?: readonly string[] } = {}) {
    super(message, options);
    this.reason = reason;
    this.greeting = options.greeting;
  }
}

/** Something that the peer or the network owed did not come in time. */
export class TimeoutError extends SshError {
  override readonly name = "TimeoutError";
  /** What was waited for, as in `the server's version line`. */
  readonly waitedFor: string;

  constructor(waitedFor: string, milliseconds: number) {
    super(`no sign of ${waitedFor} within ${milliseconds / 1000} s`);
    this.waitedFor = waitedFor;
  }
}

/** A file or blob is not the key or the list that it should be. */
export class KeyFormatError extends SshError {
  override readonly name: string = "KeyFormatError";
}

/** A private key is encrypted, and no passphrase was given (`needed`) or not this key's (`wrong`). */
export class PassphraseError extends KeyFormatError {
  override readonly name = "PassphraseError";
  readonly reason: "needed" | "wrong";

  constructor(message: string, reason: "needed" | "wrong") {
    super(message);
    this.reason = reason;
  }
}

/** `unreachable`: nothing answers at its socket; `late`: no reply in time; `protocol`: a reply that is none. */
export type AgentFault = "unreachable" | "refused" | "late" | "protocol";

/** An agent could not be asked, refused, or broke its protocol. The server has no part in it. */
export class AgentError extends SshError {
  override readonly name = "AgentError";
  readonly fault: AgentFault;

  constructor(message: string, fault: AgentFault, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
