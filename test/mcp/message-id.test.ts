import { describe, expect, it } from "vitest";
import { messageId } from "../../src/mcp/message-id.ts";
import { text, utf8 } from "./cuts.ts";

const key = (token: string): string => messageId(utf8(token)).key;

describe("ids are equal by value", () => {
  it.each([
    ['"a\\/b"', '"a/b"'],
    ['"\\u00e9"', '"é"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['"\\u0031"', '"1"'],
    ["1", "1.0"],
    ["1", "1e0"],
    ["1", "10e-1"],
    ["1", "0.1E+1"],
    ["100", "1e2"],
    ["-0", "0"],
    ["0", "0.00e7"],
    ["-5", "-50e-1"],
    ["1.50", "15e-1"],
    ["9007199254740993", "9007199254740993.0"],
    ["1e99999999999999999999", "10e99999999999999999998"],
  ])("%s is %s", (one, other) => {
    expect(key(one)).toBe(key(other));
  });
});

describe("ids are different by value", () => {
  it.each([
    ["1", '"1"'],
    ["9007199254740993", "9007199254740992"],
    ["9007199254740993", "9007199254740994"],
    ["1", "-1"],
    ["1", "1.5"],
    ["1", "10"],
    ["1e400", "1e401"],
    ['"A"', '"a"'],
    ['"é"', '"e\\u0301"'],
    ['"\\ud800"', '"\\ud801"'],
    ['""', "0"],
    ['"null"', '""'],
  ])("%s is not %s", (one, other) => {
    expect(key(one)).not.toBe(key(other));
  });
});

it("an id keeps its raw text", () => {
  expect(text(messageId(utf8('"a\\/b"')).raw)).toBe('"a\\/b"');
  expect(text(messageId(utf8("1.0e0")).raw)).toBe("1.0e0");
});
