/**
 * Keys, signatures and certificates that OpenSSH made, spoilt at random: none is taken, and nothing but a ProtocolError
 * comes of it.
 */
import { describe, expect, test } from "vitest";
import { certifiedName, plainName } from "../../../src/ssh/algorithm-name.ts";
import { certifiedHostKeys, parseCertificate } from "../../../src/ssh/certificate.ts";
import { ProtocolError } from "../../../src/ssh/errors.ts";
import { table } from "../../../src/ssh/table.ts";
import { seededIntegers } from "../../support/peer-crypto.ts";
import { bytes, vectors } from "../../support/vectors.ts";

interface Signature {
  readonly name: string;
  readonly publicKey: string;
  readonly data: string;
  readonly signature: string;
}

interface Certificate {
  readonly name: string;
  readonly certificate: string;
}

const blobOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, "base64"));
const nameIn = (blob: Uint8Array): string => Buffer.from(blob).subarray(4).toString("latin1").split("\0")[0] ?? "";

/** `blob` with a bit changed, bytes taken out, put in, doubled, or a length made another. */
function spoilt(blob: Uint8Array, random: (below: number) => number): Uint8Array {
  const at = random(blob.length);
  const [head, tail] = [blob.subarray(0, at), blob.subarray(at)];
  const bent = blob.slice();
  switch (random(5)) {
    case 0:
      bent[at]! ^= 1 << random(8);
      return bent;
    case 1:
      return Uint8Array.from([...head, ...tail.subarray(1 + random(8))]);
    case 2:
      return Uint8Array.from([...head, ...Array.from({ length: 1 + random(8) }, () => random(256)), ...tail]);
    case 3:
      return Uint8Array.from([...blob, ...tail]);
    default:
      bent.set([0xff, 0xff, 0xff, 0xff].slice(0, blob.length - at), at);
      return bent;
  }
}

/** False, or a ProtocolError; anything else fails. */
function expectRefusal(run: () => boolean): void {
  try {
    expect(run()).toBe(false);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each(vectors<Signature>("openssh-signatures.json"))("$name", ({ name, publicKey, data, signature }) => {
  const [key, signed] = [blobOf(publicKey), bytes(signature)];
  const row = table.hostKey[nameIn(signed)]!;

  test("with its signature spoilt", () => {
    const random = seededIntegers(`signature ${name}`);
    const verifier = row.parse(key);
    for (let i = 0; i < 200; i++) {
      const other = spoilt(signed, random);
      if (!isSame(other, signed)) expectRefusal(() => verifier.verify(bytes(data), other));
    }
  });

  test("with its key spoilt", () => {
    const random = seededIntegers(`key ${name}`);
    for (let i = 0; i < 200; i++) {
      const other = spoilt(key, random);
      if (!isSame(other, key)) expectRefusal(() => row.parse(other).verify(bytes(data), signed));
    }
  });
});

describe.each(vectors<Certificate>("certificates.json"))("a certificate: $name", ({ name, certificate }) => {
  test("spoilt", () => {
    const blob = blobOf(certificate);
    const random = seededIntegers(`certificate ${name}`);
    const plain = plainName(nameIn(blob)).replace("ssh-rsa", "rsa-sha2-512");
    const row = certifiedHostKeys({ [plain]: table.hostKey["ssh-ed25519"]!, ...table.hostKey })[certifiedName(plain)]!;
    for (let i = 0; i < 100; i++) {
      const other = spoilt(blob, random);
      if (isSame(other, blob)) continue;
      expectRefusal(() => row.parse(other).certificate !== undefined);
      expectRefusal(() => parseCertificate(other).keyBlob.length === 0); // its signature is not looked at there
    }
  });
});
