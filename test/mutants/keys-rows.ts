/**
 * Rows of the table: ECDSA and RSA, and keys of several algorithms.
 */
import type { Mutant } from "./mutant.ts";

export const keysRows: readonly Mutant[] = [
  // ECDSA

  {
    id: "ecdsa-another-curve",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "if (key.curve !== name) throw",
    replace: "if (key.curve === undefined) throw",
    why: "a host key has a second spelling, with another curve's name",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "'that names another curve'" },
  },
  {
    id: "ecdsa-compressed-point",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "if (Q.length !== 1 + 2 * length || Q[0] !== 4) {",
    replace: "if (Q.length > 1 + 2 * length) {",
    why: "a host key has a second spelling, compressed",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "'with a compressed point'" },
  },
  {
    id: "ecdsa-point-beside-the-curve",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "ecdsa.Point.fromBytes(Q).assertValidity();",
    replace: "ecdsa.Point.fromBytes;",
    why: "a point of a weaker curve is taken for a host key",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "'beside the curve'" },
  },
  {
    id: "ecdsa-low-s-only",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "curve.ecdsa.verify(signature, data, Q, { lowS: false })",
    replace: "curve.ecdsa.verify(signature, data, Q, { lowS: true })",
    why: "every other login to a server with an ECDSA key fails",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "the twin of a signature" },
  },
  {
    id: "ecdsa-long-r-cut",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "if (r.length > length || s.length > length) return undefined;",
    replace: "if (r.length > 2 * length) return undefined;",
    why: "an r that is too long runs into s, or throws at who connects",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "r is the order more than it was" },
  },
  {
    id: "ecdsa-halves-not-compared",
    file: "src/ssh/algorithms/ecdsa-sha2.ts",
    find: "point === undefined || !isEqual(point, publicPoint)) {",
    replace: "point === undefined) {",
    why: "a key file with another key's public half is found out at the login",
    caughtBy: { file: "test/ssh/algorithms/ecdsa-sha2.test.ts", test: "refuses 'the point of another key'" },
  },

  // RSA

  {
    id: "rsa-key-short",
    file: "src/ssh/algorithms/rsa-sha2.ts",
    find: "const shortestModulus = 2048;",
    replace: "const shortestModulus = 512;",
    why: "a host key that can be factored is taken",
    caughtBy: { file: "test/ssh/algorithms/rsa-sha2.test.ts", test: "'of 1024 bits'" },
  },
  {
    id: "rsa-exponent-one",
    file: "src/ssh/algorithms/rsa-sha2.ts",
    find: "if (!isOdd(e) || bitLength(e) < 2) return",
    replace: "if (!isOdd(e)) return",
    why: "with e = 1 everybody signs for the host",
    caughtBy: { file: "test/ssh/algorithms/rsa-sha2.test.ts", test: "with e = 1" },
  },
  {
    id: "rsa-padding-not-compared",
    file: "src/ssh/algorithms/rsa-sha2.ts",
    find: "return isEqual(numberToBytesBE(power(s, e, n), length), encodedMessage(algorithm, data, length));",
    replace:
      "return isEqual(numberToBytesBE(power(s, e, n), length).slice(-51), encodedMessage(algorithm, data, length).slice(-51));",
    why: "padding that nobody looks at lets signatures be forged",
    caughtBy: { file: "test/ssh/algorithms/rsa-sha2.test.ts", test: "Wycheproof, rsa-sha2-256: our verdict" },
  },
  {
    id: "rsa-signature-above-modulus",
    file: "src/ssh/algorithms/rsa-sha2.ts",
    find: "if (s >= n) return false;",
    replace: "if (s < 0n) return false;",
    why: "a signature has a second spelling",
    caughtBy: { file: "test/ssh/algorithms/rsa-sha2.test.ts", test: "a signature of n more" },
  },
  {
    id: "rsa-hash-of-the-other-name",
    file: "src/ssh/algorithms/rsa-sha2.ts",
    find: 'const { S } = decodeBlob("signature", algorithm, signatureFields,',
    replace: 'const { S } = decodeBlob("signature", "ssh-rsa", signatureFields,',
    why: "a signature under SHA-1's name is read",
    caughtBy: { file: "test/ssh/algorithms/rsa-sha2.test.ts", test: "by SHA-1" },
  },
  {
    id: "rsa-faulty-signature-leaves",
    file: "src/ssh/signers.ts",
    find: "if (!isRsaSignature(publicKey, algorithm, S, data)) {",
    replace: "if (S.length === 0) {",
    why: "a fault in the machine gives the private key to the server",
    caughtBy: { file: "test/ssh/signers.test.ts", test: "never lets a faulty signature out" },
  },
  {
    id: "rsa-signer-any-algorithm",
    file: "src/ssh/signers.ts",
    find: "if (!isRsaAlgorithm(algorithm)) throw",
    replace: "if (algorithm === undefined) throw",
    why: "an RSA key is asked to sign under SHA-1's name",
    caughtBy: { file: "test/ssh/signers.test.ts", test: "never signs with SHA-1" },
  },

  // User authentication

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
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "the plain name of a certificate" },
  },
  {
    id: "userauth-tries-unbounded",
    file: "src/ssh/userauth.ts",
    find: "if (isOver || this.#tried.length >= maximumTries) throw",
    replace: "if (isOver) throw",
    why: "an agent with many keys makes the server hang up, and count us as an attacker",
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "of 8 keys, 5 are tried" },
  },
  {
    id: "userauth-tries-unbounded-declined",
    file: "src/ssh/userauth.ts",
    find: "if (next === undefined || this.#tried.length >= maximumTries) return undefined;",
    replace: "if (next === undefined) return undefined;",
    why: "an agent that refuses each of its many keys asks the user without end",
    caughtBy: { file: "test/ssh/userauth.test.ts", test: "the fifth that cannot sign is the last" },
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
