import { describe, expect, test } from "vitest";
import { chosen, review } from "../../src/cli/host-key-review.ts";
import type { HostKey } from "../../src/ssh/connection.ts";
import { parseKnownHosts } from "../../src/ssh/known-hosts.ts";

/** Keys and fingerprints made with ssh-keygen of OpenSSH 9.2p1. */
const keys = {
  ed25519: [
    "ssh-ed25519",
    "AAAAC3NzaC1lZDI1NTE5AAAAIEz6KBhexvlppkNzykQCoa+uX+oM2e6ohtvgC/Itzf8A",
    "SHA256:UvXWh0KQ5xNjpN+69A/YLj5lpuIH+2TgDo1BZrbWIo0",
  ],
  other: [
    "ssh-ed25519",
    "AAAAC3NzaC1lZDI1NTE5AAAAIAHJmdTOWoVvFhxnEehaQBosWUrg589DU2pxvJVA2ZsL",
    "SHA256:TqWqgMUTmpHB+zjB9iYArV9xzUf9CtY20YhSV1RLDyE",
  ],
  rsa: [
    "ssh-rsa",
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDBVPfujTILyHaJ1y0AcgbqZPfaqbz+6EdO6lN8MmRN/C3NgmwF1Sf60rV3xbVqRX0fja9lT4JiuaItRSZBg+cjopC1PbABBYGaZAoUUZCS3Rq12dd0DvY+/gh7phF1iJpG4DGGY60w4a5jJsnUv9lHAXZqo1HohULrZYNFgRC4tu6fWwG8CZM2OadEX/JhaQZsSnZfXy2vElniSG5VKYaiadxTo92pqh3VKLPwEQAkzHiEgkD7Tvd4HHd7quygeu6ntrtlxXzT/IuH6uc1YdaGPD0FliNNfGv3+OMlA/hIMl/sDc9mFdAhoeQWUV0kFimcRZgcHy9TKWga0C2Yg/Rd",
    "SHA256:cFt8JGtBLAVv+paHvtjTgJS/jTxD2W7d0Ax1IWjP0P8",
  ],
} as const;
type Name = keyof typeof keys;

function hostKey(name: Name): HostKey {
  const [type, base64, fingerprint] = keys[name];
  return { algorithm: type, blob: Uint8Array.from(Buffer.from(base64, "base64")), fingerprint };
}

const line = (name: Name, marker = ""): string => `${marker}h.example ${keys[name][0]} ${keys[name][1]}`;

describe("keys that are shown, against what is known", () => {
  test.each<
    [about: string, known: string[], shown: Name[], standing: string[], added: Name[], refused: Name | undefined]
  >([
    ["nothing", [], ["ed25519", "rsa"], ["new", "new"], ["ed25519", "rsa"], undefined],
    [
      "an authority",
      [line("other", "@cert-authority ")],
      ["ed25519"],
      ["new, though file:1 trusts certificates"],
      ["ed25519"],
      undefined,
    ],
    ["all of them", [line("ed25519")], ["ed25519"], ["trusted by file:1"], [], undefined],
    [
      "one of two",
      [line("rsa")],
      ["ed25519", "rsa"],
      ["new, beside keys of other types", "trusted by file:1"],
      ["ed25519"],
      undefined,
    ],
    [
      "another of the type",
      ["", line("other")],
      ["ed25519"],
      [`CHANGED: file:2 has ${keys.other[2]}`],
      ["ed25519"],
      "ed25519",
    ],
    [
      "another of one type, though one is trusted",
      [line("other"), line("rsa")],
      ["rsa", "ed25519"],
      ["trusted by file:2", `CHANGED: file:1 has ${keys.other[2]}`],
      ["ed25519"],
      "ed25519",
    ],
    [
      "only one of a type that is not shown any more",
      [line("rsa")],
      ["ed25519"],
      ["new, beside keys of other types"],
      ["ed25519"],
      "ed25519",
    ],
    [
      "one that is revoked, though another is trusted",
      [line("rsa"), line("ed25519", "@revoked ")],
      ["ed25519", "rsa"],
      ["REVOKED by file:2", "trusted by file:1"],
      ["ed25519"],
      "ed25519",
    ],
    ["another host's", [`i.example ssh-ed25519 ${keys.other[1]}`], ["ed25519"], ["new"], ["ed25519"], undefined],
  ])("known is %s", (_, known, shown, standing, added, refused) => {
    const found = review(shown.map(hostKey), [parseKnownHosts("file", known.join("\n"))], {
      host: "h.example",
      port: 22,
    });
    expect(found.lines).toEqual(shown.map((name, i) => `${keys[name][0]} ${keys[name][2]}  ${standing[i]}`));
    expect(found.added.map(({ fingerprint }) => fingerprint)).toEqual(added.map((name) => keys[name][2]));
    expect(found.refused?.hostKey.fingerprint).toBe(refused && keys[refused][2]);
  });
});

test.each<[answer: string, Name[]]>([
  ["yes", ["ed25519", "rsa"]],
  [" yes ", ["ed25519", "rsa"]],
  [keys.rsa[2], ["rsa"]],
  [keys.other[2], []],
  ["y", []],
  ["Yes", []],
  ["", []],
  ["no", []],
  ["SHA256:", []],
])("the answer %j", (answer, names) => {
  const meant = chosen(answer, [hostKey("ed25519"), hostKey("rsa")]);
  expect(meant.map(({ fingerprint }) => fingerprint)).toEqual(names.map((name) => keys[name][2]));
});
