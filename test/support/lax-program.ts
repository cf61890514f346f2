/** Servers of the time before strict key exchange (OpenSSH PROTOCOL 1.10, December 2023), made of today's. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const MARKER = "kex-strict-";
/** As long, and known to nobody. */
const NO_MARKER = "kex-before-";

/** Why there is no such copy of `program`; undefined where there is. */
export function missingMarker(program: string | undefined): string | undefined {
  if (program !== undefined && readFileSync(program, "latin1").includes(MARKER)) return undefined;
  return `no marker of strict key exchange in ${program ?? "a program that is not here"}`;
}

/** A copy of `program` in `folder` that neither says the server's marker nor knows the client's. */
export function laxProgram(program: string, folder: string): string {
  const copy = join(folder, basename(program));
  const text = readFileSync(program, "latin1").replaceAll(MARKER, NO_MARKER);
  writeFileSync(copy, Buffer.from(text, "latin1"), { mode: 0o700 });
  return copy;
}
