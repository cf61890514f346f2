/**
 * An agent that tests make, on a real socket: it holds keys in software, of security keys too, and misbehaves as it is
 * told. Cryptography by node:crypto, as a security key does it (OpenSSH PROTOCOL.u2f).
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { join as joined, sshMpint, sshString } from "./peer-crypto.ts";

/** A key that the agent holds. */
export interface FakeKey {
  readonly publicKeyBlob: Uint8Array;
  readonly comment: string;
  /** As in authorized_keys. */
  readonly line: string;
  /** The signature blob. */
  sign(data: Uint8Array, flags: number): Uint8Array;
}

/** What the agent does with a request: the payload of its reply, raw bytes, or nothing, for ever. */
export type Behaviour = (request: Uint8Array, answer: () => Uint8Array, socket: Socket) => Uint8Array | undefined;

export interface FakeAgent {
  readonly path: string;
  /** The number of each request's message, in order. */
  readonly requests: readonly number[];
  /** The blobs of the keys that were asked to sign. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export async function startFakeAgent(keys: readonly FakeKey[], behaviour?: Behaviour): Promise<FakeAgent> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fake-agent-"));
  const path = join(folder, "agent.sock");
  const requests: number[] = [];
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
        const end = 4 + received.readUInt32BE();
        const request = Uint8Array.from(received.subarray(4, end));
        received = received.subarray(end);
        requests.push(request[0] ?? 0);
        if (request[0] === 13) asked.push(base64(strings(request.subarray(1), 1)[0] ?? new Uint8Array(0)));
        const answer = () => answerTo(request, keys);
        const reply = behaviour === undefined ? sshString(answer()) : behaviour(request, answer, socket);
        if (reply !== undefined) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    requests,
    asked,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** draft-ietf-sshm-ssh-agent: the payload of an honest reply. */
function answerTo(request: Uint8Array, keys: readonly FakeKey[]): Uint8Array {
  if (request[0] === 11) {
    const entries = keys.map((key) => joined(sshString(key.publicKeyBlob), sshString(key.comment)));
    return joined(Uint8Array.of(12), uint32(keys.length), ...entries);
  }
  const [blob = new Uint8Array(0), data = new Uint8Array(0)] = strings(request.subarray(1), 2);
  const key = keys.find((each) => base64(each.publicKeyBlob) === base64(blob));
  if (request[0] !== 13 || key === undefined) return Uint8Array.of(5);
  const flags = Buffer.from(request.subarray(-4)).readUInt32BE();
  return joined(Uint8Array.of(14), sshString(key.sign(data, flags)));
}

const application = "ssh:";

/** `touched`: whether the key says that somebody touched it. */
export function securityKeyEd25519(comment = "a security key", touched = true): FakeKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const type = "sk-ssh-ed25519@openssh.com";
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return fakeKey(type, comment, [point, application], (data) => {
    const { message, tail } = deviceData(data, touched);
    return joined(sshString(type), sshString(sign(null, message, privateKey)), tail);
  });
}

/** An ECDSA key in a security key. */
export function securityKeyEcdsa(comment = "an older security key"): FakeKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const type = "sk-ecdsa-sha2-nistp256@openssh.com";
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
  return fakeKey(type, comment, ["nistp256", point, application], (data) => {
    const { message, tail } = deviceData(data, true);
    const pair = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const signature = joined(sshMpint(pair.subarray(0, 32)), sshMpint(pair.subarray(32)));
    return joined(sshString(type), sshString(signature), tail);
  });
}

/** An ordinary ed25519 key. */
export function plainEd25519(comment = "a plain key"): FakeKey & { readonly key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const type = "ssh-ed25519";
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  const own = fakeKey(type, comment, [point], (data) =>
    joined(sshString(type), sshString(sign(null, data, privateKey))),
  );
  return { ...own, key: privateKey };
}

function fakeKey(
  type: string,
  comment: string,
  parts: readonly (string | Uint8Array)[],
  signData: (data: Uint8Array) => Uint8Array,
): FakeKey {
  const publicKeyBlob = joined(sshString(type), ...parts.map(sshString));
  return { publicKeyBlob, comment, line: `${type} ${base64(publicKeyBlob)}`, sign: signData };
}

/** What a security key signs for ssh: SHA-256 of the application, flags, counter, SHA-256 of the data. */
function deviceData(data: Uint8Array, touched: boolean): { readonly message: Uint8Array; readonly tail: Uint8Array } {
  const tail = joined(Uint8Array.of(touched ? 1 : 0), uint32(7));
  return { message: joined(sha256(Buffer.from(application)), tail, sha256(data)), tail };
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function strings(bytes: Uint8Array, count: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let left = Buffer.from(bytes);
  for (let i = 0; i < count; i++) {
    const end = 4 + left.readUInt32BE();
    found.push(Uint8Array.from(left.subarray(4, end)));
    left = left.subarray(end);
  }
  return found;
}
