/**
 * Session: from a TCP connection under way to the remote command's streams. This is what needs cryptography, so it is
 * loaded while the connection comes up.
 */

import type { RemoteSession } from "../mcp/link.ts";
import { platformTable } from "../node/aes-gcm.ts";
import { defaultKnownHosts } from "../node/files.ts";
import type { Log } from "../node/log.ts";
import { type HostTrust, trustBy } from "../node/trust.ts";
import { connect } from "../ssh/connect.ts";
import type { ByteDuplex, ConnectOptions, Limits, Notice, SshConnection } from "../ssh/connection.ts";
import { AuthError, HostKeyError, NegotiationError } from "../ssh/errors.ts";
import type { Settings } from "./flags.ts";
import { HostKeyFollower } from "./host-keys.ts";
import { signersOf } from "./identities.ts";
import type { Introduction } from "./introduction.ts";
import type { Preparation } from "./remote.ts";

/** Logs in and starts the remote command. Calls `onHostKey` when the server has proved itself an SSH server. */
export async function openSession(
  settings: Settings,
  begun: Preparation,
  { log, signal, onHostKey }: { readonly log: Log; readonly signal: AbortSignal; readonly onHostKey: () => void },
): Promise<RemoteSession> {
  const { host, port } = settings;
  const knownHosts = await begun.knownHosts;
  const introduction = await begun.introduction;
  const place = (await introduction?.place()) ?? settings.knownHosts ?? defaultKnownHosts[0] ?? "";
  const known =
    knownHosts &&
    trustBy(knownHosts, place, {
      host,
      port,
      pins: settings.hostKeyPins,
      acceptNew: settings.acceptNew,
      hasFlags: true,
      log,
    });
  const trust = known && (introduction?.trusting(known) ?? known);
  const follower = settings.updateHostKeys ? new HostKeyFollower({ host, port, place, log }) : undefined;
  const keys = await signersOf(settings, await begun.keys, { log, signal });
  await introduction?.introduceUs(keys);
  const options: ConnectOptions = {
    user: settings.username,
    keys,
    verifyHostKey: (hostKey) => {
      onHostKey();
      log.debug(`the server's host key is ${hostKey.algorithm} ${hostKey.fingerprint}`);
      return trust?.verifyHostKey(hostKey);
    },
    ...(trust === undefined ? {} : { hostKeyAlgorithms: trust.hostKeyAlgorithms }),
    signal,
    limits: limitsOf(settings),
    allowChachaWithoutStrictKex: settings.allowChachaWithoutStrictKex,
    table: platformTable,
    readsHostKeys: follower !== undefined,
    onNotice: (notice) => (notice.type === "host-keys" ? follower?.listed(notice) : tell(notice, log)),
    trace: settings.logLevel === "DEBUG",
  };
  const connection = await logIn(begun, options, trust, { introduction, log });
  log.debug(`logged in as ${settings.username}; the server is ${connection.serverVersion}`);
  const env = environment(settings.env, log);
  try {
    const open = (signal: AbortSignal) => connection.session({ ...settings.request, env }, { signal });
    const session = await open(signal);
    follower?.opened(connection);
    return { connection, session, isShell: "shell" in settings.request, reopen: open };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Where we are not let in, a key server may see to it that we are. */
async function logIn(
  begun: Preparation,
  options: ConnectOptions,
  trust: HostTrust | undefined,
  { introduction, log }: { readonly introduction: Introduction | undefined; readonly log: Log },
): Promise<SshConnection> {
  try {
    return await reach(begun.socket, begun, options, trust, log);
  } catch (error) {
    if (introduction === undefined || !(error instanceof AuthError)) throw error;
    await introduction.registerAfter(error, options.keys);
    return reach(begun.redial(), begun, options, trust, log);
  }
}

/**
 * A fingerprint does not tell the type of the key that it pins, and the list that decides which key is shown has crossed
 * by the time: so another connection, for the keys of other types. It offers less and is judged alike.
 */
async function reach(
  first: Promise<ByteDuplex>,
  begun: Preparation,
  options: ConnectOptions,
  trust: HostTrust | undefined,
  log: Log,
): Promise<SshConnection> {
  let refusal: HostKeyError | undefined;
  for (let socket = first, offer = options; ; socket = begun.redial()) {
    try {
      return await connect(await socket, offer);
    } catch (error) {
      const isNoneLeft = error instanceof NegotiationError && error.list === "host key algorithm";
      if (refusal !== undefined && isNoneLeft) throw refusal;
      const hostKeyAlgorithms = error instanceof HostKeyError ? (trust?.otherHostKeyAlgorithms() ?? []) : [];
      if (!(error instanceof HostKeyError) || hostKeyAlgorithms.length === 0) throw error;
      refusal = error;
      offer = { ...options, hostKeyAlgorithms };
      log.info(`the server showed a key that is not pinned, ${error.fingerprint}: connecting again for its others`);
    }
  }
}

function limitsOf(settings: Settings): Partial<Limits> {
  return {
    handshakeTimeout: settings.connectTimeout,
    authenticationTimeout: settings.authTimeout,
    channelTimeout: settings.channelTimeout,
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
      log.warning(`--env ${name}: there is no such variable here, so it is not set there either`);
    else variables.set(name, value);
  }
  return Object.fromEntries(variables);
}

function tell(notice: Exclude<Notice, { readonly type: "host-keys" }>, log: Log): void {
  switch (notice.type) {
    case "banner":
      for (const line of notice.lines) log.info(`the server says: ${line}`);
      return;
    case "authenticated-without-proof":
      log.warning("the server let us in without proof of a key: anyone who reaches it can use it");
      return;
    case "key-passed-over":
      log.warning(`${notice.text}; the next key is tried`);
      return;
    case "env-refused":
      log.warning(`the server refused to set ${notice.name}: AcceptEnv in its sshd_config must name it`);
      return;
    case "server-message":
      log.info(`the server says: ${notice.text}`);
      return;
    case "trace":
      log.debug(notice.text);
      return;
  }
}
