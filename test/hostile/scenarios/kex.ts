/** Scenarios of the key exchange. RFC 4253 §7, §8; RFC 8731; RFC 8709; OpenSSH PROTOCOL 1.10 (strict kex). */
import { createECDH, getDiffieHellman } from "node:crypto";
import { join, sshMpint, sshString } from "../../support/peer-crypto.ts";
import {
  channelData,
  debug,
  disconnect,
  extInfo,
  ignore,
  message,
  N,
  serviceAccept,
  string,
  uint32,
  unimplemented,
} from "../bytes.ts";
import { type Family, lax, moduloPrimes, onCurves, rekey, strict, withRekey } from "../families.ts";
import { anotherKey, hostKey } from "../peer.ts";
import type { Ends, Scenario } from "../scenario.ts";
import {
  after,
  awaitNumber,
  before,
  instead,
  type KexLists,
  kexinit,
  newkeys,
  type Payload,
  type ReplyBend,
  raw,
  replay,
  reply,
  send,
  silence,
} from "../steps.ts";

const strictMarker = "kex-strict-s-v00@openssh.com";
const badSignature = { ends: "the server's signature over the key exchange is wrong", reason: 9 } as const;
const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

/** A KEXINIT with other lists than the client can take. */
function lists(name: string, source: string, change: Partial<KexLists>, expect: Ends): Scenario {
  return { name, source, family: strict, edits: [instead("kexinit", kexinit(change))], expect };
}

/** A reply that is bent. */
function replies(name: string, source: string, bend: ReplyBend, expect: Ends, family: Family = strict): Scenario {
  return { name, source, family, edits: [instead("reply", reply(bend))], expect };
}

const negotiation: readonly Scenario[] = [
  lists(
    "no key exchange method in common",
    "RFC 4253 §7.1",
    { kex: ["diffie-hellman-group1-sha1"] },
    {
      ends: "no key exchange method in common",
      reason: 3,
    },
  ),
  lists("no key exchange method at all", "RFC 4253 §7.1", { kex: [] }, { ends: "the server has none", reason: 3 }),
  lists(
    "only markers for key exchange methods",
    "RFC 8308 §2.2",
    { kex: ["ext-info-c", strictMarker] },
    {
      ends: "no key exchange method in common",
      reason: 3,
    },
  ),
  lists(
    "the client's markers for key exchange methods",
    "RFC 8308 §2.2",
    { kex: ["kex-strict-c-v00@openssh.com", "ext-info-c"] },
    {
      ends: "no key exchange method in common",
      reason: 3,
    },
  ),
  lists(
    "only host keys by SHA-1",
    "RFC 8332 §5.1; SHA-1 is a Shambles (2020)",
    { hostKey: ["ssh-rsa", "ssh-dss"] },
    {
      ends: "no host key algorithm in common",
      reason: 3,
    },
  ),
  lists(
    "only CBC ciphers",
    "CVE-2008-5161",
    { cipherToClient: ["aes256-cbc", "3des-cbc"] },
    {
      ends: "no cipher in common",
      reason: 3,
    },
  ),
  lists(
    "a cipher that needs a MAC, and only MACs by SHA-1 and MD5",
    "RFC 4253 §6.4; RFC 6668",
    { cipherToClient: ["aes256-ctr"], mac: ["hmac-sha1", "hmac-md5", "hmac-sha1-etm@openssh.com"] },
    {
      ends: "no MAC in common",
      reason: 3,
    },
  ),
  lists(
    "a cipher that needs a MAC, and none",
    "RFC 4253 §6.4",
    { cipherToServer: ["aes256-ctr"], mac: ["none"] },
    {
      ends: "no MAC in common",
      reason: 3,
    },
  ),
  lists(
    "the cipher none",
    "RFC 4253 §6.3",
    { cipherToServer: ["none"], cipherToClient: ["none"] },
    {
      ends: "no cipher in common",
      reason: 3,
    },
  ),
  lists(
    "only compression",
    "RFC 4253 §6.2",
    { compression: ["zlib", "zlib@openssh.com"] },
    {
      ends: "no compression method in common",
      reason: 3,
    },
  ),
  lists(
    "an escape sequence in a list of names",
    "RFC 4251 §6, §9.2",
    { kex: ["\u001b[31mcurve25519-sha256"] },
    {
      ends: "holds a byte that is not printable US-ASCII",
      reason: 2,
    },
  ),
  lists(
    "10,000 names and none in common",
    "RFC 4253 §7.1",
    { kex: Array.from({ length: 10_000 }, (_, i) => `kex-${i}`) },
    {
      ends: "no key exchange method in common",
      reason: 3,
    },
  ),
  {
    name: "a KEXINIT with a byte after its last field",
    source: "RFC 4253 §7.1",
    family: strict,
    edits: [instead("kexinit", { do: "kexinit", trailing: Uint8Array.of(0) })],
    expect: { ends: "1 bytes trail its last field", reason: 2 },
  },
  {
    name: "a KEXINIT that ends in the middle of a list",
    source: "RFC 4253 §7.1",
    family: strict,
    edits: [instead("kexinit", send(message(N.KEXINIT, new Uint8Array(16), uint32(5000), new Uint8Array(100))))],
    expect: { ends: "asks for 5000 bytes, 100 are left", reason: 2 },
  },
  {
    name: "two KEXINITs, strict",
    source: "RFC 4253 §7.1; OpenSSH PROTOCOL 1.10",
    family: strict,
    edits: [after("kexinit", kexinit())],
    expect: { ends: "SSH_MSG_KEXINIT came, expected was SSH_MSG_KEX_ECDH_REPLY", reason: 2 },
  },
  {
    name: "two KEXINITs",
    source: "RFC 4253 §7.1; CVE-2016-8858",
    family: lax,
    edits: [after("kexinit", kexinit())],
    expect: { ends: "SSH_MSG_KEXINIT came, expected was SSH_MSG_KEX_ECDH_REPLY", reason: 2 },
  },
  {
    name: "no KEXINIT but the reply",
    source: "RFC 4253 §7.1",
    family: strict,
    edits: [instead("kexinit", send(message(N.KEX_ECDH_REPLY, string(""), string(""), string(""))))],
    expect: { ends: "SSH_MSG_KEX_ECDH_REPLY came, expected was SSH_MSG_KEXINIT", reason: 2 },
  },
  {
    name: "no reply",
    source: "RFC 4253 §8",
    family: strict,
    edits: [instead("reply", silence())],
    flags: ["--connect-timeout", "2"],
    expect: { ends: "no sign of the key exchange within 2 s", reason: 11 },
  },
  {
    name: "names that nobody knows before those in common",
    source: "RFC 4253 §7.1",
    family: strict,
    edits: [
      instead(
        "kexinit",
        kexinit({
          kex: ["x@example.com", "curve25519-sha256", strictMarker],
          hostKey: ["y@example.com", "ssh-ed25519"],
        }),
      ),
    ],
    expect: { succeeds: true },
  },
  {
    name: "a MAC that nobody has, beside an AEAD cipher",
    source: "RFC 5647 §5.1",
    family: strict,
    edits: [instead("kexinit", kexinit({ mac: ["none-such@example.com"] }))],
    expect: { succeeds: true },
  },
];

/** Two names, so that the first of the server's is not the first of the client's. */
const wrongGuess = (marker: readonly string[]): Partial<KexLists> => ({
  kex: ["ecdh-sha2-nistp521", "curve25519-sha256", ...marker],
  firstKexPacketFollows: true,
});

const guesses: readonly Scenario[] = [
  ...[strict, lax].map(
    (family): Scenario => ({
      name: `a wrong guess, ${family.name}`,
      source: "RFC 4253 §7",
      family,
      edits: [
        instead(
          "kexinit",
          kexinit(wrongGuess(family.isStrict ? [strictMarker] : [])),
          send(message(N.KEX_ECDH_REPLY, string("a"), string("wrong"), string("guess"))),
        ),
      ],
      expect: { succeeds: true },
    }),
  ),
  {
    name: "a right guess",
    source: "RFC 4253 §7",
    family: strict,
    flags: ["--kex=^curve25519-sha256"], // the server's first method must be ours
    edits: [instead("kexinit", kexinit({ firstKexPacketFollows: true }))],
    expect: { succeeds: true },
  },
  {
    name: "a wrong guess, which is no key exchange packet",
    source: "RFC 4253 §7",
    family: strict,
    edits: [instead("kexinit", kexinit(wrongGuess([strictMarker])), send(serviceAccept("ssh-userauth")))],
    expect: { ends: "SSH_MSG_SERVICE_ACCEPT came, expected was the guessed key exchange packet", reason: 2 },
  },
  {
    name: "a wrong guess is announced, and never comes",
    source: "RFC 4253 §7",
    family: strict,
    edits: [instead("kexinit", kexinit(wrongGuess([strictMarker])))],
    expect: { ends: "SSH_MSG_NEWKEYS came, expected was SSH_MSG_KEX_ECDH_REPLY", reason: 2 },
  },
  {
    name: "two wrong guesses",
    source: "RFC 4253 §7",
    family: lax,
    edits: [
      instead(
        "kexinit",
        kexinit(wrongGuess([])),
        send(message(N.KEX_ECDH_REPLY, string("a"), string("wrong"), string("guess"))),
        send(message(N.KEX_ECDH_REPLY, string(hostKey.publicKeyBlob), string(new Uint8Array(32)), string(""))),
      ),
    ],
    expect: { ends: "Q_S is a point of low order: the shared secret would be all zero", reason: 3 },
  },
];

/** What does not belong into a first key exchange. */
const strangers: readonly (readonly [name: string, payload: Uint8Array, rfc: string])[] = [
  ["SSH_MSG_SERVICE_ACCEPT", serviceAccept("ssh-userauth"), "CVE-2023-46446, mirrored"],
  ["SSH_MSG_EXT_INFO", extInfo({ "server-sig-algs": "ssh-rsa" }), "CVE-2023-46445"],
  ["SSH_MSG_USERAUTH_SUCCESS", message(N.USERAUTH_SUCCESS), "CVE-2018-10933, mirrored"],
  ["SSH_MSG_USERAUTH_BANNER", message(N.USERAUTH_BANNER, string("hello"), string("")), "RFC 4253 §7.1"],
  ["SSH_MSG_GLOBAL_REQUEST", message(N.GLOBAL_REQUEST, string("x"), Uint8Array.of(1)), "CVE-2025-32433, mirrored"],
  ["SSH_MSG_CHANNEL_DATA", channelData(0, "x"), "CVE-2025-32433, mirrored"],
  ["SSH2_MSG_PING", message(N.PING, string("x")), "CVE-2025-26466"],
];

const messagesBetween: readonly Scenario[] = [
  ...[strict, lax].flatMap((family) =>
    strangers.map(
      ([name, payload, source]): Scenario => ({
        name: `${name} before the reply, ${family.name}`,
        source,
        family,
        edits: [before("reply", send(payload))],
        expect: { ends: `${name} came, expected was SSH_MSG_KEX_ECDH_REPLY`, reason: 2 },
      }),
    ),
  ),
  ...[strict, lax].flatMap((family) =>
    strangers.slice(0, 3).map(
      ([name, payload, source]): Scenario => ({
        name: `${name} before NEWKEYS, ${family.name}`,
        source,
        family,
        edits: [before("newkeys", send(payload))],
        expect: { ends: `${name} came, expected was SSH_MSG_NEWKEYS`, reason: 2 },
      }),
    ),
  ),
  ...(
    [
      ["SSH_MSG_IGNORE", ignore("x")],
      ["SSH_MSG_DEBUG", debug("x", false)],
      ["SSH_MSG_UNIMPLEMENTED", unimplemented(0)],
      ["message 250", message(250)],
    ] as const
  ).flatMap(([name, payload]): Scenario[] => [
    {
      name: `${name} before the reply, strict`,
      source: "OpenSSH PROTOCOL 1.10",
      family: strict,
      edits: [before("reply", send(payload))],
      expect: { ends: `${name} came, expected was SSH_MSG_KEX_ECDH_REPLY (strict kex`, reason: 2 },
    },
    {
      name: `${name} before NEWKEYS, strict`,
      source: "OpenSSH PROTOCOL 1.10",
      family: strict,
      edits: [before("newkeys", send(payload))],
      expect: { ends: `${name} came, expected was SSH_MSG_NEWKEYS (strict kex`, reason: 2 },
    },
    {
      name: `${name} before the reply, lax`,
      source: name === "message 250" ? "RFC 4253 §11.4" : "RFC 4253 §7.1",
      family: lax,
      edits: [before("reply", send(payload), ...(name === "message 250" ? [awaitNumber(N.UNIMPLEMENTED)] : []))],
      expect: { succeeds: true },
    },
  ]),
  {
    name: "IGNORE before KEXINIT, strict",
    source: "OpenSSH PROTOCOL 1.10: KEXINIT is the first packet",
    family: strict,
    edits: [before("kexinit", send(ignore("x")))],
    expect: { ends: "KEXINIT is packet 1, it must be the first", reason: 3 },
  },
  {
    name: "IGNORE before KEXINIT, lax",
    source: "RFC 4253 §11.2",
    family: lax,
    edits: [before("kexinit", send(ignore("x")))],
    expect: { succeeds: true },
  },
  {
    name: "DISCONNECT in place of the reply, with escape sequences",
    source: "RFC 4253 §11.1, RFC 4251 §9.2",
    family: strict,
    edits: [instead("reply", send(disconnect(2, "go \u001b[2J\u009b away\u202e\r\n2026 - ERROR - forged")))],
    expect: {
      ends: "the server ended the connection: go \\x1b[2J\\x9b away\\u{202e}\\r\\n2026 - ERROR - forged (reason 2)",
      reason: "none",
    },
  },
];

/** Points of small order, and those above p: X25519 with any of them gives all zeros. RFC 7748 §6.1; "May the Fourth". */
const lowOrderPoints: readonly string[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

const shares: readonly Scenario[] = [
  ...lowOrderPoints.map((point) =>
    replies(
      `a share of low order: ${point.slice(0, 8)}...${point.slice(-2)}`,
      "RFC 8731 §3; RFC 7748 §6.1",
      { share: hex(point) },
      {
        ends: "Q_S is a point of low order: the shared secret would be all zero",
        reason: 3,
      },
    ),
  ),
  ...[0, 31, 33].map((length) =>
    replies(
      `a share of ${length} bytes`,
      "RFC 8731 §3",
      { share: new Uint8Array(length).fill(9) },
      {
        ends: `${length} bytes`,
        reason: 3,
      },
    ),
  ),
  ...(
    [
      ["begins with a zero byte", (K: Uint8Array) => K[0] === 0],
      ["has a zero byte and then a high bit", (K: Uint8Array) => K[0] === 0 && (K[1] as number) > 0x7f],
      ["has its high bit set", (K: Uint8Array) => (K[0] as number) > 0x7f],
    ] as const
  ).map(
    ([name, whereK]): Scenario => ({
      name: `K ${name}`,
      source: "RFC 8731 §3.1; RFC 4251 §5",
      family: strict,
      edits: [instead("reply", reply({ whereK }))],
      expect: { succeeds: true },
    }),
  ),
];

/** Points and what is none. RFC 5656 §4. */
const points: readonly Scenario[] = onCurves.flatMap((family): Scenario[] => {
  const bits = Number(family.kex?.slice(-3));
  const length = Math.ceil(bits / 8);
  const ecdh = createECDH(bits === 256 ? "prime256v1" : `secp${bits}r1`);
  const point = ecdh.generateKeys();
  const beside = Uint8Array.from(point).map((byte, at) => (at === point.length - 1 ? byte ^ 1 : byte));
  const isNone = { ends: `Q_S is no point of the curve nistp${bits}`, reason: 3 } as const;
  const isNotUncompressed = { ends: `expected ${1 + 2 * length} of an uncompressed point`, reason: 3 } as const;
  const hybrid = Uint8Array.from(ecdh.getPublicKey(null, "hybrid"));
  const bent = (name: string, share: Uint8Array, expect: Ends): Scenario =>
    replies(`${name}, ${family.name}`, "RFC 5656 §4; CVE-2017-16007: invalid curves", { share }, expect, family);
  const few = [
    bent("a point beside the curve", beside, isNone),
    bent("the point at infinity", Uint8Array.of(0), isNotUncompressed),
  ];
  if (bits !== 256) return few;
  return [
    ...few,
    bent("the point 0, 0", Uint8Array.of(4, ...new Uint8Array(2 * length)), isNone),
    bent("a point with coordinates above p", Uint8Array.of(4, ...new Uint8Array(2 * length).fill(255)), isNone),
    bent("infinity as long as a point", new Uint8Array(1 + 2 * length), isNotUncompressed),
    bent("a compressed point", Uint8Array.from(ecdh.getPublicKey(null, "compressed")), isNotUncompressed),
    bent("a point in hybrid form", hybrid, isNotUncompressed),
    bent("a point without its last byte", Uint8Array.from(point.subarray(0, -1)), isNotUncompressed),
    bent("no point at all", new Uint8Array(0), isNotUncompressed),
  ];
});

/** Replies to the post-quantum hybrid. FIPS 203; node:crypto has no right one on Node 20, and these need none. */
const hybrids: readonly Scenario[] = [
  [
    "a reply without its last byte",
    new Uint8Array(1119).fill(9),
    { ends: "S_REPLY has 1119 bytes, expected 1120", reason: 3 },
  ],
  [
    "a reply with a byte behind it",
    new Uint8Array(1121).fill(9),
    { ends: "S_REPLY has 1121 bytes, expected 1120", reason: 3 },
  ],
  ["an X25519 share alone", new Uint8Array(32).fill(9), { ends: "S_REPLY has 32 bytes, expected 1120", reason: 3 }],
  ["an empty reply", new Uint8Array(0), { ends: "S_REPLY has 0 bytes, expected 1120", reason: 3 }],
  ["an X25519 share of low order", new Uint8Array(1120), { ends: "a point of low order", reason: 3 }],
  ["a ciphertext of nobody's making", new Uint8Array(1120).fill(9), badSignature],
].map(
  ([name, share, expect]): Scenario => ({
    name: `${name}, mlkem768x25519-sha256`,
    source: "draft-ietf-sshm-mlkem-hybrid-kex; FIPS 203 §7.3",
    family: strict,
    edits: [
      instead("kexinit", kexinit({ kex: ["mlkem768x25519-sha256", strictMarker] })),
      instead("reply", reply({ share: share as Uint8Array })),
    ],
    expect: expect as Ends,
  }),
);

/** What comes behind the KEXINIT that chooses the hybrid, which the command loads first where node:crypto has none. */
const behindHybrids: readonly Scenario[] = [
  ...(
    [
      ["another KEXINIT", kexinit(), "SSH_MSG_KEXINIT came, expected was SSH_MSG_KEX_ECDH_REPLY", 2],
      ["NEWKEYS", newkeys(), "SSH_MSG_NEWKEYS came, expected was SSH_MSG_KEX_ECDH_REPLY", 2],
      ["IGNORE", send(ignore("x")), "SSH_MSG_IGNORE came, expected was SSH_MSG_KEX_ECDH_REPLY", 2],
      ["DISCONNECT", send(disconnect(2, "no more")), "the server ended the connection: no more (reason 2)", "none"],
    ] as const
  ).map(
    ([name, step, ends, reason]): Scenario => ({
      name: `${name} right behind KEXINIT, mlkem768x25519-sha256`,
      source: "RFC 4253 §7.1, §11.1; OpenSSH PROTOCOL 1.10",
      family: strict,
      edits: [instead("kexinit", kexinit({ kex: ["mlkem768x25519-sha256", strictMarker] }), step)],
      expect: { ends, reason },
    }),
  ),
  {
    name: "data right behind the KEXINIT of a rekey, mlkem768x25519-sha256",
    source: "RFC 4253 §7.1, §9",
    family: withRekey,
    edits: [
      instead(
        "rekey-kexinit",
        kexinit({ kex: ["mlkem768x25519-sha256"] }),
        send((seen) => channelData(seen.clientChannel, "x")),
      ),
    ],
    expect: { ends: "SSH_MSG_CHANNEL_DATA came, expected was SSH_MSG_KEX_ECDH_REPLY", reason: 2 },
  },
];

/** f out of range. RFC 4253 §8, RFC 8268 §4. */
const numbers: readonly Scenario[] = moduloPrimes.flatMap((family): Scenario[] => {
  const p = BigInt(`0x${getDiffieHellman(`modp${family.kex?.slice(20, 22)}`).getPrime("hex")}`);
  const mpint = (value: bigint): Uint8Array =>
    sshMpint(Buffer.from(value.toString(16).padStart(2 * 1025, "0"), "hex")).subarray(4);
  const isOut = { ends: "f is not between 1 and p - 1", reason: 3 } as const;
  const bent = (name: string, share: Uint8Array, expect: Ends): Scenario =>
    replies(`${name}, ${family.name}`, "RFC 4253 §8; RFC 8268 §4; CVE-2016-0701, its kin", { share }, expect, family);
  const few = [
    bent("f = 0", new Uint8Array(0), isOut),
    bent("f = 1", mpint(1n), isOut),
    bent("f = p - 1", mpint(p - 1n), isOut),
    bent("f = p", mpint(p), isOut),
  ];
  if (family !== moduloPrimes[0]) return few;
  return [
    ...few,
    bent("f = p + 1", mpint(p + 1n), isOut),
    bent("f = 2p + 4", mpint(2n * p + 4n), isOut),
    bent("f of 200,000 bytes", new Uint8Array(200_000).fill(0x55), isOut),
    bent("a negative f", Uint8Array.of(0xff, 1), { ends: "f is negative", reason: 2 }),
    bent("f with needless zeros", Uint8Array.of(0, 0, 4), { ends: "f has needless zeros", reason: 2 }),
  ];
});

const signed = (H: Uint8Array, name: string): Uint8Array => {
  const raw = hostKey.sign(H).subarray(-64);
  return join(sshString(name), sshString(raw));
};

/** The signature with the group's order added to S: the same equation, another spelling. RFC 8032 §5.1.7. */
function malleable(right: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const bytes = Buffer.from(right);
  const S = BigInt(`0x${Buffer.from(bytes.subarray(-32)).reverse().toString("hex")}`) + order;
  Buffer.from(S.toString(16).padStart(64, "0"), "hex")
    .reverse()
    .copy(bytes, bytes.length - 32);
  return bytes;
}

const proofs: readonly Scenario[] = [
  replies(
    "a bit of its signature flipped",
    "RFC 4253 §8",
    { signature: (right) => right.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) },
    badSignature,
  ),
  replies(
    "the known key, and another one's signature",
    "RFC 4253 §8",
    { signature: (_, H) => anotherKey.sign(H) },
    badSignature,
  ),
  replies(
    "a signature over another exchange",
    "RFC 4253 §8: replay",
    { signature: () => hostKey.sign(new Uint8Array(32)) },
    badSignature,
  ),
  replies(
    "a signature over nothing",
    "RFC 4253 §8",
    { signature: () => hostKey.sign(new Uint8Array(0)) },
    badSignature,
  ),
  replies(
    "an empty signature",
    "RFC 4253 §6.6",
    { signature: () => new Uint8Array(0) },
    { ends: "signature", reason: 3 },
  ),
  replies(
    "a signature of zeros",
    "CVE-2022-21449",
    { signature: () => join(sshString("ssh-ed25519"), sshString(new Uint8Array(64))) },
    badSignature,
  ),
  replies("a signature with S beyond the order", "RFC 8032 §5.1.7", { signature: malleable }, badSignature),
  replies(
    "a signature of 63 bytes",
    "RFC 8709 §6",
    { signature: (right) => join(sshString("ssh-ed25519"), sshString(right.subarray(-63))) },
    { ends: "signature of 63 bytes, expected 64", reason: 3 },
  ),
  replies(
    "a byte after its signature",
    "RFC 8709 §6",
    { signature: (right) => join(right, Uint8Array.of(0)) },
    { ends: "trail", reason: 3 },
  ),
  replies(
    "its signature by the name of another algorithm",
    "RFC 8709 §6",
    { signature: (_, H) => signed(H, "rsa-sha2-256") },
    { ends: "rsa-sha2-256", reason: 3 },
  ),
  replies(
    "the key of another host",
    "RFC 4251 §4.1",
    { key: "another" },
    { ends: "Host key verification failed", reason: 9 },
  ),
  replies(
    "the known key by the name of another algorithm",
    "RFC 4253 §6.6",
    { blob: (right) => join(sshString("ssh-rsa"), right.subarray(15)) },
    { ends: "ssh-rsa", reason: 3 },
  ),
  replies(
    "the known key by a name with escape sequences",
    "RFC 4251 §9.2",
    { blob: (right) => join(sshString("\u001b[31m\u202e"), right.subarray(15)) },
    { ends: "\\x1b[31m\\u{202e}", reason: 3 },
  ),
  replies(
    "a byte after the known key",
    "RFC 8709 §4",
    { blob: (right) => join(right, Uint8Array.of(0)) },
    { ends: "trail", reason: 3 },
  ),
  replies(
    "a key of 31 bytes",
    "RFC 8709 §4",
    { blob: (right) => join(sshString("ssh-ed25519"), sshString(right.subarray(-31))) },
    { ends: "31 bytes", reason: 3 },
  ),
  replies(
    "a host key of small order, for which everybody signs",
    "RFC 8032 §5.1.7; Taming the many EdDSAs (2020)",
    {
      blob: () => join(sshString("ssh-ed25519"), sshString(hex(`01${"00".repeat(31)}`))),
      signature: () => join(sshString("ssh-ed25519"), sshString(hex(`01${"00".repeat(63)}`))),
    },
    badSignature,
  ),
  replies("no host key", "RFC 4253 §8", { blob: () => new Uint8Array(0) }, { ends: "host key", reason: 3 }),
  replies(
    "a byte after the reply",
    "RFC 8731 §3",
    { trailing: Uint8Array.of(0) },
    { ends: "1 bytes trail its last field", reason: 2 },
  ),
];

const newKeys: readonly Scenario[] = [
  ...[strict, lax].flatMap((family): Scenario[] => [
    {
      name: `NEWKEYS before the reply, ${family.name}`,
      source: "RFC 4253 §7.3; CVE-2014-0224, its kin",
      family,
      edits: [before("reply", newkeys())],
      expect: { ends: "SSH_MSG_NEWKEYS came, expected was SSH_MSG_KEX_ECDH_REPLY", reason: 2 },
    },
    {
      name: `NEWKEYS before KEXINIT, ${family.name}`,
      source: "RFC 4253 §7.3; CVE-2014-0224, its kin",
      family,
      edits: [before("kexinit", newkeys())],
      expect: { ends: "SSH_MSG_NEWKEYS came, expected was SSH_MSG_KEXINIT", reason: 2 },
    },
    {
      name: `NEWKEYS twice, ${family.name}`,
      source: "RFC 4253 §7.3",
      family,
      edits: [after("newkeys", send(message(N.NEWKEYS)))],
      expect: { ends: "SSH_MSG_NEWKEYS came, expected was what phase service allows", reason: 2 },
    },
    {
      name: `the reply twice, ${family.name}`,
      source: "RFC 4253 §8",
      family,
      edits: [after("reply", replay())],
      expect: { ends: "SSH_MSG_KEX_ECDH_REPLY came, expected was SSH_MSG_NEWKEYS", reason: 2 },
    },
  ]),
  {
    name: "NEWKEYS with a byte in it",
    source: "RFC 4253 §7.3",
    family: strict,
    edits: [instead("newkeys", { do: "newkeys", trailing: Uint8Array.of(0) })],
    expect: { ends: "1 bytes trail", reason: 2 },
  },
  {
    name: "no NEWKEYS",
    source: "RFC 4253 §7.3",
    family: strict,
    edits: [instead("newkeys", silence())],
    flags: ["--auth-timeout", "2"],
    expect: { ends: "no sign of authentication within 2 s", reason: 11 },
  },
];

const lost = (why: string, reason: Ends["reason"]): Ends => ({ ends: why, reason });

const rekeys: readonly Scenario[] = [
  {
    name: "another host key on rekey",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [instead("rekey-reply", reply({ key: "another" }))],
    expect: lost("the server showed another host key during a rekey", 9),
  },
  {
    name: "a wrong signature on rekey",
    source: "RFC 4253 §8, §9",
    family: withRekey,
    edits: [instead("rekey-reply", reply({ signature: () => hostKey.sign(new Uint8Array(32)) }))],
    expect: lost("the server's signature over the key exchange is wrong", 9),
  },
  {
    name: "the first exchange's signature on rekey",
    source: "RFC 4253 §8, §9: replay",
    family: withRekey,
    edits: [instead("rekey-reply", reply({ signature: (_, __, seen) => hostKey.sign(seen.sessionId) }))],
    expect: lost("the server's signature over the key exchange is wrong", 9),
  },
  {
    name: "a share of low order on rekey",
    source: "RFC 8731 §3",
    family: withRekey,
    edits: [instead("rekey-reply", reply({ share: new Uint8Array(32) }))],
    expect: lost("Q_S is a point of low order: the shared secret would be all zero", 3),
  },
  {
    name: "nothing in common on rekey",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [instead("rekey-kexinit", kexinit({ cipherToClient: ["none"] }))],
    expect: lost("no cipher in common", 3),
  },
  {
    name: "two KEXINITs on rekey",
    source: "RFC 4253 §7.1, §9",
    family: withRekey,
    edits: [after("rekey-kexinit", kexinit())],
    expect: lost("SSH_MSG_KEXINIT came, expected was SSH_MSG_KEX_ECDH_REPLY", 2),
  },
  {
    name: "data in the middle of a rekey of the server's",
    source: "RFC 4253 §7.1",
    family: withRekey,
    edits: [
      after(
        "rekey-kexinit",
        send((seen) => channelData(seen.clientChannel, "x")),
      ),
    ],
    expect: lost("SSH_MSG_CHANNEL_DATA came, expected was SSH_MSG_KEX_ECDH_REPLY", 2),
  },
  {
    name: "data between the reply and NEWKEYS of a rekey",
    source: "RFC 4253 §7.1",
    family: withRekey,
    edits: [
      before(
        "rekey-newkeys",
        send((seen) => channelData(seen.clientChannel, "x")),
      ),
    ],
    expect: lost("SSH_MSG_CHANNEL_DATA came, expected was SSH_MSG_NEWKEYS", 2),
  },
  {
    name: "a PING in the middle of a rekey",
    source: "CVE-2025-26466",
    family: withRekey,
    edits: [after("rekey-kexinit", send(message(N.PING, string("x"))))],
    expect: lost("SSH2_MSG_PING came, expected was SSH_MSG_KEX_ECDH_REPLY", 2),
  },
  {
    name: "a rekey that never ends",
    source: "RFC 4253 §9",
    family: withRekey,
    edits: [instead("rekey-reply", silence())],
    flags: ["--keepalive-interval", "1"],
    expect: lost("no sign of life on the connection within 3 s", 11),
  },
  {
    name: "IGNORE, DEBUG and an unknown number in the middle of a rekey, strict",
    source: "RFC 4253 §7.1, §11.4; OpenSSH PROTOCOL 1.10: strict is the first exchange only",
    family: withRekey,
    edits: [
      after("rekey-kexinit", send(ignore("x")), send(debug("x", false)), send(message(250))),
      after("rekey-client-init", awaitNumber(N.UNIMPLEMENTED)),
    ],
    expect: { succeeds: true },
  },
  {
    name: "a rekey without the strict marker, strict",
    source: "OpenSSH PROTOCOL 1.10: looked for in the first KEXINIT only",
    family: withRekey,
    edits: [instead("rekey-kexinit", kexinit({ kex: ["curve25519-sha256"] }))],
    expect: { succeeds: true },
  },
  {
    name: "a rekey with the strict marker, lax",
    source: "OpenSSH PROTOCOL 1.10: looked for in the first KEXINIT only",
    family: lax,
    edits: [before("answers", ...rekey("rekey", { kex: ["curve25519-sha256", strictMarker] }))],
    expect: { succeeds: true },
  },
  {
    name: "a rekey right behind the first NEWKEYS",
    source: "RFC 4253 §9",
    family: strict,
    // what the client sent before it saw that comes first
    edits: [
      before("ext-info", awaitNumber(N.SERVICE_REQUEST), awaitNumber(N.USERAUTH_REQUEST), ...rekey()),
      instead("service-request", raw("")),
      instead("query", raw("")),
    ],
    expect: { succeeds: true },
  },
  {
    name: "a rekey in the middle of authentication",
    source: "RFC 4253 §9",
    family: strict,
    edits: [before("pk-ok", ...rekey())],
    expect: { succeeds: true },
  },
  {
    name: "a rekey before the channel is confirmed",
    source: "RFC 4253 §9",
    family: strict,
    edits: [before("confirm", ...rekey())],
    expect: { succeeds: true },
  },
  {
    name: "30 rekeys, one after the other",
    source: "RFC 4253 §9",
    family: strict,
    edits: [before("answers", ...Array.from({ length: 30 }, (_, i) => rekey(`rekey-${i}`)).flat())],
    expect: { succeeds: true },
  },
];

/** Enough to make the client want fresh keys, with its flag for that. */
const traffic = send(ignore(Buffer.alloc(30_000)), { times: 3 });
const soon = ["--rekey-bytes", "65536"];

/** The sequence number of the client's latest KEXINIT: strict kex counts from NEWKEYS. */
const ofItsKexInit: Payload = ({ received }) => {
  const last = (number: number): number => received.findLastIndex((packet) => packet.number === number);
  return unimplemented(last(N.KEXINIT) - last(N.NEWKEYS) - 1);
};

const clientRekeys: readonly Scenario[] = [
  {
    name: "it does not know the client's KEXINIT on rekey",
    source: "RFC 4253 §9, §11.4",
    family: strict,
    edits: [before("answers", traffic, awaitNumber(N.KEXINIT), send(ofItsKexInit))],
    flags: soon,
    expect: lost("the server does not take our KEXINIT now", 2),
  },
  {
    name: "it never answers the client's KEXINIT on rekey",
    source: "RFC 4253 §9",
    family: strict,
    edits: [before("answers", traffic, awaitNumber(N.KEXINIT), silence())],
    flags: [...soon, "--keepalive-interval", "1"],
    expect: lost("no sign of life on the connection within 3 s", 11),
  },
  {
    name: "it answers the client's KEXINIT on rekey with the host key of another",
    source: "RFC 4253 §9",
    family: strict,
    edits: [
      before("answers", traffic, kexinit(), awaitNumber(N.KEXINIT), awaitNumber(N.KEX_ECDH_INIT)),
      before("answers", reply({ key: "another" })),
    ],
    flags: soon,
    expect: lost("the server showed another host key during a rekey", 9),
  },
  {
    name: "both begin a rekey at once",
    source: "RFC 4253 §9",
    family: strict,
    edits: [before("answers", traffic, ...rekey())],
    flags: soon,
    expect: { succeeds: true },
  },
  {
    name: "data that was under way when the client begins a rekey",
    source: "RFC 4253 §7.1: it may still come before the server's KEXINIT",
    family: strict,
    edits: [
      before("answers", traffic, awaitNumber(N.KEXINIT)),
      after("answers", kexinit(), awaitNumber(N.KEX_ECDH_INIT), reply(), newkeys(), awaitNumber(N.NEWKEYS)),
    ],
    flags: soon,
    expect: { succeeds: true },
  },
];

export const kexScenarios: readonly Scenario[] = [
  ...negotiation,
  ...guesses,
  ...messagesBetween,
  ...shares,
  ...points,
  ...hybrids,
  ...behindHybrids,
  ...numbers,
  ...proofs,
  ...newKeys,
  ...rekeys,
  ...clientRekeys,
];
