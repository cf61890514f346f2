/** Faults in the key exchange methods and ciphers for older servers. */
import type { Mutant } from "./mutant.ts";

const folder = "src/ssh/algorithms";
const tests = "test/ssh/algorithms";

export const algorithmsRows: readonly Mutant[] = [
  {
    id: "ephemeral-kept",
    file: `${folder}/ephemeral.ts`,
    find: "secret.fill(0);",
    replace: "",
    why: "who reads the memory later can decrypt the recorded session",
    caughtBy: { file: `${tests}/curve25519-sha256.test.ts`, test: "is wiped after a good share" },
  },
  {
    id: "ephemeral-twice",
    file: `${folder}/ephemeral.ts`,
    find: "isFinished = true;",
    replace: "isFinished = false;",
    why: "a second exchange derives its keys from a secret of zeros",
    caughtBy: { file: `${tests}/curve25519-sha256.test.ts`, test: "to run twice" },
  },
  {
    id: "ecdh-form",
    file: `${folder}/ecdh-sha2.ts`,
    find: "Q_S.length !== length || Q_S[0] !== 4",
    replace: "Q_S.length !== length",
    why: "a point in hybrid form, which SSH has not, is taken",
    caughtBy: { file: `${tests}/ecdh-sha2.test.ts`, test: "a point in hybrid form" },
  },
  {
    id: "ecdh-scalar-range",
    file: `${folder}/noble.ts`,
    find: "return ecdsa.utils.isValidSecretKey(secret) ? ecdsa.getPublicKey(secret, false) : undefined;",
    replace: "return ecdsa.getPublicKey(secret, false);",
    why: "a scalar out of range ends a session by an error that is nobody's fault",
    caughtBy: { file: `${tests}/ecdh-sha2.test.ts`, test: "is drawn again" },
  },
  {
    id: "dh-f-1",
    file: `${folder}/diffie-hellman-group.ts`,
    find: "value > 1n &&",
    replace: "value >= 1n &&",
    why: "f = 1 makes K 1: everybody on the path knows the keys",
    caughtBy: { file: `${tests}/diffie-hellman-group.test.ts`, test: "refuses f = 1" },
  },
  {
    id: "dh-f-p-1",
    file: `${folder}/diffie-hellman-group.ts`,
    find: "bytesToNumberBE(p) - 1n",
    replace: "bytesToNumberBE(p)",
    why: "f = p - 1 makes K 1 or p - 1: everybody on the path knows the keys",
    caughtBy: { file: `${tests}/diffie-hellman-group.test.ts`, test: "refuses f = p - 1" },
  },
  {
    id: "dh-x-short",
    file: `${folder}/diffie-hellman-group.ts`,
    find: "x[0] = (x[0] as number) | 0x80;",
    replace: "",
    why: "x is shorter than it should be now and then",
    caughtBy: { file: `${tests}/diffie-hellman-group.test.ts`, test: "x has 512 bits" },
  },
  {
    id: "dh-prime",
    file: `${folder}/modp-groups.ts`,
    find: "addend: 240904n",
    replace: "addend: 240906n",
    why: "the modulus is no prime that anybody has looked at, and no server has it",
    caughtBy: { file: `${tests}/diffie-hellman-group.test.ts`, test: "has the prime that OpenSSL has" },
  },
];
