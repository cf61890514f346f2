/**
 * Lets ssh-keygen make throw-away keys and sign with them (`-Y sign`), and writes keys, what was signed and the
 * signature blobs to test/vectors/openssh-signatures.json. The keys are in no use anywhere.
 *
 * Run: npx tsx test/support/record-signatures.ts (needs ssh-keygen).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const kinds = [
  ["ed25519", "256"],
  ["ecdsa", "256"],
  ["ecdsa", "384"],
  ["ecdsa", "521"],
  ["rsa", "2048"],
  ["rsa", "3072"],
  ["rsa", "4096"],
] as const;

const folder = mkdtempSync(join(tmpdir(), "record-signatures-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const message = "what is signed\n";

const cases = kinds.map(([type, bits]) => {
  const key = join(folder, `${type}-${bits}`);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", "-t", type, "-b", bits, "-f", key]);
  const armoured = execFileSync("ssh-keygen", ["-q", "-Y", "sign", "-f", key, "-n", "test"], { input: message });
  const [keyType, publicKey] = readFileSync(`${key}.pub`, "utf8").split(" ");
  const signature = signatureOf(Buffer.from(armoured.toString().replace(/-----[^-]+-----|\n/g, ""), "base64"));
  return { name: `${keyType}, ${bits} bits`, publicKey, data: signedData().toString("hex"), signature };
});

/** The last field of an SSHSIG. OpenSSH PROTOCOL.sshsig. */
function signatureOf(sshsig: Buffer): string {
  let at = 6 + 4; // "SSHSIG", version
  let field: Buffer = Buffer.alloc(0);
  while (at < sshsig.length) {
    const end = at + 4 + sshsig.readUInt32BE(at);
    field = sshsig.subarray(at + 4, end);
    at = end;
  }
  return field.toString("hex");
}

/** What an SSHSIG's signature covers. OpenSSH PROTOCOL.sshsig. */
function signedData(): Buffer {
  const fields = ["test", "", "sha512", createHash("sha512").update(message).digest()];
  return Buffer.concat([Buffer.from("SSHSIG"), ...fields.map(string)]);
}

function string(content: string | Buffer): Buffer {
  const body = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const version = /OpenSSH_\S+?(?=[ ,])/.exec(spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr)?.[0];
const file = {
  about: "Public keys, data and signature blobs that ssh-keygen made over them",
  source: `${version}, recorded ${new Date().toISOString().slice(0, 10)} by test/support/record-signatures.ts`,
  cases,
};
const lines = cases.map((each) => `    ${JSON.stringify(each)}`).join(",\n");
const head = JSON.stringify({ ...file, cases: undefined }, null, 2).replace(/\n\}$/, "");
writeFileSync(
  new URL("../vectors/openssh-signatures.json", import.meta.url),
  `${head},\n  "cases": [\n${lines}\n  ]\n}\n`,
);
