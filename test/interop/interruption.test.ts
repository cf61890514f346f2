/** What SIGINT and SIGTERM leave of a run of the suite: nothing. A stand-in for Docker says what it was asked for. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "interruption-"));
const made = join(folder, "made");

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Takes its time to build an image, as the real one does, and writes down when it begins and when it was ended. */
const docker = `#!/bin/sh
echo "$*" >>${join(folder, "asked")}
case "$*" in
  *" build "*)
    trap 'echo ended >>${join(folder, "asked")}; exit 1' TERM
    while :; do sleep 0.1; done ;;
esac
`;

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s in the middle of a build ends it, takes all containers down and the keys away",
  async (signal) => {
    mkdirSync(made, { recursive: true });
    writeFileSync(join(folder, "docker"), docker);
    chmodSync(join(folder, "docker"), 0o755);
    const env = { ...process.env, PATH: [folder, process.env["PATH"]].join(delimiter), TMPDIR: made };
    const args = ["--import", "tsx", join(import.meta.dirname, "run.ts"), "--only", "dropbear"];
    const child = spawn(process.execPath, args, { env, stdio: "ignore" });
    const exit = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    const asked = () => (existsSync(join(folder, "asked")) ? readFileSync(join(folder, "asked"), "utf8") : "");
    await expect.poll(asked, { timeout: 60_000 }).toMatch(/^compose .* build dropbear$/m);
    expect(keys()).toHaveLength(1);
    child.kill(signal);
    expect(await exit).toBe(128 + constants.signals[signal]);
    expect(asked()).toMatch(/ build dropbear\nended\ncompose .* down -t 1 --volumes\n$/);
    expect(keys()).toEqual([]);
  },
  90_000,
);

const keys = () => readdirSync(made).filter((name) => name.startsWith("mcp-ssh-interop-"));
