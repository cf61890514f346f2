/**
 * Rows of the table: keys of several algorithms.
 */
import type { Mutant } from "./mutant.ts";

export const keysRows: readonly Mutant[] = [
  {
    id: "userauth-sha1-signature-sent",
    file: "src/ssh/userauth.ts",
    find: "if (algorithm === signatureName(asked)) return;",
    replace: "if (algorithm !== undefined) return;",
    why: "an agent that knows no SHA-2 has its SHA-1 signature sent",
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "a signature of another type goes nowhere: /of type ssh-rsa" },
  },
  {
    id: "userauth-sig-algs-of-certificates",
    file: "src/ssh/userauth.ts",
    find: "|| signatureAlgorithms.includes(signatureName(algorithm));",
    replace: ";",
    why: "no RSA certificate gets past a server that takes rsa-sha2-256 only: OpenSSH lists plain names",
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "the plain name of a certificate's" },
  },
  {
    id: "userauth-asked-again-for-ever",
    file: "src/ssh/userauth.ts",
    find: "if (isAskedTooEarly && again !== undefined && again.algorithm !== algorithm) return again;",
    replace: "if (isAskedTooEarly && again !== undefined) return again;",
    why: "a server that verifies none of a key's algorithms is asked about it until it hangs up",
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "the server takes none of its names" },
  },
];
