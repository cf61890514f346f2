/**
 * Remote: the way to the remote MCP server, in an order that costs no time: dial first, read files meanwhile, and only
 * then load what needs cryptography, which takes longer than the others together.
 */

import type { OpenRemote } from "../mcp/link.ts";
import { type KnownHostsFile, readKeyFile, readKnownHosts } from "../node/files.ts";
import type { Log } from "../node/log.ts";
import { dial } from "../node/tcp.ts";
import { describeFailure } from "./failure.ts";
import type { Settings } from "./flags.ts";

/** Opens the session that the settings ask for. What it rejects with has the line for a person as its message. */
export function remoteOpener(settings: Settings, log: Log): OpenRemote {
  return async (signal) => {
    let isServerKnown = false;
    const failed = new AbortController();
    const dialled = AbortSignal.any([signal, failed.signal]);
    const socket = dial(settings.host, settings.port, { signal: dialled, timeout: settings.connectTimeout });
    try {
      const [key, knownHosts] = await Promise.all([readKeyFile(settings.clientKey), knownHostsOf(settings)]);
      if (key.warning !== undefined) log.warning(key.warning);
      const { openSession } = await import("./session.ts");
      const onHostKey = (): void => {
        isServerKnown = true;
      };
      return await openSession(settings, { socket, key, knownHosts }, { log, signal, onHostKey });
    } catch (error) {
      failed.abort();
      socket.then(({ writable }) => writable.abort()).catch(() => {}); // in vain where SSH has taken it over, and closed it
      throw new Error(describeFailure(error, settings, isServerKnown), { cause: error });
    }
  };
}

async function knownHostsOf({
  isHostKeyChecked,
  knownHosts,
}: Settings): Promise<readonly KnownHostsFile[] | undefined> {
  return isHostKeyChecked ? readKnownHosts(knownHosts === undefined ? undefined : [knownHosts]) : undefined;
}
