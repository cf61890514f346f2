/**
 * Starting the command as a host does, or OpenSSH's `ssh` in its place: the tests are first proved right with that.
 * `MCP_SSH_STAND_IN=ssh` chooses it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { endTree } from "./processes.ts";
import type { SshServer } from "./ssh-server.ts";

export interface Launch {
  readonly command: string;
  readonly args: string[];
}

/** What is asked of the server: a command, a subsystem, or the login shell. */
export type Remote = { readonly exec: string } | { readonly subsystem: string } | { readonly shell: true };

/** The built command. */
export const builtCommand: string = join(
  dirname(fileURLToPath(import.meta.url)),
  "..",
  "..",
  "dist",
  "mcp-ssh-client.js",
);

/** Whether OpenSSH's ssh stands in for our command, which then cannot be held to our own promises. */
export const standIn: boolean = process.env["MCP_SSH_STAND_IN"] === "ssh";

/** How to reach `remote` on `server`. `flags`: more of our flags, left out for the stand-in. */
export function launch(server: SshServer, remote: Remote, flags: readonly string[] = []): Launch {
  return standIn ? opensshLaunch(server, remote) : ourLaunch(server, remote, flags);
}

function ourLaunch(server: SshServer, remote: Remote, flags: readonly string[]): Launch {
  const args = [builtCommand, "--host", server.host, "--port", String(server.port), "--username", server.user];
  args.push("--client-key", server.clientKey, "--known-hosts", server.knownHosts, "--ssh-config", "none");
  if ("exec" in remote) args.push("--command", remote.exec);
  if ("subsystem" in remote) args.push("--subsystem", remote.subsystem);
  return { command: process.execPath, args: [...args, ...flags] };
}

function opensshLaunch(server: SshServer, remote: Remote): Launch {
  const files = `-F none -o GlobalKnownHostsFile=none -o IdentitiesOnly=yes -o UserKnownHostsFile=${server.knownHosts}`;
  const args = [..."-T -o BatchMode=yes -o LogLevel=ERROR".split(" "), ...files.split(" "), "-i", server.clientKey];
  if ("subsystem" in remote) args.push("-s");
  args.push("-p", String(server.port), `${server.user}@${server.host}`);
  if ("exec" in remote) args.push(remote.exec);
  if ("subsystem" in remote) args.push(remote.subsystem);
  return { command: "ssh", args };
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that was started as a host starts it: pipes for stdin, stdout, stderr. */
export interface Host {
  readonly child: ChildProcess;
  /** Resolves when the process has ended and its pipes are closed. */
  readonly exit: Promise<Exit>;
  /** Writes text or bytes to its stdin, as they are. */
  write(data: string | Uint8Array): void;
  /** Writes one line. */
  send(line: string): void;
  /** Closes its stdin. */
  end(): void;
  /** The next line of its stdout, without the newline; rejects if stdout ends first. */
  line(): Promise<string>;
  /** Resolves when stderr matches. */
  stderrMatch(pattern: RegExp): Promise<RegExpExecArray>;
  /** All of stdout so far, lines taken or not. */
  stdout(): Buffer;
  stderr(): string;
}

/** `env`: the whole environment; what the SDK's hosts hand over unless given. */
export function startHost({ command, args }: Launch, env: NodeJS.ProcessEnv = hostEnvironment()): Host {
  const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const lines: string[] = [];
  let partial: Buffer[] = [];
  let stderr = "";
  let closed = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    out.push(chunk);
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      lines.push(Buffer.concat([...partial, chunk.subarray(start, end)]).toString("utf8"));
      partial = [];
      start = end + 1;
    }
    partial.push(chunk.subarray(start));
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    wake();
  });
  child.stdin.on("error", () => {}); // EPIPE: the exit says the rest
  const exit = new Promise<Exit>((resolve) => {
    child.once("close", (code, signal) => {
      closed = true;
      resolve({ code, signal });
      wake();
    });
  });
  const waitFor = <T>(what: string, take: () => T | undefined) =>
    new Promise<T>((resolve, reject) => {
      const check = () => {
        const found = take();
        if (found === undefined && !closed) return;
        waiting.delete(check);
        found === undefined ? reject(new Error(`ended without ${what}; stderr:\n${stderr}`)) : resolve(found);
      };
      waiting.add(check);
      check();
    });
  return {
    child,
    exit,
    write: (data) => void child.stdin.write(data),
    send: (line) => void child.stdin.write(`${line}\n`),
    end: () => void child.stdin.end(),
    line: () => waitFor("a line on stdout", () => lines.shift()),
    stderrMatch: (pattern) => waitFor(`${pattern} on stderr`, () => pattern.exec(stderr) ?? undefined),
    stdout: () => Buffer.concat(out),
    stderr: () => stderr,
  };
}

/** The few variables that the SDK's hosts hand over, and nothing of an agent. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  const names = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Ends whatever of these a failed test left. */
export async function endHosts(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map((host) => endTree(host.child)));
}
