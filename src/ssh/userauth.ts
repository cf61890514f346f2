/**
 * Userauth: RFC 4252. Method `publickey` (§7): ask first whether the server would take the key, then sign for that key
 * and no other; `none` (§5.2) where there is no key. Pure: takes the server's messages, says what to do next.
 */
import { plainName } from "./algorithm-name.ts";
import { certifiedKeyIn } from "./certificate.ts";
import { AuthError, ProtocolError } from "./errors.ts";
import { fingerprint } from "./known-hosts.ts";
import * as m from "./messages.ts";
import { printable, printableLines } from "./printable.ts";
import { nameIn } from "./public-key.ts";
import { decode, encode, encodeFields, fromUtf8, isEqual } from "./wire.ts";

const serviceName = "ssh-connection";
const maximumBannerLines = 200; // over the whole of authentication; RFC 4252 §5.4 sets no bound

/** Requests for a key over one connection: OpenSSH's server counts to 6 (MaxAuthTries) and hangs up without a word of use. */
export const maximumTries = 5;

/** The public half of a key that may be tried: see `Signer`. */
export interface Candidate {
  readonly algorithms: readonly [string, ...string[]];
  readonly publicKeyBlob: Uint8Array;
}

/** What a query was about: key number `key`, to sign for `algorithm`. */
export interface Asked {
  readonly key: number;
  readonly algorithm: string;
}

/** What the caller does next. */
export type AuthStep =
  | { readonly step: "send"; readonly payload: Uint8Array }
  /** Sign `dataToSign` with the key that was asked about, for that algorithm, then call `signed`. RFC 4252 §7. */
  | { readonly step: "sign"; readonly asked: Asked }
  /** `withProof`: a signature of ours was accepted. */
  | { readonly step: "success"; readonly withProof: boolean }
  | { readonly step: "banner"; readonly lines: readonly string[] }
  | { readonly step: "wait" };

type State =
  | { readonly state: "idle" }
  | { readonly state: "none-sent" }
  | { readonly state: "query-sent"; readonly asked: Asked }
  | { readonly state: "signing"; readonly asked: Asked }
  | { readonly state: "signature-sent"; readonly asked: Asked }
  | { readonly state: "done" };

export class UserAuth {
  readonly #userName: string;
  readonly #candidates: readonly Candidate[];
  /** What was tried, in words when somebody asks: a fingerprint is a hash. */
  readonly #tried: (() => string)[] = [];
  readonly #asked: Asked[] = [];
  /** The keys that the server wanted a signature of. */
  readonly #wanted: Set<number> = new Set();
  #nextKey = 0;
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

  /** The last that was tried, as in `publickey ssh-ed25519 SHA256:...`; empty before the first request. */
  get triedLast(): string {
    return this.#tried.at(-1)?.() ?? "";
  }

  /**
   * The first request. It may go before SERVICE_ACCEPT came: nothing in it depends on that. RFC 4252 §5. It goes before
   * EXT_INFO too, so under the first of the key's algorithms: to wait would cost every login a round trip.
   */
  start(): Uint8Array {
    const [first] = this.#candidates;
    if (first !== undefined) return this.#query({ key: 0, algorithm: first.algorithms[0] });
    this.#tried.push(() => "none");
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

  /**
   * The signed request, after `sign`: over the session id and the request itself. RFC 4252 §7.
   * @throws AuthError if it was made for another algorithm, as agents that know no SHA-2 make SHA-1 signatures.
   */
  signed(signature: Uint8Array): Uint8Array {
    const asked = this.#askedToSign();
    this.#refuseOtherAlgorithm(asked.algorithm, signature);
    this.#state = { state: "signature-sent", asked };
    const fields = encodeFields(m.PUBLICKEY_SIGNED, { isSigned: true, ...this.#publicKey(asked), signature });
    return this.#request("publickey", fields);
  }

  /** What a signature covers: the session id as a string, then the request without its signature. RFC 4252 §7. */
  dataToSign(sessionId: Uint8Array): Uint8Array {
    const fields = encodeFields(m.PUBLICKEY_QUERY, { isSigned: true, ...this.#publicKey(this.#askedToSign()) });
    const request = this.#request("publickey", fields);
    return encodeFields({ sessionId: "string", request: "rest" }, { sessionId, request });
  }

  /**
   * The next request, where the key that was to sign cannot: about the next key. Undefined where none is left to try;
   * then the signature is still awaited. RFC 4252 §5 lets a client send another request at any time.
   */
  declined(extensions: ReadonlyMap<string, Uint8Array> = new Map()): Uint8Array | undefined {
    this.#askedToSign();
    const next = this.#another(serverSigAlgs(extensions));
    if (next === undefined || this.#tried.length >= maximumTries) return undefined;
    const last = this.#tried.pop();
    this.#tried.push(() => `${last?.()} (it could not sign)`);
    return this.#query(next);
  }

  #askedToSign(): Asked {
    if (this.#state.state !== "signing") throw new TypeError("no signature is awaited");
    return this.#state.asked;
  }

  #refuseOtherAlgorithm(asked: string, signature: Uint8Array): void {
    const algorithm = nameIn(signature);
    if (algorithm === plainName(asked)) return;
    const made = algorithm === undefined ? "what is no signature" : `a signature of type ${printable(algorithm)}`;
    const what = `the key gave ${made}, asked was one of type ${plainName(asked)}`;
    throw new AuthError(`Authentication failed: ${what}`, this.#triedWords(), [], this.#partialSuccess);
  }

  #triedWords(): string[] {
    return this.#tried.map((words) => words());
  }

  #publicKey({ key, algorithm }: Asked): { readonly algorithm: string; readonly publicKeyBlob: Uint8Array } {
    return { algorithm, publicKeyBlob: (this.#candidates[key] as Candidate).publicKeyBlob };
  }

  #request(methodName: string, methodFields: Uint8Array): Uint8Array {
    return encode(m.USERAUTH_REQUEST, { userName: this.#userName, serviceName, methodName, methodFields });
  }

  #query(asked: Asked): Uint8Array {
    const publicKey = this.#publicKey(asked);
    const { publicKeyBlob } = publicKey;
    this.#tried.push(() => {
      const keyBlob = certifiedKeyIn(publicKeyBlob) ?? publicKeyBlob; // by the key's own fingerprint people know it
      return `publickey ${asked.algorithm} ${fingerprint(keyBlob)}`;
    });
    this.#asked.push(asked);
    this.#nextKey = Math.max(this.#nextKey, asked.key + 1);
    this.#state = { state: "query-sent", asked };
    return this.#request("publickey", encodeFields(m.PUBLICKEY_QUERY, { isSigned: false, ...publicKey }));
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
    const { asked } = this.#state;
    const expected = this.#publicKey(asked);
    const { algorithm, publicKeyBlob } = decode(m.USERAUTH_PK_OK, payload);
    // npm ssh2 names the key's type, ssh-rsa, in place of the algorithm. We sign for the one that we asked about.
    const isNamed = [expected.algorithm, nameIn(expected.publicKeyBlob)].includes(algorithm);
    if (!isNamed || !isEqual(publicKeyBlob, expected.publicKeyBlob)) {
      throw new ProtocolError("USERAUTH_PK_OK names another key than the one that was asked about", "RFC 4252 §7");
    }
    this.#wanted.add(asked.key);
    this.#state = { state: "signing", asked };
    return { step: "sign", asked };
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
    const canContinue = authenticationsThatCanContinue.map((name) => printable(name));
    const signatureAlgorithms = serverSigAlgs(extensions);
    const next = this.#next(signatureAlgorithms);
    const isOver = next === undefined || !canContinue.includes("publickey");
    if (isOver || this.#tried.length >= maximumTries) throw this.#refused(canContinue, signatureAlgorithms);
    return { step: "send", payload: this.#query(next) };
  }

  /**
   * What to ask about after a FAILURE: the same key where only now it is known under which name the server takes it,
   * else the next one. RFC 8308 §3.1.
   */
  #next(signatureAlgorithms: readonly string[] | undefined): Asked | undefined {
    if (!("asked" in this.#state)) return undefined;
    const { key, algorithm } = this.#state.asked;
    const again = this.#choose(key, signatureAlgorithms);
    const isAskedTooEarly = this.#state.state === "query-sent" && !isTaken(signatureAlgorithms, algorithm);
    if (isAskedTooEarly && again !== undefined && again.algorithm !== algorithm) return again;
    return this.#another(signatureAlgorithms);
  }

  /** The next key; behind the last one, a key that the server did not want, under another name: it may know only that. */
  #another(signatureAlgorithms: readonly string[] | undefined): Asked | undefined {
    const next = this.#choose(this.#nextKey, signatureAlgorithms);
    return next ?? this.#otherNames().find(({ algorithm }) => isTaken(signatureAlgorithms, algorithm));
  }

  /** Some sshds (9.2 is one) list in server-sig-algs what their PubkeyAcceptedAlgorithms does not allow. */
  #otherNames(): readonly Asked[] {
    const all = this.#candidates.flatMap(({ algorithms }, key) => algorithms.map((algorithm) => ({ key, algorithm })));
    const isAsked = ({ key, algorithm }: Asked): boolean =>
      this.#asked.some((asked) => asked.key === key && asked.algorithm === algorithm);
    return all.filter((each) => !this.#wanted.has(each.key) && !isAsked(each));
  }

  /** Key number `key` under the first of its algorithms that the server takes; under the first one if it takes none. */
  #choose(key: number, signatureAlgorithms: readonly string[] | undefined): Asked | undefined {
    const algorithms = this.#candidates[key]?.algorithms;
    if (algorithms === undefined) return undefined;
    return { key, algorithm: algorithms.find((name) => isTaken(signatureAlgorithms, name)) ?? algorithms[0] };
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
    const what = `${already} for user ${user} (tried: ${this.#triedWords().join("; ")})`;
    const unsupported = canContinue.filter((name) => name !== "publickey");
    const isNot = `${printable(unsupported.join(" and "))} is not supported here, only publickey`;
    const hint = unsupported.length > 0 ? `; ${isNot}` : "";
    const lacking = this.#candidates.find(({ algorithms }) =>
      algorithms.every((name) => !isTaken(signatureAlgorithms, name)),
    );
    const names = lacking?.algorithms.map(plainName).join(" or ");
    const sigAlgs = names === undefined ? "" : `; it does not verify ${printable(names)} signatures at all`;
    const untried = this.#candidates.length - this.#nextKey;
    const left = untried > 0 && canContinue.includes("publickey") ? `; ${untriedText(untried)}` : "";
    const message = `Authentication failed: ${what}; it would take: ${wants}${hint}${sigAlgs}${left}`;
    return new AuthError(message, this.#triedWords(), canContinue, this.#partialSuccess, untried);
  }
}

function untriedText(untried: number): string {
  const keys = untried === 1 ? "1 more key was" : `${untried} more keys were`;
  return `${keys} not tried, since servers hang up after a few: name the right one first`;
}

/** Whether the server takes a signature for `algorithm`; yes, as far as we know, where it did not say. RFC 8308 §3.1. */
function isTaken(signatureAlgorithms: readonly string[] | undefined, algorithm: string): boolean {
  if (signatureAlgorithms === undefined) return true;
  return signatureAlgorithms.includes(algorithm) || signatureAlgorithms.includes(plainName(algorithm));
}

/** The algorithms that the server verifies in user authentication. RFC 8308 §3.1. */
export function serverSigAlgs(extensions: ReadonlyMap<string, Uint8Array>): readonly string[] | undefined {
  const value = extensions.get("server-sig-algs");
  return value === undefined ? undefined : fromUtf8(value).split(",");
}
