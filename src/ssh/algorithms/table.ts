/**
 * THE registry: what we have is what we offer, in this order. KEXINIT is built from the keys of these objects (RFC 4253
 * §7.1), so a new algorithm is one file and one row.
 */
import { certifiedHostKey } from "../certificate.ts";
import { aes128Gcm } from "./aes128-gcm@openssh.com.ts";
import { aes256Gcm } from "./aes256-gcm@openssh.com.ts";
import { chacha20Poly1305 } from "./chacha20-poly1305@openssh.com.ts";
import { curve25519Sha256 } from "./curve25519-sha256.ts";
import { ecdsaHostKey } from "./ecdsa-sha2.ts";
import type { AlgorithmTable } from "./interfaces.ts";
import { rsaHostKey } from "./rsa-sha2.ts";
import { sshEd25519 } from "./ssh-ed25519.ts";

/** All algorithms, most wanted first. RFC 4253 §7.1. */
export const table: AlgorithmTable = {
  kex: {
    "curve25519-sha256": curve25519Sha256,
    "curve25519-sha256@libssh.org": curve25519Sha256,
  },
  // As OpenSSH has them: short keys before long ones. `ssh-rsa` (SHA-1) and `ssh-dss` are not among them.
  hostKey: {
    "ssh-ed25519": sshEd25519,
    "ecdsa-sha2-nistp256": ecdsaHostKey("nistp256"),
    "ecdsa-sha2-nistp384": ecdsaHostKey("nistp384"),
    "ecdsa-sha2-nistp521": ecdsaHostKey("nistp521"),
    "rsa-sha2-512": rsaHostKey("rsa-sha2-512"),
    "rsa-sha2-256": rsaHostKey("rsa-sha2-256"),
    // Behind the plain keys, unlike OpenSSH's: only where known_hosts names an authority is a certificate worth more, and
    // there it is asked for first (`orderHostKeyAlgorithms`).
    "ssh-ed25519-cert-v01@openssh.com": certifiedHostKey("ssh-ed25519"),
    "ecdsa-sha2-nistp256-cert-v01@openssh.com": certifiedHostKey("ecdsa-sha2-nistp256"),
    "ecdsa-sha2-nistp384-cert-v01@openssh.com": certifiedHostKey("ecdsa-sha2-nistp384"),
    "ecdsa-sha2-nistp521-cert-v01@openssh.com": certifiedHostKey("ecdsa-sha2-nistp521"),
    "rsa-sha2-512-cert-v01@openssh.com": certifiedHostKey("rsa-sha2-512"),
    "rsa-sha2-256-cert-v01@openssh.com": certifiedHostKey("rsa-sha2-256"),
  },
  // chacha20-poly1305 before AES-GCM, which is slower in plain JavaScript and reads tables at secret places.
  cipher: {
    "chacha20-poly1305@openssh.com": chacha20Poly1305,
    "aes256-gcm@openssh.com": aes256Gcm,
    "aes128-gcm@openssh.com": aes128Gcm,
  },
  // RFC 4253 §7.1 wants at least one name. The plain one is for servers that look for a MAC in common even with an AEAD.
  mac: {
    "hmac-sha2-256-etm@openssh.com": null,
    "hmac-sha2-256": null,
  },
  compression: {
    none: null,
  },
  markers: ["ext-info-c", "kex-strict-c-v00@openssh.com"],
};
