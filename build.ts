/**
 * Bundles the command into one readable file, because a host starts it cold many times a day. The library beside it is
 * built by plain `tsc`. Prints nothing unless something is wrong.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { build, transformSync } from "esbuild";

const outfile = "dist/mcp-ssh-client.js";
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

await build({
  entryPoints: ["src/cli.ts"],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  banner: { js: "#!/usr/bin/env node" },
  define: { __VERSION__: JSON.stringify(version) },
  legalComments: "inline",
  treeShaking: true,
  minify: false,
  logLevel: "warning",
});
// One character beyond Latin-1 makes V8 hold the whole source with two bytes a character, 2 MiB of memory for nothing.
// esbuild escapes those in strings; what is left stands in comments.
const text = readFileSync(outfile, "utf8");
const ascii = text.replace(/[^\0-\x7f]/g, "?");
const codeOf = (source: string): string => transformSync(source, { minifyWhitespace: true }).code;
if (codeOf(text) !== codeOf(ascii)) throw new Error(`${outfile}: a character beyond ASCII stands outside of comments`);
writeFileSync(outfile, ascii);
chmodSync(outfile, 0o755);
