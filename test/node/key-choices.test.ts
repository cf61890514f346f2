import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileError } from "../../src/node/files.ts";
import { agentPath, readChoices } from "../../src/node/key-choices.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-key-choices-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("where the agent listens", () => {
  const pipe = "\\\\.\\pipe\\openssh-ssh-agent";
  test.each([
    ["what was given", "/run/a", { SSH_AUTH_SOCK: "/run/b" }, "linux", "/run/a"],
    ["nowhere, if told so", "none", { SSH_AUTH_SOCK: "/run/b" }, "linux", undefined],
    ["what the environment says", undefined, { SSH_AUTH_SOCK: "/run/b" }, "linux", "/run/b"],
    ["what the environment says, if told so", "SSH_AUTH_SOCK", { SSH_AUTH_SOCK: "/run/b" }, "linux", "/run/b"],
    ["nowhere, if it says nothing", undefined, {}, "linux", undefined],
    ["nowhere, if what it says is empty", undefined, { SSH_AUTH_SOCK: "" }, "darwin", undefined],
    ["at the pipe of OpenSSH's service on Windows", undefined, {}, "win32", pipe],
    ["at another pipe on Windows", "\\\\.\\pipe\\other", {}, "win32", "\\\\.\\pipe\\other"],
  ] as const)("%s", (_, given, env, platform, expected) => {
    expect(agentPath(given, env, platform)).toBe(expected);
  });
});

describe("the files of the choices", () => {
  test("are read in order; one that was not named may be missing, or no file", async () => {
    const path = join(folder, "key");
    writeFileSync(path, "text", { mode: 0o600 });
    const read = await readChoices([
      { path: join(folder, "none"), isNamed: false },
      { path: folder, isNamed: false },
      { path, isNamed: true },
    ]);
    expect(read.map(({ file }) => file?.text)).toEqual([undefined, undefined, "text"]);
  });

  test("must be there where they were named", async () => {
    const choice = { path: join(folder, "none"), isNamed: true };
    await expect(readChoices([choice])).rejects.toBeInstanceOf(FileError);
  });
});
