/**
 * Trust choices: which known_hosts files the settings mean, and under which name a server is looked up in them. Pure.
 */
import { defaultKnownHosts } from "../node/files.ts";
import type { Settings } from "./settings.ts";

export interface TrustChoice {
  /** The name and port that known_hosts is searched for. */
  readonly name: { readonly host: string; readonly port: number };
  readonly files: readonly string[];
  /** Whether they must be there. */
  readonly isNamed: boolean;
  /** The file that a new key goes to. */
  readonly place: string;
  /** Whether the name is hashed there in any way. */
  readonly isHashed: boolean;
}

/**
 * A file that was given is the only one for the server that is meant, and one more for jump hosts: the replaced tool
 * looked for those in ssh's own files.
 */
export function trustChoice(settings: Settings): TrustChoice {
  const { knownHosts, acceptNew, isJump, config } = settings;
  const [user, global] = [defaultKnownHosts.slice(0, 2), defaultKnownHosts.slice(2)];
  const users = config?.userKnownHosts ?? user;
  const own = [...users, ...(config?.globalKnownHosts ?? global)];
  const name = nameOf(settings);
  const isHashed = config?.hashKnownHosts === true;
  const place = users[0] ?? "/dev/null"; // where there is no file, nothing is remembered
  if (knownHosts === undefined) return { name, files: own, isNamed: false, place, isHashed };
  if (isJump) return { name, files: [knownHosts, ...own], isNamed: false, place, isHashed };
  return { name, files: [knownHosts], isNamed: !acceptNew, place: knownHosts, isHashed };
}

/** An alias stands for one server, port and all. A key server gives its host's key under the host's own name. */
function nameOf({ host, port, keyServer, config }: Settings): TrustChoice["name"] {
  const alias = keyServer === undefined ? config?.hostKeyAlias : undefined;
  return alias === undefined ? { host, port } : { host: alias, port: 22 };
}
