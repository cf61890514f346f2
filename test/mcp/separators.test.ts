import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeparatorEscaper } from "../../src/mcp/separators.ts";
import { cutAtRandom, cuts, text, utf8 } from "./cuts.ts";

function escaped(parts: readonly Uint8Array[]): Buffer {
  const escaper = new SeparatorEscaper();
  return Buffer.concat([...parts.flatMap((part) => escaper.push(part)), ...escaper.end()]);
}

const cases: readonly { name: string; given: string; expected: string }[] = [
  { name: "U+2028", given: '"a\u2028b"', expected: '"a\\u2028b"' },
  { name: "U+2029", given: '"a\u2029b"', expected: '"a\\u2029b"' },
  { name: "U+0085", given: '"a\u0085b"', expected: '"a\\u0085b"' },
  { name: "many in a row", given: "\u2028\u2029\u0085\u0085\u2028", expected: "\\u2028\\u2029\\u0085\\u0085\\u2028" },
  { name: "their neighbours", given: "\u2027\u202a\u0084\u0086\u00a8\u20ac\u2128 â Â", expected: "" },
  { name: "what is escaped already", given: '"\\u2028\\u0085"', expected: "" },
  { name: "nothing of theirs", given: '{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n', expected: "" },
  { name: "emoji and other scripts", given: "👩‍👩‍👧‍👦 Ωmega שלום العربية 日本語", expected: "" },
];

describe.each(cuts)("fed $name", ({ of }) => {
  it.each(cases)("$name", ({ given, expected }) => {
    expect(text(escaped(of(utf8(given))))).toBe(expected === "" ? given : expected);
  });
});

it("gives back what is no UTF-8 as it is, wherever it is cut", () => {
  for (const bytes of [[0xe2], [0xe2, 0x80], [0xc2], [0xe2, 0xe2, 0x80], [0xc2, 0xc2, 0x84], [0xe2, 0x80, 0xc2]]) {
    const given = Uint8Array.from(bytes);
    for (const { of } of cuts) expect([...escaped(of(given))]).toEqual(bytes);
  }
});

it("means the same as before in any JSON string, and holds no separator", () => {
  const character = fc.constantFrom("\u2028", "\u2029", "\u0085", "\u2027", "\u00c2", "\u00e2", "x", "\\", '"');
  fc.assert(
    fc.property(fc.array(character), fc.nat(), (characters, seed) => {
      const value = characters.join("");
      const out = text(escaped(cutAtRandom(utf8(JSON.stringify(value)), seed, 3)));
      expect(JSON.parse(out)).toBe(value);
      expect(out).not.toMatch(/[\u2028\u2029\u0085]/);
    }),
    { seed: 1 },
  );
});
