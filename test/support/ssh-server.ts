/**
 * What every SSH server of the tests gives, whoever made it: a loopback port, a host key in a known_hosts of its own,
 * a client key it accepts, and an end that leaves nothing behind. No home directory is read or written.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import ssh2 from "ssh2";
import { markedProcesses, signalAll } from "./processes.ts";

export interface SshServer {
  /** As in `OpenSSH 9.2p1`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The path of an ed25519 private key that the server accepts, openssh-key-v1, unencrypted. */
  readonly clientKey: string;
  /** The path of a known_hosts file with one line: this server's key under `[host]:port`. */
  readonly knownHosts: string;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  /** A folder for whatever a test needs; removed by `stop()`. */
  readonly folder: string;
  /** The HOME of remote commands, empty at first: a test may put a `.bashrc` there. */
  readonly home: string;
  /** All that the server has logged. */
  log(): string;
  /** The living processes that the server started for its clients' commands. */
  remoteProcesses(): readonly number[];
  /** Kills the server's side of every connection, as a crash would, and leaves the server listening. */
  dropConnections(): void;
  stop(): Promise<void>;
}

/** An ed25519 pair: `privateKey` in openssh-key-v1, `publicKey` as `ssh-ed25519 AAAA...`. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * A fresh pair by npm ssh2: for where OpenSSH's ssh-keygen may be missing. ssh2 1.17 drops leading zero bytes of the
 * public key, so one pair in 256 is broken, and another is made.
 */
export function makeKeyPair(): KeyPair {
  const pair = ssh2.utils.generateKeyPairSync("ed25519");
  const [, blob = ""] = pair.public.split(" ");
  if (Buffer.from(blob, "base64").length !== BLOB_LENGTH) return makeKeyPair();
  return { privateKey: pair.private, publicKey: pair.public.trim() };
}

/** Two strings: the name, and 32 bytes. RFC 8709 §4. */
const BLOB_LENGTH = 4 + "ssh-ed25519".length + 4 + 32;

/** The parts of a server that follow from where it works, and from how its processes are found. */
export function placed(place: Workplace, port: number, hostKey: string): Placed {
  return {
    host: "127.0.0.1",
    port,
    user: place.user,
    clientKey: place.clientKey,
    knownHosts: place.knownHosts(port, hostKey),
    hostKey,
    folder: place.folder,
    home: place.home,
    remoteProcesses: () => markedProcesses(place.mark),
  };
}

type Placed = Omit<SshServer, "name" | "log" | "dropConnections" | "stop">;

/** What kind of key ssh-keygen is to make: its options, as in `-t rsa -b 3072`. */
export type KeyKind = readonly string[];

/** A fresh pair by ssh-keygen, in `path` and `path.pub`. Returns the public key without its comment. */
export function keygen(path: string, kind: KeyKind = ["-t", "ed25519"]): string {
  execFileSync("ssh-keygen", ["-q", ...kind, "-N", "", "-C", "", "-f", path]);
  return execFileSync("ssh-keygen", ["-y", "-f", path], { encoding: "utf8" }).trim();
}

/** One server's folder with what all servers need: a home, the client's key, the mark of its processes. */
export interface Workplace {
  readonly folder: string;
  readonly home: string;
  readonly clientKey: string;
  readonly clientPublicKey: string;
  readonly user: string;
  readonly mark: string;
  /** Writes a known_hosts with the one key and returns its path. */
  knownHosts(port: number, hostKey: string): string;
  /** Ends what the server has started and left, too. */
  remove(): void;
}

/** `parent`: where the folder is made, the system's folder for temporary files unless given. */
export function makeWorkplace(parent: string = tmpdir()): Workplace {
  const folder = mkdtempSync(join(parent, "mcp-ssh-client-"));
  const home = join(folder, "home");
  const clientKey = join(folder, "client_key");
  const pair = makeKeyPair();
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  writeFileSync(clientKey, pair.privateKey, { mode: 0o600 });
  const mark = randomBytes(8).toString("hex");
  return {
    folder,
    home,
    clientKey,
    clientPublicKey: pair.publicKey,
    user: userInfo().username,
    mark,
    knownHosts: (port, hostKey) => {
      const path = join(folder, "known_hosts");
      writeFileSync(path, `[127.0.0.1]:${port} ${hostKey}\n`);
      return path;
    },
    remove: () => {
      signalAll(markedProcesses(mark), "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The path of an executable by its name: in PATH, then where system servers live. Undefined if there is none. */
export function findExecutable(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => path.startsWith("/") && existsSync(path));
}

/** A loopback port that was free a moment ago: whoever binds it must be ready to ask for another. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** What a server says before anything is secret: its version line and KEXINIT, one character a byte. RFC 4253 §7.1. */
export async function greetingOf(server: Pick<SshServer, "host" | "port">): Promise<string> {
  const socket = connect(server.port, server.host);
  socket.write("SSH-2.0-greeting\r\n");
  let text = "";
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString("latin1");
    // The lists of KEXINIT that come last name `none`.
    if (text.startsWith("SSH-2.0-") && text.includes("none")) break;
  }
  socket.destroy();
  return text;
}

/** Starts a server on a free port, with another port where somebody was faster. `start` resolves to undefined then. */
export async function onFreePort<T>(start: (port: number) => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const started = await start(await freePort());
    if (started !== undefined) return started;
  }
  throw new Error("ten ports that were free a moment ago are taken");
}

/** What a child has written so far to stderr and stdout, and a promise of a line among it. */
export interface Log {
  text(): string;
  /** Resolves to the match; rejects if the child ends first. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

export function followLog(child: ChildProcess): Log {
  let text = "";
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      wake();
    });
  }
  child.once("error", (error) => {
    text += String(error);
  });
  child.once("close", () => {
    ended = true;
    wake();
  });
  return {
    text: () => text,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(text);
          if (match === null && !ended) return;
          waiting.delete(check);
          match === null ? reject(new Error(`ended before it wrote ${pattern}:\n${text}`)) : resolve(match);
        };
        waiting.add(check);
        check();
      }),
  };
}
