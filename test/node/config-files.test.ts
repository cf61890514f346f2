/** Which files of ssh's configuration are read, and which are refused. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { includedFiles, readConfigFiles } from "../../src/node/config-files.ts";

let home = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  mkdirSync(join(home, ".ssh", "d"), { recursive: true });
  vi.stubEnv("HOME", home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function write(name: string, text: string, mode = 0o600): string {
  const path = join(home, ".ssh", name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe("the files to begin with", () => {
  test("none where none is asked for, whatever is there", async () => {
    write("config", "Port 1\n");
    expect((await readConfigFiles("none")).files).toEqual([]);
    expect((await readConfigFiles("NONE")).files).toEqual([]);
  });

  test("the user's own", async () => {
    const path = write("config", "Port 1\n");
    const [first] = (await readConfigFiles(undefined)).files;
    expect(first).toEqual({ path, text: "Port 1\n", isUsers: true });
  });

  test("that of the system behind it, and it alone where the user has none", async () => {
    expect((await readConfigFiles(undefined)).files.filter(({ isUsers }) => isUsers)).toEqual([]);
    expect((await readConfigFiles(undefined)).warnings).toEqual([]);
  });

  test("the one that was given, and no other", async () => {
    write("config", "Port 1\n");
    const path = write("other", "Port 2\n", 0o666);
    expect((await readConfigFiles("~/.ssh/other")).files).toEqual([{ path, text: "Port 2\n", isUsers: true }]);
  });

  test("the one that was given may be a pipe, as a shell's <(command) gives one, and holds nothing up", async () => {
    const path = join(home, ".ssh", "pipe");
    execFileSync("mkfifo", [path]);
    const reading = readConfigFiles(path);
    await writeFile(path, "Port 3\n");
    expect(await reading).toEqual({ files: [{ path, text: "Port 3\n", isUsers: true }], warnings: [] });
  });

  test.each([
    ["is not there", "nothing", "no such file"],
    ["is a folder", "d", "it is a folder"],
  ])("one that was given and %s is an error", async (_what, name, why) => {
    const path = join(home, ".ssh", name);
    await expect(readConfigFiles(path)).rejects.toThrow(`Cannot read ${path}: ${why}`);
  });

  test("the user's own that is no file is told and left out", async () => {
    mkdirSync(join(home, ".ssh", "config"));
    const { files, warnings } = await readConfigFiles(undefined);
    expect(files.filter(({ isUsers }) => isUsers)).toEqual([]);
    expect(warnings).toEqual([`Cannot read ${join(home, ".ssh", "config")}: it is a folder: it is left out`]);
  });

  test.each(["620", "602", "666"])("the user's own with mode %s is refused, as ssh does", (mode) => {
    const path = write("config", "Port 1\n", Number.parseInt(mode, 8));
    expect(() => readConfigFiles(undefined)).toThrow(`Bad owner or permissions on ${path}`);
  });

  test.runIf(process.getuid?.() === 0)("that of another user is refused, as ssh does", () => {
    const path = write("config", "Port 1\n");
    chownSync(path, 54_321, 54_321);
    expect(() => readConfigFiles(undefined)).toThrow(`Bad owner or permissions on ${path}`);
  });

  test("a pipe in its place is not waited for", async () => {
    const path = join(home, ".ssh", "config");
    execFileSync("mkfifo", ["-m", "600", path]);
    expect((await readConfigFiles(undefined)).warnings).toEqual([
      `Cannot read ${path}: it is no regular file: it is left out`,
    ]);
  });

  test("others may read it", async () => {
    write("config", "Port 1\n", 0o644);
    expect((await readConfigFiles(undefined)).files[0]?.text).toBe("Port 1\n");
  });

  test("one that is too large is told", async () => {
    write("config", `#${"x".repeat(1024 * 1024)}`);
    expect((await readConfigFiles(undefined)).warnings[0]).toContain("larger than this file may be");
  });
});

describe("included files", () => {
  const names = (pattern: string): readonly string[] =>
    includedFiles()(pattern, true).map(({ path }) => path.slice(join(home, ".ssh").length + 1));

  beforeEach(() => {
    for (const name of ["d/a", "d/b.conf", "d/c.conf", "d/.hidden", "d/[x]", "d/a-c"]) write(name, "Port 1\n");
    mkdirSync(join(home, ".ssh", "d", "folder.conf"));
  });

  test.each([
    ["d/a", ["d/a"]],
    ["~/.ssh/d/a", ["d/a"]],
    ["d/nothing", []],
    ["nowhere/*", []],
    ["d/*.conf", ["d/b.conf", "d/c.conf"]],
    ["d/*", ["d/[x]", "d/a", "d/a-c", "d/b.conf", "d/c.conf"]],
    ["d/.*", ["d/.hidden"]],
    ["*/?", ["d/a"]],
    ["d/[bc].conf", ["d/b.conf", "d/c.conf"]],
    ["d/[!b].conf", ["d/c.conf"]],
    ["d/[a-b]*", ["d/a", "d/a-c", "d/b.conf"]],
    ["d/\\[x]", ["d/[x]"]],
    ["d/[[]x]", ["d/[x]"]],
    ["d/a.c", []],
    ["d/(a)", []],
    ["d/[", []],
    ["d", []],
  ])("%s", (pattern, expected) => expect(names(pattern)).toEqual(expected));

  test("an absolute path", () => expect(names(join(home, ".ssh/d/a"))).toEqual(["d/a"]));

  test("a link", () => {
    symlinkSync(join(home, ".ssh/d/a"), join(home, ".ssh/link"));
    expect(names("li*")).toEqual(["link"]);
  });

  test("one that others may write is refused", () => {
    write("d/open", "Port 1\n", 0o666);
    expect(() => names("d/open")).toThrow("Bad owner or permissions on ");
  });

  test("that of the system is looked for in the system's folder", () => {
    expect(includedFiles()("mcp-ssh-client-no-such-file", false)).toEqual([]);
  });

  test("no more than 1,024 of them, and 16 MiB", () => {
    const read = includedFiles();
    for (let count = 0; count < 1024; count++) read("d/a", true);
    expect(() => read("d/a", true)).toThrow("the configuration includes too much");
    write("d/large", "#".repeat(1024 * 1024));
    const another = includedFiles();
    for (let count = 0; count < 16; count++) another("d/large", true);
    expect(() => another("d/large", true)).toThrow("the configuration includes too much");
  });
});
