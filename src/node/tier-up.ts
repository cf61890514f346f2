/**
 * Tier-up: when V8 compiles a function with its optimizing compiler. That of Node 20 waits until a function has run some
 * 66 KB of bytecode, which takes the functions that a small message runs through more than a thousand messages. Later
 * versions have a compiler in between (Maglev) and need no help.
 */

/**
 * Bytes of bytecode. From 30,000 on it comes too late to be seen; with 15,000 the compiling falls into the first thousand
 * messages, and with this into the first two hundred, where fewer wait for it. bench/profile.md has the figures.
 */
const budget = 4_000;

/** Compiles what runs again and again after a sixteenth of the time. A setting of the whole process: for the command only. Never rejects. */
export async function compileSooner(versions: NodeJS.ProcessVersions = process.versions): Promise<void> {
  if (!needsHelp(versions)) return;
  try {
    const { setFlagsFromString } = await import("node:v8");
    setFlagsFromString(`--interrupt-budget=${budget}`);
  } catch {
    // a session is as good without it, only slower at first
  }
}

/** V8 11.3 is that of Node 20; Bun and Deno name another, or one that they only imitate. */
export function needsHelp({ node = "", v8 = "", bun, deno }: NodeJS.ProcessVersions): boolean {
  return node.startsWith("20.") && v8.startsWith("11.3.") && bun === undefined && deno === undefined;
}
