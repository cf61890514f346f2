/**
 * OpenSSH's sshd on a loopback port: a fresh host key, a configuration of its own, any version, as root or not.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeHome } from "./fake-home.ts";
import { laxProgram } from "./lax-program.ts";
import { descendants, endTree, isAlive, marked, signalAll } from "./processes.ts";
import {
  findExecutable,
  followLog,
  type KeyKind,
  keygen,
  type Log,
  makeWorkplace,
  onFreePort,
  placed,
  type SshServer,
  type Workplace,
} from "./ssh-server.ts";

export interface SshdOptions {
  /** Lines for sshd_config, before ours: the first value of a keyword counts. As in `RekeyLimit 64K`. */
  readonly config?: readonly string[];
  /** Types of more host keys, as ssh-keygen names them (`rsa`, `ecdsa`), beside the ed25519 one; each in `FOLDER/host_TYPE`. */
  readonly hostKeyTypes?: readonly string[];
  /** Subsystem name -> command; `%FOLDER%` in it is the server's folder. */
  readonly subsystems?: Readonly<Record<string, string>>;
  /** Of the host's only key; ed25519 unless given. */
  readonly hostKey?: KeyKind;
  /** Whether it must not be root's, whoever runs the tests: sshd delivers no signal to a login of root's. */
  readonly isUnprivileged?: boolean;
  /** Whether it is one that knows no strict key exchange. */
  readonly isLax?: boolean;
  /** Told the path of the host's key, `%HOSTKEY%` in the configuration, before the server starts. */
  readonly prepare?: (hostKey: string) => void;
  /** What the server is started by, as `nsenter` with its arguments. */
  readonly prefix?: readonly string[];
}

/** sshd with its parts to be killed one by one. */
export interface Sshd extends SshServer {
  /** The process that listens. */
  readonly listener: number;
  /** The living processes that serve a connection, those of the remote commands left out. */
  connectionProcesses(): readonly number[];
  /** Kills the process that listens; its connections live on. */
  killListener(): Promise<void>;
  /** Listens once more on the same port. */
  listenAgain(): Promise<void>;
}

/** The path of sshd, which insists on being started by its whole path; undefined where there is none. */
export function findSshd(): string | undefined {
  return findExecutable("sshd");
}

/** Why tests that need a real sshd cannot run here; undefined where they can. */
export function missingSshd(): string | undefined {
  if (findSshd() === undefined) return "no sshd here: install openssh-server";
  return findExecutable("ssh-keygen") === undefined ? "no ssh-keygen here: install openssh-client" : undefined;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const sshd = findSshd();
  if (sshd === undefined) throw new Error("no sshd");
  const isRoot = process.getuid?.() === 0;
  const isOther = isRoot && options.isUnprivileged === true;
  const place = isOther ? { ...makeWorkplace(), user: OTHER_USER } : makeWorkplace();
  const hostKey = keygen(join(place.folder, "host_key"), options.hostKey);
  for (const type of options.hostKeyTypes ?? []) keygen(join(place.folder, `host_${type}`), ["-t", type]);
  options.prepare?.(join(place.folder, "host_key"));
  writeFileSync(join(place.folder, "authorized_keys"), `${place.clientPublicKey}\n`);
  // Where sshd is to jail its unprivileged child, fixed when it was compiled; a package's service makes it at boot.
  if (isRoot) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const as = isOther ? asOther(place) : {};
  const version = sshdVersion(sshd);
  try {
    const command = [...(options.prefix ?? []), options.isLax === true ? laxProgram(sshd, place.folder) : sshd];
    const listenAt = (port: number) => listen(command, place, config(place, port, version, options), as);
    const { child, log, port } = await onFreePort(listenAt);
    const again = () => listenAt(port);
    return serverOf(`OpenSSH ${version.text}`, place, { child, log, port, again }, hostKey);
  } catch (error) {
    place.remove();
    throw error;
  }
}

/** A user whose only program is /bin/sh, by what fake-home.ts shows to sshd. */
const OTHER_USER = "nobody";
const OTHER_ID = 65534;

function asOther(place: Workplace): Pick<SpawnOptions, "uid" | "gid" | "env"> {
  const account = { uid: OTHER_ID, gid: OTHER_ID, username: OTHER_USER };
  const env = fakeHome(place, "/bin/sh", account);
  for (const path of ["", ...readdirSync(place.folder, { recursive: true, encoding: "utf8" })])
    chownSync(join(place.folder, path), OTHER_ID, OTHER_ID);
  return { uid: OTHER_ID, gid: OTHER_ID, env };
}

interface Listening {
  readonly child: ChildProcess;
  readonly log: Log;
  readonly port: number;
}

async function listen(
  command: readonly string[],
  place: Workplace,
  lines: readonly string[],
  as: Pick<SpawnOptions, "uid" | "gid" | "env">,
): Promise<Listening | undefined> {
  const path = join(place.folder, "sshd_config");
  writeFileSync(path, `${lines.join("\n")}\n`);
  const [program = "", ...args] = [...command, "-f", path, "-D", "-e"];
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"] ?? "" },
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = followLog(child);
  try {
    const [, port] = await log.waitFor(/Server listening on 127\.0\.0\.1 port (\d+)/);
    return { child, log, port: Number(port) };
  } catch (error) {
    await endTree(child);
    if (/Address already in use/.test(log.text())) return undefined;
    throw error;
  }
}

function config(place: Workplace, port: number, version: Version, options: SshdOptions): readonly string[] {
  const subsystems = Object.entries(options.subsystems ?? {});
  return [
    ...(options.config ?? []).map((line) => line.replace("%HOSTKEY%", join(place.folder, "host_key"))),
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${join(place.folder, "host_key")}`,
    ...(options.hostKeyTypes ?? []).map((type) => `HostKey ${join(place.folder, `host_${type}`)}`),
    `PidFile ${join(place.folder, "sshd.pid")}`,
    `AuthorizedKeysFile ${join(place.folder, "authorized_keys")}`,
    "AuthenticationMethods publickey",
    "PermitRootLogin prohibit-password",
    "UsePAM no",
    "StrictModes no",
    "PermitUserRC no",
    "PrintMotd no",
    "LogLevel VERBOSE",
    "MaxStartups 1000",
    "MaxSessions 1000",
    "AcceptEnv MCP_SSH_ACCEPTED LANG",
    // The first line's counts: HOME keeps remote commands away from the profile of whoever runs the tests.
    `SetEnv HOME=${place.home} ${Object.entries(marked(place.mark)).map(([name, value]) => `${name}=${value}`)}`,
    ...(version.number >= 9.8 ? ["PerSourcePenalties no"] : []),
    ...subsystems.map(([name, command]) => `Subsystem ${name} ${command.replace("%FOLDER%", place.folder)}`),
  ];
}

function serverOf(
  name: string,
  place: Workplace,
  { child: first, log: firstLog, port, again }: Listening & { readonly again: () => Promise<Listening | undefined> },
  hostKey: string,
): Sshd {
  const server = placed(place, port, hostKey);
  const logs = [firstLog];
  let child = first;
  /** What a listener that is gone has left. */
  const left = new Set<number>();
  const connectionProcesses = (): readonly number[] => {
    const remote = new Set(server.remoteProcesses());
    const roots = [...left].filter(isAlive);
    const all = [...roots, ...[child.pid ?? -1, ...roots].flatMap(descendants)];
    return [...new Set(all)].filter((id) => !remote.has(id));
  };
  return {
    ...server,
    name,
    log: () => logs.map((log) => log.text()).join(""),
    get listener() {
      return child.pid ?? -1;
    },
    connectionProcesses,
    dropConnections: () => signalAll(connectionProcesses(), "SIGKILL"),
    killListener: async () => {
      for (const id of connectionProcesses()) left.add(id);
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    listenAgain: async () => {
      const listening = await again();
      if (listening === undefined) throw new Error(`port ${port} is taken`);
      child = listening.child;
      logs.push(listening.log);
    },
    stop: async () => {
      signalAll(connectionProcesses(), "SIGKILL");
      await endTree(child);
      place.remove();
    },
  };
}

interface Version {
  readonly text: string;
  readonly number: number;
}

/** sshd before 9.2 does not know `-V`, but names its version in the usage that it prints then. */
function sshdVersion(sshd: string): Version {
  const { stderr } = spawnSync(sshd, ["-V"], { encoding: "utf8" });
  const text = /OpenSSH_(\S+?)[ ,]/.exec(stderr)?.[1] ?? "of unknown version";
  return { text, number: Number.parseFloat(text) || 0 };
}

/** The fingerprint of a public key in a file, as OpenSSH's own tool prints it: `SHA256:...` */
export function fingerprintOf(path: string): string {
  return execFileSync("ssh-keygen", ["-l", "-f", path], { encoding: "utf8" }).split(" ")[1] ?? "";
}
