/**
 * npm ssh2 with its native addon. Install scripts are off here, so that what is installed has none: a copy of the package
 * in a temporary folder gets it, by node-gyp from ssh2's own recipe, as its install script would, where there are node-gyp,
 * a compiler and this Node's headers. Nothing outside of that folder is written, and it is removed at exit. cpu-features is
 * not built: it only decides whether chacha20-poly1305 is offered before AES in counter mode.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Ssh2Package {
  /** Where the package lies. */
  readonly folder: string;
  /** `built`, or why it is not. */
  readonly addon: string;
}

const nodeModules = join(import.meta.dirname, "../node_modules");
const installed = join(nodeModules, "ssh2");
const option = "--ssh2=";
let found: Ssh2Package | undefined;

/** The package to measure: the one that `run.ts` built for all benches, else one built now; as installed where that fails. */
export function ssh2Package(): Ssh2Package {
  const given = process.argv.find((argument) => argument.startsWith(option))?.slice(option.length);
  found ??= given === undefined ? buildCopy() : { folder: given, addon: "not asked" };
  return found;
}

/** What hands the package on to a bench. */
export function ssh2Option({ folder }: Ssh2Package): string {
  return `${option}${folder}`;
}

function buildCopy(): Ssh2Package {
  const without = (reason: string): Ssh2Package => ({ folder: installed, addon: `not built: ${reason}` });
  const prefix = dirname(dirname(process.execPath));
  const nodeGyp = [
    process.env["npm_config_node_gyp"],
    join(prefix, "lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"),
  ].find((file) => file !== undefined && existsSync(file));
  if (nodeGyp === undefined) return without("no node-gyp, which npm brings");
  if (!hasHeaders(prefix)) return without(`no headers of Node ${process.version} beside it`);

  const copy = mkdtempSync(join(tmpdir(), "bench-ssh2-"));
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }));
  const folder = join(copy, "node_modules/ssh2");
  cpSync(installed, folder, { recursive: true });
  for (const name of ["asn1", "bcrypt-pbkdf", "nan"]) symlinkSync(join(nodeModules, name), join(folder, "..", name));

  const openssl = `--real_openssl_major=${process.versions.openssl.split(".")[0]}`;
  const cwd = join(folder, "lib/protocol/crypto");
  const run = (...args: readonly string[]): number | null => {
    return spawnSync(process.execPath, args, { cwd, stdio: ["ignore", "ignore", "inherit"] }).status;
  };
  if (run(nodeGyp, "rebuild", "--loglevel=error", `--nodedir=${prefix}`, openssl) !== 0)
    return without("its build failed");
  if (run("--eval", "require('./build/Release/sshcrypto.node')") !== 0) return without("it does not load");
  return { folder, addon: "built" };
}

/** Whether the headers where Node is installed are those of this Node. */
function hasHeaders(prefix: string): boolean {
  const file = join(prefix, "include/node/node_version.h");
  if (!existsSync(file)) return false;
  const text = readFileSync(file, "utf8");
  const numbers = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return numbers.join(".") === process.versions.node;
}
