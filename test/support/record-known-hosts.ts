/**
 * Asks a real ssh what it makes of each known_hosts file below, and writes its answers to test/vectors/known-hosts.json.
 *
 * Run: npx tsx test/support/record-known-hosts.ts (needs ssh, sshd, ssh-keygen; as root it makes /run/sshd if missing).
 * Each case starts its own `sshd -i` as ssh's ProxyCommand, so any host name and port can be tried without a network.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExecutable } from "./ssh-server.ts";

interface Case {
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  /** One known_hosts file each. */
  readonly files: readonly string[];
  /** Where we mean to differ from ssh: our verdict, and why. */
  readonly ours?: { readonly verdict?: string; readonly line?: number; readonly why: string };
}

const folder = mkdtempSync(join(tmpdir(), "record-known-hosts-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function keygen(name: string, ...options: string[]): string {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-N", "", "-C", "", ...options, "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").trim();
}

const key = keygen("server", "-t", "ed25519");
const other = keygen("other", "-t", "ed25519");
const rsa = keygen("rsa", "-t", "rsa", "-b", "2048");
const ecdsa = keygen("ecdsa", "-t", "ecdsa");
const base64 = key.split(" ")[1] as string;
const rsaBase64 = rsa.split(" ")[1] as string;
const certificate = certify("server");
const otherCertificate = certify("other");
const rsaCertificate = certify("rsa");

function certify(name: string): string {
  execFileSync("ssh-keygen", ["-q", "-s", join(folder, "other"), "-I", "test", "-h", join(folder, `${name}.pub`)]);
  return readFileSync(join(folder, `${name}-cert.pub`), "utf8")
    .split(" ", 2)
    .join(" ");
}

function hashed(name: string, salt = Buffer.alloc(20, name)): string {
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

/** A blob made of strings, in base64. */
function blob(...strings: readonly (string | Uint8Array)[]): string {
  const parts = strings.flatMap((content) => {
    const bytes = Buffer.from(content as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts).toString("base64");
}

const hash20 = Buffer.alloc(20, 1).toString("base64");

const cases: readonly Case[] = [
  // names
  { name: "a plain name trusts its key", files: [`h ${key}\n`] },
  { name: "an empty file knows nothing", files: [""] },
  { name: "another name knows nothing of this host", files: [`g ${key}\n`] },
  { name: "a name is not a prefix", files: [`h ${key}\n`], host: "h.example" },
  { name: "a name is not a suffix", files: [`h.example ${key}\n`], host: "h" },
  { name: "a list of names trusts the first", files: [`h,g,10.0.0.1 ${key}\n`] },
  { name: "a list of names trusts the last", files: [`g,10.0.0.1,h ${key}\n`] },
  { name: "empty names in a list mean nothing", files: [`,,h, ${key}\n`] },
  { name: "the host is lowercased", files: [`h.example ${key}\n`], host: "H.Example" },
  { name: "the line's names are lowercased", files: [`H.EXAMPLE ${key}\n`], host: "h.example" },
  { name: "only ASCII is lowercased: the Kelvin sign is no k", files: [`\u212aelvin ${key}\n`], host: "kelvin" },
  { name: "a trailing dot makes another name", files: [`h.example ${key}\n`], host: "h.example." },
  { name: "an IPv4 address is a name", files: [`127.0.0.1 ${key}\n`], host: "127.0.0.1" },
  { name: "an IPv6 address is a name without brackets", files: [`::1 ${key}\n`], host: "::1" },
  { name: "another spelling of an IPv6 address is the same name", files: [`::1 ${key}\n`], host: "0:0:0:0:0:0:0:1" },
  { name: "an IPv6 address is made canonical, then lowercased", files: [`fe80::ab ${key}\n`], host: "FE80:0::00AB" },
  { name: "so it is at a port", files: [`[fe80::ab]:2222 ${key}\n`], host: "FE80:0::00AB", port: 2222 },
  {
    name: "of two runs of zeros the first of the longest is cut",
    files: [`1::2:0:0:3:4 ${key}\n`],
    host: "1:0:0:2:0:0:3:4",
  },
  { name: "a single zero is not cut", files: [`1:0:2:3:4:5:6:7 ${key}\n`], host: "1::2:3:4:5:6:7" },
  { name: "the line's own spelling is not made canonical", files: [`0:0:0:0:0:0:0:1 ${key}\n`], host: "::1" },
  { name: "the line's own spelling counts for nothing", files: [`0:0:0:0:0:0:0:1 ${key}\n`], host: "0:0:0:0:0:0:0:1" },
  { name: "an IPv4-mapped address in hexadecimal", files: [`::ffff:127.0.0.1 ${key}\n`], host: "::ffff:7f00:1" },
  { name: "an IPv4-mapped address with dots", files: [`::ffff:127.0.0.1 ${key}\n`], host: "::FFFF:127.0.0.1" },
  { name: "an IPv4-compatible address in hexadecimal", files: [`::127.0.0.1 ${key}\n`], host: "::7f00:1" },
  { name: "an IPv4-compatible address needs more than 16 bits", files: [`::7f00 ${key}\n`], host: "0::7f00" },
  {
    name: "other addresses keep their hexadecimal end",
    files: [`64:ff9b::7f00:1 ${key}\n`],
    host: "64:ff9b::127.0.0.1",
  },
  { name: "an address with a zone", files: [`fe80::1%lo ${key}\n`], host: "fe80:0::1%lo" },
  { name: "a short IPv4 address is made canonical", files: [`127.0.0.1 ${key}\n`], host: "127.1" },
  { name: "a hexadecimal IPv4 address is made canonical", files: [`127.0.0.1 ${key}\n`], host: "0X7f.1" },
  { name: "an octal IPv4 address is made canonical", files: [`8.0.0.1 ${key}\n`], host: "010.0.0.1" },
  { name: "a number is an IPv4 address", files: [`0.0.0.1 ${key}\n`], host: "1" },
  { name: "an IPv4 address with a final dot is a name", files: [`127.0.0.1 ${key}\n`], host: "127.0.0.1." },
  { name: "a number beyond an IPv4 address is a name", files: [`127.0.0.256 ${key}\n`], host: "127.0.0.256" },
  { name: "five numbers are a name", files: [`1.2.3.4.5 ${key}\n`], host: "1.2.3.4.5" },
  { name: "a name that ends in a number is a name", files: [`h.1 ${key}\n`], host: "h.1" },
  { name: "an IPv6 address in brackets is not the one at port 22", files: [`[::1]:22 ${key}\n`], host: "::1" },
  // ports
  { name: "a port is looked up in brackets", files: [`[h]:2222 ${key}\n`], port: 2222 },
  { name: "a port's key is not that of port 22", files: [`[h]:2222 ${key}\n`] },
  { name: "a port's key is not that of another port", files: [`[h]:2223 ${key}\n`], port: 2222 },
  { name: "brackets with port 22 are another name", files: [`[h]:22 ${key}\n`] },
  { name: "brackets without a port are another name", files: [`[h] ${key}\n`] },
  { name: "an IPv6 address with a port", files: [`[::1]:2222 ${key}\n`], host: "::1", port: 2222 },
  { name: "capitals in brackets are lowercased", files: [`[H]:2222 ${key}\n`], port: 2222 },
  { name: "at another port the bare name trusts too", files: [`h ${key}\n`], port: 2222 },
  { name: "at another port a hashed bare name trusts too", files: [`${hashed("h")} ${key}\n`], port: 2222 },
  { name: "at another port a wrong bare key is no changed key", files: [`h ${other}\n`], port: 2222 },
  {
    name: "a wrong key at the port is changed, whatever the bare name says",
    files: [`h ${key}\n[h]:2222 ${other}\n`],
    port: 2222,
  },
  {
    name: "a key at the port is enough, whatever the bare name says",
    files: [`h ${other}\n[h]:2222 ${key}\n`],
    port: 2222,
  },
  {
    name: "another type at the port is changed: the bare name is not asked",
    files: [`h ${key}\n[h]:2222 ${rsa}\n`],
    port: 2222,
  },
  {
    name: "a wildcard covers the name with its port",
    files: [`*.example ${other}\n[*.example]:2222 ${key}\n`],
    host: "h.example",
    port: 2222,
  },
  {
    name: "a lone * covers every port, so a wrong key there is changed",
    files: [`* ${other}\nh ${key}\n`],
    port: 2222,
  },
  { name: "a wildcard for the port", files: [`[h]:* ${key}\n`], port: 2222 },
  // patterns
  { name: "* matches any characters", files: [`*.example ${key}\n`], host: "a.b.example" },
  { name: "* matches no character too", files: [`h*.example* ${key}\n`], host: "h.example" },
  { name: "* does not match a missing dot", files: [`*.example ${key}\n`], host: "example" },
  { name: "stars in the middle", files: [`a*b*c ${key}\n`], host: "aXbYbZc" },
  { name: "stars in the middle, no match", files: [`a*b*c ${key}\n`], host: "aXcYb" },
  { name: "? matches one character", files: [`h?.example ${key}\n`], host: "h1.example" },
  { name: "? does not match nothing", files: [`h?.example ${key}\n`], host: "h.example" },
  { name: "* then ? wants one character at least", files: [`h*? ${key}\n`], host: "h" },
  { name: "many stars", files: [`${"*a".repeat(12)}b ${key}\n`], host: `${"a".repeat(24)}c` },
  { name: "a negated name excludes", files: [`*.example,!h.example ${key}\n`], host: "h.example" },
  { name: "a negated name excludes wherever it stands", files: [`!h.example,*.example ${key}\n`], host: "h.example" },
  { name: "a negated name leaves the others", files: [`!h.example,*.example ${key}\n`], host: "g.example" },
  { name: "a negated wildcard excludes", files: [`h.example,!*.example ${key}\n`], host: "h.example" },
  { name: "a negation alone matches nobody", files: [`!g ${key}\n`] },
  { name: "a second ! is a character of the name", files: [`!!g,h ${key}\n`] },
  { name: "a negated bare name does not exclude the one with a port", files: [`*,!h ${key}\n`], port: 2222 },
  { name: "a pattern of 1022 characters is read", files: [`h,${"x".repeat(1022)} ${key}\n`] },
  {
    name: "a pattern of 1023 characters spoils its line",
    files: [`h,${"x".repeat(1023)} ${key}\n`],
  },
  { name: "a negated pattern of 1022 characters is read", files: [`h,!${"x".repeat(1022)} ${key}\n`] },
  { name: "a negated pattern of 1023 characters spoils its line", files: [`h,!${"x".repeat(1023)} ${key}\n`] },
  // hashed names
  { name: "a hashed name", files: [`${hashed("h")} ${key}\n`] },
  { name: "a hashed name of another host", files: [`${hashed("g")} ${key}\n`] },
  { name: "a hashed name with a port", files: [`${hashed("[h]:2222")} ${key}\n`], port: 2222 },
  { name: "a hashed name is that of the lowercased host", files: [`${hashed("h")} ${key}\n`], host: "H" },
  { name: "a name hashed in capitals matches nobody", files: [`${hashed("H")} ${key}\n`], host: "H" },
  { name: "a wildcard hashed is no wildcard", files: [`${hashed("*")} ${key}\n`] },
  { name: "a hashed name in a list matches nobody", files: [`${hashed("h")},h ${key}\n`] },
  { name: "a name, then a hashed one: a pattern like any", files: [`h,${hashed("g")} ${key}\n`] },
  { name: "a hash of another kind", files: [`${hashed("h").replace("|1|", "|2|")} ${key}\n`] },
  { name: "a hash without its salt", files: [`|1||${hash20} ${key}\n`] },
  { name: "a hash with a short salt", files: [`${hashed("h", Buffer.alloc(19))} ${key}\n`] },
  { name: "a hash with a long salt", files: [`${hashed("h", Buffer.alloc(21))} ${key}\n`] },
  { name: "a hash that is not base64", files: [`|1|${"!".repeat(28)}|${hash20} ${key}\n`] },
  { name: "a hash without its end", files: [`|1|${hash20} ${key}\n`] },
  { name: "a hash with more behind it", files: [`${hashed("h")}| ${key}\n`] },
  { name: "a hash of an empty name", files: [`${hashed("")} ${key}\n`] },
  { name: "a hashed name with another key is changed", files: [`${hashed("h")} ${other}\n`] },
  // several keys
  { name: "another key of the same type is a changed key", files: [`h ${other}\n`] },
  { name: "a key of another type is a changed key too", files: [`h ${rsa}\n`] },
  { name: "keys of two other types are a changed key", files: [`h ${rsa}\nh ${ecdsa}\n`] },
  { name: "the right key among several, last", files: [`h ${other}\nh ${rsa}\nh ${key}\n`] },
  { name: "the right key among several, first", files: [`h ${key}\nh ${rsa}\nh ${other}\n`] },
  { name: "of two wrong keys the last is named", files: [`h ${other}\n\n# and\nh ${other}\n`] },
  { name: "a wildcard line and an exact line are equals", files: [`* ${other}\nh ${key}\n`] },
  { name: "a certificate in a key's place is a key of another type", files: [`h ${rsaCertificate}\n`] },
  { name: "the key's own certificate in its place is too", files: [`h ${certificate}\n`] },
  {
    name: "two wrong keys, the last of another type",
    files: [`h ${other}\nh ${rsa}\n`],
    ours: { line: 1, why: "ssh names the last line; the one of the type that the server showed tells more" },
  },
  // several files
  { name: "the second file trusts", files: [`g ${key}\n`, `h ${key}\n`] },
  { name: "the second file trusts what the first has another key for", files: [`h ${other}\n`, `h ${key}\n`] },
  { name: "the second file has the changed key", files: ["# nothing\n", `\nh ${other}\n`] },
  { name: "the second file revokes what the first trusts", files: [`h ${key}\n`, `@revoked h ${key}\n`] },
  // @revoked
  { name: "a revoked key is refused", files: [`@revoked h ${key}\n`] },
  { name: "a revoked key is refused although trusted before", files: [`h ${key}\n@revoked h ${key}\n`] },
  { name: "a revoked key is refused although trusted later", files: [`@revoked h ${key}\nh ${key}\n`] },
  { name: "a revoked key is refused, not changed", files: [`h ${other}\n@revoked h ${key}\n`] },
  { name: "a key revoked for all hosts", files: [`@revoked * ${key}\nh ${key}\n`] },
  { name: "a key revoked for all hosts, at a port", files: [`@revoked * ${key}\n[h]:2222 ${key}\n`], port: 2222 },
  { name: "a key revoked by hashed name", files: [`@revoked ${hashed("h")} ${key}\nh ${key}\n`] },
  { name: "a key revoked for another host", files: [`@revoked g ${key}\nh ${key}\n`] },
  { name: "another key revoked is no known key", files: [`@revoked h ${other}\n`] },
  { name: "a key revoked under the bare name, at a port", files: [`@revoked h ${key}\n`], port: 2222 },
  {
    name: "a key revoked and trusted under the bare name, at a port",
    files: [`h ${key}\n@revoked h ${key}\n`],
    port: 2222,
  },
  {
    name: "a key revoked under the bare name, trusted at the port",
    files: [`@revoked h ${key}\n[h]:2222 ${key}\n`],
    port: 2222,
  },
  {
    name: "a key revoked under the bare name, another at the port",
    files: [`@revoked h ${key}\n[h]:2222 ${other}\n`],
    port: 2222,
  },
  {
    name: "a revoked key after a tab",
    files: [`h ${key}\n@revoked\th ${key}\n`],
    ours: {
      verdict: "revoked",
      line: 2,
      why: "ssh wants a space behind a marker and skips the line: it would trust a key that the file revokes",
    },
  },
  { name: "a revoked key with tabs only", files: [`h ${key}\n@revoked\th\t${key.replace(" ", "\t")}\n`] },
  { name: "a revoked certificate revokes its key", files: [`h ${key}\n@revoked h ${certificate}\n`] },
  { name: "a revoked certificate of another key", files: [`h ${key}\n@revoked h ${otherCertificate}\n`] },
  { name: "a revoked certificate of another type", files: [`h ${key}\n@revoked h ${rsaCertificate}\n`] },
  { name: "a revoked authority leaves a plain key trusted", files: [`h ${key}\n@revoked h ${other}\n`] },
  { name: "a marker in capitals is none", files: [`@REVOKED h ${key}\n`] },
  { name: "an unknown marker skips the line", files: [`@trusted h ${key}\n`] },
  { name: "two markers skip the line", files: [`@revoked @cert-authority h ${key}\n`] },
  { name: "twice the same marker skips the line", files: [`@revoked @revoked h ${key}\n`] },
  { name: "a marker without a line", files: ["@revoked\n"] },
  // @cert-authority
  { name: "an authority's own key is not trusted as a host key", files: [`@cert-authority h ${key}\n`] },
  { name: "an authority for all is not either", files: [`@cert-authority * ${key}\n`] },
  { name: "an authority does not make a changed key", files: [`@cert-authority * ${other}\n`] },
  { name: "an authority does not stand in the way of a key", files: [`@cert-authority * ${other}\nh ${key}\n`] },
  {
    name: "an authority does not stand in the way of a changed key",
    files: [`@cert-authority * ${key}\nh ${other}\n`],
  },
  {
    name: "an authority at a port leaves the bare name its say",
    files: [`@cert-authority [h]:2222 ${other}\nh ${key}\n`],
    port: 2222,
  },
  // lines
  { name: "comments and blank lines", files: [`# h ${other}\n\n  # h ${other}\n \t \nh ${key}\n`] },
  { name: "leading spaces and tabs", files: [` \t h ${key}\n`] },
  { name: "tabs and several spaces between the fields", files: [`h\t \tssh-ed25519 \t ${base64}\t\n`] },
  { name: "a comment behind the key", files: [`h ${key} user@machine # and more\n`] },
  { name: "no newline at the end", files: [`h ${key}`] },
  { name: "CRLF", files: [`# a\r\n\r\nh ${key}\r\ng ${other}\r\n`] },
  { name: "CRLF behind a comment", files: [`h ${key} a\r\n`] },
  {
    name: "white space that is neither space nor tab in the key",
    files: [`h ssh-ed25519 \v${base64.slice(0, 9)}\f\r${base64.slice(9)}\n`],
  },
  { name: "no white space that is neither space nor tab between fields", files: [`h\v${key}\n`] },
  { name: "CR alone ends no line", files: [`g ${other}\rh ${key}\r`] },
  { name: "a line of 20,000 characters", files: [`h ${key} ${"x".repeat(20_000)}\n`] },
  { name: "a NUL behind the key ends the line", files: [`h ${key}\0 x\n`] },
  { name: "a NUL in the key ends the line", files: [`h ${key.slice(0, -8)}\0${key.slice(-8)}\n`] },
  { name: "a NUL in the name ends the line, the next one counts", files: [`g\0 x\nh ${key}\n`] },
  { name: "a NUL at the start", files: [`\0h ${key}\n`] },
  { name: "a byte order mark is part of the name", files: [`\ufeffh ${key}\n`] },
  // damaged lines, which are skipped
  { name: "a name alone", files: ["h\n"] },
  { name: "a name and a type alone", files: ["h ssh-ed25519\n"] },
  { name: "a name and a comment", files: [`h # ${key}\n`] },
  { name: "a key without its type", files: [`h ${base64}\n`] },
  { name: "a key cut short, still base64", files: [`h ssh-ed25519 ${base64.slice(0, -4)}\n`] },
  { name: "a key cut short, no longer base64", files: [`h ssh-ed25519 ${base64.slice(0, -1)}\n`] },
  { name: "a key with a character that is not base64", files: [`h ssh-ed25519 ${base64.slice(0, -1)}!\n`] },
  { name: "a key with bytes behind its end", files: [`h ssh-ed25519 ${base64}AAAA\n`] },
  { name: "a key of 31 bytes", files: [`h ssh-ed25519 ${blob("ssh-ed25519", Buffer.alloc(31))}\n`] },
  { name: "a key of 33 bytes", files: [`h ssh-ed25519 ${blob("ssh-ed25519", Buffer.alloc(33))}\n`] },
  { name: "a type that the key does not have", files: [`h ssh-rsa ${base64}\n`] },
  { name: "a type that the key does not have, the other way", files: [`h ssh-ed25519 ${rsaBase64}\n`] },
  { name: "a type in capitals", files: [`h SSH-ED25519 ${base64}\n`] },
  { name: "a type by its short name", files: [`h ED25519 ${base64}\n`] },
  { name: "an unknown type", files: [`h ssh-unknown ${blob("ssh-unknown", "x")}\n`] },
  { name: "an RSA key cut short", files: [`h ssh-rsa ${blob("ssh-rsa", "\x01\x00\x01")}\n`] },
  { name: "an RSA key by the name of its signature", files: [`h rsa-sha2-256 ${rsaBase64}\n`] },
  { name: "an elliptic curve other than the type says", files: [`h ecdsa-sha2-nistp384 ${ecdsa.split(" ")[1]}\n`] },
  { name: "an SSH 1 key", files: ["h 1024 65537 1234567890123456789\n"] },
  { name: "a key in double quotes", files: [`"h" ${key}\n`] },
  {
    name: "damaged lines do not hide a good one",
    files: [`h\nh ssh-ed25519 AAAA\n@x h ${key}\n|1| ${key}\nh ${key}\n`],
  },
];

if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
writeFileSync(join(folder, "sshd_config"), `HostKey ${join(folder, "server")}\nUsePAM no\n`);
const sshd = `${findExecutable("sshd")} -i -f ${join(folder, "sshd_config")} -E /dev/null`;

/** What ssh says to a case: its verdict, and the file (from 0) and line that it names. */
function ask({ host = "h", port = 22, files }: Case): { verdict: string; file?: number; line?: number } {
  const names = files.map((content, index) => {
    writeFileSync(join(folder, `known_hosts_${index}`), content);
    return join(folder, `known_hosts_${index}`);
  });
  const options = {
    ProxyCommand: sshd,
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: names.join(" "),
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlgorithms: "ssh-ed25519",
    PreferredAuthentications: "none",
    BatchMode: "yes",
    LogLevel: "DEBUG1",
  };
  const args = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  const { stderr } = spawnSync("ssh", ["-F", "/dev/null", ...args, "-p", `${port}`, "--", host, "true"], {
    encoding: "utf8",
  });
  const place = /(?:Found key|Offending \S+ key) in \S*known_hosts_(\d):(\d+)/.exec(stderr);
  const where = place ? { file: Number(place[1]), line: Number(place[2]) } : {};
  if (stderr.includes("REVOKED HOST KEY DETECTED")) return { verdict: "revoked" };
  if (stderr.includes("HOST IDENTIFICATION HAS CHANGED")) return { verdict: "changed", ...where };
  if (stderr.includes("No ED25519 host key is known for")) return { verdict: "unknown" };
  if (stderr.includes("Permission denied")) return { verdict: "trusted", ...where };
  throw new Error(`ssh said neither yes nor no:\n${stderr}`);
}

const version = spawnSync("ssh", ["-V"], { encoding: "utf8" }).stderr.trim().split(",")[0];
const recorded = cases.map(({ name, host = "h", port = 22, files, ours }) => {
  return { name, host, port, files, ssh: ask({ name, host, port, files }), ...(ours && { ours }) };
});
const vectors = {
  about:
    "What ssh makes of known_hosts files when the server shows `serverKey`, offered only ssh-ed25519, with StrictHostKeyChecking=yes. `ssh`: its verdict and the file (from 0) and line that it names. `ours`: where we mean to differ.",
  source: `${version}, recorded ${new Date().toISOString().slice(0, 10)} by test/support/record-known-hosts.ts`,
  serverKey: key,
  serverFingerprint: execFileSync("ssh-keygen", ["-l", "-f", join(folder, "server.pub")], { encoding: "utf8" }).split(
    " ",
  )[1],
  cases: recorded,
};
writeFileSync("test/vectors/known-hosts.json", `${JSON.stringify(vectors, null, 2)}\n`);
const count = (verdict: string): number => recorded.filter((each) => each.ssh.verdict === verdict).length;
console.log(["trusted", "unknown", "changed", "revoked"].map((verdict) => `${count(verdict)} ${verdict}`).join(", "));
