/**
 * Carries the bytes of WebSockets to one SSH server and back: `node relay.mjs HOST PORT [OWN_PORT]`. It goes nowhere else
 * and listens on loopback only; whoever reaches it, as any page in a browser here can, reaches that server's SSH port.
 */
import { connect } from "node:net";
import { createWebSocketStream, WebSocketServer } from "ws";

const [host, port, ownPort = "8022"] = process.argv.slice(2);
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(ownPort), perMessageDeflate: false });
server.on("listening", () => process.stdout.write(`ws://127.0.0.1:${server.address().port}\n`));
server.on("connection", (socket) => {
  const tcp = connect(Number(port), host);
  const stream = createWebSocketStream(socket);
  tcp.on("error", () => socket.terminate());
  stream.on("error", () => tcp.destroy());
  stream.pipe(tcp).pipe(stream);
});
