/**
 * The reference server, m2m-mcp-server-ssh-server 0.1.0, in a venv of the tests' own: the newest version that holds any
 * code, with the newest libraries under which it says anything. With mcp 1.8 it takes a session and is silent for ever;
 * with pydantic 2.13 it does not start.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { everythingFolder } from "./everything.ts";
import { descendants, endTree, marked, signalAll } from "./processes.ts";
import {
  followLog,
  freePort,
  keygen,
  type Log,
  makeWorkplace,
  onFreePort,
  placed,
  type SshServer,
  type Workplace,
} from "./ssh-server.ts";
import { missingVenv, venvPython } from "./venv.ts";

const VERSION = "0.1.0";
const VENV = `m2m-mcp-server-ssh-server-${VERSION}`;
const PACKAGES = [`m2m-mcp-server-ssh-server[key-server]==${VERSION}`, "mcp==1.7.1", "pydantic==2.11.10"];

/** A server of its servers.json. */
export interface ReferenceEntry {
  readonly command: string;
  readonly args: readonly string[];
}

export interface ReferenceServerOptions {
  /**
   * Whether its key server runs beside it. Without, it authenticates nobody and lets everybody in; with it, who has
   * registered a key.
   */
  readonly hasKeyServer?: boolean;
  /** Its servers.json by names; server-everything as `everything`, unless given. */
  readonly servers?: Readonly<Record<string, ReferenceEntry>>;
}

/** The reference server, started. Its HOME is `home`: `home/.ssh` holds the key server's database. */
export interface ReferenceServer extends SshServer {
  /** Where the key server listens, plain HTTP; it answers 5 requests a minute. Undefined without it. */
  readonly keyServerPort: number | undefined;
}

/** server-everything, as often as wanted under several names. */
export const everythingEntry: ReferenceEntry = {
  command: process.execPath,
  args: [join(everythingFolder, "index.js"), "stdio"],
};

/** An entry that cannot be started, beside which the server serves nobody. */
export const badEntry: ReferenceEntry = { command: "/no/such/program", args: [] };

/** Why tests that need the reference server cannot run here; undefined where they can. Downloads it the first time. */
export function missingReferenceServer(): string | undefined {
  return missingVenv(VENV, PACKAGES);
}

/** Resolves when it listens, after a second or more. */
export async function startReferenceServer(options: ReferenceServerOptions = {}): Promise<ReferenceServer> {
  const place = makeWorkplace();
  try {
    const hostKey = keygen(join(place.folder, "host_key"));
    writeFileSync(join(place.folder, "authorized_keys"), `${place.clientPublicKey}\n`, { mode: 0o600 });
    writeServers(place, options.servers ?? { everything: everythingEntry });
    return serverOf(place, hostKey, await onFreePort((port) => listen(place, port, options)));
  } catch (error) {
    place.remove();
    throw error;
  }
}

/** It hands HOME, PATH and the like down to its children and nothing else: `env` marks them. */
function writeServers(place: Workplace, servers: Readonly<Record<string, ReferenceEntry>>): void {
  const marks = Object.entries(marked(place.mark)).map(([name, value]) => `${name}=${value}`);
  const mcpServers = Object.fromEntries(
    Object.entries(servers).map(([name, { command, args }]) => [
      name,
      command === badEntry.command ? { command, args } : { command: "env", args: [...marks, command, ...args] },
    ]),
  );
  writeFileSync(join(place.folder, "servers.json"), JSON.stringify({ mcpServers }));
}

interface Listening {
  readonly child: ChildProcess;
  readonly log: Log;
  readonly port: number;
  readonly keyServerPort: number | undefined;
}

/** Undefined where one of the ports was taken meanwhile. */
async function listen(
  place: Workplace,
  port: number,
  { hasKeyServer }: ReferenceServerOptions,
): Promise<Listening | undefined> {
  const keyServerPort = hasKeyServer === true ? await freePort() : undefined;
  const args = ["-m", "m2m_mcp_server_ssh_server", "--host", "127.0.0.1", "--port", String(port)];
  args.push("--server-key", join(place.folder, "host_key"), "--servers-config", join(place.folder, "servers.json"));
  if (keyServerPort === undefined) args.push("--authorized-clients", join(place.folder, "authorized_keys"));
  else args.push("--run-key-server", "--key-server-host", "127.0.0.1", "--key-server-port", String(keyServerPort));
  const child = spawn(venvPython(VENV), args, {
    env: { PATH: process.env["PATH"] ?? "", HOME: place.home },
    cwd: place.home,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = followLog(child);
  try {
    await log.waitFor(/SSH server listening on /);
    return { child, log, port, keyServerPort };
  } catch (error) {
    await endTree(child);
    if (/already in use/i.test(log.text())) return undefined;
    throw error;
  }
}

function serverOf(place: Workplace, hostKey: string, { child, log, port, keyServerPort }: Listening): ReferenceServer {
  const server = placed(place, port, hostKey);
  return {
    ...server,
    name: `m2m-mcp-server-ssh-server ${VERSION}`,
    keyServerPort,
    log: log.text,
    // One process holds all connections: only what it started for them can be killed.
    dropConnections: () => signalAll(descendants(child.pid ?? -1), "SIGKILL"),
    stop: async () => {
      await endTree(child);
      place.remove();
    },
  };
}
