import { expect, test } from "vitest";
import { parseFlags, type Settings } from "../../src/cli/settings.ts";
import { trustChoice } from "../../src/cli/trust-choices.ts";
import { defaultKnownHosts } from "../../src/node/files.ts";
import type { HostConfig } from "../../src/node/host-config.ts";

const [users, users2, ...global] = defaultKnownHosts;

test.each([
  ["", undefined, false, { files: defaultKnownHosts, isNamed: false, place: users }],
  ["--known-hosts f", undefined, false, { files: ["f"], isNamed: true, place: "f" }],
  ["--known-hosts f --accept-new", undefined, false, { files: ["f"], isNamed: false, place: "f" }],
  ["", { userKnownHosts: ["u", "v"] }, false, { files: ["u", "v", ...global], isNamed: false, place: "u" }],
  ["", { globalKnownHosts: ["g"] }, false, { files: [users, users2, "g"], isNamed: false, place: users }],
  ["", { userKnownHosts: [], globalKnownHosts: [] }, false, { files: [], isNamed: false, place: "/dev/null" }],
  ["--known-hosts f", { userKnownHosts: ["u"] }, false, { files: ["f"], isNamed: true, place: "f" }],
  ["--known-hosts f", { userKnownHosts: ["u"] }, true, { files: ["f", "u", ...global], isNamed: false, place: "u" }],
  ["", undefined, false, { name: { host: "h", port: 8022 } }],
  ["", undefined, false, { isHashed: false }],
  ["--known-hosts f", { hashKnownHosts: true }, false, { place: "f", isHashed: true }],
  ["", { hostKeyAlias: "a" }, false, { name: { host: "a", port: 22 } }],
] as const)("%s, %o, a jump host: %s", (line, config, isJump, expected) => {
  const asked = parseFlags(["--host", "h", ...line.split(" ").filter(Boolean)], () => "me") as Settings;
  const choice = trustChoice({ ...asked, isJump, config: config as HostConfig | undefined });
  expect(choice).toMatchObject(expected);
});
