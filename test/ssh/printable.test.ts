import { describe, expect, test } from "vitest";
import { printable, printableLines } from "../../src/ssh/printable.ts";

describe("printable", () => {
  test.each([
    [
      "plain text, \u00fcml\u00e4uts, \u4e2d\u6587, \u{1f511}",
      "plain text, \u00fcml\u00e4uts, \u4e2d\u6587, \u{1f511}",
    ],
    ["", ""],
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\0\x07\x08\x1b[2J\x1b]0;title\x07", "\\x00\\x07\\x08\\x1b[2J\\x1b]0;title\\x07"],
    ["\x7f", "\\x7f"],
    ["\u0080\u0085\u009b31m\u009f", "\\x80\\x85\\x9b31m\\x9f"],
    ["\u2028\u2029", "\\u{2028}\\u{2029}"],
    [
      "\u202eevil\u202c \u2066x\u2069 \u200e\u200f\u061c",
      "\\u{202e}evil\\u{202c} \\u{2066}x\\u{2069} \\u{200e}\\u{200f}\\u{61c}",
    ],
    ["a\u00ad\u200b\u2060\ufeffb", "a\\xad\\u{200b}\\u{2060}\\u{feff}b"],
    ["\u{e0041}\u{e007f}", "\\u{e0041}\\u{e007f}"],
    ["\ue000\u{f0000}\u{10fffd}", "\\u{e000}\\u{f0000}\\u{10fffd}"],
    ["\ud83d", "\\u{d83d}"],
    ["\udd11\ud83d", "\\u{dd11}\\u{d83d}"],
    ["\ud83d\ud83d\udd11\udd11", "\\u{d83d}\u{1f511}\\u{dd11}"],
  ])("%j becomes %j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test("of all code points, no control, separator, format, surrogate or private one comes through, and no other is escaped", () => {
    // unassigned ones do nothing yet, and what they will do Node's Unicode tables cannot know
    const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}\p{Co}]/u;
    const wrong: number[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      const shown = printable(character);
      const isEscape = /^\\(?:[nrt]|x[0-9a-f]{2}|u\{[0-9a-f]{3,6}\})$/.test(shown);
      if (unsafe.test(character) ? !isEscape : shown !== character) wrong.push(code);
    }
    expect(wrong).toEqual([]);
  });

  test("what is printable stays as it is, so nothing is escaped twice", () => {
    const once = printable("\x1b[0m \u202e \ud800 \\x1b");
    expect(printable(once)).toBe(once);
  });

  test.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc..."],
    ["abcd", 0, "..."],
    ["", 0, ""],
    ["ab\n", 3, "ab\\n"],
    ["ab\nd", 3, "ab\\n..."],
    ["ab\u{1f511}", 4, "ab\u{1f511}"],
    ["ab\u{1f511}d", 4, "ab\u{1f511}..."],
    ["ab\u{1f511}d", 3, "ab..."],
    ["\u{1f511}", 1, "..."],
    ["ab\ud83dd", 3, "ab\\u{d83d}..."],
    ["ab\udd11d", 3, "ab\\u{dd11}..."],
  ])("%j, cut to %d, becomes %j: no character is torn", (text, limit, expected) => {
    expect(printable(text, limit)).toBe(expected);
  });

  test("512 UTF-16 units are shown unless said otherwise", () => {
    expect(printable("x".repeat(512))).toBe("x".repeat(512));
    expect(printable("x".repeat(513))).toBe(`${"x".repeat(512)}...`);
  });
});

describe("printableLines", () => {
  test.each([
    ["one", ["one"]],
    ["one\ntwo\r\nthree\n", ["one", "two", "three"]],
    ["one\n\ntwo\n\r\n \n", ["one", "", "two"]],
    ["\n  one", ["", "  one"]],
    ["one\rtwo\r\n", ["one\\rtwo"]],
    ["\x1b[1mone\u2028two\n\u202e", ["\\x1b[1mone\\u{2028}two", "\\u{202e}"]],
    ["", []],
    [" \r\n\n", []],
  ])("%j becomes %j", (text, lines) => {
    expect(printableLines(text)).toEqual(lines);
  });

  test.each([
    ["a\nb\nc", 3, ["a", "b", "c"]],
    ["a\nb\nc\nd", 3, ["a", "b", "(2 more lines)"]],
    ["a\nb", 1, ["(2 more lines)"]],
    ["a\nb", 0, []],
    ["a\nb", -5, []],
  ])("%j in at most %d lines becomes %j", (text, most, lines) => {
    expect(printableLines(text, most)).toEqual(lines);
  });

  test("a hundred lines of 512 UTF-16 units are shown unless said otherwise", () => {
    const lines = printableLines(`${"x".repeat(1000)}\n`.repeat(1000));
    expect(lines).toHaveLength(100);
    expect(lines[0]).toBe(`${"x".repeat(512)}...`);
    expect(lines[99]).toBe("(901 more lines)");
  });
});
