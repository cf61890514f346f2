/**
 * Writes what the kernel's emitter emits, beside it: bytes.ts, which is loaded, and kernel.wat, which is read. Run by
 * `npm run kernel`; kernel.test.ts fails where they are not what it would write.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { emitKernel } from "../../src/ssh/algorithms/chacha-kernel/kernel.ts";
import { listing } from "./wasm-listing.ts";

const folder = "src/ssh/algorithms/chacha-kernel";

/** Path -> text. */
export function kernelFiles(): ReadonlyMap<string, string> {
  const bytes = emitKernel();
  const base64 = Buffer.from(bytes).toString("base64");
  const module = [
    "/** Written by `npm run kernel` from kernel.ts; kernel.wat lists it. Emitting it at start would take longer than a login. */",
    `export const kernelBase64 =\n  "${base64}";\n`,
  ].join("\n");
  return new Map([
    [`${folder}/bytes.ts`, module],
    [`${folder}/kernel.wat`, listing(bytes)],
  ]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [path, text] of kernelFiles()) writeFileSync(path, text);
}
