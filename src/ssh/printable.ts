/**
 * Printable: what the peer says, made safe for a terminal or a log (RFC 4251 §9.2, RFC 4252 §5.4 ask for it).
 * C0, DEL, C1, the line separators U+2028/9 and every bidi or invisible format control become visible escapes.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this room is about
const unsafe: RegExp = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cf}\p{Cs}\p{Co}]/gu;

/** Escapes a text of the peer's on one line; longer than `limit` UTF-16 units, it is cut with a mark. */
export function printable(text: string, limit = 512): string {
  if (text.length <= limit) return text.replace(unsafe, escapeCharacter);
  return `${beginning(text, limit).replace(unsafe, escapeCharacter)}...`;
}

/** As `printable`, but newlines end lines (CRLF and LF), trailing empty ones dropped; at most `most`, the last saying so. */
export function printableLines(text: string, most = 100): string[] {
  const trimmed = text.trimEnd();
  if (trimmed === "" || most < 1) return [];
  const lines = trimmed.split(/\r?\n/);
  if (lines.length <= most) return lines.map((line) => printable(line));
  const kept = lines.slice(0, most - 1).map((line) => printable(line));
  return [...kept, `(${lines.length - kept.length} more lines)`];
}

/** The first `length` UTF-16 units, one less where a surrogate pair would be torn. */
function beginning(text: string, length: number): string {
  const isTorn = (text.codePointAt(length - 1) ?? 0) > 0xffff;
  return text.slice(0, isTorn ? length - 1 : length);
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
