/**
 * HTTP: one request and its whole answer, bounded in time and size, direct or through a proxy. Redirects are not
 * followed, no connection is kept, and a certificate is always verified, whatever the environment says.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { RequestOptions as TlsRequestOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import { SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { concat } from "../ssh/wire.ts";
import type { HttpProxy } from "./http-proxy.ts";
import { connectionWords, resolverWords } from "./tcp.ts";

/** What is asked, and where. */
export interface HttpRequest {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Posted as JSON; a GET without it. */
  readonly json?: unknown;
  readonly proxy?: HttpProxy | undefined;
  /** Certificate authorities to trust, PEM; those of Node and NODE_EXTRA_CA_CERTS unless given. */
  readonly ca?: string | undefined;
}

/** An answer of any status. Its texts are the peer's, not escaped. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: Uint8Array;
}

/** There is no answer. The message says why, in words people search for. */
export class HttpError extends SshError {
  override readonly name = "HttpError";
  /** `certificate`: somebody is there who could not prove to be it. `answer`: what came is none, or cut short. */
  readonly kind: "unreachable" | "certificate" | "answer";

  constructor(message: string, kind: HttpError["kind"], options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** What an answer's body may be; the longest key that a key server could give takes 3 KiB. */
const bodyLimit = 64 * 1024;

/** How long one address of a name may take before the next is tried too, in milliseconds. Node's own 250 ms is no time. */
const addressTimeout = 1500;

/** Asks once. `timeout`: for all of it, in milliseconds. @throws HttpError, or the signal's reason */
export async function ask(
  request: HttpRequest,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal },
): Promise<HttpAnswer> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const timer = setTimeout(
    () => over.abort(new HttpError(`Connection timed out: no answer within ${timeout / 1000} s`, "unreachable")),
    timeout,
  );
  const onAbort = (): void => over.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    return await exchange(request, over.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    over.abort();
  }
}

async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { host, port, scheme, path, proxy, ca } = request;
  const body = request.json === undefined ? "" : JSON.stringify(request.json);
  const headers: Record<string, string | number> = {
    Host: authorityOf(request),
    Accept: "application/json",
    "Accept-Encoding": "identity",
    ...(request.json === undefined
      ? {}
      : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
  };
  const options: TlsRequestOptions = { method: request.json === undefined ? "GET" : "POST", path, headers };
  const give = (asking: ClientRequest, by?: HttpProxy): Promise<HttpAnswer> => answered(asking, body, signal, by);
  const protocols = await load();
  if (proxy === undefined) return give(start(protocols[scheme], { ...options, host, port, ca }));
  if (scheme === "http") {
    if (proxy.authorization !== undefined) headers["Proxy-Authorization"] = proxy.authorization;
    const absolute = `http://${authorityOf(request)}${path}`; // RFC 9112 §3.2.2
    return give(
      start(protocols[proxy.isTls ? "https" : "http"], {
        ...options,
        host: proxy.host,
        port: proxy.port,
        path: absolute,
        ca,
      }),
      proxy,
    );
  }
  const tunnel = await tunnelTo(request, proxy, protocols, signal);
  const createConnection = (): Socket => protocols.tls.connect({ socket: tunnel, host, ...tlsOptions(host), ca });
  return give(start(protocols.https, { ...options, host, port, createConnection }));
}

type Protocols = Awaited<ReturnType<typeof load>>;

/** Not at the head of this file, where the bundled command would load them at every start. */
async function load() {
  return { http: await import("node:http"), https: await import("node:https"), tls: await import("node:tls") };
}

/** Begins a request on a connection of its own. With an agent, `false` too, Node would overlook `createConnection`. */
function start(protocol: Protocols["http" | "https"], options: TlsRequestOptions): ClientRequest {
  const fresh = { agent: false, autoSelectFamilyAttemptTimeout: addressTimeout };
  const own = options.createConnection === undefined ? { ...options, ...fresh } : options;
  return protocol.request({ ...own, ...tlsOptions(options.host ?? "") });
}

/** NODE_TLS_REJECT_UNAUTHORIZED=0 is overruled. RFC 6066 §3 wants no address in SNI, and no dot at the end. */
function tlsOptions(host: string): { readonly rejectUnauthorized: true; readonly servername: string } {
  return { rejectUnauthorized: true, servername: isIP(host) > 0 ? "" : host.replace(/\.$/, "") };
}

/** Resolves to the whole answer. `by`: the proxy that is spoken to, if it is. */
function answered(asking: ClientRequest, body: string, signal: AbortSignal, by?: HttpProxy): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    giveUpWith(asking, signal, reject, by);
    asking.on("response", (incoming) => collect(incoming).then(resolve, reject));
    asking.end(body);
  });
}

function giveUpWith(
  asking: ClientRequest,
  signal: AbortSignal,
  reject: (error: unknown) => void,
  by?: HttpProxy,
): void {
  const onAbort = (): void => {
    reject(signal.reason);
    asking.destroy();
  };
  asking.on("error", (error) => reject(by === undefined ? httpError(error) : proxyError(error, by)));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
}

async function collect(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > bodyLimit) throw new HttpError(`its answer is longer than ${bodyLimit} bytes`, "answer");
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError("its answer was cut short", "answer", { cause: error });
  }
  const { location, "content-type": contentType, "retry-after": retryAfter } = incoming.headers;
  return { status: incoming.statusCode ?? 0, contentType, location, retryAfter, body: concat(...chunks) };
}

/** A connection to the address through the proxy. RFC 9110 §9.3.6 */
function tunnelTo(request: HttpRequest, proxy: HttpProxy, protocols: Protocols, signal: AbortSignal): Promise<Socket> {
  const authority = `${bracketed(request.host)}:${request.port}`;
  const headers = {
    Host: authority,
    ...(proxy.authorization === undefined ? {} : { "Proxy-Authorization": proxy.authorization }),
  };
  const asking = start(protocols[proxy.isTls ? "https" : "http"], {
    host: proxy.host,
    port: proxy.port,
    method: "CONNECT",
    path: authority,
    headers,
    ca: request.ca,
  });
  return new Promise((resolve, reject) => {
    giveUpWith(asking, signal, reject, proxy);
    const refused = (status = 0): void => {
      const why = status === 407 ? "407: it wants a user and password (in the variable's URL)" : String(status);
      reject(new HttpError(`the proxy ${shownProxy(proxy)} answered CONNECT with ${why}`, "unreachable"));
      asking.destroy();
    };
    asking.on("response", ({ statusCode }) => refused(statusCode));
    asking.on("connect", ({ statusCode = 0 }, socket, head) => {
      signal.addEventListener("abort", () => socket.destroy(), { once: true });
      if (statusCode < 200 || statusCode > 299) return refused(statusCode);
      socket.unshift(head);
      resolve(socket);
    });
    asking.end();
  });
}

/** A proxy as it may be shown: without its credentials. */
export function shownProxy({ isTls, host, port }: HttpProxy): string {
  return `${isTls ? "https" : "http"}://${printable(bracketed(host))}:${port}`;
}

/** The address as it may be shown. */
export function urlOf(request: HttpRequest): string {
  return `${request.scheme}://${printable(authorityOf(request))}${request.path}`;
}

/** Host, and port where it is not the scheme's own. RFC 9110 §7.2 */
function authorityOf({ scheme, host, port }: HttpRequest): string {
  return port === (scheme === "https" ? 443 : 80) ? bracketed(host) : `${bracketed(host)}:${port}`;
}

/** An IPv6 address in brackets, without its zone. RFC 3986 §3.2.2 */
function bracketed(host: string): string {
  return host.includes(":") ? `[${host.replace(/%.*$/, "")}]` : host;
}

/** What OpenSSL and Node call a certificate that proves nothing. */
const certificateCode =
  /^(CERT_|CRL_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERROR_IN_CERT)/;

function httpError(error: Error): HttpError {
  const { code = "", message } = first(error);
  const cause = { cause: error };
  const why = printable(message, 200);
  if (certificateCode.test(code)) {
    // Node 24 goes on with advice on its own command line
    return new HttpError(`its certificate proves nothing: ${why.replace(/;.*$/, "")}`, "certificate", cause);
  }
  if (code.startsWith("HPE_")) return new HttpError("what it answered is not HTTP", "answer", cause);
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return new HttpError("what it answered is not TLS as we speak it", "answer", cause);
  }
  return new HttpError(connectionWords[code] ?? resolverWords[code] ?? why, "unreachable", cause);
}

/** Whatever is wrong with the proxy, behind it nobody was reached. */
function proxyError(error: Error, proxy: HttpProxy): HttpError {
  const message = `the proxy ${shownProxy(proxy)}: ${httpError(error).message}`;
  return new HttpError(message, "unreachable", { cause: error });
}

/** Of several addresses' errors the first. */
function first(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  return error instanceof AggregateError ? ((error.errors as NodeJS.ErrnoException[])[0] ?? error) : error;
}
