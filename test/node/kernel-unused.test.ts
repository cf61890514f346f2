/** The kernel is compiled for a session that uses it, at the first key, and for no other. */
import { afterEach, expect, test, vi } from "vitest";
import { MemoryLink } from "../support/memory-link.ts";
import { PeerKey } from "../support/peer-crypto.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** How many modules a whole session compiles, and what it agreed on, with everything loaded anew. */
async function compiledBy(cipher: "aes256-gcm@openssh.com" | "chacha20-poly1305@openssh.com") {
  vi.resetModules();
  let compiled = 0;
  class Module extends WebAssembly.Module {
    constructor(bytes: BufferSource) {
      compiled += 1;
      super(bytes);
    }
  }
  const { Instance, validate } = WebAssembly;
  vi.stubGlobal("WebAssembly", { Module, Instance, validate });
  const { loadTable } = await import("../../src/node/platform.ts");
  const { connect } = await import("../../src/ssh/connect.ts");
  const ciphers = [cipher];
  const kexInit = { encryptionAlgorithmsClientToServer: ciphers, encryptionAlgorithmsServerToClient: ciphers };
  const link = new MemoryLink(new ScriptedPeer({ cipher, kexInit }));
  link.peer.greet();
  link.flush();
  const keys = [new PeerKey("the user")];
  const table = await loadTable("auto");
  const connection = await connect(link.socket, { user: "mcp", keys, verifyHostKey: () => undefined, table });
  const session = await connection.session({ shell: true });
  await session.writable.getWriter().write(new Uint8Array(100_000));
  await connection.close();
  return compiled;
}

test("a session with AES-GCM leaves it uncompiled", async () => {
  expect(await compiledBy("aes256-gcm@openssh.com")).toBe(0);
});

test("a session with chacha20-poly1305 compiles it once", async () => {
  expect(await compiledBy("chacha20-poly1305@openssh.com")).toBe(1);
});
