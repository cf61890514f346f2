/**
 * GnuPG's gpg-agent as an SSH agent: another program that speaks the protocol, with a home and keys of its own, without
 * passphrases, so that it asks nobody.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExecutable } from "./ssh-server.ts";

export interface GpgAgent {
  /** The path of its socket for SSH. */
  readonly path: string;
  stop(): void;
}

/** Why tests that need a real gpg-agent cannot run here; undefined where they can. */
export function missingGpgAgent(): string | undefined {
  const missing = ["gpg", "gpg-agent", "gpg-connect-agent"].find((name) => findExecutable(name) === undefined);
  return missing === undefined ? undefined : `no ${missing} here: install gpg and gpg-agent`;
}

/** `algorithms`: of its keys, as gpg names them. */
export function startGpgAgent(algorithms: readonly string[]): GpgAgent {
  const home = mkdtempSync(join(tmpdir(), "mcp-gpg-")); // short: a socket's path has its bound
  const run = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, ["--homedir", home, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => void run("gpg-connect-agent", "--no-autostart", "killagent", "/bye");
  for (const algorithm of algorithms) {
    const key = ["--quick-gen-key", `a key of ${algorithm}`, algorithm, "auth"];
    run("gpg", "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback", ...key);
  }
  const grips = run("gpg", "--list-secret-keys", "--with-keygrip", "--with-colons").matchAll(/^grp:+(\w+):/gm);
  writeFileSync(join(home, "sshcontrol"), [...grips].map(([, grip]) => `${grip} 0\n`).join(""));
  kill(); // gpg has started one without SSH
  run("gpg-agent", "--enable-ssh-support", "--daemon");
  return {
    path: join(home, "S.gpg-agent.ssh"),
    stop: () => {
      kill();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
