/** Limits of the proxy: times in milliseconds, sizes in bytes; each has a default, none may be infinite. */
export interface ProxyLimits {
  /** The longest line towards the host; a longer one is dropped and its request answered. 64 MiB. */
  readonly lineBytes: number;
  /** Longer lines towards the server leave in pieces; as much may wait for the server. 1 MiB. */
  readonly streamBytes: number;
  /** From the host's EOF: how long its requests may wait for their answers. 30,000. */
  readonly drainTimeout: number;
  /** From the host's EOF: the silence of the remote after which we end, if nothing is pending. 1,000. */
  readonly quietTimeout: number;
  /** From the first request sent: how long the remote may take to answer any. Hosts give up after 60 s. 45,000. */
  readonly firstReplyTimeout: number;
  /** From the sending of `server/discover`: how long the remote may take to answer it. Hosts wait 10 to 60 s. 8,000. */
  readonly probeTimeout: number;
  /** While the server takes nothing and the host is held back: after this a little more is read, to see if it is there. 5,000. */
  readonly holdInterval: number;
  /** While the host is held back: how long the server may take nothing. Then the link counts as lost. 600,000. */
  readonly stallTimeout: number;
  /** With the remote gone: how long we stay for the host's first request, and then for what else it is saying. 2,000. */
  readonly firstRequestTimeout: number;
  /** With the remote gone: the silence of the host, all read and no line half said, after which it gets its end. 100. */
  readonly hostQuietTimeout: number;
  /** With the remote gone and `server/discover` errored: how long we stay for `initialize`. 5,000. */
  readonly initializeTimeout: number;
  /** How long the remote may take to say how it ended, once its stdout has. 2,000. */
  readonly exitTimeout: number;
  /** How long CLOSE and DISCONNECT may take. 1,000. */
  readonly closeTimeout: number;
  /** From a signal to the end of everything. 1,000. */
  readonly stopTimeout: number;
  /** While the link is lost: how long a request waits for another one. 30,000. */
  readonly reconnectWait: number;
  /** While the link is lost: how many requests wait. 256. */
  readonly reconnectQueue: number;
  /** While the link is lost: the bytes of all that waits. 16 MiB. */
  readonly reconnectBytes: number;
}

/** What holds where nothing else is said. */
export const DEFAULT_LIMITS: ProxyLimits = {
  lineBytes: 64 * 1024 * 1024,
  streamBytes: 1024 * 1024,
  drainTimeout: 30_000,
  quietTimeout: 1_000,
  firstReplyTimeout: 45_000,
  probeTimeout: 8_000,
  holdInterval: 5_000,
  stallTimeout: 600_000,
  firstRequestTimeout: 2_000,
  hostQuietTimeout: 100,
  initializeTimeout: 5_000,
  exitTimeout: 2_000,
  closeTimeout: 1_000,
  stopTimeout: 1_000,
  reconnectWait: 30_000,
  reconnectQueue: 256,
  reconnectBytes: 16 * 1024 * 1024,
};
