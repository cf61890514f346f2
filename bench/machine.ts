/** What was measured, and where: machine, versions, commit. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import type { Machine, Results } from "./results.ts";

export function describeMachine(): Machine {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release().split("-")[0]} ${arch()}`,
  };
}

export function describeVersions(): Results["versions"] {
  const openssh = /OpenSSH_[^\s,]+/.exec(spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr)?.[0] ?? "none";
  return {
    node: process.version,
    openssh,
    ssh2: versionOf("ssh2"),
    nobleCiphers: versionOf("@noble/ciphers"),
    nobleCurves: versionOf("@noble/curves"),
  };
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url); // not every package exports it
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
}

/** The commit, short; marked where what is measured has changes that are not in it. */
export function describeCommit(): string {
  const git = (...args: readonly string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const isDirty = git("status", "--porcelain", "--", "src", "package.json", "build.ts") !== "";
  return `${git("rev-parse", "--short=10", "HEAD")}${isDirty ? "-dirty" : ""}`;
}
