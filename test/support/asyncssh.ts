/**
 * AsyncSSH, the Python library that the reference server stands on, in a venv of the tests' own. It is downloaded once
 * a machine, at a fixed version.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { descendants, endTree, marked, signalAll } from "./processes.ts";
import { followLog, type KeyKind, keygen, makeWorkplace, placed, type SshServer } from "./ssh-server.ts";
import { missingVenv, venvPython } from "./venv.ts";

const VERSION = "2.24.1";
const here = dirname(fileURLToPath(import.meta.url));
const VENV = `asyncssh-${VERSION}`;

export interface AsyncsshOptions {
  /** What a shell request runs. */
  readonly shell?: string;
  /** Whether everybody is let in without proof, as by the reference server. */
  readonly isOpen?: boolean;
  /** Of the host's key; ed25519 unless given. */
  readonly hostKey?: KeyKind;
  /** More host keys, each in `FOLDER/host_key_N`. */
  readonly moreHostKeys?: readonly KeyKind[];
  /** Told the path of the host's key before the server starts. */
  readonly prepare?: (hostKey: string) => void;
  /** More lines of authorized_keys, which it reads once. */
  readonly authorized?: readonly string[];
}

/** Why tests that need AsyncSSH cannot run here; undefined where they can. Downloads it the first time. */
export function missingAsyncssh(): string | undefined {
  return missingVenv(VENV, [`asyncssh==${VERSION}`]);
}

export async function startAsyncssh(options: AsyncsshOptions = {}): Promise<SshServer> {
  const place = makeWorkplace();
  const key = join(place.folder, "host_key");
  const hostKey = keygen(key, options.hostKey);
  options.prepare?.(key);
  const authorized = join(place.folder, "authorized_keys");
  writeFileSync(authorized, [place.clientPublicKey, ...(options.authorized ?? []), ""].join("\n"));
  const more = (options.moreHostKeys ?? []).map((kind, index) => {
    const path = join(place.folder, `host_key_${index + 1}`);
    keygen(path, kind);
    return path;
  });
  const args = [
    join(here, "asyncssh-server.py"),
    [key, ...more].join(),
    options.isOpen ? "-" : authorized,
    options.shell ?? "false",
  ];
  const child = spawn(venvPython(VENV), args, {
    env: { PATH: process.env["PATH"] ?? "", HOME: place.home, ...marked(place.mark) },
    cwd: place.home,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const log = followLog(child);
  const [, port] = await log.waitFor(/^(\d+)\n/m);
  const server = placed(place, Number(port), hostKey);
  return {
    ...server,
    remoteProcesses: () => server.remoteProcesses().filter((id) => id !== child.pid),
    name: `AsyncSSH ${VERSION}`,
    log: log.text,
    dropConnections: () => signalAll(descendants(child.pid ?? -1), "SIGKILL"),
    stop: async () => {
      await endTree(child);
      place.remove();
    },
  };
}
