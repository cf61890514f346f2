/** Messages: values for every field of every layout that the client knows. */
import fc from "fast-check";
import * as messages from "../../src/ssh/messages.ts";
import type { Fields, FieldType, FieldValues, Layout } from "../../src/ssh/wire.ts";
import { uint32 } from "./mutations.ts";

/** All messages. */
export const layouts: readonly Layout[] = Object.values(messages).filter((value) => "number" in value) as Layout[];

const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 400 }));
/** Well-formed UTF-16, also what would steer a terminal. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "ssh-userauth",
    "publickey",
    "exit-status",
    "exit-signal",
    "\u001b[2J\u0007",
    "\u202eabc\u2028",
    "x".repeat(3000),
  ),
);
/** RFC 4251 §6: at most 64 characters; a peer may send more. */
const name = fc.oneof(
  fc.constantFrom(
    "none",
    "curve25519-sha256",
    "ssh-ed25519",
    "publickey",
    "kex-strict-s-v00@openssh.com",
    "ext-info-s",
  ),
  fc.stringMatching(/^[!-+\--~]{1,30}$/),
);

const values: Readonly<Record<FieldType, fc.Arbitrary<unknown>>> = {
  byte: fc.nat(255),
  boolean: fc.boolean(),
  uint32,
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  string: bytes,
  text,
  mpint: bytes.map((digits) => digits.subarray(digits.findIndex((digit) => digit !== 0) >>> 0).slice()),
  "name-list": fc.array(name, { maxLength: 6 }),
  cookie: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  rest: bytes,
};

/** Values for fields. */
export function fieldsOf<F extends Fields>(fields: F): fc.Arbitrary<FieldValues<F>> {
  const record = Object.fromEntries(Object.entries(fields).map(([field, type]) => [field, values[type]]));
  return fc.record(record, { noNullPrototype: true }) as fc.Arbitrary<FieldValues<F>>;
}
