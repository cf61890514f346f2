/**
 * SSH settings: the command line laid over ssh's configuration. What was typed wins; then, with a command or a subsystem
 * and for jump hosts, the configuration; then the defaults. With the login shell the replaced tool's defaults for port,
 * user and key come before the configuration, as they do there. Loaded only where there is a configuration.
 */
import { isIP } from "node:net";
import { hostname, userInfo } from "node:os";
import { includedFiles } from "../node/config-files.ts";
import { ConfigError } from "../node/config-lines.ts";
import { expandHome } from "../node/files.ts";
import { type HostConfig, hostConfig } from "../node/host-config.ts";
import type { JumpSpec } from "../node/jump-spec.ts";
import type { Log } from "../node/log.ts";
import { type ConfigFacts, type ConfigFile, evaluateConfig } from "../node/ssh-config.ts";
import { isPatternMatch } from "../ssh/host-pattern.ts";
import { printable } from "../ssh/printable.ts";
import type { Settings } from "./settings.ts";
import * as values from "./values.ts";
import type { Route } from "./way.ts";

/** Nobody's way has more stops: what has goes in a circle. */
const stopLimit = 16;

/** The way to the server that is asked for, as the files and the command line have it. @throws ConfigError, FileError */
export function configuredRoute(files: readonly ConfigFile[], asked: Settings, log: Log): Route {
  const { route, warnings } = new Resolver(files, asked).toTarget();
  const told = new Set<string>();
  for (const { text, isUsers } of warnings) {
    if (!told.has(text)) (isUsers ? log.warning : log.info)(text);
    told.add(text);
  }
  return route;
}

interface Warned {
  readonly route: Route;
  readonly warnings: readonly { readonly text: string; readonly isUsers: boolean }[];
}

class Resolver {
  readonly #files: readonly ConfigFile[];
  readonly #asked: Settings;
  readonly #machine: Machine;
  /** The jump hosts that are being resolved: one within itself is a loop. */
  readonly #open: string[] = [];

  constructor(files: readonly ConfigFile[], asked: Settings) {
    this.#files = files;
    this.#asked = asked;
    this.#machine = machine();
  }

  toTarget(): Warned {
    const { host, port, username, given, isSshLike, request, proxyJump } = this.#asked;
    const facts: ConfigFacts = {
      ...this.#machine,
      host,
      given: {
        port: given.has("port") || !isSshLike ? port : undefined,
        user: given.has("username") || !isSshLike ? username : undefined,
        proxyJump,
      },
      command: "exec" in request ? request.exec : "",
      sessionType: "exec" in request ? "exec" : "subsystem" in request ? "subsystem" : "shell",
    };
    const passedOverPort = given.has("port") || isSshLike ? undefined : this.#portBy(facts);
    return this.#resolve(facts, (config) => ({ ...targetSettings(this.#asked, config), passedOverPort }));
  }

  /** What the configuration says where nothing is given. */
  #portBy(facts: ConfigFacts): number | undefined {
    const given = { ...facts.given, port: undefined };
    return evaluateConfig(this.#files, { ...facts, given }, includedFiles()).values.port;
  }

  /** `before`: the stops that were named in front of it, which go before what the configuration says. */
  #toJumpHost({ host, port, user }: JumpSpec, before: readonly JumpSpec[]): Warned {
    checked("ProxyJump", host, values.host);
    const facts: ConfigFacts = {
      ...this.#machine,
      host,
      given: { port, user, proxyJump: before.length === 0 ? undefined : before },
      command: "",
      sessionType: "none",
    };
    return this.#resolve(facts, (config) => jumpSettings(this.#asked, facts, config));
  }

  #resolve(facts: ConfigFacts, settingsOf: (config: HostConfig) => Settings): Warned {
    const evaluation = evaluateConfig(this.#files, facts, includedFiles());
    const config = hostConfig(evaluation, facts);
    const own = settingsOf(config);
    const warnings = [...evaluation.warnings, ...warningsOf(config)];
    const last = config.jumps.at(-1);
    if (last === undefined) return { route: [own], warnings };
    const place = `${own.username}@${own.host}:${own.port}`;
    this.#open.push(place);
    if (this.#open.indexOf(place) < this.#open.length - 1 || this.#open.length > stopLimit) {
      const stops = this.#open.map((stop) => printable(stop)).join(", ");
      throw new ConfigError(
        `ProxyJump goes in a circle by ${stops}: one of them must be reached without another: give it a ProxyJump none, above the line that holds for it now`,
      );
    }
    const before = this.#toJumpHost(last, config.jumps.slice(0, -1));
    this.#open.pop();
    const [first, ...others] = before.route;
    return { route: [first, ...others, own], warnings: [...warnings, ...before.warnings] };
  }
}

type Machine = Omit<ConfigFacts, "host" | "given" | "command" | "sessionType">;

function machine(): Machine {
  // in some containers the user has a number only; Deno tells neither without `--allow-sys`
  const user = unlessDenied(() => userInfo());
  const uid = user?.uid ?? unlessDenied(() => process.getuid?.());
  return {
    localUser: user?.username ?? "",
    localUserId: uid === undefined ? "" : String(uid),
    home: expandHome("~"),
    localHost: unlessDenied(hostname) ?? "",
    env: (name) => process.env[name],
    // as an import it would be loaded at every start
    sha1: (text) => process.getBuiltinModule("node:crypto").createHash("sha1").update(text).digest("hex"),
  };
}

function unlessDenied<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function targetSettings(asked: Settings, config: HostConfig): Settings {
  const { given, isSshLike } = asked;
  const port = given.has("port") || !isSshLike ? asked.port : (config.port ?? asked.port);
  const username = given.has("username") || !isSshLike ? asked.username : (config.user ?? asked.username);
  return {
    ...configured(asked, config),
    host: checked("HostName", config.host, values.host),
    port,
    username: checked("User", username, values.username),
    env: isSshLike ? [...configuredEnvironment(config), ...asked.env] : asked.env,
  };
}

/** A jump host is an SSH server like any other: ssh's defaults hold for it, whatever is asked of the one behind it. */
function jumpSettings(asked: Settings, { localUser, given }: ConfigFacts, config: HostConfig): Settings {
  const said = [given.port === undefined ? [] : ["port"], given.user === undefined ? [] : ["username"]];
  return {
    ...configured(asked, config),
    given: new Set(said.flat()),
    proxyJump: given.proxyJump,
    isSshLike: true,
    isJump: true,
    isHostKeyChecked: true, // what is said of the server that is meant is not said of those on the way
    hostKeyPins: [],
    keyServer: undefined,
    host: checked("HostName", config.host, values.host),
    port: config.port ?? 22,
    username: checked("User", config.user ?? localUser, values.username),
    env: [],
  };
}

/** ssh keeps still unless told otherwise. We never do: a link that has died must be noticed. */
function configured(asked: Settings, config: HostConfig): Settings {
  const { given, connectTimeout, keepaliveInterval, keepaliveCount } = asked;
  const either = <T>(flag: string, typed: T, configured: T | undefined): T =>
    given.has(flag) ? typed : (configured ?? typed);
  return {
    ...asked,
    config,
    updateHostKeys: asked.updateHostKeys || config.updateHostKeys === true,
    acceptNew: asked.acceptNew || config.strictHostKeyChecking === "accept-new",
    configuredOffer: {
      kex: either("kex", undefined, config.kexAlgorithms),
      hostKeys: either("host-key-algorithms", undefined, config.hostKeyAlgorithms),
      ciphers: either("ciphers", undefined, config.ciphers),
      macs: either("macs", undefined, config.macs),
    },
    connectTimeout: either("connect-timeout", connectTimeout, config.connectTimeout),
    keepaliveInterval: either("keepalive-interval", keepaliveInterval, config.serverAliveInterval),
    keepaliveCount: either("keepalive-count", keepaliveCount, config.serverAliveCountMax),
  };
}

function* configuredEnvironment({ setEnv, sendEnv }: HostConfig): Generator<values.EnvEntry> {
  for (const name of Object.keys(process.env)) {
    const value = process.env[name];
    if (isName(name) && sendEnv.some((pattern) => isPatternMatch(pattern, name))) yield { name, value, isQuiet: true };
  }
  for (const [name, value] of setEnv) if (isName(name)) yield { name, value, isQuiet: true };
}

function isName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function warningsOf({ strictHostKeyChecking, bindAddress }: HostConfig): Warned["warnings"] {
  const warnings: string[] = [];
  if (strictHostKeyChecking === "no") {
    warnings.push("StrictHostKeyChecking no is not followed: the host key is checked all the same");
  }
  if (bindAddress !== undefined && isIP(bindAddress) === 0) {
    warnings.push(`BindAddress ${printable(bindAddress, 80)} is not an IP address: the system chooses one`);
  }
  return warnings.map((text) => ({ text, isUsers: true }));
}

function checked(keyword: string, raw: string, read: values.Reader<string>): string {
  try {
    return read(raw);
  } catch (error) {
    if (error instanceof values.UsageError) throw new ConfigError(`${keyword}: ${error.message}`);
    throw error;
  }
}
