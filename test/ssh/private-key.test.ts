import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyFormatError } from "../../src/ssh/errors.ts";
import { parsePlainKey } from "../../src/ssh/plain-key.ts";
import { type PrivateKey, parsePrivateKey } from "../../src/ssh/private-key.ts";
import { signerOf } from "../../src/ssh/signers.ts";

interface Read {
  readonly publicKey: string;
  readonly comment: string;
}

interface Vectors {
  readonly cases: readonly {
    readonly name: string;
    readonly text: string;
    readonly passphrase?: string;
    readonly expect: Read | { readonly error: string };
    readonly sshKeygen: { readonly publicKey: string } | { readonly error: string };
  }[];
}

const { cases }: Vectors = JSON.parse(readFileSync("test/vectors/private-key.json", "utf8"));
const good = cases.flatMap((each) => ("error" in each.expect ? [] : [{ ...each, expect: each.expect }]));
const refused = cases.flatMap((each) => ("error" in each.expect ? [{ ...each, expect: each.expect }] : []));

describe("a key that ssh-keygen made gives its public key and its comment", () => {
  test.each(good)("$name", ({ name, text, passphrase, expect: { publicKey, comment }, sshKeygen }) => {
    if ("publicKey" in sshKeygen) expect(sshKeygen.publicKey).toBe(publicKey);
    const key = parse(text, passphrase);
    expect(key.comment).toBe(comment);
    expect(publicKeyOf(key)).toBe(publicKey);
    expect(key.type).toBe(publicKey.split(" ")[0]);
    expect(key.isEncrypted).toBe(passphrase !== undefined && name !== "not encrypted, with a passphrase");
  });
});

describe("what is no such key is refused by name", () => {
  test.each(refused)("$name", ({ text, passphrase, expect: { error } }) => {
    expect(refusalOf(text, passphrase)).toContain(error);
  });

  test("nor is a file without line breaks taken by the short way that most keys are read", () => {
    const { text } = refused.find(({ name }) => name === "all in one line") as { readonly text: string };
    expect(parsePlainKey(text)).toBeUndefined();
  });

  test("a file that is too long", () => {
    expect(refusalOf(`${good[0]!.text}${"x".repeat(1024 * 1024)}`)).toContain("too long");
  });

  test("each message has one line, printable, with a way on where there is one", () => {
    for (const { text, passphrase } of refused) expect(refusalOf(text, passphrase)).toMatch(/^[\x20-\x7e]{10,300}$/);
  });
});

test.each([
  ["of blank lines", `-----BEGIN OPENSSH PRIVATE KEY-----${"\n".repeat(64_000)}`],
  [
    "with a header of spaces",
    `-----BEGIN RSA PRIVATE KEY-----\na: x${" ".repeat(64_000)}y\n-----END RSA PRIVATE KEY-----`,
  ],
])("a file %s takes no time", (_, text) => {
  const { user: before } = process.cpuUsage();
  expect(parsePlainKey(text)).toBeUndefined();
  refusalOf(text);
  const { user } = process.cpuUsage();
  expect(user - before).toBeLessThan(1_500_000); // microseconds; it was seconds, by a pattern that tried all ways to share them
});

describe("damage", () => {
  const [bytes, otherBytes] = ["a", "user@machine"].map((comment) => {
    const { text } = good.find(({ expect: read }) => read.comment === comment)!;
    return Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
  }) as [Buffer, Buffer];
  /** Of a key with the comment `a`: OpenSSH PROTOCOL.key. */
  const comment = bytes.length - 5;
  const isSeed = (at: number): boolean => at >= 161 && at < 193;

  test("a flipped bit anywhere but in the comment is noticed", () => {
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << (at % 8);
      if (at === comment) expect(publicKeyOf(parsePrivateKey(armour(flipped)))).toBe(good[0]!.expect.publicKey);
      else expect([at, refusalOf(armour(flipped))]).toEqual([at, expect.any(String)]);
    }
  });

  test("a key cut short anywhere is noticed", () => {
    for (let length = 0; length < bytes.length; length++) refusalOf(armour(bytes.subarray(0, length)));
    const text = armour(bytes);
    for (let length = 0; length < text.trimEnd().length; length++) refusalOf(text.slice(0, length));
  });

  test("no message depends on the secret, wherever damage moves it", () => {
    const resown = Buffer.from(bytes.map((byte, at) => (isSeed(at) ? otherBytes[at]! : byte)));
    for (let from = 0; from < bytes.length; from++) {
      for (const shift of [1, 4, 60, 100]) {
        const moved = [bytes, resown].map((all) =>
          armour(Buffer.concat([all.subarray(0, from), all.subarray(from + shift)])),
        );
        const [message, other] = moved.map((each) => refusalOf(each));
        expect(message).toBe(other);
      }
    }
  });
});

describe("whatever is done to a file, a key or KeyFormatError comes out", () => {
  /** Not those whose passphrase is known: a bit more of rounds makes it slow, and the rounds have cases of their own. */
  const files = good.filter(({ passphrase }) => passphrase === undefined);
  const options = { seed: 4, numRuns: 300 };

  function attempt(text: string): void {
    try {
      parsePrivateKey(text);
    } catch (error) {
      if (!(error instanceof KeyFormatError)) throw error;
      expect(error.message).toMatch(/^[\x20-\x7e]{10,300}$/);
    }
  }

  test("bytes of its binary replaced, put in or taken out", () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) });
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.array(edit, { minLength: 1, maxLength: 3 }), ({ text }, edits) => {
        const [, before = "", label, body = ""] =
          /^(.*?)-----BEGIN ([A-Z ]+)-----\n(.*?)\n-----END/s.exec(text.replaceAll("\r", "")) ?? [];
        let content = Buffer.from(body.replaceAll(/\s/g, ""), "base64");
        for (const { at, remove, insert } of edits) {
          const place = at % (content.length + 1);
          content = Buffer.concat([content.subarray(0, place), insert, content.subarray(place + remove)]);
        }
        attempt(`${before}-----BEGIN ${label}-----\n${content.toString("base64")}\n-----END ${label}-----\n`);
      }),
      options,
    );
  });

  test("its text replaced, put in or taken out", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.nat(),
        fc.nat(80),
        fc.string({ maxLength: 5 }),
        ({ text }, at, remove, insert) => {
          const place = at % text.length;
          attempt(text.slice(0, place) + insert + text.slice(place + remove));
        },
      ),
      options,
    );
  });

  test("any text behind any of the BEGIN lines", () => {
    const label = fc.constantFrom(
      "OPENSSH PRIVATE KEY",
      "RSA PRIVATE KEY",
      "EC PRIVATE KEY",
      "PRIVATE KEY",
      "ENCRYPTED PRIVATE KEY",
    );
    fc.assert(
      fc.property(label, fc.string(), fc.uint8Array(), (each, header, content) => {
        const base64 = Buffer.from(content).toString("base64");
        attempt(`-----BEGIN ${each}-----\n${header}\n${base64}\n-----END ${each}-----`);
      }),
      options,
    );
  });
});

function armour(content: Uint8Array): string {
  const base64 = Buffer.from(content).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function parse(text: string, passphrase?: string): PrivateKey {
  return parsePrivateKey(text, passphrase === undefined ? undefined : new TextEncoder().encode(passphrase));
}

function publicKeyOf({ type, publicKeyBlob }: PrivateKey): string {
  return `${type} ${Buffer.from(publicKeyBlob).toString("base64")}`;
}

/** The message with which a text is refused. */
function refusalOf(text: string, passphrase?: string): string {
  try {
    signerOf(parse(text, passphrase));
  } catch (error) {
    if (error instanceof KeyFormatError) return error.message;
    throw error;
  }
  throw new Error("was read");
}
