/**
 * Preparation: what is begun for a connection before SSH is loaded, and what SSH then waits for. Types only.
 */
import type { KnownHostsFile } from "../node/files.ts";
import type { ReadChoice } from "../node/key-choices.ts";
import type { AcceptedKey } from "../node/trust.ts";
import type { ByteDuplex } from "../ssh/connection.ts";
import type { UnlockedKeys } from "./identities.ts";
import type { Introduction } from "./introduction.ts";
import type { GivenPassphrase } from "./passphrase.ts";
import type { Settings } from "./settings.ts";
import type { Stop } from "./way.ts";

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
