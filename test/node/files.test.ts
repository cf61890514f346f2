import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expandHome, FileError, readKeyFile, readKnownHosts } from "../../src/node/files.ts";
import { makeKeyPair } from "../support/ssh-server.ts";

let folder = "";
const homeBefore = process.env["HOME"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
  process.env["HOME"] = folder;
});

afterEach(() => {
  process.env["HOME"] = homeBefore;
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string | Uint8Array, mode = 0o600): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

const failure = async (reading: Promise<unknown>): Promise<FileError> => {
  const error = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FileError) return error;
  throw error ?? new Error("it was read");
};

describe("a path", () => {
  it.each([
    ["~", "/h"],
    ["~/k", "/h/k"],
    ["~other/k", "~other/k"],
    ["/a/~/k", "/a/~/k"],
    ["k", "k"],
  ])("%s is %s", (path, expected) => {
    expect(expandHome(path, "/h")).toBe(expected);
  });

  it("takes HOME for the home folder, and the system's word where HOME is empty", () => {
    expect(expandHome("~/k")).toBe(`${folder}/k`);
    process.env["HOME"] = "";
    expect(expandHome("~/k")).toBe(`${homedir()}/k`);
  });
});

describe("a key file", () => {
  it("is read whole, from the home folder", async () => {
    write(".ssh/key", "secret\n");
    expect(await readKeyFile("~/.ssh/key")).toEqual({
      path: `${folder}/.ssh/key`,
      text: "secret\n",
      warning: undefined,
    });
  });

  it.each([0o640, 0o604, 0o620, 0o601])("with mode %o is read with a warning", async (mode) => {
    const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret";
    const path = write("key", key, mode);
    const { text, warning } = await readKeyFile(path);
    expect(text).toBe(key);
    expect(warning).toBe(`Client key ${path} has insecure permissions. Recommended: chmod 600 ${path}`);
  });

  it.each([
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "a comment\r\n-----BEGIN ENCRYPTED PRIVATE KEY-----\r\n",
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
    "PuTTY-User-Key-File-3: ssh-ed25519",
  ])("with %j is one", async (text) => {
    expect((await readKeyFile(write("key", text, 0o644))).warning).toContain("chmod 600");
  });

  it.each([
    ["a public key", "ssh-ed25519 AAAA me"],
    ["a certificate", "-----BEGIN CERTIFICATE-----\n"],
    ["a file of the system's", "root:x:0:0:root:/root:/bin/bash\n"],
  ])("that is %s is no reason to change its mode", async (_name, text) => {
    expect((await readKeyFile(write("key", text, 0o644))).warning).toBeUndefined();
  });

  it("may be a pipe, as a shell's <(command) gives one", async () => {
    const path = join(folder, "pipe");
    spawnSync("mkfifo", ["-m", "600", path]);
    const writing = import("node:fs/promises").then(({ writeFile }) => writeFile(path, "from a pipe"));
    expect((await readKeyFile(path)).text).toBe("from a pipe");
    await writing;
  });

  it("on a disk is read before anything else happens, whatever its size says", async () => {
    const path = write("key", "x".repeat(10_000));
    let text = "";
    void readKeyFile(path).then((file) => {
      text = file.text;
    });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect(text).toHaveLength(10_000);
    expect((await readKeyFile("/proc/self/status")).text).toMatch(/^Name:[\s\S]*\n$/); // its size is 0
  });

  it("that is missing is named", async () => {
    const error = await failure(readKeyFile("~/none"));
    expect(error).toMatchObject({ code: "ENOENT", path: `${folder}/none` });
    expect(error.message).toBe(`Cannot read ${folder}/none: no such file`);
    expect(error.cause).toMatchObject({ code: "ENOENT" });
  });

  it("that is a key itself, where its path belongs, is not named: it is the secret", async () => {
    const { privateKey } = makeKeyPair();
    const error = await failure(readKeyFile(privateKey));
    expect(error.message).toBe("Cannot read: this is a private key itself, where the path of its file is needed");
    expect(inspect(error)).not.toContain(privateKey.split("\n")[3]);
  });

  it("in a folder that is a file is named", async () => {
    const path = write("file", "");
    expect((await failure(readKeyFile(`${path}/key`))).message).toContain("a part of its path is not a folder");
  });

  it("that is a folder is named as one", async () => {
    expect((await failure(readKeyFile(folder))).message).toBe(`Cannot read ${folder}: it is a folder`);
  });

  it("that may not be read is named", async () => {
    const path = write("key", "", 0o000);
    const error = await asOrdinaryUser(() => failure(readKeyFile(path)));
    expect(error.message).toBe(`Cannot read ${path}: permission denied`);
  });

  it("of 64 KiB is read, one byte more is not", async () => {
    const path = write("key", "x".repeat(65536));
    expect((await readKeyFile(path)).text).toHaveLength(65536);
    writeFileSync(path, "x".repeat(65537));
    expect(await failure(readKeyFile(path))).toMatchObject({ code: "EFBIG" });
  });

  it("without an end is not read without one", async () => {
    expect(await failure(readKeyFile("/dev/zero"))).toMatchObject({ code: "EFBIG" });
  });

  it("with control characters in its path does not print them", async () => {
    const error = await failure(readKeyFile(`${folder}/\u001b[2J`));
    expect(error.message).toContain("\\x1b[2J");
  });
});

describe("known_hosts files", () => {
  it("are the user's two by default, as far as they are there", async () => {
    write(".ssh/known_hosts2", "b");
    const own = async (): Promise<unknown> =>
      (await readKnownHosts(undefined)).filter((f) => f.path.startsWith(folder));
    expect(await own()).toMatchObject([{ text: "b" }]);
    write(".ssh/known_hosts", "a");
    expect(await own()).toMatchObject([{ text: "a" }, { text: "b" }]);
  });

  it("that are there and cannot be read are an error: they may revoke a key", async () => {
    mkdirSync(join(folder, ".ssh/known_hosts"), { recursive: true });
    expect(await failure(readKnownHosts(undefined))).toMatchObject({ code: "EISDIR" });
  });

  it("that were named are the only ones", async () => {
    write(".ssh/known_hosts", "a");
    expect(await readKnownHosts([write("own", "c")])).toMatchObject([{ path: `${folder}/own`, text: "c" }]);
  });

  it("that were named must be there", async () => {
    expect(await failure(readKnownHosts(["~/none"]))).toMatchObject({ code: "ENOENT" });
  });

  it("may be /dev/null", async () => {
    expect(await readKnownHosts(["/dev/null"])).toMatchObject([{ text: "" }]);
  });
});

/** root may read everything: it becomes nobody for a while. */
async function asOrdinaryUser<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return action();
  process.seteuid?.(65534);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}
