/**
 * Bundles the command into one readable file, because a host starts it cold many times a day. The library beside it is
 * built by plain `tsc`. Prints nothing unless something is wrong.
 */
import { chmodSync, readFileSync } from "node:fs";
import { build } from "esbuild";

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
chmodSync(outfile, 0o755);
