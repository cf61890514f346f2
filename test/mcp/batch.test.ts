import { describe, expect, it } from "vitest";
import { batchMembers, batchOf, batchWithout, isBatch } from "../../src/mcp/batch.ts";
import { cutAtRandom, text, utf8 } from "./cuts.ts";

const batches: readonly { name: string; members: readonly string[] }[] = [
  { name: "one", members: ['{"a":1}'] },
  { name: "two", members: ['{"a":1}', '{"b":2}'] },
  { name: "with spaces about", members: [' {"a":1}\t', '\r {"b":2} '] },
  { name: "with brackets and commas inside", members: ['{"a":[1,[2,{"b":[]}],3]}', '{"c":{"d":[],"e":{}}}'] },
  { name: "with them in strings", members: ['{"a":"],[{,"}', '{"b":"\\"],\\\\"}', '{"\\"]":"\\\\\\",["}'] },
];

describe("a batch", () => {
  it.each(batches)("$name: is taken apart", ({ members }) => {
    expect(batchMembers(utf8(`[${members.join(",")}]\n`)).map(text)).toEqual(members);
  });

  it.each(batches)("$name: is put together as it was", ({ members }) => {
    expect(text(batchOf(members.map(utf8)))).toBe(`[${members.join(",")}]`);
  });
});

describe("a batch without some of its members", () => {
  it.each(batches)("$name: the others stay as they were, however it is cut", ({ members }) => {
    const line = utf8(` [${members.join(",")}] \r\n`);
    const all = members.map((_, index) => index);
    for (const kept of [all, [0], all.slice(1), all.slice(-1)].filter(({ length }) => length > 0)) {
      const expected = `[${members.filter((_, index) => kept.includes(index)).join(",")}] \r\n`;
      for (let seed = 0; seed < 20; seed++) {
        const without = batchWithout(cutAtRandom(line, seed, 5), (index) => kept.includes(index));
        expect(text(without)).toBe(expected);
      }
    }
  });
});

it("a batch without some of its members is not copied", () => {
  const chunks = cutAtRandom(utf8('[{"a":1},{"b":2},{"c":3}]\n'), 1, 5);
  const [bracket, ...views] = batchWithout(chunks, (index) => index !== 1);
  expect(text(bracket ?? new Uint8Array(0))).toBe("[");
  expect(views.every(({ buffer }) => chunks.some((chunk) => chunk.buffer === buffer))).toBe(true);
});

describe("what is a batch", () => {
  it.each([
    { line: '[{"a":1}]', expected: true },
    { line: ' \t\r[{"a":1}]', expected: true },
    { line: '{"a":[1]}', expected: false },
    { line: " ", expected: false },
  ])("$line: $expected", ({ line, expected }) => {
    for (let seed = 0; seed < 5; seed++) expect(isBatch(cutAtRandom(utf8(line), seed, 2))).toBe(expected);
  });
});
