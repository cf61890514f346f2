/** Wire and messages: every layout, right and wrong. */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { ProtocolError } from "../../src/ssh/errors.ts";
import * as messages from "../../src/ssh/messages.ts";
import { decode, decodeFields, encode, encodeMpint, type Fields, type FieldType } from "../../src/ssh/wire.ts";
import { fieldsOf, layouts } from "./messages.ts";
import { mutated, mutations } from "./mutations.ts";
import { property, refusable } from "./property.ts";

const anyLayout = fc.constantFrom(...layouts);
const anyMessage = anyLayout.chain((layout) => fieldsOf(layout.fields).map((message) => ({ layout, message })));
const extraFields = Object.entries(messages).filter(([, value]) => !("number" in value)) as [string, Fields][];

describe("messages", () => {
  property(
    "a message that is encoded is decoded as it was",
    anyMessage,
    ({ layout, message }) => {
      expect(decode(layout, encode(layout, message))).toEqual(message);
    },
    1500,
  );

  property(
    "a payload is refused by a ProtocolError, or encoded again as it came",
    fc.record({ sample: anyMessage, changes: mutations }),
    ({ sample: { layout, message }, changes }) => {
      const payload = mutated(encode(layout, message), changes);
      payload[0] = layout.number;
      if (payload.length === 0) return;
      const read = refusable(() => decode(layout, payload), ProtocolError);
      const wanted = reference(layout.fields, payload.subarray(1));
      expect(read).toEqual(wanted);
    },
    3000,
  );

  property(
    "what a request or an extension adds is refused by a ProtocolError, or read as the RFC says",
    fc.record({ fields: fc.constantFrom(...extraFields), bytes: fc.uint8Array({ maxLength: 60 }) }),
    ({ fields: [name, fields], bytes }) => {
      expect(refusable(() => decodeFields(name, fields, bytes), ProtocolError)).toEqual(reference(fields, bytes));
    },
    1000,
  );
});

describe("mpint", () => {
  property("is what BigInt makes of it", fc.bigInt({ min: 0n, max: 2n ** 600n }), (value) => {
    const digits = value.toString(16);
    const magnitude = Uint8Array.from(Buffer.from(digits.padStart(160, "0"), "hex"));
    const encoded = encodeMpint(magnitude);
    const content = Buffer.from(encoded.subarray(4)).toString("hex");
    expect(new DataView(encoded.buffer).getUint32(0)).toBe(encoded.length - 4);
    expect(content === "" ? 0n : BigInt(`0x${content}`)).toBe(value);
    expect(content).not.toMatch(/^([89a-f]|00[0-7]|00$)/); // negative, or longer than it must be
  });
});

/** RFC 4251 §5, written a second time and without its shortcuts; undefined where the bytes are not these fields. */
function reference(fields: Fields, bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const all = Buffer.from(bytes);
  const values: Record<string, unknown> = {};
  let at = 0;
  const take = (length: number): Buffer | undefined => {
    if (at + length > all.length) return undefined;
    at += length;
    return all.subarray(at - length, at);
  };
  const string = (): Buffer | undefined => {
    const length = take(4)?.readUInt32BE();
    return length === undefined ? undefined : take(length);
  };
  const readers: Readonly<Record<FieldType, () => unknown>> = {
    byte: () => take(1)?.[0],
    boolean: () => take(1)?.some((byte) => byte !== 0),
    uint32: () => take(4)?.readUInt32BE(),
    uint64: () => take(8)?.readBigUInt64BE(),
    cookie: () => plain(take(16)),
    rest: () => plain(take(all.length - at)),
    string: () => plain(string()),
    text: () => string()?.toString("utf8"),
    "name-list": () => nameList(string()),
    mpint: () => mpint(string()),
  };
  for (const [name, type] of Object.entries(fields)) {
    values[name] = readers[type]();
    if (values[name] === undefined) return undefined;
  }
  return at === all.length ? values : undefined;
}

function plain(bytes: Buffer | undefined): Uint8Array | undefined {
  return bytes && Uint8Array.from(bytes);
}

/** RFC 4251 §5, §6: names of at least one printable character of US-ASCII. */
function nameList(bytes: Buffer | undefined): readonly string[] | undefined {
  if (bytes === undefined || bytes.some((byte) => byte < 0x21 || byte > 0x7e)) return undefined;
  if (bytes.length === 0) return [];
  const names = bytes.toString("latin1").split(",");
  return names.includes("") ? undefined : names;
}

/** RFC 4251 §5: not negative here, no needless zeros. */
function mpint(bytes: Buffer | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  const [first = 0, second = 0] = bytes;
  if (first > 0x7f || (bytes.length > 0 && first === 0 && second < 0x80)) return undefined;
  return Uint8Array.from(bytes.subarray(first === 0 ? 1 : 0));
}
