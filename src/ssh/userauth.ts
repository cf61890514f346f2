/**
 * Userauth: RFC 4252. Method `publickey` (§7): ask first whether the server would take the key, then sign for that key
 * and no other; `none` (§5.2) where there is no key. Pure: takes the server's messages, says what to do next.
 */
import { AuthError, ProtocolError } from "./errors.ts";
import { fingerprint } from "./known-hosts.ts";
import * as m from "./messages.ts";
import { printable, printableLines } from "./printable.ts";
import { decode, encode, encodeFields, fromUtf8, isEqual } from "./wire.ts";

const serviceName = "ssh-connection";
const maximumBannerLines = 200; // over the whole of authentication; RFC 4252 §5.4 sets no bound

/** The public half of a key that may be tried. */
export interface Candidate {
  readonly algorithm: string;
  readonly publicKeyBlob: Uint8Array;
}

/** What the caller does next. */
export type AuthStep =
  | { readonly step: "send"; readonly payload: Uint8Array }
  /** Sign `dataToSign` with key number `key`, then call `signed`. RFC 4252 §7. */
  | { readonly step: "sign"; readonly key: number }
  /** `withProof`: a signature of ours was accepted. */
  | { readonly step: "success"; readonly withProof: boolean }
  | { readonly step: "banner"; readonly lines: readonly string[] }
  | { readonly step: "wait" };

type State =
  | { readonly state: "idle" }
  | { readonly state: "none-sent" }
  | { readonly state: "query-sent"; readonly key: number }
  | { readonly state: "signing"; readonly key: number }
  | { readonly state: "signature-sent"; readonly key: number }
  | { readonly state: "done" };

export class UserAuth {
  readonly #userName: string;
  readonly #candidates: readonly Candidate[];
  readonly #tried: string[] = [];
  #state: State = { state: "idle" };
  #partialSuccess = false;
  #bannerLines = 0;

  constructor(userName: string, candidates: readonly Candidate[]) {
    this.#userName = userName;
    this.#candidates = candidates;
  }

  /** Whether the server owes an answer to a request. */
  get awaitsAnswer(): boolean {
    return ["none-sent", "query-sent", "signature-sent"].includes(this.#state.state);
  }

  /** The first request. It may go before SERVICE_ACCEPT came: nothing in it depends on that. RFC 4252 §5. */
  start(): Uint8Array {
    if (this.#candidates.length > 0) return this.#query(0);
    this.#tried.push("none");
    this.#state = { state: "none-sent" };
    return this.#request("none", new Uint8Array(0));
  }

  /**
   * Processes a message of the server's in the range 50 to 79. `extensions`: those of its EXT_INFO, read when it matters.
   * @throws ProtocolError if it is not legal now; AuthError when nothing is left to try. RFC 4252 §5.1.
   */
  receive(payload: Uint8Array, extensions: ReadonlyMap<string, Uint8Array> = new Map()): AuthStep {
    switch (payload[0]) {
      case m.USERAUTH_BANNER.number:
        return this.#receiveBanner(payload);
      case m.USERAUTH_PK_OK.number:
        return this.#receivePkOk(payload);
      case m.USERAUTH_FAILURE.number:
        return this.#receiveFailure(payload, extensions);
      case m.USERAUTH_SUCCESS.number:
        return this.#receiveSuccess(payload);
      default:
        throw new TypeError(`not a message of user authentication: ${payload[0]}`);
    }
  }

  /** The signed request, after `sign`: over the session id and the request itself. RFC 4252 §7. */
  signed(signature: Uint8Array): Uint8Array {
    if (this.#state.state !== "signing") throw new TypeError("no signature is awaited");
    const { key } = this.#state;
    this.#state = { state: "signature-sent", key };
    const fields = encodeFields(m.PUBLICKEY_SIGNED, { isSigned: true, ...this.#publicKey(key), signature });
    return this.#request("publickey", fields);
  }

  /** What a signature covers: the session id as a string, then the request without its signature. RFC 4252 §7. */
  dataToSign(key: number, sessionId: Uint8Array): Uint8Array {
    const request = this.#request(
      "publickey",
      encodeFields(m.PUBLICKEY_QUERY, { isSigned: true, ...this.#publicKey(key) }),
    );
    return encodeFields({ sessionId: "string", request: "rest" }, { sessionId, request });
  }

  #publicKey(key: number): Candidate {
    const { algorithm, publicKeyBlob } = this.#candidates[key] as Candidate;
    return { algorithm, publicKeyBlob };
  }

  #request(methodName: string, methodFields: Uint8Array): Uint8Array {
    return encode(m.USERAUTH_REQUEST, { userName: this.#userName, serviceName, methodName, methodFields });
  }

  #query(key: number): Uint8Array {
    const candidate = this.#publicKey(key);
    this.#tried.push(`publickey ${candidate.algorithm} ${fingerprint(candidate.publicKeyBlob)}`);
    this.#state = { state: "query-sent", key };
    return this.#request("publickey", encodeFields(m.PUBLICKEY_QUERY, { isSigned: false, ...candidate }));
  }

  #receiveBanner(payload: Uint8Array): AuthStep {
    if (this.#state.state === "done") throw this.#unexpected("USERAUTH_BANNER", "RFC 4252 §5.4");
    const { message } = decode(m.USERAUTH_BANNER, payload);
    const lines = printableLines(message, maximumBannerLines - this.#bannerLines);
    this.#bannerLines += lines.length;
    return lines.length === 0 ? { step: "wait" } : { step: "banner", lines };
  }

  #receivePkOk(payload: Uint8Array): AuthStep {
    if (this.#state.state !== "query-sent") throw this.#unexpected("USERAUTH_PK_OK", "RFC 4252 §7");
    const { key } = this.#state;
    const asked = this.#publicKey(key);
    const { algorithm, publicKeyBlob } = decode(m.USERAUTH_PK_OK, payload);
    if (algorithm !== asked.algorithm || !isEqual(publicKeyBlob, asked.publicKeyBlob)) {
      throw new ProtocolError("USERAUTH_PK_OK names another key than the one that was asked about", "RFC 4252 §7");
    }
    this.#state = { state: "signing", key };
    return { step: "sign", key };
  }

  #receiveFailure(payload: Uint8Array, extensions: ReadonlyMap<string, Uint8Array>): AuthStep {
    const { state } = this.#state;
    if (state !== "query-sent" && state !== "signature-sent" && state !== "none-sent") {
      throw this.#unexpected("USERAUTH_FAILURE", "RFC 4252 §5.1");
    }
    const { authenticationsThatCanContinue, partialSuccess } = decode(m.USERAUTH_FAILURE, payload);
    if (partialSuccess && state !== "signature-sent") {
      throw new ProtocolError("partial success came where nothing was proved", "RFC 4252 §5.1");
    }
    this.#partialSuccess ||= partialSuccess;
    const next = "key" in this.#state ? this.#state.key + 1 : this.#candidates.length;
    const canContinue = authenticationsThatCanContinue.map((name) => printable(name));
    if (next >= this.#candidates.length || !canContinue.includes("publickey")) {
      throw this.#refused(canContinue, serverSigAlgs(extensions));
    }
    return { step: "send", payload: this.#query(next) };
  }

  /** To a query or to `none` it means that the server asks for no proof. RFC 4252 §5.1. */
  #receiveSuccess(payload: Uint8Array): AuthStep {
    const { state } = this.#state;
    if (state === "idle" || state === "signing" || state === "done") {
      throw this.#unexpected("USERAUTH_SUCCESS", "RFC 4252 §5.1");
    }
    decode(m.USERAUTH_SUCCESS, payload);
    this.#state = { state: "done" };
    return { step: "success", withProof: state === "signature-sent" || this.#partialSuccess };
  }

  #unexpected(name: string, section: string): ProtocolError {
    return new ProtocolError(`${name} came while ${this.#state.state}`, section);
  }

  #refused(canContinue: readonly string[], signatureAlgorithms: readonly string[] | undefined): AuthError {
    const user = printable(this.#userName);
    const wants = printable(canContinue.join(", ")) || "nothing";
    const already = this.#partialSuccess ? "the key was accepted, but the server wants more" : "the server refused";
    const what = `${already} for user ${user} (tried: ${this.#tried.join("; ")})`;
    const unsupported = canContinue.filter((name) => name !== "publickey");
    const isNot = `${printable(unsupported.join(" and "))} is not supported here, only publickey`;
    const hint = unsupported.length > 0 ? `; ${isNot}` : "";
    const lacking = this.#candidates
      .map((each) => each.algorithm)
      .find((name) => signatureAlgorithms?.includes(name) === false);
    const sigAlgs = lacking === undefined ? "" : `; it does not verify ${lacking} signatures at all`;
    const message = `Authentication failed: ${what}; it would take: ${wants}${hint}${sigAlgs}`;
    return new AuthError(message, this.#tried, canContinue, this.#partialSuccess);
  }
}

/** The algorithms that the server verifies in user authentication. RFC 8308 §3.1. */
export function serverSigAlgs(extensions: ReadonlyMap<string, Uint8Array>): readonly string[] | undefined {
  const value = extensions.get("server-sig-algs");
  return value === undefined ? undefined : fromUtf8(value).split(",");
}
