import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DialError, dial, underway } from "../../src/node/tcp.ts";

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listen(
  onSocket: (socket: Socket) => void,
  host = "127.0.0.1",
  port = 0,
): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(port, host);
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A port of loopback on which nobody listens. */
async function closedPort(): Promise<number> {
  const { server, port } = await listen(() => {});
  server.close();
  await once(server, "close");
  return port;
}

/** A port whose accept queue is full for good: connections to it neither come up nor fail. */
async function silentPort(): Promise<number> {
  const script = `
    const server = require("node:net").createServer();
    server.listen(0, "127.0.0.1", 1, () => {
      require("node:fs").writeSync(1, server.address().port + "\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  for (let held = 0; held < 8; held++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
  }
  return port;
}

const failure = async (dialling: Promise<unknown>): Promise<DialError> => {
  const error = await dialling.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DialError) return error;
  throw error ?? new Error("it came up");
};

const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("a port that is none", () => {
  it.each(["127.0.0.1", "name"])("is the caller's fault, told at once and to him alone, for %s", async (host) => {
    const lookup = async () => ["127.0.0.1"];
    await expect(dial(host, 70_000, { lookup, timeout: 20 })).rejects.toThrow(RangeError);
    await new Promise((resolve) => setTimeout(resolve, 40)); // a timer that was left would reject what nobody waits for
  });
});

describe("a connection", () => {
  it("carries bytes both ways, without waiting to fill packets", async () => {
    const { port } = await listen((socket) => socket.pipe(socket));
    const { readable, writable } = await dial("127.0.0.1", port);
    const writer = writable.getWriter();
    await writer.write(utf8("hello"));
    const reader = readable.getReader();
    expect(text((await reader.read()).value)).toBe("hello");
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  it("reads into one buffer, and no further until somebody asks", async () => {
    const all = Buffer.from(Array.from({ length: 2 ** 20 }, (_, at) => (at >> 8) ^ at));
    const { port } = await listen((socket) => socket.end(all));
    const { direct } = await dial("127.0.0.1", port);
    const buffers = new Set<ArrayBufferLike>();
    let at = 0;
    for (let chunk = await direct?.source.read(); chunk !== undefined; chunk = await direct?.source.read()) {
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
      expect(all.subarray(at, at + chunk.length).equals(chunk)).toBe(true);
      buffers.add(chunk.buffer);
      at += chunk.length;
    }
    expect([at, buffers.size]).toEqual([all.length, 1]);
  });

  it("flows through one buffer, and no further while the taker needs time", async () => {
    const all = Buffer.from(Array.from({ length: 2 ** 20 }, (_, at) => (at >> 8) ^ at));
    const { port } = await listen((socket) => socket.end(all));
    const { direct } = await dial("127.0.0.1", port);
    const buffers = new Set<ArrayBufferLike>();
    let at = 0;
    let turns = 0;
    const take = (chunk: Uint8Array): void => {
      expect(all.subarray(at, at + chunk.length).equals(chunk)).toBe(true);
      buffers.add(chunk.buffer);
      at += chunk.length;
    };
    const breach = await direct?.source.flow?.((chunk) => {
      if (++turns % 3 > 0) return take(chunk) as undefined;
      return new Promise((resolve) => setTimeout(resolve, 3)).then(() => take(chunk));
    });
    expect([breach, at, buffers.size]).toEqual([undefined, all.length, 1]);
  });

  it("that is reset breaks the flow", async () => {
    // A system resets what is closed with bytes unread. `resetAndDestroy` may send FIN first, which is an honest end.
    const sockets: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      sockets.push(socket);
      socket.write("x");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const { direct } = await dial("127.0.0.1", (server.address() as AddressInfo).port);
    let taken = "";
    const breach = await direct?.source.flow?.((chunk) => {
      taken += text(chunk);
      void direct.sink.write(new TextEncoder().encode("never read"));
      for (const socket of sockets) socket.destroy();
      return undefined;
    });
    expect([taken, breach]).toMatchObject(["x", { error: { code: "ECONNRESET" } }]);
  });

  it("gives whoever keeps the chunks of its stream chunks of his own", async () => {
    const all = Buffer.from(Array.from({ length: 2 ** 20 }, (_, at) => (at >> 8) ^ at));
    const { port } = await listen((socket) => socket.end(all));
    const { readable } = await dial("127.0.0.1", port);
    expect(all.equals(Buffer.from(await new Response(readable).arrayBuffer()))).toBe(true);
  });

  it("is found by name", async () => {
    const { port } = await listen((socket) => socket.end("x"), "localhost");
    const { readable } = await dial("localhost", port);
    expect(text((await readable.getReader().read()).value)).toBe("x");
  });

  it("says which addresses the name has, and which one answered", async () => {
    const { port } = await listen((socket) => socket.end());
    const told: unknown[] = [];
    const lookup = async (): Promise<readonly string[]> => ["::1", "127.0.0.1"];
    await dial("two.example", port, { lookup, onProgress: (progress) => told.push(progress) });
    expect(told).toEqual([{ resolved: ["::1", "127.0.0.1"] }, { connected: "127.0.0.1" }]);
  });

  it("can still write when the peer has ended its half", async () => {
    const received: string[] = [];
    const { port } = await listen((socket) => {
      socket.end("bye");
      socket.on("data", (chunk) => received.push(chunk.toString()));
    });
    const { readable, writable } = await dial("127.0.0.1", port);
    const reader = readable.getReader();
    expect(text((await reader.read()).value)).toBe("bye");
    expect((await reader.read()).done).toBe(true);
    const writer = writable.getWriter();
    await writer.write(utf8("late"));
    await writer.close();
    await expect.poll(() => received.join("")).toBe("late");
  });

  it("can still read when we have ended our half", async () => {
    const { port } = await listen((socket) => {
      socket.resume();
      socket.on("end", () => socket.end("after your end"));
    });
    const { readable, writable } = await dial("127.0.0.1", port);
    await writable.getWriter().close();
    expect(text((await readable.getReader().read()).value)).toBe("after your end");
  });

  it("holds the writer back while the peer does not read", async () => {
    const { port } = await listen((socket) => socket.pause());
    const { writable } = await dial("127.0.0.1", port);
    const writer = writable.getWriter();
    let written = 0;
    let isStuck = false;
    while (!isStuck && written < 64 * 2 ** 20) {
      const write = writer.write(new Uint8Array(2 ** 20)).then(() => false);
      const turns = async (): Promise<boolean> => {
        for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
        return true;
      };
      isStuck = await Promise.race([write, turns()]);
      write.catch(() => {});
      written += 2 ** 20;
    }
    expect(isStuck).toBe(true);
    await writer.abort();
  });

  it("writes out what was written before its reader gave up", async () => {
    const received: Buffer[] = [];
    let isEnded = false;
    const { port } = await listen((socket) => {
      socket.on("data", (chunk) => received.push(chunk));
      socket.on("end", () => {
        isEnded = true;
      });
    });
    const { readable, writable } = await dial("127.0.0.1", port);
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(1)); // a stream that has just been made does not write at once
    const written = writer.write(new Uint8Array(99_999));
    await readable.cancel();
    await written;
    await expect.poll(() => isEnded).toBe(true);
    expect(Buffer.concat(received)).toHaveLength(100_000);
  });

  it("fails where the peer resets it", async () => {
    const { port } = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const { readable, writable } = await dial("127.0.0.1", port);
    await writable.getWriter().write(utf8("x"));
    await expect(readable.getReader().read()).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("is dropped at once when its writer is aborted", async () => {
    let hasClosed = false;
    const { port } = await listen((socket) => {
      socket.resume();
      socket.on("close", () => {
        hasClosed = true;
      });
      socket.on("end", () => socket.end());
    });
    const { readable, writable } = await dial("127.0.0.1", port);
    await writable.abort();
    await expect(readable.getReader().read()).rejects.toThrow("closed before its end");
    await expect.poll(() => hasClosed).toBe(true);
  });
});

describe("the addresses of a name", () => {
  it("are tried until one answers", async () => {
    const { port } = await listen((socket) => socket.end("x"));
    const lookup = async (): Promise<string[]> => ["::1", "127.0.0.1"];
    const { readable } = await dial("two.example", port, { lookup });
    expect(text((await readable.getReader().read()).value)).toBe("x");
  });

  it.skipIf(process.platform !== "linux")("do not wait for one that is silent", async () => {
    const port = await silentPort();
    await listen((socket) => socket.end("second"), "127.0.0.2", port);
    const lookup = async (): Promise<string[]> => ["127.0.0.1", "127.0.0.2"];
    const { readable } = await dial("two.example", port, { lookup });
    expect(text((await readable.getReader().read()).value)).toBe("second");
  });

  it("are all named when none answers", async () => {
    const port = await closedPort();
    const lookup = async (): Promise<string[]> => ["127.0.0.1", "127.0.0.2"];
    const error = await failure(dial("two.example", port, { lookup }));
    expect(error.message).toBe(
      `Connection refused: two.example port ${port} (127.0.0.1: Connection refused, 127.0.0.2: Connection refused)`,
    );
    expect((error.cause as AggregateError).errors).toHaveLength(2);
  });

  it("take turns by family, the first one's first", async () => {
    const port = await closedPort();
    const lookup = async (): Promise<string[]> => ["::1", "::ffff:127.0.0.1", "127.0.0.1", "127.0.0.2"];
    const error = await failure(dial("four.example", port, { lookup }));
    expect((error.cause as AggregateError).errors.map(({ address }) => address)).toEqual([
      "::1",
      "127.0.0.1",
      "::ffff:127.0.0.1",
      "127.0.0.2",
    ]);
  });
});

describe("no connection", () => {
  it("where nobody listens", async () => {
    const port = await closedPort();
    const error = await failure(dial("127.0.0.1", port));
    expect(error.message).toBe(`Connection refused: 127.0.0.1 port ${port}`);
    expect(error).toMatchObject({ code: "ECONNREFUSED", cause: { code: "ECONNREFUSED" } });
    expect(error.errno).toBeGreaterThan(0);
  });

  it.each([
    ["ENOTFOUND", "Could not resolve hostname gone.example: name not found"],
    ["EAI_AGAIN", "Could not resolve hostname gone.example: temporary failure in name resolution"],
    [
      "ERR_ACCESS_DENIED",
      "Could not resolve hostname gone.example: network access is not permitted to this process (--allow-net)",
    ],
    ["EOTHER", "Could not resolve hostname gone.example: it\\n failed"],
  ])("where the resolver says %s", async (code, message) => {
    const lookup = (): Promise<never> => Promise.reject(Object.assign(new Error("it\n failed"), { code }));
    expect(await failure(dial("gone.example", 22, { lookup }))).toMatchObject({ code, message });
  });

  it("where a name has no address", async () => {
    const error = await failure(dial("gone.example", 22, { lookup: async () => [] }));
    expect(error.message).toBe("Could not resolve hostname gone.example: no address");
  });

  it("where the resolver takes too long", async () => {
    const lookup = (): Promise<never> => new Promise(() => {});
    const error = await failure(dial("slow.example", 22, { lookup, timeout: 20 }));
    expect(error.message).toBe("Could not resolve hostname slow.example: timed out, no answer within 0.02 s");
  });

  it.skipIf(process.platform !== "linux")("where the server is silent for too long", async () => {
    const port = await silentPort();
    // the queue may need a moment to fill: what comes up before is no failure of ours
    await expect
      .poll(() => dial("127.0.0.1", port, { timeout: 100 }).catch((error: Error) => error.message))
      .toBe(`Connection timed out: 127.0.0.1 port ${port}`);
  });

  it("but not where we stood still past the time, as while a key is decrypted: the answer may be there by then", async () => {
    const { port } = await listen(() => {});
    const dialling = dial("127.0.0.1", port, { timeout: 20 });
    await underway();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
    await (await dialling).writable.close();
  });

  it.each(["resolved", "connected"])("where the caller's onProgress throws at `%s`", async (at) => {
    const { port } = await listen((socket) => socket.on("end", () => isClosed()).resume());
    let isClosed = (): void => {};
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    const onProgress = (progress: object): void => {
      if (at in progress) throw new Error("the caller's own");
    };
    await expect(dial("127.0.0.1", port, { onProgress, timeout: 1_000 })).rejects.toThrow("the caller's own");
    if (at === "connected") await closed; // the socket that nobody will have
  });

  it.each<[string, () => Promise<readonly string[]>]>([
    ["throws at once", () => JSON.parse("{")],
    ["gives no list", () => Promise.resolve(JSON.parse("5"))],
  ])("where the caller's lookup %s, and no timer is left", async (_, lookup) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    cleanups.push(() => vi.useRealTimers());
    await expect(dial("odd.example", 22, { lookup })).rejects.toThrow(Error);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("where there is no host to speak of", async () => {
    await expect(dial(JSON.parse("[]")[0], 22, { lookup: async () => [] })).rejects.toThrow(Error);
  });

  it("where the caller has given up before", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(dial("127.0.0.1", 1, { signal })).rejects.toThrow("enough");
  });

  it("where the caller gives up meanwhile", async () => {
    const controller = new AbortController();
    const lookup = (): Promise<never> => new Promise(() => {});
    const dialling = dial("slow.example", 22, { lookup, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(dialling).rejects.toThrow("enough");
  });

  it("is tried any more once the caller has given up", async () => {
    let connections = 0;
    const { port } = await listen((socket) => {
      connections += 1;
      socket.write("x");
    });
    const controller = new AbortController();
    let found: (addresses: string[]) => void = () => {};
    const lookup = (): Promise<string[]> =>
      new Promise((resolve) => {
        found = resolve;
      });
    const dialling = dial("slow.example", port, { lookup, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(dialling).rejects.toThrow("enough");
    found(["127.0.0.1"]);
    const { readable } = await dial("127.0.0.1", port);
    const reader = readable.getReader();
    await reader.read(); // the server takes connections in order: an earlier one would be counted by now
    expect(connections).toBe(1);
    await reader.cancel();
  });

  it("tries addresses of the one family that is asked for", async () => {
    const { port } = await listen(() => {});
    const lookup = (): Promise<string[]> => Promise.resolve(["::1", "127.0.0.1"]);
    const { writable } = await dial("both.example", port, { lookup, family: 4 });
    await writable.abort();
    const error = await failure(
      dial("none.example", port, { lookup: () => Promise.resolve(["127.0.0.1"]), family: 6 }),
    );
    expect(error.message).toBe("Could not resolve hostname none.example: no address");
  });

  it.runIf(process.platform === "linux")("connects from the address that is asked for", async () => {
    const from = new Promise<string | undefined>((resolve) => {
      void listen((socket) => resolve(socket.remoteAddress)).then(async ({ port }) => {
        const { writable } = await dial("127.0.0.1", port, { localAddress: "127.0.0.7" });
        await writable.abort();
      });
    });
    expect(await from).toBe("127.0.0.7");
  });
});
