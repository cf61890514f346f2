/**
 * Config files: where ssh's own configuration lies, and the files that it includes, read with a bound. Read at once and
 * not beside other things: nothing can be dialled before they are, and they take well under a millisecond. Only what was
 * given on the command line may be a pipe, which is waited for without holding anything up.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, type Stats, statSync } from "node:fs";
import { isAbsolute, join, resolve, sep } from "node:path";
import { printable } from "../ssh/printable.ts";
import { expandHome, FileError, fileError, readAll, readText } from "./files.ts";
import type { ConfigFile } from "./ssh-config.ts";

/** What one file may hold, and all together; and how many there may be. */
const fileLimit = 1024 * 1024;
const totalLimit = 16 * 1024 * 1024;
const countLimit = 1024;

const isWindows = process.platform === "win32";

/** The folders that relative includes are looked for in. */
const usersFolder = "~/.ssh";
const systemsFolder = isWindows ? join(process.env["ProgramData"] ?? "C:\\ProgramData", "ssh") : "/etc/ssh";

/** What was read, and what could not be. */
export interface ConfigFiles {
  readonly files: readonly ConfigFile[];
  /** Of files that are there and that ssh would pass over in silence. */
  readonly warnings: readonly string[];
}

/**
 * Reads the file that was chosen, which must be there; or, where none was, the user's and then the system's, as far as
 * they are there. `none` chooses none. @throws FileError
 */
export function readConfigFiles(chosen: string | undefined): ConfigFiles | Promise<ConfigFiles> {
  if (chosen?.toLowerCase() === "none") return { files: [], warnings: [] };
  return chosen === undefined ? readOwnFiles() : readChosen(chosen);
}

async function readChosen(path: string): Promise<ConfigFiles> {
  return { files: [{ ...(await readText(path, fileLimit)), isUsers: true }], warnings: [] };
}

function readOwnFiles(): ConfigFiles {
  const warnings: string[] = [];
  const files = [
    { path: `${usersFolder}/config`, isUsers: true },
    { path: join(systemsFolder, "ssh_config"), isUsers: false },
  ].flatMap(({ path, isUsers }) => {
    try {
      return [{ ...read(path, isUsers ? "users" : "systems"), isUsers }];
    } catch (error) {
      if (!(error instanceof FileError) || error.code === openToOthers) throw error;
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") warnings.push(`${error.message}: it is left out`);
      return [];
    }
  });
  return { files, warnings };
}

/** What reads the files of `Include`, all within the bounds. */
export function includedFiles(): (pattern: string, isUsers: boolean) => readonly ConfigFile[] {
  let count = 0;
  let total = 0;
  return (pattern, isUsers) => {
    const expanded = expandHome(pattern);
    const whole = isAbsolute(expanded) ? expanded : join(expandHome(isUsers ? usersFolder : systemsFolder), expanded);
    return matches(whole).map((path) => {
      const file = read(path, isUsers ? "users" : "included");
      count += 1;
      total += file.text.length;
      if (count > countLimit || total > totalLimit) {
        throw new FileError(`Cannot read ${printable(path)}: the configuration includes too much`, path, "EFBIG");
      }
      return { ...file, isUsers };
    });
  };
}

/** The code of a FileError for a file that others may write: whoever does could have any command started. */
export const openToOthers = "EOPEN";

/** Who has put the file there. */
type Origin = "users" | "systems" | "included";

function read(path: string, origin: Origin): { readonly path: string; readonly text: string } {
  const expanded = expandHome(path);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(expanded, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    if (!status.isFile()) throw new Error("it is no regular file");
    if (origin === "users" || origin === "included") refuseOpen(expanded, status);
    return { path: expanded, text: new TextDecoder().decode(readAll(descriptor, status.size, fileLimit)) };
  } catch (error) {
    throw error instanceof FileError ? error : fileError(path, error as NodeJS.ErrnoException);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** As ssh: the file is root's or ours, and nobody else may write it. */
function refuseOpen(path: string, { uid, mode }: Stats): void {
  if (isWindows || ((uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0)) return;
  const name = printable(path);
  const message = `Bad owner or permissions on ${name}: nobody but you may write it, because it can start commands`;
  throw new FileError(message, path, openToOthers);
}

// Patterns of files, as glob(7) has them

/** The files that the pattern names, folders left out, in the order of their names. */
function matches(pattern: string): readonly string[] {
  const root = isWindows ? resolve(pattern.slice(0, 3)) : sep;
  const segments = pattern.slice(isWindows ? root.length : 1).split(isWindows ? /[/\\]/ : "/");
  const found = segments
    .filter(Boolean)
    .reduce<readonly string[]>(
      (places, segment) => places.flatMap((place) => entries(place, segment)).slice(0, countLimit + 1),
      [root],
    );
  return found.filter((path) => isFile(path));
}

function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES"; // it is there: reading it says what is wrong
  }
}

function entries(place: string, segment: string): readonly string[] {
  if (!/[*?[\\]/.test(segment)) return [join(place, segment)];
  const pattern = patternOf(segment);
  try {
    const names = readdirSync(place).filter((name) => pattern.test(name) && (name[0] !== "." || segment[0] === "."));
    return names.sort().map((name) => join(place, name));
  } catch {
    return []; // no such folder, or none that we may read: nothing in it matches
  }
}

/** One segment as a regular expression: `*`, `?`, `[a-z]`, `[!a-z]` and a backslash before what is meant as it stands. */
function patternOf(segment: string): RegExp {
  const source = segment.replace(/\[(!?)(\]?[^\]]*)\]|\\(.)|([\s\S])/gu, (whole, not, set, escaped, plain) => {
    if (set !== undefined) return set === "" ? "\\[\\]" : `[${not ? "^" : ""}${set.replace(/[\\\]^[]/g, "\\$&")}]`;
    if (plain === "*") return ".*";
    if (plain === "?") return ".";
    return (escaped ?? plain ?? whole).replace(/[$()*+./?[\\\]^{|}]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "su");
}
