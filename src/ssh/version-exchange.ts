/**
 * Version exchange: RFC 4253 §4.2 and §5.1. The server's lines in, up to its version; what comes before that is text
 * for people, kept within bounds to be shown. It reads no packet and keeps no bytes of a line that has not ended.
 */
import { DISCONNECT_REASON, ProtocolError } from "./errors.ts";
import { printable } from "./printable.ts";
import { fromUtf8, utf8 } from "./wire.ts";

/** V_C, without CR LF. No version number: it tells an attacker more than an operator. RFC 4253 §4.2. */
export const CLIENT_VERSION: Uint8Array = utf8("SSH-2.0-mcp_ssh_client");

const maximumVersionLength = 255; // RFC 4253 §4.2, CR LF included
const maximumLineLength = 8192; // of a text line before the version; RFC 4253 §4.2 sets no bound, OpenSSH this one
const maximumTextLines = 1024; // likewise
const mostGreetings = 8; // text lines before the version that are kept to be shown, and their characters
const longestGreeting = 200;

/** What a line was: the version, text that is kept to be shown, or text beyond that. */
export type LineKind = "version" | "greeting" | "text";

export class VersionExchange {
  readonly #greeting: string[] = [];
  #textLines = 0;
  #serverVersion: Uint8Array | undefined;

  /** V_S: the server's identification string without CR LF, empty until it came. */
  get serverVersion(): Uint8Array {
    return this.#serverVersion ?? new Uint8Array(0);
  }

  /** The first text lines before the version, escaped. */
  get greeting(): readonly string[] {
    return this.#greeting;
  }

  /** As `greeting`, with what `begun`, a line that has not ended, says so far: a prompt, say, that waits for an answer. */
  greetingWith(begun: Uint8Array): readonly string[] {
    const text = fromUtf8(begun.subarray(0, longestGreeting)).trim();
    return text !== "" && printable(text) === text ? [...this.#greeting, text] : this.#greeting;
  }

  /**
   * Takes the next line, up to and without its LF; nothing is to come after the version.
   * @throws ProtocolError on what is no SSH-2 server's. RFC 4253 §4.2.
   */
  receive(line: Uint8Array): LineKind {
    if (line.length > maximumLineLength) throw notSsh("an over-long line before its version");
    const text = fromUtf8(line);
    if (!text.startsWith("SSH-")) return this.#receiveText(text);
    this.#serverVersion = versionOf(line, text);
    return "version";
  }

  /** Bounds a line that has not ended. @throws ProtocolError. */
  refuseEndless(begun: Uint8Array): void {
    if (begun.length > maximumLineLength) throw notSsh("a line without end before its version");
  }

  #receiveText(text: string): LineKind {
    this.#textLines += 1;
    const isKept = this.#textLines <= mostGreetings;
    if (isKept) this.#greeting.push(printable(text.trim(), longestGreeting));
    if (text.startsWith("HTTP/")) throw notSsh("HTTP");
    if (this.#textLines > maximumTextLines) throw notSsh(`${this.#textLines} lines before its version`);
    return isKept ? "greeting" : "text";
  }
}

function versionOf(line: Uint8Array, text: string): Uint8Array {
  const version = line.subarray(0, line.length - (text.endsWith("\r") ? 1 : 0)); // RFC 4253 §5.1: a lone LF is taken
  if (line.length + 1 > maximumVersionLength) throw notSsh("a version line of more than 255 bytes");
  if (version.some((byte) => byte < 0x20 || byte === 0x7f)) throw notSsh("a control character in its version line");
  const said = text.replace(/\r$/, "");
  if (/^SSH-(2\.0|1\.99)$/.test(said)) throw notSsh("a version line without the name of its software");
  if (!/^SSH-(2\.0|1\.99)-/.test(said)) {
    const what = `the server speaks ${printable(said, 80)}; SSH-2.0 is needed`;
    throw new ProtocolError(what, "RFC 4253 §4.2", DISCONNECT_REASON.PROTOCOL_VERSION_NOT_SUPPORTED);
  }
  return version.slice();
}

function notSsh(what: string): ProtocolError {
  return new ProtocolError(`this is no SSH server: it sent ${what}`, "RFC 4253 §4.2");
}
