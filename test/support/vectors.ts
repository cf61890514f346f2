/**
 * Reading test/vectors: one JSON file a topic, with its source and its cases; bytes are hex.
 */
import { readFileSync } from "node:fs";

/** One case of a vector file: `given` and either what to expect or which error, with the section that asks for it. */
export interface Case<Given, Expect = string> {
  readonly name: string;
  readonly given: Given;
  readonly expect: Expect;
  readonly error?: string;
  readonly section?: string;
}

/** The whole of `test/vectors/<file>`. */
export function vectorFile<File>(file: string): File {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), "utf8")) as File;
}

/** The cases of `test/vectors/<file>`. */
export function vectors<C>(file: string): readonly C[] {
  return vectorFile<{ readonly cases: readonly C[] }>(file).cases;
}

/** Bytes of a hex text: a plain Uint8Array with a buffer of its own. */
export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** Hex of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A test of Wycheproof's for a signature. */
export interface SignatureCase {
  readonly tcId: number;
  readonly comment: string;
  readonly pk: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: "valid" | "invalid";
}

/** A test of Wycheproof's for a shared secret. */
export interface AgreementCase {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}
