/** Faults in what reads and writes key files. */
import type { Mutant } from "./mutant.ts";

const privateKeyTest = "test/ssh/private-key.test.ts";

export const keyFilesRows: readonly Mutant[] = [
  {
    id: "openssh-key-check-numbers",
    file: "src/ssh/openssh-key.ts",
    find: "if (firstCheck !== secondCheck) throw",
    replace: "if (firstCheck < 0) throw",
    why: "a damaged key file is taken",
    caughtBy: { file: privateKeyTest, test: "'check numbers that differ'" },
  },
  {
    id: "openssh-key-padding",
    file: "src/ssh/openssh-key.ts",
    find: "if (!bytesOf(padding).every((byte, i) => byte === ((i + 1) & 0xff))) throw",
    replace: "if (padding === undefined) throw",
    why: "bytes behind a key are taken for padding, whatever they are",
    caughtBy: { file: privateKeyTest, test: "'padding with a wrong end'" },
  },
  {
    id: "openssh-key-public-halves",
    file: "src/ssh/openssh-key.ts",
    find: "if (!isEqual(pair.publicKeyBlob, publicKeyBlob)) throw",
    replace: "if (pair.publicKeyBlob.length === 0) throw",
    why: "a file shows one public key and signs with another",
    caughtBy: { file: privateKeyTest, test: "'another public key outside'" },
  },
  {
    id: "openssh-key-rounds-unbounded",
    file: "src/ssh/openssh-key.ts",
    find: "if (rounds > mostRounds) {",
    replace: "if (rounds > 2 ** 31) {",
    why: "a hostile key file keeps us busy for days",
    caughtBy: { file: privateKeyTest, test: "'encrypted with 1025 rounds'" },
  },
  {
    id: "openssh-key-wrong-passphrase",
    file: "src/ssh/openssh-key.ts",
    find: "if (!isEqual(section.subarray(0, 4), section.subarray(4, 8))) throw",
    replace: "if (section.length === 0) throw",
    why: "a wrong passphrase is told as a damaged file, and people throw a good key away",
    caughtBy: { file: privateKeyTest, test: "encrypted: aes256-ctr, another" },
  },
  {
    id: "key-ciphers-chacha-tag",
    file: "src/ssh/algorithms/key-ciphers.ts",
    find: "if (!equalBytes(chachaTag(key, body), sealed.subarray(-16))) return undefined;",
    replace: "if (sealed.length < 16) return undefined;",
    why: "whoever can write to the file can change an encrypted key",
    caughtBy: { file: privateKeyTest, test: "'encrypted: chacha20, a bent tag'" },
  },
  {
    id: "bcrypt-pbkdf-block-number",
    file: "src/ssh/algorithms/bcrypt-pbkdf.ts",
    find: "const bytes = deriveBlock(hashedPassphrase, salt, rounds, block + 1);",
    replace: "const bytes = deriveBlock(hashedPassphrase, salt, rounds, 1);",
    why: "the second half of a derived key repeats the first",
    caughtBy: { file: "test/ssh/algorithms/bcrypt-pbkdf.test.ts", test: "64 bytes: two whole blocks" },
  },
  {
    id: "bcrypt-pbkdf-one-round",
    file: "src/ssh/algorithms/bcrypt-pbkdf.ts",
    find: "for (let round = 1; round < rounds; round++) {",
    replace: "for (let round = 1; round < 2; round++) {",
    why: "keys that we write are guessed twelve times as fast",
    caughtBy: { file: "test/ssh/algorithms/bcrypt-pbkdf.test.ts", test: "32 bytes" },
  },
  {
    id: "key-material-rsa-modulus",
    file: "src/ssh/key-material.ts",
    find: "if (p <= 1n || q <= 1n || p * q !== n) throw",
    replace: "if (p <= 1n || q <= 1n) throw",
    why: "an RSA key with one wrong prime signs, and gives the other away",
    caughtBy: { file: privateKeyTest, test: "an RSA key of another modulus" },
  },
  {
    id: "key-material-rsa-consistency",
    file: "src/ssh/key-material.ts",
    find: "(qi * q) % p === 1n &&",
    replace: "qi > 0n &&",
    why: "an RSA key with a wrong coefficient makes signatures from which its primes can be computed",
    caughtBy: { file: privateKeyTest, test: "an RSA key with another coefficient" },
  },
];
