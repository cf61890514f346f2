/** The table of timers and limits in docs/limits.md, against the code. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { flagRows } from "../../src/cli/flags.ts";
import { DEFAULT_LIMITS } from "../../src/mcp/limits.ts";
import { defaultLimits } from "../../src/ssh/connect.ts";

const [, table = ""] =
  /<!-- limits: .*? -->\n([\s\S]*?)<!-- \/limits -->/.exec(readFileSync("docs/limits.md", "utf8")) ?? [];
const rows = table
  .trim()
  .split("\n")
  .slice(2)
  .map((line) => {
    const [, what = "", initial = "", setBy = ""] = line.split("|").map((cell) => cell.trim());
    return { what, initial, setBy: [...setBy.matchAll(/`([^`]*)`/g)].map(([, name]) => name) };
  });

const times: Readonly<Record<string, number>> = { "": 1, bytes: 1, ms: 1, s: 1_000, h: 3_600_000 };
const sizes: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Milliseconds, bytes or a count. */
function amountOf(cell: string): number {
  const [, digits = "", unit = ""] = /^(\d+) ?(\w*)$/.exec(cell) ?? [];
  return Number(digits) * (times[unit] ?? sizes[unit] ?? Number.NaN);
}

const defaultsOf = (name: string): number[] =>
  rows.filter(({ setBy }) => setBy.includes(name)).map(({ initial }) => amountOf(initial));

test.each(Object.entries({ ...DEFAULT_LIMITS, ...defaultLimits }))(
  "%s stands in it, with its default",
  (name, value) => {
    expect(defaultsOf(name)).toEqual([value]);
  },
);

describe("flags with a time, a size or a count", () => {
  const bounds = flagRows.filter(({ value }) => ["SECONDS", "BYTES", "N"].includes(value ?? ""));

  test("are there", () => {
    expect(bounds.length).toBeGreaterThan(9);
  });

  test.each(bounds)("$flag stands in it, with its default", ({ flag, value, initial }) => {
    const expected = Number(initial) * (value === "SECONDS" ? 1_000 : 1);
    const found = defaultsOf(flag);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found)).toEqual(new Set([expected]));
  });
});

/** Those that are fixed: the file, the constant, the row. */
const fixed: readonly (readonly [string, string, string])[] = [
  ["src/ssh/liveness.ts", "patience", "The same after a sleep, or where the process stood still"],
  ["src/mcp/reconnect-pace.ts", "LIVED", "A session that lived as long is dialled again at once"],
  ["src/mcp/reconnect-pace.ts", "SHORTEST", "Pause between attempts to dial again, the shortest"],
  ["src/mcp/reconnect-pace.ts", "LONGEST", "Pause between attempts to dial again, the longest"],
  ["src/mcp/json-lines.ts", "LARGEST_NOISE", "Noise that is held to be shown"],
  ["src/ssh/hang-up.ts", "lingerTime", "After a fault of the server's: what still comes is read and dropped"],
  ["src/mcp/host-hold.ts", "MOST_BEYOND", "Bytes of the host's that are so read beyond what may wait"],
  ["src/mcp/pending.ts", "MOST_FROM_HOST", "Requests of the host's without an answer"],
  ["src/mcp/pending.ts", "MOST_HOST_NAMES", "The ids and methods of those"],
  ["src/mcp/pending.ts", "MOST_FROM_SERVER", "A server's own requests that are remembered"],
  ["src/ssh/packet.ts", "MAXIMUM_PACKET_LENGTH", "An SSH packet"],
  ["src/ssh/channel.ts", "MAXIMUM_PACKET_SIZE", "Data in one SSH packet of a channel"],
  ["src/ssh/channel.ts", "INITIAL_WINDOW_SIZE", "The window of a session"],
  ["src/ssh/channel-streams.ts", "maximumStderr", "Stderr of the remote's that nobody reads"],
  ["src/node/stdio.ts", "stderrLimit", "Our own stderr that nobody reads"],
  ["src/ssh/version-exchange.ts", "maximumVersionLength", "The server's version line"],
  ["src/ssh/version-exchange.ts", "maximumTextLines", "Text lines before it"],
  ["src/ssh/version-exchange.ts", "maximumLineLength", "One of those lines"],
  ["src/ssh/userauth.ts", "maximumBannerLines", "Banner lines that are shown"],
  ["src/ssh/userauth.ts", "maximumTries", "Keys that are tried in one login"],
];

test.each(fixed)("%s %s is as the table has it", (file, name, what) => {
  const [, text = ""] = new RegExp(`const ${name}(?:: number)? = ([\\d_* ]+);`).exec(readFileSync(file, "utf8")) ?? [];
  const value = text.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "")), 1);
  expect(text).not.toBe("");
  expect(rows.filter((row) => row.what === what).map(({ initial }) => amountOf(initial))).toEqual([value]);
});

test("every row that nothing sets is held to a constant", () => {
  const free = rows.filter(({ setBy }) => setBy.length === 0).map(({ what }) => what);
  expect(new Set(free)).toEqual(new Set(fixed.map(([, , what]) => what)));
});
