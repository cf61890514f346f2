import { isIPv4, isIPv6 } from "node:net";
import { describe, expect, test } from "vitest";
import { canonicalHost, isPatternListMatch, lowerCase } from "../../src/ssh/host-pattern.ts";
import { seededBytes } from "../support/peer-crypto.ts";

// canonicalHost's spellings are held against a real ssh in known-hosts.test.ts
describe("canonicalHost", () => {
  test.each([
    "h",
    "h.example",
    "h.example.",
    "h.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "::g",
    "fe80::1%eth0%x",
    "xn--bcher-kva",
    "dead.beef",
  ])("leaves %s as it is", (host) => {
    expect(canonicalHost(host)).toBe(host);
  });

  test("has one spelling for an address and does not change it again", () => {
    const random = seededBytes("addresses");
    for (let i = 0; i < 500; i++) {
      const words = Array.from(random(8), (byte) => (byte < 128 ? 0 : byte * 257));
      const spelled = words.map((word) => word.toString(16).padStart(4, "0")).join(":");
      const canonical = canonicalHost(spelled.toUpperCase());
      expect(isIPv6(canonical)).toBe(true);
      expect(canonicalHost(canonical)).toBe(canonical);
      expect(canonicalHost(words.map((word) => word.toString(16)).join(":"))).toBe(canonical);
    }
  });

  test.each(["127.1", "0x7f000001", "2130706433", "0177.0.0.1"])("knows %s as 127.0.0.1", (host) => {
    expect(canonicalHost(host)).toBe("127.0.0.1");
    expect(isIPv4(canonicalHost(host))).toBe(true);
  });
});

test("lowerCase leaves everything but ASCII as it is", () => {
  expect(lowerCase("AZaz\u212a\u00dc\u0130")).toBe("azaz\u212a\u00dc\u0130");
});

describe("isPatternListMatch", () => {
  test("agrees with a regular expression on all short patterns and names", () => {
    const names = words("ab*", 4);
    for (const pattern of words("ab*?", 4)) {
      const regular = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
      for (const name of names)
        expect([pattern, name, isPatternListMatch([pattern], name)]).toEqual([pattern, name, regular.test(name)]);
    }
  });

  test.each([
    [[], false],
    [["!x"], false],
    [["!x", "*"], true],
    [["*", "!h"], false],
    [["!h", "h"], false],
    [["!!h", "h"], true],
    [["", "h"], true],
  ])("%j matches h: %j", (patterns, isMatch) => {
    expect(isPatternListMatch(patterns, "h")).toBe(isMatch);
  });
});

/** All words of up to `length` letters. */
function words(letters: string, length: number): string[] {
  if (length === 0) return [""];
  const shorter = words(letters, length - 1);
  return ["", ...shorter.flatMap((word) => [...letters].map((letter) => letter + word))];
}
