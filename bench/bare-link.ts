/**
 * Bare link: the same server behind a plain TCP port, relayed by `socat` as sshd would, and a pipe in Node to it
 * (`bare-pipe.mjs`): what is left when SSH and MCP are taken away.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { findExecutable, followLog } from "../test/support/ssh-server.ts";
import type { Launch } from "./line-process.ts";

export interface BareLink {
  readonly launch: Launch;
  stop(): void;
}

/** Undefined where there is no socat, which it says on stderr. */
export async function startBareLink({ command, args }: Launch): Promise<BareLink | undefined> {
  const socat = findExecutable("socat");
  if (socat === undefined) {
    process.stderr.write("no socat here: what a pipe in Node without SSH takes is not measured\n");
    return undefined;
  }
  const listen = "TCP-LISTEN:0,bind=127.0.0.1,fork,nodelay";
  const relay = spawn(socat, ["-d", "-d", listen, `EXEC:${[command, ...args].join(" ")}`]);
  const [, port = ""] = await followLog(relay).waitFor(/listening on .*:(\d+)/);
  const pipe = [join(import.meta.dirname, "bare-pipe.mjs"), "127.0.0.1", port];
  return { launch: { command: process.execPath, args: pipe }, stop: () => relay.kill() };
}
