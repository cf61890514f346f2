/** Python programs in venvs of the tests' own, downloaded once a machine, at fixed versions. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findExecutable } from "./ssh-server.ts";

const cache = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "node_modules", ".cache");

/**
 * The interpreter of the venv `name`, which must name its versions. A venv is made in a folder of another name, so its
 * scripts do not work: start modules with `-m`.
 */
export function venvPython(name: string): string {
  return join(cache, name, "bin", "python");
}

/** Why there is no venv `name` with `packages`, as pip writes them; undefined where there is. Downloads it if need be. */
export function missingVenv(name: string, packages: readonly string[]): string | undefined {
  const venv = join(cache, name);
  if (existsSync(venv)) return undefined;
  const python = findExecutable("python3");
  if (python === undefined) return "no python3 here: install python3-venv";
  const making = `${venv}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    execFileSync(python, ["-m", "venv", making], { stdio: "pipe" });
    const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
    execFileSync(join(making, "bin", "python"), install, { stdio: "pipe" });
    renameSync(making, venv);
    return undefined;
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    return existsSync(venv) ? undefined : `no ${name} here: ${String(error)}`; // somebody else was faster
  }
}
