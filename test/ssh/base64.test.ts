import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/ssh/base64.ts";

describe("RFC 4648 §10", () => {
  test.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("%j is %j", (text, base64) => {
    const bytes = new TextEncoder().encode(text);
    expect(encodeBase64(bytes)).toBe(base64);
    expect(decodeBase64(base64)).toEqual(bytes);
  });
});

test("all lengths and all bytes come back as they were, and as Node writes them", () => {
  for (const length of [...Array(260).keys(), 8191, 8192, 8193, 100_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) & 0xff);
    const base64 = encodeBase64(bytes);
    expect(base64).toBe(Buffer.from(bytes).toString("base64"));
    expect(decodeBase64(base64)).toEqual(bytes);
  }
});

test.each([
  ["padding that is missing", "Zg"],
  ["one of two paddings", "Zg="],
  ["a lone character", "Zm9vY"],
  ["nothing but padding", "===="],
  ["three paddings", "Z==="],
  ["padding in the middle", "Zg==Zg=="],
  ["padding too much", "Zm9v===="],
  ["pad bits that are not zero, of two bytes (RFC 4648 §3.5)", "Zm9="],
  ["pad bits that are not zero, of one byte", "Zh=="],
  ["white space", "Zm 9"],
  ["a newline", "Zm9v\nZm9"],
  ["a final newline", "Zm9\n"],
  ["the URL alphabet", "-_-_"],
  ["a character beyond ASCII", "Zm9\u00ff"],
])("%s is refused", (_, text) => {
  expect(decodeBase64(text)).toBeUndefined();
});
