/** A program on the other side: what is written to it, and all that came back. */
import { equal } from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ExitStatus, SessionChannel, SessionRequest, SshConnection } from "../../src/index.ts";
import type { Remote } from "./targets.ts";

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exited: ExitStatus | undefined;
}

/** Runs it to its end with `input` on its stdin. */
export async function run(connection: SshConnection, request: SessionRequest, input = ""): Promise<Ran> {
  const session = await connection.session(request);
  const [stdout, stderr, exited] = await Promise.all([
    readText(session.readable),
    readText(session.stderr),
    session.exited,
    writeAll(session, input),
  ]);
  return { stdout, stderr, exited };
}

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2024-11-05", capabilities: {}, clientInfo: { name: "interop", version: "1" } },
};

/**
 * That the connection carries something there and back: a command's output, or the first answer of a server that has a
 * shell for nothing but MCP. @throws Error where it does not
 */
export async function prove(connection: SshConnection, mcp: Remote | undefined): Promise<void> {
  if (mcp === undefined || !("shell" in mcp)) {
    equal(
      (await run(connection, { exec: "cat; echo through" }, "there and back\n")).stdout,
      "there and back\nthrough\n",
    );
    return;
  }
  const session = await connection.session({ shell: true });
  const writer = session.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${JSON.stringify(INITIALIZE)}\n`));
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of session.readable) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) break;
  }
  equal(JSON.parse(text).id, INITIALIZE.id);
}

export async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Writes and ends stdin. A program that has ended meanwhile has not read it, which its output shows. */
export async function writeAll(session: SessionChannel, input: string): Promise<void> {
  const writer = session.writable.getWriter();
  try {
    if (input !== "") await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {}
}

/** What a stream held: how many bytes, and their SHA-256 in hex. */
export interface Sum {
  readonly bytes: number;
  readonly sha256: string;
}

export async function sumOf(stream: ReadableStream<Uint8Array>): Promise<Sum> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Writes `bytes` bytes that repeat nowhere, and ends stdin; resolves to what they were. */
export async function writeVolume(session: SessionChannel, bytes: number): Promise<Sum> {
  const hash = createHash("sha256");
  const writer = session.writable.getWriter();
  for (let sent = 0, block = 0; sent < bytes; block++) {
    const chunk = blockOf(block).subarray(0, Math.min(BLOCK, bytes - sent));
    hash.update(chunk);
    await writer.write(chunk);
    sent += chunk.length;
  }
  await writer.close();
  return { bytes, sha256: hash.digest("hex") };
}

const BLOCK = 64 * 1024;

/** Pseudo-random, the same for every run, another for each number. */
function blockOf(number: number): Uint8Array {
  const words = new Uint32Array(BLOCK / 4);
  let state = (number + 1) * 0x9e3779b1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer);
}

/** Sends `bytes` through `cat` and back, and compares. @throws Error where another text came back */
export async function echoVolume(connection: SshConnection, bytes: number): Promise<void> {
  const session = await connection.session({ exec: "cat" });
  const [back, sent] = await Promise.all([sumOf(session.readable), writeVolume(session, bytes)]);
  if (back.bytes !== sent.bytes) throw new Error(`${back.bytes} bytes came back, ${sent.bytes} were sent`);
  if (back.sha256 !== sent.sha256) throw new Error("other bytes came back than were sent");
}
