/** dropbear, the server of routers and small machines, on a loopback port. */
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { fakeHome, missingFakeHome } from "./fake-home.ts";
import { laxProgram } from "./lax-program.ts";
import { descendants, endTree, marked, signalAll } from "./processes.ts";
import { findExecutable, followLog, makeWorkplace, onFreePort, placed, type SshServer } from "./ssh-server.ts";

/** Why tests that need dropbear cannot run here; undefined where they can. */
export function missingDropbear(): string | undefined {
  if (findExecutable("dropbear") === undefined) return "no dropbear here: install dropbear-bin";
  return missingFakeHome();
}

export interface DropbearOptions {
  /** What dropbearkey is told of the host's only key: `ed25519` unless given, as in `["rsa", "-s", "3072"]`. */
  readonly hostKey?: readonly [string, ...string[]];
  /** Whether it is one that knows no strict key exchange. */
  readonly isLax?: boolean;
}

export async function startDropbear(options: DropbearOptions = {}): Promise<SshServer> {
  const { hostKey: kind = ["ed25519"], isLax = false } = options;
  const place = makeWorkplace();
  const key = join(place.folder, "host_key");
  const made = execFileSync("dropbearkey", ["-t", ...kind, "-f", key], { encoding: "utf8", stdio: "pipe" });
  const hostKey = /^(ssh|ecdsa)-\S+ \S+/m.exec(made)?.[0] ?? "";
  // It takes a login shell that /etc/shells lists, and with -e hands on the environment that marks what it starts.
  const env = { ...fakeHome(place, "/bin/sh"), ...marked(place.mark) };
  const found = findExecutable("dropbear") ?? "dropbear";
  const program = isLax ? laxProgram(found, place.folder) : found;
  const { child, log, port } = await onFreePort(async (port) => {
    const pidFile = join(place.folder, "pid");
    const child = spawn(program, ["-F", "-E", "-e", "-s", "-r", key, "-p", `127.0.0.1:${port}`, "-P", pidFile], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    const log = followLog(child);
    const [, failure] = await log.waitFor(/(Failed listening|Address already in use)|Not backgrounding/);
    if (failure === undefined) return { child, log, port };
    await endTree(child);
    return undefined;
  });
  const server = placed(place, port, hostKey);
  return {
    ...server,
    // The listener bears the mark as well.
    remoteProcesses: () => server.remoteProcesses().filter((id) => id !== child.pid),
    name: "dropbear",
    log: log.text,
    dropConnections: () => signalAll(descendants(child.pid ?? -1), "SIGKILL"),
    stop: async () => {
      await endTree(child);
      place.remove();
    },
  };
}
