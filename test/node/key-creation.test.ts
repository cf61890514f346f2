/** Keys that we make, as the real ssh-keygen reads them. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FileError, halfAlone } from "../../src/node/files.ts";
import { createKey } from "../../src/node/key-creation.ts";
import { parsePrivateKey } from "../../src/ssh/private-key.ts";

/** What `link` fails with, as on a file system that has no links; and whether the disk is one that cannot be written. */
const links: { fault: string | undefined; asked: (to: string) => void; isReadOnly: boolean } = vi.hoisted(() => ({
  fault: undefined,
  asked: () => undefined,
  isReadOnly: false,
}));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const link = (from: string, to: string): Promise<void> => {
    links.asked(to);
    return links.fault === undefined
      ? real.link(from, to)
      : Promise.reject(Object.assign(new Error("no links"), { code: links.fault }));
  };
  // Node's own recursion looks for the folder after its failure, and tells that it is not there
  const mkdir = async (...[path, options]: Parameters<typeof real.mkdir>) => {
    if (!links.isReadOnly) return real.mkdir(path, options);
    const code = typeof options === "object" && options?.recursive ? "ENOENT" : "EROFS";
    throw Object.assign(new Error(code), { code });
  };
  return { ...real, link, mkdir };
});

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "key-creation-"));
});
afterEach(() => {
  links.fault = undefined;
  links.asked = () => undefined;
  links.isReadOnly = false;
  rmSync(folder, { recursive: true, force: true });
});

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const secret = new TextEncoder().encode("correct horse");

function sshKeygen(...args: string[]): string {
  return execFileSync("ssh-keygen", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

async function failureOf(making: Promise<unknown>): Promise<FileError> {
  const error = await making.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FileError) return error;
  throw error ?? new Error("it was made");
}

describe("a key that we make", () => {
  test("is one that ssh-keygen reads, with its public half beside it", async () => {
    const path = join(folder, "my.key");
    const made = await createKey(path);
    expect(made).toEqual({
      path,
      publicPath: `${path}.pub`,
      publicLine: sshKeygen("-y", "-P", "", "-f", path),
      fingerprint: sshKeygen("-l", "-f", path).split(" ")[1],
    });
    expect(readFileSync(`${path}.pub`, "utf8")).toBe(`${made?.publicLine}\n`);
    expect(made?.publicLine).toMatch(/^ssh-ed25519 \S{68}$/); // no comment
    expect(
      readFileSync(path, "utf8")
        .split("\n")
        .slice(1, -2)
        .every((line) => line.length <= 70),
    ).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["my.key", "my.key.pub"]);
  });

  test("is encrypted where there is a passphrase, as ssh-keygen would", async () => {
    const path = join(folder, "key");
    const made = await createKey(path, { passphrase: secret, comment: "me@here" });
    expect(sshKeygen("-y", "-P", "correct horse", "-f", path)).toBe(made?.publicLine);
    expect(made?.publicLine).toMatch(/ me@here$/);
    expect(() => sshKeygen("-y", "-P", "wrong", "-f", path)).toThrow("incorrect passphrase");
    const binary = Buffer.from(readFileSync(path, "utf8").split("\n").slice(1, -2).join(""), "base64");
    expect(binary.includes("aes256-ctr\0\0\0\x06bcrypt\0\0\0\x18\0\0\0\x10")).toBe(true);
    expect(binary.readUInt32BE(binary.indexOf("bcrypt") + 6 + 4 + 4 + 16)).toBe(24); // rounds
    // ssh-keygen writes it anew, and we read that
    sshKeygen("-p", "-P", "correct horse", "-N", "another", "-f", path);
    expect(parsePrivateKey(readFileSync(path, "utf8"), new TextEncoder().encode("another")).comment).toBe("me@here");
  });

  test.each(["two\nlines", "a\0b"])("has no comment of several lines: %j", async (comment) => {
    await expect(createKey(join(folder, "key"), { comment })).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("differs from the next one", async () => {
    const [first, second] = [await createKey(join(folder, "a")), await createKey(join(folder, "b"))];
    expect(first?.publicLine).not.toBe(second?.publicLine);
  });

  test("has mode 600, its public half 644, the folders above it 700, whatever the umask", () => {
    const umasks = [0o000, 0o022, 0o077, 0o377];
    const code = `
      import { createKey } from ${JSON.stringify(pathToFileURL("src/node/key-creation.ts").href)};
      import { mkdirSync } from "node:fs";
      for (const umask of ${JSON.stringify(umasks)}) {
        const folder = ${JSON.stringify(folder)} + "/" + umask + "/within";
        process.umask(0);
        if (umask === 0o377) mkdirSync(folder, { recursive: true, mode: 0o700 }); // it would make folders that nobody may write
        process.umask(umask);
        await createKey(folder + "/key");
      }`;
    execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code]);
    const modes = umasks.map((umask) => {
      const path = join(folder, String(umask), "within", "key");
      return [path, `${path}.pub`, join(path, ".."), join(path, "..", "..")].map(mode);
    });
    expect(modes).toEqual(umasks.map(() => ["600", "644", "700", "700"]));
  });
});

describe("nothing that is there is overwritten", () => {
  test.each([
    ["600", 0o600],
    ["000", 0o000],
  ])("a file of mode %s", async (_, mode) => {
    const path = join(folder, "key");
    writeFileSync(path, "mine");
    chmodSync(path, mode);
    expect(await createKey(path)).toBeUndefined();
    chmodSync(path, 0o600);
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(readdirSync(folder)).toEqual(["key"]);
  });

  test("a folder, and a symbolic link to nothing", async () => {
    mkdirSync(join(folder, "key"));
    symlinkSync(join(folder, "elsewhere"), join(folder, "link"));
    expect(await createKey(join(folder, "key"))).toBeUndefined();
    expect(await createKey(join(folder, "link"))).toBeUndefined();
    expect(existsSync(join(folder, "elsewhere"))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(["key", "link"]);
  });

  test("a public key without its private half: that one is elsewhere", async () => {
    const path = join(folder, "key");
    writeFileSync(`${path}.pub`, "ssh-ed25519 AAAA\n");
    const { message, code } = await failureOf(createKey(path));
    expect(message).toContain(`There is no key ${path}, though its public half is there`);
    expect(code).toBe(halfAlone);
    expect(readdirSync(folder)).toEqual(["key.pub"]);
  });
});

describe("on a file system without hard links", () => {
  test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])(
    "that says %s, a key is made as well",
    async (fault) => {
      links.fault = fault;
      const path = join(folder, "key");
      const made = await createKey(path);
      expect(sshKeygen("-y", "-P", "", "-f", path)).toBe(made?.publicLine);
      expect([mode(path), mode(`${path}.pub`)]).toEqual(["600", "644"]);
      expect(readdirSync(folder).sort()).toEqual(["key", "key.pub"]);
    },
  );

  test("what is there is not overwritten either", async () => {
    links.fault = "EPERM";
    const path = join(folder, "key");
    writeFileSync(path, "mine");
    expect(await createKey(path)).toBeUndefined();
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("of many at once one makes it", async () => {
    links.fault = "EPERM";
    const path = join(folder, "key");
    const made = await Promise.all(Array.from({ length: 5 }, () => createKey(path)));
    expect(made.filter((each) => each !== undefined)).toHaveLength(1);
  });

  test("another fault is told, and nothing is left", async () => {
    links.fault = "EIO";
    expect((await failureOf(createKey(join(folder, "key")))).message).toContain("no links");
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("its public half is whole before the key has its name, so that hardly anything can come between", async () => {
  const path = join(folder, "key");
  const ready: string[] = [];
  links.asked = (to) => {
    const half = readdirSync(folder).find((name) => name.startsWith(".key.pub."));
    if (to === path && half !== undefined) ready.push(readFileSync(join(folder, half), "utf8"));
  };
  const made = await createKey(path);
  expect(ready).toEqual([`${made?.publicLine}\n`]);
  expect(readdirSync(folder).sort()).toEqual(["key", "key.pub"]);
});

test("where it cannot be made, the error says why and nothing is left", async () => {
  writeFileSync(join(folder, "file"), "");
  const { message } = await failureOf(createKey(join(folder, "file", "key")));
  expect(message).toBe(`Cannot make the key ${folder}/file/key: a file is in the place of a folder`);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("where its folders cannot be made because the file system is read-only, the error says so", async () => {
  links.isReadOnly = true;
  const { message } = await failureOf(createKey(join(folder, "not", "there", "key")));
  expect(message).toBe(`Cannot make the key ${folder}/not/there/key: the file system is read-only`);
});

test("of many processes at once, one makes the key and all have the same", async () => {
  const path = join(folder, "new", "key");
  const module = pathToFileURL("src/node/key-creation.ts").href;
  const code = `
    import { createKey } from ${JSON.stringify(module)};
    import { readFileSync } from "node:fs";
    process.stdout.write("ready\\n");
    process.stdin.once("data", async () => {
      const made = await createKey(${JSON.stringify(path)});
      process.stdout.write(JSON.stringify({ made: made?.publicLine, text: readFileSync(${JSON.stringify(path)}, "utf8") }));
      process.exit();
    });`;
  const processes = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let out = "";
    const ready = new Promise<void>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        if (out.startsWith("ready\n")) resolve();
      });
    });
    const done = new Promise<string>((resolve) => child.once("close", () => resolve(out.replace("ready\n", ""))));
    return { child, ready, done };
  });
  await Promise.all(processes.map(({ ready }) => ready));
  for (const { child } of processes) child.stdin.write("go\n");
  const results = (await Promise.all(processes.map(({ done }) => done))).map((out) => JSON.parse(out));
  const publicLines = results.flatMap(({ made }) => (made === undefined ? [] : [made]));
  expect(publicLines).toEqual([sshKeygen("-y", "-P", "", "-f", path)]);
  expect(new Set(results.map(({ text }) => text)).size).toBe(1);
  expect(readdirSync(join(folder, "new")).sort()).toEqual(["key", "key.pub"]);
});
