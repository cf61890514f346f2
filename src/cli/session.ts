/**
 * Session: from a TCP connection under way to the remote command's streams. This is what needs cryptography, so it is
 * loaded while the connection comes up.
 */

import type { RemoteSession } from "../mcp/link.ts";
import { steadyNow } from "../node/clock.ts";
import type { KnownHostsFile } from "../node/files.ts";
import type { ReadChoice } from "../node/key-choices.ts";
import type { Log } from "../node/log.ts";
import { loadTable, platformRandomBytes } from "../node/platform.ts";
import { type AcceptedKey, trustBy } from "../node/trust.ts";
import { connectTrusted } from "../node/trusted-connect.ts";
import type { AlgorithmTable } from "../ssh/algorithms/interfaces.ts";
import { OfferError, offering } from "../ssh/algorithms/offer.ts";
import type { ByteDuplex, ConnectOptions, HostKey, Limits, Notice, SshConnection } from "../ssh/connection.ts";
import { AuthError, type HostKeyError, NegotiationError } from "../ssh/errors.ts";
import { isEqual } from "../ssh/wire.ts";
import { isKeyToCome } from "./client-keys.ts";
import { trustCommand } from "./commands.ts";
import { HostKeyFollower } from "./host-keys.ts";
import { signersOf, type UnlockedKeys } from "./identities.ts";
import type { Introduction } from "./introduction.ts";
import type { GivenPassphrase } from "./passphrase.ts";
import type { Settings } from "./settings.ts";
import { trustChoice } from "./trust-choices.ts";
import type { Watch } from "./watch.ts";
import { JumpError, type Stop, travel } from "./way.ts";

/** What was begun for one server on the way before SSH was loaded. */
export interface PreparedStop extends Stop {
  readonly keys: Promise<readonly ReadChoice[]>;
  /** Undefined where none was given. */
  readonly passphrase?: GivenPassphrase | undefined;
  readonly unlocked: UnlockedKeys;
  /** Undefined where any host key will do. */
  readonly knownHosts: Promise<readonly KnownHostsFile[] | undefined>;
  /** The host key that was taken as a new one, if one was. */
  readonly accepted: AcceptedKey;
  /** Undefined where no key server is to be asked. */
  readonly introduction?: Promise<Introduction> | undefined;
}

/** What was begun before SSH was loaded. */
export interface Preparation {
  /** The jump hosts in order, then the server that is meant. */
  readonly stops: readonly PreparedStop[];
  readonly target: Settings;
  /** Gives a way to the first of them, another one each time. */
  readonly open: () => Promise<ByteDuplex>;
}

/** What a session is opened with. */
export interface SessionContext {
  readonly log: Log;
  /** What a person must do now is said there; `log` unless given. */
  readonly attention?: Log;
  readonly signal: AbortSignal;
  /** Called when a server has proved itself an SSH server. */
  readonly onHostKey: (server: Settings) => void;
  readonly watch?: Watch | undefined;
}

/** Logs in to the servers on the way, and starts the remote command on the last one. */
export async function openSession(begun: Preparation, context: SessionContext): Promise<RemoteSession> {
  const { stops, target } = begun;
  const { log, signal } = context;
  const { connection, onSession } = await logInAlong(stops, begun.open, context);
  const env = environment(target.env, log);
  const open = async (signal: AbortSignal): Promise<RemoteSession> => {
    const session = await connection.session({ ...target.request, env }, { signal });
    return { connection, session, isShell: "shell" in target.request };
  };
  try {
    const remote = await open(signal);
    onSession();
    context.watch?.({ type: "session" }, target);
    return { ...remote, reopen: (signal) => open(signal).catch((error) => openElsewhere(error, signal)) };
  } catch (error) {
    await connection.close();
    throw error;
  }

  /**
   * Some servers give one session a connection (tinysshd, `MaxSessions 1`), or end the connection with it. The TCP dial
   * itself does not hear this signal: what raises it ends the process, and a dial ends by its own time-out.
   */
  function openElsewhere(error: unknown, signal: AbortSignal): Promise<RemoteSession> {
    if (signal.aborted) throw error;
    log.info("The server gives no other session on this connection: connecting again");
    return openSession(begun, { ...context, signal });
  }
}

/** Logs in to the jump hosts only: from the last one a tunnel leads to the server that is meant. */
export async function openWay({ stops, open }: Preparation, context: SessionContext): Promise<SshConnection> {
  const jumps = stops.slice(0, -1);
  const { connection, onSession } = await logInAlong(jumps, open, context).catch((error: unknown) => {
    const last = jumps.at(-1);
    throw error instanceof JumpError || last === undefined ? error : new JumpError(last.settings, error);
  });
  onSession();
  return connection;
}

interface LoggedIn {
  readonly connection: SshConnection;
  /** To be called when the session stands: what has time until then. */
  readonly onSession: () => void;
}

/** `open`: gives a way to the first of the stops, another one each time. */
async function logInAlong(
  stops: readonly PreparedStop[],
  open: () => Promise<ByteDuplex>,
  context: SessionContext,
): Promise<LoggedIn> {
  const logged: LoggedIn[] = [];
  const connection = await travel({
    stops,
    open,
    signal: context.signal,
    logIn: async (stop, openTo) => {
      const one = await logIn(stop, openTo, context);
      logged.push(one);
      return one.connection;
    },
  });
  const onSession = (): void => {
    for (const one of logged) one.onSession();
  };
  return { connection, onSession };
}

/** `open`: gives a way to the server, another one each time. */
async function logIn(
  { settings, keys: files, passphrase, unlocked, knownHosts, accepted, introduction: introducing }: PreparedStop,
  open: () => Promise<ByteDuplex>,
  { log, attention = log, signal, onHostKey, watch }: SessionContext,
): Promise<LoggedIn> {
  const { host, username, isJump, hostKeyPins: pins, acceptNew } = settings;
  const known = await knownHosts;
  const introduction = await introducing;
  const choice = trustChoice(settings);
  const { name, isHashed } = choice;
  const place = (await introduction?.place()) ?? choice.place;
  const onTrusted = (by: string): void => watch?.({ type: "trusted", by }, settings);
  const mayAccept = acceptNew && introduction === undefined; // a configuration's accept-new outweighs no key server
  const words = { hasFlags: !isJump, trustCommand: trustCommand(settings) };
  const table = await offeredTo(settings);
  const hostKeyAlgorithms = Object.keys(table.hostKey);
  const choices = { ...name, pins, hostKeyAlgorithms, acceptNew: mayAccept, isHashed, accepted, ...words };
  const own = known && trustBy(known, place, { ...choices, log, onTrusted });
  const trust = own && (introduction?.trusting(own) ?? own);
  if (trust?.hostKeyAlgorithms.length === 0) throw new OfferError(noneFits);
  const follower = settings.updateHostKeys ? new HostKeyFollower({ ...name, place, isHashed, log }) : undefined;
  const read = await files;
  const keys = isKeyToCome(read)
    ? []
    : await signersOf(settings, read, { passphrase, unlocked, log, attention, signal });
  watch?.({ type: "ready", keys, files: read.flatMap(({ file }) => file ?? []), knownHosts: known }, settings);
  await introduction?.introduceUs(keys);
  const isTalkative = settings.logLevel === "DEBUG";
  const options: ConnectOptions = {
    user: username,
    keys,
    verifyHostKey: (hostKey) => {
      onHostKey(settings);
      watch?.({ type: "host-key", hostKey }, settings);
      if (isTalkative) log.debug(`${nameOf(settings)}'s host key is ${hostKey.algorithm} ${hostKey.fingerprint}`);
      if (trust !== undefined) return trust.verifyHostKey(hostKey);
      warnOfAnother(accepted.hostKey, hostKey, settings, log);
      accepted.hostKey = hostKey;
    },
    ...(trust === undefined ? {} : { hostKeyAlgorithms: trust.hostKeyAlgorithms }),
    signal,
    limits: limitsOf(settings),
    allowChachaWithoutStrictKex: settings.allowChachaWithoutStrictKex,
    table,
    randomBytes: platformRandomBytes(),
    now: steadyNow,
    readsHostKeys: follower !== undefined,
    onNotice: (notice) => {
      if (notice.type === "host-keys") follower?.listed(notice);
      else if (notice.type === "env-refused" && watch !== undefined && isAskedFor(notice.name, settings))
        watch({ type: "env-refused", name: notice.name }, settings);
      else tell(notice, settings, log);
    },
    ...(watch && { onProgress: (progress) => watch(progress, settings) }),
    trace: isTalkative,
  };
  const onAgain = (refusal: HostKeyError | NegotiationError): void => {
    if (refusal instanceof NegotiationError)
      log.info("the server lacks strict key exchange: connecting again with AES first, which does not need it");
    else
      log.info(`the server showed a key that is not pinned, ${refusal.fingerprint}: connecting again for its others`);
  };
  const attempt = () => connectTrusted(open, options, trust, onAgain);
  const connection = await introduced(attempt, keys, introduction);
  introduction?.letIn();
  log.debug(`logged in to ${host} as ${username}; ${nameOf(settings)} is ${connection.serverVersion}`);
  return { connection, onSession: () => follower?.opened(connection) };
}

/** What is offered: ssh's configuration may name what only ssh has, a flag may not. @throws OfferError, CryptoError */
async function offeredTo({ crypto, offer, configuredOffer }: Settings): Promise<AlgorithmTable> {
  return offering(offering(await loadTable(crypto), configuredOffer, "passed over"), offer);
}

/** Where certificates alone may be offered to a server whose key is pinned. */
const noneFits = "of the host key algorithms that are offered none fits a pin: pins are of keys, not certificates";

/** Where we are not let in, a key server may see to it that we are. */
async function introduced(
  attempt: () => Promise<SshConnection>,
  keys: ConnectOptions["keys"],
  introduction: Introduction | undefined,
): Promise<SshConnection> {
  try {
    return await attempt();
  } catch (error) {
    if (introduction === undefined || keys.length === 0 || !(error instanceof AuthError)) throw error;
    await introduction.registerAfter(error, keys);
    return attempt();
  }
}

/** Where host keys are not checked: whoever asked for that should see that a lost link may have led elsewhere. */
function warnOfAnother(before: HostKey | undefined, now: HostKey, settings: Settings, log: Log): void {
  if (before === undefined || isEqual(before.blob, now.blob)) return;
  const keys = `${now.fingerprint} in place of ${before.fingerprint}`;
  log.warning(
    `${nameOf(settings)} shows another host key than before, ${keys}; host keys are not checked, so we go on`,
  );
}

function limitsOf(settings: Settings): Partial<Limits> {
  return {
    handshakeTimeout: settings.connectTimeout,
    authenticationTimeout: settings.authTimeout,
    channelTimeout: settings.isJump ? settings.connectTimeout : settings.channelTimeout, // a tunnel is a connection to the next
    keepaliveInterval: settings.keepaliveInterval,
    keepaliveCount: settings.keepaliveCount,
    rekeyBytes: settings.rekeyBytes,
    rekeyInterval: settings.rekeyInterval,
  };
}

/** Names without a value take ours, if we have one. */
function environment(entries: Settings["env"], log: Log): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  for (const { name, value = process.env[name] } of entries) {
    if (value === undefined)
      log.warning(
        `--env ${name}: there is no such variable here, so it is not set there either: name it in the env of the host's entry`,
      );
    else variables.set(name, value);
  }
  return Object.fromEntries(variables);
}

/** The server in a sentence. */
function nameOf({ isJump, host }: Settings): string {
  return isJump ? `the jump host ${host}` : "the server";
}

/** By a flag; what ssh's configuration sends is mostly refused. */
function isAskedFor(variable: string, { env }: Settings): boolean {
  return env.some(({ name, isQuiet }) => name === variable && !isQuiet);
}

function tell(notice: Exclude<Notice, { readonly type: "host-keys" }>, settings: Settings, log: Log): void {
  const { isJump, host } = settings;
  const server = nameOf(settings);
  switch (notice.type) {
    case "banner":
      if (notice.lines.length > 0) log.info(notice.lines.map((line) => `${server} says: ${line}`).join("\n"));
      return;
    case "authenticated-without-proof":
      log.warning(`${server} let us in without proof of a key: anyone who reaches it can use it`);
      return;
    case "key-passed-over":
      log.warning(`${notice.text}; the next key is tried`);
      return;
    case "env-refused": {
      const text = `${server} refused to set ${notice.name}: AcceptEnv in its sshd_config must name it`;
      (isAskedFor(notice.name, settings) ? log.warning : log.debug)(text);
      return;
    }
    case "server-message":
      log.info(`${server} says: ${notice.text}`);
      return;
    case "trace":
      log.debug(isJump ? `${host}: ${notice.text}` : notice.text);
      return;
  }
}
