import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfBits, DerReader, isSequence, TAG } from "../../src/ssh/der.ts";
import { KeyFormatError } from "../../src/ssh/errors.ts";
import { bytes, hex } from "../support/vectors.ts";

const reader = (digits: string): DerReader => new DerReader(bytes(digits.replaceAll(" ", "")));

/** What is wrong, or undefined. */
function refusal(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof KeyFormatError) return error.message.replace("this private key is damaged: its DER ", "");
    throw error;
  }
}

describe("an integer", () => {
  test.each([
    ["0", "02 01 00", ""],
    ["127", "02 01 7f", "7f"],
    ["128", "02 02 00 80", "80"],
    ["256", "02 02 01 00", "0100"],
  ])("%s", (_, digits, expected) => {
    expect(hex(reader(digits).integer())).toBe(expected);
  });

  test.each([
    ["without digits", "02 00", "has a number without digits"],
    ["negative", "02 01 80", "has a negative number"],
    ["with a needless zero", "02 02 00 7f", "has a number that begins with needless zeros"],
    ["with two needless zeros", "02 03 00 00 80", "has a number that begins with needless zeros"],
    ["cut short", "02 02 01", "is cut short"],
    ["of another tag", "04 01 00", "has another kind of value than its format asks for"],
    ["missing", "", "has another kind of value than its format asks for"],
  ])("%s", (_, digits, expected) => {
    expect(refusal(() => reader(digits).integer())).toBe(expected);
  });

  test("of up to 48 bits as a number", () => {
    expect(reader("02 06 7f ff ff ff ff ff").smallInteger()).toBe(2 ** 47 - 1);
    expect(refusal(() => reader("02 07 01 00 00 00 00 00 00").smallInteger())).toBe(
      "has a number that is far too large",
    );
  });
});

describe("a length", () => {
  test.each([
    ["127", `04 7f ${"00".repeat(127)}`, 127],
    ["128", `04 81 80 ${"00".repeat(128)}`, 128],
    ["256", `04 82 01 00 ${"00".repeat(256)}`, 256],
  ])("of %s bytes in its shortest form", (_, digits, expected) => {
    expect(reader(digits).octetString()).toHaveLength(expected);
  });

  test.each([
    ["127 in two bytes", `04 81 7f ${"00".repeat(127)}`, "has a length in a longer form than it needs"],
    ["255 in three bytes", `04 82 00 ff ${"00".repeat(255)}`, "has a length in a longer form than it needs"],
    ["indefinite", "30 80 02 01 00 00 00", "has an indefinite length"],
    ["of five bytes", "04 85 01 00 00 00 00", "is cut short"],
    ["2^32-1", "04 84 ff ff ff ff", "is cut short"],
    ["one more than there are", "04 02 00", "is cut short"],
    ["missing", "04", "is cut short"],
    ["missing its second byte", "04 81", "is cut short"],
  ])("%s", (_, digits, expected) => {
    expect(refusal(() => reader(digits).take(digits.startsWith("30") ? 0x30 : 0x04))).toBe(expected);
  });
});

describe("an object identifier", () => {
  // X.690 8.19.5 has the second; RFC 8410, RFC 8017 and RFC 5480 the others
  test.each([
    ["06 03 2b 65 70", "1.3.101.112"],
    ["06 03 88 37 03", "2.999.3"],
    ["06 09 2a 86 48 86 f7 0d 01 01 01", "1.2.840.113549.1.1.1"],
    ["06 08 2a 86 48 ce 3d 03 01 07", "1.2.840.10045.3.1.7"],
    ["06 01 00", "0.0"],
  ])("%s", (digits, expected) => {
    expect(reader(digits).objectIdentifier()).toBe(expected);
  });

  test.each([
    ["empty", "06 00"],
    ["cut within an arc", "06 02 2b 81"],
    ["with a padded arc", "06 03 2b 80 01"],
    ["with a huge arc", "06 08 2b ff ff ff ff ff ff 7f"],
  ])("%s", (_, digits) => {
    expect(refusal(() => reader(digits).objectIdentifier())).toBe("has a name that is none");
  });
});

test("what trails is refused, in and behind a sequence", () => {
  expect(refusal(() => reader("04 00 00").only(TAG.OCTET_STRING))).toBe("has more values than its format asks for");
  expect(refusal(() => reader("30 02 05 00").sequence().end())).toBe("has more values than its format asks for");
  expect(isSequence(bytes("300205ff"))).toBe(true); // by tag and length
  expect(isSequence(bytes("3002050000"))).toBe(false);
  expect(isSequence(bytes("31020500"))).toBe(false);
});

test("bits must be whole bytes", () => {
  expect(hex(bytesOfBits(bytes("0004")))).toBe("04");
  expect(refusal(() => bytesOfBits(bytes("0104")))).toBe("has bits that are no whole bytes");
  expect(refusal(() => bytesOfBits(bytes("")))).toBe("has bits that are no whole bytes");
});

test("whatever the bytes are, nothing but KeyFormatError comes out", () => {
  const readers: readonly ((reader: DerReader) => unknown)[] = [
    (each) => each.integer(),
    (each) => each.smallInteger(),
    (each) => each.objectIdentifier(),
    (each) => each.sequence().sequence().octetString(),
    (each) => each.only(each.tag ?? 0),
    (each) => each.optional(0x30),
  ];
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(0x02, 0x04, 0x06, 0x30),
      fc.constantFrom(...readers),
      (content, tag, read) => {
        refusal(() => read(new DerReader(content)));
        refusal(() => read(new DerReader(Uint8Array.of(tag, content.length, ...content))));
      },
    ),
    { seed: 4, numRuns: 2000 },
  );
});
