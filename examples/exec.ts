/**
 * A plain SSH client: runs one command on a server, with its output and its exit status.
 *
 *     node exec.ts ssh://ada@build.example 'uname -a'
 */
import { connectTcp, loadPrivateKey } from "mcp-ssh-client";

const [address = "", command = ""] = process.argv.slice(2);
const { hostname, port, username } = new URL(address);

// The host key is judged by ssh's own known_hosts files.
const connection = await connectTcp({
  host: hostname,
  port: Number(port || 22),
  user: username,
  keys: [await loadPrivateKey("~/.ssh/id_ed25519")],
});

const session = await connection.session({ exec: command });
await session.writable.close(); // its stdin is empty
await Promise.all([print(session.readable, process.stdout), print(session.stderr, process.stderr)]);
const exit = await session.exited;
await connection.close();
process.exitCode = exit !== undefined && "status" in exit ? exit.status : 255;

async function print(from: ReadableStream<Uint8Array>, to: NodeJS.WritableStream): Promise<void> {
  for await (const chunk of from) to.write(chunk);
}
