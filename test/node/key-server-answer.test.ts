import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HttpAnswer } from "../../src/node/http.ts";
import { AnswerError, assertRegistered, hostKeyIn, registrationOf } from "../../src/node/key-server-answer.ts";

/** Keys and fingerprints by ssh-keygen of OpenSSH 9.2p1; throw-away keys. */
const ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPuNuDGbQvaNWOBRhDJo+w4GTaogZQIaqZkvgDORwhYo";
const ecdsa =
  "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLUlfEohIFnQvnUyB0xYj9coTCbJ6pQ/9Pma9NEtejbx194R6nCtg5gXqHnkwsaYHL7R+w+hp2Y+v/YlgOfkd3g=";
const rsa =
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDgg/QQiWUq6sKjak7Nmw9eVAdzWH8sFb+3d0Ev2I7p3hePPHX3t4uvzWDfp/Iw5Op5Y5wUlAEvw7aMJhnxmgBUjZS29QfTe4eyHERT3IZHf3O2vSr2RB+FFWjevP6Tf8OzQ+q3HcnFuTsgst7p1DuXxFKEBU719mGHDwup6zNP8Q==";
const certificate =
  "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIObvI8WXcFEEnQhcjppmDVFI6SwS4oSHNOhSDYAtR7ghAAAAIPuNuDGbQvaNWOBRhDJo+w4GTaogZQIaqZkvgDORwhYoAAAAAAAAAAAAAAACAAAAAXgAAAAAAAAAAAAAAAD//////////wAAAAAAAAAAAAAAAAAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAEEEtSV8SiEgWdC+dTIHTFiP1yhMJsnqlD/0+Zr00S16NvHX3hHqcK2DmBeoeeTCxpgcvtH7D6GnZj6/9iWA5+R3eAAAAGMAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAEgAAAAgCCpC4QvU2NUkD/rAiukTFcZ1RFsqHmFdYAfm35jaijkAAAAgRIiXffApAyWPI3ZC50LAIGjhcb9A2xQGG/HJ02XNoww=";

type Given = Partial<Omit<HttpAnswer, "body">> & {
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
};

function answer({ json, text, bytes, ...given }: Given): HttpAnswer {
  const body = bytes ?? new TextEncoder().encode(text ?? JSON.stringify(json));
  return { status: 200, contentType: "application/json", location: undefined, retryAfter: undefined, body, ...given };
}

const key = (server_pub_key: unknown): Given => ({ json: { server_pub_key } });

describe("the host key in an answer", () => {
  it.each([
    ["ed25519", ed25519, "SHA256:vvcLEewg+36nR4dJ3du/oRv9oBB9laWOVtHwDznnC+k"],
    ["ECDSA", ecdsa, "SHA256:wc+OYRff2EoBiAJcXsWXn1csAGcUwo91oHGPl0QbxDM"],
    ["RSA", rsa, "SHA256:HD+xLpVOheCIz1JUXJuPHakBT4UgbStrkm/NLFcvS2I"],
    ["with a comment", `${ed25519} root@host of mine`, "SHA256:vvcLEewg+36nR4dJ3du/oRv9oBB9laWOVtHwDznnC+k"],
    ["with white space around it", `  ${ed25519}\r\n`, "SHA256:vvcLEewg+36nR4dJ3du/oRv9oBB9laWOVtHwDznnC+k"],
  ])("%s", (_, line, fingerprint) => {
    const given = hostKeyIn(answer(key(line)));
    const [type, base64] = line.trim().split(" ");
    expect(given).toMatchObject({ keyType: type, fingerprint });
    expect(Buffer.from(given.blob).toString("base64")).toBe(base64);
  });

  it.each([
    ["a charset", { contentType: "application/json; charset=utf-8" }],
    ["another JSON type", { contentType: "application/problem+json" }],
    ["no type at all", { contentType: undefined }],
  ])("with %s", (_, given) => {
    expect(hostKeyIn(answer({ ...key(ed25519), ...given })).keyType).toBe("ssh-ed25519");
  });

  const refused: [name: string, given: Given, message: string][] = [
    [
      "a page",
      { contentType: "text/html", text: "<html>" },
      "answered with text/html where JSON should be: something else listens there",
    ],
    ["a page that calls itself JSON", { text: "<html>" }, "answered with what is not JSON"],
    [
      "a key behind a page's type",
      { ...key(ed25519), contentType: "text/plain" },
      "answered with text/plain where JSON should be: something else listens there",
    ],
    [
      "escape sequences in the type",
      { contentType: "\u001b[2J", text: "" },
      "answered with \\x1b[2j where JSON should be: something else listens there",
    ],
    ["nothing", { text: "" }, "answered with what is not JSON"],
    ["half an answer", { text: '{"server_pub_key":"ssh-' }, "answered with what is not JSON"],
    ["bytes that are no text", { bytes: Uint8Array.of(0x22, 0xff, 0x22) }, "answered with what is not JSON"],
    ["another member", { json: { key: ed25519 } }, "answered without a server_pub_key"],
    ["a list", { json: [ed25519] }, "answered without a server_pub_key"],
    ["null", { json: null }, "answered without a server_pub_key"],
    [
      "a member of the prototype's",
      { text: `{"__proto__":{"server_pub_key":"${ed25519}"}}` },
      "answered without a server_pub_key",
    ],
    ["an empty object", { text: "{}" }, "answered without a server_pub_key"],
    ["a number", key(7), "answered without a server_pub_key"],
    ["an empty key", key(""), "gave no host key: key type and key are needed"],
    ["a type alone", key("ssh-ed25519"), "gave no host key: key type and key are needed"],
    ["an unknown type", key("ssh-foo AAAA"), "gave no host key: unknown key type"],
    [
      "a type that is not the key's",
      key(ed25519.replace("ssh-ed25519", "ssh-rsa")),
      "gave no host key: the key is not a well-formed ssh-rsa key",
    ],
    ["base64 that is none", key("ssh-ed25519 ####"), "gave no host key: the key is not base64"],
    [
      "a key that is cut short",
      key(ed25519.slice(0, -4)),
      "gave no host key: the key is not a well-formed ssh-ed25519 key",
    ],
    ["a certificate", key(certificate), "gave no host key: it is a certificate"],
    ["two lines", key(`${ed25519}\n* ${rsa}`), "gave no host key: it is not one line of text"],
    ["a NUL", key(`${ed25519}\0`), "gave no host key: it is not one line of text"],
    ["a comment only", key("# nothing"), "gave no host key: unknown key type"],
    ["a private key", key("-----BEGIN OPENSSH PRIVATE KEY-----"), "gave no host key: unknown key type"],
    [
      "301",
      { status: 301, location: "https://h.example/\u001b[31m", text: "" },
      "answered 301, a redirect to https://h.example/\\x1b[31m, which is not followed",
    ],
    ["302 to nowhere", { status: 302, text: "" }, "answered 302, a redirect, which is not followed"],
    [
      "400",
      { status: 400, json: { error: "Missing client_pub_key parameter" } },
      "answered 400 (it refuses what we sent): Missing client_pub_key parameter",
    ],
    [
      "400 with escape sequences",
      { status: 400, json: { error: "\u001b[2Jx" } },
      "answered 400 (it refuses what we sent): \\x1b[2Jx",
    ],
    [
      "404 with a page",
      { status: 404, contentType: "text/html", text: "<html>" },
      "answered 404 (it has no such page)",
    ],
    ["407", { status: 407, text: "" }, "answered 407 (the proxy wants a user and password (in the variable's URL))"],
    [
      "415",
      { status: 415, json: { error: "Content-Type must be application/json" } },
      "answered 415 (it takes no JSON): Content-Type must be application/json",
    ],
    [
      "429",
      { status: 429, json: { error: "Rate limit exceeded. Try again later." } },
      "answered 429, too many requests",
    ],
    [
      "429 with a time",
      { status: 429, retryAfter: "17", text: "" },
      "answered 429, too many requests (it says to wait 17 s)",
    ],
    [
      "429 with a date",
      { status: 429, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT", text: "" },
      "answered 429, too many requests (it says to wait until Wed, 21 Oct 2026 07:28:00 GMT)",
    ],
    [
      "429 with garbage",
      { status: 429, retryAfter: "\u001b[2J".repeat(20), text: "" },
      `answered 429, too many requests (it says to wait until ${"\\x1b[2J".repeat(10)}...)`,
    ],
    [
      "500",
      { status: 500, json: { error: "Internal server error" } },
      "answered 500 (it failed): Internal server error",
    ],
    ["204", { status: 204, text: "" }, "answered 204"],
    ["418", { status: 418, json: { error: 7 } }, "answered 418"],
  ];
  it.each(refused)("%s is refused", (_, given, message) => {
    const { status = 200 } = given;
    expect(() => hostKeyIn(answer(given))).toThrow(new AnswerError(message, status));
    expect(() => assertRegistered(answer(given))).toThrow(AnswerError);
  });
});

describe("a registration", () => {
  it.each([
    ["ed25519", ed25519],
    ["ECDSA", ecdsa],
    ["RSA", rsa],
  ])("is type and base64 of the key and nothing else: %s", (_, line) => {
    // in the middle of a larger buffer
    const blob = Buffer.concat([Buffer.alloc(7), Buffer.from(line.split(" ")[1] ?? "", "base64")]).subarray(7);
    expect(registrationOf(new Uint8Array(blob.buffer, blob.byteOffset, blob.length))).toEqual({ client_pub_key: line });
  });

  it("has succeeded only if the answer says so", () => {
    expect(() => assertRegistered(answer({ json: { status: "success" } }))).not.toThrow();
    for (const json of [{}, { status: "pending" }, { status: true }, "success"]) {
      expect(() => assertRegistered(answer({ json }))).toThrow("did not say that it took our key");
    }
  });
});

it("whatever the answer, it is a key or an AnswerError in one printable line", () => {
  const text = fc.oneof(
    fc.json(),
    fc.string({ unit: "binary" }).map((line) => JSON.stringify({ server_pub_key: line })),
    fc
      .array(
        fc.constantFrom(
          "ssh-ed25519",
          "ssh-rsa",
          ...ed25519.split(" "),
          " ",
          "\t",
          "#",
          "AAAA",
          "@revoked",
          "*",
          "|1|",
        ),
      )
      .map((parts) => JSON.stringify({ server_pub_key: parts.join(" ") })),
  );
  const header = fc.option(fc.string({ unit: "binary", maxLength: 90 }), { nil: undefined });
  const answers = fc.record({
    status: fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 999 })),
    contentType: fc.oneof(fc.constant("application/json"), header),
    location: header,
    retryAfter: header,
    text,
  });
  fc.assert(
    fc.property(answers, (given) => {
      for (const read of [hostKeyIn, assertRegistered]) {
        try {
          read(answer(given as Given));
        } catch (error) {
          expect(error).toBeInstanceOf(AnswerError);
          expect((error as AnswerError).message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
          expect((error as AnswerError).message.length).toBeLessThan(1500);
        }
      }
    }),
    { numRuns: 2000, seed: 4 },
  );
});
