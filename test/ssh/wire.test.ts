import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../src/ssh/errors.ts";
import {
  concat,
  decode,
  decodeFields,
  encode,
  encodeFields,
  encodeMpint,
  encodeString,
  type FieldType,
  type FieldValues,
  fromUtf8,
  isEqual,
  utf8,
} from "../../src/ssh/wire.ts";
import { bytes, type Case, hex, vectors } from "../support/vectors.ts";

type WireCase = Case<{ readonly type: FieldType; readonly bytes: string }, number | string | readonly string[]>;

const cases = vectors<WireCase>("wire.json");
const examples = cases.filter(({ error }) => error === undefined);
const errors = cases.filter(({ error }) => error !== undefined);

describe.each(examples)("RFC 4251 §5: $name", ({ given: { type, bytes: encoded }, expect: wanted }) => {
  test("is decoded", () => {
    const { field } = decodeFields("blob", { field: type }, bytes(encoded));
    expect(field instanceof Uint8Array ? hex(field) : field).toEqual(wanted);
  });

  test("is encoded", () => {
    const field = type === "mpint" ? bytes(wanted as string) : wanted;
    expect(hex(encodeFields({ field: type }, { field } as FieldValues<{ field: FieldType }>))).toBe(encoded);
  });
});

describe("a uint64, RFC 4251 §5", () => {
  const layout = { field: "uint64" } as const;

  test.each([
    [0n, "0000000000000000"],
    [1n, "0000000000000001"],
    [0x0102030405060708n, "0102030405060708"],
    [2n ** 63n, "8000000000000000"],
    [2n ** 64n - 1n, "ffffffffffffffff"],
  ])("%i", (field, encoded) => {
    expect(hex(encodeFields(layout, { field }))).toBe(encoded);
    expect(decodeFields("blob", layout, bytes(encoded))).toEqual({ field });
  });

  test("is not cut short", () => {
    expect(() => decodeFields("blob", layout, new Uint8Array(7))).toThrow(ProtocolError);
  });
});

describe("decoding refuses", () => {
  test.each(errors)("$name", ({ given: { type, bytes: encoded }, error, section }) => {
    const refused = thrownBy(() => decodeFields("blob", { field: type }, bytes(encoded)));
    expect(refused).toBeInstanceOf(ProtocolError);
    expect(refused).toMatchObject({ message: `blob: ${error} (${section})`, section, reason: 2 });
  });

  test("another message than the layout's, as the caller's fault", () => {
    expect(() => decode(everything, bytes("15"))).toThrow(new TypeError("not a SSH_MSG_EVERYTHING: message 21"));
    expect(() => decode(everything, new Uint8Array(0))).toThrow(TypeError);
  });
});

describe("decoding takes", () => {
  test.each([
    ["00", false],
    ["01", true],
    ["02", true],
    ["ff", true],
  ])("the boolean %s as %s: all non-zero values are TRUE", (encoded, wanted) => {
    expect(decodeFields("blob", { field: "boolean" }, bytes(encoded)).field).toBe(wanted);
  });

  test("text that is not UTF-8, with U+FFFD in it, and keeps a byte order mark", () => {
    expect(decodeFields("blob", { field: "text" }, bytes("00000003ff6162")).field).toBe("\ufffdab");
    expect(decodeFields("blob", { field: "text" }, bytes("00000004efbbbf61")).field).toBe("\ufeffa");
  });

  test("an empty rest", () => {
    const { rest } = decodeFields("blob", { byte: "byte", rest: "rest" }, bytes("05"));
    expect(rest).toEqual(new Uint8Array(0));
  });

  test("byte fields as views of the payload, without copying", () => {
    const payload = bytes("00000002abcd");
    const { field } = decodeFields("blob", { field: "string" }, payload);
    expect(field.buffer).toBe(payload.buffer);
    payload[4] = 0xee;
    expect(hex(field)).toBe("eecd");
  });

  test("a payload in the middle of a larger buffer", () => {
    const buffer = bytes("eeeeee0000000161eeee");
    expect(decodeFields("blob", { field: "text" }, buffer.subarray(3, 8)).field).toBe("a");
  });
});

/** Every type, in one message. */
const everything = {
  number: 200,
  name: "SSH_MSG_EVERYTHING",
  fields: {
    cookie: "cookie",
    byte: "byte",
    boolean: "boolean",
    uint32: "uint32",
    string: "string",
    text: "text",
    mpint: "mpint",
    nameList: "name-list",
    rest: "rest",
  },
} as const;

const byteArrays = (constraints?: fc.IntArrayConstraints) => fc.uint8Array(constraints).map((b) => Uint8Array.from(b));
const messages = fc.record({
  cookie: byteArrays({ minLength: 16, maxLength: 16 }),
  byte: fc.nat(255),
  boolean: fc.boolean(),
  uint32: fc.nat(2 ** 32 - 1),
  string: byteArrays(),
  text: fc.string({ unit: "grapheme" }),
  mpint: byteArrays().map((b) => b.subarray(b.findIndex((byte) => byte !== 0) < 0 ? b.length : b.findIndex(Boolean))),
  nameList: fc.array(fc.stringMatching(/^[!-+\--~]{1,20}$/)),
  rest: byteArrays(),
});
const seeded = { seed: 4251, numRuns: 300 };

describe("messages", () => {
  test("come back as they went", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const payload = encode(everything, message);
        expect(payload[0]).toBe(200);
        const decoded = decode(everything, payload);
        expect(plain(decoded)).toEqual(plain(message));
      }),
      seeded,
    );
  });

  test("are written in the layout's order, whatever the order of the values", () => {
    const fields = { first: "byte", second: "uint32" } as const;
    expect(hex(encodeFields(fields, { second: 2, first: 1 }))).toBe("0100000002");
  });

  test("cut short anywhere before the rest are refused, and by nothing but a ProtocolError", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const payload = encode(everything, { ...message, rest: new Uint8Array(0) });
        for (let length = 1; length < payload.length; length++) {
          expect(thrownBy(() => decode(everything, payload.subarray(0, length)))).toBeInstanceOf(ProtocolError);
        }
      }),
      { ...seeded, numRuns: 50 },
    );
  });

  test("of any bytes are decoded or refused by a ProtocolError, and re-encode to what they were", () => {
    const fields = { names: "name-list", number: "mpint", string: "string" } as const; // types with one spelling a value
    const content = fc.array(fc.constantFrom(0, 1, 0x2c, 0x61, 0x80), { maxLength: 4 });
    const strings = fc.array(content, { minLength: 2, maxLength: 4 });
    const flip = fc.option(fc.record({ at: fc.nat(11), mask: fc.constantFrom(1, 2, 0x80) }));
    let decoded = 0;
    fc.assert(
      fc.property(strings, flip, (parts, flipped) => {
        const given = Uint8Array.from(parts.flatMap((part) => [0, 0, 0, part.length, ...part]));
        if (flipped !== null && flipped.at < given.length) given[flipped.at]! ^= flipped.mask;
        const error = thrownBy(() => {
          expect(hex(encodeFields(fields, decodeFields("blob", fields, given)))).toBe(hex(given));
          decoded += 1;
        });
        if (error !== undefined) expect(error).toBeInstanceOf(ProtocolError);
      }),
      { ...seeded, numRuns: 3000 },
    );
    expect(decoded).toBeGreaterThan(20);
  });
});

describe("encodeMpint", () => {
  test.each([
    ["", "00000000"],
    ["00", "00000000"],
    ["0000", "00000000"],
    ["7f", "000000017f"],
    ["80", "000000020080"],
    ["000080", "000000020080"],
    ["00007f", "000000017f"],
    ["0100", "000000020100"],
    ["ff00ff", "0000000400ff00ff"],
  ])("of %s is %s", (magnitude, encoded) => expect(hex(encodeMpint(bytes(magnitude)))).toBe(encoded));

  test("keeps the number, in the fewest bytes that leave it positive", () => {
    fc.assert(
      fc.property(byteArrays({ maxLength: 40 }), (magnitude) => {
        const encoded = encodeMpint(magnitude);
        const digits = hex(encoded.subarray(4));
        expect(new DataView(encoded.buffer).getUint32(0)).toBe(encoded.length - 4);
        expect(BigInt(`0x0${digits}`)).toBe(BigInt(`0x0${hex(magnitude)}`));
        expect(digits).not.toMatch(/^00([0-7]|$)/);
        expect(digits).not.toMatch(/^[89a-f]/);
      }),
      seeded,
    );
  });

  test("does not change its argument", () => {
    const magnitude = bytes("0080");
    encodeMpint(magnitude);
    expect(hex(magnitude)).toBe("0080");
  });
});

test("encodeString puts the length first", () => {
  expect(hex(encodeString(new Uint8Array(0)))).toBe("00000000");
  expect(hex(encodeString(new Uint8Array(258)))).toBe(`00000102${"00".repeat(258)}`);
});

test("concat joins any number of arrays into a new one", () => {
  const [a, b] = [bytes("01"), bytes("0203")];
  expect(hex(concat())).toBe("");
  expect(hex(concat(a, new Uint8Array(0), b))).toBe("010203");
  expect(concat(a)).not.toBe(a);
});

test.each([
  ["", "", true],
  ["01", "01", true],
  ["01", "02", false],
  ["0102", "01", false],
  ["01", "0102", false],
  ["00", "", false],
])("isEqual(%s, %s) is %s", (a, b, wanted) => expect(isEqual(bytes(a), bytes(b))).toBe(wanted));

test("utf8 and fromUtf8 are each other's inverse", () => {
  expect(hex(utf8("é€😀"))).toBe("c3a9e282acf09f9880");
  expect(fromUtf8(bytes("c3a9e282acf09f9880"))).toBe("é€😀");
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** With byte arrays as hex, so that a view equals a copy. */
function plain(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, value instanceof Uint8Array ? hex(value) : value]),
  );
}
