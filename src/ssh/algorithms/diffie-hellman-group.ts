/**
 * diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512: Diffie-Hellman modulo a prime. RFC 4253 §8 with
 * the groups of RFC 8268 §3.
 */
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { kexRefusal } from "../errors.ts";
import { decodeFields, encodeMpint, encodeString } from "../wire.ts";
import { startWith } from "./ephemeral.ts";
import type { HashPrimitive, KexMethod, KexStart, Power, RandomBytes } from "./interfaces.ts";
import { type ModpGroup, modpPrime } from "./modp-groups.ts";

/**
 * Of x, whose first bit is set. RFC 4419 §6.2: at least twice the bits of key that are needed, and the strongest cipher
 * here has 256; OpenSSH takes as many. A longer x costs more and is worth no more: RFC 3526 §8.
 */
const exponentLength = 64;
const generator: Uint8Array = Uint8Array.of(2);

/** Shares are what stands in an mpint, and K leaves as one. RFC 4253 §8. */
export function diffieHellmanGroup(group: ModpGroup, power: Power, hash: HashPrimitive): KexMethod {
  const name = group === 14 ? "sha256" : "sha512"; // RFC 8268 §3
  return { hash: (data) => hash(name, data), start: (randomBytes) => start(modpPrime(group), power, randomBytes) };
}

function start(p: Uint8Array, power: Power, randomBytes: RandomBytes): KexStart {
  const x = randomBytes(exponentLength);
  x[0] = (x[0] as number) | 0x80;
  const e = encodeMpint(power(generator, x, p)).subarray(4);
  return startWith(e, x, (serverShare) => {
    const f = checkedShare(serverShare, p);
    const shared = power(f, x, p);
    const K = encodeMpint(shared);
    shared.fill(0);
    return K;
  });
}

/** The magnitude of f. Another one would force K into the subgroup of two elements, or be 0. */
function checkedShare(serverShare: Uint8Array, p: Uint8Array): Uint8Array {
  const { f } = decodeFields("SSH_MSG_KEXDH_REPLY", { f: "mpint" }, encodeString(serverShare));
  const value = bytesToNumberBE(f);
  // RFC 4253 §8, RFC 8268 §4: values of f that are not 1 < f < p-1 MUST NOT be accepted
  if (value > 1n && value < bytesToNumberBE(p) - 1n) return f;
  throw kexRefusal("f is not between 1 and p - 1", "RFC 8268 §4");
}
