/**
 * A ProxyCommand: `node relay.mjs HOST PORT` carries stdin and stdout to a TCP port and back. It ends with either of
 * them. Plain JavaScript without dependencies, as it is started by a shell.
 */
import { connect } from "node:net";

const [host, port] = process.argv.slice(2);
const socket = connect(Number(port), host);
for (const stream of [socket, process.stdin, process.stdout]) stream.on("error", () => process.exit(1));
process.stdin.pipe(socket).pipe(process.stdout);
