/**
 * Agent: asking an agent on this machine. A connection serves one request and no longer, so that
 * nothing is left open while nobody asks, and every request has its time.
 */
import { connect, type Socket } from "node:net";
import {
  type AgentExchange,
  type AgentIdentity,
  isSecurityKey,
  listIdentities,
  type SigningWay,
  signByAgent,
  signingWays,
} from "../ssh/agent.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import { AgentError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { expandHome } from "./files.ts";

export interface AgentOptions {
  /** Ends requests under way; they reject with its reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds for the list of keys. 5,000. */
  readonly listTimeout?: number;
  /** Milliseconds for a signature: a person may have to touch a key, or to say yes. 60,000. */
  readonly signTimeout?: number;
  /** Told that a person may have to do something: at once for a security key, else when the agent takes its time. */
  readonly onWait?: (identity: AgentIdentity) => void;
  /** Milliseconds after which an agent takes its time. 2,000. */
  readonly patience?: number;
}

/** An agent at the path of its socket (Windows: of its pipe). Nothing is connected until it is asked. */
export class Agent {
  /** As given, `~` expanded. */
  readonly path: string;
  readonly #options: AgentOptions;

  constructor(path: string, options: AgentOptions = {}) {
    this.path = expandHome(path);
    this.#options = options;
  }

  /** The keys that it holds, in its order. @throws AgentError that names its path; the signal's reason */
  identities(): Promise<readonly AgentIdentity[]> {
    return this.#ask(listIdentities(), "the list of its keys", this.#options.listTimeout ?? 5_000);
  }

  /** A signer for a key that it holds; undefined where keys of that type are never used. Its `sign` throws as `identities`. */
  signer(identity: AgentIdentity): Signer | undefined {
    const { publicKeyBlob, keyType } = identity;
    const ways = signingWays(keyType);
    const [first, ...others] = ways.map(({ algorithm }) => algorithm);
    if (first === undefined) return undefined;
    return {
      algorithms: [first, ...others],
      publicKeyBlob,
      sign: (data, algorithm) => {
        const way = ways.find((each) => each.algorithm === algorithm);
        if (way === undefined) throw new TypeError(`a key of type ${keyType} does not sign for ${algorithm}`);
        return this.#sign(identity, data, way);
      },
    };
  }

  async #sign(identity: AgentIdentity, data: Uint8Array, way: SigningWay): Promise<Uint8Array> {
    const { onWait, patience = 2_000, signTimeout = 60_000 } = this.#options;
    const isTouched = isSecurityKey(identity.keyType);
    if (isTouched) onWait?.(identity);
    const timer = setTimeout(() => isTouched || onWait?.(identity), patience);
    try {
      const exchange = signByAgent(identity.publicKeyBlob, data, way);
      return await this.#ask(exchange, `a signature by ${nameOf(identity)}`, signTimeout);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<T>(exchange: AgentExchange<T>, what: string, timeout: number): Promise<T> {
    try {
      return await ask(this.path, exchange, timeout, this.#options.signal);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      const where = `The agent at ${printable(this.path)}`;
      throw new AgentError(`${where} was asked for ${what}: ${error.message}`, error.fault, { cause: error });
    }
  }
}

/** A key as a person knows it. */
export function nameOf({ keyType, comment }: AgentIdentity): string {
  return comment === "" ? printable(keyType, 80) : `${printable(keyType, 80)} ${comment}`;
}

/** What a person is told who is waited for. */
export function waitFor(path: string, identity: AgentIdentity): string {
  if (isSecurityKey(identity.keyType)) return `touch your security key: ${nameOf(identity)} waits for it`;
  return `the agent at ${printable(path)} has not signed yet: it may be asking whether ${nameOf(identity)} may be used`;
}

/** sun_path of Linux and macOS; beyond it the system, or Node, would take a part of the path for the whole. */
const longestSocketPath = process.platform === "darwin" ? 103 : 107;

function ask<T>(path: string, exchange: AgentExchange<T>, timeout: number, signal?: AbortSignal): Promise<T> {
  if (process.platform !== "win32" && Buffer.byteLength(path) > longestSocketPath) {
    return Promise.reject(new AgentError(`no socket has a path longer than ${longestSocketPath} bytes`, "unreachable"));
  }
  return new Promise<T>((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = socketAt(path);
    const timer = setTimeout(() => fail(new AgentError(`no reply within ${timeout / 1000} s`, "late")), timeout);
    const onAbort = (): void => fail(signal?.reason);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.destroy();
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => fail(unreachable(error)));
    socket.on("end", () => fail(exchange.ended()));
    socket.on("data", (bytes) => {
      try {
        const value = exchange.receive(bytes);
        if (value === undefined) return;
        end();
        resolve(value);
      } catch (error) {
        fail(error);
      }
    });
    socket.write(exchange.request);
  });
}

/** Deno says at once, and not by an event, that it may not. */
function socketAt(path: string): Socket {
  try {
    return connect({ path });
  } catch (error) {
    throw unreachable(error as NodeJS.ErrnoException);
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  ENOTDIR: "there is no such socket: a part of its path is not a folder",
  ECONNREFUSED: "nobody listens there: the agent has ended, or this is no agent's socket",
  ENOTSOCK: "this is no socket",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ECONNRESET: "it cut the connection",
  EPIPE: "it cut the connection",
};

function unreachable(error: NodeJS.ErrnoException): AgentError {
  const why = causes[error.code ?? ""] ?? printable(error.message);
  return new AgentError(why, "unreachable", { cause: error });
}
