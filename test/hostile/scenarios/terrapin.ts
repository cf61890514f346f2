/** Scenarios of somebody on the path who puts packets into the handshake and takes others away. CVE-2023-48795 and kin. */
import { authSuccess, banner, extInfo, ignore, serviceAccept } from "../bytes.ts";
import { chachaAllowed, chachaStrict, type Family, lax, strict } from "../families.ts";
import type { Scenario } from "../scenario.ts";
import { before, inject, instead, kexinit, type Step, swallow } from "../steps.ts";

const terrapin = "Terrapin (2023), CVE-2023-48795";
const rogueExtension = "Terrapin (2023), CVE-2023-46445";
const rogueSession = "Terrapin (2023), CVE-2023-46446, mirrored";

/** The server's first encrypted message, which the attack takes away. */
const taken: Step = swallow(extInfo({ "server-sig-algs": "ssh-ed25519" }));

/** One packet is put in before NEWKEYS and one taken away behind it, so that the sequence numbers agree again. */
const truncation = [before("reply", inject(ignore())), instead("ext-info", taken)];

/** The same with an EXT_INFO of the attacker's. */
const extension = [
  before("newkeys", inject(extInfo({ "server-sig-algs": "rsa-sha2-256" }))),
  instead("ext-info", taken),
];

/** A message of a higher layer before NEWKEYS. */
function session(what: string, payload: Uint8Array, name: string, family: Family): Scenario {
  return {
    name: `rogue session: ${what} put in before NEWKEYS, ${family.name}`,
    source: rogueSession,
    family,
    edits: [before("newkeys", inject(payload))],
    expect: { ends: `${name} came, expected was SSH_MSG_NEWKEYS`, reason: 2 },
  };
}

export const terrapinScenarios: readonly Scenario[] = [
  ...[strict, chachaStrict].flatMap((family): Scenario[] => [
    {
      name: `prefix truncation, ${family.name}`,
      source: terrapin,
      family,
      edits: truncation.slice(0, 1),
      expect: { ends: "SSH_MSG_IGNORE came, expected was SSH_MSG_KEX_ECDH_REPLY (strict kex", reason: 2 },
    },
    {
      name: `rogue extension: EXT_INFO put in before NEWKEYS, ${family.name}`,
      source: rogueExtension,
      family,
      edits: extension.slice(0, 1),
      expect: { ends: "SSH_MSG_EXT_INFO came, expected was SSH_MSG_NEWKEYS (strict kex", reason: 2 },
    },
  ]),
  {
    name: "the first encrypted message taken away, strict",
    source: terrapin,
    family: strict,
    edits: [instead("ext-info", taken)],
    expect: { ends: "the packet's authentication tag is wrong", reason: 5 },
  },
  {
    name: "prefix truncation, lax",
    source: `${terrapin}: AES-GCM counts by itself`,
    family: lax,
    edits: truncation,
    expect: { ends: "the packet's authentication tag is wrong", reason: 5 },
  },
  {
    name: "rogue extension: EXT_INFO put in before NEWKEYS, lax",
    source: rogueExtension,
    family: lax,
    edits: extension.slice(0, 1),
    expect: { ends: "SSH_MSG_EXT_INFO came, expected was SSH_MSG_NEWKEYS (RFC 4253 §7.1)", reason: 2 },
  },
  {
    name: "chacha20-poly1305 and no strict key exchange",
    source: terrapin,
    family: lax,
    edits: [
      instead(
        "kexinit",
        kexinit({
          cipherToServer: ["chacha20-poly1305@openssh.com"],
          cipherToClient: ["chacha20-poly1305@openssh.com"],
        }),
      ),
    ],
    expect: { ends: "open to the Terrapin attack (CVE-2023-48795)", reason: 3 },
  },
  {
    name: "chacha20-poly1305 one way only and no strict key exchange",
    source: terrapin,
    family: lax,
    edits: [instead("kexinit", kexinit({ cipherToClient: ["chacha20-poly1305@openssh.com"] }))],
    expect: { ends: "open to the Terrapin attack (CVE-2023-48795)", reason: 3 },
  },
  {
    name: "prefix truncation goes unnoticed where the flag allows it",
    source: `${terrapin}: that the attack is a real one`,
    family: chachaAllowed,
    edits: truncation,
    expect: { succeeds: true },
  },
  {
    name: "rogue extension: EXT_INFO put in before NEWKEYS, though the flag is given",
    source: rogueExtension,
    family: chachaAllowed,
    edits: extension.slice(0, 1),
    expect: { ends: "SSH_MSG_EXT_INFO came, expected was SSH_MSG_NEWKEYS (RFC 4253 §7.1)", reason: 2 },
  },
  ...[strict, lax].flatMap((family) => [
    session("SERVICE_ACCEPT", serviceAccept("ssh-userauth"), "SSH_MSG_SERVICE_ACCEPT", family),
    session("USERAUTH_SUCCESS", authSuccess, "SSH_MSG_USERAUTH_SUCCESS", family),
    session("USERAUTH_BANNER", banner("type your password"), "SSH_MSG_USERAUTH_BANNER", family),
  ]),
];
