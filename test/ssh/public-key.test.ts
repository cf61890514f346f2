import { describe, expect, test } from "vitest";
import { nameIn, parsePublicKey, publicHalfOf } from "../../src/ssh/public-key.ts";
import { vectorFile } from "../support/vectors.ts";

/** Lines as ssh-add -L printed them. */
const { lists } = vectorFile<{ readonly lists: readonly { readonly expect: readonly string[] }[] }>("agent.json");
const lines = lists[1]?.expect ?? [];
const [line = "", certificate = ""] = lines;
const [type = "", base64 = ""] = line.split(" ");

describe("the text of a public key", () => {
  test.each(lines)("%#", (text) => {
    const [keyType, encoded = "", ...comment] = text.split(" ");
    const publicKeyBlob = Uint8Array.from(Buffer.from(encoded, "base64"));
    expect(parsePublicKey(`${text}\n`)).toEqual({ keyType, publicKeyBlob, comment: comment.join(" ") });
  });

  test.each([
    ["CRLF", `${line}\r\n`],
    ["a byte order mark", `\ufeff${line}`],
    ["comments and blank lines before it", `\n# mine\r\n  ${line}`],
    ["tabs", line.replaceAll(" ", "\t")],
    ["another key after it", `${line}\n${certificate}\n`],
    ["no comment", `${type} ${base64}`],
  ])("with %s", (_, text) => {
    expect(parsePublicKey(text)?.keyType).toBe(type);
  });

  test.each([
    ["nothing", ""],
    ["only a comment", "# ssh-ed25519 AAAA"],
    ["another type before the blob", `ssh-rsa ${base64}`],
    ["base64 cut short", `${type} ${base64.slice(0, 12)}`],
    ["no base64", `${type} ${base64.slice(0, -1)}!`],
    ["a type alone", type],
    ["options, as authorized_keys has them", `no-touch-required ${line}`],
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"],
    ["a line of known_hosts", `h.example ${line}`],
  ])("is not %s", (_, text) => {
    expect(parsePublicKey(text)).toBeUndefined();
  });

  test("a blob that is none has no type", () => {
    expect(nameIn(Uint8Array.of(0, 0, 0, 9, 65))).toBeUndefined();
  });
});

describe("the public half of a private key", () => {
  interface Recorded {
    readonly cases: readonly { name: string; text: string; expect: { publicKey?: string; error?: string } }[];
  }
  const { cases } = vectorFile<Recorded>("private-key.json");
  const good = cases.filter((each) => each.expect.publicKey?.startsWith("ssh-ed25519 "));

  test("is what ssh-keygen says it is", () => {
    expect(good.length).toBeGreaterThan(3);
    for (const { text, expect: expected } of good) {
      if (!text.trimStart().startsWith("-----BEGIN OPENSSH")) continue;
      const blob = publicHalfOf(text);
      expect(Buffer.from(blob ?? []).toString("base64")).toBe(expected.publicKey?.split(" ")[1]);
    }
  });

  test.each([
    ["nothing", ""],
    ["a public key", line],
    ["another format", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"],
    ["no magic", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"],
    [
      "a header cut short",
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from("openssh-key-v1\0\0\0").toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    ],
    ["no end", (good[0]?.text ?? "").replace(/-----END.*/s, "")],
  ])("is not found in %s", (_, text) => {
    expect(publicHalfOf(text)).toBeUndefined();
  });
});
