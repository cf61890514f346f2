/** Keys of every kind of file, certificates, signatures and an agent's replies: right ones made a little wrong, and noise. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { type AgentExchange, listIdentities, signByAgent, signingWays } from "../../src/ssh/agent.ts";
import type { KeyDerivations } from "../../src/ssh/algorithms/interfaces.ts";
import { decodeBase64, encodeBase64 } from "../../src/ssh/base64.ts";
import { hostCertificateFault, parseCertificate } from "../../src/ssh/certificate.ts";
import { AgentError, KeyFormatError, ProtocolError } from "../../src/ssh/errors.ts";
import { checkProofs, decodeHostKeys, encodeHostKeys, provableKeys } from "../../src/ssh/other-host-keys.ts";
import { parsePlainKey } from "../../src/ssh/plain-key.ts";
import { encodePrivateKey, parsePrivateKey } from "../../src/ssh/private-key.ts";
import { parsePublicKey, publicHalfOf } from "../../src/ssh/public-key.ts";
import { signerOf } from "../../src/ssh/signers.ts";
import { table } from "../../src/ssh/table.ts";
import { seededBytes } from "../support/peer-crypto.ts";
import { bytes, vectorFile, vectors } from "../support/vectors.ts";
import { cuts, mutated, mutatedText, mutations, pieces } from "./mutations.ts";
import { expectPrintable, property, refusable } from "./property.ts";

interface KeyCase {
  readonly text: string;
  readonly passphrase?: string;
  readonly expect: object;
}

const files = vectors<KeyCase>("private-key.json");
const good = files.filter((file) => !("error" in file.expect));
const anyFile = fc.constantFrom(...files);
const goodFile = fc.constantFrom(...good);

/** Derivations that cost nothing: what is asked of them is the parser's to bound. */
const free: KeyDerivations = {
  pbkdf2: (_hash, passphrase, salt, iterations, length) => {
    expect(iterations).toBeGreaterThan(0);
    expect(iterations).toBeLessThanOrEqual(free.mostIterations);
    return derived(passphrase, salt, length);
  },
  mostIterations: 1000,
  scrypt: (passphrase, salt, { N, r, p }, length) => {
    expect(N * r * p).toBeLessThanOrEqual(free.mostScryptCost);
    return derived(passphrase, salt, length);
  },
  mostScryptCost: 2 ** 14,
};

function derived(passphrase: Uint8Array, salt: Uint8Array, length: number): Uint8Array {
  return seededBytes(Buffer.concat([passphrase, salt]).toString("hex"))(length);
}

/** bcrypt takes 100 ms and more: no passphrase, where there is one to be asked for. */
function read(text: string, passphrase?: string): ReturnType<typeof parsePrivateKey> | undefined {
  const isBcrypt = text.includes("OPENSSH");
  const given = passphrase === undefined || isBcrypt ? undefined : new TextEncoder().encode(passphrase);
  return refusable(() => parsePrivateKey(text, given, free), KeyFormatError);
}

describe("a private key file", () => {
  property(
    "with characters changed is refused by a KeyFormatError, or is still a key",
    fc.record({ file: anyFile, changes: mutations }),
    ({ file: { text, passphrase }, changes }) => {
      const changed = mutatedText(text, changes);
      const key = read(changed, passphrase);
      const plain = parsePlainKey(changed);
      publicHalfOf(changed);
      if (plain !== undefined) expect(key?.publicKeyBlob).toEqual(plain.publicKeyBlob);
    },
    600,
  );

  property(
    "with bytes changed inside its armour is refused by a KeyFormatError, or is still a key whose halves are looked at",
    fc.record({ file: goodFile, changes: mutations }),
    ({ file: { text, passphrase }, changes }) => {
      const [, begin = "", base64 = "", end = ""] =
        /^(-----BEGIN [A-Z ]+-----\n(?:[\w-]+: [^\n]*\n)*\n?)([A-Za-z0-9+/=\s]+)(-----END .*)$/s.exec(text) ?? [];
      const inner = mutated(Uint8Array.from(Buffer.from(base64, "base64")), changes);
      const changed = `${begin}${Buffer.from(inner).toString("base64")}\n${end}`;
      const key = read(changed, passphrase);
      if (key !== undefined) refusable(() => signerOf(key), KeyFormatError);
      parsePlainKey(changed);
      publicHalfOf(changed);
    },
    600,
  );

  property(
    "of any text is refused by a KeyFormatError",
    fc.record({
      label: fc.constantFrom("OPENSSH ", "RSA ", "EC ", "", "ENCRYPTED "),
      body: fc.string({ unit: "binary", maxLength: 300 }),
    }),
    ({ label, body }) => {
      expect(read(`-----BEGIN ${label}PRIVATE KEY-----\n${body}\n-----END ${label}PRIVATE KEY-----\n`)).toBeUndefined();
      expect(read(body)).toBeUndefined();
    },
    300,
  );

  property(
    "of noise in base64 is refused by a KeyFormatError",
    fc.record({
      label: fc.constantFrom("OPENSSH ", "RSA ", "EC ", "", "ENCRYPTED "),
      noise: fc.uint8Array({ maxLength: 300 }),
      magic: fc.constantFrom("", "openssh-key-v1\0"),
    }),
    ({ label, noise, magic }) => {
      const body = Buffer.concat([Buffer.from(magic), noise]).toString("base64");
      const text = `-----BEGIN ${label}PRIVATE KEY-----\n${body}\n-----END ${label}PRIVATE KEY-----\n`;
      expect(read(text)).toBeUndefined();
      expect(parsePlainKey(text)).toBeUndefined();
    },
    500,
  );

  property(
    "that we write is read as it was",
    fc.record({ seed: fc.string(), comment: fc.string({ unit: "binary", maxLength: 80 }) }),
    ({ seed, comment }) => {
      const random = seededBytes(seed);
      const file = good.find(
        ({ text, passphrase }) => passphrase === undefined && parsePlainKey(text)?.type === "ssh-ed25519",
      );
      const pair = parsePlainKey(file?.text ?? "");
      if (pair === undefined) throw new Error("no ed25519 key among the vectors");
      const text = encodePrivateKey(pair, { comment, randomBytes: random });
      expect(parsePrivateKey(text)).toMatchObject({ ...pair, comment, isEncrypted: false });
      expect(publicHalfOf(text)).toEqual(pair.publicKeyBlob);
    },
    50,
  );
});

describe("a public key", () => {
  const line = fc
    .constantFrom(...good)
    .map(({ expect: { publicKey } }: { readonly expect: { readonly publicKey?: string } }) => publicKey ?? "");

  property(
    "in a text that was changed is none, or one whose name is its blob's",
    fc.record({ line, comment: fc.string({ unit: "binary", maxLength: 20 }), changes: mutations }),
    ({ line: text, comment, changes }) => {
      const key = parsePublicKey(mutatedText(`${text} ${comment}\n`, changes));
      if (key !== undefined) expect(Buffer.from(key.publicKeyBlob).includes(key.keyType)).toBe(true);
    },
    500,
  );
});

describe("base64", () => {
  property("of bytes is Node's, and is read as it was", fc.uint8Array({ maxLength: 200 }), (given) => {
    expect(encodeBase64(given)).toBe(Buffer.from(given).toString("base64"));
    expect(decodeBase64(encodeBase64(given))).toEqual(given);
  });

  property(
    "has one spelling: what is read is written again as it was",
    fc.oneof(fc.string({ maxLength: 16 }), fc.stringMatching(/^[A-Za-z0-9+/=]{0,12}$/)),
    (given) => {
      const decoded = decodeBase64(given);
      if (decoded !== undefined) expect(encodeBase64(decoded)).toBe(given);
    },
    1000,
  );
});

describe("a certificate", () => {
  const certificates = vectors<{ readonly certificate: string }>("certificates.json").map(({ certificate }) =>
    Uint8Array.from(Buffer.from(certificate, "base64")),
  );
  const rows = Object.entries(table.hostKey);

  property(
    "with bytes changed is refused by a ProtocolError, by parsing or by its authority's signature",
    fc.record({ blob: fc.constantFrom(...certificates), changes: mutations, row: fc.constantFrom(...rows) }),
    ({ blob, changes, row: [, row] }) => {
      const changed = mutated(blob, changes);
      const parsed = refusable(() => parseCertificate(changed), ProtocolError);
      if (parsed !== undefined) hostCertificateFault(parsed, "h.example", 1_700_000_000);
      const verifier = refusable(() => row.parse(changed), ProtocolError);
      if (verifier?.certificate !== undefined) expect(changed).toEqual(blob);
    },
    400,
  );
});

describe("a host key and a signature", () => {
  const anyKey = fc.oneof(
    fc.constantFrom(...good).map((file) => {
      const { publicKey = "" } = file.expect as { readonly publicKey?: string };
      return Uint8Array.from(Buffer.from(publicKey.split(" ")[1] ?? "", "base64"));
    }),
    fc.uint8Array({ maxLength: 100 }),
  );

  property(
    "of any bytes are refused by a ProtocolError, or the signature is found wrong",
    fc.record({
      key: anyKey,
      changes: mutations,
      isChanged: fc.boolean(),
      signature: fc.uint8Array({ maxLength: 140 }),
    }),
    ({ key, changes, isChanged, signature }) => {
      const blob = isChanged ? mutated(key, changes) : key;
      for (const [name, row] of Object.entries(table.hostKey)) {
        const verifier = refusable(() => row.parse(blob), ProtocolError);
        if (verifier === undefined) continue;
        const framed = Buffer.concat([lengthOf(name), Buffer.from(name), lengthOf(signature), signature]);
        for (const each of [signature, Uint8Array.from(framed)]) {
          expect(refusable(() => verifier.verify(blob, each), ProtocolError) ?? false).toBe(false);
        }
      }
    },
    300,
  );

  property(
    "in a server's list, and its proofs, are refused by an error of ours or believed of nobody",
    fc.record({
      keys: fc.array(anyKey, { maxLength: 4 }),
      changes: mutations,
      proofs: fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 4 }),
    }),
    ({ keys, changes, proofs }) => {
      for (const data of [encodeHostKeys(keys), mutated(encodeHostKeys(keys), changes)]) {
        const listed = refusable(() => decodeHostKeys(data));
        if (listed === undefined) continue;
        const provable = provableKeys(listed, table.hostKey);
        const proved = refusable(() =>
          checkProofs(provable, encodeHostKeys(proofs), new Uint8Array(32), table.hostKey),
        );
        expect(proved ?? []).toEqual([]);
      }
    },
    300,
  );
});

describe("an agent's reply", () => {
  interface Replies {
    readonly lists: readonly { readonly reply: string }[];
    readonly signatures: readonly { readonly blob: string; readonly reply: string }[];
  }
  const recorded = vectorFile<Replies>("agent.json");
  const replies = [...recorded.lists, ...recorded.signatures].map(({ reply }) => bytes(reply));
  const way = signingWays("ssh-ed25519")[0];
  const exchanges: readonly (() => AgentExchange<unknown>)[] = [
    listIdentities,
    ...(way === undefined ? [] : [() => signByAgent(new Uint8Array(0), new Uint8Array(0), way)]),
  ];

  property(
    "with bytes changed, cut anywhere, is refused by an AgentError, waited for, or a value that may be shown",
    fc.record({
      reply: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...replies) }, fc.uint8Array({ maxLength: 60 })),
      changes: mutations,
      lengths: cuts,
      exchange: fc.constantFrom(...exchanges),
    }),
    ({ reply, changes, lengths, exchange }) => {
      const asked = exchange();
      const changed = mutated(reply, changes);
      const value = refusable(() => {
        for (const piece of pieces(changed, lengths)) {
          const whole = asked.receive(piece);
          if (whole !== undefined) return whole;
        }
        return undefined;
      }, AgentError);
      if (Array.isArray(value)) for (const { comment } of value) expectPrintable(comment, 1000);
      expect(asked.ended()).toBeInstanceOf(AgentError);
    },
    1000,
  );
});

function lengthOf(content: { readonly length: number }): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return length;
}
