/**
 * Settings: what the flags that were given ask for, which of them exclude each other, and what to warn of. Pure.
 */
import type { HostConfig } from "../node/host-config.ts";
import type { HostKeyPin } from "../node/host-key-pin.ts";
import type { JumpSpec } from "../node/jump-spec.ts";
import type { CryptoChoice } from "../node/platform.ts";
import type { Offer } from "../ssh/algorithms/offer.ts";
import type { SessionRequest } from "../ssh/connection.ts";
import { walk } from "./argv.ts";
import { type Defaulted, type Flag, type FlagName, flags, type HasInitial, type Value } from "./flags.ts";
import type * as values from "./values.ts";
import { UsageError } from "./values.ts";

/** What the command line asks for: the flags that have a default, and more. Times in milliseconds, sizes in bytes; paths as typed. */
export interface Settings extends Omit<Defaulted, "clientKey" | "knownHosts" | "keyServerPort"> {
  /** Never empty. */
  readonly clientKeys: readonly string[];
  /** Whether they are no default. */
  readonly isClientKeyGiven: boolean;
  /** The path of its socket, `none`, or `SSH_AUTH_SOCK`; undefined where not given. */
  readonly agent: string | undefined;
  /** A secret: it goes into no message. */
  readonly passphrase: string | undefined;
  readonly passphraseFile: string | undefined;
  /** Undefined where not given: then ssh's own files count. */
  readonly knownHosts: string | undefined;
  readonly isHostKeyChecked: boolean;
  /** Where there are any, no other key is trusted. */
  readonly hostKeyPins: readonly HostKeyPin[];
  /** Whether the key of a host that has none yet is added to known_hosts. */
  readonly acceptNew: boolean;
  /** Whether known_hosts follows the keys that the host lists and proves. */
  readonly updateHostKeys: boolean;
  /** Where it is, besides port 443 of the same host, and whether plain HTTP is forbidden; undefined where none is to be asked. */
  readonly keyServer: { readonly port: number; readonly isHttpsOnly: boolean } | undefined;
  readonly request: SessionRequest;
  readonly env: readonly values.EnvEntry[];
  readonly allowChachaWithoutStrictKex: boolean;
  /** What is offered of the algorithms; which names there are is known once they are loaded. */
  readonly offer: Offer;
  /** The same from ssh's configuration, where no flag says otherwise; it may name what we do not have. */
  readonly configuredOffer: Offer;
  /** Whether a link that is lost is dialled again. */
  readonly isReconnecting: boolean;
  /** What to warn of before anything is done, a line each. */
  readonly warnings: readonly string[];
  /** The file of ssh's configuration, `none`; undefined where not given: then ssh's own files count. */
  readonly sshConfig: string | undefined;
  /** The jump hosts, in order; undefined where not given. */
  readonly proxyJump: readonly JumpSpec[] | undefined;
  /** The flags that were given, without dashes: what stands in the others is their default. Of a jump host what its name came with. */
  readonly given: ReadonlySet<string>;
  /** Whether ssh's defaults count and not the replaced tool's: with a command or a subsystem, and for jump hosts. */
  readonly isSshLike: boolean;
  /** Whether these are the settings of a server on the way. */
  readonly isJump: boolean;
  /** The port that ssh's configuration has and that does not count, since the replaced tool's default does. */
  readonly passedOverPort?: number | undefined;
  /** What ssh's configuration says of this server; undefined where none is read. */
  readonly config: HostConfig | undefined;
}

/** What is to be shown of the algorithms, and nothing else done. */
export interface Listing {
  readonly lists: Offer;
  readonly crypto: CryptoChoice;
}

/**
 * Reads the arguments (without node and script). `localUser` gives the local user's name, if it is needed.
 * @throws UsageError for what cannot be meant.
 */
export function parseFlags(argv: readonly string[], localUser: () => string): Settings | Listing | "help" | "version" {
  const given = new Given();
  for (const { name, value } of walk(argv)) {
    if (name === "help" || name === "version") return name;
    given.add(name, value);
  }
  if (given.has("list-algorithms")) return { lists: offer(given), crypto: given.lastOrInitial("crypto") };
  return settings(given, localUser);
}

/** Reads a subcommand's arguments. `why`: what to say of a flag that is not for it. @throws UsageError */
export function parseSettings(argv: readonly string[], localUser: () => string, why: string): Settings {
  const asked = parseFlags(argv, localUser);
  if (typeof asked === "string") throw new UsageError(`argument --${asked}: ${why}`);
  if ("lists" in asked) throw new UsageError(`argument --list-algorithms: ${why}`);
  return asked;
}

/** What was given, each flag's values in order. */
class Given {
  readonly #values = new Map<FlagName, unknown[]>();

  add(name: FlagName, value: unknown): void {
    for (const other of this.#values.keys()) {
      if (isExcluded(name, other)) throw new UsageError(`argument --${name}: not allowed with argument --${other}`);
    }
    this.#values.set(name, [...this.all(name), value]);
  }

  all<K extends FlagName>(name: K): readonly Value<K>[] {
    return (this.#values.get(name) ?? []) as Value<K>[];
  }

  names(): ReadonlySet<string> {
    return new Set(this.#values.keys());
  }

  has(name: FlagName): boolean {
    return this.#values.has(name);
  }

  /** The last one counts. */
  last<K extends FlagName>(name: K): Value<K> | undefined {
    return this.all(name).at(-1);
  }

  lastOrInitial<K extends HasInitial>(name: K): Value<K> {
    return this.last(name) ?? (flags[name].read(flags[name].initial) as Value<K>);
  }
}

function isExcluded(name: FlagName, other: FlagName): boolean {
  const row: Flag = flags[name];
  const otherRow: Flag = flags[other];
  if (row.excludes?.includes(other) || otherRow.excludes?.includes(name)) return true;
  return name !== other && row.group !== undefined && row.group === otherRow.group;
}

function offer(given: Given): Offer {
  return {
    kex: given.last("kex"),
    hostKeys: given.last("host-key-algorithms"),
    ciphers: given.last("ciphers"),
    macs: given.last("macs"),
  };
}

function settings(given: Given, localUser: () => string): Settings {
  const exec = given.last("command");
  const subsystem = given.last("subsystem");
  const isSshLike = exec !== undefined || subsystem !== undefined;
  const { clientKey, keyServerPort, ...defaults } = defaulted(given);
  return {
    ...defaults,
    port: isSshLike ? (given.last("port") ?? 22) : given.lastOrInitial("port"),
    username: isSshLike ? (given.last("username") ?? localUser()) : given.lastOrInitial("username"),
    clientKeys: given.has("client-key") ? given.all("client-key") : [clientKey],
    isClientKeyGiven: given.has("client-key"),
    passphrase: given.last("passphrase"),
    passphraseFile: given.last("passphrase-file"),
    agent: given.last("agent"),
    knownHosts: given.last("known-hosts"),
    isHostKeyChecked: !given.has("disable-host-key-checking"),
    hostKeyPins: given.all("host-key"),
    acceptNew: given.has("accept-new"),
    updateHostKeys: given.has("update-host-keys"),
    keyServer: given.has("use-key-server")
      ? { port: keyServerPort, isHttpsOnly: given.has("key-server-https") }
      : undefined,
    request: exec !== undefined ? { exec } : subsystem !== undefined ? { subsystem } : { shell: true },
    env: given.all("env"),
    allowChachaWithoutStrictKex: given.has("allow-chacha-without-strict-kex"),
    offer: offer(given),
    configuredOffer: {},
    isReconnecting: !given.has("no-reconnect"),
    warnings: warningsOf(given),
    sshConfig: given.last("ssh-config"),
    proxyJump: given.last("proxy-jump"),
    given: given.names(),
    isSshLike,
    isJump: false,
    config: undefined,
  };
}

function defaulted(given: Given): Defaulted {
  const names = (Object.keys(flags) as FlagName[]).filter((name): name is HasInitial => "initial" in flags[name]);
  const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(names.map((name) => [camelCase(name), given.lastOrInitial(name)])) as Defaulted;
}

function warningsOf(given: Given): readonly string[] {
  const isKeyServerAsked = given.has("use-key-server");
  const warnings = [
    given.has("disable-host-key-checking") &&
      "Host key checking is disabled: whoever sits on the network path can read and change everything",
    given.last("passphrase") &&
      "--passphrase can be seen by others on this machine, in its list of processes: MCP_SSH_PASSPHRASE and --passphrase-file cannot",
    !isKeyServerAsked &&
      given.has("key-server-port") &&
      "--key-server-port specified but --use-key-server not enabled. Key server port will be ignored.",
    !isKeyServerAsked &&
      given.has("key-server-https") &&
      "--key-server-https specified but --use-key-server not enabled. It will be ignored.",
  ];
  return warnings.filter((text): text is string => Boolean(text));
}
