/** JSON lines and envelopes against JSON.parse and a plain split: the same lines, ids, methods and kinds, however they are cut. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { EnvelopeScanner, type Verdict } from "../../src/mcp/envelope.ts";
import type { Envelope } from "../../src/mcp/envelope-draft.ts";
import { JsonLines, type Line, type Piece } from "../../src/mcp/json-lines.ts";
import { messageId } from "../../src/mcp/message-id.ts";
import { cuts, mutated, mutations, pieces } from "./mutations.ts";
import { property } from "./property.ts";

const encoder = new TextEncoder();
const space = fc.constantFrom("", "", "", " ", "\t", "  ", "\r");

/** A JSON string token of a text, some of its characters escaped. */
function tokenOf(text: string, escapes: readonly boolean[]): string {
  const units = [...text].map((character, i) => {
    if (escapes[i % Math.max(1, escapes.length)] !== true) return JSON.stringify(character).slice(1, -1);
    return character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
  });
  return `"${units.join("").replaceAll("/", escapes[0] === true ? "\\/" : "/")}"`;
}

const stringToken = fc
  .record({
    text: fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        "2.0",
        "a/b",
        "notifications/cancelled",
        "\ud83d\ude00",
        "__proto__",
        "requestId",
        "constructor",
        "id",
        "method",
        "ids",
        "methods",
        "errors",
        "requestIds",
        "2.00",
      ),
    ),
    escapes: fc.array(fc.boolean(), { maxLength: 4 }),
  })
  .map(({ text, escapes }) => tokenOf(text, escapes));
const numberToken = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("0", "-0", "1.0", "1e0", "10e-1", "9007199254740993", "1e400", "-1.5E+3", "1E-2", "100", "0.0e7"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);
const literal = fc.constantFrom("null", "true", "false");
const { value } = fc.letrec<{ value: string; members: string; elements: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    stringToken,
    numberToken,
    literal,
    tie("elements"),
    tie("members"),
  ),
  elements: fc
    .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
    .map((all) => `[${all.map(joined).join(",")}]`),
  members: fc
    .array(fc.tuple(space, stringToken, space, tie("value"), space), { maxLength: 4 })
    .map((all) => `{${all.map(([a, key, b, held, c]) => `${a}${key}${b}:${held}${c}`).join(",")}}`),
}));

const joined = (parts: readonly string[]): string => parts.join("");
/** A member's name, escaped or not. */
function named(name: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(`"${name}"`) },
    {
      weight: 1,
      arbitrary: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }).map((escapes) => tokenOf(name, escapes)),
    },
  );
}
const id = fc.oneof({ weight: 4, arbitrary: numberToken }, { weight: 4, arbitrary: stringToken }, literal, value);
const method = fc.oneof(
  fc.constantFrom('"tools/call"', '"initialize"', '"notifications/cancelled"'),
  stringToken,
  value,
);
const params = fc.oneof(
  id.map((requestId) => `{"requestId":${requestId},"reason":"r"}`),
  value,
);
const member = fc.oneof(
  fc.tuple(named("jsonrpc"), fc.oneof({ weight: 9, arbitrary: fc.constant('"2.0"') }, value)),
  fc.tuple(named("id"), id),
  fc.tuple(named("method"), method),
  fc.tuple(named("params"), params),
  fc.tuple(named("result"), value),
  fc.tuple(named("error"), value),
  fc.tuple(stringToken, value),
  fc.tuple(stringToken, params),
);
const message = fc
  .record({ head: fc.boolean(), members: fc.array(fc.tuple(space, member, space), { maxLength: 6 }) })
  .map(({ head, members }) => {
    const all = members.map(([before, [name, held], after]) => `${before}${name}${after}:${before}${held}${after}`);
    return `{${[...(head ? ['"jsonrpc":"2.0"'] : []), ...all].join(",")}}`;
  });
const json = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 2, arbitrary: fc.array(message, { maxLength: 3 }).map((all) => `[${all.join(",")}]`) },
  { weight: 1, arbitrary: value },
);
const line = fc.oneof(
  { weight: 5, arbitrary: json.map((text) => encoder.encode(text)) },
  {
    weight: 4,
    arbitrary: fc
      .record({ text: json, changes: mutations })
      .map(({ text, changes }) => mutated(encoder.encode(text), changes)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
);

describe("an envelope", () => {
  property(
    "is what JSON.parse and JSON-RPC make of the text, wherever it is cut",
    fc.record({ text: line, lengths: cuts }),
    ({ text, lengths }) => {
      const scanner = new EnvelopeScanner();
      for (const piece of pieces(text, lengths)) scanner.scan(piece);
      const verdict = scanner.end();
      const expected = judged(text);
      expect(verdict.isMessage).toBe(expected !== undefined);
      if (expected !== undefined) expect(verdict.envelopes.map(known)).toEqual(expected);
      expect(scanner.end()).toEqual({ isMessage: false, isTooComplex: false, envelopes: [] } satisfies Verdict);
    },
    4000,
  );

  property(
    "ids are equal exactly where their values are",
    fc.tuple(fc.oneof(stringToken, numberToken), fc.oneof(stringToken, numberToken)),
    ([a, b]) => {
      const isEqual = messageId(encoder.encode(a)).key === messageId(encoder.encode(b)).key;
      expect(isEqual).toBe(exact(a) === exact(b));
    },
    1500,
  );
});

describe("lines", () => {
  const stream = fc.record({
    lines: fc.array(line, { maxLength: 6 }),
    isTerminated: fc.boolean(),
    lengths: cuts,
    limit: fc.constantFrom(1000, 40, 1),
    beyond: fc.constantFrom("drop" as const, "stream" as const),
  });

  property(
    "are those of a split at the newlines, byte for byte, each judged alone, and what is held of one is bounded",
    stream,
    ({ lines, isTerminated, lengths, limit, beyond }) => {
      const bytes = Uint8Array.from(Buffer.concat(lines.flatMap((each) => [each, Uint8Array.of(0x0a)])));
      const fed = isTerminated ? bytes : bytes.subarray(0, -1);
      const split = new JsonLines({ limit, beyond });
      const parts = pieces(fed, lengths).flatMap((piece) => split.push(piece));
      const last = split.end();
      if (last !== undefined) parts.push(last);
      const expected = splitAt(Buffer.from(fed));
      expect(parts.filter((part) => part.part === "line").length).toBe(expected.length);
      expect(split.isInLine).toBe(false);
      checkParts(parts, expected, beyond, limit);
    },
    1500,
  );
});

/** What was given of each line is all of it, or what may be dropped was. */
function checkParts(
  parts: readonly (Line | Piece)[],
  expected: readonly Buffer[],
  beyond: "drop" | "stream",
  limit: number,
): void {
  let earlier: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    if (part.part === "piece") {
      expect(beyond).toBe("stream");
      earlier.push(part.bytes);
      continue;
    }
    const wanted = expected[at++] as Buffer;
    const given = Buffer.concat([...earlier, ...part.chunks]);
    expect(part.length).toBe(wanted.length);
    expect(part.isTerminated).toBe(wanted.at(-1) === 0x0a);
    const content = wanted.length - (part.isTerminated ? 1 : 0);
    if (content <= limit) expect(part.isWhole).toBe(true);
    if (beyond === "stream" || part.isWhole) expect(given.equals(wanted)).toBe(true);
    else expect(given.equals(wanted.subarray(0, Math.min(given.length, 1024)))).toBe(true);
    if (part.isWhole) expect(wanted.length).toBeLessThanOrEqual(limit + 1);
    const messages = judged(wanted);
    expect(part.verdict.isMessage).toBe(messages !== undefined);
    if (messages !== undefined) expect(part.verdict.envelopes.map(known)).toEqual(messages);
    earlier = [];
  }
  expect(earlier).toEqual([]);
}

function splitAt(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
    lines.push(bytes.subarray(from, at + 1));
    from = at + 1;
  }
  return from < bytes.length ? [...lines, bytes.subarray(from)] : lines;
}

interface Known {
  readonly kind: Envelope["kind"];
  readonly id: string | undefined;
  readonly method: string | undefined;
  readonly isError: boolean;
  readonly requestId: string | undefined;
}

/** An envelope with its ids as exact values. */
function known({ kind, id, method, isError, requestId }: Envelope): Known {
  const exactly = (given: typeof id): string | undefined => given && exact(Buffer.from(given.raw).toString("utf8"));
  return { kind, id: exactly(id), method, isError, requestId: exactly(requestId) };
}

/** One spelling for each JSON string or number, by JSON.parse and BigInt. */
function exact(token: string): string {
  if (token.startsWith('"')) return `string ${JSON.parse(token) as string}`;
  const [, sign = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(token) ?? [];
  let digits = BigInt(whole + fraction);
  let exponent = BigInt(power) - BigInt(fraction.length);
  if (digits === 0n) return "number 0";
  while (digits % 10n === 0n) {
    digits /= 10n;
    exponent += 1n;
  }
  return `number ${sign}${digits}e${exponent}`;
}

/** The messages in a text by JSON-RPC 2.0 §4, §5, §6; undefined where it is none. JSON.parse with the source of numbers kept. */
function judged(bytes: Uint8Array): readonly Known[] | undefined {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const all = Array.isArray(parsed) ? parsed : [parsed];
  const messages = all.map(messageOf);
  return messages.length > 0 && messages.every((each) => each !== undefined) ? messages : undefined;
}

/** A JSON number as it was written. */
class Source {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

/** JSON.parse, numbers as Source: they are told from the text by marking them, which keeps all that JSON.parse refuses refused. */
function parse(text: string): unknown {
  JSON.parse(text);
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ "\0number": token }),
  );
  return JSON.parse(marked, (_, held: unknown) => {
    if (typeof held !== "object" || held === null || !Object.hasOwn(held, "\0number")) return held;
    return new Source((held as Readonly<Record<string, string>>)["\0number"] as string);
  });
}

function messageOf(held: unknown): Known | undefined {
  if (typeof held !== "object" || held === null || Array.isArray(held) || held instanceof Source) return undefined;
  const all = new Map(Object.entries(held));
  const { id, isFit } = idOf(all.get("id"), all.has("id"));
  const given = all.get("method");
  if (all.get("jsonrpc") !== "2.0" || !isFit) return undefined;
  if (all.has("method") && typeof given !== "string") return undefined;
  const isError = all.has("error") && !all.has("result");
  const isResponse = all.has("error") || (all.has("result") && id !== undefined);
  if (!all.has("method") && !isResponse) return undefined;
  const kind = !all.has("method") ? "response" : id === undefined ? "notification" : "request";
  const inner = all.get("params");
  const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner) && !(inner instanceof Source);
  const asked = isObject ? new Map(Object.entries(inner)).get("requestId") : undefined;
  return {
    kind,
    id,
    method: typeof given === "string" ? given : undefined,
    isError: kind === "response" && isError,
    requestId: idOf(asked, true).id,
  };
}

function idOf(held: unknown, isThere: boolean): { readonly id: string | undefined; readonly isFit: boolean } {
  if (!isThere || held === null) return { id: undefined, isFit: true };
  if (typeof held === "string") return { id: `string ${held}`, isFit: true };
  return held instanceof Source ? { id: exact(held.token), isFit: true } : { id: undefined, isFit: false };
}
