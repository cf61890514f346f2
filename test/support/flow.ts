/**
 * A flow: one recorded session of the sans-I/O client with a real server, as it stands in test/vectors/flows/. Here
 * are its shape, and what the recorder and the replay must do in the same way.
 */
import { createECDH, createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { ecdsaSigner } from "../../src/ssh/algorithms/ecdsa-sha2.ts";
import type { AlgorithmTable, Signer } from "../../src/ssh/algorithms/interfaces.ts";
import { noble } from "../../src/ssh/algorithms/noble.ts";
import { ed25519Signer } from "../../src/ssh/algorithms/ssh-ed25519.ts";
import type { ChannelNews, ChannelRequest } from "../../src/ssh/channel.ts";
import { type ClientEvent, SshClient } from "../../src/ssh/client.ts";
import * as m from "../../src/ssh/messages.ts";
import { table } from "../../src/ssh/table.ts";
import { encodeFields } from "../../src/ssh/wire.ts";
import { ecdsaKeyBlob } from "./blobs.ts";
import { seededBytes } from "./peer-crypto.ts";

export interface Flow {
  readonly about: string;
  /** Who was recorded, when and by what. */
  readonly source: string;
  /** Of `randomBytes`, and of the input where that is noise. */
  readonly seed: string;
  readonly options: FlowOptions;
  /** What is written to every channel: a text, or so many seeded bytes. */
  readonly input: string | number;
  readonly expect: Expectation;
  readonly steps: readonly Step[];
}

export interface FlowOptions {
  readonly user: string;
  /** Seeds of the keys to try, in order: ed25519, or ECDSA where the seed begins with `nistp256`. */
  readonly keys: readonly string[];
  /** Cipher names; the AEADs unless given: the oldest recordings offered no other. */
  readonly ciphers?: readonly string[];
  /** Names of host key algorithms likewise; ssh-ed25519 unless given: the oldest recordings offered no other. */
  readonly hostKeys?: readonly string[];
  /** Names of key exchange methods likewise; curve25519-sha256 by its two names unless given. */
  readonly kex?: readonly string[];
  readonly macs?: readonly string[];
  readonly rekeyBytes?: number;
}

/** What the server's side had to give, told by what was asked of it and not by what came. */
export interface Expectation {
  /** All channels' data, in the order in which it came. */
  readonly stdout: Digest;
  readonly stderr: Digest;
  /** The news and event types that must be among what happened. */
  readonly happened: readonly string[];
}

export interface Digest {
  readonly length: number;
  readonly sha256: string;
}

/** What happened, in order: an event stands behind the bytes or the call that brought it. Bytes are base64. */
export type Step =
  | { readonly from: "server"; readonly bytes: string }
  | { readonly from: "client"; readonly bytes: string }
  /** More than 8 KiB of ours, which a replay compares and has no other use for. */
  | { readonly from: "client"; readonly digest: Digest }
  | { readonly event: RecordedEvent }
  | { readonly call: Call };

/** A ClientEvent as JSON: bytes of consumers as digests, errors by class and message. */
export type RecordedEvent = Readonly<Record<string, unknown>>;

/** One call of the client's by whoever drives it. */
export type Call =
  | { readonly name: "acceptHostKey" | "rekey" | "keepalive" | "disconnect" }
  | { readonly name: "provideSignature"; readonly key: number }
  | { readonly name: "openChannel"; readonly channelType: string; readonly requests: readonly Request[] }
  /** The input's bytes `from` up to `to` were offered, and so many taken. */
  | {
      readonly name: "write";
      readonly channel: number;
      readonly from: number;
      readonly to: number;
      readonly taken: number;
    }
  | { readonly name: "consumed"; readonly channel: number; readonly length: number }
  | { readonly name: "sendEof" | "closeChannel"; readonly channel: number }
  | { readonly name: "signal"; readonly channel: number; readonly signal: string };

/** A session's request: `env` with NAME=VALUE, `exec` with a command, `subsystem` with a name, `shell`. */
export type Request = readonly [requestType: string, value?: string];

/** All recorded flows by file name. */
export function loadFlows(): ReadonlyMap<string, Flow> {
  const folder = new URL("../vectors/flows/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(names.sort().map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Flow]));
}

/** A client that a flow is driven with; `rows`: in place of the library's own table. */
export function clientOf(
  { seed, options }: Pick<Flow, "seed" | "options">,
  keys: readonly Signer[] = signersOf(options),
  rows: AlgorithmTable = table,
): SshClient {
  const cipher = Object.entries(rows.cipher).filter(
    ([name]) => options.ciphers?.includes(name) ?? !name.endsWith("-ctr"),
  );
  const { macs = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"] } = options;
  const mac = Object.entries(rows.mac).filter(([name]) => macs.includes(name));
  const { hostKeys = ["ssh-ed25519"] } = options;
  const hostKey = Object.entries(rows.hostKey).filter(([name]) => hostKeys.includes(name));
  const { kex: kexNames = ["curve25519-sha256", "curve25519-sha256@libssh.org"] } = options;
  const kex = Object.entries(rows.kex).filter(([name]) => kexNames.includes(name));
  return new SshClient({
    windowTotal: 16 * 1024 * 1024, // what it was at the recording
    user: options.user,
    keys,
    randomBytes: seededBytes(seed),
    table: {
      ...rows,
      ...{ kex: Object.fromEntries(kex), hostKey: Object.fromEntries(hostKey) },
      ...{ cipher: Object.fromEntries(cipher), mac: Object.fromEntries(mac) },
    },
    trace: true,
    ...(options.rekeyBytes === undefined ? {} : { rekeyBytes: options.rekeyBytes }),
  });
}

/** What the calls of a flow need. */
export function drivenBy(
  flow: Pick<Flow, "seed" | "options" | "input">,
  signers: readonly Signer[] = signersOf(flow.options),
): Driven {
  const sign = (key: number, data: Uint8Array): Uint8Array => {
    const signer = signers[key] as Signer;
    return signer.sign(data, signer.algorithms[0]) as Uint8Array;
  };
  return { input: inputOf(flow), sign };
}

/** The keys that a flow's client holds. */
export function signersOf(options: FlowOptions): readonly Signer[] {
  return options.keys.map((seed) => {
    const secret = seededBytes(seed)(32);
    return isEcdsa(seed)
      ? ecdsaSigner("nistp256", secret, pointOf(secret))
      : ed25519Signer(noble.ed25519, secret, publicKeyOf(seed));
  });
}

function isEcdsa(seed: string): boolean {
  return seed.startsWith("nistp256");
}

/** The public point of a scalar, by OpenSSL. */
function pointOf(scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  return Uint8Array.from(ecdh.getPublicKey());
}

/** The line of authorized_keys for a key made from `seed`; OpenSSL computes the public half. */
export function authorizedKey(seed: string): string {
  if (isEcdsa(seed)) {
    const point = pointOf(seededBytes(seed)(32));
    return `ecdsa-sha2-nistp256 ${Buffer.from(ecdsaKeyBlob("nistp256", point)).toString("base64")}`;
  }
  const fields = { algorithm: "text", key: "string" } as const;
  const blob = encodeFields(fields, { algorithm: "ssh-ed25519", key: publicKeyOf(seed) });
  return `ssh-ed25519 ${Buffer.from(blob).toString("base64")}`;
}

function publicKeyOf(seed: string): Uint8Array {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seededBytes(seed)(32)]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

/** The bytes that a flow's driver writes to a channel. */
export function inputOf({ input, seed }: Pick<Flow, "input" | "seed">): Uint8Array {
  return typeof input === "string" ? new TextEncoder().encode(input) : seededBytes(`${seed} input`)(input);
}

/** Makes a call; returns what was taken of a `write`, 0 for all others. `data`: what a `sign` event asked to sign. */
export function perform(client: SshClient, call: Call, flow: Driven, data: Uint8Array): number {
  switch (call.name) {
    case "acceptHostKey":
    case "rekey":
    case "keepalive":
    case "disconnect":
      client[call.name]();
      return 0;
    case "provideSignature":
      client.provideSignature(flow.sign(call.key, data));
      return 0;
    case "openChannel":
      client.openChannel(openingOf(call.channelType, call.requests));
      return 0;
    case "write":
      return client.write(call.channel, flow.input.subarray(call.from, call.to));
    case "consumed":
      client.consumed(call.channel, call.length);
      return 0;
    case "sendEof":
    case "closeChannel":
      client[call.name](call.channel);
      return 0;
    case "signal":
      client.signal(call.channel, call.signal);
      return 0;
  }
}

/** What a call needs beside itself. */
export interface Driven {
  readonly input: Uint8Array;
  readonly sign: (key: number, data: Uint8Array) => Uint8Array;
}

function openingOf(channelType: string, requests: readonly Request[]): Parameters<SshClient["openChannel"]>[0] {
  const nowhere = { hostToConnect: "127.0.0.1", portToConnect: 1, originatorAddress: "127.0.0.1", originatorPort: 0 };
  const typeFields = channelType === "direct-tcpip" ? encodeFields(m.DIRECT_TCPIP, nowhere) : new Uint8Array(0);
  return { channelType, typeFields, requests: requests.map(requestOf) };
}

function requestOf([requestType, value = ""]: Request): ChannelRequest {
  const [variableName = "", variableValue = ""] = value.split("=");
  const fields: Readonly<Record<string, Uint8Array>> = {
    env: encodeFields(m.ENV_REQUEST, { variableName, variableValue }),
    exec: encodeFields(m.EXEC_REQUEST, { command: value }),
    subsystem: encodeFields(m.SUBSYSTEM_REQUEST, { subsystemName: value }),
    shell: new Uint8Array(0),
  };
  const requestFields = fields[requestType];
  if (requestFields === undefined) throw new TypeError(`no request ${requestType}`);
  return { requestType, requestFields, label: requestType === "env" ? variableName : requestType };
}

/** An event as it is recorded. */
export function recordable(event: ClientEvent): RecordedEvent {
  switch (event.type) {
    case "host-key":
      return { type: event.type, algorithm: event.algorithm, blob: Buffer.from(event.blob).toString("base64") };
    case "sign":
      return { ...event, data: digest(event.data) };
    case "channel":
      return { ...event, news: recordableNews(event.news) };
    case "ended":
      return { ...event, error: event.error === undefined ? null : recordableError(event.error) };
    default:
      return event;
  }
}

function recordableNews(news: ChannelNews): RecordedEvent {
  if (news.news === "data" || news.news === "stderr") return { ...news, data: digest(news.data) };
  return news.news === "refused" ? { ...news, error: recordableError(news.error) } : news;
}

function recordableError(error: Error): RecordedEvent {
  return { class: error.constructor.name, message: error.message };
}

export function digest(bytes: Uint8Array): Digest {
  return { length: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}
