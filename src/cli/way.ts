/**
 * Way: from one SSH server to the next. The connection to each goes through a tunnel of the one before, so that no server
 * on the way sees more than bytes; an error names the one at which it was met, and the end closes them in order.
 */
import type { ByteDuplex, SshConnection } from "../ssh/connection.ts";
import { ChannelError, DisconnectError, SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import type { Settings } from "./settings.ts";

/** The jump hosts in order, then the server that is meant. */
export type Route = readonly [Settings, ...Settings[]];

/** An error at a jump host; what it was is its cause. */
export class JumpError extends Error {
  override readonly name = "JumpError";
  readonly stop: Settings;

  constructor(stop: Settings, cause: unknown) {
    super(`at jump host ${placeOf(stop)}`, { cause });
    this.stop = stop;
  }
}

/** A server on the way, and what was begun for it. */
export interface Stop {
  readonly settings: Settings;
}

/** How the servers on the way are reached and logged in to. */
export interface Travel<S extends Stop> {
  readonly stops: readonly S[];
  /** Opens the way to the first of them; called again where a login takes another connection. */
  readonly open: () => Promise<ByteDuplex>;
  readonly logIn: (stop: S, open: () => Promise<ByteDuplex>) => Promise<SshConnection>;
  /** Leaves all that was passed. Has no part in the connection once there is one. */
  readonly signal: AbortSignal;
}

/** Logs in to one after the other. Resolves to the last connection, whose end is that of all. @throws JumpError, and what `logIn` throws at the last stop */
export async function travel<S extends Stop>({ stops, open, logIn, signal }: Travel<S>): Promise<SshConnection> {
  const passed: SshConnection[] = [];
  const leave = async (): Promise<void> => {
    for (let last = passed.pop(); last !== undefined; last = passed.pop()) await last.close();
  };
  const onAbort = (): void => void leave();
  signal.addEventListener("abort", onAbort);
  try {
    let openNext = open;
    for (const [index, stop] of stops.entries()) {
      const next = stops[index + 1];
      const connection = await logIn(stop, openNext).catch((error: unknown) => {
        const failure = whereItFailed(error, stops.slice(0, index + 1));
        throw next === undefined || failure instanceof JumpError ? failure : new JumpError(stop.settings, error);
      });
      if (next === undefined) return index === 0 ? connection : distant(connection, stops, leave);
      passed.push(connection);
      openNext = () => tunnel(connection, stop, next);
    }
    throw new RangeError("a way without stops");
  } catch (error) {
    await leave();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function tunnel(connection: SshConnection, { settings }: Stop, next: Stop): Promise<ByteDuplex> {
  const { host, port } = next.settings;
  try {
    return await connection.tunnel(host, port);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw new JumpError(settings, error);
    const text = `it has no way to ${placeOf(next.settings)}: ${error.message}`;
    throw new JumpError(settings, new ChannelError(text, error.request, error.reason));
  }
}

/** A connection through others, which end with it. */
function distant(connection: SshConnection, stops: readonly Stop[], leave: () => Promise<void>): SshConnection {
  return {
    get hostKey() {
      return connection.hostKey;
    },
    serverVersion: connection.serverVersion,
    sessionId: connection.sessionId,
    closed: connection.closed.then((error) => {
      void leave();
      return error && lossOf(error, stops);
    }),
    session: (request, options) => connection.session(request, options),
    tunnel: (host, port) => connection.tunnel(host, port),
    rekey: () => connection.rekey(),
    proveHostKeys: (keys) => connection.proveHostKeys(keys),
    close: () => connection.close().then(leave),
  };
}

/** The end of a connection; if it was that of the way to it, where. */
function lossOf(error: SshError, stops: readonly Stop[]): SshError {
  const { stop, first } = whereItBroke(error, stops);
  if (first === error) return error;
  const text = `the way through jump host ${placeOf(stop.settings)} broke: ${first.message}`;
  return new DisconnectError(text, undefined, { cause: error });
}

/** A failed login at the last of `stops` may be the end of the way to it: then it is a jump host's. */
function whereItFailed(error: unknown, stops: readonly Stop[]): unknown {
  if (!(error instanceof SshError)) return error;
  const { stop, first } = whereItBroke(error, stops);
  return first === error || stop === stops.at(-1) ? error : new JumpError(stop.settings, first);
}

/** Each connection that loses its tunnel has the loss of the one before as its cause: the last of them tells where. */
function whereItBroke(error: SshError, stops: readonly Stop[]): { readonly stop: Stop; readonly first: SshError } {
  const way = [...stops];
  let stop = way.pop();
  let first = error;
  for (; first instanceof DisconnectError && first.cause instanceof SshError; first = first.cause)
    stop = way.pop() ?? stop;
  if (stop === undefined) throw new RangeError("a way without stops");
  return { stop, first };
}

/** As a person would write it: the port where it is not ssh's own, and the configuration's name for it first. */
export function placeOf({ host, port, config }: Pick<Settings, "host" | "port" | "config">): string {
  const place = port === 22 ? host : `${host} port ${port}`;
  const alias = config?.alias ?? host;
  return alias.toLowerCase() === host ? place : `${printable(alias)} (${place})`;
}
