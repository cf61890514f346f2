/** Faults in what helps where it hurts: `config`, `doctor`, `keygen`, `trust`. */
import type { Mutant } from "./mutant.ts";

export const doctorRows: readonly Mutant[] = [
  {
    id: "config-env-value",
    file: "src/cli/config.ts",
    find: "env[name] = raw.slice(split + 1);",
    replace: "env[name] = raw;",
    why: "a host hands the server a variable that holds its own name",
    caughtBy: { file: "test/cli/config.test.ts", test: "values of --env go to env" },
  },
  {
    id: "config-secret-among-arguments",
    file: "src/cli/config.ts",
    find: "  return name;",
    replace: "  return raw;",
    why: "a secret that was moved to env stands on the command line as well, where every user of the machine reads it",
    caughtBy: { file: "test/cli/config.test.ts", test: "values of --env go to env" },
  },
  {
    id: "config-path-of-ours",
    file: "src/cli/config.ts",
    find: "if (isOurs(name)) {",
    replace: "if (isOurs(name) && name === raw) {",
    why: "a PATH or NODE_OPTIONS meant for the server changes the process that the host starts",
    caughtBy: { file: "test/cli/config.test.ts", test: "NODE_OPTIONS would change us" },
  },
  {
    id: "config-relative-path",
    file: "src/cli/config.ts",
    find: "isPath ? pathOf(raw) : raw",
    replace: "isPath ? raw : raw",
    why: "the host, started in another folder, finds no key",
    caughtBy: { file: "test/cli/config.test.ts", test: "files are named by whole paths" },
  },
  {
    id: "config-dash-value",
    file: "src/cli/config.ts",
    find: 'return value.startsWith("-") ?',
    replace: 'return value.startsWith("---") ?',
    why: "a value that begins with a dash is taken for a flag, and the host's start fails",
    caughtBy: { file: "test/cli/config.test.ts", test: "stand under whole names" },
  },
  {
    id: "config-toml-control",
    file: "src/cli/hosts.ts",
    find: "return JSON.stringify(text).replace(/[\\x7f-\\x9f\\u2028\\u2029\\ufeff]/g, escaped);",
    replace: "return JSON.stringify(text).replace(/[\\x7f]/g, escaped);",
    why: "one odd character in a command makes the host's whole configuration unreadable",
    caughtBy: { file: "test/cli/config.test.ts", test: "controls that JSON lets stand" },
  },
];
