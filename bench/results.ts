/**
 * Results: the shape of results.json, from which report.ts and chart.ts make everything that people read. Times are
 * medians unless said otherwise; MB are 10^6 bytes, MiB 2^20.
 */

export interface Results {
  /** As in `2026-11-24`. */
  readonly date: string;
  /** Of the measured sources; `-dirty` where they had changes that are not in it. */
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<"node" | "openssh" | "ssh2" | "nobleCiphers" | "nobleCurves", string>>;
  /** `built`: ssh2 has its native addon; else why it has not. */
  readonly ssh2Addon: string;
  readonly packet: PacketResults;
  readonly channel: ChannelResults;
  readonly handshake: HandshakeResults;
  readonly command: CommandResults;
  /** The command bench run by other Nodes than the one that ran all benches. */
  readonly alsoOn: readonly { readonly node: string; readonly loopback: LinkResults }[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
}

export interface PacketResults {
  readonly rounds: number;
  /** As ssh2 itself says. */
  readonly ssh2HasNativeAddon: boolean;
  readonly rows: readonly PacketRow[];
}

export interface PacketRow {
  readonly cipher: string;
  readonly operation: "seal" | "open";
  readonly payloadBytes: number;
  /** A packet. `noble`: the primitives called by hand; `cipher`: our row; `packet`: with framing and padding, as ssh2's. */
  readonly microseconds: Readonly<Record<"noble" | "cipher" | "packet" | "ssh2", number>>;
}

export interface ChannelResults {
  readonly rounds: number;
  /** Bytes of data a sample. */
  readonly bytes: number;
  readonly rows: readonly ChannelRow[];
}

export interface ChannelRow {
  readonly cipher: string;
  readonly direction: "upload" | "download";
  /** MB/s of the whole client. */
  readonly megabytesPerSecond: number;
  /** MB/s of the cipher's row alone on packets of the same size. */
  readonly cipherMegabytesPerSecond: number;
}

export type ClientName = "mcp-ssh-client" | "ssh" | "ssh2";

export interface HandshakeResults {
  readonly warmRounds: number;
  readonly coldRounds: number;
  readonly rows: readonly HandshakeRow[];
}

/** From dialling to USERAUTH_SUCCESS, a library in a Node process. Milliseconds. */
export interface HandshakeRow {
  readonly client: "mcp-ssh-client" | "ssh2";
  readonly warm: { readonly cpu: number; readonly elapsed: number };
  /** In a fresh process: `imports` is the CPU time of importing the library, `process` that of the whole process. */
  readonly cold: { readonly imports: number; readonly cpu: number; readonly elapsed: number; readonly process: number };
}

export interface CommandResults {
  readonly startRounds: number;
  readonly loadRounds: number;
  /** What each client and the server agreed on when both were left alone. */
  readonly negotiated: Readonly<Partial<Record<ClientName, { readonly kex: string; readonly cipher: string }>>>;
  readonly loopback: LinkResults;
  readonly delayed: LinkResults;
}

export interface LinkResults {
  /** Milliseconds added to the round trip. */
  readonly delay: number;
  readonly load: Load;
  /** The same server as a child process, without SSH: what no client can be faster than. */
  readonly direct: { readonly firstReply: number; readonly roundTripP50: number };
  readonly clients: readonly ClientRow[];
  /** The server by a plain TCP port and a pipe in Node (`bare-pipe.mjs`). Null: not measured. */
  readonly bare: Figures | null;
}

/** What one session does. */
export interface Load {
  readonly pings: number;
  readonly pipelinedCalls: number;
  readonly inFlight: number;
  /** Requests with 1 MiB in the answer, and as many with 1 MiB in the request. */
  readonly transfers: number;
  /** Sequential pings after all that, when a runtime has compiled what it will. */
  readonly latePings: number;
}

export interface ClientRow extends Figures {
  readonly client: ClientName;
}

/** What is measured of a client. */
export interface Figures {
  /** Milliseconds from spawn to the answer to `initialize`. */
  readonly firstReply: number;
  /** Milliseconds of CPU until then, user and system. */
  readonly firstReplyCpu: number;
  /** Microseconds of a sequential ping. */
  readonly roundTripP50: number;
  readonly roundTripP99: number;
  /** Microseconds of a sequential ping late in a session. */
  readonly lateRoundTripP50: number;
  readonly callsPerSecond: number;
  /** MB/s */
  readonly download: number;
  readonly upload: number;
  /** Seconds of CPU of a session up to the late pings: start, pings, calls, transfers. */
  readonly cpu: number;
  /** MiB, VmHWM: after the pings and calls, and of a whole session, transfers included. */
  readonly peakRssOfCalls: number;
  readonly peakRss: number;
}
