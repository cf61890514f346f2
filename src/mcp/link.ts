/** Link: one session on one connection while it lives: its stdout and stderr pumped, its end found out. */
import type { ByteSink, ByteSource, DirectBytes, SessionChannel, SshConnection, TakeChunk } from "../ssh/connection.ts";
import { type Deferred, deferred } from "../ssh/deferred.ts";
import { flowing } from "../ssh/flow.ts";
import { directOf, sourceOf } from "../ssh/web-streams.ts";
import type { ProxyLimits } from "./limits.ts";
import { type RemoteEnd, sessionEnd } from "./remote-end.ts";
import { within } from "./waiting.ts";

/** A session that stands, on the connection that carries it. */
export interface RemoteSession {
  readonly session: SessionChannel;
  readonly connection: SshConnection;
  /** Whether it is a shell's, as the reference server's is. */
  readonly isShell?: boolean;
  /** Opens another session like this one, on the same connection where that is to be had; as `OpenRemote`. */
  readonly reopen?: OpenRemote;
}

/** Connects and opens the session; rejects when `signal` aborts. */
export type OpenRemote = (signal: AbortSignal) => Promise<RemoteSession>;

/** Who takes what the remote says on one stream. */
export interface LinkEar {
  readonly hear: TakeChunk;
  readonly end: () => void;
}

/** Who takes what the remote says. */
export interface LinkEars {
  readonly stdout: LinkEar;
  /** Absent where somebody else reads it. */
  readonly stderr?: LinkEar;
}

type LinkLimits = Pick<ProxyLimits, "exitTimeout" | "closeTimeout">;

/** Pumps from the first moment; ends by itself, or by `hangUp`. */
export class Link {
  /** Resolves when the remote is gone and all that it said was taken, or `endAs` says so. */
  readonly ended: Promise<RemoteEnd>;
  readonly #remote: RemoteSession;
  readonly #direct: DirectBytes;
  readonly #limits: LinkLimits;
  readonly #broken: Deferred<void> = deferred();
  readonly #foundOut: Deferred<RemoteEnd> = deferred();
  #closing: Promise<void> | undefined;
  #isEnded = false;
  #isLeft = false;
  /** Chunks of stdout so far, and whether one is being taken. */
  #heard = 0;
  #isHearing = false;

  constructor(remote: RemoteSession, ears: LinkEars, limits: LinkLimits) {
    this.#remote = remote;
    this.#direct = directOf(remote.session);
    this.#limits = limits;
    this.ended = Promise.race([this.#foundOut.promise, this.#watch(ears)]);
  }

  /** The remote's stdin. */
  get sink(): ByteSink {
    return this.#direct.sink;
  }

  /** Whether its stdout waits for whoever takes it. */
  get isHearing(): boolean {
    return this.#isHearing;
  }

  /** Nothing can be sent any more: the end is due. */
  broken(): void {
    this.#broken.resolve();
  }

  /** It counts as ended so, though it stands. */
  endAs(end: RemoteEnd): void {
    this.#foundOut.resolve(end);
  }

  /** Asks the remote to terminate if it has not ended, then CLOSE and DISCONNECT. */
  async hangUp(milliseconds: number = this.#limits.closeTimeout): Promise<void> {
    await this.#end(milliseconds * 0.75);
    await within(milliseconds * 0.25, this.#remote.connection.close().catch(ignore));
  }

  /** Hears no more of its stdout: another session is to stand in its place. */
  stopHearing(): void {
    this.#isLeft = true;
  }

  /** Ends the session as `hangUp` does, and hears no more of its stdout; the connection stays. */
  async leave(): Promise<void> {
    this.stopHearing();
    await this.#end(this.#limits.closeTimeout);
  }

  async #end(milliseconds: number): Promise<void> {
    if (this.#isEnded) return;
    this.#remote.session.signal("TERM").catch(ignore); // best effort: OpenSSH refuses it for some logins
    await within(milliseconds, this.#closeSession());
  }

  #closeSession(): Promise<void> {
    this.#closing ??= this.#remote.session.close().catch(ignore);
    return this.#closing;
  }

  /**
   * False after `exitTimeout` in which it said nothing: output may still be on its way when the process has ended. What it
   * left running there may go on talking, so that is waited for a few times only, but for the time that the host takes.
   */
  async #exitsByItself(exited: Promise<unknown>): Promise<boolean> {
    const exit = exited.then(() => true);
    for (let before = -1, left = MOST_WAITS; (this.#heard !== before && left > 0) || this.#isHearing; ) {
      before = this.#heard;
      if (!this.#isHearing) left--;
      if (await within(this.#limits.exitTimeout, exit)) return true;
    }
    return false;
  }

  #counted(ear: LinkEar): LinkEar {
    return {
      hear: (chunk) => {
        if (this.#isLeft) return undefined;
        this.#heard++;
        this.#isHearing = true;
        const time = ear.hear(chunk);
        if (time === undefined) this.#isHearing = false;
        return time?.then(() => {
          this.#isHearing = false;
        });
      },
      end: () => {
        if (!this.#isLeft) ear.end();
      },
    };
  }

  async #watch(ears: LinkEars): Promise<RemoteEnd> {
    const { session, connection } = this.#remote;
    const stdout = pump(this.#direct.source, this.#counted(ears.stdout));
    const stderr = ears.stderr && pump(session.directStderr ?? sourceOf(session.stderr), ears.stderr);
    await Promise.race([stdout, session.exited, this.#broken.promise]);
    // A session whose stdout or stdin is closed serves nobody: if there is no end yet, we make one.
    if (!(await this.#exitsByItself(session.exited))) {
      const closed = this.#closeSession().then(() => true);
      const isClosed = await within(this.#limits.closeTimeout, closed);
      if (!isClosed) this.#direct.source.cancel().catch(ignore); // it does not answer CLOSE: no end of its stdout will come
    }
    const broken = await stdout;
    await within(this.#limits.closeTimeout, Promise.resolve(stderr));
    this.#isEnded = true;
    const exit = await within(0, session.exited);
    if (exit !== undefined) return sessionEnd(exit);
    const lost = await within(
      LOSS_NEWS,
      connection.closed.then((error) => ({ error })),
    );
    if (lost !== undefined) return { how: "link-lost", error: lost.error };
    return broken === undefined ? { how: "closed" } : { how: "link-lost", error: broken };
  }
}

function ignore(): void {
  // a session or connection that is gone already is as good as closed
}

/** How many times `exitTimeout` a remote that has ended may go on talking: what a window holds needs a minute at 35 kB/s. */
const MOST_WAITS = 30;

/** A channel that ends without a word may be the first sign of a lost link; the news of it come at once, or late. */
const LOSS_NEWS = 50;

/**
 * Reads to the end; a source that breaks has ended too. Resolves to what broke it: a connection that cannot send its last
 * bytes says only seconds later that it is lost.
 */
async function pump(source: ByteSource, ear: LinkEar): Promise<unknown> {
  const breach = await flowing(source, ear.hear);
  ear.end();
  return breach?.error;
}
