/**
 * Remote: the way to the remote MCP server, in an order that costs no time: dial first, read the files, and load what
 * needs cryptography, which takes longer than the others together, while the connection is on its way.
 */
import { isIP } from "node:net";
import type { OpenRemote, RemoteSession } from "../mcp/link.ts";
import { type ConfigFiles, readConfigFiles } from "../node/config-files.ts";
import { type KnownHostsFile, readKnownHosts, readKnownHostsIfThere } from "../node/files.ts";
import type { Log } from "../node/log.ts";
import { dial, underway } from "../node/tcp.ts";
import type { ByteDuplex } from "../ssh/connection.ts";
import { readClientKeys, readKeysAgain, readKeysThereAre } from "./client-keys.ts";
import { describeFailure } from "./failure.ts";
import type { UnlockedKeys } from "./identities.ts";
import type { Introduction, IntroductionOptions } from "./introduction.ts";
import { type GivenPassphrase, givenPassphrase } from "./passphrase.ts";
import { sayingOnce } from "./said-once.ts";
import type { Preparation, PreparedStop } from "./session.ts";
import type { Settings } from "./settings.ts";
import { trustChoice } from "./trust-choices.ts";
import type { Watch } from "./watch.ts";
import type { Route } from "./way.ts";

interface Beginning extends Preparation {
  /** What `open` gives first. */
  readonly socket: Promise<ByteDuplex>;
}

/** Reads the key files that are meant for one server. */
type ReadKeys = typeof readClientKeys;

interface DialContext {
  readonly log: Log;
  /** What a person must do now is said there. */
  readonly attention: Log;
  readonly signal: AbortSignal;
  readonly watch: Watch | undefined;
  readonly readKeys: ReadKeys;
}

/** What outlives one attempt. */
interface Run {
  /** Undefined where none was given. */
  readonly passphrase: GivenPassphrase | undefined;
  readonly unlocked: UnlockedKeys;
  /** What was found out of each server, by its place. */
  readonly met: Map<string, Pick<PreparedStop, "accepted" | "introduction">>;
}

/** The way to the remote. */
export interface Dialled {
  /** Goes on to open the session that the settings ask for; to be called once. */
  readonly open: OpenRemote;
  /** Begins anew, with what the configuration and the files say then; nobody is asked and nothing made a second time. */
  readonly redial: OpenRemote;
}

/**
 * Dials at once. What it gives rejects with errors whose message is the line for a person; that of the first attempt is
 * logged. Who watches has no key made that is missing.
 */
export function dialRemote(settings: Settings, plainLog: Log, watch?: Watch): Dialled {
  const run = beginRun(settings, plainLog);
  const log = watch === undefined ? sayingOnce(plainLog) : plainLog;
  const attempt = (readKeys: ReadKeys): Attempt => {
    const abort = new AbortController();
    const context = { log, attention: plainLog, signal: abort.signal, watch, readKeys };
    const beginning = begin(settings, run, context);
    beginning.catch(ignore); // it may fail before anybody waits for it
    return { settings, beginning, abort, context };
  };
  const first = attempt(watch === undefined ? readClientKeys : readKeysThereAre);
  return {
    open: (signal) => finish(first, signal, (line) => log.error(`Error running MCP SSH client: ${line}`)),
    redial: (signal) => finish(attempt(readKeysAgain), signal, ignore),
  };
}

/** What was begun, and how it is ended. */
interface Attempt {
  readonly settings: Settings;
  readonly beginning: Promise<Beginning>;
  readonly abort: AbortController;
  readonly context: DialContext;
}

/** `onFailure` is given the line for a person. */
async function finish(
  { settings, beginning, abort, context }: Attempt,
  signal: AbortSignal,
  onFailure: (line: string) => void,
): Promise<RemoteSession> {
  const onAbort = (): void => abort.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  let target = settings;
  let madeLine: string | undefined;
  const known = new Set<Settings>(); // the servers that have shown a host key
  try {
    const begun = await beginning;
    target = begun.target;
    const loading = import("./session.ts"); // initialised while the network and the disk are waited for
    loading.catch(ignore);
    await Promise.all(begun.stops.flatMap(({ keys, knownHosts }) => [keys, knownHosts]));
    madeLine = (await begun.stops.at(-1)?.keys)?.[0]?.madeLine;
    const { openSession } = await loading;
    return await openSession(begun, { ...context, onHostKey: (stop) => known.add(stop) });
  } catch (error) {
    abort.abort();
    beginning.then(({ socket }) => socket.then(({ writable }) => writable.abort())).catch(ignore); // SSH, if it has it, has closed it
    if (signal.aborted) throw error;
    const line = describeFailure(error, { ...target, madeLine }, known.has(target), known);
    onFailure(line);
    throw new Error(line.replace(/(?<=[.;]) /g, "\n"), { cause: error }); // the proxy cuts lines, and joins them again
  } finally {
    signal.removeEventListener("abort", onAbort); // it may outlive many attempts
  }
}

/** The way to the server that is meant, for whoever does not log in to it. */
export interface FoundWay {
  /** With what ssh's configuration says. */
  readonly target: Settings;
  /** Another connection to it each time. */
  readonly open: () => Promise<ByteDuplex>;
  /** Ends what leads there. */
  readonly close: () => Promise<void>;
}

/** Goes as far as the server that is meant, through its jump hosts. @throws JumpError, ConfigError, FileError */
export async function findWay(settings: Settings, log: Log, signal: AbortSignal): Promise<FoundWay> {
  const context = { log, attention: log, signal, watch: undefined, readKeys: readKeysThereAre };
  const begun = await begin(settings, beginRun(settings, log), context);
  const { target, open } = begun;
  if (begun.stops.length === 1) return { target, open, close: async () => undefined };
  const { openWay } = await import("./session.ts");
  const connection = await openWay(begun, { log, signal, onHostKey: () => undefined });
  return { target, open: () => connection.tunnel(target.host, target.port), close: () => connection.close() };
}

function beginRun(settings: Settings, log: Log): Run {
  return { passphrase: givenPassphrase(settings, log), unlocked: new Map(), met: new Map() };
}

/** Where no configuration is read, this dials before it returns. */
async function begin(asked: Settings, { passphrase, unlocked, met }: Run, context: DialContext): Promise<Beginning> {
  const { log, signal, readKeys } = context;
  const found = findRoute(asked, log);
  const route = found instanceof Promise ? await found : found;
  const dialFirst = (): Promise<ByteDuplex> => openFirst(route[0], context);
  const socket = dialFirst();
  socket.catch(ignore); // it may be refused before anybody waits for it
  await underway();
  const stops = route.map((settings) => {
    const place = `${settings.host} ${settings.port}`;
    const before = met.get(place);
    const accepted = before?.accepted ?? {};
    const introduction = introductionOf(settings, { log, signal, socket }, before?.introduction);
    met.set(place, { accepted, introduction });
    const knownHosts = knownHostsOf(settings, introduction);
    const keys = readKeys(settings, passphrase, log);
    return { settings, keys, passphrase, unlocked, knownHosts, accepted, introduction };
  });
  for (const promise of stops.flatMap(({ keys, knownHosts }) => [keys, knownHosts])) promise.catch(ignore);
  let isTaken = false;
  const open = (): Promise<ByteDuplex> => {
    const isFirst = !isTaken;
    isTaken = true;
    return isFirst ? socket : dialFirst();
  };
  return { stops, target: route.at(-1) ?? asked, socket, open };
}

/**
 * The servers on the way, each with the settings that hold for it. Where there is no configuration that is known at once;
 * what reads one is loaded only then. @throws FileError, ConfigError
 */
function findRoute(asked: Settings, log: Log): Route | Promise<Route> {
  const read = readConfigFiles(asked.sshConfig);
  return read instanceof Promise ? read.then((files) => routeBy(files, asked, log)) : routeBy(read, asked, log);
}

function routeBy({ files, warnings }: ConfigFiles, asked: Settings, log: Log): Route | Promise<Route> {
  for (const warning of warnings) log.warning(warning);
  if (files.length === 0 && asked.proxyJump === undefined) return [asked];
  return import("./ssh-settings.ts").then(({ configuredRoute }) => configuredRoute(files, asked, log));
}

async function openFirst(first: Settings, { log, signal, watch }: DialContext): Promise<ByteDuplex> {
  const { host, port, connectTimeout, config } = first;
  if (config?.proxyCommand !== undefined) {
    const { proxyCommand } = await import("../node/proxy-command.ts");
    return proxyCommand(config.proxyCommand, { signal, onLine: (line) => log.info(`[ProxyCommand] ${line}`) });
  }
  const { bindAddress: localAddress = "", addressFamily } = config ?? {};
  const bound = isIP(localAddress);
  return dial(host, port, {
    signal,
    timeout: connectTimeout,
    family: addressFamily ?? (bound === 4 || bound === 6 ? bound : undefined),
    localAddress: bound === 0 ? undefined : localAddress,
    onProgress: watch && ((progress) => watch({ type: "dial", ...progress }, first)),
  });
}

function introductionOf(
  settings: Settings,
  options: IntroductionOptions,
  before: Promise<Introduction> | undefined,
): Promise<Introduction> | undefined {
  if (settings.keyServer === undefined) return undefined;
  return import("./introduction.ts").then(
    async ({ Introduction }) => new Introduction(settings, options, await before),
  );
}

async function knownHostsOf(
  settings: Settings,
  introduction: Promise<Introduction> | undefined,
): Promise<readonly KnownHostsFile[] | undefined> {
  if (!settings.isHostKeyChecked) return undefined;
  const { files, isNamed } = trustChoice(settings);
  const read = isNamed ? readKnownHosts : readKnownHostsIfThere;
  const known = introduction?.then(({ knownHosts }) => knownHosts) ?? read(files);
  return (await Promise.all([known, revokedKeysOf(settings)])).flat();
}

/** The keys that no host may have, by ssh's configuration. */
export async function revokedKeysOf({ config }: Pick<Settings, "config">): Promise<readonly KnownHostsFile[]> {
  const { revokedHostKeys = [] } = config ?? {};
  if (revokedHostKeys.length === 0) return [];
  const { readRevokedKeys } = await import("../node/revoked-keys.ts");
  return readRevokedKeys(revokedHostKeys);
}

function ignore(): void {
  // told elsewhere
}
