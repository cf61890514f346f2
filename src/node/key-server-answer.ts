/**
 * Key server answer: what the key server's answers say, and what is wrong with them. Pure.
 *
 * `GET /server_pub_key`: `{"server_pub_key": "ssh-ed25519 AAAA... comment"}`; `POST /register`: `{"status": "success"}`;
 * `{"error": "..."}` where it refuses. What else may come is another program's page.
 */
import { encodeBase64 } from "../ssh/base64.ts";
import { SshError } from "../ssh/errors.ts";
import { fingerprint, parseKnownHosts } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { nameIn } from "../ssh/public-key.ts";
import type { HttpAnswer } from "./http.ts";

/** The host key that a key server gave. */
export interface GivenHostKey {
  /** As in `ssh-ed25519`. */
  readonly keyType: string;
  readonly blob: Uint8Array;
  /** `SHA256:...` as OpenSSH prints it. */
  readonly fingerprint: string;
}

/** An answer that does not give what was asked for. The message goes on from "it", and is printable. */
export class AnswerError extends SshError {
  override readonly name = "AnswerError";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The host key in an answer. @throws AnswerError */
export function hostKeyIn(answer: HttpAnswer): GivenHostKey {
  const line = memberOf(jsonOf(answer), "server_pub_key");
  if (typeof line !== "string") throw new AnswerError("answered without a server_pub_key", answer.status);
  const key = hostKeyOf(line);
  if (typeof key === "string") throw new AnswerError(`gave no host key: ${key}`, answer.status);
  return key;
}

/** Makes sure that an answer says that our key is registered. @throws AnswerError */
export function assertRegistered(answer: HttpAnswer): void {
  const status = memberOf(jsonOf(answer), "status");
  if (status !== "success") throw new AnswerError("did not say that it took our key", answer.status);
}

/** Why a text is no host key; else the key. The same types and forms as in a known_hosts file. */
function hostKeyOf(text: string): GivenHostKey | string {
  const line = text.trim();
  if (/[\n\r\0]/.test(line)) return "it is not one line of text";
  if (!/\s/.test(line)) return "key type and key are needed";
  const { entries, notes } = parseKnownHosts("", `host ${line}`);
  const [entry] = entries;
  if (entry === undefined) return notes[0]?.replace(/^:1: /, "") ?? "there is nothing";
  const { keyType, keyBlob: blob } = entry;
  if (keyType.includes("-cert-")) return "it is a certificate";
  return { keyType, blob, fingerprint: fingerprint(blob) };
}

/** A public key as it is registered: type and base64, never a comment, by which the server would not know it again. */
export function registrationOf(publicKeyBlob: Uint8Array): { readonly client_pub_key: string } {
  return { client_pub_key: `${nameIn(publicKeyBlob)} ${encodeBase64(publicKeyBlob)}` };
}

function jsonOf(answer: HttpAnswer): unknown {
  const { status, contentType, body } = answer;
  if (status !== 200) throw new AnswerError(refusalOf(answer), status);
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type !== undefined && !/^application\/(json|.+\+json)$/.test(type)) {
    throw new AnswerError(
      `answered with ${printable(type, 60)} where JSON should be: something else listens there`,
      status,
    );
  }
  const value = parsed(body);
  if (value === undefined) throw new AnswerError("answered with what is not JSON", status);
  return value;
}

/** Undefined where it is not JSON. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function refusalOf(answer: HttpAnswer): string {
  const { status, location } = answer;
  const error = memberOf(parsed(answer.body), "error");
  const said = typeof error === "string" ? `: ${printable(error, 120)}` : "";
  if (status >= 300 && status < 400) {
    const to = location === undefined ? "" : ` to ${printable(location, 120)}`;
    return `answered ${status}, a redirect${to}, which is not followed`;
  }
  if (status === 429) return `answered 429, too many requests${waitOf(answer)}`;
  const meaning = meanings[status];
  return `answered ${status}${meaning === undefined ? "" : ` (${meaning})`}${said}`;
}

const meanings: Readonly<Record<number, string>> = {
  400: "it refuses what we sent",
  404: "it has no such page",
  407: "the proxy wants a user and password (in the variable's URL)",
  413: "it refuses what we sent as too long",
  415: "it takes no JSON",
  500: "it failed",
  502: "what stands before it cannot reach it",
  503: "it is not ready",
  504: "what stands before it cannot reach it",
};

/** RFC 9110 §10.2.3: seconds, or a date. */
function waitOf({ retryAfter }: HttpAnswer): string {
  if (retryAfter === undefined) return "";
  if (/^\d{1,6}$/.test(retryAfter)) return ` (it says to wait ${Number(retryAfter)} s)`;
  return ` (it says to wait until ${printable(retryAfter, 40)})`;
}
