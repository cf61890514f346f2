/**
 * The command in one readable file, because a host starts it cold many times a day, and because a package, an archive or a
 * single executable has then one thing to hold.
 */
import { readFileSync } from "node:fs";
import { type BuildOptions, type BuildResult, build, transformSync } from "esbuild";

export const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

const banner = `#!/usr/bin/env node
// mcp-ssh-client ${version}: src/cli.ts and all that it imports, bundled by packaging/bundle.ts. The library in the npm package
// is the same code, file by file and with its comments, but for src/cli and what only that needs.`;

/** What went in, and how much of it came out. */
export type Metafile = BuildResult<{ metafile: true }>["metafile"];

export interface Bundle {
  readonly text: string;
  readonly metafile: Metafile;
}

/** As an ES module. */
export function bundle(): Promise<Bundle> {
  return bundled({ format: "esm", banner: { js: banner } });
}

/** For Node's single executables, whose one file is CommonJS and can import nothing by `import()`. */
export function bundleForExecutable(): Promise<Bundle> {
  return bundled({ format: "cjs", supported: { "dynamic-import": false } });
}

async function bundled(options: Pick<BuildOptions, "format" | "banner" | "supported">): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...options,
    entryPoints: ["src/cli.ts"],
    outfile: "dist/mcp-ssh-client.js",
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node20",
    define: { __VERSION__: JSON.stringify(version) },
    legalComments: "inline",
    // A package's path, which stands in a comment, is the same wherever its folder is linked to.
    preserveSymlinks: true,
    treeShaking: true,
    minify: false,
    logLevel: "warning",
  });
  return { text: slim(outputFiles[0]?.text ?? ""), metafile };
}

/**
 * The same program in fewer bytes, each line still as it was. esbuild leaves a haphazard part of the comments, and no
 * reader follows the code by those: the library in dist/ has them all. Indented by tabs. One character beyond Latin-1
 * makes V8 hold the whole source with two bytes a character, 2 MiB of memory for nothing; esbuild escapes those in strings.
 */
function slim(text: string): string {
  const bare = text.replace(/^ *\/\*(?!!)(?:(?!\*\/)[\s\S])*\*\/ *\n/gm, "").replace(/^ +\/\/.*\n/gm, "");
  const short = bare.replace(/^(?: {2})+/gm, (indent) => "\t".repeat(indent.length / 2)).replace(/[^\0-\x7f]/g, "?");
  const code = (source: string): string =>
    transformSync(source, { minifyWhitespace: true, legalComments: "none" }).code;
  if (code(text) !== code(short))
    throw new Error("a string over several lines, or a character beyond ASCII outside of comments, stands in the way");
  return short;
}
