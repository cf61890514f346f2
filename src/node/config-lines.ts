/**
 * Config lines: the text of an ssh_config(5) file made keywords and arguments, with ssh's quoting. Pure.
 *
 * What the manual leaves open (a `=` here, an escape there) was tried on a real ssh: test/node/ssh-config.test.ts asks
 * it again each time.
 */
import { SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";

/** A configuration that cannot be meant. The message names file and line, and says what is wrong. */
export class ConfigError extends SshError {
  override readonly name = "ConfigError";
}

/** One line that says something. */
export interface ConfigLine {
  /** Printable. */
  readonly path: string;
  /** From 1. */
  readonly number: number;
  /** In lower case. */
  readonly keyword: string;
  /** What follows the keyword as it stands, without white space around it. */
  readonly rest: string;
  /** What follows as words: quotes and escapes taken away, a comment dropped. */
  readonly args: readonly string[];
}

/** The lines of a file that say something, in order. @throws ConfigError once it comes to a line that says nothing clear. */
export function* configLines(path: string, text: string): Generator<ConfigLine> {
  let number = 0;
  for (const whole of text.split("\n")) {
    number += 1;
    const line = configLine(trimmedEnd(whole), printable(path), number);
    if (line !== undefined) yield line;
  }
}

/** A form feed counts at the end of a line, and only there. */
function trimmedEnd(line: string): string {
  let end = line.length;
  while (end > 0 && " \t\r\f".includes(line[end - 1] ?? "")) end--; // a regular expression would take quadratic time
  return line.slice(0, end);
}

/** As in `/home/me/.ssh/config line 12`. */
export function whereOf({ path, number }: Pick<ConfigLine, "path" | "number">): string {
  return `${path} line ${number}`;
}

function configLine(line: string, path: string, number: number): ConfigLine | undefined {
  const where = whereOf({ path, number });
  const split = splitKeyword(line.replace(/^[ \t\r]+/, ""));
  if (split === undefined || split.keyword === "" || split.keyword.startsWith("#")) return undefined;
  const { rest } = split;
  const keyword = split.keyword.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
  if (rest === "") throw new ConfigError(`${where}: no argument after keyword "${printable(keyword, 80)}"`);
  const args = splitWords(rest);
  if (args === undefined) throw new ConfigError(`${where}: invalid quotes`);
  return { path, number, keyword, rest, args };
}

/** The keyword may be quoted; white space, or one `=` with white space around it, ends it. Undefined: a quote has no end. */
function splitKeyword(line: string): { readonly keyword: string; readonly rest: string } | undefined {
  const [, bare = ""] = /^([^ \t\r"=]*)/.exec(line) ?? [];
  const after = line.slice(bare.length);
  if (!after.startsWith('"')) return { keyword: bare, rest: after.replace(/^[ \t\r]*=?[ \t\r]*/, "") };
  const [whole, inner = ""] = /^"([^"]*)"[ \t\r]*/.exec(after) ?? [];
  return whole === undefined ? undefined : { keyword: bare + inner, rest: after.slice(whole.length) };
}

/** The words of a line up to a comment; undefined where a quote has no end. */
function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  for (let at = skipSpace(text, 0); at < text.length && text[at] !== "#"; at = skipSpace(text, at)) {
    const word = readWord(text, at);
    if (word === undefined) return undefined;
    words.push(word.text);
    at = word.end;
  }
  return words;
}

function readWord(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let word = "";
  let quote = "";
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at] ?? "";
    const next = text[at + 1] ?? "";
    if (character === "\\" && isEscapable(next, quote)) {
      word += next;
      at++;
    } else if (quote === "" && isSpace(character)) break;
    else if (quote === "" && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = "";
    else word += character;
  }
  return quote === "" ? { text: word, end: at } : undefined;
}

/** A backslash before anything else is a backslash: Windows paths rest on it. */
function isEscapable(character: string, quote: string): boolean {
  return character === '"' || character === "'" || character === "\\" || (character === " " && quote === "");
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text[at])) at++;
  return at;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
