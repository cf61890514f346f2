/**
 * The keys of one run: the server's, in the folder that the images get, and the users', beside it. All by OpenSSH's own
 * ssh-keygen, or OpenSSL where that has no such file, so that nothing that is tested made what it is tested with. README: servers/README.md.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { opensslKey } from "../support/openssl-key.ts";

/** All that the images must have to do with. */
export const USER = "tester";
export const PASSPHRASE = "correct horse battery staple";
export const BANNER: readonly string[] = ["mcp-ssh-client's interop suite", "welcomes only itself."];

const HOST_KEYS: Readonly<Record<string, readonly string[]>> = {
  host_ed25519_key: ["-t", "ed25519"],
  host_ecdsa_key: ["-t", "ecdsa", "-b", "256"],
  host_ecdsa384_key: ["-t", "ecdsa", "-b", "384"],
  host_ecdsa521_key: ["-t", "ecdsa", "-b", "521"],
  host_rsa_key: ["-t", "rsa", "-b", "3072"],
};

/** User keys that the servers let in, by the names of their files. */
export const USER_KEYS: Readonly<Record<string, readonly string[]>> = {
  "ssh-ed25519": ["-t", "ed25519"],
  "ecdsa-sha2-nistp256": ["-t", "ecdsa", "-b", "256"],
  "ecdsa-sha2-nistp384": ["-t", "ecdsa", "-b", "384"],
  "ecdsa-sha2-nistp521": ["-t", "ecdsa", "-b", "521"],
  "ssh-rsa": ["-t", "rsa", "-b", "3072"],
};

/** Files that hold one of these keys in another way: what ssh-keygen is told to make of a copy. */
export const KEY_FILES: Readonly<Record<string, { readonly key: string; readonly how: readonly string[] }>> = {
  "openssh-encrypted": { key: "ssh-ed25519", how: ["-N", PASSPHRASE] },
  "pkcs1-rsa": { key: "ssh-rsa", how: ["-m", "PEM", "-N", ""] },
  "pkcs1-rsa-encrypted": { key: "ssh-rsa", how: ["-m", "PEM", "-N", PASSPHRASE] },
  "sec1-ecdsa": { key: "ecdsa-sha2-nistp256", how: ["-m", "PEM", "-N", ""] },
  "sec1-ecdsa-encrypted": { key: "ecdsa-sha2-nistp521", how: ["-m", "PEM", "-N", PASSPHRASE] },
  "pkcs8-rsa": { key: "ssh-rsa", how: ["-m", "PKCS8", "-N", ""] },
  "pkcs8-ecdsa": { key: "ecdsa-sha2-nistp384", how: ["-m", "PKCS8", "-N", ""] },
  "pkcs8-rsa-encrypted": { key: "ssh-rsa", how: ["-m", "PKCS8", "-N", PASSPHRASE] },
  "pkcs8-ecdsa-encrypted": { key: "ecdsa-sha2-nistp256", how: ["-m", "PKCS8", "-N", PASSPHRASE] },
};

/** Files of OpenSSL's, each with an ed25519 key of its own that the servers let in, and their passphrases. */
export const OPENSSL_KEY_FILES: Readonly<Record<string, string | undefined>> = {
  "pkcs8-ed25519": undefined,
  "pkcs8-ed25519-encrypted": PASSPHRASE,
};

export interface Fixtures {
  /** What the images mount at /interop. */
  readonly server: string;
  /** The path of a user's key, by a name of USER_KEYS, KEY_FILES or OPENSSL_KEY_FILES; `stranger` is in no authorized_keys. */
  userKey(name: string): string;
  /** The path of a key that is let in by its certificate alone, and of that. */
  readonly certifiedKey: string;
  readonly userCertificate: string;
  /** Writes a known_hosts file for a port of 127.0.0.1. `stranger`: another host's key; `authority`: the hosts' CA. */
  knownHosts(port: number, what: "keys" | "stranger" | "authority" | "nothing"): string;
  /** A home directory for the command, so that it neither trusts by nor writes to what is in its user's own. */
  readonly home: string;
  remove(): void;
}

/** @throws Error where there is no ssh-keygen, or no openssl */
export async function makeFixtures(): Promise<Fixtures> {
  const folder = mkdtempSync(join(tmpdir(), "mcp-ssh-interop-"));
  const server = join(folder, "server");
  mkdirSync(server);
  // mkdtemp's folder is its owner's alone; a server in an image may run as anybody.
  for (const path of [folder, server]) chmodSync(path, 0o755);
  const home = join(folder, "home");
  mkdirSync(home);
  const at = (name: string) => join(folder, name);
  for (const [name, kind] of Object.entries({ host_ca: ["-t", "ed25519"], user_ca: ["-t", "ed25519"] }))
    keygen(at(name), kind);
  for (const [name, kind] of Object.entries(HOST_KEYS)) {
    keygen(join(server, name), kind);
    const names = ["-h", "-n", "127.0.0.1,localhost"];
    execFileSync("ssh-keygen", ["-q", "-s", at("host_ca"), "-I", name, ...names, join(server, `${name}.pub`)]);
  }
  for (const [name, kind] of Object.entries(USER_KEYS)) keygen(at(name), kind);
  for (const [name, { key, how }] of Object.entries(KEY_FILES)) {
    copyFileSync(at(key), at(name));
    execFileSync("ssh-keygen", ["-q", "-p", "-P", "", ...how, "-f", at(name)], { stdio: "ignore" });
  }
  const byOpenssl = Object.entries(OPENSSL_KEY_FILES).map(
    ([name, phrase]) => `${opensslKey(at(name), phrase)} interop\n`,
  );
  for (const name of ["stranger", "certified", "other_host"]) keygen(at(name), ["-t", "ed25519"]);
  keygen(at("other_host_ecdsa"), ["-t", "ecdsa", "-b", "256"]);
  execFileSync("ssh-keygen", ["-q", "-s", at("user_ca"), "-I", "interop", "-n", USER, at("certified.pub")]);
  const letIn = [...Object.keys(USER_KEYS).map((name) => publicKey(at(name))), ...byOpenssl];
  writeFileSync(join(server, "authorized_keys"), letIn.join(""));
  copyFileSync(at("user_ca.pub"), join(server, "user_ca.pub"));
  writeFileSync(join(server, "banner.txt"), `${BANNER.join("\n")}\n`);
  await bundleMcpServer(join(server, "mcp-server.mjs"));
  for (const name of readdirSync(server)) chmodSync(join(server, name), 0o644);
  return {
    server,
    userKey: at,
    certifiedKey: at("certified"),
    userCertificate: at("certified-cert.pub"),
    knownHosts: (port, what) => {
      const name = `[127.0.0.1]:${port}`;
      const lines = {
        nothing: () => [],
        keys: () => Object.keys(HOST_KEYS).map((key) => `${name} ${publicKey(join(server, key))}`),
        stranger: () => ["other_host", "other_host_ecdsa"].map((key) => `${name} ${publicKey(at(key))}`),
        authority: () => [`@cert-authority ${name} ${publicKey(at("host_ca"))}`],
      }[what]();
      const path = at(`known_hosts_${what}_${port}`);
      writeFileSync(path, lines.join(""));
      return path;
    },
    home,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The official SDK's server in one file, for the Node of any image. */
async function bundleMcpServer(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "mcp-server.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node18",
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "warning",
  });
}

function keygen(path: string, kind: readonly string[]): void {
  execFileSync("ssh-keygen", ["-q", ...kind, "-N", "", "-C", "interop", "-f", path]);
}

/** A line with its newline. */
function publicKey(path: string): string {
  return readFileSync(`${path}.pub`, "utf8");
}
