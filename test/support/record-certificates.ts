/**
 * Lets ssh-keygen make throw-away keys, authorities and certificates, and writes them with what was asked for to
 * test/vectors/certificates.json. The keys are in no use anywhere.
 *
 * Run: npx tsx test/support/record-certificates.ts (needs ssh-keygen).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a certificate says. Times in seconds since 1970, as texts: JSON has no numbers of 64 bits. */
interface Case {
  readonly name: string;
  /** `ssh-keygen -t ... -b ...` of the key, and of the authority. */
  readonly key?: readonly string[];
  readonly authority?: readonly string[];
  readonly kind?: "host" | "user";
  readonly serial?: string;
  readonly principals?: readonly string[];
  /** As ssh-keygen's -V has them; for ever unless given. */
  readonly valid?: readonly [from: string, until: string];
  /** As ssh-keygen's -O has them. */
  readonly options?: readonly string[];
  /** The name of the authority's signature. */
  readonly signatureAlgorithm?: string;
}

const folder = mkdtempSync(join(tmpdir(), "record-certificates-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const ed25519 = ["ed25519", "256"] as const;
const kinds = [ed25519, ["ecdsa", "256"], ["ecdsa", "384"], ["ecdsa", "521"], ["rsa", "2048"]] as const;
const made = new Set<string>();

/** The path of a key of that kind. */
function keyOf(role: string, [type = "", bits = ""]: readonly string[]): string {
  const path = join(folder, `${role}-${type}-${bits}`);
  if (!made.has(path)) execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", "-t", type, "-b", bits, "-f", path]);
  made.add(path);
  return path;
}

/** Security keys' public halves: ssh-keygen certifies them without the device. */
function securityKey(type: string, fields: readonly (string | Buffer)[]): string {
  const blob = Buffer.concat([type, ...fields].map(string)).toString("base64");
  const path = join(folder, type);
  writeFileSync(`${path}.pub`, `${type} ${blob}\n`);
  return path;
}

function string(content: string | Buffer): Buffer {
  const body = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const cases: readonly (Case & { readonly path?: string })[] = [
  ...kinds.map((key) => ({ name: `a host's ${key.join(" ")} key`, key })),
  ...kinds.map((key) => ({ name: `a user's ${key.join(" ")} key`, key, kind: "user" as const })),
  ...kinds.map((authority) => ({ name: `by an authority with a key of ${authority.join(" ")}`, authority })),
  { name: "signed as rsa-sha2-256", authority: ["rsa", "2048"], signatureAlgorithm: "rsa-sha2-256" },
  { name: "by an authority with a short key", authority: ["rsa", "1024"] },
  { name: "no principals", principals: [] },
  { name: "several principals", principals: ["a.example", "b.example", "*.c.example", "d?.example"] },
  { name: "principals that want escaping", principals: ["a\u001b[2Jb"] },
  { name: "a serial number of 64 bits", serial: "18446744073709551615" },
  { name: "valid for ten years", valid: ["20200101000000", "20300101000000"] },
  { name: "a host's with a critical option", options: ["critical:nobody@knows.example=data"] },
  { name: "a host's with an extension", options: ["extension:nobody@knows.example=data"] },
  { name: "a user's with options", kind: "user", options: ["force-command=true", "source-address=127.0.0.0/8"] },
  {
    name: "a user's security key, ed25519",
    kind: "user",
    path: securityKey("sk-ssh-ed25519@openssh.com", [Buffer.alloc(32, 7), "ssh:"]),
  },
  {
    name: "a user's security key, ECDSA",
    kind: "user",
    path: securityKey("sk-ecdsa-sha2-nistp256@openssh.com", [
      "nistp256",
      pointOf(keyOf("key", ["ecdsa", "256"])),
      "ssh:",
    ]),
  },
];

/** The last field of an ECDSA key's blob. */
function pointOf(path: string): Buffer {
  return Buffer.from(readFileSync(`${path}.pub`, "utf8").split(" ")[1] ?? "", "base64").subarray(-65);
}

function certify(each: Case & { readonly path?: string }): string {
  const { name, key = ed25519, kind = "host", principals = ["h.example"], valid = ["always", "forever"] } = each;
  const { serial = "7", options = [], authority = ed25519, signatureAlgorithm } = each;
  const from = each.path ?? keyOf("key", key);
  const path = join(folder, "certified");
  copyFileSync(`${from}.pub`, `${path}.pub`);
  const args = ["-q", "-s", keyOf("authority", authority), "-I", `id of ${name}`, "-z", serial, "-V", valid.join(":")];
  if (kind === "host") args.push("-h");
  if (principals.length > 0) args.push("-n", principals.join(","));
  if (signatureAlgorithm !== undefined) args.push("-t", signatureAlgorithm);
  for (const option of options) args.push("-O", option);
  execFileSync("ssh-keygen", [...args, `${path}.pub`], { env: { ...process.env, TZ: "UTC" } });
  const blobOf = (file: string): string => readFileSync(file, "utf8").trim().split(" ")[1] ?? "";
  const seconds = (time: string): string => {
    if (time === "always") return "0";
    if (time === "forever") return String(2n ** 64n - 1n);
    return String(Date.parse(time.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6Z")) / 1000);
  };
  return JSON.stringify({
    name,
    certificate: blobOf(`${path}-cert.pub`),
    expect: {
      keyBlob: blobOf(`${from}.pub`),
      authorityBlob: blobOf(`${keyOf("authority", authority)}.pub`),
      kind,
      serial,
      keyId: `id of ${name}`,
      principals,
      validAfter: seconds(valid[0]),
      validBefore: seconds(valid[1]),
      criticalOptions: options
        .filter((option) => !option.startsWith("extension:"))
        .map((option) => option.replace("critical:", "").replace(/=.*/, "")),
    },
  });
}

const version = /OpenSSH_\S+?(?=[ ,])/.exec(spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr)?.[0];
const source = `${version}, recorded ${new Date().toISOString().slice(0, 10)} by test/support/record-certificates.ts`;
const head = JSON.stringify(
  { about: "Certificates that ssh-keygen made, and what it was asked to put in", source },
  null,
  2,
);
writeFileSync(
  new URL("../vectors/certificates.json", import.meta.url),
  `${head.slice(0, -2)},\n  "cases": [\n${cases.map((each) => `    ${certify(each)}`).join(",\n")}\n  ]\n}\n`,
);
