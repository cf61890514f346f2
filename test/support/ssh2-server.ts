/**
 * An SSH server by npm ssh2, an implementation that we did not write: it needs nothing but Node. It runs the command of
 * an exec or shell request in the system's shell, and subsystems by name.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { endTree, marked } from "./processes.ts";
import {
  type KeyKind,
  type KeyPair,
  keygen,
  makeKeyPair,
  makeWorkplace,
  placed,
  type SshServer,
} from "./ssh-server.ts";

export interface Ssh2Options {
  /** What a shell request runs; refused unless given. */
  readonly shell?: string;
  /** Subsystem name -> command. */
  readonly subsystems?: Readonly<Record<string, string>>;
  readonly algorithms?: ssh2.Algorithms;
  /** Of the host's only key, by ssh-keygen; ed25519 by ssh2 unless given. */
  readonly hostKey?: KeyKind;
  /** More keys that it accepts, each `type base64`. */
  readonly authorized?: readonly string[];
}

function keyPair(path: string, kind: KeyKind): KeyPair {
  const publicKey = keygen(path, kind);
  return { publicKey, privateKey: readFileSync(path, "utf8") };
}

function parsed(publicKey: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(publicKey);
  if (key instanceof Error) throw key;
  return key;
}

export async function startSsh2Server(options: Ssh2Options = {}): Promise<SshServer> {
  const place = makeWorkplace();
  const hostKey = options.hostKey === undefined ? makeKeyPair() : keyPair(join(place.folder, "host"), options.hostKey);
  const clientKeys = [place.clientPublicKey, ...(options.authorized ?? [])].map(parsed);
  const connections = new Set<Connection>();
  const children = new Set<ChildProcess>();
  let log = "";

  const run = (command: string, channel: ServerChannel) => {
    const child = spawn(command, {
      shell: true,
      env: { PATH: process.env["PATH"] ?? "", HOME: place.home, ...marked(place.mark) },
      cwd: place.home,
    });
    children.add(child);
    child.stdin.on("error", () => {}); // EPIPE: the exit says the rest
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.once("close", (code, signal) => {
      children.delete(child);
      if (signal === null) channel.exit(code ?? 0);
      else channel.exit(signal.slice(3), false, "");
      channel.end();
    });
  };

  const listener = new ssh2.Server(
    { hostKeys: [hostKey.privateKey], ...(options.algorithms && { algorithms: options.algorithms }) },
    (connection) => {
      connections.add(connection);
      connection.on("error", (error) => {
        log += `${error.message}\n`;
      });
      connection.once("close", () => connections.delete(connection));
      connection.on("authentication", (context) => {
        if (context.method !== "publickey") return context.reject(["publickey"]);
        const { data } = context.key;
        const clientKey = clientKeys.find((key) => key.getPublicSSH().equals(data));
        if (clientKey === undefined) return context.reject(["publickey"]);
        const { signature, blob, hashAlgo } = context;
        if (signature === undefined || blob === undefined) return context.accept(); // a query
        return clientKey.verify(blob, signature, hashAlgo) === true ? context.accept() : context.reject();
      });
      connection.on("session", (acceptSession) => {
        const session = acceptSession();
        session.on("env", (accept) => accept?.());
        session.on("exec", (accept, _reject, { command }) => run(command, accept()));
        session.on("shell", (accept, reject) =>
          options.shell === undefined ? reject() : run(options.shell, accept()),
        );
        session.on("subsystem", (accept, reject, { name }) => {
          const command = options.subsystems?.[name];
          return command === undefined ? reject() : run(command, accept());
        });
      });
    },
  );
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const { port } = listener.address() as AddressInfo;
  const server = placed(place, port, hostKey.publicKey);
  const dropConnections = () => {
    for (const connection of connections) connection.end();
  };
  return {
    ...server,
    name: "npm ssh2",
    log: () => log,
    dropConnections,
    stop: async () => {
      dropConnections();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
      await Promise.all([...children].map(endTree));
      place.remove();
    },
  };
}
