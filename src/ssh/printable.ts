/**
 * Printable: what the peer says, made safe for a terminal or a log (RFC 4251 §9.2, RFC 4252 §5.4 ask for it).
 * C0, DEL, C1, the line separators U+2028/9 and every bidi or invisible format control become visible escapes.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this room is about
const unsafe: RegExp = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cf}\p{Cs}\p{Co}]/gu;

/** Escapes a text of the peer's on one line; longer than `limit` UTF-16 units, it is cut with a mark. */
export function printable(text: string, limit = 512): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(unsafe, escapeCharacter);
}

/** As `printable`, but newlines end lines (CRLF and LF), trailing empty ones dropped; at most `lines` of them. */
export function printableLines(text: string, lines = 100): string[] {
  const all = text.trimEnd().split(/\r?\n/);
  const kept = all.slice(0, lines).map((line) => printable(line));
  return all.length > lines ? [...kept, `(${all.length - lines} more lines)`] : kept;
}

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
