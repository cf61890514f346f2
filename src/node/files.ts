/**
 * Files: where keys and known hosts lie on this machine, read whole with a bound. Errors name the path and the cause.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { SshError } from "../ssh/errors.ts";
import { printable } from "../ssh/printable.ts";
import { concat } from "../ssh/wire.ts";

/** A file that could not be read. The message names it and says why. */
export class FileError extends SshError {
  override readonly name = "FileError";
  /** As it was given. */
  readonly asked: string;
  /** As it was looked for, `~` expanded. */
  readonly path: string;
  /** As in `ENOENT`; `EFBIG` where the file is larger than it may be. */
  readonly code: string;

  constructor(message: string, asked: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.asked = asked;
    this.path = expandHome(asked);
    this.code = code;
  }
}

export interface KnownHostsFile {
  /** As given, `~` expanded. */
  readonly path: string;
  readonly text: string;
}

export interface KeyFile {
  /** As given, `~` expanded. */
  readonly path: string;
  readonly text: string;
  /** What to tell the user about the file's mode; undefined where it is as it should be. */
  readonly warning: string | undefined;
}

/** No private key comes near it; an RSA key of 16,384 bits takes 13 KiB. */
const keyLimit = 64 * 1024;

/** Large sites have known_hosts files of a few MiB. */
export const knownHostsLimit: number = 16 * 1024 * 1024;

/** The files that ssh trusts by default. ssh_config(5): UserKnownHostsFile, GlobalKnownHostsFile. */
export const defaultKnownHosts: readonly string[] = [
  "~/.ssh/known_hosts",
  "~/.ssh/known_hosts2",
  "/etc/ssh/ssh_known_hosts",
  "/etc/ssh/ssh_known_hosts2",
];

/** The path with a leading `~` or `~/` (on Windows `~\` too) made the home folder: `HOME`, or what the system says. */
export function expandHome(path: string, home: string = process.env["HOME"] || homedir()): string {
  const isHome = path === "~" || path.startsWith("~/") || (process.platform === "win32" && path.startsWith("~\\"));
  return isHome ? home + path.slice(1) : path;
}

/** OpenSSH's and PEM's, SSH2's and PuTTY's, whether we can read them or not. */
export const privateKeyText: RegExp = /^-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY ?-{4,5}|^PuTTY-User-Key-File-\d/m;

/** Reads a private key file. @throws FileError */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const { path: expanded, bytes, mode } = await readBytes(path, keyLimit);
  const text = new TextDecoder().decode(bytes);
  bytes.fill(0);
  const isPrivate = privateKeyText.test(text); // of a system's file that was named by mistake no mode is to be changed
  return { path: expanded, text, warning: isPrivate ? permissionsWarning("Client key", expanded, mode) : undefined };
}

/** A passphrase, and what to tell the user about the mode of its file; undefined where it is as it should be. */
export interface PassphraseFile {
  /** The first line, whatever encoding it is in. */
  readonly passphrase: Uint8Array;
  readonly warning: string | undefined;
}

/** Reads the first line of a file, without its end. @throws FileError, also where it is empty */
export async function readPassphraseFile(path: string): Promise<PassphraseFile> {
  const { path: expanded, bytes, mode } = await readBytes(path, keyLimit);
  const end = bytes.indexOf(0x0a);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  const passphrase = line.slice(0, line.at(-1) === 0x0d ? -1 : line.length);
  bytes.fill(0);
  if (passphrase.length === 0) {
    throw new FileError(`${printable(expanded)} has no passphrase: it belongs in its first line`, path, "");
  }
  return { passphrase, warning: permissionsWarning("Passphrase file", expanded, mode) };
}

/** ssh(1): a private key file that others can read is ignored there; the replaced tool warned and went on. */
function permissionsWarning(what: string, path: string, mode: number): string | undefined {
  if (process.platform === "win32" || (mode & 0o077) === 0) return undefined;
  const name = printable(path);
  return `${what} ${name} has insecure permissions. Recommended: chmod 600 ${name}`;
}

/**
 * Reads the known_hosts files that are there. A file that is there and cannot be read is an error: it may hold a
 * revocation. `given`: the files that must be there; undefined: the default ones, as far as they are.
 * @throws FileError
 */
export async function readKnownHosts(given: readonly string[] | undefined): Promise<readonly KnownHostsFile[]> {
  if (given !== undefined) return Promise.all(given.map((path) => readText(path, knownHostsLimit)));
  return readKnownHostsIfThere(defaultKnownHosts);
}

/** Those of these known_hosts files that are there. @throws FileError as readKnownHosts */
export async function readKnownHostsIfThere(paths: readonly string[]): Promise<readonly KnownHostsFile[]> {
  const files = await Promise.all(paths.map(readIfThere));
  return files.filter((file) => file !== undefined);
}

async function readIfThere(path: string): Promise<KnownHostsFile | undefined> {
  try {
    return await readText(path, knownHostsLimit);
  } catch (error) {
    if (error instanceof FileError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}

interface ReadFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Reads a file of text, which may be a pipe. @throws FileError, also beyond `limit` bytes */
export async function readText(path: string, limit: number): Promise<KnownHostsFile> {
  const { path: expanded, bytes } = await readBytes(path, limit);
  return { path: expanded, text: new TextDecoder().decode(bytes) };
}

async function readBytes(path: string, limit: number): Promise<ReadFile> {
  const expanded = expandHome(path);
  try {
    return { path: expanded, ...(readFromDisk(expanded, limit) ?? (await readPipe(expanded, limit))) };
  } catch (error) {
    throw fileError(path, error as NodeJS.ErrnoException);
  }
}

type Content = Pick<ReadFile, "bytes" | "mode">;

/**
 * At once, as ssh's configuration is read: by the thread pool a start's few files take a millisecond of CPU more. Undefined
 * for what is no file of a disk's, and may keep us waiting.
 */
function readFromDisk(path: string, limit: number): Content | undefined {
  if (!statSync(path).isFile()) return undefined; // looked at before it is opened: whoever writes to a pipe would hear that
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(descriptor);
    return status.isFile() ? { bytes: readAll(descriptor, status.size, limit), mode: status.mode } : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads to the end; the file may be longer than it said, as those of /proc are. @throws Error beyond `limit` bytes */
export function readAll(descriptor: number, size: number, limit: number): Uint8Array {
  const most = limit + 1;
  let buffer = new Uint8Array(Math.min(size + 1, most));
  for (let length = 0; ; ) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    length += count;
    if (count === 0 || length === most) return within(limit, buffer.subarray(0, length));
    if (length < buffer.length) continue;
    const larger = new Uint8Array(Math.min(2 * length + 4096, most));
    larger.set(buffer);
    buffer.fill(0); // it may be a key
    buffer = larger;
  }
}

function within(limit: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length > limit) throw Object.assign(new Error("larger than this file may be"), { code: "EFBIG" });
  return bytes;
}

/** What came through descriptors of ours, as a shell's `<(command)` gives it, once: a jump host and a lost link ask for it again. */
const came = new Map<string, Promise<Content>>();
const ownDescriptor = /^\/(dev|proc\/self)\/fd\/\d+$/;

async function readPipe(path: string, limit: number): Promise<Content> {
  if (!ownDescriptor.test(path)) return readWhenItComes(path, limit);
  const coming = came.get(path) ?? readWhenItComes(path, limit);
  came.set(path, coming);
  const { bytes, mode } = await coming;
  return { bytes: bytes.slice(), mode }; // the reader may wipe it
}

async function readWhenItComes(path: string, limit: number): Promise<Content> {
  const file = await open(path);
  try {
    const { mode } = await file.stat();
    return { bytes: within(limit, await readUpTo(file, limit + 1)), mode };
  } finally {
    await file.close();
  }
}

/** Reads to the end, or `most` bytes. A pipe (`<(command)` of a shell) has no size to go by. */
async function readUpTo(file: FileHandle, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < most) {
    const chunk = new Uint8Array(Math.min(64 * 1024, most - length));
    const { bytesRead } = await file.read(chunk);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return concat(...chunks);
}

/**
 * Makes the folder, and those above it, where they are missing (mode 700). Node's `recursive` tells of a read-only file
 * system that there is no such file, and never ends in /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path, 0o700).catch(async (error) => {
    if (!(await isFolder(path))) throw error; // another process may have been faster
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(ifMissing))?.isDirectory() ?? false;
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file: a part of its path is not a folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EEXIST: "a file is in the place of a folder",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/** A text as one word for the shell of this system. */
export function shellQuoted(text: string): string {
  const shown = printable(text);
  if (/^[\w@%+=:,./-]+$/.test(shown)) return shown;
  return process.platform === "win32" ? `"${shown}"` : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** Why a file could not be used, in words. */
export function causeOf({ code = "", message }: NodeJS.ErrnoException): string {
  return causes[code] ?? printable(message.replace(/\.$/, "")); // what Node says of its permissions is a sentence
}

/** For a promise's `catch`: undefined where there is no such file. */
export function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

/** The code of a FileError for a key of which only the public half is there: nobody makes one in its place. */
export const halfAlone = "EHALF";

/** That error. `asked`: the private half. */
export function halfAloneError(asked: string): FileError {
  const name = printable(expandHome(asked));
  const elsewhere = "so its private half is elsewhere, in an agent perhaps";
  return new FileError(`There is no key ${name}, though its public half is there, ${elsewhere}`, asked, halfAlone);
}

/** What is said of a private key's text in the place of its path; the text itself is not: it is the secret. */
export const keyForPath = "this is a private key itself, where the path of its file is needed";

/** What opening or reading `asked`, or something else done with it, failed with. */
export function fileError(asked: string, error: NodeJS.ErrnoException, doing = "read"): FileError {
  if (privateKeyText.test(asked)) return new FileError(`Cannot ${doing}: ${keyForPath}`, "", "");
  const message = `Cannot ${doing} ${printable(expandHome(asked))}: ${causeOf(error)}`;
  return new FileError(message, asked, error.code ?? "", { cause: error });
}
