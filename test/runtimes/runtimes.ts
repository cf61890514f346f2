/**
 * The runtimes that run a program from the command line, as data: what starts them, and what of us they let run. The
 * heavy programs are this folder's own packages: `npm ci` here.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Runtime {
  readonly name: string;
  readonly program: string;
  /** What stands before the path of a program of ours. */
  readonly flags: readonly string[];
  /** Whether it runs TypeScript as it is. */
  readonly takesTypes: boolean;
  /** Whether it lets the kernel be compiled. */
  readonly hasKernel: boolean;
  /** What it writes to stderr by itself. */
  readonly ownWords: RegExp | undefined;
}

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");

const noCode = "--disallow-code-generation-from-strings";
const readOnly = "--allow-fs-read=*";

/** No child processes, no addons, no workers, and no file may be written. */
const permission = ["--permission", readOnly];

function node(version: "22" | "24" | "26", ...flags: readonly string[]): Runtime {
  return {
    name: ["Node", version, ...flags].join(" "),
    program: join(modules, `node-${version}`, "bin", "node"),
    flags,
    takesTypes: true,
    hasKernel: !flags.includes("--jitless"),
    ownWords: undefined,
  };
}

/** The tests' own, which is the oldest that we support. */
function ourNode(...flags: readonly string[]): Runtime {
  const name = ["Node", process.versions.node.split(".")[0], ...flags].join(" ");
  return { ...node("22", ...flags), name, program: process.execPath, takesTypes: false };
}

const warnsOfNet = /^\(node:\d+\) ExperimentalWarning: The flag --allow-net .*\n\(Use .*\n/gm;
const warnsOfWasm = /^Warning: disabling flag --expose_wasm .*\n/gm;

export const deno: Runtime = {
  name: "Deno --allow-net --allow-read --allow-env",
  program: join(modules, "@deno", "linux-x64-glibc", "deno"),
  flags: ["run", "--no-prompt", "--allow-net", "--allow-read", "--allow-env"],
  takesTypes: true,
  hasKernel: true,
  ownWords: undefined,
};

const bun: Runtime = {
  name: "Bun",
  program: join(modules, "@oven", "bun-linux-x64", "bin", "bun"),
  flags: [],
  takesTypes: true,
  hasKernel: true,
  ownWords: undefined,
};

export const permitted: readonly Runtime[] = [
  node("22", ...permission),
  node("24", ...permission),
  { ...node("26", ...permission, "--allow-net"), ownWords: warnsOfNet },
];

export const runtimes: readonly Runtime[] = [
  ourNode(),
  ourNode(noCode),
  { ...ourNode("--jitless"), ownWords: warnsOfWasm },
  node("22"),
  node("22", noCode),
  node("24"),
  node("24", noCode),
  node("26"),
  node("26", noCode),
  ...permitted,
  bun,
  deno,
];

/** Why these cannot be run here; undefined where they can. */
export function missingRuntimes(
  programs: readonly string[] = runtimes.map(({ program }) => program),
): string | undefined {
  const missing = programs.find((program) => !existsSync(program));
  return missing === undefined ? undefined : `no ${missing} here: run npm ci in test/runtimes`;
}

export const workerd: string = join(modules, "@cloudflare", "workerd-linux-64", "bin", "workerd");

/** Debian's; other systems name it otherwise. */
export const chromium = "/usr/bin/chromium";

/** What starts it. Imported only where it is needed: the rest of the repository is checked without it. */
export const playwright: string = join(modules, "playwright-core", "index.mjs");
