import { afterEach, describe, expect, it } from "vitest";
import { ask, HttpError } from "../../src/node/http.ts";
import { type HttpServer, startHttp, startTcp } from "../support/http-servers.ts";

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function run(server: Promise<HttpServer>): Promise<number> {
  servers.push(await server);
  return (await server).port;
}

const request = (port: number) => ({ scheme: "http", host: "127.0.0.1", port, path: "/x" }) as const;

describe("time is bounded, whatever the server does", () => {
  it.each([
    ["says nothing", () => startTcp(() => {})],
    ["stops within the headers", () => startTcp((socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-"))],
    [
      "stops within the body",
      () => startHttp({ byHand: (response) => void response.writeHead(200, { "content-length": "9" }).write("{") }),
    ],
    [
      "goes on for ever, a little at a time",
      () =>
        startTcp((socket) => {
          socket.write("HTTP/1.1 200 OK\r\n");
          const timer = setInterval(() => socket.write("x: y\r\n"), 20);
          socket.on("close", () => clearInterval(timer));
        }),
    ],
  ])("it %s", async (_, server) => {
    const port = await run(server());
    const failure = await ask(request(port), { timeout: 150 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HttpError);
    expect((failure as HttpError).message).toBe("Connection timed out: no answer within 0.15 s");
  });

  it("and an abort before it is begun asks nothing", async () => {
    const server = await startHttp({ json: {} });
    servers.push(server);
    const reason = new Error("stopped");
    await expect(ask(request(server.port), { timeout: 1000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.asked).toEqual([]);
  });
});

it("headers without an end are no answer", async () => {
  const port = await run(startTcp((socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`)));
  await expect(ask(request(port), { timeout: 5000 })).rejects.toThrow("what it answered is not HTTP");
});

it("a body of 64 KiB is the longest", async () => {
  const lengths = [65_536, 65_537];
  const port = await run(startHttp(() => ({ body: "x".repeat(lengths.shift() ?? 0) })));
  expect((await ask(request(port), { timeout: 5000 })).body).toHaveLength(65_536);
  await expect(ask(request(port), { timeout: 5000 })).rejects.toThrow("its answer is longer than 65536 bytes");
});
