import { describe, expect, test } from "vitest";
import { OfferError, offering } from "../../../src/ssh/algorithms/offer.ts";
import { table } from "../../../src/ssh/table.ts";

const kexOf = (kex: string): readonly string[] => Object.keys(offering(table, { kex }).kex);
const all = Object.keys(table.kex);

describe("the words of ssh_config(5)", () => {
  test.each([
    [
      "a list is what is offered, in its order",
      "ecdh-sha2-nistp384,curve25519-sha256",
      ["ecdh-sha2-nistp384", "curve25519-sha256"],
    ],
    ["+ changes nothing: all is offered", "+ecdh-sha2-nistp384", all],
    [
      "^ puts first",
      "^ecdh-sha2-nistp384",
      ["ecdh-sha2-nistp384", ...all.filter((name) => name !== "ecdh-sha2-nistp384")],
    ],
    [
      "- leaves out, by patterns",
      "-diffie-*,ecdh-sha2-nistp???",
      ["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"],
    ],
    ["- with what nobody knows leaves all", "-sntrup*", all],
    ["a point in a pattern is a point", "-curve25519-sha256@libssh.or.", all],
  ])("%s", (_, spec, names) => expect(kexOf(spec)).toEqual(names));

  test("ciphers and MACs likewise, and nothing else is touched", () => {
    const made = offering(table, { ciphers: "aes128-ctr", macs: "-*-etm@openssh.com" });
    expect(Object.keys(made.cipher)).toEqual(["aes128-ctr"]);
    expect(Object.keys(made.mac)).toEqual(["hmac-sha2-256", "hmac-sha2-512"]);
    expect(made).toMatchObject({ kex: table.kex, hostKey: table.hostKey, markers: table.markers });
  });

  test("nothing given, nothing changed", () => expect(offering(table, {})).toEqual(table));
});

describe("of a list that was written for ssh", () => {
  const passing = (spec: string): readonly string[] =>
    Object.keys(offering(table, { ciphers: spec }, "passed over").cipher);
  const ciphers = Object.keys(table.cipher);

  test.each([
    ["unknown names are passed over", "aes128-cbc,aes256-ctr,3des-cbc", ["aes256-ctr"]],
    ["unknown names behind + change nothing", "+aes128-cbc", ciphers],
    [
      "unknown names behind ^ go nowhere",
      "^aes128-cbc,aes128-ctr",
      ["aes128-ctr", ...ciphers.filter((name) => name !== "aes128-ctr")],
    ],
    ["behind - a ! keeps what the patterns would leave out", "-aes*,!aes256-ctr", [ciphers[0], "aes256-ctr"]],
    ["patterns behind - leave out", "-*-ctr,*poly*", ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"]],
  ])("%s", (_, spec, names) => expect(passing(spec)).toEqual(names));

  test.each([
    ["ssh-ed25519*", ["ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com"]],
    ["rsa-sha2-*,ssh-dss*", ["rsa-sha2-512", "rsa-sha2-256", "rsa-sha2-512-cert-v01@openssh.com"]],
    ["^*-cert-v01@openssh.com", ["ssh-ed25519-cert-v01@openssh.com", "ecdsa-sha2-nistp256-cert-v01@openssh.com"]],
  ])("the patterns of %s stand for host key algorithms, as with ssh", (spec, expected) => {
    const names = Object.keys(offering(table, { hostKeys: spec }, "passed over").hostKey);
    expect(names.slice(0, expected.length)).toEqual(expected);
    expect(names.length > 4).toBe(spec.startsWith("^"));
  });

  test("a list of which we have nothing is not taken for none", () => {
    expect(() => passing("aes128-cbc")).toThrow(/^no cipher is left to offer of "aes128-cbc"; known are chacha20/);
  });
});

test("host key algorithms too", () => {
  const { hostKey } = offering(table, { hostKeys: "rsa-sha2-256,ssh-ed25519" });
  expect(Object.keys(hostKey)).toEqual(["rsa-sha2-256", "ssh-ed25519"]);
});

describe("refuses, and says what is known", () => {
  test.each([
    [
      "an unknown name",
      "diffie-hellman-group1-sha1",
      /^unknown key exchange method "diffie-hellman-group1-sha1"; known are mlkem768x25519-sha256, /,
    ],
    ["an unknown name behind +", "+nosuch", /unknown key exchange method "nosuch"/],
    ["an empty list", "", /unknown key exchange method ""/],
    ["a list of which nothing is left", "-*", /^no key exchange method is left to offer of "-\*"; known are /],
    ["an escape sequence, made safe", "\u001b[31m", /unknown key exchange method "\\x1b\[31m"/],
  ])("%s", (_, spec, says) => {
    expect(() => kexOf(spec)).toThrow(OfferError);
    expect(() => kexOf(spec)).toThrow(says);
  });
});
