/** Algorithm names: what the names of keys and of signatures say of each other. Pure. */

const suffix = "-cert-v01@openssh.com";

/** The name under which a certificate's key signs, or the type of its blob: as in `rsa-sha2-512-cert-v01@openssh.com`. */
export function certifiedName(plain: string): string {
  return `${plain.replace("@openssh.com", "")}${suffix}`;
}

/** What stands in a signature made under `name`: a certificate's key signs as itself. */
export function plainName(name: string): string {
  return name.replace(suffix, name.startsWith("sk-") ? "@openssh.com" : "");
}

/** Whether a name is a certificate's: of its type, or of what its key signs under. */
export function isCertified(name: string): boolean {
  return /^[a-z0-9-]+-cert-v01@openssh\.com$/.test(name);
}

/** The type of the keys that sign under an algorithm's name; of a certificate, its key's: `ssh-rsa` for `rsa-sha2-512`. */
export function keyTypeOf(algorithm: string): string {
  return algorithm.replace(/-cert-v01@openssh\.com$/, "").replace(/^rsa-sha2-(256|512)$/, "ssh-rsa");
}
