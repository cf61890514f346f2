/** That the same source gives the same bytes, wherever and by whomever it is built. */
import { createHash } from "node:crypto";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { run, temporaryFolder } from "./run.ts";

test("two builds, in two folders and time zones, give the same packages", async () => {
  const [here, there] = [await built("UTC"), await built("Asia/Tokyo")];
  console.log(here.map(([name, hash]) => `${hash}  ${name}`).join("\n"));
  expect(here).toEqual(there);
});

/** A copy of the sources, built and packed: the name and SHA-256 of each file that is given away. */
async function built(zone: string): Promise<readonly (readonly [string, string])[]> {
  const folder = temporaryFolder();
  const files = (await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"])).trim().split("\n");
  for (const file of files.filter((path) => /^(?:src|packaging)\/|^[^/]+$/.test(path)))
    cpSync(file, join(folder, file));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  const script = `umask 022 && npm run --silent build && npm pack --silent --ignore-scripts`;
  await run("sh", ["-c", script], folder, { ...process.env, TZ: zone });
  const names = ["dist/mcp-ssh-client.js", ...(await run("sh", ["-c", "ls *.tgz"], folder)).trim().split("\n")];
  return names.map((name) => [
    name,
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex"),
  ]);
}
