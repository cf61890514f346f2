/** Our flags beside what the replaced tool's argparse made of the same command lines: test/vectors/argparse.json. */
import { describe, expect, it, test } from "vitest";
import { flagRows } from "../../src/cli/flags.ts";
import { parseFlags, parseSettings, type Settings } from "../../src/cli/settings.ts";
import { UsageError } from "../../src/cli/values.ts";
import { vectors } from "../support/vectors.ts";

interface Recorded {
  readonly given: readonly string[];
  /** What differs from the defaults, by argparse's names. */
  readonly expect?: Readonly<Record<string, unknown>> | "help";
  readonly error?: string;
  readonly warnings?: readonly string[];
}

type Asked = Recorded["expect"] | { readonly error: string };

/** Where we mean to differ. */
const ours: readonly { readonly given: readonly string[]; readonly asked: Asked; readonly why: string }[] = [
  { given: ["--=x"], asked: { error: "unrecognized arguments: '--=x'" }, why: "eleven candidates help nobody" },
  {
    given: ["--port", "-5"],
    asked: { error: "argument --port: invalid port: '-5' (a number from 1 to 65535)" },
    why: "it fails there too, later",
  },
  ...[
    ["--port", "x"],
    ["--use-key-server", "--port=x", "--kn=f"],
  ].map((given) => ({
    given,
    asked: { error: "argument --port: invalid port: 'x' (a number from 1 to 65535)" },
    why: "says what a port is",
  })),
];

const recorded = vectors<Recorded>("argparse.json");

function asked(given: readonly string[]): Asked {
  try {
    const parsed = parseFlags(given, () => "local-user");
    return typeof parsed === "string" ? (parsed as "help") : changed(parsed as Settings);
  } catch (error) {
    if (error instanceof UsageError) return { error: error.message };
    throw error;
  }
}

function settingsOf(given: readonly string[]): Settings {
  return parseSettings(given, () => "local-user", "not here");
}

/** What differs from the defaults, by argparse's names. */
function changed(settings: Settings): Record<string, unknown> {
  const named = (of: Settings) => ({
    host: of.host,
    port: of.port,
    username: of.username,
    client_key: of.clientKeys.at(-1),
    known_hosts: of.knownHosts,
    disable_host_key_checking: !of.isHostKeyChecked,
    use_key_server: of.keyServer !== undefined,
    key_server_port: of.keyServer?.port ?? 8000,
    passphrase: of.passphrase,
    log_level: of.logLevel,
  });
  const initial = Object.entries(named(settingsOf([])));
  return Object.fromEntries(
    Object.entries(named(settings)).filter(([name, value]) => !initial.some(([n, v]) => n === name && v === value)),
  );
}

/** Its error as we say it: quoted, one argument only, no value that may be a secret, with a hint where a value is missing. */
function inOurWords(error: string, given: readonly string[]): RegExp {
  const [, unknown] = /^unrecognized arguments: (.*)$/.exec(error) ?? [];
  if (unknown !== undefined) {
    const first = given.find((arg) => unknown.startsWith(arg)) ?? "";
    return new RegExp(`^unrecognized arguments: '${literal(first.replace(/^(--[^=]+)=.*/, "$1"))}'( \\(.*\\))?$`);
  }
  const hint = error.endsWith("expected one argument") ? " \\(one that begins with - goes in --[a-z-]+=VALUE\\)" : "";
  return new RegExp(`^${literal(error.replace(/^(ambiguous option: --\w+)=\w*/, "$1"))}${hint}$`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

describe("a command line means what it meant to the replaced tool", () => {
  it.each(recorded.map((row) => ({ ...row, shown: row.given.join(" ") })))(
    "$shown",
    ({ given, expect: theirs, error }) => {
      const different = ours.find((row) => row.given.join("\0") === given.join("\0"));
      const got = asked(given);
      if (different) return expect(got).toEqual(different.asked);
      if (error === undefined) return expect(got).toEqual(withoutUnused(theirs));
      expect(got).toHaveProperty("error");
      expect((got as { error: string }).error).toMatch(inOurWords(error, given));
    },
  );

  it("as to the key server's port, it is warned of in every spelling where no key server is asked", () => {
    const [theirs] = recorded.flatMap(({ given, warnings }) =>
      given[0] === "--key-server-port" ? (warnings ?? []) : [],
    );
    expect(theirs).toMatch(/^--key-server-port specified but/);
    for (const given of [["--key-server-port", "9000"], ["--key-server-port=9000"], ["--key", "9000"], ["--ke=9000"]]) {
      expect(settingsOf(given).warnings).toEqual([theirs]);
    }
  });
});

/** A key server's port counts only where one is asked. */
function withoutUnused(theirs: Recorded["expect"]): Recorded["expect"] {
  if (typeof theirs !== "object" || theirs["use_key_server"] === true) return theirs;
  const { key_server_port: _, ...rest } = theirs;
  return rest;
}

describe("prefixes", () => {
  const names = flagRows.map(({ flag }) => flag);

  test.each([
    ["--c=k", "clientKeys", ["k"]],
    ["--cl=k", "clientKeys", ["k"]],
    ["--ke=9000", "keyServer", undefined],
  ] as const)("%s means the replaced tool's flag, whatever flags we add", (arg, name, value) => {
    expect(names.filter((flag) => flag.startsWith(arg.slice(0, 3))).length).toBeGreaterThan(1);
    expect(settingsOf([arg])).toMatchObject({ [name]: value });
  });

  test("of our own flags alone work too, if they are of one only", () => {
    expect(settingsOf(["--sub", "x"]).request).toEqual({ subsystem: "x" });
    expect(settingsOf(["--comm=x"]).request).toEqual({ exec: "x" });
    expect(asked(["--keepalive", "1"])).toEqual({
      error: "ambiguous option: --keepalive could match --keepalive-interval, --keepalive-count",
    });
  });

  test("what is a prefix of one and the whole name of another is the other", () => {
    expect(asked(["--v"])).toBe("version");
    expect(names.filter((flag) => flag.startsWith("--host"))).toContain("--host");
    expect(settingsOf(["--host", "h"]).host).toBe("h");
  });

  test("a value is not repeated where the flag is not known", () => {
    expect(asked(["--p=s3cret"])).toEqual({ error: "ambiguous option: --p could match --port, --passphrase" });
    expect(asked(["--tok=s3cret"])).toEqual({ error: "unrecognized arguments: '--tok'" });
  });
});
