import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AgentIdentity, listIdentities, type SigningWay, signByAgent, signingWays } from "../../src/ssh/agent.ts";
import { plainName } from "../../src/ssh/algorithm-name.ts";
import { AgentError } from "../../src/ssh/errors.ts";
import { plainEd25519, securityKeyEcdsa, securityKeyEd25519, uint32 } from "../support/fake-agent.ts";
import { join, seededIntegers, sshString } from "../support/peer-crypto.ts";
import { bytes, hex, vectorFile } from "../support/vectors.ts";

interface Recorded {
  readonly data: string;
  readonly lists: readonly { name: string; request: string; reply: string; expect: readonly string[] }[];
  readonly signatures: readonly { name: string; blob: string; flags: number; request: string; reply: string }[];
  readonly refusal: { readonly request: string; readonly reply: string };
}

const recorded = vectorFile<Recorded>("agent.json");
const data = bytes(recorded.data);
const [plainWay] = signingWays("ssh-ed25519") as [SigningWay];

/** As `ssh-add -L` prints it. */
function lineOf({ keyType, publicKeyBlob, comment }: AgentIdentity): string {
  return `${keyType} ${Buffer.from(publicKeyBlob).toString("base64")} ${comment}`;
}

/** The type at the head of a blob. */
function typeOf(blob: Uint8Array): string {
  return Buffer.from(blob.subarray(4, 4 + Buffer.from(blob).readUInt32BE())).toString();
}

/** The way that has these flags. */
function wayOf(keyType: string, flags: number): SigningWay {
  const way = signingWays(keyType).find((each) => each.flags === flags);
  if (way === undefined) throw new Error(`${keyType} does not sign with flags ${flags}`);
  return way;
}

/** The pieces of `whole`, cut at these places. */
function cut(whole: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => place % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return ends.map((end, i) => whole.subarray(ends[i - 1] ?? 0, end));
}

function listed(reply: Uint8Array): readonly AgentIdentity[] | undefined {
  return listIdentities().receive(reply);
}

/** What the error says about a reply to the list, or to a signature. */
function faultOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof AgentError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return "none";
}

/** A reply to the list with these entries, whatever its count says. */
function listOf(count: number, ...entries: readonly Uint8Array[]): Uint8Array {
  return sshString(join(Uint8Array.of(12), uint32(count), ...entries));
}

function entryOf(blob: Uint8Array, comment: string): Uint8Array {
  return join(sshString(blob), sshString(comment));
}

function signed(signature: Uint8Array): Uint8Array {
  return sshString(join(Uint8Array.of(14), sshString(signature)));
}

describe("with a recorded ssh-agent", () => {
  test.each(recorded.lists)("lists $name", ({ request, reply, expect: lines }) => {
    const exchange = listIdentities();
    expect(hex(exchange.request)).toBe(request);
    expect(exchange.receive(bytes(reply))?.map(lineOf)).toEqual(lines);
  });

  test.each(recorded.signatures)("signs with $name", ({ blob, flags, request, reply }) => {
    const way = wayOf(typeOf(bytes(blob)), flags);
    const exchange = signByAgent(bytes(blob), data, way);
    expect(hex(exchange.request)).toBe(request);
    const signature = exchange.receive(bytes(reply));
    expect(reply.endsWith(hex(signature ?? new Uint8Array(0)))).toBe(true);
    expect(typeOf(signature ?? new Uint8Array(0))).toBe(plainName(way.algorithm));
  });

  test("is refused a signature by a key that it does not hold", () => {
    const exchange = signByAgent(new TextEncoder().encode("nobody"), data, plainWay);
    expect(hex(exchange.request)).toBe(recorded.refusal.request);
    expect(faultOf(() => exchange.receive(bytes(recorded.refusal.reply)))).toBe("refused: it refused");
  });

  test("reads the same byte by byte, and cut at random", () => {
    const [, { reply, expect: lines }] = recorded.lists as [unknown, Recorded["lists"][number]];
    const whole = bytes(reply);
    const random = seededIntegers("cuts");
    const cuts = [[...whole.keys()], ...Array.from({ length: 20 }, () => [0, 1, 2, 3].map(() => random(whole.length)))];
    for (const places of cuts) {
      const exchange = listIdentities();
      const values = cut(whole, places).map((piece) => exchange.receive(piece));
      expect(values.filter((value) => value !== undefined)).toHaveLength(1);
      expect(values.find((value) => value !== undefined)?.map(lineOf)).toEqual(lines);
    }
  });
});

describe("how keys sign", () => {
  const cases: readonly (readonly [type: string, ways: readonly (readonly [string, string, number])[]])[] = [
    ["ssh-ed25519", [["ssh-ed25519", "ssh-ed25519", 0]]],
    ["ecdsa-sha2-nistp521", [["ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", 0]]],
    [
      "ssh-rsa",
      [
        ["rsa-sha2-512", "rsa-sha2-512", 4],
        ["rsa-sha2-256", "rsa-sha2-256", 2],
      ],
    ],
    ["ssh-ed25519-cert-v01@openssh.com", [["ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 0]]],
    [
      "ssh-rsa-cert-v01@openssh.com",
      [
        ["rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512", 4],
        ["rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256", 2],
      ],
    ],
    ["sk-ssh-ed25519@openssh.com", [["sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", 0]]],
    [
      "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
      [["sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", 0]],
    ],
    ["ssh-dss", []],
    ["webauthn-sk-ecdsa-sha2-nistp256@openssh.com", []],
    ["toString", []],
  ];
  test.each(cases)("%s", (type, ways) => {
    const found = signingWays(type).map(({ algorithm, flags }) => [algorithm, plainName(algorithm), flags]);
    expect(found).toEqual(ways);
  });

  test.each([securityKeyEd25519(), securityKeyEcdsa()])("a security key's signature: %#", (key) => {
    const way = wayOf(typeOf(key.publicKeyBlob), 0);
    const signature = key.sign(data, 0);
    expect(signByAgent(key.publicKeyBlob, data, way).receive(signed(signature))).toEqual(signature);
  });
});

describe("a reply that is none", () => {
  const { publicKeyBlob } = plainEd25519();
  const entry = entryOf(publicKeyBlob, "a");
  const lists: readonly (readonly [name: string, reply: Uint8Array, message: string])[] = [
    ["of length 0", uint32(0), "protocol: a reply of 0 bytes, at most 262144 may come"],
    ["longer than it may be", uint32(256 * 1024 + 1), "protocol: a reply of 262145 bytes, at most 262144 may come"],
    ["with bytes behind it", join(sshString(Uint8Array.of(5)), Uint8Array.of(0)), "protocol: bytes follow its reply"],
    [
      "of another kind",
      sshString(Uint8Array.of(14)),
      "protocol: message 14 came, expected SSH_AGENT_IDENTITIES_ANSWER (12)",
    ],
    [
      "that no draft knows",
      sshString(Uint8Array.of(99)),
      "protocol: message 99 came, expected SSH_AGENT_IDENTITIES_ANSWER (12)",
    ],
    ["SUCCESS", sshString(Uint8Array.of(6)), "protocol: message 6 came, expected SSH_AGENT_IDENTITIES_ANSWER (12)"],
    [
      "without a count",
      sshString(Uint8Array.of(12, 0)),
      "protocol: SSH_AGENT_IDENTITIES_ANSWER: identityCount asks for 4 bytes, 1 are left",
    ],
    [
      "with fewer keys than it says",
      listOf(2, entry),
      "protocol: key 2 of its list: publicKeyBlob asks for 4 bytes, 0 are left",
    ],
    [
      "with more keys than it says",
      listOf(1, entry, entry),
      `protocol: ${entry.length} bytes trail its list of 1 keys`,
    ],
    ["with too many keys", listOf(2049), "protocol: 2049 keys, at most 2048 may come"],
    [
      "with a key that is none",
      listOf(1, entryOf(Uint8Array.of(1), "")),
      "protocol: a public key: type asks for 4 bytes, 1 are left",
    ],
  ];
  test.each(lists)("to the list: %s", (_, reply, message) => {
    expect(faultOf(() => listed(reply)).replace(/ \(RFC 4251 §5\)$/, "")).toBe(message);
  });

  const signature = plainEd25519().sign(data, 0);
  const touched = securityKeyEd25519().sign(data, 0);
  const signatures: readonly (readonly [name: string, signature: Uint8Array, type: string, message: string])[] = [
    [
      "of another type",
      touched,
      "ssh-ed25519",
      "its signature is of type sk-ssh-ed25519@openssh.com, expected ssh-ed25519",
    ],
    [
      "by SHA-1",
      join(sshString("ssh-rsa"), sshString("x")),
      "ssh-rsa",
      "its signature is of type ssh-rsa, expected rsa-sha2-512",
    ],
    [
      "of another type, with control characters",
      join(sshString("\u001b[31m"), sshString("x")),
      "ssh-ed25519",
      "its signature is of type \\x1b[31m, expected ssh-ed25519",
    ],
    ["that is empty", join(sshString("ssh-ed25519"), sshString("")), "ssh-ed25519", "its signature is empty"],
    [
      "with a byte too many",
      join(signature, Uint8Array.of(0)),
      "ssh-ed25519",
      "its signature: 1 bytes trail its last field",
    ],
    ["cut short", signature.subarray(0, -1), "ssh-ed25519", "its signature: content asks for 64 bytes, 63 are left"],
    [
      "by a security key, without its counter",
      touched.subarray(0, -4),
      "sk-ssh-ed25519@openssh.com",
      "its signature: counter asks for 4 bytes, 0 are left",
    ],
  ];
  test.each(signatures)("to a request for a signature: one %s", (_, blob, type, message) => {
    const exchange = signByAgent(publicKeyBlob, data, signingWays(type)[0] as SigningWay);
    const said = faultOf(() => exchange.receive(signed(blob)));
    expect(said.replace(/ \(RFC 4251 §5\)$/, "")).toBe(`protocol: ${message}`);
  });

  test("a length alone is refused before its bytes have come", () => {
    const exchange = listIdentities();
    for (const byte of [0x7f, 0xff, 0xff]) expect(exchange.receive(Uint8Array.of(byte))).toBeUndefined();
    expect(faultOf(() => exchange.receive(Uint8Array.of(0xff)))).toContain("2147483647 bytes");
  });

  test("an agent that hangs up", () => {
    const exchange = listIdentities();
    expect(exchange.ended().message).toBe("it closed the connection without a reply");
    exchange.receive(Uint8Array.of(0));
    expect(exchange.ended().message).toBe("it closed the connection in the middle of its reply");
  });
});

test("comments are escaped and cut, whatever they hold", () => {
  const { publicKeyBlob } = plainEd25519();
  const [identity] = listed(listOf(1, entryOf(publicKeyBlob, `\u001b]0;x\u0007\n${"y".repeat(200)}`))) ?? [];
  expect(identity?.comment).toMatch(/^\\x1b\]0;x\\x07\\ny{90,}\.\.\.$/);
});

test("the bytes that came may be used again", () => {
  const { publicKeyBlob } = plainEd25519();
  const exchange = listIdentities();
  const [first, second] = cut(listOf(1, entryOf(publicKeyBlob, "a")), [40]) as [Uint8Array, Uint8Array];
  exchange.receive(first);
  first.fill(0);
  const [identity] = exchange.receive(second) ?? [];
  second.fill(0);
  expect(identity?.publicKeyBlob).toEqual(publicKeyBlob);
});

test("whatever an agent says, it is a value or an AgentError", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const anyReply = fc.oneof(
    pieces.map((each) => join(...each)),
    fc.tuple(fc.constantFrom(5, 12, 14), pieces).map(([type, rest]) => sshString(join(Uint8Array.of(type), ...rest))),
    pieces.map((each) =>
      listOf(each.length, ...each.map((blob) => entryOf(join(sshString("ssh-ed25519"), blob), "a"))),
    ),
    pieces.map((each) => signed(join(sshString("ssh-ed25519"), ...each.map(sshString)))),
  );
  fc.assert(
    fc.property(anyReply, fc.array(fc.nat(300), { maxLength: 4 }), fc.boolean(), (reply, places, isList) => {
      const exchange = isList ? listIdentities() : signByAgent(Uint8Array.of(1), data, plainWay);
      faultOf(() => cut(reply, places).map((piece) => exchange.receive(piece)));
    }),
    { seed: 4, numRuns: 2000 },
  );
});

test("every list that an agent may give comes back as it was", () => {
  const identities = fc.array(fc.tuple(fc.uint8Array({ maxLength: 64 }), fc.stringMatching(/^[ -~]{0,40}$/)), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(identities, (given) => {
      const blobs = given.map(([rest]) => join(sshString("ssh-ed25519"), rest));
      const reply = listOf(given.length, ...given.map(([, comment], i) => entryOf(blobs[i] as Uint8Array, comment)));
      const read = listed(reply)?.map(({ publicKeyBlob, comment }) => [hex(publicKeyBlob), comment]);
      expect(read).toEqual(given.map(([, comment], i) => [hex(blobs[i] as Uint8Array), comment]));
    }),
    { seed: 5, numRuns: 300 },
  );
});
