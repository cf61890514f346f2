/**
 * `npm run sea`: out/mcp-ssh-client-node, the command and the Node that runs this in one file, for machines without Node.
 * Node's documentation, "Single executable applications".
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
// @ts-expect-error: it has no types
import { inject } from "postject";
import { bundleForExecutable } from "./bundle.ts";

const isMac = process.platform === "darwin";
const executable = `out/mcp-ssh-client-node${process.platform === "win32" ? ".exe" : ""}`;
const config = {
  main: "out/sea.cjs",
  output: "out/sea.blob",
  disableExperimentalSEAWarning: true,
};

mkdirSync("out", { recursive: true });
writeFileSync(config.main, (await bundleForExecutable()).text);
writeFileSync("out/sea.json", JSON.stringify(config));
execFileSync(process.execPath, ["--experimental-sea-config", "out/sea.json"], {
  stdio: ["ignore", "ignore", "inherit"],
});
copyFileSync(process.execPath, executable);
chmodSync(executable, 0o755);
if (isMac) execFileSync("codesign", ["--remove-signature", executable]);
await inject(executable, "NODE_SEA_BLOB", readFileSync(config.output), {
  sentinelFuse: "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2", // as Node's documentation says
  ...(isMac ? { machoSegmentName: "NODE_SEA" } : {}),
});
if (isMac) execFileSync("codesign", ["--sign", "-", executable]);
