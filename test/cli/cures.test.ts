import { describe, expect, test } from "vitest";
import { cured } from "../../src/cli/cures.ts";
import { givenFlags, parseFlags, type Settings } from "../../src/cli/flags.ts";
import { FileError } from "../../src/node/files.ts";
import { AuthError, HostKeyError, type HostKeyFault } from "../../src/ssh/errors.ts";

/** What is said of `error` where these flags were given; `server`: what ssh's configuration makes of them. */
function words(error: unknown, what: string, flags: string[], server: Partial<Settings> = {}, cure = "look"): string {
  const settings = parseFlags(flags, () => "local-user") as Settings;
  const asked = { settings, flags: givenFlags(flags), program: "mcp-ssh-client" };
  const said = cured(error, { what, cure }, { ...settings, ...server }, asked);
  return `${said.what} | ${said.cure}`;
}

const hostKeyError = (verdict: HostKeyFault): HostKeyError => new HostKeyError("", verdict, "SHA256:x");

describe("an unknown host", () => {
  const what = "no key is known. The server showed X. Compare that, it is trusted by this";

  test("comes with the command that asks, before the other ways", () => {
    expect(words(hostKeyError("unknown"), what, ["--host", "h", "--command", "c"])).toBe(
      "no key is known. The server showed X | to see its keys and say yes: mcp-ssh-client trust h --port 22. " +
        "Compare that, it is trusted by this",
    );
  });

  test("every word is quoted, and what says how the server is reached goes along", () => {
    const flags = [
      "--host",
      "box",
      "--known=my hosts",
      "--ssh-config",
      "none",
      "--command",
      "x y",
      "--env",
      "A=s3cret",
    ];
    expect(words(hostKeyError("unknown"), what, flags, { host: "10.0.0.1", port: 2222 })).toContain(
      ": mcp-ssh-client trust box --port 2222 --known-hosts 'my hosts' --ssh-config none. ",
    );
  });

  test("a jump host is asked about by itself", () => {
    const jump = { host: "bastion", port: 22, isJump: true };
    expect(words(hostKeyError("unknown"), what, ["--host", "h", "--proxy-jump", "bastion"], jump)).toContain(
      ": mcp-ssh-client trust bastion --port 22. ",
    );
  });
});

test.each<HostKeyFault>(["changed", "revoked"])(
  "a changed key or a revoked one is never to be trusted so: %s",
  (verdict) => {
    const said = words(hostKeyError(verdict), "HAS CHANGED. Compare that, remove the old one", ["--host", "h"]);
    expect(said).toBe("HAS CHANGED | Compare that, remove the old one");
  },
);

describe("a key that is not there", () => {
  test("comes with the command that makes it", () => {
    const error = new FileError("no such file", "/k/a b", "ENOENT");
    expect(words(error, "no such file", ["--client-key", "/k/a b"])).toBe(
      "no such file | make it, and have its line added to authorized_keys there: mcp-ssh-client keygen --client-key '/k/a b'",
    );
  });

  test("which a key server is told of by itself", () => {
    const error = new FileError("no such file", "/k", "ENOENT");
    expect(words(error, "no such file", ["--client-key", "/k", "--use-key-server"])).toBe(
      "no such file | make it, and the key server is told of it: mcp-ssh-client keygen --client-key /k",
    );
  });

  test.each([
    ["another file", new FileError("no such file", "/known", "ENOENT")],
    ["a key that cannot be read", new FileError("permission denied", "/k/a", "EACCES")],
  ])("but not for %s", (_, error) => {
    expect(words(error, "x", ["--client-key", "/k/a"])).toBe("x | look");
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

test("other errors keep their words", () => {
  expect(words(new Error("x"), "what", [])).toBe("what | look");
});
