import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { certifiedName, plainName } from "../../src/ssh/algorithm-name.ts";
import type { Certificate, Signer } from "../../src/ssh/algorithms/interfaces.ts";
import {
  type CertificateFault,
  certifiedHostKeys,
  certifiedSigner,
  hostCertificateFault,
  parseCertificate,
} from "../../src/ssh/certificate.ts";
import { KeyFormatError, ProtocolError } from "../../src/ssh/errors.ts";
import { table } from "../../src/ssh/table.ts";
import { strings } from "../support/blobs.ts";
import { join, PeerKey, sshString } from "../support/peer-crypto.ts";
import { expectRefusal as refusal } from "../support/refusals.ts";
import { vectors } from "../support/vectors.ts";

const expectRefusal = (run: () => unknown, says: RegExp): void => refusal(run, says, "OpenSSH PROTOCOL.certkeys");

const plainRows = Object.fromEntries(Object.entries(table.hostKey).filter(([name]) => !name.includes("-cert-v01@")));
const certifiedHostKey = (name: string) => certifiedHostKeys(plainRows)[certifiedName(name)]!;

interface Recorded {
  readonly name: string;
  readonly certificate: string;
  readonly expect: {
    readonly keyBlob: string;
    readonly authorityBlob: string;
    readonly kind: "user" | "host";
    readonly serial: string;
    readonly keyId: string;
    readonly principals: readonly string[];
    readonly validAfter: string;
    readonly validBefore: string;
    readonly criticalOptions: readonly string[];
  };
}

const recorded = vectors<Recorded>("certificates.json");
const blobOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));
const typeOf = (blob: Uint8Array): string => Buffer.from(blob).subarray(4).toString("latin1").split("\0")[0] ?? "";

function find(name: string): Recorded & { readonly blob: Uint8Array } {
  const found = recorded.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no certificate ${name}`);
  return { ...found, blob: blobOf(found.certificate) };
}

describe.each(recorded)("what ssh-keygen made: $name", ({ certificate, expect: wanted }) => {
  test("is read", () => {
    expect(parseCertificate(blobOf(certificate))).toEqual({
      ...wanted,
      type: typeOf(blobOf(certificate)),
      keyBlob: blobOf(wanted.keyBlob),
      authorityBlob: blobOf(wanted.authorityBlob),
      serial: BigInt(wanted.serial),
      validAfter: BigInt(wanted.validAfter),
      validBefore: BigInt(wanted.validBefore),
    });
  });
});

/** The rows of the table that take certificates of this type. */
function rowsFor(blob: Uint8Array): readonly string[] {
  const type = typeOf(blob);
  return type === "ssh-rsa-cert-v01@openssh.com"
    ? ["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"]
    : [type];
}

describe("as a host key", () => {
  const hosts = recorded.filter(({ name }) => /^(a host's|by an authority with a key|signed as|several)/.test(name));

  test.each(hosts)("its authority's signature holds: $name", ({ certificate }) => {
    const blob = blobOf(certificate);
    for (const name of rowsFor(blob)) {
      const verifier = table.hostKey[name]?.parse(blob);
      expect(verifier?.certificate).toEqual(parseCertificate(blob));
    }
  });

  test("an authority with a short key is refused, for that reason", () => {
    const { blob } = find("by an authority with a short key");
    expectRefusal(() => certifiedHostKey("ssh-ed25519").parse(blob), /a certificate's authority: .* of 1024 bits/);
  });

  test("one for another type of key is refused", () => {
    const { blob } = find("a host's ecdsa 256 key");
    for (const name of ["ssh-ed25519", "ecdsa-sha2-nistp384", "rsa-sha2-512"]) {
      expectRefusal(
        () => certifiedHostKey(name).parse(blob),
        /type ecdsa-sha2-nistp256-cert-v01@openssh.com, expected/,
      );
    }
  });

  test("a plain key is none", () => {
    const key = new PeerKey("host");
    expectRefusal(() => certifiedHostKey("ssh-ed25519").parse(key.publicKeyBlob), /of type ssh-ed25519, which is none/);
  });

  test("no bit of it can be changed", () => {
    const { blob } = find("a host's ed25519 256 key");
    const row = certifiedHostKey("ssh-ed25519");
    for (let at = 0; at < blob.length; at++) {
      const changed = blob.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(() => row.parse(changed), `byte ${at}`).toThrow(ProtocolError);
    }
  });

  test("it cannot be cut short, nor have bytes behind it", () => {
    const { blob } = find("a host's ed25519 256 key");
    for (let length = 0; length < blob.length; length++) {
      expect(() => parseCertificate(blob.slice(0, length)), `${length} bytes`).toThrow(ProtocolError);
    }
    expectRefusal(() => parseCertificate(join(blob, Uint8Array.of(0))), /1 bytes trail/);
  });

  test("a verifier keeps its own copy", () => {
    const { blob } = find("a host's ed25519 256 key");
    const parsed = certifiedHostKey("ssh-ed25519").parse(blob);
    blob.fill(0);
    expect(parsed.certificate).toEqual(parseCertificate(find("a host's ed25519 256 key").blob));
  });
});

/** A certificate made here, by hand. OpenSSH PROTOCOL.certkeys. */
class Made {
  readonly host = new PeerKey("certified host");
  readonly authority = new PeerKey("authority");

  blob(
    bend: Partial<
      Record<"nonce" | "kind" | "principals" | "critical" | "extensions" | "authority" | "end", Uint8Array>
    > = {},
  ) {
    const { publicKeyBlob } = this.authority;
    const signed = join(
      strings("ssh-ed25519-cert-v01@openssh.com", bend.nonce ?? "nonce", this.host.publicKeyBlob.slice(-32)),
      new Uint8Array(8),
      bend.kind ?? Uint8Array.of(0, 0, 0, 2),
      strings("key id", bend.principals ?? strings("h.example")),
      new Uint8Array(8),
      new Uint8Array(8).fill(0xff),
      strings(bend.critical ?? "", bend.extensions ?? "", "", bend.authority ?? publicKeyBlob),
    );
    return {
      signed,
      whole: (signature: Uint8Array) => join(signed, sshString(signature), bend.end ?? new Uint8Array(0)),
    };
  }

  certificate(bend: Parameters<Made["blob"]>[0] = {}, signer: PeerKey = this.authority): Uint8Array {
    const { signed, whole } = this.blob(bend);
    return whole(signer.sign(signed));
  }
}

describe("a certificate made by hand", () => {
  const made = new Made();
  const row = certifiedHostKey("ssh-ed25519");

  test("is a host's, and what its key signs is verified", () => {
    const verifier = row.parse(made.certificate());
    const data = createHash("sha256").update("H").digest();
    expect(verifier.certificate?.keyBlob).toEqual(made.host.publicKeyBlob);
    expect(verifier.verify(data, made.host.sign(data))).toBe(true);
    expect(verifier.verify(data, made.authority.sign(data))).toBe(false);
  });

  test("signed by another key than it names is refused", () => {
    const blob = made.certificate({}, new PeerKey("impostor"));
    expectRefusal(() => row.parse(blob), /a certificate that its authority did not sign/);
  });

  test("signed by its own key, which names another authority, is refused", () => {
    expectRefusal(() => row.parse(made.certificate({}, made.host)), /did not sign/);
  });

  test.each<{ what: string; bend: Parameters<Made["blob"]>[0]; says: RegExp }>([
    { what: "of kind 0", bend: { kind: Uint8Array.of(0, 0, 0, 0) }, says: /of kind 0, which is none/ },
    { what: "of kind 3", bend: { kind: Uint8Array.of(0, 0, 0, 3) }, says: /of kind 3, which is none/ },
    {
      what: "with 257 principals",
      bend: { principals: strings(...Array.from({ length: 257 }, (_, i) => `h${i}`)) },
      says: /too many principals/,
    },
    { what: "with a principal cut short", bend: { principals: strings("h.example").slice(0, -1) }, says: /principals/ },
    { what: "with an option without data", bend: { critical: strings("force-command") }, says: /critical options/ },
    { what: "with a malformed extension", bend: { extensions: strings("permit-pty") }, says: /extensions/ },
    { what: "with bytes behind it", bend: { end: Uint8Array.of(0) }, says: /1 bytes trail/ },
    {
      what: "by an authority that is a certificate itself",
      bend: { authority: made.certificate() },
      says: /authority: host key of type ssh-ed25519-cert-v01@openssh.com, expected ssh-ed25519/,
    },
    { what: "by an authority without a key", bend: { authority: new Uint8Array(0) }, says: /authority/ },
  ])("$what is refused", ({ bend, says }) => {
    expectRefusal(() => row.parse(made.certificate(bend)), says);
  });

  test("256 principals are taken", () => {
    const principals = Array.from({ length: 256 }, (_, i) => `h${i}`);
    const { certificate } = row.parse(made.certificate({ principals: strings(...principals) }));
    expect(certificate?.principals).toEqual(principals);
  });

  test.each([
    ["ssh-rsa, SHA-1", strings("ssh-rsa", new Uint8Array(256))],
    ["ssh-dss", strings("ssh-dss", new Uint8Array(40))],
    ["a certificate's name", strings("ssh-ed25519-cert-v01@openssh.com", new Uint8Array(64))],
    ["what JavaScript's objects have", strings("constructor", new Uint8Array(64))],
  ])("a signature by the name of %s is refused", (_, signature) => {
    expectRefusal(() => row.parse(made.blob().whole(signature)), /with a signature of type \S+, which is not taken/);
  });

  test("a signature of another type than the authority's key is refused", () => {
    const signature = strings("ecdsa-sha2-nistp256", strings("r", "s"));
    expectRefusal(
      () => row.parse(made.blob().whole(signature)),
      /authority: host key of type ssh-ed25519, expected ecdsa/,
    );
  });

  test.each([
    "constructor",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-ed25519-cert-v00@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com-cert-v01@openssh.com",
    "-cert-v01@openssh.com",
  ])("a blob of type %s is none", (type) => {
    const rest = made.certificate().subarray(4 + "ssh-ed25519-cert-v01@openssh.com".length);
    expectRefusal(() => parseCertificate(join(sshString(type), rest)), /which is none/);
  });
});

describe("whether a host certificate holds", () => {
  const good: Certificate = {
    ...parseCertificate(find("a host's ed25519 256 key").blob),
    principals: ["h.example"],
    validAfter: 1000n,
    validBefore: 2000n,
  };

  test.each<{
    about: string;
    change?: Partial<Certificate>;
    host?: string;
    now?: number;
    fault: CertificateFault | undefined;
  }>([
    { about: "it does", fault: undefined },
    { about: "for ever", change: { validBefore: 2n ** 64n - 1n }, now: 1e12, fault: undefined },
    { about: "a user's", change: { kind: "user" }, fault: { fault: "kind" } },
    { about: "in its first second", now: 1000, fault: undefined },
    { about: "just before", now: 999.999, fault: { fault: "not-yet-valid", validAfter: 1000n } },
    { about: "in its last second", now: 1999.999, fault: undefined },
    { about: "just over", now: 2000, fault: { fault: "expired", validBefore: 2000n } },
    {
      about: "far in the future",
      change: { validAfter: 2n ** 63n },
      fault: { fault: "not-yet-valid", validAfter: 2n ** 63n },
    },
    { about: "for nobody", change: { principals: [] }, fault: { fault: "principals", principals: [] } },
    { about: "for another host", host: "x.example", fault: { fault: "principals", principals: ["h.example"] } },
    {
      about: "for a part of the name",
      host: "h.example.org",
      fault: { fault: "principals", principals: ["h.example"] },
    },
    { about: "for one of several", change: { principals: ["x", "h.example"] }, fault: undefined },
    { about: "in capitals", host: "H.Example", fault: undefined },
    ...["*.example", "?.example", "*", "!x.example"].map((pattern) => ({
      about: `by the pattern ${pattern}, which is none here`,
      change: { principals: [pattern] },
      fault: { fault: "principals" as const, principals: [pattern] },
    })),
    {
      about: "for an address in its one spelling",
      change: { principals: ["::1"] },
      host: "0:0:0:0:0:0:0:1",
      fault: undefined,
    },
    {
      about: "with a critical option",
      change: { criticalOptions: ["force-command"] },
      fault: { fault: "critical-options", names: ["force-command"] },
    },
  ])("$about", ({ change = {}, host = "h.example", now = 1500, fault }) => {
    expect(hostCertificateFault({ ...good, ...change }, host, now)).toEqual(fault);
  });
});

describe("names", () => {
  test.each([
    ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"],
    ["rsa-sha2-512", "rsa-sha2-512-cert-v01@openssh.com"],
    ["ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521-cert-v01@openssh.com"],
    ["sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519-cert-v01@openssh.com"],
    ["sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com"],
  ])("%s <-> %s", (plain, certified) => {
    expect(certifiedName(plain)).toBe(certified);
    expect(plainName(certified)).toBe(plain);
    expect(plainName(plain)).toBe(plain);
  });
});

describe("certifiedSigner", () => {
  const signerFor = (keyBlob: string, algorithms: Signer["algorithms"]): Signer & { asked: string[] } => {
    const asked: string[] = [];
    const sign = (data: Uint8Array, algorithm: string): Uint8Array => {
      asked.push(algorithm);
      return data;
    };
    return { algorithms, publicKeyBlob: blobOf(keyBlob), sign, asked };
  };

  test.each([
    ["a user's ed25519 256 key", ["ssh-ed25519"], ["ssh-ed25519-cert-v01@openssh.com"]],
    ["a user's ecdsa 384 key", ["ecdsa-sha2-nistp384"], ["ecdsa-sha2-nistp384-cert-v01@openssh.com"]],
    [
      "a user's rsa 2048 key",
      ["rsa-sha2-512", "rsa-sha2-256"],
      ["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"],
    ],
    ["a user's security key, ed25519", ["sk-ssh-ed25519@openssh.com"], ["sk-ssh-ed25519-cert-v01@openssh.com"]],
    ["a user's with options", ["ssh-ed25519"], ["ssh-ed25519-cert-v01@openssh.com"]],
  ] as const)("%s: shows the certificate, signs as the key", async (name, plain, certified) => {
    const { blob, expect: wanted } = find(name);
    const signer = signerFor(wanted.keyBlob, [...plain] as [string, ...string[]]);
    const certifier = certifiedSigner(signer, blob);
    expect(certifier.algorithms).toEqual(certified);
    expect(certifier.publicKeyBlob).toEqual(blob);
    for (const algorithm of certified) await certifier.sign(new Uint8Array(1), algorithm);
    expect(signer.asked).toEqual(plain);
  });

  const { expect: wanted, blob } = find("a user's ed25519 256 key");
  const signer = signerFor(wanted.keyBlob, ["ssh-ed25519"]);

  test.each<{ what: string; blob: Uint8Array; says: RegExp }>([
    { what: "a host's", blob: find("a host's ed25519 256 key").blob, says: /a host's certificate, not a user's/ },
    { what: "for another key", blob: find("a user's ecdsa 256 key").blob, says: /for another key/ },
    { what: "a plain key", blob: signer.publicKeyBlob, says: /this is no certificate/ },
    { what: "cut short", blob: blob.slice(0, -1), says: /this is no certificate/ },
    { what: "nothing", blob: new Uint8Array(0), says: /this is no certificate/ },
  ])("refuses $what", ({ blob, says }) => {
    expect(() => certifiedSigner(signer, blob)).toThrow(KeyFormatError);
    expect(() => certifiedSigner(signer, blob)).toThrow(says);
  });

  test("keeps its own copy", () => {
    const copy = blob.slice();
    const certifier = certifiedSigner(signer, copy);
    copy.fill(0);
    expect(certifier.publicKeyBlob).toEqual(blob);
  });
});
