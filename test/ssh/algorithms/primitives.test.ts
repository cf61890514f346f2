/**
 * noble's primitives, imported as src/ssh imports them, against the RFCs and Wycheproof: what our own files compose.
 * Our compositions have tests of their own beside this one.
 */
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { bytes, type Case, hex, vectorFile, vectors } from "../../support/vectors.ts";

const hashes = { sha256, sha512 } as const;

test.each(vectors<Case<{ key: string; nonce: string; counter: number; data: string }>>("chacha20.json"))(
  "ChaCha20, RFC 8439 $name",
  ({ given, expect: wanted }) => {
    const data = bytes(given.data);
    chacha20(bytes(given.key), bytes(given.nonce), data, data, given.counter); // in place, as the cipher does
    expect(hex(data)).toBe(wanted);
  },
);

test.each(vectors<Case<{ key: string; data: string }>>("poly1305.json"))(
  "Poly1305, RFC 8439 $name",
  ({ given, expect: wanted }) => {
    expect(poly1305Tag(bytes(given.key), bytes(given.data))).toBe(wanted);
  },
);

test.each(vectors<Case<{ hash: keyof typeof hashes; data: string; repeat: number }>>("sha2.json"))(
  "$given.hash, $name",
  ({ given, expect: wanted }) => {
    expect(hex(hashes[given.hash](bytes(given.data.repeat(given.repeat))))).toBe(wanted);
  },
);

test.each(vectors<Case<{ hash: keyof typeof hashes; key: string; data: string }>>("hmac-sha2.json"))(
  "HMAC, RFC 4231 $name",
  ({ given, expect: wanted }) => {
    const mac = hex(hmac(hashes[given.hash], bytes(given.key), bytes(given.data)));
    expect(mac.slice(0, wanted.length)).toBe(wanted);
  },
);

interface GcmGiven {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly data: string;
}

describe.each(vectors<Case<GcmGiven, { ciphertext: string; tag: string }>>("aes-gcm.json"))(
  "AES-GCM, McGrew and Viega $name",
  ({ given, expect: wanted }) => {
    const key = bytes(given.key);
    const iv = bytes(given.iv);
    const aad = bytes(given.aad);
    const sealed = wanted.ciphertext + wanted.tag;

    test("encrypts", () => expect(hex(gcm(key, iv, aad).encrypt(bytes(given.data)))).toBe(sealed));
    test("decrypts", () => expect(hex(gcm(key, iv, aad).decrypt(bytes(sealed)))).toBe(given.data));
  },
);

describe("X25519, RFC 7748 §5.2, iterated", () => {
  const { iterated } = vectorFile<{ iterated: Record<string, string> }>("x25519.json");

  test.each(Object.entries(iterated))("%s times", (times, wanted) => {
    let k = x25519.GuBytes;
    let u = x25519.GuBytes;
    for (let i = 0; i < Number(times); i++) [k, u] = [x25519.scalarMult(k, u), k];
    expect(hex(k)).toBe(wanted);
  });
});

interface AeadCase {
  readonly tcId: number;
  readonly comment: string;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: "valid" | "invalid";
}

/**
 * Wycheproof's set is for RFC 8439's AEAD, which pads and adds lengths where OpenSSH's cipher does not; so it is run
 * through the two primitives, composed here as RFC 8439 §2.8 says.
 */
describe("ChaCha20 and Poly1305, Wycheproof", () => {
  const cases = vectors<AeadCase>("wycheproof/chacha20-poly1305.json");

  test("has all its cases", () => expect(cases.length).toBe(325));

  test.each(cases)("$tcId: $comment ($result)", (vector) => {
    const open = () => rfc8439Open(vector);
    if (vector.iv.length !== 24) return expect(open).toThrow();
    expect(open()).toBe(vector.result === "valid" ? vector.msg : undefined);
  });
});

describe("AES-GCM, Wycheproof", () => {
  const cases = vectors<AeadCase>("wycheproof/aes-gcm.json");

  test("has all cases of SSH's sizes", () => expect(cases.length).toBe(133));

  test.each(cases)("$tcId: $comment ($result)", ({ key, iv, aad, msg, ct, tag, result }) => {
    const cipher = gcm(bytes(key), bytes(iv), bytes(aad));
    if (result === "invalid") return expect(() => cipher.decrypt(bytes(ct + tag))).toThrow("invalid tag");
    expect(hex(cipher.decrypt(bytes(ct + tag)))).toBe(msg);
    expect(hex(cipher.encrypt(bytes(msg)))).toBe(ct + tag);
  });
});

function poly1305Tag(key: Uint8Array, data: Uint8Array): string {
  const tag = new Uint8Array(16);
  const mac = poly1305.create(key);
  mac.update(data);
  mac.digestInto(tag);
  return hex(tag);
}

/** The plaintext; undefined where the tag is wrong. RFC 8439 §2.8. */
function rfc8439Open({ key, iv, aad, ct, tag }: AeadCase): string | undefined {
  const polyKey = chacha20(bytes(key), bytes(iv), new Uint8Array(32));
  const padded = (content: string) => content + "00".repeat((16 - ((content.length / 2) % 16)) % 16);
  const length = (content: string) => {
    const field = Buffer.alloc(8);
    field.writeBigUInt64LE(BigInt(content.length / 2));
    return field.toString("hex");
  };
  const macData = padded(aad) + padded(ct) + length(aad) + length(ct);
  if (poly1305Tag(polyKey, bytes(macData)) !== tag) return undefined;
  return hex(chacha20(bytes(key), bytes(iv), bytes(ct), undefined, 1));
}
