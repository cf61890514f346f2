/**
 * Signatures that OpenSSH made with keys that it made, on each row of the table that has one.
 */
import { describe, expect, test } from "vitest";
import { table } from "../../../src/ssh/table.ts";
import { bytes, vectors } from "../../support/vectors.ts";

interface Recorded {
  readonly name: string;
  readonly publicKey: string;
  readonly data: string;
  readonly signature: string;
}

describe.each(vectors<Recorded>("openssh-signatures.json"))("$name", ({ publicKey, data, signature }) => {
  const keyBlob = Uint8Array.from(Buffer.from(publicKey, "base64"));
  const algorithm = Buffer.from(signature, "hex").subarray(4).toString().split("\0")[0] ?? "";
  const verifier = table.hostKey[algorithm]?.parse(keyBlob);

  test("verifies", () => expect(verifier?.verify(bytes(data), bytes(signature))).toBe(true));

  test("does not verify other data", () => expect(verifier?.verify(bytes(`${data}00`), bytes(signature))).toBe(false));

  test("does not verify with a bit changed at its end", () => {
    const changed = bytes(signature);
    changed[changed.length - 1]! ^= 1;
    expect(verifier?.verify(bytes(data), changed)).toBe(false);
  });
});
