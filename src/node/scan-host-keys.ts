/**
 * Scan host keys: which keys a server proves to hold, as ssh-keyscan shows them, without logging in. Each type takes a
 * connection of its own, one after the other: servers punish a source that comes too often at once.
 */

import { isCertified, keyTypeOf } from "../ssh/algorithm-name.ts";
import { connect } from "../ssh/connect.ts";
import type { ByteDuplex, HostKey } from "../ssh/connection.ts";
import { HostKeyError, NegotiationError } from "../ssh/errors.ts";
import { withAesFirst } from "../ssh/rows.ts";
import { loadPlatform } from "./platform.ts";
import { dial } from "./tcp.ts";

export interface ScanOptions {
  readonly host: string;
  /** 22 unless given. */
  readonly port?: number;
  /** For one connection, and again for its key exchange; in milliseconds, 15,000 unless given. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** The way to the server, another one each time; over TCP unless given. */
  readonly open?: () => Promise<ByteDuplex>;
}

/**
 * The server's host keys, the most wanted type first, certificates left out. None is trusted: whoever sits on the network
 * path shows his own. @throws DialError, and what `connect` throws before a host key is judged
 */
export async function scanHostKeys(options: ScanOptions): Promise<HostKey[]> {
  const { host, port = 22, timeout = 15_000 } = options;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const open = options.open ?? (() => dial(host, port, { timeout, ...signal }));
  const { table: usual } = await loadPlatform();
  const table = withAesFirst(usual); // a server without strict kex is not refused for that, and nothing else is said
  const plain = Object.keys(table.hostKey).filter((name) => !isCertified(name));
  const found: HostKey[] = [];
  let theirs: readonly string[] = plain; // as far as we know: a refusal tells
  for (const type of new Set(plain.map(keyTypeOf))) {
    const hostKeyAlgorithms = plain.filter((name) => keyTypeOf(name) === type);
    if (!hostKeyAlgorithms.some((name) => theirs.includes(name))) continue;
    const verifyHostKey = (hostKey: HostKey): never => {
      found.push(hostKey);
      throw new HostKeyError("seen", "rejected", hostKey.fingerprint);
    };
    try {
      await connect(await open(), {
        user: "",
        keys: [],
        table,
        verifyHostKey,
        hostKeyAlgorithms,
        limits: { handshakeTimeout: timeout },
        ...signal,
      });
    } catch (error) {
      const isSeen = error instanceof HostKeyError && error.verdict === "rejected";
      const isNone = error instanceof NegotiationError && error.list === "host key algorithm";
      if (!isSeen && !isNone) throw error;
      if (isNone) theirs = error.theirs;
    }
  }
  return found;
}
