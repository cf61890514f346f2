/** known_hosts, host patterns, revoked keys, jump specs and host key pins: any text, and small models beside them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import { parseHostKeyPin } from "../../src/node/host-key-pin.ts";
import { parseJumps } from "../../src/node/jump-spec.ts";
import { readRevokedKeys } from "../../src/node/revoked-keys.ts";
import { KeyFormatError } from "../../src/ssh/errors.ts";
import { canonicalHost, isPatternMatch, lowerCase } from "../../src/ssh/host-pattern.ts";
import {
  checkHostCertificate,
  checkHostKey,
  entriesFor,
  fingerprint,
  type KnownHosts,
  knownHostsLine,
  orderHostKeyAlgorithms,
  parseKnownHosts,
} from "../../src/ssh/known-hosts.ts";
import { printable, printableLines } from "../../src/ssh/printable.ts";
import { PeerKey } from "../support/peer-crypto.ts";
import { vectorFile } from "../support/vectors.ts";
import { mutatedText, mutations } from "./mutations.ts";
import { expectPrintable, property, refusable } from "./property.ts";

const { cases } = vectorFile<{ readonly cases: readonly { readonly files?: readonly string[] }[] }>("known-hosts.json");
const recorded = cases.flatMap(({ files = [] }) => files);

const host = fc.oneof(
  fc.constantFrom(
    "h.example",
    "a",
    "127.0.0.1",
    "::1",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
    "xn--a",
    "H.Example",
    "0x7f.1",
  ),
  fc.domain(),
  fc.ipV4(),
  fc.ipV6(),
);
const port = fc.oneof(fc.constantFrom(22, 8022), fc.integer({ min: 1, max: 65_535 }));
const key = fc.constantFrom("one", "another", "a third").map((name) => new PeerKey(name).publicKeyBlob);
const salt = fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }), { nil: undefined });

describe("known_hosts", () => {
  property(
    "of any text gives entries and notes, never an exception; each line is told of once at most",
    fc.record({
      text: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...recorded) },
        fc
          .array(
            fc.oneof(
              fc.string({ unit: "binary" }),
              fc.constantFrom("@revoked", "@cert-authority", "*", "|1|", "ssh-ed25519", "AAAA", "\n"),
            ),
            { maxLength: 12 },
          )
          .map((words) => words.join(" ")),
      ),
      changes: mutations,
      host,
      port,
      blob: key,
    }),
    ({ text, changes, host: name, port: at, blob }) => {
      const file = parseKnownHosts("known_hosts", mutatedText(text, changes));
      const lines = file.entries.map(({ line }) => line);
      expect(new Set(lines).size).toBe(lines.length);
      for (const note of file.notes) expectPrintable(note);
      checkHostKey([file], name, at, blob);
      checkHostCertificate([file], name, at, { authorityBlob: blob, keyBlob: blob });
      entriesFor(file, name, at);
      const offered = ["ssh-ed25519", "rsa-sha2-512", "ssh-ed25519-cert-v01@openssh.com"];
      expect([...orderHostKeyAlgorithms([file], name, at, offered)].sort()).toEqual([...offered].sort());
      expectPrintable(fingerprint(blob));
    },
    600,
  );

  property(
    "a line that we write trusts that key there, hashed or not, and calls another one changed",
    fc.record({ host, port, blob: key, other: key, salt }),
    ({ host: name, port: at, blob, other, salt: given }) => {
      const file = parseKnownHosts("f", `${knownHostsLine(name, at, blob, given)}\n`);
      expect(file.notes).toEqual([]);
      const isSame = Buffer.from(blob).equals(other);
      expect(checkHostKey([file], name, at, other).verdict).toBe(isSame ? "trusted" : "changed");
    },
    200,
  );

  property(
    "what is revoked stays so whatever other lines say, and in whatever order",
    fc.record({
      lines: fc.array(
        fc.tuple(fc.constantFrom("h", "*", "!h,*", "x"), key, fc.constantFrom("", "@revoked ", "@cert-authority ")),
        { maxLength: 8 },
      ),
      blob: key,
    }),
    ({ lines, blob }) => {
      const text = lines.map(
        ([names, each, marker]) => `${marker}${knownHostsLine("h", 22, each).replace(/^h/, names)}`,
      );
      const verdictOf = (all: readonly string[]) =>
        checkHostKey([parseKnownHosts("f", all.join("\n"))], "h", 22, blob).verdict;
      const verdict = verdictOf(text);
      expect(verdict).toBe(modelled(lines, blob));
      expect(verdictOf([...text].reverse())).toBe(verdict);
    },
    300,
  );
});

/** The rules of sshd(8) in a line each. */
function modelled(lines: readonly (readonly [string, Uint8Array, string])[], blob: Uint8Array): string {
  const ofHost = lines.filter(([names]) => names === "h" || names === "*");
  const isIt = (each: Uint8Array): boolean => Buffer.from(each).equals(blob);
  if (ofHost.some(([, each, marker]) => marker === "@revoked " && isIt(each))) return "revoked";
  const plain = ofHost.filter(([, , marker]) => marker === "");
  if (plain.some(([, each]) => isIt(each))) return "trusted";
  return plain.length > 0 ? "changed" : "unknown";
}

describe("a host pattern", () => {
  const piece = fc.constantFrom("*", "?", "a", "b", ".", "*a", "ab");
  property(
    "matches what a regular expression of it matches",
    fc.record({
      pattern: fc.array(piece, { maxLength: 8 }),
      name: fc.array(fc.constantFrom("a", "b", ".", "ab"), { maxLength: 8 }),
    }),
    ({ pattern, name }) => {
      const source = pattern.join("").replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      expect(isPatternMatch(pattern.join(""), name.join(""))).toBe(new RegExp(`^${source}$`, "s").test(name.join("")));
    },
    1500,
  );

  property(
    "of a host has one spelling: twice canonical is canonical",
    fc.oneof(host, fc.string({ unit: "binary" })),
    (given) => {
      const once = canonicalHost(given);
      expect(canonicalHost(once)).toBe(once);
      expect(lowerCase(once)).toBe(once);
    },
  );
});

describe("a list of revoked keys", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  property(
    "revokes every key in it, for every host, or is refused",
    fc.record({
      keys: fc.array(key, { minLength: 1, maxLength: 4 }),
      before: fc.constantFrom("", " ", "\t", "# a comment\n", "\n\n"),
      end: fc.constantFrom("\n", "\r\n", " a comment\n"),
      name: host,
      head: fc.constantFrom("", "", "SSHKRL\n"),
    }),
    async ({ keys, before, end, name, head }) => {
      const lines = keys.map((blob) => `${before}ssh-ed25519 ${Buffer.from(blob).toString("base64")}${end}`);
      const path = join(folder, "revoked");
      writeFileSync(path, head + lines.join(""));
      const read = readRevokedKeys([path]);
      if (head !== "") {
        await expect(read).rejects.toBeInstanceOf(KeyFormatError);
        return;
      }
      const files: readonly KnownHosts[] = (await read).map((file) => parseKnownHosts("f", file.text));
      for (const blob of keys) expect(checkHostKey(files, name, 22, blob).verdict).toBe("revoked");
    },
    60,
  );
});

describe("a jump spec", () => {
  const plainHost = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  const stop = fc.record({
    user: fc.option(fc.stringMatching(/^[a-z][a-z0-9@_-]{0,8}$/), { nil: undefined }),
    host: plainHost,
    port: fc.option(port, { nil: undefined }),
  });
  property("that is written out is read as it was", fc.array(stop, { minLength: 1, maxLength: 4 }), (stops) => {
    const text = stops.map(({ user, host: name, port: at }) => {
      const place = name.includes(":") ? `[${name}]` : name;
      return `${user === undefined ? "" : `${user}@`}${place}${at === undefined ? "" : `:${at}`}`;
    });
    expect(parseJumps(text.join(","))).toEqual(stops);
  });

  property(
    "of any text is none, or has hosts, users and ports that may be",
    fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z@:[\],/%0-9.-]{0,30}$/)),
    (text) => {
      for (const { host: name, port: at, user } of parseJumps(text) ?? []) {
        expect(name).not.toBe("");
        expect(user).not.toBe("");
        if (at !== undefined)
          expect(at).toSatisfy((value: number) => Number.isInteger(value) && value > 0 && value < 65_536);
      }
    },
    1000,
  );
});

describe("a pin", () => {
  property(
    "of any text is refused by a KeyFormatError, or names one key",
    fc.record({
      text: fc.oneof(
        key.map(fingerprint),
        key.map((blob) => knownHostsLine("h", 22, blob).slice(2)),
        fc.string({ unit: "binary" }),
      ),
      changes: mutations,
    }),
    ({ text, changes }) => {
      expect(refusable(() => parseHostKeyPin(text), KeyFormatError)).toSatisfy(
        (pin: unknown) => pin === undefined || typeof pin === "object",
      );
      refusable(() => parseHostKeyPin(mutatedText(text, changes)), KeyFormatError);
    },
    400,
  );
});

describe("what is shown", () => {
  const said = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  );
  property(
    "of any text is one line without anything that steers a terminal, and not longer than its bound lets it be",
    fc.record({ text: said, limit: fc.nat(80) }),
    ({ text, limit }) => {
      const shown = printable(text, limit);
      expectPrintable(shown, limit * "\\u{10ffff}".length + 3);
      expect(printable(shown, 10_000)).toBe(shown);
    },
    1000,
  );

  property(
    "by lines is no more of them than were allowed",
    fc.record({ text: said, most: fc.nat(4) }),
    ({ text, most }) => {
      const lines = printableLines(text, most);
      expect(lines.length).toBeLessThanOrEqual(most);
      for (const line of lines) expectPrintable(line);
    },
  );
});
