/** Starting a runtime as a person or a host would, and what it says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Runtime } from "./runtimes.ts";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  /** Without what the runtime says by itself. */
  readonly stderr: string;
}

/** Runs a program of ours to its end. `input`: all of its stdin. */
export async function run(runtime: Runtime, args: readonly string[], home: string, input = ""): Promise<Outcome> {
  const child = spawn(runtime.program, [...runtime.flags, ...args], { env: environment(home), timeout: 100_000 });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  child.stdin.on("error", () => {}); // it may not read at all
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: said.stdout, stderr: withoutOwnWords(runtime, said.stderr) };
}

export function environment(home: string): Record<string, string> {
  return { HOME: home, PATH: process.env["PATH"] ?? "" };
}

export function withoutOwnWords({ ownWords }: Runtime, stderr: string): string {
  return ownWords === undefined ? stderr : stderr.replaceAll(ownWords, "");
}
