/**
 * Terminal: a question to the person who started us, and the answer, whatever stdin and stdout are used for.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { isatty, ReadStream } from "node:tty";

/** Far more than anybody types, in bytes. */
const longest = 4096;

/**
 * Asks, and resolves to the line that was typed, without its end; undefined where there is no terminal to ask at, or
 * nothing was typed before its end.
 */
export async function askAtTerminal(question: string): Promise<string | undefined> {
  const fd = terminalFile();
  if (fd === undefined) return undefined;
  const terminal = new ReadStream(fd);
  try {
    writeSync(fd, question);
    return await lineOf(terminal);
  } finally {
    terminal.destroy();
  }
}

/** The terminal that controls us. */
function terminalFile(): number | undefined {
  try {
    if (process.platform !== "win32") return openSync("/dev/tty", "r+");
    const fd = openSync("\\\\.\\CON", "r+");
    if (isatty(0)) return fd; // process.stdin is made when it is named: see stdio.ts
    closeSync(fd);
  } catch {
    // there is none
  }
  return undefined;
}

async function lineOf(terminal: ReadStream): Promise<string | undefined> {
  let text = "";
  for await (const chunk of terminal) {
    text += String(chunk);
    const end = text.search(/[\r\n]/);
    if (end >= 0) return text.slice(0, end);
    if (text.length > longest) return undefined;
  }
  return undefined;
}
