/**
 * Bundles the command into one readable file, because a host starts it cold many times a day, and takes out of the library
 * beside it, which plain `tsc` has built, the declarations that no face leads to. Prints nothing unless something is wrong.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { type BuildResult, build, transformSync } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

/** The command in one file. `cjs` is for Node's single executables, which take no other kind. */
export function bundle(format: "esm" | "cjs"): Promise<BuildResult<{ metafile: true; write: false }>> {
  return build({
    entryPoints: ["src/cli.ts"],
    outfile: "dist/mcp-ssh-client.js",
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node20",
    format,
    banner: {
      js: `#!/usr/bin/env node
// mcp-ssh-client ${version}: src/cli.ts and all that it imports, bundled by build.ts. The library beside it is the same code,
// file by file and with its comments, but for src/cli and what only that needs.`,
    },
    define: { __VERSION__: JSON.stringify(version) },
    legalComments: "inline",
    treeShaking: true,
    minify: false,
    logLevel: "warning",
  });
}

/**
 * The same program in fewer bytes, each line still as it was. esbuild leaves a haphazard part of the comments, and no
 * reader follows the code by those: the library in dist/ has them all. Indented by tabs. One character beyond Latin-1
 * makes V8 hold the whole source with two bytes a character, 2 MiB of memory for nothing; esbuild escapes those in strings.
 */
export function slim(text: string): string {
  const bare = text.replace(/^ *\/\*(?!!)(?:(?!\*\/)[\s\S])*\*\/ *\n/gm, "").replace(/^ +\/\/.*\n/gm, "");
  const short = bare.replace(/^(?: {2})+/gm, (indent) => "\t".repeat(indent.length / 2)).replace(/[^\0-\x7f]/g, "?");
  const code = (source: string): string =>
    transformSync(source, { minifyWhitespace: true, legalComments: "none" }).code;
  if (code(text) !== code(short))
    throw new Error("a string over several lines, or a character beyond ASCII outside of comments, stands in the way");
  return short;
}

/** The declarations that a program's compiler comes to from the faces. */
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

const { outputFiles } = await bundle("esm");
writeFileSync("dist/mcp-ssh-client.js", slim(outputFiles[0]?.text ?? ""));
chmodSync("dist/mcp-ssh-client.js", 0o755);
