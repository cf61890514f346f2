/**
 * What `tsc` does not do: bundles the command, and takes out of the library the declarations that no face leads to. Prints
 * nothing unless something is wrong.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { bundle } from "./packaging/bundle.ts";

/** The declarations that a program's compiler comes to from one of them. */
function reachedFrom(file: string, reached: Set<string> = new Set()): Set<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:\bfrom|\bimport\()\s*"(\.[^"]+)"/g))
    reachedFrom(normalize(join(dirname(file), path.replace(/(\.d)?\.[jt]s$/, ".d.ts"))), reached);
  return reached;
}

const faces = ["", "ssh", "mcp", "node"].map((room) => join("dist", room, "index.d.ts"));
const reached = new Set(faces.flatMap((face) => [...reachedFrom(face)]));
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" }).map((path) => join("dist", path)))
  if (name.endsWith(".d.ts") && !reached.has(name)) rmSync(name);

writeFileSync("dist/mcp-ssh-client.js", (await bundle()).text);
chmodSync("dist/mcp-ssh-client.js", 0o755);
