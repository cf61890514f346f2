/**
 * OpenSSH's ssh-agent on a socket of its own, its keys put in by ssh-add. Questions that it asks a person are answered
 * by a script. Nothing of whoever runs the tests is asked.
 */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endTree } from "./processes.ts";
import { findExecutable, followLog } from "./ssh-server.ts";

export interface SshAgent {
  /** The path of its socket. */
  readonly path: string;
  /** A folder for keys; removed by `stop()`. */
  readonly folder: string;
  /** Puts in the private key in `path` (mode 600), with the certificate beside it; `flags` as in `-c`. */
  add(path: string, ...flags: readonly string[]): void;
  /** Locks it: it shows no keys then. */
  lock(): void;
  /** Ends it as a crash does: the socket's file stays. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface SshAgentOptions {
  /** What a person says when the agent asks whether a key may be used; yes unless given. */
  readonly confirms?: boolean;
}

/** Why tests that need a real ssh-agent cannot run here; undefined where they can. */
export function missingSshAgent(): string | undefined {
  const missing = ["ssh-agent", "ssh-add", "ssh-keygen"].find((name) => findExecutable(name) === undefined);
  return missing === undefined ? undefined : `no ${missing} here: install openssh-client`;
}

export async function startSshAgent({ confirms = true }: SshAgentOptions = {}): Promise<SshAgent> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-agent-"));
  const path = join(folder, "agent.sock");
  const answer = script(folder, "answer", `exit ${confirms ? 0 : 1}`);
  const password = script(folder, "password", "echo lock");
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, DISPLAY: "none", SSH_AUTH_SOCK: path };
  const asked = (SSH_ASKPASS: string) => ({ ...env, SSH_ASKPASS, SSH_ASKPASS_REQUIRE: "force" });
  const child = spawn(findExecutable("ssh-agent") ?? "ssh-agent", ["-D", "-a", path], {
    env: asked(answer),
    stdio: ["ignore", "pipe", "pipe"],
  });
  await followLog(child).waitFor(/SSH_AUTH_SOCK=/);
  const sshAdd = (args: readonly string[]): void => {
    execFileSync("ssh-add", [...args], { env: asked(password), stdio: ["ignore", "pipe", "pipe"] });
  };
  return {
    path,
    folder,
    add: (key, ...flags) => sshAdd(["-q", ...flags, key]),
    lock: () => sshAdd(["-x"]),
    kill: () => {
      child.kill("SIGKILL");
      return new Promise((resolve) => child.once("close", () => resolve()));
    },
    stop: async () => {
      await endTree(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function script(folder: string, name: string, line: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o700);
  return path;
}

/** A fresh pair by ssh-keygen in `path` and `path.pub`; `options` as in `-t`, `rsa`. Returns `type base64`. */
export function makeKey(path: string, ...options: readonly string[]): string {
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", ...options, "-f", path]);
  return execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" }).trim();
}

/** The blob in a line `type base64`. */
export function blobOf(publicKey: string): Uint8Array {
  return Uint8Array.from(Buffer.from(publicKey.split(" ")[1] ?? "", "base64"));
}
