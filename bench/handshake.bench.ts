/**
 * A whole login, from dialling to USERAUTH_SUCCESS, against a real sshd: key file and known_hosts read, keys exchanged,
 * host key judged, signed. Our library and npm ssh2, each in a Node process of its own, cold (the first login of a fresh
 * process) and warm (the same process, after as many logins as make the code hot).
 */
import { join } from "node:path";
import { hostEnvironment } from "../test/support/command.ts";
import { startSshd } from "../test/support/sshd.ts";
import { LineProcess } from "./line-process.ts";
import { fullOrQuick, median, print, significant, takeTurns } from "./measure.ts";
import type { HandshakeResults, HandshakeRow } from "./results.ts";
import { ssh2Package } from "./ssh2-package.ts";

const names = ["mcp-ssh-client", "ssh2"] as const;
type Name = (typeof names)[number];
const coldRounds = fullOrQuick(15, 1);
const warmUp = fullOrQuick(20, 1);
const warmRounds = fullOrQuick(20, 1);

/** Milliseconds. */
interface Login {
  readonly imports: number;
  readonly cpu: number;
  readonly elapsed: number;
  readonly process: number;
}

const server = await startSshd();
try {
  print(await measure());
} finally {
  await server.stop();
}

async function measure(): Promise<HandshakeResults> {
  const cold = await takeTurns(coldRounds, names, async (name) => {
    const client = startClient(name);
    const login = await logIn(client);
    await client.end();
    return login;
  });
  const clients = new Map(names.map((name) => [name, startClient(name)]));
  const turn = (name: Name): Promise<Login> => logIn(clients.get(name) as LineProcess);
  await takeTurns(warmUp, names, turn);
  const warm = await takeTurns(warmRounds, names, turn);
  for (const client of clients.values()) await client.end();
  const rows = names.map((name) => rowOf(name, warm.get(name) ?? [], cold.get(name) ?? []));
  return { warmRounds, coldRounds, rows };
}

function rowOf(client: Name, warm: readonly Login[], cold: readonly Login[]): HandshakeRow {
  const of = (logins: readonly Login[], name: keyof Login): number =>
    significant(median(logins.map((login) => login[name])));
  return {
    client,
    warm: { cpu: of(warm, "cpu"), elapsed: of(warm, "elapsed") },
    cold: {
      imports: of(cold, "imports"),
      cpu: of(cold, "cpu"),
      elapsed: of(cold, "elapsed"),
      process: of(cold, "process"),
    },
  };
}

function startClient(name: Name): LineProcess {
  const { host, port, user, clientKey, knownHosts } = server;
  const script = join(import.meta.dirname, "handshake-client.mjs");
  const args = [script, name, ssh2Package().folder, host, String(port), user, clientKey, knownHosts];
  return new LineProcess({ command: process.execPath, args }, hostEnvironment());
}

async function logIn(client: LineProcess): Promise<Login> {
  const { text } = await client.request("login");
  return (JSON.parse(text) as { readonly result: Login }).result;
}
