// An Ed25519 key of openssh-key-v1 in the files of tinysshd: ed25519.pk holds 32 bytes, .ed25519.sk the seed and those.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , file, folder] = process.argv;
const key = Buffer.from(readFileSync(file, "latin1").replace(/-----.*-----|\s/g, ""), "base64");
const pair = key.subarray(key.lastIndexOf(Buffer.from("ssh-ed25519")) + 11 + 4 + 32 + 4).subarray(0, 64);
writeFileSync(join(folder, "ed25519.pk"), pair.subarray(32));
writeFileSync(join(folder, ".ed25519.sk"), pair, { mode: 0o600 });
