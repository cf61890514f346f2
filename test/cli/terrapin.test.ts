import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSession } from "../../src/cli/session.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { createLog } from "../../src/node/log.ts";
import type { ByteDuplex } from "../../src/ssh/connection.ts";
import { MemoryLink } from "../support/memory-link.ts";
import { type Script, ScriptedPeer } from "../support/scripted-peer.ts";

const chacha = "chacha20-poly1305@openssh.com";
const gcm = "aes256-gcm@openssh.com";
const ctr = "aes256-ctr";

const vectors = JSON.parse(readFileSync(new URL("../vectors/private-key.json", import.meta.url), "utf8")) as {
  readonly cases: readonly [{ readonly text: string }];
};
const [{ text }] = vectors.cases;

/** A server without strict kex, on a link of its own. */
function serverWith(script: Script): ByteDuplex {
  const link = new MemoryLink(new ScriptedPeer({ isStrict: false, ...script }));
  link.peer.greet();
  link.flush();
  return link.socket;
}

/** Opens a session; the server uses the first cipher of its own that the client offers too. */
async function open(ciphers: readonly string[], kexInit: Script["kexInit"] = {}) {
  const settings = parseFlags(["--host", "h", "--disable-host-key-checking"], () => "me") as Settings;
  const cipher = ([gcm, ctr] as const).find((name) => ciphers.includes(name)) ?? chacha;
  const keys = Promise.resolve([{ path: "key", isNamed: true, file: { path: "key", text, warning: undefined } }]);
  let connections = 0;
  const begun = {
    stops: [{ settings, keys, knownHosts: Promise.resolve(undefined), accepted: {}, unlocked: new Map() }],
    target: settings,
    open: async () => {
      connections += 1;
      const lists = { encryptionAlgorithmsClientToServer: ciphers, encryptionAlgorithmsServerToClient: ciphers };
      return serverWith({ cipher, kexInit: { ...lists, ...kexInit } });
    },
  };
  const log = createLog({ name: "test", level: "DEBUG", write: () => undefined });
  const edge = { log, signal: new AbortController().signal, onHostKey: () => undefined };
  const opened = await openSession(begun, edge).then(
    (remote) => ({ remote, error: undefined, connections }),
    (error: unknown) => ({ remote: undefined, error, connections }),
  );
  return opened;
}

describe("a server without strict kex", () => {
  test("that has AES-GCM too is used with that, on a second connection", async () => {
    const { remote, error, connections } = await open([chacha, gcm]);
    expect(error).toBeUndefined();
    expect(connections).toBe(2);
    await remote?.connection.close();
  });

  test("that has AES-CTR too is used with that, on a second connection", async () => {
    const { remote, error, connections } = await open([chacha, ctr]);
    expect(error).toBeUndefined();
    expect(connections).toBe(2);
    await remote?.connection.close();
  });

  test("that has AES-CTR without a MAC of ours is refused for what the flag helps against", async () => {
    const macs = ["hmac-sha1"];
    const { error, connections } = await open([chacha, ctr], { macAlgorithmsClientToServer: macs });
    expect(error).toMatchObject({ name: "NegotiationError", list: "strict kex" });
    expect(connections).toBe(2);
  });

  test("that has nothing else is refused", async () => {
    const { error, connections } = await open([chacha]);
    expect(error).toMatchObject({ name: "NegotiationError", list: "strict kex" });
    expect(connections).toBe(1);
  });
});
