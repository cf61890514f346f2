/** A WebSocket as the byte stream that `connect` of mcp-ssh-client/ssh takes; messages are pieces of it, cut anywhere. */
import type { ByteDuplex } from "mcp-ssh-client/ssh";

const muchWaiting = 1024 * 1024; // bytes on their way out, beyond which a write waits

export async function openWebSocket(url: string): Promise<ByteDuplex> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`no WebSocket at ${url}`));
  });
  return { readable: readableOf(socket), writable: writableOf(socket) };
}

/** A WebSocket cannot be told to wait: what SSH's windows let come, 4 MiB at most, stands in the queue. */
function readableOf(socket: WebSocket): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data));
      socket.onerror = () => controller.error(new Error("the WebSocket broke"));
      socket.onclose = () => {
        socket.onmessage = null;
        try {
          controller.close();
        } catch {
          // cancelled, or in error
        }
      };
    },
    cancel: () => socket.close(),
  });
}

function writableOf(socket: WebSocket): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array<ArrayBuffer>>({
    async write(bytes) {
      socket.send(bytes);
      while (socket.bufferedAmount > muchWaiting && socket.readyState === WebSocket.OPEN)
        await new Promise((resolve) => setTimeout(resolve, 10));
      if (socket.readyState !== WebSocket.OPEN) throw new Error("the WebSocket is closed");
    },
    close: () => socket.close(),
    abort: () => socket.close(),
  }) as WritableStream<Uint8Array>;
}
