/**
 * Asks a real ssh-agent for its keys and for signatures, and writes both sides to test/vectors/agent.json. The requests
 * are put together here by hand, as the draft has them. The keys are in no use anywhere.
 *
 * Run: npx tsx test/support/record-agent.ts (needs ssh-agent, ssh-add, ssh-keygen).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join as path } from "node:path";
import { uint32 } from "./fake-agent.ts";
import { join, sshString } from "./peer-crypto.ts";
import { blobOf, makeKey, startSshAgent } from "./ssh-agent.ts";

const agent = await startSshAgent();
const data = Buffer.from("what is to be signed");

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

async function ask(request: Uint8Array): Promise<Uint8Array> {
  const socket = connect(agent.path);
  socket.write(request);
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 4 && received.length === 4 + received.readUInt32BE()) break;
  }
  socket.destroy();
  return received;
}

const types: readonly (readonly [string, ...string[]])[] = [
  ["ed25519", "-t", "ed25519"],
  ["p256", "-t", "ecdsa", "-b", "256"],
  ["p384", "-t", "ecdsa", "-b", "384"],
  ["p521", "-t", "ecdsa", "-b", "521"],
  ["rsa", "-t", "rsa", "-b", "2048"],
];

try {
  const list = sshString(Uint8Array.of(11));
  const lists = [{ name: "an empty agent", request: hex(list), reply: hex(await ask(list)), expect: [] as string[] }];
  const ca = path(agent.folder, "ca");
  makeKey(ca, "-t", "ed25519");
  const blobs = new Map<string, Uint8Array>();
  for (const [name, ...options] of types) {
    const file = path(agent.folder, name);
    blobs.set(name, blobOf(makeKey(file, ...options, "-C", `the ${name} key`)));
    execFileSync("ssh-keygen", ["-q", "-s", ca, "-I", "id", "-n", "mcp", `${file}.pub`], { stdio: "ignore" });
    blobs.set(`${name}-cert`, blobOf(readFileSync(`${file}-cert.pub`, "utf8")));
    agent.add(file);
  }
  const held = execFileSync("ssh-add", ["-L"], { encoding: "utf8", env: { SSH_AUTH_SOCK: agent.path } });
  lists.push({
    name: "five keys and their certificates",
    request: hex(list),
    reply: hex(await ask(list)),
    expect: held.trim().split("\n"),
  });
  const signatures = [];
  for (const [name, blob] of blobs) {
    for (const flags of name.startsWith("rsa") ? [2, 4] : [0]) {
      const request = sshString(join(Uint8Array.of(13), sshString(blob), sshString(data), uint32(flags)));
      signatures.push({
        name: `${name}, flags ${flags}`,
        blob: hex(blob),
        flags,
        request: hex(request),
        reply: hex(await ask(request)),
      });
    }
  }
  const unknown = sshString(join(Uint8Array.of(13), sshString("nobody"), sshString(data), uint32(0)));
  const version = spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr.split(",")[0];
  const file = {
    about: "an agent's lists and signatures; bytes in hex, lists as ssh-add -L shows them",
    source: `ssh-agent of ${version}, recorded by test/support/record-agent.ts`,
    data: hex(data),
    lists,
    signatures,
    refusal: { request: hex(unknown), reply: hex(await ask(unknown)) },
  };
  writeFileSync(new URL("../vectors/agent.json", import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
} finally {
  await agent.stop();
}
