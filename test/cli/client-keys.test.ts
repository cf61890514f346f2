/** Key files as they are read for a run. What comes of a missing one: client-key.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readClientKeys } from "../../src/cli/client-keys.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { createLog } from "../../src/node/log.ts";

let folder = "";
let path = "";
const log = createLog({ name: "test", level: "CRITICAL", write: () => {} });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "client-keys-"));
  path = join(folder, "key");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function read(): Promise<string | undefined> {
  const settings = parseFlags(["--client-key", path], () => "me") as Settings;
  const [first] = await readClientKeys(settings, undefined, log);
  return first?.file?.text;
}

describe("a key that has its name before its text, where a file system has no links", () => {
  test("is waited for", async () => {
    writeFileSync(path, "", { mode: 0o600 });
    const reading = read();
    setTimeout(() => writeFileSync(path, "the key"), 60);
    expect(await reading).toBe("the key");
  });

  test("is not waited for for ever: an empty file is one", async () => {
    writeFileSync(path, "", { mode: 0o600 });
    expect(await read()).toBe("");
  });
});
