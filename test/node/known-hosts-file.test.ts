import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError } from "../../src/node/files.ts";
import { editKnownHosts, rememberHostKey } from "../../src/node/known-hosts-file.ts";
import { describeNeeding } from "../support/needs.ts";
import { findExecutable } from "../support/ssh-server.ts";

/** Keys made with ssh-keygen of OpenSSH 9.2p1. */
const key = "AAAAC3NzaC1lZDI1NTE5AAAAIEz6KBhexvlppkNzykQCoa+uX+oM2e6ohtvgC/Itzf8A";
const other = "AAAAC3NzaC1lZDI1NTE5AAAAIAHJmdTOWoVvFhxnEehaQBosWUrg589DU2pxvJVA2ZsL";
const blob = Uint8Array.from(Buffer.from(key, "base64"));
const line = `[h.example]:8022 ssh-ed25519 ${key}\n`;

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "known-hosts-file-"));
  path = join(folder, "known_hosts");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const script = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "node", "known-hosts-file.js");
const rememberInProcess = `import(${JSON.stringify(script)}).then(({ rememberHostKey }) => rememberHostKey(process.argv[1], "h.example", 8022, Buffer.from("${key}", "base64")))`;

const remember = (at = path): Promise<{ readonly verdict: string }> => rememberHostKey(at, "h.example", 8022, blob);
const contents = (): string => readFileSync(path, "latin1");
const modeOf = (at: string): string => (statSync(at).mode & 0o777).toString(8);

describe("a new key", () => {
  it("makes the folders that are missing, 700, and the file, 600", async () => {
    path = join(folder, "home", ".ssh", "known_hosts");
    expect(await remember()).toMatchObject({ verdict: "unknown" });
    expect(contents()).toBe(line);
    expect([modeOf(path), modeOf(dirname(path)), modeOf(dirname(dirname(path)))]).toEqual(["600", "700", "700"]);
    expect(readdirSync(dirname(path))).toEqual(["known_hosts"]);
  });

  it.each([
    ["with a last line that is whole", "# mine\n", "# mine\n"],
    ["with a last line without its end", "# mine", "# mine\n"],
    ["of bytes that are no UTF-8", "# \xe9t\xe9\r\n", "# \xe9t\xe9\r\n"],
    ["that is empty", "", ""],
  ])("goes to the end of a file %s", async (_, before, kept) => {
    writeFileSync(path, before, "latin1");
    chmodSync(path, 0o640);
    await remember();
    expect(contents()).toBe(kept + line);
    expect(modeOf(path)).toBe("640");
  });

  it("goes to the file behind a symbolic link, also one that is not there yet", async () => {
    const target = join(folder, "dotfiles");
    symlinkSync("dotfiles", path);
    await remember();
    await editKnownHosts(path, () => ({ append: ["# more"], remove: [1] }));
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("# more\n");
    expect(readdirSync(folder).sort()).toEqual(["dotfiles", "known_hosts"]);
  });

  it.each([
    ["known", `h.example ssh-ed25519 ${key}`, "trusted"],
    ["changed", `[h.example]:8022 ssh-ed25519 ${other}`, "changed"],
    ["revoked", `@revoked * ssh-ed25519 ${key}`, "revoked"],
  ])("is not added to a file where it is %s by now", async (_, present, verdict) => {
    writeFileSync(path, `${present}\n`);
    expect(await remember()).toMatchObject({ verdict });
    expect(contents()).toBe(`${present}\n`);
  });

  it.each([
    ["/dev/null", "it is no regular file"],
    ["FILE/known_hosts", "no such file: a part of its path is not a folder"],
  ])("is not taken for written in %s", async (place, why) => {
    const at = place.replace("FILE", path);
    writeFileSync(path, "");
    const failure = await remember(at).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FileError);
    expect((failure as FileError).message).toBe(`Cannot write ${at}: ${why}`);
  });

  it("finds a folder in its place, and says so", async () => {
    mkdirSync(path);
    await expect(remember()).rejects.toThrow(`Cannot write ${path}: it is no regular file`);
  });
});

describe("several at once", () => {
  it("write a key once, and each of different keys whole", async () => {
    writeFileSync(path, "# mine");
    const hosts = Array.from({ length: 8 }, (_, i) => `h${i}.example`);
    const all = [...hosts, ...hosts, ...hosts].map((host) => rememberHostKey(path, host, 22, blob));
    const verdicts = (await Promise.all(all)).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === "unknown")).toHaveLength(hosts.length);
    const [first, ...lines] = contents().trimEnd().split("\n");
    expect(first).toBe("# mine");
    expect(lines.sort()).toEqual(hosts.map((host) => `${host} ssh-ed25519 ${key}`));
  });

  it("as processes too", async () => {
    const ended = Array.from({ length: 3 }, () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", rememberInProcess, path], {
        stdio: "inherit",
      });
      return new Promise((resolve) => child.once("exit", resolve));
    });
    expect(await Promise.all(ended)).toEqual([0, 0, 0]);
    expect(contents()).toBe(line);
  });

  it("undo nothing of each other's", async () => {
    writeFileSync(path, "# 1\n# 2\n# 3\n");
    const drop = (text: string) =>
      editKnownHosts(path, () => ({ append: [], remove: [contents().split("\n").indexOf(text) + 1] }));
    await Promise.all([drop("# 1"), remember(), drop("# 3")]);
    expect(contents().split("\n").sort().join("\n").trim()).toBe(`# 2\n${line.trim()}`);
  });

  it("are not stopped by the lock of a process that died", async () => {
    writeFileSync(`${path}.lock`, "");
    utimesSync(`${path}.lock`, new Date(0), new Date(0));
    await Promise.all([remember(), remember()]);
    expect(contents()).toBe(line);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

it("lines that go leave all others as they were, mode included", async () => {
  writeFileSync(path, "# \xe9\r\nold 1\n\nold 2\n# last", "latin1");
  chmodSync(path, 0o644);
  await editKnownHosts(path, () => ({ append: ["new"], remove: [2, 4] }));
  expect(contents()).toBe("# \xe9\r\n\n# last\nnew\n");
  expect(modeOf(path)).toBe("644");
  expect(readdirSync(folder)).toEqual(["known_hosts"]);
});

it("no change is no write", async () => {
  await editKnownHosts(path, () => ({ append: [], remove: [] }));
  expect(readdirSync(folder)).toEqual([]);
});

describeNeeding(
  findExecutable("ssh-keygen") === undefined ? "no ssh-keygen here: install openssh-client" : undefined,
  "where other names are hashed",
  () => {
    it("the new one is, each time with another salt, and ssh-keygen finds it", async () => {
      writeFileSync(path, `old.example ssh-ed25519 ${other}\n`);
      execFileSync("ssh-keygen", ["-H", "-f", path], { stdio: "ignore" });
      await remember();
      await rememberHostKey(path, "h.example", 22, blob);
      expect(contents()).not.toContain("h.example");
      const salts = [...contents().matchAll(/^\|1\|(.*?)\|/gm)].map(([, salt]) => salt);
      expect(new Set(salts).size).toBe(3);
      for (const name of ["[h.example]:8022", "h.example"]) {
        const found = execFileSync("ssh-keygen", ["-F", name, "-f", path], { encoding: "utf8" });
        expect(found).toContain(`ssh-ed25519 ${key}`);
      }
    });
  },
);

// in a namespace of our own, which not every system lets us have
const canMount = spawnSync("unshare", ["--map-root-user", "--mount", "true"]).status === 0;
it.runIf(canMount)("a file that was mounted into a read-only file system, as into a container's, is written", () => {
  writeFileSync(path, "# mine\n");
  const place = join(folder, "root");
  mkdirSync(place);
  writeFileSync(join(place, "known_hosts"), "");
  const mounts = `mount --bind root root; mount -o remount,bind,ro root; mount --bind known_hosts root/known_hosts; exec "$@"`;
  const node = [process.execPath, "--input-type=module", "-e", rememberInProcess, join(place, "known_hosts")];
  const args = ["--map-root-user", "--mount", "sh", "-ec", mounts, "sh", ...node];
  expect(spawnSync("unshare", args, { cwd: folder, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  expect(contents()).toBe(`# mine\n${line}`);
});
