/**
 * THE registry: what we have is what we offer, in this order. KEXINIT is built from the keys of these objects (RFC 4253
 * §7.1), so a new algorithm is one file and one row.
 */

import { aesCtr } from "./algorithms/aes-ctr.ts";
import { aesGcm } from "./algorithms/aes-gcm.ts";
import { chacha20Poly1305 } from "./algorithms/chacha20-poly1305@openssh.com.ts";
import { curve25519Sha256 } from "./algorithms/curve25519-sha256.ts";
import { diffieHellmanGroup } from "./algorithms/diffie-hellman-group.ts";
import { ecdhSha2 } from "./algorithms/ecdh-sha2.ts";
import { ecdsaHostKey } from "./algorithms/ecdsa-sha2.ts";
import { hmacSha2 } from "./algorithms/hmac-sha2.ts";
import type { AlgorithmTable, Primitives } from "./algorithms/interfaces.ts";
import { mlkem768X25519 } from "./algorithms/mlkem768x25519-sha256.ts";
import { rsaHostKey } from "./algorithms/rsa-sha2.ts";
import { sshEd25519 } from "./algorithms/ssh-ed25519.ts";
import { certifiedHostKeys } from "./certificate.ts";

/**
 * The table with AES offered first: for a server without strict kex, which is met with what Terrapin cannot cut. AES-GCM
 * counts by itself, and AES-CTR's keystream is out of step behind a cut.
 */
export function withAesFirst(table: AlgorithmTable): AlgorithmTable {
  const rank = ([name]: [string, unknown]): number => (isAes(name) ? 0 : 1);
  const rows = Object.entries(table.cipher).sort((a, b) => rank(a) - rank(b)); // which keeps the order of equals
  return { ...table, cipher: Object.fromEntries(rows) };
}

/** Whether a cipher is AES, in a mode that we have. */
export function isAes(name: string): boolean {
  return /^aes(128|192|256)-(gcm@openssh\.com|ctr)$/.test(name);
}

/** All algorithms, most wanted first, on these primitives. RFC 4253 §7.1. */
export function tableOf(primitives: Primitives): AlgorithmTable {
  const { hash, x25519, mlkem, ecdh, power, ed25519, gcm, ctr, hmac, chacha, isAesFirst } = primitives;
  const curve = curve25519Sha256(x25519, hash);
  const chacha20 = { "chacha20-poly1305@openssh.com": chacha20Poly1305(chacha) };
  // The longer key leads: it costs a fifth more of little. RFC 5647 §6, under OpenSSH's names (OpenSSH PROTOCOL 1.6).
  const aes = { "aes256-gcm@openssh.com": aesGcm(32, gcm), "aes128-gcm@openssh.com": aesGcm(16, gcm) };
  // For servers in FIPS mode and old appliances, which have no AEAD.
  const counterMode = { "aes256-ctr": aesCtr(32, ctr), "aes192-ctr": aesCtr(24, ctr), "aes128-ctr": aesCtr(16, ctr) };
  // As OpenSSH has them: short keys before long ones. `ssh-rsa` (SHA-1) and `ssh-dss` are not among them.
  const plain = {
    "ssh-ed25519": sshEd25519(ed25519),
    "ecdsa-sha2-nistp256": ecdsaHostKey("nistp256"),
    "ecdsa-sha2-nistp384": ecdsaHostKey("nistp384"),
    "ecdsa-sha2-nistp521": ecdsaHostKey("nistp521"),
    "rsa-sha2-512": rsaHostKey("rsa-sha2-512"),
    "rsa-sha2-256": rsaHostKey("rsa-sha2-256"),
  };
  return {
    kex: {
      "mlkem768x25519-sha256": mlkem768X25519(mlkem, x25519, hash),
      "curve25519-sha256": curve,
      "curve25519-sha256@libssh.org": curve,
      // For servers in FIPS mode and for old appliances, in OpenSSH's order.
      "ecdh-sha2-nistp256": ecdhSha2("nistp256", ecdh, hash),
      "ecdh-sha2-nistp384": ecdhSha2("nistp384", ecdh, hash),
      "ecdh-sha2-nistp521": ecdhSha2("nistp521", ecdh, hash),
      "diffie-hellman-group16-sha512": diffieHellmanGroup(16, power, hash),
      "diffie-hellman-group18-sha512": diffieHellmanGroup(18, power, hash),
      "diffie-hellman-group14-sha256": diffieHellmanGroup(14, power, hash),
    },
    // A certificate behind the plain keys, unlike OpenSSH's: only where known_hosts names an authority is it worth more, and
    // there it is asked for first (`orderHostKeyAlgorithms`).
    hostKey: { ...plain, ...certifiedHostKeys(plain) },
    cipher: isAesFirst ? { ...aes, ...chacha20, ...counterMode } : { ...chacha20, ...aes, ...counterMode },
    mac: {
      "hmac-sha2-256-etm@openssh.com": hmacSha2(256, "encrypt-then-mac", hmac),
      "hmac-sha2-512-etm@openssh.com": hmacSha2(512, "encrypt-then-mac", hmac),
      "hmac-sha2-256": hmacSha2(256, "encrypt-and-mac", hmac),
      "hmac-sha2-512": hmacSha2(512, "encrypt-and-mac", hmac),
    },
    compression: {
      none: null,
    },
    markers: ["ext-info-c", "kex-strict-c-v00@openssh.com"],
  };
}
