import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isShellsWord } from "../../src/mcp/login-shell.ts";

/** As hosts write them: the SDK puts the method first, others `jsonrpc`. */
const messages = [
  '{"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}},"jsonrpc":"2.0","id":0}',
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
  '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  '{"id":1,"jsonrpc":"2.0","method":"ping","params":{"at":"https://example.com/"}}',
];

describe("a shell's word that a message is no command", () => {
  describe.each(["/bin/bash", "/bin/sh"])("of %s", (shell) => {
    it.each(messages)("to %s", (message) => {
      for (const argv0 of [shell, `-${shell.replace("/bin/", "")}`]) {
        const { stderr } = spawnSync(shell, { argv0, input: `${message}\n`, encoding: "utf8", env: {} });
        const lines = stderr.trimEnd().split("\n");
        expect(lines.some(isShellsWord), stderr).toBe(true);
      }
    });
  });

  /** As these shells' sources have it. */
  it.each([
    "zsh: command not found: jsonrpc:2.0",
    "zsh: no such file or directory: {jsonrpc:2.0,id:1,params:{at:https://example.com/}}",
    "-ash: {jsonrpc:2.0,id:1,method:ping}: not found",
    "-ksh: method:initialize: not found [No such file or directory]",
    'fish: Unknown command: \'{"jsonrpc":"2.0"}\'',
    "bash: Zeile 1: jsonrpc:2.0: Kommando nicht gefunden.",
    "jsonrpc:2.0: Command not found.",
    "jsonrpc:2.0: command not found",
    `'{"jsonrpc":"2.0","id":1,"method":"ping"}' is not recognized as an internal or external command,`,
  ])("%s", (line) => {
    expect(isShellsWord(line)).toBe(true);
  });

  it.each([
    "bash: line 1: npx: command not found",
    "-bash: warning: setlocale: LC_ALL: cannot change locale (xx)",
    "method:foo not found",
    'received {"jsonrpc":"2.0","id":1}: method not found',
    "Error: item id:5: not found",
    "push: jsonrpc:2.0 is what we speak",
    "",
  ])("nothing of the kind: %s", (line) => {
    expect(isShellsWord(line)).toBe(false);
  });
});
