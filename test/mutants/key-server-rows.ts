/**
 * Rows of the table: command lines read as the replaced tool's, and the key server.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the finds are source text
import type { Mutant } from "./mutant.ts";

const argparse = "test/cli/argparse.test.ts";
const introduction = "test/cli/introduction.test.ts";
const keyServer = "test/node/key-server.test.ts";
const answer = "test/node/key-server-answer.test.ts";

export const keyServerRows: readonly Mutant[] = [
  // Command lines

  {
    id: "argparse-our-flags-first",
    file: "src/cli/argv.ts",
    find: "begun(referenceFlags),",
    replace: "[],",
    why: "a configuration that worked with the replaced tool's prefixes stops working with each flag that we add",
    caughtBy: { file: argparse, test: "c=k means the replaced tool's flag" },
  },
  {
    id: "argparse-behind-two-dashes",
    file: "src/cli/argv.ts",
    find: "if (end < 0 || index < end) return classOf(raw);",
    replace: "if (end < 0 || index !== end) return classOf(raw);",
    why: "what stands behind -- turns into flags",
    caughtBy: { file: argparse, test: "'-- --k'" },
  },
  {
    id: "argparse-dashes-are-flags",
    file: "src/cli/argv.ts",
    find: ' || raw.includes(" ")',
    replace: "",
    why: "a passphrase of several words that begins with a dash is refused, and shown in the host's log",
    caughtBy: { file: argparse, test: "'--user -x y'" },
  },

  // The key server's answers

  {
    id: "key-server-several-lines",
    file: "src/node/key-server-answer.ts",
    find: "if (/[\\n\\r\\0]/.test(line))",
    replace: "if (/\\0/.test(line))",
    why: "a key server adds lines of its own to what we take for one key",
    caughtBy: { file: answer, test: "two lines is refused" },
  },
  {
    id: "key-server-any-status",
    file: "src/node/key-server-answer.ts",
    find: "if (status !== 200) throw",
    replace: "if (status >= 500) throw",
    why: "an error page is taken for an answer, and a redirect for a key",
    caughtBy: { file: answer, test: "400 is refused" },
  },
  {
    id: "key-server-body-without-end",
    file: "src/node/http.ts",
    find: "if (length > bodyLimit) throw",
    replace: "if (length < 0) throw",
    why: "a key server fills our memory",
    caughtBy: { file: "test/node/http.test.ts", test: "a body of 64 KiB is the longest" },
  },

  // Who is believed

  {
    id: "key-server-any-certificate",
    file: "src/node/http.ts",
    find: "return { rejectUnauthorized: true,",
    replace: "return { rejectUnauthorized: host === undefined,",
    why: "whoever sits on the path gives the host key, and it counts as proved",
    caughtBy: { file: keyServer, test: "a certificate that no authority signed" },
  },
  {
    id: "key-server-tunnel-to-anybody",
    file: "src/node/http.ts",
    find: "socket: tunnel, host, ...tlsOptions(host), ca",
    replace: "socket: tunnel, ca, rejectUnauthorized: false",
    why: "a proxy gives the host key in the key server's name",
    caughtBy: { file: keyServer, test: "a proxy that puts its own certificate there" },
  },
  {
    id: "key-server-https-falls-back",
    file: "src/node/key-server.ts",
    find: "if (isHttpsOnly) throw this.#error(lead, [outcome]);",
    replace: "",
    why: "--key-server-https is no promise: plain HTTP is asked all the same",
    caughtBy: { file: keyServer, test: "its certificate is bad: plain HTTP is never asked" },
  },
  {
    id: "key-server-plain-is-proved",
    file: "src/node/key-server.ts",
    find: 'isProved: scheme === "https",',
    replace: "isProved: true,",
    why: "a host key over plain HTTP is taken without a word of warning",
    caughtBy: { file: keyServer, test: "the host key is given, proved by nothing" },
  },
  {
    id: "proxy-of-another-kind",
    file: "src/node/http-proxy.ts",
    find: 'url.protocol !== "http:" && url.protocol !== "https:"',
    replace: 'url.protocol === ""',
    why: "a proxy of another kind is spoken to in HTTP, its password in the clear",
    caughtBy: { file: "test/node/http-proxy.test.ts", test: "socks5://" },
  },
  {
    id: "introduction-any-host-key",
    file: "src/cli/introduction.ts",
    find: "if (!isEqual(hostKey.blob, fetched.blob)) throw",
    replace: "if (hostKey.algorithm !== fetched.keyType) throw",
    why: "any server is believed to be the one that the key server spoke of, and remembered",
    caughtBy: { file: introduction, test: "may not have another" },
  },
  {
    id: "introduction-again-anybody",
    file: "src/cli/introduction.ts",
    find: "this.#given = before.#fetched ?? before.#given;",
    replace: "this.#given = undefined;",
    why: "at each loss of the link whoever sits on the network path may give another host key",
    caughtBy: { file: introduction, test: "is held to the key that the key server gave" },
  },
  {
    id: "introduction-over-revocation",
    file: "src/cli/introduction.ts",
    find: 'if (!(error instanceof HostKeyError) || error.verdict !== "unknown") throw error;',
    replace: "if (!(error instanceof HostKeyError)) throw error;",
    why: "a key server's word lifts a revocation",
    caughtBy: { file: introduction, test: "may not have one that is revoked" },
  },
  {
    id: "introduction-others-change",
    file: "src/cli/introduction.ts",
    find: 'verdict.verdict === "unknown" || verdict.verdict === "trusted"',
    replace: 'verdict.verdict !== "revoked"',
    why: "of two of our processes, each takes another key for the same host",
    caughtBy: { file: introduction, test: "another process has remembered another key" },
  },
  {
    id: "introduction-asks-always",
    file: "src/cli/introduction.ts",
    find: "if (this.#isKnown(files)) return files;",
    replace: "",
    why: "the key server is asked at each start, until it answers 429, and its word replaces what is known",
    caughtBy: { file: introduction, test: "remembered: the key server is not asked" },
  },
  {
    id: "introduction-registers-for-ever",
    file: "src/cli/introduction.ts",
    find: 'if (refusal.partialSuccess || this.#registration === "done") throw refusal;',
    replace: "if (refusal.partialSuccess) throw refusal;",
    why: "a server that refuses us is tried again and again",
    caughtBy: { file: introduction, test: "that does not let us in is told our key, once" },
  },
  {
    id: "introduction-authority-overruled",
    file: "src/cli/introduction.ts",
    find: "if (!fetched.isProved) await this.#refuseLessThanKnown(hostKey);",
    replace: "",
    why: "whoever sits on the path of plain HTTP is the server whose certificate known_hosts asks for",
    caughtBy: { file: introduction, test: "may not have one over plain HTTP where an authority" },
  },
  {
    id: "introduction-configured-files-ignored",
    file: "src/cli/introduction.ts",
    find: "readKnownHostsIfThere([rememberedKeys, ...this.#choice.files])",
    replace: "readKnownHostsIfThere([rememberedKeys])",
    why: "a key server's word lifts a revocation in a file that the configuration names",
    caughtBy: { file: introduction, test: "may not have one that a known_hosts file of ssh's configuration revokes" },
  },
];
