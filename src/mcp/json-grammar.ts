/**
 * JSON grammar: RFC 8259 as one table, state and byte -> next state or action, so that a scanner steps through text
 * cut anywhere. Containers are not in the table (it has no stack): opening and closing them are actions.
 */

/** Where a scanner stands between two bytes. */
export const STATE = {
  fault: 0,
  /** Before the one value of a text: only an object or an array is taken. */
  start: 1,
  value: 2,
  valueOrEnd: 3,
  keyOrEnd: 4,
  key: 5,
  colon: 6,
  /** Behind a value. */
  after: 7,
  string: 8,
  escape: 9,
  hex4: 10,
  hex3: 11,
  hex2: 12,
  hex1: 13,
  number: 14,
  minus: 15,
  zero: 16,
  integer: 17,
  point: 18,
  fraction: 19,
  exponent: 20,
  exponentSign: 21,
  exponentDigits: 22,
  literal: 23,
  t: 24,
  tr: 25,
  tru: 26,
  f: 27,
  fa: 28,
  fal: 29,
  fals: 30,
  n: 31,
  nu: 32,
  nul: 33,
  /** In what is nested too deeply to be judged: only brackets and strings are told apart. */
  deep: 34,
  deepString: 35,
  deepEscape: 36,
} as const;

/** What a scanner must do at a byte, beyond changing its state; all are at least `FIRST_ACTION`. */
export const ACTION = {
  openObject: 64,
  openArray: 65,
  closeObject: 66,
  closeArray: 67,
  comma: 68,
  beginKey: 69,
  beginString: 70,
  endString: 71,
  beginNumber: 72,
  /** The number ended before this byte, which is to be looked at once more in state `after`. */
  endNumber: 73,
  beginLiteral: 74,
  openDeep: 75,
  closeDeep: 76,
} as const;

/** What `TABLE` holds is an action from here on, and a state below. */
export const FIRST_ACTION = 64;

const space = " \t\r\n";
const digits = "0123456789";
const beyondZero = "123456789";
const hex = "0123456789abcdefABCDEF";
const behindNumber = `${space},]}`;

/** Characters, and where each of them leads. No character stands in two keys: an object has its own order for some. */
type Row = Readonly<Record<string, number>>;

const anyValue: Row = {
  "{": ACTION.openObject,
  "[": ACTION.openArray,
  '"': ACTION.beginString,
  [`-${digits}`]: ACTION.beginNumber,
  tfn: ACTION.beginLiteral,
};

/** RFC 8259 §2 to §7; a byte without an entry is a fault. */
const rows: Readonly<Record<number, Row>> = {
  [STATE.start]: { [space]: STATE.start, "{": ACTION.openObject, "[": ACTION.openArray },
  [STATE.value]: { [space]: STATE.value, ...anyValue },
  [STATE.valueOrEnd]: { [space]: STATE.valueOrEnd, ...anyValue, "]": ACTION.closeArray },
  [STATE.keyOrEnd]: { [space]: STATE.keyOrEnd, '"': ACTION.beginKey, "}": ACTION.closeObject },
  [STATE.key]: { [space]: STATE.key, '"': ACTION.beginKey },
  [STATE.colon]: { [space]: STATE.colon, ":": STATE.value },
  [STATE.after]: {
    [space]: STATE.after,
    ",": ACTION.comma,
    "]": ACTION.closeArray,
    "}": ACTION.closeObject,
  },
  [STATE.string]: { '"': ACTION.endString, "\\": STATE.escape },
  [STATE.escape]: { '"\\/bfnrt': STATE.string, u: STATE.hex4 },
  [STATE.hex4]: { [hex]: STATE.hex3 },
  [STATE.hex3]: { [hex]: STATE.hex2 },
  [STATE.hex2]: { [hex]: STATE.hex1 },
  [STATE.hex1]: { [hex]: STATE.string },
  [STATE.number]: { "-": STATE.minus, "0": STATE.zero, [beyondZero]: STATE.integer },
  [STATE.minus]: { "0": STATE.zero, [beyondZero]: STATE.integer },
  [STATE.zero]: { ".": STATE.point, eE: STATE.exponent, [behindNumber]: ACTION.endNumber },
  [STATE.integer]: {
    [digits]: STATE.integer,
    ".": STATE.point,
    eE: STATE.exponent,
    [behindNumber]: ACTION.endNumber,
  },
  [STATE.point]: { [digits]: STATE.fraction },
  [STATE.fraction]: {
    [digits]: STATE.fraction,
    eE: STATE.exponent,
    [behindNumber]: ACTION.endNumber,
  },
  [STATE.exponent]: { "+-": STATE.exponentSign, [digits]: STATE.exponentDigits },
  [STATE.exponentSign]: { [digits]: STATE.exponentDigits },
  [STATE.exponentDigits]: { [digits]: STATE.exponentDigits, [behindNumber]: ACTION.endNumber },
  [STATE.literal]: { t: STATE.t, f: STATE.f, n: STATE.n },
  [STATE.t]: { r: STATE.tr },
  [STATE.tr]: { u: STATE.tru },
  [STATE.tru]: { e: STATE.after },
  [STATE.f]: { a: STATE.fa },
  [STATE.fa]: { l: STATE.fal },
  [STATE.fal]: { s: STATE.fals },
  [STATE.fals]: { e: STATE.after },
  [STATE.n]: { u: STATE.nu },
  [STATE.nu]: { l: STATE.nul },
  [STATE.nul]: { l: STATE.after },
  [STATE.deep]: { "{[": ACTION.openDeep, "}]": ACTION.closeDeep, '"': STATE.deepString },
  [STATE.deepString]: { '"': STATE.deep, "\\": STATE.deepEscape },
};

/** `TABLE[(state << 8) | byte]`: the next state, or an action. */
export const TABLE: Uint8Array = build();

function build(): Uint8Array {
  const table = new Uint8Array(64 << 8);
  // RFC 8259 §7: all characters but the quote, the backslash and the controls stand for themselves. That non-ASCII
  // bytes are UTF-8 is not checked: the host's decoder replaces what is not, and nothing is lost.
  table.fill(STATE.string, (STATE.string << 8) | 0x20, (STATE.string + 1) << 8);
  table.fill(STATE.deep, STATE.deep << 8, (STATE.deep + 1) << 8);
  table.fill(STATE.deepString, STATE.deepString << 8, (STATE.deepString + 1) << 8);
  table.fill(STATE.deepString, STATE.deepEscape << 8, (STATE.deepEscape + 1) << 8);
  for (const [state, row] of Object.entries(rows))
    for (const [characters, target] of Object.entries(row))
      for (let i = 0; i < characters.length; i++) table[(Number(state) << 8) | characters.charCodeAt(i)] = target;
  return table;
}
