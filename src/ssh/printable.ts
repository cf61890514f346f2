/**
 * Printable: what the peer says, made safe for a terminal or a log (RFC 4251 §9.2, RFC 4252 §5.4 ask for it).
 * C0, DEL, C1, the line separators U+2028/9 and every bidi or invisible format control become visible escapes.
 */

/** What most texts are of alone. */
const plain = /^[ -~]*$/;

/**
 * C0, DEL and C1; what is not seen. V8 takes half a millisecond for Unicode's classes, half of it only to check that a literal
 * is one: so these are made when a text needs them.
 */
const hidden = "\\p{Cc}\\p{Cf}";
let unsafePattern: RegExp | undefined;
let hiddenPattern: RegExp | undefined;

/** Escapes a text of the peer's on one line; longer than `limit` UTF-16 units, it is cut with a mark. */
export function printable(text: string, limit = 512): string {
  if (text.length <= limit) return escaped(text);
  return `${escaped(beginning(text, limit))}...`;
}

/** Whether a control or format character is in a text. */
export function hasHidden(text: string): boolean {
  if (plain.test(text)) return false;
  hiddenPattern ??= new RegExp(`[${hidden}]`, "u");
  return hiddenPattern.test(text);
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

function escaped(text: string): string {
  if (plain.test(text)) return text;
  unsafePattern ??= new RegExp(`[${hidden}\u2028\u2029\\p{Cs}\\p{Co}]`, "gu");
  return text.replace(unsafePattern, escapeCharacter);
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
