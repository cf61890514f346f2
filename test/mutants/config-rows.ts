/**
 * Rows of the table: ssh's configuration, jump hosts and the one command that is started.
 */
import type { Mutant } from "./mutant.ts";

const config = "test/node/ssh-config.test.ts";
const files = "test/node/config-files.test.ts";
const command = "test/node/proxy-command.test.ts";
const settings = "test/cli/ssh-settings.test.ts";
const way = "test/cli/way.test.ts";
const trust = "test/cli/trust-choices.test.ts";
const keys = "test/cli/key-choices.test.ts";

export const configRows: readonly Mutant[] = [
  {
    id: "config-match-exec-holds",
    file: "src/node/ssh-config.ts",
    find: "return undefined; // exec, localnetwork",
    replace: "return true; // exec, localnetwork",
    why: "a block that a program should have allowed applies without it",
    caughtBy: { file: config, test: "Match exec starts nothing, and its block is left out" },
  },
  {
    id: "config-last-value-wins",
    file: "src/node/config-keywords.ts",
    find: "else values[keyword] ??= value;",
    replace: "else values[keyword] = value;",
    why: "the block for all hosts overrules that of one: another user, another known_hosts",
    caughtBy: { file: config, test: "the first value wins, and what was typed before all" },
  },
  {
    id: "config-negated-host-applies",
    file: "src/node/ssh-config.ts",
    find: "isPatternMatch(pattern.slice(1), host))) return false;",
    replace: "isPatternMatch(pattern, host))) return false;",
    why: "a host that was taken out gets the block: its key or its way goes to where it should not",
    caughtBy: { file: config, test: "the first value wins, and what was typed before all" },
  },
  {
    id: "config-include-without-end",
    file: "src/node/ssh-config.ts",
    find: "if (depth >= includeDepth) fault(",
    replace: "if (depth < 0) fault(",
    why: "a file that includes itself ends us without a word",
    caughtBy: { file: config, test: "a loop is refused by name" },
  },
  {
    id: "config-include-without-number",
    file: "src/node/config-files.ts",
    find: "if (count > countLimit || total > totalLimit)",
    replace: "if (count < 0 || total > totalLimit)",
    why: "files that include each other twice are read for ever",
    caughtBy: { file: files, test: "no more than 1,024 of them, and 16 MiB" },
  },
  {
    id: "config-open-to-others",
    file: "src/node/config-files.ts",
    find: "(mode & 0o022) === 0)) return;",
    replace: "(mode & 0o002) === 0)) return;",
    why: "whoever shares a group with the user has any command started as the user",
    caughtBy: { file: files, test: "the user's own with mode 620 is refused" },
  },
  {
    id: "config-included-open-to-others",
    file: "src/node/config-files.ts",
    find: 'if (origin === "users" || origin === "included") refuseOpen(',
    replace: 'if (origin === "included") refuseOpen(',
    why: "an included file that anyone may write starts commands",
    caughtBy: { file: files, test: "one that others may write is refused" },
  },
  {
    id: "config-shell-takes-names",
    file: "src/node/host-config.ts",
    find: 'if (/^[\\p{L}\\p{N}_.:][\\p{L}\\p{N}_.:@%+=,/\\\\-]*$/u.test(text) && !text.endsWith("\\\\")) return text;',
    replace: "if (text !== undefined) return text;",
    why: "a user name in a link or a snippet is run by the shell (CVE-2023-51385)",
    caughtBy: { file: config, test: 'the name "$(id)" does not get into' },
  },
  {
    id: "config-shell-takes-options",
    file: "src/node/host-config.ts",
    find: "if (/^[\\p{L}\\p{N}_.:][\\p{L}",
    replace: "if (/^[\\p{L}\\p{N}_.:-][\\p{L}",
    why: "a host that is called -oProxyCommand=x is an option of the command",
    caughtBy: { file: config, test: 'the name "-oProxyCommand=x" does not get into' },
  },
  {
    id: "config-shell-takes-backslash",
    file: "src/node/host-config.ts",
    find: '.test(text) && !text.endsWith("\\\\")) return text;',
    replace: ".test(text)) return text;",
    why: "a name takes away the meaning of what stands behind it in the command",
    caughtBy: { file: config, test: 'the name "a\\\\" does not get into' },
  },
  {
    id: "config-proxy-both",
    file: "src/node/config-keywords.ts",
    find: 'if (keyword === "proxyjump") return proxycommand !== undefined;',
    replace: 'if (keyword === "proxyjump") return false;',
    why: "a jump host is gone through where the configuration says another way",
    caughtBy: { file: config, test: "the first value wins, and what was typed before all" },
  },
  {
    id: "proxy-command-children-stay",
    file: "src/node/proxy-command.ts",
    find: "else process.kill(-pid, name);",
    replace: "else process.kill(pid, name);",
    why: "what the command has started stays behind when the session is over",
    caughtBy: { file: command, test: "is ended with all that it started when nobody reads any more" },
  },
  {
    id: "proxy-command-may-stay",
    file: "src/node/proxy-command.ts",
    find: 'setTimeout(() => this.#signal("SIGKILL"), patience)',
    replace: 'setTimeout(() => this.#signal("SIGHUP"), patience)',
    why: "a command that does not listen stays behind with the connection",
    caughtBy: { file: command, test: "is made to end where it does not want to" },
  },
  {
    id: "jump-unchecked",
    file: "src/cli/ssh-settings.ts",
    find: "isHostKeyChecked: true, //",
    replace: "isHostKeyChecked: asked.isHostKeyChecked, //",
    why: "--disable-host-key-checking for a test server opens the jump host that is in front of all",
    caughtBy: { file: settings, test: "what is said of the server that is meant is not said of them" },
  },
  {
    id: "jump-circle",
    file: "src/cli/ssh-settings.ts",
    find: "if (this.#open.indexOf(place) < this.#open.length - 1 || this.#open.length > stopLimit) {",
    replace: "if (this.#open.length < 0) {",
    why: "Host * with a ProxyJump ends us without a word",
    caughtBy: { file: settings, test: "a circle by itself is seen" },
  },
  {
    id: "jump-order",
    file: "src/cli/ssh-settings.ts",
    find: "return { route: [first, ...others, own],",
    replace: "return { route: [own, ...others, first],",
    why: "the server that is meant is gone through, and the jump host gets the session",
    caughtBy: { file: settings, test: "in the order of the way" },
  },
  {
    id: "config-not-strict",
    file: "src/cli/ssh-settings.ts",
    find: 'acceptNew: asked.acceptNew || config.strictHostKeyChecking === "accept-new",',
    replace: 'acceptNew: asked.acceptNew || config.strictHostKeyChecking !== "yes",',
    why: "any server is trusted that shows its face first, though nobody said so",
    caughtBy: { file: settings, test: "StrictHostKeyChecking ask" },
  },
  {
    id: "way-not-left",
    file: "src/cli/way.ts",
    find: "for (let last = passed.pop(); last !== undefined; last = passed.pop()) await last.close();",
    replace: "for (let last = passed.pop(); last === null; last = passed.pop()) await last.close();",
    why: "the jump hosts keep a connection that nobody uses any more",
    caughtBy: { file: way, test: "goes from one to the next, and back in the other order" },
  },
  {
    id: "way-blames-the-last",
    file: "src/cli/way.ts",
    find: "return first === error || stop === stops.at(-1) ? error : new JumpError(stop.settings, first);",
    replace: "return error ?? first ?? stop;",
    why: "a jump host that dies is told as a fault of the server behind it",
    caughtBy: { file: way, test: "a login whose way breaks at the one before is that one's" },
  },
  {
    id: "trust-alias-of-the-host",
    file: "src/cli/trust-choices.ts",
    find: "return alias === undefined ? { host, port } : { host: alias, port: 22 };",
    replace: "return { host, port };",
    why: "the alias that stands for one server is not looked up, and another's key is taken for it",
    caughtBy: { file: trust, test: "hostKeyAlias" },
  },
  {
    id: "keys-beyond-identities-only",
    file: "src/cli/key-choices.ts",
    find: "(isSshLike && config?.identitiesOnly === true)",
    replace: "(isSshLike && config?.identitiesOnly === false)",
    why: "all keys of the agent are shown to a server that should see one",
    caughtBy: { file: keys, test: "only those is true" },
  },
];
