/**
 * tinysshd behind a small TCP super-server, one process a connection, the socket its stdin and stdout. It has ed25519,
 * curve25519 and chacha20-poly1305 only, and before 2024 no strict kex.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fakeHome, markingShell, missingFakeHome, strictFolder } from "./fake-home.ts";
import { endTree } from "./processes.ts";
import { findExecutable, makeWorkplace, placed, type SshServer } from "./ssh-server.ts";

/** Why tests that need tinysshd cannot run here; undefined where they can. */
export function missingTinysshd(): string | undefined {
  if (findExecutable("tinysshd") === undefined) return "no tinysshd here: install tinysshd";
  if (strictFolder() === undefined) return "no folder here that tinysshd would trust authorized_keys in";
  return missingFakeHome();
}

export async function startTinysshd(): Promise<SshServer> {
  const place = makeWorkplace(strictFolder());
  const keys = join(place.folder, "keys");
  execFileSync(findExecutable("tinysshd-makekey") ?? "tinysshd-makekey", [keys], { stdio: "ignore" });
  const printed = execFileSync(findExecutable("tinysshd-printkey") ?? "tinysshd-printkey", [keys], {
    encoding: "utf8",
  });
  const env = fakeHome(place, markingShell(place));
  const program = findExecutable("tinysshd") ?? "tinysshd";
  const sessions = new Set<ChildProcess>();
  let log = "";
  // Paused: no byte of the connection may be read here, it is the child's.
  const listener = createServer({ pauseOnConnect: true }, (socket) => {
    const child = spawn(program, ["-v", keys], { env, stdio: [socket, socket, "pipe"] });
    sessions.add(child);
    child.once("exit", () => sessions.delete(child));
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
    });
    socket.destroy();
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const { port } = listener.address() as AddressInfo;
  const server = placed(place, port, printed.trim());
  const dropConnections = () => {
    for (const child of sessions) child.kill("SIGKILL");
  };
  return {
    ...server,
    name: "tinysshd",
    log: () => log,
    dropConnections,
    stop: async () => {
      await new Promise((resolve) => listener.close(resolve));
      await Promise.all([...sessions].map(endTree));
      place.remove();
    },
  };
}
