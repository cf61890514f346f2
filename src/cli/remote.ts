/**
 * Remote: the way to the remote MCP server, in an order that costs no time: dial first, read files meanwhile, and only
 * then load what needs cryptography, which takes longer than the others together.
 */
import type { OpenRemote } from "../mcp/link.ts";
import { type KnownHostsFile, readKnownHosts, readKnownHostsIfThere } from "../node/files.ts";
import { type ReadChoice, readChoices } from "../node/key-choices.ts";
import type { Log } from "../node/log.ts";
import { dial } from "../node/tcp.ts";
import type { ByteDuplex } from "../ssh/connection.ts";
import { describeFailure } from "./failure.ts";
import type { Settings } from "./flags.ts";
import type { Introduction, IntroductionOptions } from "./introduction.ts";
import { keyChoices } from "./key-choices.ts";

/** What was begun before SSH was loaded. */
export interface Preparation {
  readonly socket: Promise<ByteDuplex>;
  /** Another connection to the same place. */
  readonly redial: () => Promise<ByteDuplex>;
  readonly keys: Promise<readonly ReadChoice[]>;
  /** Undefined where any host key will do. */
  readonly knownHosts: Promise<readonly KnownHostsFile[] | undefined>;
  /** Undefined where no key server is to be asked. */
  readonly introduction?: Promise<Introduction> | undefined;
}

/**
 * Dials at once, and gives what goes on to open the session that the settings ask for. That rejects with an error whose
 * message is the line for a person, which it has logged.
 */
export function dialRemote(settings: Settings, log: Log): OpenRemote {
  const abort = new AbortController();
  const redial = (): Promise<ByteDuplex> =>
    dial(settings.host, settings.port, { signal: abort.signal, timeout: settings.connectTimeout });
  const socket = redial();
  const introduction = introductionOf(settings, { log, signal: abort.signal, socket });
  const begun: Preparation = {
    socket,
    redial,
    keys: readChoices(keyChoices(settings)),
    knownHosts: introduction?.then(({ knownHosts }) => knownHosts) ?? knownHostsOf(settings),
    introduction,
  };
  for (const promise of [begun.socket, begun.keys, begun.knownHosts]) promise.catch(ignore); // it may fail before anybody waits for it
  return async (signal) => {
    signal.addEventListener("abort", () => abort.abort(signal.reason));
    let isServerKnown = false;
    const onHostKey = (): void => {
      isServerKnown = true;
    };
    try {
      await Promise.all([begun.keys, begun.knownHosts]);
      const { openSession } = await import("./session.ts");
      return await openSession(settings, begun, { log, signal: abort.signal, onHostKey });
    } catch (error) {
      abort.abort();
      begun.socket.then(({ writable }) => writable.abort()).catch(ignore); // SSH, if it has it, has closed it
      if (signal.aborted) throw error;
      const line = describeFailure(error, settings, isServerKnown);
      log.error(`Error running MCP SSH client: ${line}`);
      throw new Error(line.replace(/(?<=[.;]) /g, "\n"), { cause: error }); // the proxy cuts lines, and joins them again
    }
  };
}

function introductionOf(settings: Settings, options: IntroductionOptions): Promise<Introduction> | undefined {
  if (settings.keyServer === undefined) return undefined;
  return import("./introduction.ts").then(({ Introduction }) => new Introduction(settings, options));
}

async function knownHostsOf(settings: Settings): Promise<readonly KnownHostsFile[] | undefined> {
  if (!settings.isHostKeyChecked) return undefined;
  const given = settings.knownHosts === undefined ? undefined : [settings.knownHosts];
  return given !== undefined && settings.acceptNew ? readKnownHostsIfThere(given) : readKnownHosts(given);
}

function ignore(): void {
  // told elsewhere
}
