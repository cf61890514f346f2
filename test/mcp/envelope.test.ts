import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnvelopeScanner, type Verdict } from "../../src/mcp/envelope.ts";
import { cutAtRandom, cuts, text, utf8 } from "./cuts.ts";

function scan(parts: readonly Uint8Array[]): Verdict {
  const scanner = new EnvelopeScanner();
  for (const part of parts) scanner.scan(part);
  return scanner.end();
}

/** An envelope in short: kind, raw id, method, and what else is there. */
function short(verdict: Verdict): string[] {
  return verdict.envelopes.map(({ kind, id, method, isError, requestId }) => {
    const words: (string | undefined)[] = [kind, id && text(id.raw), method, isError ? "error" : undefined];
    if (requestId !== undefined) words.push(`requestId ${text(requestId.raw)}`);
    return words.filter((word) => word !== undefined).join(" ");
  });
}

const messages: readonly { name: string; given: string; expect: string[] }[] = [
  { name: "a request", given: '{"jsonrpc":"2.0","id":1,"method":"ping"}', expect: ["request 1 ping"] },
  {
    name: "spaces all about, and CR",
    given: ' {\t"jsonrpc" : "2.0" , "id" : 1,"method":"ping" } \r\n',
    expect: ["request 1 ping"],
  },
  {
    name: "a notification",
    given: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    expect: ["notification notifications/initialized"],
  },
  {
    name: "a result, its id last",
    given: '{"result":{"id":7,"method":"x"},"jsonrpc":"2.0","id":"a"}',
    expect: ['response "a"'],
  },
  {
    name: "an error",
    given: '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}',
    expect: ["response 1 error"],
  },
  {
    name: "an error without an id",
    given: '{"jsonrpc":"2.0","error":{"code":-1,"message":"m"}}',
    expect: ["response error"],
  },
  { name: "an error with the id null", given: '{"jsonrpc":"2.0","id":null,"error":{}}', expect: ["response error"] },
  { name: "a null result", given: '{"jsonrpc":"2.0","id":1,"result":null}', expect: ["response 1"] },
  {
    name: "a result and a null error",
    given: '{"jsonrpc":"2.0","id":1,"result":{},"error":null}',
    expect: ["response 1"],
  },
  {
    name: "escaped keys",
    given: '{"\\u006asonrpc":"2.0","\\u0069d":1,"met\\u0068od":"ping"}',
    expect: ["request 1 ping"],
  },
  {
    name: "escaped values",
    given: '{"jsonrpc":"2\\u002e0","id":"a\\/b","method":"tools\\/call"}',
    expect: ['request "a\\/b" tools/call'],
  },
  {
    name: "keys that only begin, or end, as ours",
    given:
      '{"jsonrpc":"2.0","id":1,"method":"a","ids":2,"i":3,"xid":4,"methods":"b","results":5,"params":{"requestIds":6}}',
    expect: ["request 1 a"],
  },
  {
    name: "the last of a repeated key",
    given: '{"jsonrpc":"2.0","id":1,"id":2,"method":"a","method":"b"}',
    expect: ["request 2 b"],
  },
  {
    name: "an integer beyond 2^53",
    given: '{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}',
    expect: ["request 9007199254740993 a"],
  },
  { name: "a fractional id", given: '{"jsonrpc":"2.0","id":-1.5e+3,"method":"a"}', expect: ["request -1.5e+3 a"] },
  {
    name: "a cancellation",
    given: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"x":{"requestId":9},"requestId":3}}',
    expect: ["notification notifications/cancelled requestId 3"],
  },
  {
    name: "a cancellation with an escaped key",
    given: '{"params":{"request\\u0049d":"3"},"jsonrpc":"2.0","method":"n"}',
    expect: ['notification n requestId "3"'],
  },
  {
    name: "requestId that was none before",
    given: '{"jsonrpc":"2.0","method":"n","params":{"requestId":[],"requestId":{"requestId":1},"requestId":2}}',
    expect: ["notification n requestId 2"],
  },
  {
    name: "requestId elsewhere",
    given: '{"jsonrpc":"2.0","method":"n","requestId":1,"meta":{"requestId":2},"params":[{"requestId":3}]}',
    expect: ["notification n"],
  },
  {
    name: "requestId behind params",
    given: '{"params":{},"meta":{"requestId":2},"jsonrpc":"2.0","method":"n"}',
    expect: ["notification n"],
  },
  {
    name: "requestId of params that were repeated",
    given: '{"jsonrpc":"2.0","method":"n","params":{"requestId":1},"params":{}}',
    expect: ["notification n"],
  },
  {
    name: "members of params do not count",
    given: '{"jsonrpc":"2.0","id":1,"method":"m","params":{"id":2,"method":"x","result":1,"jsonrpc":"1"}}',
    expect: ["request 1 m"],
  },
  {
    name: "a request with the id null is no request",
    given: '{"jsonrpc":"2.0","id":null,"method":"m"}',
    expect: ["notification m"],
  },
  {
    name: "a batch",
    given:
      '[{"jsonrpc":"2.0","id":1,"method":"a"}, {"jsonrpc":"2.0","method":"b","params":{"requestId":1}},{"id":2,"result":[],"jsonrpc":"2.0"}]',
    expect: ["request 1 a", "notification b requestId 1", "response 2"],
  },
  {
    name: "every kind of value",
    given:
      '{"jsonrpc":"2.0","id":1,"result":[true,false,null,0,-0,1.5,1e9,2E-3,"",{},[],"\\b\\f\\n\\r\\t\\"\\\\\\/\\uD800"]}',
    expect: ["response 1"],
  },
  {
    name: "an id of 1,024 bytes",
    given: `{"jsonrpc":"2.0","id":"${"x".repeat(1022)}","method":"m"}`,
    expect: [`request "${"x".repeat(1022)}" m`],
  },
  {
    name: "a longer id, which is not tracked",
    given: `{"jsonrpc":"2.0","id":"${"x".repeat(1023)}","method":"m"}`,
    expect: ["request m"],
  },
  {
    name: "a method too long to know",
    given: `{"jsonrpc":"2.0","id":1,"method":"${"x".repeat(2000)}"}`,
    expect: ["request 1"],
  },
  {
    name: "a key longer than any of interest",
    given: `{"${"\\u0069".repeat(1000)}":1,"jsonrpc":"2.0","id":1,"method":"m"}`,
    expect: ["request 1 m"],
  },
  {
    name: "non-ASCII keys and values",
    given: '{"é":"😀","jsonrpc":"2.0","id":"ü","method":"m"}',
    expect: ['request "ü" m'],
  },
  {
    name: "nesting of 10,000",
    given: `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(9_999)}${"]".repeat(9_999)}}`,
    expect: ["response 1"],
  },
];

describe.each(cuts)("messages fed $name", ({ of }) => {
  it.each(messages)("$name", ({ given, expect: expected }) => {
    const verdict = scan(of(utf8(given)));
    expect(short(verdict)).toEqual(expected);
    expect(verdict.isMessage).toBe(true);
  });
});

const whole = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

const noise: readonly { name: string; given: string }[] = [
  { name: "nothing", given: "" },
  { name: "spaces", given: " \r\n" },
  { name: "words", given: "Welcome to Ubuntu" },
  { name: "a prompt before it", given: `prompt$ ${whole}` },
  { name: "garbage behind it", given: `${whole}prompt$` },
  { name: "two in one line", given: `${whole}${whole}` },
  { name: "two in one line with a comma", given: `${whole},${whole}` },
  { name: "a byte order mark before it", given: `\ufeff${whole}` },
  { name: "a comma behind it", given: `${whole},` },
  { name: "a bracket behind it", given: `${whole}]` },
  { name: "a number", given: "42" },
  { name: "a string", given: '"jsonrpc"' },
  { name: "true", given: "true" },
  { name: "an empty object", given: "{}" },
  { name: "an empty array", given: "[]" },
  { name: "another object", given: '{"level":"info","msg":"listening"}' },
  { name: "JSON-RPC 1.0", given: '{"jsonrpc":"1.0","id":1,"method":"ping"}' },
  { name: "no jsonrpc", given: '{"id":1,"method":"ping"}' },
  { name: "a jsonrpc that is a number", given: '{"jsonrpc":2.0,"id":1,"method":"ping"}' },
  { name: "the last jsonrpc wrong", given: '{"jsonrpc":"2.0","id":1,"method":"ping","jsonrpc":2}' },
  { name: "neither method nor result nor error", given: '{"jsonrpc":"2.0","id":1}' },
  { name: "a result without an id", given: '{"jsonrpc":"2.0","result":{}}' },
  { name: "a result with the id null", given: '{"jsonrpc":"2.0","id":null,"result":{}}' },
  { name: "an id that is an object", given: '{"jsonrpc":"2.0","id":{},"method":"ping"}' },
  { name: "an id that is an array", given: '{"jsonrpc":"2.0","id":[1],"method":"ping"}' },
  { name: "an id that is true", given: '{"jsonrpc":"2.0","id":true,"method":"ping"}' },
  { name: "a method that is a number", given: '{"jsonrpc":"2.0","id":1,"method":1}' },
  { name: "a method that is null", given: '{"jsonrpc":"2.0","id":1,"method":null}' },
  { name: "a batch with a number", given: `[${whole},1]` },
  { name: "a batch with a string", given: `[${whole},"x"]` },
  { name: "a batch with null", given: `[${whole},null]` },
  { name: "a batch in a batch", given: `[[${whole}]]` },
  { name: "a batch with another object", given: `[${whole},{}]` },
  { name: "a batch that is not closed", given: `[${whole}` },
  { name: "a batch with a trailing comma", given: `[${whole},]` },
  { name: "a raw tab in a string", given: '{"jsonrpc":"2.0","id":1,"method":"a\tb"}' },
  { name: "a raw escape in a string", given: '{"jsonrpc":"2.0","id":1,"method":"a\u001bb"}' },
  { name: "a raw newline in a string", given: '{"jsonrpc":"2.0","id":1,"method":"a\nb"}' },
  { name: "an unknown escape", given: '{"jsonrpc":"2.0","id":1,"method":"a\\x"}' },
  { name: "a short \\u", given: '{"jsonrpc":"2.0","id":1,"method":"\\u12"}' },
  { name: "single quotes", given: "{'jsonrpc':'2.0','id':1,'method':'m'}" },
  { name: "a bare key", given: '{jsonrpc:"2.0","id":1,"method":"m"}' },
  { name: "a missing colon", given: '{"jsonrpc" "2.0","id":1,"method":"m"}' },
  { name: "a missing comma", given: '{"jsonrpc":"2.0" "id":1,"method":"m"}' },
  { name: "a trailing comma", given: '{"jsonrpc":"2.0","id":1,"method":"m",}' },
  { name: "a leading zero", given: '{"jsonrpc":"2.0","id":01,"method":"m"}' },
  { name: "a plus", given: '{"jsonrpc":"2.0","id":+1,"method":"m"}' },
  { name: "a point without digits", given: '{"jsonrpc":"2.0","id":1.,"method":"m"}' },
  { name: "an exponent without digits", given: '{"jsonrpc":"2.0","id":1e,"method":"m"}' },
  { name: "a bare minus", given: '{"jsonrpc":"2.0","id":-,"method":"m"}' },
  { name: "NaN", given: '{"jsonrpc":"2.0","id":1,"result":NaN}' },
  { name: "Infinity", given: '{"jsonrpc":"2.0","id":1,"result":Infinity}' },
  { name: "a torn literal", given: '{"jsonrpc":"2.0","id":1,"result":tru}' },
  { name: "a longer literal", given: '{"jsonrpc":"2.0","id":1,"result":trues}' },
  { name: "a comment", given: '{"jsonrpc":"2.0",/* */"id":1,"method":"m"}' },
  { name: "brackets that cross behind a value", given: '{"jsonrpc":"2.0","id":1,"result":[{"a":1]}}' },
  { name: "braces that close an array", given: '{"jsonrpc":"2.0","id":1,"result":[1}}' },
  { name: "brackets that cross", given: '{"jsonrpc":"2.0","id":1,"result":[{]}}' },
  { name: "a bare non-ASCII byte", given: '{"jsonrpc":"2.0","id":1,"result":é}' },
  {
    name: "nesting beyond 10,000",
    given: `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
  },
];

describe.each(cuts)("what is no message, fed $name", ({ of }) => {
  it.each(noise)("$name", ({ given }) => {
    expect(scan(of(utf8(given))).isMessage).toBe(false);
  });
});

it("each cut-off message is no message", () => {
  const bytes = utf8('[{"jsonrpc":"2.0","id":-1.5e3,"result":{"a":[true,null,"\\u00e9é"]}}]');
  for (let length = 0; length < bytes.length; length++) {
    expect(scan([bytes.subarray(0, length)]).isMessage).toBe(false);
  }
  expect(scan([bytes]).isMessage).toBe(true);
});

it("whole JSON texts are told from others as JSON.parse tells them", () => {
  const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
  const spoiled = fc.tuple(
    json,
    fc.nat(),
    fc.constantFrom("", " ", '"', "{", "]", ",", "0", "\\", "e", "-", ".", "\n"),
  );
  fc.assert(
    fc.property(spoiled, fc.nat(), ([value, at, insert], seed) => {
      const where = at % (value.length + 1);
      const inner = `${value.slice(0, where)}${insert}${value.slice(where)}`;
      const line = `{"jsonrpc":"2.0","id":1,"result":${inner}}`;
      expect(scan(cutAtRandom(utf8(line), seed, 8)).isMessage).toBe(isMessageToJsonParse(line));
    }),
    { seed: 20261122, numRuns: 3000 },
  );
});

function isMessageToJsonParse(line: string): boolean {
  try {
    const value = JSON.parse(line);
    return value.jsonrpc === "2.0" && value.id === 1 && "result" in value;
  } catch {
    return false;
  }
}

it("a scanner judges one text after another", () => {
  const scanner = new EnvelopeScanner();
  const judge = (given: string): string => {
    scanner.scan(utf8(given));
    const verdict = scanner.end();
    return `${verdict.isMessage} ${short(verdict)}`;
  };
  expect(judge(whole)).toBe("true request 1 ping");
  expect(judge('{"jsonrpc":"2.0","id":')).toBe("false ");
  expect(judge(`[${whole}]`)).toBe("true request 1 ping");
  expect(judge("[[")).toBe("false ");
  expect(judge(whole)).toBe("true request 1 ping");
});

it("isFaulty says at once that no message can come of it", () => {
  const scanner = new EnvelopeScanner();
  scanner.scan(utf8('{"jsonrpc"'));
  expect(scanner.isFaulty).toBe(false);
  scanner.scan(utf8(" $"));
  expect(scanner.isFaulty).toBe(true);
});

it.each([
  { name: "nested too deeply", given: `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(10_000)}` },
  {
    name: "nested too deeply, and whole,",
    given: `{"jsonrpc":"2.0","id":1,"result":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
  },
  {
    name: "a batch of too many",
    given: `[{"jsonrpc":"2.0","id":1,"result":0}${`,{"jsonrpc":"2.0","method":"n"}`.repeat(10_000)}`,
  },
])("what is $name keeps the ids read before", ({ given }) => {
  const verdict = scan([utf8(given)]);
  expect(verdict).toMatchObject({ isMessage: false, isTooComplex: true });
  expect(short(verdict)[0]).toBe("response 1");
});

describe("a long string", () => {
  const before = utf8('{"jsonrpc":"2.0","method":"m","params":{"text":"');
  const after = utf8('"}}');

  /** Judges a string of 150 bytes `fill` with `odd` at one place, at an address that is `offset` behind a multiple of 4. */
  function isMessage(fill: number, odd: number, place: number, offset: number): boolean {
    const line = new Uint8Array(offset + before.length + 150 + after.length).fill(fill);
    line.set(before, offset);
    line[offset + before.length + place] = odd;
    line.set(after, offset + before.length + 150);
    const scanner = new EnvelopeScanner();
    scanner.scan(line.subarray(offset));
    return scanner.end().isMessage;
  }

  it.each([0x20, 0x21, 0x23, 0x5b, 0x5d, 0x61, 0x7f, 0x80, 0xff])(
    "of %i is stepped over up to the byte that does not stand for itself, wherever that stands",
    (fill) => {
      for (let odd = 0; odd < 256; odd++) {
        const isPlain = odd >= 0x20 && odd !== 0x22 && odd !== 0x5c;
        for (const place of [0, 63, 64, 65, 66, 67, 68, 69, 146, 147, 148, 149]) {
          for (let offset = 0; offset < 4; offset++) {
            const isJudged = isMessage(fill, odd, place, offset);
            if (isJudged !== isPlain) expect.fail(`${odd} at ${place}, offset ${offset}, is judged ${isJudged}`);
          }
        }
      }
    },
  );
});
