/**
 * Known-hosts file: writing to one. Lines are added by one write at its end, as ssh does it, so that nothing tears
 * whoever else writes; lines are removed by a new file in the place of the old. A lock file keeps our own processes, of
 * which a host starts several at once, from adding the same key twice or from undoing each other's change.
 */
import { link, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { checkHostKey, type KnownHosts, knownHostsLine, parseKnownHosts, type Verdict } from "../ssh/known-hosts.ts";
import { printable } from "../ssh/printable.ts";
import { systemRandomBytes } from "../ssh/random-bytes.ts";
import { concat, utf8 } from "../ssh/wire.ts";
import { expandHome, FileError, fileError, ifMissing, knownHostsLimit, makeFolder } from "./files.ts";

/** What is to change in a file. */
export interface KnownHostsEdit {
  /** Whole lines without their ends. */
  readonly append: readonly string[];
  /** Numbers of the lines that go, counted from 1. */
  readonly remove: readonly number[];
}

/** A lock is held for some milliseconds: one that is so old, in milliseconds, was left by a process that died. */
const staleAge = 4_000;
const lockPatience = 10_000;
const lockPause = 15;

/**
 * Adds the key that `host` showed at `port`, unless the file, read again behind the lock, says something of it by now.
 * Gives that verdict: `unknown` means that the key was added. Where other names in the file are hashed, this one is too,
 * and where `isHashed` says so. Missing folders are made (mode 700), and the file (600). @throws FileError
 */
export async function rememberHostKey(
  path: string,
  host: string,
  port: number,
  keyBlob: Uint8Array,
  isHashed = false,
): Promise<Verdict> {
  let verdict: Verdict | undefined;
  await editKnownHosts(path, (file) => {
    verdict = checkHostKey([file], host, port, keyBlob);
    return { append: verdict.verdict === "unknown" ? [lineFor(file, host, port, keyBlob, isHashed)] : [], remove: [] };
  });
  if (verdict === undefined) throw new TypeError("the file was not read");
  return verdict;
}

/** The line for a key in this file: the name is hashed where others are, or all are to be (ssh's HashKnownHosts). */
export function lineFor(file: KnownHosts, host: string, port: number, keyBlob: Uint8Array, isHashed = false): string {
  const hashes = isHashed || file.entries.some(({ hosts }) => "hash" in hosts);
  return knownHostsLine(host, port, keyBlob, hashes ? systemRandomBytes()(20) : undefined);
}

/**
 * Changes a known_hosts file as `edit` says, which is given the file as it is behind the lock: empty where there is none.
 * A symbolic link stays one; mode and owner are kept. @throws FileError
 */
export async function editKnownHosts(path: string, edit: (file: KnownHosts) => KnownHostsEdit): Promise<void> {
  const expanded = expandHome(path);
  try {
    const target = await targetOf(expanded);
    const unlock = await lock(`${target}.lock`);
    try {
      await change(target, edit);
    } finally {
      await unlock();
    }
  } catch (error) {
    throw error instanceof FileError ? error : fileError(path, error as NodeJS.ErrnoException, "write");
  }
}

/** The file itself behind symbolic links; where there is none yet, its folder is made. @throws Error for what is no file: a device keeps nothing, a pipe blocks. */
async function targetOf(path: string): Promise<string> {
  const found = await stat(path).catch(ifMissing);
  if (found === undefined) {
    await makeFolder(dirname(path));
    return path;
  }
  if (!found.isFile()) throw Object.assign(new Error("it is no regular file"), { code: "EINVAL" });
  return realpath(path);
}

async function change(path: string, edit: (file: KnownHosts) => KnownHostsEdit): Promise<void> {
  const bytes = await contentsOf(path);
  const { append, remove } = edit(parseKnownHosts(printable(path), new TextDecoder().decode(bytes)));
  if (remove.length > 0) await replace(path, linesAfter(without(bytes, remove), append));
  else if (append.length > 0) await appendTo(path, append);
}

/** Empty where there is no file. */
async function contentsOf(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(ifMissing);
  if (found === undefined) return new Uint8Array(0);
  if (found.size > knownHostsLimit) throw Object.assign(new Error("it is too large"), { code: "EFBIG" });
  return readFile(path);
}

/** One write at the end of the file, wherever that is by then. A last line without its end gets one first. */
async function appendTo(path: string, lines: readonly string[]): Promise<void> {
  const file = await open(path, "a+", 0o600);
  try {
    const { size } = await file.stat();
    const last = new Uint8Array(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const bytes = linesAfter(size > 0 ? last : new Uint8Array(0), lines).subarray(size > 0 ? 1 : 0);
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten < bytes.length) throw Object.assign(new Error("the disk is full"), { code: "ENOSPC" });
  } finally {
    await file.close();
  }
}

/** The new contents stand beside the file before they take its place: it is whole at any time. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const { mode, uid, gid } = await stat(path);
  const beside = `${path}.${unique()}`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.chown(uid, gid).catch(ignore); // another's file that we may write: then it becomes ours
      await file.chmod(mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(ignore);
    throw error;
  }
}

function linesAfter(bytes: Uint8Array, lines: readonly string[]): Uint8Array {
  const isTorn = bytes.length > 0 && bytes.at(-1) !== newline;
  return concat(bytes, utf8(`${isTorn ? "\n" : ""}${lines.map((line) => `${line}\n`).join("")}`));
}

/** The bytes, which need not be UTF-8, without these lines. */
function without(bytes: Uint8Array, lines: readonly number[]): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const at = bytes.indexOf(newline, start);
    const end = at < 0 ? bytes.length : at + 1;
    if (!lines.includes(line)) kept.push(bytes.subarray(start, end));
    start = end;
  }
  return concat(...kept);
}

const newline = 0x0a;

// The lock

/** Waits for the lock file and makes it; gives what removes it. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (let waited = 0; waited < lockPatience; waited += lockPause) {
    if (await isMade(path)) return () => unlink(path).catch(ignore);
    await removeIfStale(path);
    await new Promise((resolve) => setTimeout(resolve, lockPause));
  }
  throw Object.assign(new Error(`${path} stays locked: remove that file if nothing runs`), { code: "ETIMEDOUT" });
}

async function isMade(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (["EACCES", "EPERM", "EROFS"].includes(code)) return true; // the file may be ours in a folder that is not
    throw error;
  }
}

/** Moves it aside first, so that of several who do this at once only one removes it; a younger one is put back. */
async function removeIfStale(path: string): Promise<void> {
  const found = await stat(path).catch(ifMissing);
  if (found === undefined || Date.now() - found.mtimeMs < staleAge) return;
  const aside = `${path}.${unique()}`;
  await rename(path, aside).catch(ifMissing);
  const taken = await stat(aside).catch(ifMissing);
  if (taken === undefined) return;
  if (taken.ino !== found.ino || taken.mtimeMs !== found.mtimeMs) await link(aside, path).catch(ignore);
  await unlink(aside).catch(ignore);
}

function unique(): string {
  return Buffer.from(systemRandomBytes()(6)).toString("hex");
}

function ignore(): void {
  // what matters has been done, or will be told by what follows
}
