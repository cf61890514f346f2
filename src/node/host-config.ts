/**
 * Host config: what ssh's configuration comes to for one host, with all tokens replaced. Pure.
 */
import { canonicalHost, isPatternMatch, lowerCase } from "../ssh/host-pattern.ts";
import { printable } from "../ssh/printable.ts";
import type { ConfigValues, PlainValues } from "./config-keywords.ts";
import { ConfigError } from "./config-lines.ts";
import { ExpansionError, expandAll, expandTokens, type Tokens } from "./config-tokens.ts";
import type { JumpSpec } from "./jump-spec.ts";
import { type ConfigFacts, configTokens, type Evaluation, finalHost } from "./ssh-config.ts";

/** How to reach the host, what to show it and what to ask of it. Paths may begin with `~`; times in milliseconds. */
export interface HostConfig extends Readonly<PlainValues> {
  /** As it was typed or named by another block: what its own blocks are looked up by. */
  readonly alias: string;
  /** The name or address to connect to, in lower case. */
  readonly host: string;
  /** Undefined where nobody said. */
  readonly user: string | undefined;
  /** In the order of the files; undefined where they name none, empty where they name `none`. */
  readonly identityFiles: readonly string[] | undefined;
  readonly certificateFiles: readonly string[];
  /** A socket's path, `SSH_AUTH_SOCK`, or `none`; undefined where nothing is said. */
  readonly identityAgent: string | undefined;
  readonly userKnownHosts: readonly string[] | undefined;
  readonly globalKnownHosts: readonly string[] | undefined;
  /** Files of keys that no host may have. */
  readonly revokedHostKeys: readonly string[];
  readonly connectTimeout: number | undefined;
  /** Undefined where nothing is said, or ssh was told to keep still. */
  readonly serverAliveInterval: number | undefined;
  readonly serverAliveCountMax: number | undefined;
  readonly addressFamily: 4 | 6 | undefined;
  /** The stops on the way, in order. */
  readonly jumps: readonly JumpSpec[];
  /** The command that carries the bytes instead of a TCP connection. */
  readonly proxyCommand: string | undefined;
  readonly setEnv: ReadonlyMap<string, string>;
  /** Patterns of names of our own variables to hand on. */
  readonly sendEnv: readonly string[];
}

/** @throws ConfigError */
export function hostConfig({ values }: Evaluation, facts: ConfigFacts): HostConfig {
  if (values.refuseConnection !== undefined && lowerCase(values.refuseConnection) !== "none") {
    throw new ConfigError(`RefuseConnection: ${printable(values.refuseConnection)}`);
  }
  refuseSpelling(values.hostKeyAlias);
  const { identityFile, certificateFile, userKnownHostsFile, globalKnownHostsFile, revokedHostKeys } = values;
  refuseHomes(identityFile, certificateFile, userKnownHostsFile, globalKnownHostsFile, revokedHostKeys);
  const host = named("HostName", () => finalHost(values, facts));
  const user = userOf(values, facts, host);
  const tokens = configTokens(user === undefined ? values : { ...values, user }, facts, host);
  const expand = (keyword: string, value: string): string => named(keyword, () => expandAll(value, tokens, facts.env));
  const identities = values.identityFile?.filter((path) => lowerCase(path) !== "none");
  return {
    ...values,
    alias: facts.host,
    host,
    user,
    identityFiles: identities && distinct(identities.map((path) => expand("IdentityFile", path))),
    certificateFiles: distinct((values.certificateFile ?? []).map((path) => expand("CertificateFile", path))),
    identityAgent:
      values.identityAgent === undefined ? undefined : agentOf(expand("IdentityAgent", values.identityAgent)),
    userKnownHosts: values.userKnownHostsFile?.map((path) => expand("UserKnownHostsFile", path)),
    globalKnownHosts: values.globalKnownHostsFile,
    revokedHostKeys: (values.revokedHostKeys ?? []).map((path) => expand("RevokedHostKeys", path)),
    connectTimeout: milliseconds(values.connectTimeout),
    serverAliveInterval: milliseconds(values.serverAliveInterval),
    serverAliveCountMax: values.serverAliveCountMax || undefined,
    addressFamily: values.addressFamily || undefined,
    jumps: values.proxyJump ?? [],
    proxyCommand: proxyCommandOf(values, tokens),
    setEnv: new Map([...(values.setEnv ?? [])].map(([name, value]) => [name, expand("SetEnv", value)])),
    sendEnv: sentNames(values.sendEnv ?? []),
  };

  /** The legacy form `$NAME` stands for a variable that may be unset: then there is no agent. */
  function agentOf(agent: string): string {
    const name = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(agent)?.[1];
    return name === undefined ? agent : (facts.env(name) ?? "none");
  }
}

/** What looks like an address is searched in known_hosts as one, which ssh does with hosts but not with aliases. @throws ConfigError */
function refuseSpelling(alias = "-"): void {
  const address = canonicalHost(alias);
  if (address === alias) return;
  const text = `HostKeyAlias '${printable(alias)}' is the address ${address} in another spelling: known_hosts would be searched for that`;
  throw new ConfigError(text);
}

/** `~name` is the home of a user, whose place the system does not tell us. @throws ConfigError */
function refuseHomes(...lists: readonly (readonly string[] | undefined)[]): void {
  const path = lists.flatMap((list) => list ?? []).find((each) => /^~[^/\\]/.test(each));
  if (path !== undefined) throw new ConfigError(`${printable(path)}: of homes only one's own (~/) is known here`);
}

/** A name that was typed stands as it is; one from the files may hold tokens, all but those that it is a part of itself. */
function userOf(values: ConfigValues, facts: ConfigFacts, host: string): string | undefined {
  const { user } = values;
  if (user === undefined || user === facts.given.user) return user;
  const tokens = { ...configTokens({ ...values, user: "" }, facts, host), C: undefined, r: undefined };
  return named("User", () => expandAll(user, tokens, facts.env));
}

/**
 * What is put into a shell's command line must not speak to the shell, nor begin as an option does: the names may come
 * from whoever wrote the link or the snippet (CVE-2023-51385).
 */
function proxyCommandOf({ proxyCommand }: ConfigValues, { h, k, n, p, r }: Tokens): string | undefined {
  if (proxyCommand === undefined || lowerCase(proxyCommand) === "none") return undefined;
  return named("ProxyCommand", () =>
    expandTokens(proxyCommand, {
      get h() {
        return forShell(h, "host name");
      },
      get k() {
        return forShell(k, "HostKeyAlias");
      },
      get n() {
        return forShell(n, "host name");
      },
      p,
      get r() {
        return forShell(r, "user name");
      },
    }),
  );
}

const letters = "\\p{L}\\p{N}";

function forShell(value: string | null | undefined, what: string): string {
  const text = value ?? "";
  // made when it is needed: a literal of Unicode's classes costs every start a fifth of a millisecond
  const harmless = new RegExp(`^[${letters}_.:][${letters}_.:@%+=,/\\\\-]*$`, "u");
  if (harmless.test(text) && !text.endsWith("\\")) return text;
  throw new ExpansionError(`the ${what} '${printable(text, 80)}' holds what a shell could take for a command`);
}

/** `-PATTERN` takes back what came before. */
function sentNames(lines: readonly (readonly string[])[]): readonly string[] {
  let kept: string[] = [];
  for (const name of lines.flat()) {
    if (name.startsWith("-")) kept = kept.filter((earlier) => !isPatternMatch(name.slice(1), earlier));
    else kept.push(name);
  }
  return distinct(kept);
}

function named<T>(keyword: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ExpansionError) throw new ConfigError(`${keyword}: ${error.message}`, { cause: error });
    throw error;
  }
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined || seconds === 0 ? undefined : Math.min(seconds * 1000, 2 ** 31 - 1);
}

function distinct(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}
