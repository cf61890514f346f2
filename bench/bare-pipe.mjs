/**
 * What Node alone needs: stdin and stdout passed to a TCP port and back, as little code as does that, with back-pressure.
 * No SSH, no cipher, no look at any byte. Arguments: host, port.
 */
import { connect } from "node:net";

const [host, port] = process.argv.slice(2);
const socket = connect({ host, port: Number(port), noDelay: true });
pass(process.stdin, socket);
pass(socket, process.stdout);
process.stdin.on("end", () => socket.end());
socket.on("end", () => process.exit());

/** By hand, because stream.pipe() makes more system calls. */
function pass(from, to) {
  from.on("data", (chunk) => {
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", () => from.resume());
  });
}
