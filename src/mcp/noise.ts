/** Noise: a line of the remote's stdout that is no message, and the message that may stand behind a prompt in it. */
import { printable } from "../ssh/printable.ts";
import { EnvelopeScanner, type Verdict } from "./envelope.ts";
import { joined } from "./held-bytes.ts";
import { LARGEST_NOISE, type Line } from "./json-lines.ts";

/** How much of a line is shown, bytes. */
const SHOWN = 1024;

/** What a message that stands behind a prompt begins with. */
const messageStart: Uint8Array = new TextEncoder().encode('{"jsonrpc"');

/** What it comes from and what to do. */
export const NOISE_CURE: string =
  "Likely cause: a shell profile there (.bashrc, .profile, .zshenv) that prints; let it print only in interactive shells. " +
  "Else the server itself writes its log to stdout";

/** Said once, with the first noise. */
export const NOISE_WARNING: string = `The remote wrote text to its stdout that is no MCP message; it is shown here and kept from the host. ${NOISE_CURE}.`;

/** A line cut in two where its message begins. */
export interface Repaired {
  readonly noise: Uint8Array;
  readonly message: Uint8Array;
  readonly verdict: Verdict;
}

/**
 * Finds the message in `prompt$ {"jsonrpc"...`: cut at the first `{"jsonrpc"`, tried once, in lines under 1 MiB.
 * Views of the line, or of a copy.
 */
export function cutPrompt(line: Line): Repaired | undefined {
  if (!line.isWhole || line.length >= LARGEST_NOISE) return undefined;
  const bytes = joined(line.chunks);
  const start = indexOf(bytes, messageStart);
  if (start <= 0) return undefined;
  const message = bytes.subarray(start);
  const scanner = new EnvelopeScanner();
  scanner.scan(message);
  const verdict = scanner.end();
  return verdict.isMessage ? { noise: bytes.subarray(0, start), message, verdict } : undefined;
}

/** A line for a person: escaped, its beginning only. `length`: bytes in all. */
export function shown(chunks: readonly Uint8Array[], length: number): string {
  const text = new TextDecoder().decode(beginning(chunks)).replace(/\r?\n$/, "");
  return length > SHOWN ? `${printable(text, SHOWN)}... (${length} bytes)` : printable(text, SHOWN);
}

function beginning(chunks: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let room = SHOWN;
  for (const chunk of chunks) {
    if (room <= 0) break;
    parts.push(chunk.subarray(0, room));
    room -= chunk.length;
  }
  return joined(parts);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
