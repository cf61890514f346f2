/**
 * Platform: the primitives that node:crypto has, and the table on them. Where it lacks one (a FIPS mode, a runtime that
 * only imitates Node) the core's own are loaded, in JavaScript, which otherwise no start has to pay for.
 */
import { randomBytes, randomFillSync } from "node:crypto";
import { kernelChaCha, mayRunKernel, swiftChaCha } from "../ssh/algorithms/chacha-kernel/cipher.ts";
import { nobleChaCha } from "../ssh/algorithms/chacha20-poly1305@openssh.com.ts";
import type { AlgorithmTable, MlKem, Primitives, RandomBytes } from "../ssh/algorithms/interfaces.ts";
import { SshError } from "../ssh/errors.ts";
import { systemRandomBytes } from "../ssh/random-bytes.ts";
import { tableOf } from "../ssh/rows.ts";
import { platformCtr, platformHash, platformHmac } from "./aes-ctr.ts";
import { platformGcm } from "./aes-gcm.ts";
import { platformEd25519, platformX25519 } from "./curve25519.ts";
import { platformEcdh, platformPower } from "./diffie-hellman.ts";
import { platformMlKem } from "./ml-kem.ts";

/** noble's, which is loaded when a server has chosen it: 2 ms that other starts need not pay. */
function mlKemWhenUsed(): MlKem {
  let loaded: MlKem | undefined;
  const load = async (): Promise<void> => {
    loaded = (await import("../ssh/algorithms/noble-ml-kem.ts")).nobleMlKem;
  };
  return {
    isSlow: true,
    get load() {
      return loaded === undefined ? load : undefined;
    },
    pair(seed) {
      if (loaded === undefined) throw new TypeError("ML-KEM is not loaded: see `load`");
      return loaded.pair(seed);
    },
  };
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

/**
 * node:crypto's, and the kernel, which goes first where it runs: a short packet, as most are, takes it a microsecond where
 * node:crypto takes ten to make a cipher for it, and it makes no arrays, of which AES-GCM's are tens of MiB of garbage.
 */
export const platformPrimitives: Primitives = {
  hash: platformHash,
  x25519: platformX25519,
  mlkem: platformMlKem() ?? mlKemWhenUsed(),
  ecdh: platformEcdh,
  power: platformPower,
  ed25519: platformEd25519,
  gcm: platformGcm,
  ctr: platformCtr,
  hmac: platformHmac,
  chacha: swiftChaCha(nobleChaCha, fromBase64),
  isAesFirst: !mayRunKernel(),
};

/** The table on node:crypto's primitives. Its names are those of every table. */
export const platformTable: AlgorithmTable = tableOf(platformPrimitives);

/** From the same source as `crypto.getRandomValues`, without loading WebCrypto. */
export function platformRandomBytes(): RandomBytes {
  return systemRandomBytes(randomFillSync);
}

/** What there is to work with. */
export interface Platform {
  readonly primitives: Primitives;
  readonly table: AlgorithmTable;
}

let chosen: Promise<Platform> | undefined;

/** node:crypto's primitives, with noble's in place of each that does not work. Asked once. */
export function loadPlatform(): Promise<Platform> {
  chosen ??= choosePlatform(platformPrimitives);
  return chosen;
}

/** As `loadPlatform`, for these. */
export async function choosePlatform(given: Primitives): Promise<Platform> {
  const lacking = names.filter((name) => !isAble(given, name));
  if (lacking.length === 0) return { primitives: given, table: tableOf(given) };
  const { noble } = await import("../ssh/algorithms/noble.ts");
  const isAesFirst = given.isAesFirst && !lacking.includes("gcm"); // noble's is slow
  const primitives = { ...given, ...Object.fromEntries(lacking.map((name) => [name, noble[name]])), isAesFirst };
  return { primitives, table: tableOf(primitives) };
}

/** What does a connection's cryptography: whatever is best here, noble's JavaScript, or the kernel, offered first. */
export type CryptoChoice = "auto" | "noble" | "wasm";

/** What was chosen does not run here. */
export class CryptoError extends SshError {
  override readonly name = "CryptoError";
}

/** The table for a connection. @throws CryptoError where the kernel is asked for and cannot be compiled */
export async function loadTable(choice: CryptoChoice): Promise<AlgorithmTable> {
  if (choice === "noble") return tableOf((await import("../ssh/algorithms/noble.ts")).noble);
  const { primitives, table } = await loadPlatform();
  if (choice === "auto") return table;
  const chacha = kernelChaCha(fromBase64);
  if (chacha === undefined) throw new CryptoError("this runtime compiles no WebAssembly with vectors (--crypto wasm)");
  return tableOf({ ...primitives, chacha, isAesFirst: false });
}

/** One use of each that has nothing else to fall back to; what is missing, or not allowed in a FIPS mode, throws or gives false. */
const trials = {
  hash: ({ hash }, key) => hash("sha256", key),
  x25519({ x25519 }, key) {
    const { publicShare, sharedSecret } = x25519.pair(key);
    return sharedSecret(publicShare);
  },
  ed25519({ ed25519 }, key) {
    const pair = ed25519.key(key);
    return ed25519.verify(pair.sign(key), key, pair.publicKey);
  },
  gcm({ gcm }, key) {
    const packet = new Uint8Array(4 + 16 + 16);
    gcm.seal(key, key.subarray(0, 12), packet);
    return gcm.open(key, key.subarray(0, 12), packet);
  },
  ctr: ({ ctr }, key) => ctr(key, key.slice(0, 16), new Uint8Array(16)),
  hmac: ({ hmac }, key) => hmac("sha256", key, key),
} satisfies Partial<Record<keyof Primitives, (primitives: Primitives, key: Uint8Array) => unknown>>;

const names = Object.keys(trials) as (keyof typeof trials)[];

/** Tries it once. What is wrong would show in the server's signature over the key exchange. */
function isAble(primitives: Primitives, name: keyof typeof trials): boolean {
  try {
    return trials[name](primitives, Uint8Array.from(randomBytes(32))) !== false;
  } catch {
    return false;
  }
}
