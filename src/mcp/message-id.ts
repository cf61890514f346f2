/**
 * Message ids: JSON-RPC ids compared by value and echoed as they were written. Servers answer `"a\/b"` with `"a/b"`
 * and `"é"` with `"\u00e9"`; `1` is not `"1"`; 9007199254740993 is not 9007199254740992.
 */

/** A JSON-RPC id: a string or a number. */
export interface MessageId {
  /** The JSON token as it was written, quotes included. Copied. */
  readonly raw: Uint8Array;
  /** Equal for two ids exactly when their values are. */
  readonly key: string;
}

/** Ids with longer tokens, in bytes, are not tracked: their messages pass, but are not answered in a loss. */
export const LONGEST_ID = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const utf8: TextDecoder = new TextDecoder();

/** Makes an id of a JSON string or number token, which must be well-formed. Borrows `raw`. */
export function messageId(raw: Uint8Array): MessageId {
  const isString = raw[0] === QUOTE;
  return { raw, key: isString ? `string ${stringValue(raw)}` : `number ${canonicalNumber(textOf(raw))}` };
}

/** The text of a JSON string token, its escapes resolved. */
export function stringValue(raw: Uint8Array): string {
  const token = textOf(raw);
  return raw.includes(BACKSLASH) ? JSON.parse(token) : token.slice(1, -1);
}

/** Of the few bytes that most tokens have; a TextDecoder takes twice as long to begin as such a loop to end. */
function textOf(raw: Uint8Array): string {
  if (raw.length > 32) return utf8.decode(raw);
  let text = "";
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at] as number;
    if (byte > 0x7f) return utf8.decode(raw);
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * One spelling for each number, exact at any size. `1.0`, `1e0` and `10e-1` are `1`, and `-0` is `0`: a server that
 * parses and serialises an id writes it so.
 */
function canonicalNumber(token: string): string {
  if (isPlainInteger(token)) return token;
  const [, sign, whole, fraction, power] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  if (fraction === undefined && power === undefined) return token === "-0" ? "0" : token;
  const digits = withoutLeadingZeros(`${whole}${fraction ?? ""}`);
  const kept = withoutTrailingZeros(digits);
  if (kept === "") return "0";
  const exponent = BigInt(power ?? 0) - BigInt(fraction?.length ?? 0) + BigInt(digits.length - kept.length);
  // Beyond that many zeros no plain integer that is tracked can be equal.
  if (exponent < 0n || exponent > LONGEST_ID) return `${sign}${kept}e${exponent}`;
  return `${sign}${kept}${"0".repeat(Number(exponent))}`;
}

/** As most ids are. Not by an expression: a new process would have to compile it first. */
function isPlainInteger(token: string): boolean {
  for (let at = 0; at < token.length; at++) {
    const digit = token.charCodeAt(at);
    if (digit < 0x30 || digit > 0x39) return false;
  }
  return !token.startsWith("0");
}

function withoutLeadingZeros(digits: string): string {
  return digits.replace(/^0+/, "");
}

/** A loop, since `/0+$/` takes quadratic time on zeros that do not end the text. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end--;
  return digits.slice(0, end);
}
