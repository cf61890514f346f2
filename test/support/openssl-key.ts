/** Ed25519 keys as OpenSSL writes them, in PKCS#8 (RFC 8410): ssh-keygen has no such file for them. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, sshString } from "./peer-crypto.ts";

/** Makes one in a file, encrypted where there is a passphrase; its public half as `type base64`. */
export function opensslKey(path: string, passphrase?: string): string {
  const cipher = passphrase === undefined ? [] : ["-aes-256-cbc", "-pass", `pass:${passphrase}`];
  const text = execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", ...cipher], { stdio: "pipe" });
  writeFileSync(path, text, { mode: 0o600 });
  const opened = passphrase === undefined ? [] : ["-passin", `pass:${passphrase}`];
  const read = ["pkey", "-in", path, ...opened, "-pubout", "-outform", "DER"];
  const publicKey = execFileSync("openssl", read, { stdio: "pipe" }).subarray(-32); // what stands before it names the curve
  const type = "ssh-ed25519";
  return `${type} ${Buffer.from(join(sshString(type), sshString(publicKey))).toString("base64")}`;
}
