import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ClientEvent } from "../../src/ssh/client.ts";
import { HostKeyError, ProtocolError } from "../../src/ssh/errors.ts";
import * as m from "../../src/ssh/messages.ts";
import { decode } from "../../src/ssh/wire.ts";
import { ClientRig } from "../support/client-rig.ts";
import { join, PeerKey, sshString } from "../support/peer-crypto.ts";

const noBytes = new Uint8Array(0);
const list = "hostkeys-00@openssh.com";
const prove = "hostkeys-prove-00@openssh.com";

/** A key of the server's: what it is called by, and how it signs. */
interface ServerKey {
  readonly publicKeyBlob: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** An RSA key that signs under a name, by node:crypto. RFC 8332 §3. */
class RsaKey implements ServerKey {
  readonly publicKeyBlob: Uint8Array;
  readonly #key: KeyObject;
  readonly #algorithm: string;

  constructor(algorithm: string) {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n = "", e = "" } = publicKey.export({ format: "jwk" });
    const mpint = (digits: string): Uint8Array => {
      const bytes = Buffer.from(digits, "base64url");
      return sshString((bytes[0] ?? 0) > 0x7f ? join(new Uint8Array(1), bytes) : bytes);
    };
    this.publicKeyBlob = join(sshString("ssh-rsa"), mpint(e), mpint(n));
    this.#key = privateKey;
    this.#algorithm = algorithm;
  }

  sign(data: Uint8Array): Uint8Array {
    const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512", "ssh-rsa": "sha1" }[this.#algorithm];
    return join(sshString(this.#algorithm), sshString(sign(hash, data, this.#key)));
  }
}

function connected(readsHostKeys = true): ClientRig {
  return new ClientRig({ client: { readsHostKeys } }).start();
}

function listKeys(rig: ClientRig, keys: readonly { readonly publicKeyBlob: Uint8Array }[], wantReply = false): void {
  const requestData = join(...keys.map(({ publicKeyBlob }) => sshString(publicKeyBlob)));
  rig.peer.sendMessage(m.GLOBAL_REQUEST, { requestName: list, wantReply, requestData });
  rig.run();
}

/** OpenSSH PROTOCOL 2.5: what a key signs. */
function signedData(rig: ClientRig, key: ServerKey, name = prove): Uint8Array {
  return join(sshString(name), sshString(rig.peer.sessionId ?? noBytes), sshString(key.publicKeyBlob));
}

type Told<T extends ClientEvent["type"]> = Extract<ClientEvent, { readonly type: T }>;

/** Asks for proof of the keys, and has the server answer with these bytes, or refuse. */
function proved(rig: ClientRig, keys: readonly ServerKey[], answer: Uint8Array | undefined): Told<"host-keys-proved"> {
  rig.peer.answers.set(m.GLOBAL_REQUEST.number, () => {
    if (answer === undefined) rig.peer.sendMessage(m.REQUEST_FAILURE, {});
    else rig.peer.sendMessage(m.REQUEST_SUCCESS, { responseData: answer });
  });
  rig.client.proveHostKeys(keys.map(({ publicKeyBlob }) => publicKeyBlob));
  const [event] = rig.run().told("host-keys-proved");
  if (event === undefined) throw new Error("nothing was told");
  expect(rig.end).toBe("open");
  return event;
}

const signatures = (...all: readonly Uint8Array[]): Uint8Array => join(...all.map(sshString));

describe("the list of a server's host keys", () => {
  const keys = [new PeerKey("the host"), new PeerKey("another")];
  const unknownType = { publicKeyBlob: join(sshString("ssh-new\u001b@example.com"), sshString("x")) };

  test("is told once, whole, and answered as any request", () => {
    const rig = connected();
    listKeys(rig, [...keys, unknownType], true);
    listKeys(rig, keys);
    const blobs = [...keys, unknownType].map(({ publicKeyBlob }) => publicKeyBlob);
    expect(rig.told("host-keys")).toEqual([{ type: "host-keys", blobs, error: undefined }]);
    expect(rig.peer.of(m.REQUEST_FAILURE)).toHaveLength(1);
    expect(rig.end).toBe("open");
  });

  test("is not read unless that is asked for", () => {
    const rig = connected(false);
    rig.peer.sendMessage(m.GLOBAL_REQUEST, { requestName: list, wantReply: false, requestData: Buffer.from("junk") });
    expect(rig.run().told("host-keys")).toEqual([]);
    expect(rig.end).toBe("open");
  });

  test.each([
    ["has a key twice", [...keys, keys[0]!]],
    ["has too many", Array.from({ length: 33 }, (_, i) => new PeerKey(`key ${i}`))],
    ["has what is no key", [{ publicKeyBlob: Uint8Array.of(0, 0, 0, 9, 1) }]],
  ])("that %s is not believed; the connection goes on", (_, all) => {
    const rig = connected();
    listKeys(rig, all);
    expect(rig.told("host-keys")).toEqual([{ type: "host-keys", blobs: [], error: expect.any(ProtocolError) }]);
    expect(rig.end).toBe("open");
  });

  test("that is torn is not believed", () => {
    const rig = connected();
    const requestData = sshString(keys[0]!.publicKeyBlob).subarray(0, 40);
    rig.peer.sendMessage(m.GLOBAL_REQUEST, { requestName: list, wantReply: false, requestData });
    expect(rig.run().told("host-keys")).toMatchObject([{ blobs: [], error: expect.any(ProtocolError) }]);
  });

  test("has room for 32 keys", () => {
    const rig = connected();
    listKeys(
      rig,
      Array.from({ length: 32 }, (_, i) => new PeerKey(`key ${i}`)),
    );
    expect(rig.told("host-keys")).toMatchObject([{ error: undefined }]);
  });

  test("comes to nothing before authentication: the connection ends. RFC 4252 §6", () => {
    const rig = new ClientRig({ client: { readsHostKeys: true } });
    rig.peer.answers.delete(m.USERAUTH_REQUEST.number);
    rig.start();
    listKeys(rig, keys);
    expect(rig.told("host-keys")).toEqual([]);
    expect(rig.end).toBeInstanceOf(ProtocolError);
  });
});

describe("proof of host keys", () => {
  const key = new PeerKey("new");
  const other = new PeerKey("other");

  test("is asked for by the keys, and what signs for each of them in order is believed", () => {
    const rig = connected();
    const answer = signatures(key.sign(signedData(rig, key)), other.sign(signedData(rig, other)));
    expect(proved(rig, [key, other], answer)).toEqual({
      type: "host-keys-proved",
      blobs: [key.publicKeyBlob, other.publicKeyBlob],
      error: undefined,
    });
    expect(rig.peer.of(m.GLOBAL_REQUEST).map((payload) => decode(m.GLOBAL_REQUEST, payload))).toEqual([
      { requestName: prove, wantReply: true, requestData: signatures(key.publicKeyBlob, other.publicKeyBlob) },
    ]);
  });

  test.each(["rsa-sha2-256", "rsa-sha2-512"])("an RSA key may sign under %s", (algorithm) => {
    const rig = connected();
    const rsa = new RsaKey(algorithm);
    expect(proved(rig, [rsa], signatures(rsa.sign(signedData(rig, rsa))))).toMatchObject({ error: undefined });
  });

  test.each([
    ["with SHA-1, as AsyncSSH does", "ssh-rsa"],
    ["by a name that every object has", "toString"],
  ])("a signature %s is no proof, and no lie", (_, algorithm) => {
    const rig = connected();
    const rsa = new RsaKey("ssh-rsa");
    const signature = join(sshString(algorithm), rsa.sign(signedData(rig, rsa)).subarray(11));
    const right = key.sign(signedData(rig, key));
    expect(proved(rig, [rsa, key], signatures(signature, right))).toEqual({
      type: "host-keys-proved",
      blobs: [key.publicKeyBlob],
      error: undefined,
    });
  });

  const lies: [about: string, answer: (rig: ClientRig) => Uint8Array | undefined][] = [
    ["is refused", () => undefined],
    ["is empty", () => noBytes],
    ["is by another key", (rig) => signatures(other.sign(signedData(rig, key)))],
    ["is for another key", (rig) => signatures(key.sign(signedData(rig, other)))],
    [
      "is for another session",
      () => signatures(key.sign(join(sshString(prove), sshString(new Uint8Array(32)), sshString(key.publicKeyBlob)))),
    ],
    ["is for another purpose", (rig) => signatures(key.sign(signedData(rig, key, list)))],
    [
      "has a bit flipped",
      (rig) => signatures(key.sign(signedData(rig, key)).map((byte, i) => (i === 50 ? byte ^ 1 : byte))),
    ],
    [
      "names another type",
      (rig) => signatures(join(sshString("rsa-sha2-256"), key.sign(signedData(rig, key)).subarray(15))),
    ],
    ["has one signature too many", (rig) => signatures(key.sign(signedData(rig, key)), key.sign(signedData(rig, key)))],
    ["is torn", (rig) => signatures(key.sign(signedData(rig, key))).subarray(0, 60)],
  ];
  test.each(lies)("that %s is not believed; the connection goes on", (about, answer) => {
    const rig = connected();
    const isMalformed = /empty|too many|torn/.test(about);
    const { error, blobs } = proved(rig, [key], answer(rig));
    expect(blobs).toEqual([]);
    expect(error?.name).toBe(isMalformed ? "ProtocolError" : "HostKeyError");
  });

  test("that is cut short anywhere is not believed", () => {
    const whole = (rig: ClientRig): Uint8Array => signatures(key.sign(signedData(rig, key)));
    const { length } = whole(connected());
    for (let cut = 0; cut < length; cut++) {
      const rig = connected();
      expect(proved(rig, [key], whole(rig).subarray(0, cut)).error).toBeInstanceOf(ProtocolError);
    }
  });

  test("that is right for one key of two proves neither", () => {
    const rig = connected();
    const right = key.sign(signedData(rig, key));
    expect(proved(rig, [key, other], signatures(right, right)).error).toBeInstanceOf(HostKeyError);
  });

  test("is not asked for where we could not check it", () => {
    const rig = connected();
    const unknown = join(sshString("ssh-dss"), sshString("x"));
    const certificate = join(sshString("ssh-ed25519-cert-v01@openssh.com"), sshString("x"));
    expect(rig.client.proveHostKeys([unknown, certificate])).toBe(0);
    expect(rig.run().peer.of(m.GLOBAL_REQUEST)).toEqual([]);
    expect(rig.client.proveHostKeys([unknown, key.publicKeyBlob])).toBe(1);
  });

  test("comes in its turn among the answers to keepalives. RFC 4254 §4", () => {
    const rig = connected();
    rig.peer.answers.delete(m.GLOBAL_REQUEST.number);
    rig.client.keepalive();
    rig.client.proveHostKeys([key.publicKeyBlob]);
    rig.run();
    rig.peer.sendMessage(m.REQUEST_SUCCESS, { responseData: signatures(other.sign(signedData(rig, other))) });
    expect(rig.run().told("host-keys-proved")).toEqual([]);
    rig.peer.sendMessage(m.REQUEST_SUCCESS, { responseData: signatures(key.sign(signedData(rig, key))) });
    expect(rig.run().told("host-keys-proved")).toMatchObject([{ error: undefined }]);
    expect(rig.end).toBe("open");
    rig.peer.sendMessage(m.REQUEST_FAILURE, {});
    expect(rig.run().end).toBeInstanceOf(ProtocolError);
  });
});
