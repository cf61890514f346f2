import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { updateHostKeys } from "../../src/node/host-key-update.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { HostKeyError } from "../../src/ssh/errors.ts";
import { fingerprint } from "../../src/ssh/known-hosts.ts";
import { PeerKey } from "../support/peer-crypto.ts";

interface NamedKey extends HostKey {
  /** As in known_hosts. */
  readonly line: string;
}

function keyOf(name: string): NamedKey {
  const { publicKeyBlob: blob } = new PeerKey(name);
  const line = `ssh-ed25519 ${Buffer.from(blob).toString("base64")}`;
  return { algorithm: "ssh-ed25519", blob, fingerprint: fingerprint(blob), line };
}

const used = keyOf("used");
const fresh = keyOf("fresh");
const old = keyOf("old");

let folder = "";
let place = "";
const said: string[] = [];
const asked: HostKey[][] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "host-key-update-"));
  place = join(folder, "known_hosts");
  said.splice(0);
  asked.splice(0);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Updates a file with these lines; gives its lines after that. `prove`: which keys the server proves. */
async function updated(
  lines: readonly string[],
  listed: readonly HostKey[],
  prove: (keys: readonly HostKey[]) => readonly HostKey[] = (keys) => keys,
): Promise<string[]> {
  writeFileSync(place, lines.map((line) => `${line}\n`).join(""));
  const tell = (level: string) => (text: string) => void said.push(`${level} ${text.replaceAll(folder, "FOLDER")}`);
  const log = { debug: tell("debug"), info: tell("info"), warning: tell("warning") };
  const connection = {
    hostKey: used,
    proveHostKeys: async (keys: readonly HostKey[]) => {
      asked.push([...keys]);
      return prove(keys);
    },
  };
  await updateHostKeys(connection, listed, { host: "h.example", port: 22, place, log });
  return readFileSync(place, "utf8").trimEnd().split("\n");
}

describe("a host's keys in known_hosts", () => {
  it("gain what the server proves, lose what it has no more, and both are told", async () => {
    const others = ["# mine", `i.example ${used.line}`];
    const lines = await updated(
      [`h.example ${used.line}`, others[0]!, `h.example ${old.line}`, others[1]!],
      [used, fresh],
    );
    expect(lines).toEqual([`h.example ${used.line}`, ...others, `h.example ${fresh.line}`]);
    expect(asked).toEqual([[fresh]]);
    expect(said).toEqual([
      `info h.example port 22 proved to hold another key, which FOLDER/known_hosts has now: ssh-ed25519 ${fresh.fingerprint}`,
      `info h.example port 22 has this key no more, and neither has FOLDER/known_hosts:3: ssh-ed25519 ${old.fingerprint}`,
    ]);
  });

  it("keep the file's mode", async () => {
    writeFileSync(place, "");
    chmodSync(place, 0o640);
    await updated([`h.example ${used.line}`, `h.example ${old.line}`], [used]);
    expect(statSync(place).mode & 0o777).toBe(0o640);
  });

  it("stay as they are where the server has the same, and no proof is asked for", async () => {
    const lines = [`h.example ${used.line}`, `h.example ${old.line}`];
    expect(await updated(lines, [old, used])).toEqual(lines);
    expect(asked).toEqual([]);
    expect(said).toEqual(["debug the host keys are as known_hosts has them"]);
  });

  it("gain no key that was not proved", async () => {
    const lines = [`h.example ${used.line}`];
    expect(await updated(lines, [used, fresh, old], (keys) => keys.slice(1))).toEqual([
      ...lines,
      `h.example ${old.line}`,
    ]);
  });

  it("that cannot be checked are told", async () => {
    await updated([`h.example ${used.line}`], [used, fresh], () => []);
    expect(said).toEqual([
      `info h.example port 22 lists a key that cannot be checked here, so it is left out: ssh-ed25519 ${fresh.fingerprint}`,
    ]);
  });

  const wrong = new HostKeyError("wrong", "signature");
  it.each([
    [
      "a proof that fails",
      [`h.example ${used.line}`, `h.example ${old.line}`],
      [used, fresh],
      /^warning .* nothing is written, since wrong$/,
    ],
    [
      "a list without the key in use",
      [`h.example ${used.line}`],
      [fresh],
      /^warning .* does not list the host key that it uses/,
    ],
    [
      "a key that is not in this file",
      [`i.example ${used.line}`],
      [used, fresh],
      /has no line of its own for the key that was trusted$/,
    ],
    ["another key than the one in use", [`h.example ${old.line}`], [used, fresh], /has no line of its own/],
    ["a wildcard", [`*.example ${used.line}`], [used, fresh], /:1 is no plain line for this host alone$/],
    [
      "a wildcard beside a line of its own",
      [`h.example ${used.line}`, `*.example ${old.line}`],
      [used],
      /:2 is no plain line/,
    ],
    ["a line of two names", [`h.example,192.0.2.1 ${used.line}`], [used, fresh], /:1 is no plain line/],
    [
      "an authority",
      [`h.example ${used.line}`, `@cert-authority h.example ${old.line}`],
      [used],
      /:2 is no plain line/,
    ],
    ["a revocation", [`h.example ${used.line}`, `@revoked * ${old.line}`], [used, fresh], /:2 is no plain line/],
    [
      "an old key that has another name too",
      [`h.example ${used.line}`, `h.example ${old.line}`, `i.example ${old.line}`],
      [used],
      /known_hosts:2, which the host has no more, is known by another name too$/,
    ],
  ])("do not follow past %s", async (_, lines, listed, why) => {
    const prove = (): never => {
      throw wrong;
    };
    expect(await updated(lines, listed, prove)).toEqual(lines);
    expect(said).toEqual([expect.stringMatching(why)]);
  });

  it("are judged again once the lock is held", async () => {
    const lines = await updated([`h.example ${used.line}`], [used, fresh], (keys) => {
      writeFileSync(place, `@revoked * ${fresh.line}\n`);
      return keys;
    });
    expect(lines).toEqual([`@revoked * ${fresh.line}`]);
    expect(said).toEqual([]);
  });

  it("that cannot be written are told", async () => {
    const lines = [`h.example ${used.line}`];
    await updated(lines, [used, fresh], (keys) => {
      rmSync(place);
      rmSync(folder, { recursive: true });
      writeFileSync(folder, "");
      return keys;
    }).catch(() => undefined);
    expect(said).toEqual([
      expect.stringMatching(/^warning .* not updated: Cannot write FOLDER\/known_hosts: no such file/),
    ]);
  });
});
