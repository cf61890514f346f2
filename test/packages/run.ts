/** Running the tools that a package is made and checked with. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const execute = promisify(execFile);

/** Resolves to the program's stdout. Rejects with all that it said where it fails. */
export async function run(program: string, args: readonly string[], cwd = ".", env = process.env): Promise<string> {
  const settings = { cwd, env, encoding: "utf8", maxBuffer: 2 ** 28, timeout: 280_000 } as const;
  try {
    return (await execute(program, args, settings)).stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}

/** A folder that goes when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-packages-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
