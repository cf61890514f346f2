import { describe, expect, test } from "vitest";
import { parseFlags, type Settings } from "../../src/cli/flags.ts";
import { agentChoice, keyChoices } from "../../src/cli/key-choices.ts";

function settings(line: string): Settings {
  return parseFlags(line.split(" ").filter(Boolean), () => "me") as Settings;
}

const own = "~/.ssh/m2m_mcp_server_ssh_client";
const sshOwn = ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"].map((name) => `~/.ssh/${name}`);

describe("which files", () => {
  test.each([
    ["", [own], true],
    ["--agent none", [own], true],
    ["--agent /run/a", [own], false],
    ["--command x", [own, ...sshOwn], false],
    ["--subsystem x", [own, ...sshOwn], false],
    ["--command x --agent /run/a", [own, ...sshOwn], false],
    ["--command x --client-key k", ["k"], true],
    ["--client-key k --client-key l.pub", ["k", "l.pub"], true],
    ["--agent /run/a --client-key k", ["k"], true],
  ] as const)("%s", (line, paths, isNamed) => {
    expect(keyChoices(settings(line))).toEqual(paths.map((path) => ({ path, isNamed })));
  });
});

describe("which agent", () => {
  const env = { SSH_AUTH_SOCK: "/run/env" };
  test.each([
    ["", undefined],
    ["--client-key k.pub", undefined],
    ["--agent none", undefined],
    ["--command x --agent none", undefined],
    ["--agent /run/a", { path: "/run/a", isNamed: true }],
    ["--agent SSH_AUTH_SOCK", { path: "/run/env", isNamed: true }],
    ["--command x", { path: "/run/env", isNamed: false }],
    ["--subsystem x --client-key k", { path: "/run/env", isNamed: false }],
    ["--command x --agent /run/a", { path: "/run/a", isNamed: true }],
  ] as const)("%s", (line, expected) => {
    expect(agentChoice(settings(line), env)).toEqual(expected);
  });

  test("none where the environment knows none", () => {
    expect(agentChoice(settings("--command x"), {})).toBeUndefined();
    expect(agentChoice(settings("--agent SSH_AUTH_SOCK"), {})).toBeUndefined();
  });
});
