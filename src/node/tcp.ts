/**
 * TCP: a connection to a host's name, as streams of bytes. All addresses of the name are tried, IPv6 and IPv4 in turn,
 * each 250 ms behind the one before and none given up for being slow (Happy Eyeballs, RFC 8305). Node's own
 * autoSelectFamily gives an address up after those 250 ms, which cuts off every server that is farther away than that.
 */
import { connect, isIP, type Socket } from "node:net";
import type { ByteDuplex } from "../ssh/connection.ts";
import { Deadline } from "../ssh/deadline.ts";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { duplexOf } from "../ssh/web-streams.ts";
import { SocketBuffer, writableBytes } from "./byte-streams.ts";
import { steadyNow } from "./clock.ts";

/** No TCP connection came up. The message has the words of the system (`Connection refused`) and says what was tried. */
export class DialError extends SshError {
  override readonly name = "DialError";
  /** As in `ECONNREFUSED`; `ETIMEDOUT` where our own time was over. */
  readonly code: string;
  /** The system's number of it, as in 111; undefined where it has none. */
  readonly errno: number | undefined;

  constructor(message: string, code: string, errno: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.errno = errno;
  }
}

/** The addresses of a name, the preferred ones first. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  /** Ends the attempt; `dial` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for name and connection together. 15,000. */
  readonly timeout?: number;
  /** The system's resolver unless given. */
  readonly lookup?: Lookup;
  /** Told the addresses that the name was resolved to, and then the one that answered. */
  readonly onProgress?: ((progress: DialProgress) => void) | undefined;
  /** The one family of addresses to use; both unless given. */
  readonly family?: 4 | 6 | undefined;
  /** The address of ours to connect from; the system's choice unless given. */
  readonly localAddress?: string | undefined;
}

/** How far `dial` has come. */
export type DialProgress = { readonly resolved: readonly string[] } | { readonly connected: string };

/** The code where the runtime keeps us from the network, as Node has it. */
export const DENIED = "ERR_ACCESS_DENIED";

/** RFC 8305 §5: the recommended Connection Attempt Delay, in milliseconds. */
const attemptDelay = 250;

/** `keepAlive` as ssh's TCPKeepAlive, beside SSH's own, which finds a dead peer sooner. */
const socketOptions = { noDelay: true, keepAlive: true, allowHalfOpen: true } as const;

/**
 * Connects to `host`, a name or an address. What `direct` reads is borrowed: a chunk is valid until the next is asked for.
 * @throws DialError, or the signal's reason; RangeError for a port that is none.
 */
export async function dial(host: string, port: number, options: DialOptions = {}): Promise<ByteDuplex> {
  const { signal, timeout = 15_000, lookup = lookupAll, family } = options;
  signal?.throwIfAborted();
  const race = new Race(host, port, options);
  const deadline = new Deadline(steadyNow);
  deadline.start(timeout, () => race.giveUp(timeout));
  const onAbort = (): void => race.end(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  const ofFamily = (address: string): boolean => family === undefined || isIP(address) === family;
  try {
    // an address needs no lookup: its SYN leaves at once (see `underway`)
    if (isIP(host) > 0) race.start([host]);
    else
      lookup(host)
        .then((addresses) => race.start(addresses.filter(ofFamily)))
        .catch((error) => race.end(lookupError(host, error)));
    return streamsOf(await race.winner);
  } finally {
    deadline.stop();
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Resolves once a dial to an address is on its way: Node's `connect` puts it off until all is done that can be done at once,
 * and that is better done while the server answers.
 */
export function underway(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function lookupAll(host: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises"); // an address needs none of it
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/**
 * The socket's bytes both ways. Each half ends by itself; when nobody reads any more, the socket goes once what was
 * written is out.
 */
function streamsOf({ socket, buffer }: Connected): ByteDuplex {
  const source = buffer.source(socket, () => socket.destroySoon());
  const sink = writableBytes(socket, {
    close: (whenDone) => socket.end(whenDone),
    abort: () => socket.destroy(),
  });
  return duplexOf({ source, sink }, true);
}

interface Connected {
  readonly socket: Socket;
  readonly buffer: SocketBuffer;
}

interface Failure {
  readonly address: string;
  readonly error: NodeJS.ErrnoException;
}

/** The attempts for one connection: the first that comes up wins, the others are dropped. */
class Race {
  readonly #winner: Deferred<Connected> = deferred();
  readonly winner: Promise<Connected> = this.#winner.promise;
  readonly #host: string;
  readonly #port: number;
  readonly #options: DialOptions;
  readonly #sockets = new Map<Socket, string>();
  readonly #failures: Failure[] = [];
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(host: string, port: number, options: DialOptions) {
    this.#host = host;
    this.#port = port;
    this.#options = options;
  }

  start(addresses: readonly string[]): void {
    try {
      this.#waiting = inTurn(addresses);
      if (this.#waiting.length === 0) {
        const message = `Could not resolve hostname ${printable(this.#host)}: no address`;
        throw new DialError(message, "ENOTFOUND", undefined);
      }
      this.#options.onProgress?.({ resolved: this.#waiting.slice() });
      this.#next();
    } catch (error) {
      this.end(error); // or of the caller's: a port that is none
    }
  }

  /** Our own time is over: what has not failed yet has timed out. */
  giveUp(milliseconds: number): void {
    const error = Object.assign(new Error(`no answer within ${milliseconds / 1000} s`), { code: "ETIMEDOUT" });
    for (const address of [...this.#sockets.values(), ...this.#waiting]) this.#failures.push({ address, error });
    if (this.#failures.length === 0) this.end(lookupError(this.#host, error));
    else this.end(dialError(this.#host, this.#port, this.#failures));
  }

  end(error: unknown): void {
    this.#winner.reject(error);
    this.#stop();
  }

  #next(): void {
    clearTimeout(this.#timer);
    const address = this.#waiting.shift();
    if (address === undefined || this.#isOver) return;
    this.#connect(address);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#next(), attemptDelay);
  }

  #connect(address: string): void {
    const { localAddress } = this.#options;
    const buffer = new SocketBuffer();
    const { onread } = buffer;
    const socket = connect({ host: address, port: this.#port, localAddress, onread, ...socketOptions });
    socket.pause(); // until somebody asks
    this.#sockets.set(socket, address);
    socket.once("connect", () => {
      try {
        this.#options.onProgress?.({ connected: address });
      } catch (error) {
        this.end(error); // of the caller's: this socket goes with the others
        return;
      }
      this.#sockets.delete(socket);
      this.#winner.resolve({ socket, buffer });
      this.#stop();
    });
    socket.on("error", (error) => {
      if (!this.#sockets.delete(socket)) return;
      this.#failures.push({ address, error });
      if (this.#waiting.length > 0) this.#next();
      else if (this.#sockets.size === 0) this.end(dialError(this.#host, this.#port, this.#failures));
    });
  }

  #stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const losers = [...this.#sockets.keys()];
    this.#sockets.clear();
    for (const loser of losers) loser.destroy();
  }
}

/** RFC 8305 §4: the families take turns, the one of the first address first. */
function inTurn(addresses: readonly string[]): string[] {
  const [first = ""] = addresses;
  const ofOne = addresses.filter((address) => isIP(address) === isIP(first));
  const ofOther = addresses.filter((address) => isIP(address) !== isIP(first));
  return addresses.flatMap((_, i) => [...ofOne.slice(i, i + 1), ...ofOther.slice(i, i + 1)]);
}

/** The words that people search for, by the system's code, the most telling first. */
export const connectionWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  ETIMEDOUT: "Connection timed out",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  [DENIED]: "Network access is not permitted to this process (--allow-net)",
};

const ranks = Object.keys(connectionWords);

function rankOf({ error }: Failure): number {
  const rank = ranks.indexOf(codeOf(error));
  return rank < 0 ? ranks.length : rank;
}

/** Deno's error has a name only. */
function codeOf({ name, code = "" }: NodeJS.ErrnoException): string {
  return name === "NotCapable" ? DENIED : code;
}

function wordsOf({ error }: Failure): string {
  return connectionWords[codeOf(error)] ?? printable(error.message);
}

/** One error of all attempts: the most telling one leads, each address is named. */
function dialError(host: string, port: number, failures: readonly Failure[]): DialError {
  const ranked = failures.toSorted((a, b) => rankOf(a) - rankOf(b));
  const [leader] = ranked;
  if (leader === undefined) throw new RangeError("no attempt has failed");
  const tried = failures.length === 1 ? leader.address : ranked.map((f) => `${f.address}: ${wordsOf(f)}`).join(", ");
  const where = `${printable(host)} port ${port}${tried === host ? "" : ` (${tried})`}`;
  const { errno } = leader.error;
  const cause = failures.length === 1 ? leader.error : new AggregateError(failures.map(({ error }) => error));
  const number = typeof errno === "number" ? Math.abs(errno) : undefined; // Node has an error there for DENIED
  return new DialError(`${wordsOf(leader)}: ${where}`, codeOf(leader.error), number, { cause });
}

/** The same of what a resolver fails with. */
export const resolverWords: Readonly<Record<string, string>> = {
  ENOTFOUND: "name not found",
  EAI_AGAIN: "temporary failure in name resolution",
};

function lookupError(host: string, error: NodeJS.ErrnoException): DialError {
  const { message } = error;
  const code = codeOf(error);
  const known: Readonly<Record<string, string>> = {
    ...resolverWords,
    ETIMEDOUT: `timed out, ${message}`,
    EPERM: "not permitted to this process (in Deno: --allow-net)",
    [DENIED]: "network access is not permitted to this process (--allow-net)",
  };
  const why = known[code] ?? printable(message);
  return new DialError(`Could not resolve hostname ${printable(host)}: ${why}`, code, undefined, { cause: error });
}
