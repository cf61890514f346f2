/**
 * The marks `RFC nnnn §x.y` in src/ssh and the map in its README say the same, so that an auditor who reads an RFC
 * finds the room, and no section is claimed that no line holds.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";

const source = new URL("../../src/ssh/", import.meta.url);
const tests = new URL("./", import.meta.url);

/** Room -> the sections that it cites, as in `RFC 4253 §7.1`. */
const cited: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((room) => room.endsWith(".ts"))
    .map((room) => [room, citationsOf(readRoom(room))]),
);

interface Row {
  readonly citation: string;
  readonly rooms: readonly string[];
  readonly tests: readonly string[];
}

const readme = readFileSync(new URL("README.md", source), "utf8");
const map: readonly Row[] = rowsOf(readme);

/** Also `RFC 4253 §7.2, §8` and `§5.1 and §5.4`; a mark may be broken over two lines of a comment. */
function citationsOf(text: string): ReadonlySet<string> {
  const lines = text.replace(/\n\s*(?:\*|\/\/) /g, " ");
  const marks = lines.matchAll(/RFC (\d+) (§[\d.]+(?:(?:, | and )§[\d.]+)*)/g);
  return new Set(
    [...marks].flatMap(([, rfc, sections = ""]) => sectionsOf(sections).map((each) => `RFC ${rfc} §${each}`)),
  );
}

function sectionsOf(text: string): readonly string[] {
  return [...text.matchAll(/§(\d+(?:\.\d+)*)/g)].map(([, section = ""]) => section);
}

/** A heading `### RFC nnnn` and, below it, rows of a table that begin with a section. */
function rowsOf(text: string): readonly Row[] {
  const rows: Row[] = [];
  let rfc: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) rfc = /^### (RFC \d+)/.exec(line)?.[1];
    const [, section, , rooms = "", files = ""] = line.split("|").map((cell) => cell.trim());
    if (rfc === undefined || section === undefined || !/^\d/.test(section)) continue;
    rows.push({ citation: `${rfc} §${section}`, rooms: namesIn(rooms), tests: namesIn(files) });
  }
  return rows;
}

function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+\.ts)`/g)].map(([, name = ""]) => name);
}

test("the code has marks and the README has rows", () => {
  expect(map.length).toBeGreaterThan(50);
  expect(cited.get("transport.ts")).toContain("RFC 4253 §7.1");
});

test("every section that the code cites has a row in the README's map", () => {
  const mapped = new Set(map.map(({ citation }) => citation));
  const missing = [...cited].flatMap(([room, citations]) =>
    [...citations].filter((citation) => !mapped.has(citation)).map((citation) => `${citation}, cited in ${room}`),
  );
  expect(missing).toEqual([]);
});

test("every room that the map names cites the section, and each section has a room", () => {
  const stale = map.flatMap(({ citation, rooms }) => {
    if (rooms.length === 0) return [`${citation}: no room`];
    return rooms.filter((room) => !cited.get(room)?.has(citation)).map((room) => `${citation}: not cited in ${room}`);
  });
  expect(stale).toEqual([]);
});

test("no section stands in the map twice", () => {
  const all = map.map(({ citation }) => citation);
  expect(all.filter((citation, at) => all.indexOf(citation) !== at)).toEqual([]);
});

test("each section has a test, and every test that the README names is there", () => {
  expect(map.filter((row) => row.tests.length === 0).map(({ citation }) => citation)).toEqual([]);
  const named = new Set(namesIn(readme).filter((name) => name.endsWith(".test.ts")));
  const missing = [...named].filter((name) => !existsSync(testFile(name)));
  expect(missing).toEqual([]);
});

describe("the reading order", () => {
  const lines = readme.slice(0, readme.indexOf("## RFC section")).split("\n");
  const order = lines.map((line) => namesIn(line.split("|")[1] ?? ""));
  const placeOf = (room: string): number => {
    const own = order.findIndex((names) => names.includes(room));
    return own < 0 && room.startsWith("algorithms/") ? placeOf("algorithms/<name on the wire>.ts") : own;
  };
  const rooms = [...cited.keys()].filter((room) => room !== "index.ts");

  test("has a place for every room", () => {
    expect(rooms.filter((room) => placeOf(room) < 0)).toEqual([]);
  });

  test("shows every room after those that it imports", () => {
    const late = rooms.flatMap((room) =>
      importsOf(room)
        .filter((other) => placeOf(other) > placeOf(room))
        .map((other) => `${room} imports ${other}`),
    );
    expect(late).toEqual([]);
  });
});

function importsOf(room: string): readonly string[] {
  const imports = readRoom(room).matchAll(/ from "(\.[^"]+)"/g);
  return [...imports].map(([, path = ""]) => posix.join(posix.dirname(room), path));
}

function readRoom(room: string): string {
  return readFileSync(new URL(encodeURI(room), source), "utf8");
}

function testFile(name: string): URL {
  const path = encodeURI(name);
  return name.startsWith("test/") ? new URL(`../../${path}`, import.meta.url) : new URL(path, tests);
}
