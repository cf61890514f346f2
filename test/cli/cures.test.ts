import { describe, expect, test } from "vitest";
import { cured } from "../../src/cli/cures.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { FileError } from "../../src/node/files.ts";
import { AuthError, HostKeyError, type HostKeyFault } from "../../src/ssh/errors.ts";

/** What is said of `error` where these flags were given; `server`: what ssh's configuration makes of them. */
function words(error: unknown, what: string, flags: string[], server: Partial<Settings> = {}, cure = "look"): string {
  const settings = parseFlags(flags, () => "local-user") as Settings;
  const said = cured(error, { what, cure }, { ...settings, ...server });
  return `${said.what} | ${said.cure}`;
}

const hostKeyError = (verdict: HostKeyFault): HostKeyError => new HostKeyError("", verdict, "SHA256:x");

test.each<HostKeyFault>(["unknown", "changed", "revoked"])(
  "what a refused host key needs is a part of its words: %s",
  (verdict) => {
    const said = words(hostKeyError(verdict), "HAS CHANGED. Compare that, remove the old one", ["--host", "h"]);
    expect(said).toBe("HAS CHANGED | Compare that, remove the old one");
  },
);

describe("a key that is not there", () => {
  test("comes with the command that makes it", () => {
    const error = new FileError("no such file", "/k/a b", "ENOENT");
    expect(words(error, "no such file", ["--client-key", "/k/a b"])).toBe(
      "no such file | make it, and have its line added to authorized_keys there: npx -y mcp-ssh-client keygen --client-key '/k/a b'",
    );
  });

  test("which a key server is told of by itself", () => {
    const error = new FileError("no such file", "/k", "ENOENT");
    expect(words(error, "no such file", ["--client-key", "/k", "--use-key-server"])).toBe(
      "no such file | make it, and the key server is told of it: npx -y mcp-ssh-client keygen --client-key /k",
    );
  });

  test.each([
    ["another file", new FileError("no such file", "/known", "ENOENT")],
    ["a key that cannot be read", new FileError("permission denied", "/k/a", "EACCES")],
  ])("but not for %s", (_, error) => {
    expect(words(error, "x", ["--client-key", "/k/a"])).toBe("x | look");
  });

  test("nor for a public key, which is made under no such name", () => {
    const error = new FileError("no such file", "/k.pub", "ENOENT");
    expect(words(error, "x", ["--client-key", "/k.pub"])).toBe("x | look");
  });
});

describe("a login that is refused", () => {
  const error = new AuthError("", [], [], false);

  test("comes with the command that brings the public key there", () => {
    expect(words(error, "no", ["--host", "h", "--username", "me", "--client-key", "/k.pub"])).toBe(
      "no | look: ssh-copy-id -i /k.pub -p 8022 me@h",
    );
  });

  test.each<[string, string[], string?]>([
    ["several keys", ["--client-key", "/a", "--client-key", "/b"]],
    ["ssh's default keys", ["--command", "x"]],
    ["a key server", ["--use-key-server", "--client-key", "/a"]],
    ["a server that wants more than a key", ["--client-key", "/a"], ""],
  ])("but not with %s", (_, flags, cure = "look") => {
    expect(words(error, "no", flags, {}, cure)).toBe(`no | ${cure}`);
  });
});

describe("a login without a key, which a start would make", () => {
  const said = (...flags: string[]): string =>
    cured(
      new AuthError("", [], [], false),
      { what: "no", cure: "look" },
      parseFlags(flags, () => "me") as Settings,
      "/a b",
    ).cure;

  test("comes with the commands that make it and bring it there", () => {
    expect(said("--host", "far", "--command", "x", "--client-key", "/a b")).toBe(
      "there is no key yet: make it, and bring its public half there: " +
        "npx -y mcp-ssh-client keygen --client-key '/a b' && ssh-copy-id -i '/a b.pub' far",
    );
  });

  test("needs nothing with a key server", () => {
    expect(said("--use-key-server")).toMatch(/^none is needed: the first start makes the key/);
  });
});

test("other errors keep their words", () => {
  expect(words(new Error("x"), "what", [])).toBe("what | look");
});
