/**
 * HTTP servers that say what a test wants them to, plain and with TLS, a proxy that stands before them, and certificates
 * made with openssl. All on loopback.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { findExecutable } from "./ssh-server.ts";

/** What was asked, in order: `POST /register {"client_pub_key":"..."}`. */
export interface HttpServer {
  readonly port: number;
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Why no certificate can be made here; undefined where one can. */
export function missingOpenssl(): string | undefined {
  return findExecutable("openssl") === undefined ? "no openssl here: install openssl" : undefined;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The PEM file of `cert`: its own authority. */
  readonly path: string;
}

/** A self-signed certificate, valid for two days from `-days` on: for an expired one give a negative number. */
export function makeCertificate(folder: string, name: string, subjectAltName: string): Certificate {
  const [key, path] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=mcp-ssh-client test", "-addext", `subjectAltName=${subjectAltName}`, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", path, ...subject], { stdio: "pipe" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(path, "utf8"), path };
}

/** How one request is answered: with status, headers and body, or by hand. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly byHand?: (response: ServerResponse) => void;
}

/** `port`: the system's choice unless given. `reply` may look at what was asked. */
export async function startHttp(
  reply: Reply | ((request: IncomingMessage, body: string) => Reply),
  options: { readonly certificate?: Certificate; readonly port?: number; readonly host?: string } = {},
): Promise<HttpServer> {
  const asked: string[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(`${request.method} ${request.url}${body === "" ? "" : ` ${body}`}`);
    const chosen = typeof reply === "function" ? reply(request, body) : reply;
    if (chosen.byHand !== undefined) return chosen.byHand(response);
    const { status = 200, headers = {}, json } = chosen;
    response.writeHead(status, {
      ...(json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
      ...headers,
    });
    response.end(json === undefined ? chosen.body : JSON.stringify(json));
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    listener(request, response).catch(() => response.destroy());
  };
  const server = options.certificate ? createTlsServer(options.certificate, onRequest) : createServer(onRequest);
  const { port, stop } = await listening(server, options);
  return { port, asked, stop };
}

/** A TCP server that does with each connection what it is told. */
export async function startTcp(
  onSocket: (socket: Socket) => void,
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<HttpServer> {
  const { port, stop } = await listening(createTcpServer(onSocket), options);
  return { port, asked: [], stop };
}

/**
 * A proxy: whatever name it is asked for, it goes to `target` on loopback. `asked` has each request line and, behind it,
 * the Proxy-Authorization it came with.
 */
export async function startProxy(
  target: number,
  { status = 200, certificate }: { readonly status?: number; readonly certificate?: Certificate } = {},
): Promise<HttpServer> {
  const asked: string[] = [];
  const note = ({ method, url, headers }: IncomingMessage): void => {
    const authorization = headers["proxy-authorization"];
    asked.push(`${method} ${url}${authorization === undefined ? "" : ` (${authorization})`} for ${headers.host}`);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    note(request);
    if (status !== 200) return void response.writeHead(status).end();
    const { pathname } = new URL(request.url ?? "");
    fetch(`http://127.0.0.1:${target}${pathname}`, { method: request.method ?? "GET" })
      .then(async (answer) =>
        response
          .writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" })
          .end(await answer.text()),
      )
      .catch(() => response.destroy());
  };
  const server = certificate ? createTlsServer(certificate, onRequest) : createServer(onRequest);
  server.on("connect", (request, socket: Socket) => {
    note(request);
    socket.on("error", () => {});
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const onward = connect(target, "127.0.0.1", () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
    onward.on("error", () => socket.destroy());
    onward.pipe(socket).pipe(onward);
  });
  const { port, stop } = await listening(server, {});
  return { port, asked, stop };
}

interface Listening {
  readonly port: number;
  stop(): Promise<void>;
}

async function listening(
  server: Server | ReturnType<typeof createTcpServer>,
  { port = 0, host = "127.0.0.1" }: { readonly port?: number; readonly host?: string },
): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, stop };
}
