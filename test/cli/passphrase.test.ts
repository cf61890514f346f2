/** Where a passphrase comes from. What it unlocks: client-key.test.ts. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { givenPassphrase } from "../../src/cli/passphrase.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "passphrase-"));
  writeFileSync(join(folder, "file"), "of the file\n", { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quiet = { warning: () => {} };

interface Asked {
  readonly passphrase?: string;
  readonly passphraseFile?: string;
  readonly variable?: string;
}

function given({ passphrase, passphraseFile, variable }: Asked) {
  const env = variable === undefined ? {} : { MCP_SSH_PASSPHRASE: variable };
  return givenPassphrase({ passphrase, passphraseFile }, quiet, env);
}

async function read(asked: Asked): Promise<string> {
  return Buffer.from((await given(asked)?.read()) ?? []).toString();
}

describe("the first that is given counts", () => {
  test.each<[string, Asked, string]>([
    ["the flag", { passphrase: "of the flag", variable: "of the variable" }, "of the flag"],
    ["the file", { passphraseFile: "file", variable: "of the variable" }, "of the file"],
    ["the variable", { variable: "of the variable" }, "of the variable"],
    ["the variable, where the flag is empty", { passphrase: "", variable: "of the variable" }, "of the variable"],
  ])("%s", async (_, { passphraseFile, ...others }, expected) => {
    const asked = passphraseFile === undefined ? others : { ...others, passphraseFile: join(folder, passphraseFile) };
    expect(await read(asked)).toBe(expected);
  });

  test("none, where all are empty", () => {
    expect(given({ passphrase: "", variable: "" })).toBeUndefined();
    expect(given({})).toBeUndefined();
  });
});

test("the variable leaves the environment, whatever counts: nothing that we start inherits it", () => {
  for (const passphrase of [undefined, "of the flag"]) {
    const env = { MCP_SSH_PASSPHRASE: "of the variable", OTHER: "stays" };
    givenPassphrase({ passphrase, passphraseFile: undefined }, quiet, env);
    expect(env).toEqual({ OTHER: "stays" });
  }
});

test("each reading gives a copy, which its reader may wipe; a pipe is read once", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const writer = spawn("sh", ["-c", `echo secret > '${pipe}'`]);
  const passphrase = given({ passphraseFile: pipe });
  const first = await passphrase?.read();
  first?.fill(0);
  expect(Buffer.from((await passphrase?.read()) ?? []).toString()).toBe("secret");
  writer.kill();
});

test("bytes that are no UTF-8 stay what they are", async () => {
  const path = join(folder, "latin1");
  writeFileSync(path, Buffer.from("gr\u00fc\u00dfe\n", "latin1"), { mode: 0o600 });
  const bytes = await given({ passphraseFile: path })?.read();
  expect(Buffer.from(bytes ?? []).toString("latin1")).toBe("gr\u00fc\u00dfe");
});
