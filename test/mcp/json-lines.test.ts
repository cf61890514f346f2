import { describe, expect, it } from "vitest";
import { append, HeldBytes, joined } from "../../src/mcp/held-bytes.ts";
import { JsonLines, type JsonLinesOptions, LARGEST_NOISE, type Line } from "../../src/mcp/json-lines.ts";
import { cutAtRandom, cuts, seeded, text, utf8 } from "./cuts.ts";

interface Seen {
  readonly lines: Line[];
  /** All bytes given, pieces included, in order. */
  readonly bytes: Uint8Array;
  readonly pieces: number;
}

function feed(parts: readonly Uint8Array[], options: JsonLinesOptions): Seen {
  const splitter = new JsonLines(options);
  const lines: Line[] = [];
  const given: Uint8Array[] = [];
  let pieces = 0;
  for (const part of parts) {
    for (const found of splitter.push(part)) {
      if (found.part === "line") {
        lines.push(found);
        given.push(...found.chunks);
      } else {
        pieces++;
        given.push(found.bytes);
      }
    }
  }
  const last = splitter.end();
  if (last !== undefined) {
    lines.push(last);
    given.push(...last.chunks);
  }
  return { lines, bytes: joined(given), pieces };
}

const hold: JsonLinesOptions = { limit: 1000, beyond: "drop" };
const message = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** What parse and stringify would lose. */
const fragile = [
  '{"jsonrpc":"2.0","id":9007199254740993,"result":{"a":1.0,"b":-0,"c":1e400,"d":12345678901234567890}}',
  '{"jsonrpc":"2.0","id":1,"result":{"2":1,"1":2,"k":1,"k":2}}\r',
  '{"jsonrpc":"2.0","id":"a\\/b","result":"\\u00e9 \\ud800 é 😀 \u2028\u0085"}',
  " { } ",
  "",
  "\r",
  "junk \u0000\u001b[0m",
];

describe.each(cuts)("bytes fed $name", ({ of }) => {
  it("come out unchanged and in order, split at 0x0A alone", () => {
    const bytes = joined([utf8(`${fragile.join("\n")}\n`), Uint8Array.of(0xff, 0xc3, 0x0a, 0x80)]);
    const seen = feed(of(bytes), hold);
    expect([...seen.bytes]).toEqual([...bytes]);
    expect(seen.lines.map((line) => text(line.chunks)).slice(0, fragile.length)).toEqual(fragile.map((l) => `${l}\n`));
    expect(seen.lines.map((line) => line.verdict.isMessage)).toEqual([
      ...[true, true, true, false, false, false, false],
      ...[false, false],
    ]);
    expect(seen.lines.map((line) => line.isTerminated)).toEqual([...Array(8).fill(true), false]);
    expect(seen.lines.every((line) => line.isWhole)).toBe(true);
  });

  it("a last line without a newline is judged too", () => {
    const { lines } = feed(of(utf8(`${message}\n${message}`)), hold);
    expect(lines.map((line) => [line.verdict.isMessage, line.isTerminated, line.length])).toEqual([
      [true, true, message.length + 1],
      [true, false, message.length],
    ]);
  });

  it("a line as long as the limit is held, a longer one dropped with its ids known", () => {
    const result = (length: number) => {
      const line = `{"result":"","jsonrpc":"2.0","id":"last"}`;
      return line.replace('""', `"${"x".repeat(length - line.length)}"`);
    };
    const { lines } = feed(of(utf8(`${result(1000)}\n${result(1001)}\n${message}\n`)), hold);
    expect(lines.map((line) => [line.isWhole, line.length])).toEqual([
      [true, 1001],
      [false, 1002],
      [true, message.length + 1],
    ]);
    expect(lines.map((line) => line.verdict.isMessage)).toEqual([true, true, true]);
    expect(lines.map((line) => line.verdict.envelopes[0]?.id?.key)).toEqual(["string last", "string last", "number 1"]);
    expect(text(lines[1]!.chunks)).toMatch(/^\{"result":"xxx/);
    expect(joined(lines[1]!.chunks).length).toBeLessThanOrEqual(1024);
  });

  it("longer lines stream where that is asked for, and end in a judged line", () => {
    const long = `{"jsonrpc":"2.0","method":"m","params":"${"x".repeat(3000)}","id":5}`;
    const bytes = utf8(`${message}\n${long}\n${message}\n${long}`);
    const { lines, bytes: given, pieces } = feed(of(bytes), { limit: 1000, beyond: "stream" });
    expect(text(given)).toBe(text(bytes));
    expect(pieces).toBeGreaterThan(0);
    expect(lines.map((line) => line.verdict.envelopes[0]?.id?.key)).toEqual([1, 5, 1, 5].map((id) => `number ${id}`));
    expect(lines.map((line) => line.isWhole)).toEqual([true, false, true, false]);
    expect(lines.map((line) => line.isTerminated)).toEqual([true, true, true, false]);
  });
});

it("a line that is no message is held up to 1 MiB and then only its beginning is", () => {
  const options: JsonLinesOptions = { limit: 64 * LARGEST_NOISE, beyond: "drop" };
  const chunks = (length: number) => cutAtRandom(utf8(`${"x".repeat(length - 1)}\n`), 3, 50_000);
  expect(feed(chunks(LARGEST_NOISE), options).lines).toMatchObject([{ isWhole: true, length: LARGEST_NOISE }]);
  const [line] = feed(chunks(LARGEST_NOISE + 2), options).lines;
  expect(line).toMatchObject({ isWhole: false, length: LARGEST_NOISE + 2 });
  expect(joined(line!.chunks).length).toBe(1024);
});

it("isInLine says whether a line has begun", () => {
  const splitter = new JsonLines(hold);
  const states = ["", "{", "}", "\n", "{}\n{", "\n"].map((part) => {
    splitter.push(utf8(part));
    return splitter.isInLine;
  });
  expect(states).toEqual([false, true, true, false, true, false]);
});

it("held bytes come back in order, with few chunks however small their parts", () => {
  const random = seeded(7);
  const bytes = Uint8Array.from({ length: 300_000 }, () => Math.floor(random() * 256));
  const held = new HeldBytes();
  let at = 0;
  while (at < bytes.length) {
    const to = at + (random() < 0.01 ? 20_000 : Math.floor(random() * 40));
    held.add(bytes.slice(at, to));
    at = to;
  }
  expect(held.length).toBe(bytes.length);
  const chunks = held.take();
  expect(Buffer.compare(joined(chunks), bytes)).toBe(0);
  expect(chunks.length).toBeLessThan(60);
  expect(held.length).toBe(0);
  expect(held.take()).toEqual([]);
});

describe("lent chunks", () => {
  const lent: JsonLinesOptions = { limit: 1_000_000, beyond: "drop", isLent: true };

  it("may be overwritten before their line has ended", () => {
    const line = `{"jsonrpc":"2.0","method":"m","params":"${"0123456789".repeat(30_000)}"}\n`;
    const lines = new JsonLines(lent);
    const chunk = new Uint8Array(20_000);
    const given: string[] = [];
    for (let at = 0; at < line.length; at += chunk.length) {
      const part = utf8(line.slice(at, at + chunk.length));
      chunk.set(part);
      for (const each of lines.push(chunk.subarray(0, part.length))) {
        if (each.part === "line") given.push(text(joined(each.chunks)));
      }
      chunk.fill(0);
    }
    expect(given).toEqual([line]);
  });

  it("give lines that stay whole until the next chunk, though one line follows another", () => {
    const lines = new JsonLines(lent);
    const first = `{"jsonrpc":"2.0","method":"${"a".repeat(100_000)}"}\n`;
    const second = first.replaceAll("a", "b");
    lines.push(utf8(first.slice(0, 90_000)));
    const given = lines.push(utf8(`${first.slice(90_000)}${second}${second.slice(0, 90_000)}`));
    expect(given.map((each) => each.part === "line" && text(joined(each.chunks)))).toEqual([first, second]);
  });

  it("are held in the same memory, line after line", () => {
    const lines = new JsonLines(lent);
    const line = utf8(`{"jsonrpc":"2.0","method":"${"a".repeat(200_000)}"}\n`);
    const buffers = new Set<ArrayBufferLike>();
    for (let count = 0; count < 20; count++) {
      lines.push(line.slice(0, 150_000));
      for (const each of lines.push(line.slice(150_000))) {
        if (each.part === "line") for (const { buffer } of each.chunks) buffers.add(buffer);
      }
    }
    expect(buffers.size).toBe(Math.ceil(line.length / (64 * 1024)));
  });
});

it("each line of a chunk is given before the next one is stepped over", () => {
  const lines = new JsonLines(hold);
  const whole: boolean[] = [];
  lines.split(utf8("[1111111111]\n[2222222222]\n"), (part) => {
    if (part.part === "line") whole.push(part.isWhole);
    lines.limit = 5; // from the next line on
  });
  expect(whole).toEqual([true, false]);
});

it("parts that follow each other in one buffer leave as one", () => {
  const buffer = utf8("abcdef");
  const chunks: Uint8Array[] = [];
  append(chunks, buffer.subarray(0, 2));
  append(chunks, buffer.subarray(2, 4));
  append(chunks, buffer.subarray(5, 6));
  append(chunks, utf8("......g").subarray(6));
  expect(chunks.map((chunk) => text(chunk))).toEqual(["abcd", "f", "g"]);
});
