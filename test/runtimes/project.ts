/**
 * A program's folder as a user of the package has it: the examples, and in node_modules the package as it is built. The
 * package is a link, so that its own dependencies are the repository's.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, transformSync } from "esbuild";
import type { SshServer } from "../support/ssh-server.ts";

const here = dirname(fileURLToPath(import.meta.url));
const repository = join(here, "..", "..");

export interface Project {
  readonly folder: string;
  /** A home folder whose ~/.ssh logs in to the server. */
  readonly home: string;
  /** The path of an example, as in `exec`: the file itself, or without its types. */
  example(name: string, takesTypes: boolean): string;
  /** Bundles an example, as in `worker/worker.ts`, or a text that stands in the folder. Gives the path. */
  bundle(entry: string | { readonly text: string }, options: BuildOptions): Promise<string>;
  remove(): void;
}

export function makeProject(server: SshServer): Project {
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-client-"));
  const modules = join(folder, "node_modules");
  const link = (name: string, target: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(target, join(modules, name));
  };
  cpSync(join(repository, "examples"), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  link("mcp-ssh-client", repository);
  link("@modelcontextprotocol/sdk", join(repository, "node_modules", "@modelcontextprotocol", "sdk"));
  for (const name of ["ws", "@cfworker/json-schema"]) link(name, join(here, "node_modules", name));
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts"))) {
    const { code } = transformSync(readFileSync(join(folder, name), "utf8"), { loader: "ts", target: "es2022" });
    writeFileSync(join(folder, name.replace(/ts$/, "js")), code);
  }
  let bundles = 0;
  return {
    folder,
    home: homeFor(server, folder),
    example: (name, takesTypes) => join(folder, `${name}.${takesTypes ? "ts" : "js"}`),
    bundle: async (entry, options) => {
      const outfile = join(folder, "built", `${bundles++}.js`);
      await build({
        ...(typeof entry === "string"
          ? { entryPoints: [join(folder, entry)] }
          : { stdin: { contents: entry.text, resolveDir: folder } }),
        outfile,
        bundle: true,
        format: "esm",
        target: "es2022",
        nodePaths: [modules], // for what the SDK asks for
        logLevel: "warning",
        ...options,
      });
      return outfile;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function homeFor({ clientKey, knownHosts }: SshServer, folder: string): string {
  const home = join(folder, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  cpSync(clientKey, join(home, ".ssh", "id_ed25519"));
  cpSync(knownHosts, join(home, ".ssh", "known_hosts"));
  return home;
}
