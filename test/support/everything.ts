/**
 * The remote commands: the official reference server, and our own for what it cannot do. Written for a POSIX shell,
 * with whole paths, since the PATH of a non-interactive session may hold no node.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of `@modelcontextprotocol/server-everything`'s program. */
export const everythingFolder: string = dirname(
  createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

/** server-everything on stdio. */
export const everythingCommand: string = shellCommand(process.execPath, join(everythingFolder, "index.js"), "stdio");

/** `echo-server.mjs`: what it answers stands there. */
export const echoCommand: string = shellCommand(process.execPath, join(here, "echo-server.mjs"));

/** `probed-server.mjs`: what it does with the era probe stands there. `counter`: the path of a file of its own. */
export function probedCommand(manner: string, counter: string): string {
  return shellCommand(process.execPath, join(here, "probed-server.mjs"), manner, counter);
}

/** One shell command from words, each quoted where it must be: for a POSIX shell, on Windows for its own. */
export function shellCommand(...words: readonly string[]): string {
  const quote = process.platform === "win32" ? (word: string) => `"${word}"` : quoteForPosix;
  return words.map((word) => (/^[\w./:=@-]+$/.test(word) ? word : quote(word))).join(" ");
}

function quoteForPosix(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
