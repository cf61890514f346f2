/** A way to a server that ends in the middle: it carries so many of the server's bytes and then no more, either way. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Stall {
  readonly port: number;
  stop(): Promise<void>;
}

/** `bytes`: Infinity for a way that leads through. */
export async function startStall(serverPort: number, bytes: number): Promise<Stall> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: serverPort, host: "127.0.0.1", noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    let left = bytes;
    client.on("data", (chunk) => {
      if (left > 0) upstream.write(chunk);
    });
    client.on("end", () => upstream.end());
    upstream.on("data", (chunk: Buffer) => {
      const passing = chunk.subarray(0, left);
      left -= passing.length;
      client.write(passing);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
