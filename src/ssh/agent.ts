/**
 * Agent: our side of the agent protocol (draft-ietf-sshm-ssh-agent, which OpenSSH's PROTOCOL.agent stands for). An
 * exchange is one request and its reply: bytes out, bytes in, a value out. Pure; who has the socket is `src/node`.
 *
 * An agent is a program of the user's, but not ours: its replies are bounded, decoded to the last byte, and a signature
 * must be of the kind that was asked for. Nothing is ever added to an agent, removed from it or forwarded.
 */
import { certifiedName, plainName } from "./algorithm-name.ts";
import { AgentError, ProtocolError } from "./errors.ts";
import { printable } from "./printable.ts";
import {
  concat,
  decode,
  decodeFields,
  encode,
  encodeString,
  type Fields,
  type FieldValues,
  type Layout,
  uint32At,
} from "./wire.ts";

/** The longest reply; OpenSSH has the same bound. */
const maximumReply = 256 * 1024;
/** OpenSSH's bound too. */
const maximumIdentities = 2048;
/** Of a comment, in UTF-16 units: it names the key in a line for a person. */
const maximumComment = 100;

// Numbers of the draft's §6.1; they mean this between us and an agent only.
const FAILURE = { number: 5, name: "SSH_AGENT_FAILURE", fields: {} } as const;
const REQUEST_IDENTITIES = { number: 11, name: "SSH_AGENTC_REQUEST_IDENTITIES", fields: {} } as const;
/** `identities`: `identityCount` times IDENTITY. */
const IDENTITIES_ANSWER = {
  number: 12,
  name: "SSH_AGENT_IDENTITIES_ANSWER",
  fields: { identityCount: "uint32", identities: "rest" },
} as const;
const IDENTITY = { publicKeyBlob: "string", comment: "text", rest: "rest" } as const;
const SIGN_REQUEST = {
  number: 13,
  name: "SSH_AGENTC_SIGN_REQUEST",
  fields: { publicKeyBlob: "string", data: "string", flags: "uint32" },
} as const;
const SIGN_RESPONSE = { number: 14, name: "SSH_AGENT_SIGN_RESPONSE", fields: { signature: "string" } } as const;

const SSH_AGENT_RSA_SHA2_256 = 2;
const SSH_AGENT_RSA_SHA2_512 = 4;

/** A key that an agent holds. */
export interface AgentIdentity {
  /** The public key's or the certificate's. RFC 4253 §6.6. */
  readonly publicKeyBlob: Uint8Array;
  /** As the blob begins, as in `ssh-rsa` or `ssh-ed25519-cert-v01@openssh.com`; not escaped. */
  readonly keyType: string;
  /** Escaped and cut. */
  readonly comment: string;
}

/** One way in which a key of some type signs. */
export interface SigningWay {
  /** The public key algorithm's name in authentication. RFC 4252 §7. */
  readonly algorithm: string;
  /** What an agent must be told. */
  readonly flags: number;
}

/** One request to an agent, for a connection of its own. */
export class AgentExchange<T> {
  /** What is to be sent. */
  readonly request: Uint8Array;
  readonly #expected: Layout;
  readonly #read: (payload: Uint8Array) => T;
  readonly #chunks: Uint8Array[] = [];
  #received = 0;

  /** `read` makes a value of the payload of an `expected` message. */
  constructor(request: Uint8Array, expected: Layout, read: (payload: Uint8Array) => T) {
    this.request = encodeString(request);
    this.#expected = expected;
    this.#read = read;
  }

  /**
   * Takes bytes of the agent's (copied); the value of its reply once that is whole, undefined before.
   * @throws AgentError if the agent refuses, says anything else, or more than it may.
   */
  receive(bytes: Uint8Array): T | undefined {
    this.#chunks.push(bytes.slice());
    this.#received += bytes.length;
    if (this.#received < 4) return undefined;
    const length = this.#declaredLength();
    if (length < 1 || length > maximumReply)
      throw broken(`a reply of ${length} bytes, at most ${maximumReply} may come`);
    if (this.#received < 4 + length) return undefined;
    if (this.#received > 4 + length) throw broken("bytes follow its reply");
    return this.#reply(concat(...this.#chunks).subarray(4));
  }

  /** The connection has ended, or was cut, before the reply was whole. */
  ended(): AgentError {
    const what = this.#received === 0 ? "without a reply" : "in the middle of its reply";
    return broken(`it closed the connection ${what}`);
  }

  /** The first four bytes, which may have come one by one; then they are put together once. */
  #declaredLength(): number {
    const [first = new Uint8Array(0)] = this.#chunks;
    if (first.length < 4) this.#chunks.splice(0, this.#chunks.length, concat(...this.#chunks));
    return uint32At(this.#chunks[0] as Uint8Array, 0);
  }

  #reply(payload: Uint8Array): T {
    if (payload[0] === FAILURE.number) throw new AgentError("it refused", "refused");
    if (payload[0] !== this.#expected.number) {
      throw broken(`message ${payload[0]} came, expected ${this.#expected.name} (${this.#expected.number})`);
    }
    return this.#read(payload);
  }
}

/** Asks which keys the agent holds. A locked agent shows none. */
export function listIdentities(): AgentExchange<readonly AgentIdentity[]> {
  return new AgentExchange(encode(REQUEST_IDENTITIES, {}), IDENTITIES_ANSWER, readIdentities);
}

/** Asks for a signature over `data`: the blob that a USERAUTH_REQUEST carries. RFC 4252 §7. */
export function signByAgent(publicKeyBlob: Uint8Array, data: Uint8Array, way: SigningWay): AgentExchange<Uint8Array> {
  const request = encode(SIGN_REQUEST, { publicKeyBlob, data, flags: way.flags });
  return new AgentExchange(request, SIGN_RESPONSE, (payload) => readSignature(payload, plainName(way.algorithm)));
}

/**
 * How a key of this type signs, preferred first; none for types that we never use. RSA never signs with SHA-1, which
 * is what an agent does without a flag (RFC 8332).
 */
export function signingWays(keyType: string): readonly SigningWay[] {
  return waysByKeyType.get(keyType) ?? [];
}

/** Whether the key lives in a security key (FIDO), which waits for a touch. */
export function isSecurityKey(keyType: string): boolean {
  return keyType.startsWith("sk-");
}

const plainTypes: readonly string[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
];

const rsaWays: readonly SigningWay[] = [
  { algorithm: "rsa-sha2-512", flags: SSH_AGENT_RSA_SHA2_512 },
  { algorithm: "rsa-sha2-256", flags: SSH_AGENT_RSA_SHA2_256 },
];

const waysOfPlainKeys: readonly (readonly [string, readonly SigningWay[]])[] = [
  ...plainTypes.map((type) => [type, [{ algorithm: type, flags: 0 }]] as const),
  ["ssh-rsa", rsaWays],
];

const waysByKeyType: ReadonlyMap<string, readonly SigningWay[]> = new Map([
  ...waysOfPlainKeys,
  ...waysOfPlainKeys.map(([type, ways]) => [certifiedName(type), ways.map(certifiedWay)] as const),
]);

function certifiedWay(way: SigningWay): SigningWay {
  return { ...way, algorithm: certifiedName(way.algorithm) };
}

function readIdentities(payload: Uint8Array): readonly AgentIdentity[] {
  const { identityCount, identities } = blaming(() => decode(IDENTITIES_ANSWER, payload));
  if (identityCount > maximumIdentities) throw broken(`${identityCount} keys, at most ${maximumIdentities} may come`);
  const read: AgentIdentity[] = [];
  let left = identities;
  for (let i = 0; i < identityCount; i++) {
    const { publicKeyBlob, comment, rest } = fieldsOf(`key ${i + 1} of its list`, IDENTITY, left);
    read.push({
      publicKeyBlob,
      keyType: fieldsOf("a public key", typedFields, publicKeyBlob).type,
      comment: printable(comment, maximumComment),
    });
    left = rest;
  }
  if (left.length > 0) throw broken(`${left.length} bytes trail its list of ${identityCount} keys`);
  return read;
}

const typedFields = { type: "text", rest: "rest" } as const;
const plainSignatureFields = { content: "string" } as const;
/** OpenSSH PROTOCOL.u2f: what the security key saw and counted is signed along. */
const securityKeySignatureFields = { content: "string", flags: "byte", counter: "uint32" } as const;

/** A signature of another kind would be refused by the server, in words that blame the key. */
function readSignature(payload: Uint8Array, expected: string): Uint8Array {
  const { signature } = blaming(() => decode(SIGN_RESPONSE, payload));
  const { type, rest } = fieldsOf("its signature", typedFields, signature);
  if (type !== expected) throw broken(`its signature is of type ${printable(type, 80)}, expected ${expected}`);
  const fields = isSecurityKey(expected) ? securityKeySignatureFields : plainSignatureFields;
  const { content } = fieldsOf("its signature", fields, rest);
  if (content.length === 0) throw broken("its signature is empty");
  return signature;
}

function fieldsOf<F extends Fields>(what: string, fields: F, bytes: Uint8Array): FieldValues<F> {
  return blaming(() => decodeFields(what, fields, bytes));
}

/** What the decoder blames on a server is the agent's here. */
function blaming<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) throw broken(error.message);
    throw error;
  }
}

function broken(what: string): AgentError {
  return new AgentError(what, "protocol");
}
