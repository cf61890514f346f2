import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openSession } from "../../src/cli/session.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { createLog } from "../../src/node/log.ts";
import type { ByteDuplex } from "../../src/ssh/connection.ts";
import { type Script, ScriptedPeer } from "../support/scripted-peer.ts";

const chacha = "chacha20-poly1305@openssh.com";
const gcm = "aes256-gcm@openssh.com";

const vectors = JSON.parse(readFileSync(new URL("../vectors/private-key.json", import.meta.url), "utf8")) as {
  readonly cases: readonly [{ readonly text: string }];
};
const [{ text }] = vectors.cases;

/** A server without strict kex that takes `ciphers`; it uses the first that the client offers too. */
function serverWith(ciphers: readonly string[], script: Script): { socket: ByteDuplex; peer: ScriptedPeer } {
  const kexInit = { encryptionAlgorithmsClientToServer: ciphers, encryptionAlgorithmsServerToClient: ciphers };
  const peer = new ScriptedPeer({ isStrict: false, kexInit, ...script });
  peer.greet();
  let toClient: ReadableStreamDefaultController<Uint8Array> | undefined;
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => {
      toClient = controller;
      controller.enqueue(peer.takeOutput());
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => {
      peer.receive(bytes);
      const answer = peer.takeOutput();
      if (answer.length > 0) toClient?.enqueue(answer);
    },
  });
  return { socket: { readable, writable }, peer };
}

async function open(ciphers: readonly string[]) {
  const settings = parseFlags(["--host", "h", "--disable-host-key-checking"], () => "me") as Settings;
  const script: Script = { cipher: ciphers.includes(gcm) ? gcm : chacha };
  const keys = Promise.resolve([{ path: "key", isNamed: true, file: { path: "key", text, warning: undefined } }]);
  let connections = 0;
  const begun = {
    stops: [{ settings, keys, knownHosts: Promise.resolve(undefined), accepted: {}, unlocked: new Map() }],
    target: settings,
    open: async () => {
      connections += 1;
      return serverWith(ciphers, script).socket;
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

  test("that has nothing else is refused", async () => {
    const { error, connections } = await open([chacha]);
    expect(error).toMatchObject({ name: "NegotiationError", list: "strict kex" });
    expect(connections).toBe(1);
  });
});
