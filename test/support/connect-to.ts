/** The library as a program has it, with a server of the tests'. */
import { connectTcp, knownHostsTrust, loadPrivateKey, type SshConnection } from "../../src/index.ts";
import type { SshServer } from "./ssh-server.ts";

/** Connects as the server's user, with its key unless others are given; the host key must be one in its known_hosts. */
export async function connectTo(
  server: SshServer,
  options: Partial<Parameters<typeof connectTcp>[0]> = {},
): Promise<SshConnection> {
  const { host, port, user, clientKey, knownHosts } = server;
  const trust = await knownHostsTrust({ host, port, files: [knownHosts] });
  const keys = options.keys ?? [await loadPrivateKey(clientKey)];
  return connectTcp({ host, port, user, ...trust, ...options, keys });
}

/** What a command writes to its stdout. */
export async function outputOf(connection: SshConnection, exec: string): Promise<string> {
  const session = await connection.session({ exec });
  let text = "";
  for await (const chunk of session.readable) text += new TextDecoder().decode(chunk);
  return text;
}
