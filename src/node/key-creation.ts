/**
 * Key creation: a new Ed25519 key in a file of its own. The file is whole before it has its name, its mode is 600 from
 * the first byte, and no file that is there already is ever overwritten, however many of us start at once.
 */
import { link, lstat, open, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { encodeBase64 } from "../ssh/base64.ts";
import { ed25519Pair } from "../ssh/key-material.ts";
import { fingerprint } from "../ssh/known-hosts.ts";
import { encodePrivateKey } from "../ssh/private-key.ts";
import { systemRandomBytes } from "../ssh/random-bytes.ts";
import { utf8 } from "../ssh/wire.ts";
import { expandHome, FileError, fileError, halfAloneError, ifMissing, makeFolder } from "./files.ts";
import { loadPlatform } from "./platform.ts";

/** How a key is to be made. */
export interface KeyCreation {
  /** UTF-8, borrowed. Absent or empty: the key is not encrypted. */
  readonly passphrase?: Uint8Array | undefined;
  /** Empty unless given; not secret. */
  readonly comment?: string;
}

/** A key that was made. */
export interface CreatedKey {
  /** `~` expanded. */
  readonly path: string;
  /** `NAME.pub`, where the public half went. */
  readonly publicPath: string;
  /** Its line in authorized_keys. */
  readonly publicLine: string;
  /** `SHA256:...` */
  readonly fingerprint: string;
}

/**
 * Makes a key at `path` and its public half beside it (`my.key.pub`), and the folders above them (mode 700). Undefined
 * where a file is at `path` by the time, made by another of our processes perhaps: that one counts.
 * @throws RangeError for a comment of several lines
 * @throws FileError; also where only the public half is there, whose private half is elsewhere then
 */
export async function createKey(path: string, creation: KeyCreation = {}): Promise<CreatedKey | undefined> {
  const { comment = "" } = creation;
  if (/\p{Cc}/u.test(comment)) throw new RangeError("a comment is one line of text"); // it stands in a line of NAME.pub
  const expanded = expandHome(path);
  try {
    await makeFolder(dirname(expanded));
    if (await isPublicHalfAlone(expanded)) throw halfAloneError(path);
    const { text, publicLine, publicKeyBlob } = await newKey(creation);
    const publicPath = `${expanded}.pub`;
    const publicHalf = await prepare(publicPath, `${publicLine}\n`, 0o644);
    try {
      const key = await prepare(expanded, text, 0o600);
      const isMade = await key.put().finally(key.drop);
      if (!isMade) return undefined;
      await publicHalf.put(); // ready by then: who is ended between the two leaves a key whose line nobody has seen
    } finally {
      await publicHalf.drop();
    }
    await syncFolder(dirname(expanded));
    return { path: expanded, publicPath, publicLine, fingerprint: fingerprint(publicKeyBlob) };
  } catch (error) {
    throw error instanceof FileError ? error : fileError(path, error as NodeJS.ErrnoException, "make the key");
  }
}

async function newKey({ passphrase, comment = "" }: KeyCreation) {
  const { primitives } = await loadPlatform();
  const randomBytes = systemRandomBytes();
  const seed = randomBytes(32);
  const pair = ed25519Pair(seed, primitives.ed25519.key(seed).publicKey);
  const text = encodePrivateKey(pair, { passphrase, comment, randomBytes });
  seed.fill(0);
  const publicLine = [pair.type, encodeBase64(pair.publicKeyBlob), comment].filter(Boolean).join(" ");
  return { text, publicLine, publicKeyBlob: pair.publicKeyBlob };
}

/** Whoever makes a key puts its private half in place first: where that is missing, nobody has just made both. */
async function isPublicHalfAlone(path: string): Promise<boolean> {
  return (await isThere(`${path}.pub`)) && !(await isThere(path));
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(ifMissing)) !== undefined;
}

/** What `link` fails with where a file system has none: FAT and many network ones. */
const noLinks: readonly string[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL", "EISDIR", "EXDEV"];

/** A file that is whole under another name. */
interface Prepared {
  /** Gives it its own name, unless that is taken: false then. */
  put(): Promise<boolean>;
  /** Takes the other name away. */
  drop(): Promise<void>;
}

async function prepare(path: string, text: string, mode: number): Promise<Prepared> {
  const suffix = Buffer.from(systemRandomBytes()(8)).toString("hex");
  const beside = join(dirname(path), `.${basename(path)}.${suffix}`);
  await writeNew(beside, text, mode);
  return {
    async put() {
      try {
        await link(beside, path).catch((error: NodeJS.ErrnoException) => {
          if (!noLinks.includes(error.code ?? "")) throw error;
          // Second best: the name is taken first and the text follows in one write. For that moment others see an empty
          // file, which `readKeyFile`'s callers wait out.
          return writeNew(path, text, mode);
        });
        return true;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return false;
        throw error;
      }
    },
    drop: () => unlink(beside).catch(ignore),
  };
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  const bytes = utf8(text);
  try {
    await file.chmod(mode).catch(ignore); // the umask may have taken bits away; a file system without modes has none to give
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await unlink(path).catch(ignore);
    throw error;
  } finally {
    bytes.fill(0);
    await file.close();
  }
}

/** So that the names survive a crash too; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(ignore);
  await handle?.sync().catch(ignore);
  await handle?.close();
}

function ignore(): undefined {
  return undefined;
}
