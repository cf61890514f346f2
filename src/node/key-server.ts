/**
 * Key server: asks an m2m-mcp-server-ssh-server's key server for the server's host key, and registers ours there. First
 * https on port 443; where that gives no good answer, plain HTTP on the key server's own port, unless that is forbidden.
 * It takes few requests a minute from one address, so what did not answer once is not asked again.
 */
import { printable } from "../ssh/printable.ts";
import { ask, type HttpAnswer, HttpError, type HttpRequest, shownProxy, urlOf } from "./http.ts";
import { type Environment, ProxySettingError, proxyFor } from "./http-proxy.ts";
import { AnswerError, assertRegistered, type GivenHostKey, hostKeyIn, registrationOf } from "./key-server-answer.ts";
import { KeyServerError } from "./key-server-error.ts";

export type { GivenHostKey } from "./key-server-answer.ts";

export interface KeyServerOptions {
  readonly host: string;
  /** Of plain HTTP. */
  readonly port: number;
  /** Whether plain HTTP is forbidden. */
  readonly isHttpsOnly: boolean;
  /** Where proxies are named. */
  readonly env: Environment;
  /** Ends all asking; it rejects with its reason. */
  readonly signal?: AbortSignal;
  /** 443 unless given. */
  readonly httpsPort?: number;
  /** Certificate authorities to trust, PEM; those of Node and NODE_EXTRA_CA_CERTS unless given. */
  readonly ca?: string;
  readonly onNotice?: (notice: KeyServerNotice) => void;
}

/** What a person may be told of the asking. */
export interface KeyServerNotice {
  /**
   * `asking`: an address, and a proxy. The others once, when port 443 gave nothing that we can use and plain HTTP is asked
   * instead, with what it gave; `certificate`: somebody is there who could not prove to be the host.
   */
  readonly type: "asking" | "certificate" | "no-https";
  readonly text: string;
}

/** A host key, and by which way it came. */
export interface FetchedHostKey extends GivenHostKey {
  readonly url: string;
  /** Whether a certificate stands for it; otherwise anybody on the network path could have given it. */
  readonly isProved: boolean;
}

/** Milliseconds for the whole of a request. */
const httpsTimeout = 5_000;
const httpTimeout = 10_000;

const waitCure = "wait a minute, then start again: it takes few requests a minute from one address, whatever they ask";

/** One key server. */
export class KeyServer {
  readonly #options: KeyServerOptions;
  /** What port 443 gave that we could not use. */
  #httpsFailure: Failure | undefined;

  constructor(options: KeyServerOptions) {
    this.#options = options;
  }

  /** Asks for the host key of the SSH server beside it. @throws KeyServerError, or the signal's reason */
  fetchHostKey(): Promise<FetchedHostKey> {
    const read = (answer: HttpAnswer, { scheme }: HttpRequest, url: string): FetchedHostKey => ({
      ...hostKeyIn(answer),
      url,
      isProved: scheme === "https",
    });
    return this.#ask("The key server gave no host key", { path: "/server_pub_key" }, read);
  }

  /** Registers a public key with it, as often as one likes. @throws KeyServerError, or the signal's reason */
  register(publicKeyBlob: Uint8Array): Promise<void> {
    const what = { path: "/register", json: registrationOf(publicKeyBlob) };
    return this.#ask("The key server did not take our key", what, assertRegistered);
  }

  async #ask<T>(lead: string, what: Pick<HttpRequest, "path" | "json">, read: Read<T>): Promise<T> {
    const { host, port, isHttpsOnly, httpsPort = 443, onNotice } = this.#options;
    if (this.#httpsFailure === undefined) {
      const outcome = await this.#attempt({ ...what, scheme: "https", host, port: httpsPort }, httpsTimeout, read);
      if ("value" in outcome) return outcome.value;
      if (isHttpsOnly) throw this.#error(lead, [outcome]);
      this.#httpsFailure = outcome;
      onNotice?.({ type: outcome.isImpostor ? "certificate" : "no-https", text: outcome.text });
    }
    const outcome = await this.#attempt({ ...what, scheme: "http", host, port }, httpTimeout, read);
    if ("value" in outcome) return outcome.value;
    throw this.#error(lead, [this.#httpsFailure, outcome]);
  }

  async #attempt<T>(request: HttpRequest, timeout: number, read: Read<T>): Promise<{ readonly value: T } | Failure> {
    const { env, signal, ca, onNotice } = this.#options;
    const url = urlOf(request);
    try {
      const proxy = proxyFor(request.scheme, request.host, request.port, env);
      onNotice?.({ type: "asking", text: proxy === undefined ? url : `${url} through the proxy ${shownProxy(proxy)}` });
      const answer = await ask({ ...request, proxy, ca }, { timeout, ...(signal === undefined ? {} : { signal }) });
      return { value: read(answer, request, url) };
    } catch (error) {
      if (error instanceof AnswerError) {
        return { text: `${url} ${error.message}`, status: error.status, isReached: true, isImpostor: false };
      }
      if (!(error instanceof HttpError || error instanceof ProxySettingError)) throw error;
      const kind = error instanceof HttpError ? error.kind : undefined;
      const isReached = kind === "answer";
      return { text: `${url}: ${error.message}`, status: undefined, isReached, isImpostor: kind === "certificate" };
    }
  }

  #error(lead: string, failures: readonly Failure[]): KeyServerError {
    const message = `${lead}: ${failures.map(({ text }) => text).join("; ")}`;
    const isRateLimited = failures.some(({ status }) => status === 429);
    return new KeyServerError(message, isRateLimited ? waitCure : this.#cure(failures.at(-1)), isRateLimited);
  }

  #cure(last: Failure | undefined): string {
    const { port, isHttpsOnly, host } = this.#options;
    if (isHttpsOnly) {
      const authority = "for a certificate authority of your own set NODE_EXTRA_CA_CERTS=FILE";
      return `--key-server-https needs a key server at port 443 of ${printable(host)} whose certificate this machine trusts (${authority})`;
    }
    if (last?.status === 400 || last?.status === 500) return "the server's log says why";
    if (last?.isReached) return `check that ${port} is the key server's port (--key-server-port)`;
    return `check that the server was started with --run-key-server, and with a --key-server-host that can be reached from here, and that ${port} is its port (--key-server-port)`;
  }
}

type Read<T> = (answer: HttpAnswer, request: HttpRequest, url: string) => T;

/** What one address gave. */
interface Failure {
  readonly text: string;
  /** Of an answer. */
  readonly status: number | undefined;
  /** Whether somebody answered. */
  readonly isReached: boolean;
  /** Whether somebody was there who could not prove to be the host. */
  readonly isImpostor: boolean;
}
