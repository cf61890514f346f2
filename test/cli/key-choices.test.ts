import { describe, expect, test } from "vitest";
import { agentChoice, isOnlyFiles, keyChoices, keyToMake } from "../../src/cli/key-choices.ts";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import type { HostConfig } from "../../src/node/host-config.ts";

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

/** Settings of a server that ssh's configuration says something of. */
function configured(line: string, config: Partial<HostConfig>, isJump = false): Settings {
  const asked = settings(line);
  return { ...asked, config: config as HostConfig, isJump, isSshLike: asked.isSshLike || isJump };
}

describe("which files, where ssh's configuration names some", () => {
  const named = { identityFiles: ["a", "b"] };
  test.each([
    ["", named, false, [own], true],
    ["--command x", named, false, ["a", "b"], false],
    ["--command x", {}, false, [own, ...sshOwn], false],
    ["--command x", { identityFiles: [] }, false, [], false],
    ["--command x --client-key k", named, false, ["k"], true],
    ["", named, true, ["a", "b"], false],
    ["", {}, true, sshOwn, false],
    ["--client-key k", {}, true, ["k", ...sshOwn], false],
    ["--client-key k", named, true, ["a", "b"], false],
  ] as const)("%s, %o, a jump host: %s", (line, config, isJump, paths, isNamed) => {
    expect(keyChoices(configured(line, config, isJump))).toEqual(paths.map((path) => ({ path, isNamed })));
  });

  test.each([
    ["--command x", {}, false, false],
    ["--command x", { identitiesOnly: true }, false, true],
    ["", { identitiesOnly: true }, false, false],
    ["--command x --client-key k", {}, false, true],
    ["--client-key k", {}, true, false],
    ["", { identitiesOnly: true }, true, true],
  ] as const)("%s, %o, a jump host: %s: only those is %s", (line, config, isJump, expected) => {
    expect(isOnlyFiles(configured(line, config, isJump))).toBe(expected);
  });

  test.each([
    ["--command x", { identityAgent: "/run/c" }, { path: "/run/c", isNamed: false }],
    ["--command x", { identityAgent: "none" }, undefined],
    ["--command x", { identityAgent: "SSH_AUTH_SOCK" }, { path: "/run/env", isNamed: false }],
    ["--command x --agent /run/a", { identityAgent: "/run/c" }, { path: "/run/a", isNamed: true }],
    ["", { identityAgent: "/run/c" }, undefined],
  ] as const)("%s, %o: the agent", (line, config, expected) => {
    expect(agentChoice(configured(line, config), { SSH_AUTH_SOCK: "/run/env" })).toEqual(expected);
  });
});

test.each([
  ["", own],
  ["--agent none", own],
  ["--client-key k", "k"],
  ["--client-key k --command x", "k"],
  ["--client-key k --agent none", "k"],
  ["--client-key k.pub", undefined],
  ["--client-key k --client-key l", undefined],
  ["--client-key k --agent /run/a", undefined],
  ["--agent /run/a", undefined],
  ["--command x", undefined],
  ["--subsystem x", undefined],
] as const)("which key is made if it is missing: %s", (line, path) => {
  expect(keyToMake(settings(line))).toBe(path);
  expect(keyToMake(configured(line, {}, true))).toBeUndefined();
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
