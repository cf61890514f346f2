/**
 * What OpenSSH's own ssh makes of a configuration (`ssh -G`), and what our evaluator does, in the same words: keyword and
 * value, a line each.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { includedFiles } from "../../src/node/config-files.ts";
import type { ConfigWarning } from "../../src/node/config-notes.ts";
import { type HostConfig, hostConfig } from "../../src/node/host-config.ts";
import { type ConfigFacts, evaluateConfig } from "../../src/node/ssh-config.ts";
import { findExecutable } from "./ssh-server.ts";

/** What is typed: the host, and what of it goes before the files. */
export interface Typed {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Our answer with what was warned about. */
export interface OurAnswer {
  readonly lines: readonly string[];
  readonly config: HostConfig;
  readonly warnings: readonly ConfigWarning[];
}

/** Why ssh cannot be asked here; undefined where it can. */
export function missingSsh(): string | undefined {
  return findExecutable("ssh") === undefined ? "no ssh here: install openssh-client" : undefined;
}

/** A folder for files of a configuration; `${folder}` stands for it in their text. */
export class ConfigFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));

  /** Writes a file and returns its path. `FOLDER` in its text stands for the folder. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text.replaceAll("FOLDER", this.path), { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const asked: readonly string[] = [
  ...["hostname", "port", "user", "identityfile", "certificatefile", "identitiesonly", "userknownhostsfile"],
  ...["globalknownhostsfile", "hostkeyalias", "connecttimeout", "serveraliveinterval", "serveralivecountmax"],
  ...["proxyjump", "proxycommand", "stricthostkeychecking", "addressfamily", "bindaddress", "sendenv", "setenv"],
];

/** What ssh says of the keywords that we honour; undefined where it refuses the file. */
export function sshAnswer(path: string, { host, user, port }: Typed): readonly string[] | undefined {
  const typed = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", String(port)])];
  const { status, stdout } = spawnSync("ssh", ["-G", "-F", path, ...typed, "--", host], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, SSH_CONFIG_TEST: "set" },
  });
  if (status !== 0) return undefined;
  return stdout
    .split("\n")
    .filter((line) => asked.includes(line.split(" ")[0] ?? ""))
    .map((line) => line.replace(/^stricthostkeychecking true$/, "stricthostkeychecking yes"))
    .map((line) => line.replace(/^stricthostkeychecking false$/, "stricthostkeychecking no"))
    .filter((line, index, all) => all.indexOf(line) === index) // two passes tell what adds up twice
    .sort();
}

/** The tokens and files that ssh says it uses where it connects: its debug lines, `identity file` and the proxy's. */
export function sshDebug(path: string, { host, user, port }: Typed): string {
  const typed = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", String(port)])];
  const { stderr } = spawnSync("ssh", ["-v", "-F", path, ...typed, "--", host], {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, SSH_CONFIG_TEST: "set" },
  });
  return stderr;
}

/** What our evaluator says, in the same lines. @throws ConfigError, FileError */
export function ourAnswer(path: string, text: string, typed: Typed): OurAnswer {
  const facts = configFacts(typed);
  const evaluation = evaluateConfig([{ path, text, isUsers: true }], facts, includedFiles());
  const config = hostConfig(evaluation, facts);
  const { values } = evaluation;
  const home = facts.home;
  const lines = {
    hostname: [config.host],
    port: [config.port ?? 22],
    user: [config.user ?? facts.localUser],
    identityfile: values.identityFile === undefined ? defaultIdentities() : [...new Set(values.identityFile)],
    certificatefile: [...new Set(values.certificateFile ?? [])],
    identitiesonly: [config.identitiesOnly ? "yes" : "no"],
    userknownhostsfile: [listed(config.userKnownHosts ?? [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`])],
    globalknownhostsfile: [
      listed(config.globalKnownHosts ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
    ],
    hostkeyalias: config.hostKeyAlias === undefined ? [] : [config.hostKeyAlias],
    connecttimeout: [config.connectTimeout === undefined ? "none" : config.connectTimeout / 1000],
    serveraliveinterval: [(config.serverAliveInterval ?? 0) / 1000],
    serveralivecountmax: [values.serverAliveCountMax ?? 3],
    proxyjump: config.jumps.length === 0 ? [] : [config.jumps.map(jumpText).join(",")],
    proxycommand: values.proxyCommand === undefined || values.proxyCommand === "none" ? [] : [values.proxyCommand],
    stricthostkeychecking: [config.strictHostKeyChecking ?? "ask"],
    addressfamily: [config.addressFamily === 4 ? "inet" : config.addressFamily === 6 ? "inet6" : "any"],
    bindaddress: config.bindAddress === undefined ? [] : [config.bindAddress],
    sendenv: config.sendEnv,
    setenv: [...config.setEnv].map(([name, value]) => `${name}=${value}`),
  };
  const told = Object.entries(lines).flatMap(([keyword, all]) => all.map((value) => `${keyword} ${value}`));
  return { lines: told.sort(), config, warnings: evaluation.warnings };
}

let identities: readonly string[] | undefined;

/** The key files that this version of ssh tries where it is told of none. */
function defaultIdentities(): readonly string[] {
  identities ??= (sshAnswer("none", { host: "x" }) ?? [])
    .filter((line) => line.startsWith("identityfile "))
    .map((line) => line.slice("identityfile ".length));
  return identities;
}

/** What is true of this machine and user, as ssh sees it: it takes the home folder from the list of users. */
export function configFacts({ host, user, port }: Typed): ConfigFacts {
  const { username, uid, homedir } = userInfo();
  return {
    host,
    given: { ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) },
    localUser: username,
    localUserId: String(uid),
    home: homedir,
    localHost: hostname(),
    env: (name) => (name === "SSH_CONFIG_TEST" ? "set" : process.env[name]),
    sha1: (text) => createHash("sha1").update(text).digest("hex"),
    command: "",
    sessionType: "shell",
  };
}

function listed(paths: readonly string[]): string {
  return paths.length === 0 ? "none" : paths.map((path) => path.replace(/^~(?=\/)/, userInfo().homedir)).join(" ");
}

function jumpText({ host, port, user }: HostConfig["jumps"][number]): string {
  const place = host.includes(":") ? `[${host}]` : host;
  return `${user === undefined ? "" : `${user}@`}${place}${port === undefined ? "" : `:${port}`}`;
}
