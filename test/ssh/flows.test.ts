/**
 * Recorded sessions with a real OpenSSH, replayed: whole, in pieces, truncated, and with flipped bits. The server's
 * bytes are real; that ours are the recorded ones to the last bit means that the real server went on with them.
 */
import { describe, expect, test } from "vitest";
import { digest, loadFlows, type RecordedEvent } from "../support/flow.ts";
import { seededIntegers } from "../support/peer-crypto.ts";
import { type Cut, type Packet, Replay, type Replayed } from "../support/replay.ts";
import { recordedKexMethods } from "../support/scenarios.ts";

const replays: ReadonlyMap<string, Replay> = new Map([...loadFlows()].map(([name, flow]) => [name, new Replay(flow)]));
const all = [...replays.keys()];

function replayOf(name: string): Replay {
  return replays.get(name) as Replay;
}

describe("a recorded session with OpenSSH", () => {
  test.each(all)("%s holds what was asked of the server", (name) => {
    const replay = replayOf(name);
    const { stdout, stderr, events } = replay.run();
    const { expect: expected } = replay.flow;
    expect({ stdout: digest(stdout), stderr: digest(stderr) }).toEqual({
      stdout: expected.stdout,
      stderr: expected.stderr,
    });
    expect(events.map(nameOf)).toEqual(expect.arrayContaining([...expected.happened]));
  });

  test.each(all)(
    "%s, replayed whole: the recorded events, and our bytes are those that the server went on with",
    (name) => {
      const replay = replayOf(name);
      const { events, sent } = replay.run();
      expect(events).toEqual(replay.events);
      expect(sent).toEqual(replay.sent);
    },
  );

  test.each(all)("%s, replayed byte by byte: the same", (name) => {
    const replay = replayOf(name);
    const { events, sent } = replay.run(replay.server, () => 1);
    expect(events).toEqual(replay.events);
    expect(sent).toEqual(replay.sent);
  });

  test.each(all)("%s, cut at random: the same", (name) => {
    const replay = replayOf(name);
    for (const seed of ["first", "second", "third", "fourth"]) {
      const { events, sent } = replay.run(replay.server, randomCuts(`${name} ${seed}`));
      expect(events).toEqual(replay.events);
      expect(sent).toEqual(replay.sent);
    }
  });

  test.each(all)("%s, truncated at or within any packet: what came before, then a DisconnectError", (name) => {
    const replay = replayOf(name);
    const inside = seededIntegers(`truncated ${name}`);
    for (const { start, end } of replay.packets()) {
      for (const length of [start, start + 1 + inside(end - start - 1), end - 1]) {
        const { error } = expectPrefix(replay, replay.run(replay.server.subarray(0, length)));
        expect(error, `after ${length} bytes`).toBe("DisconnectError");
      }
    }
  });

  test.each(all)("%s, with a bit flipped in any encrypted packet: what came before, then an error", (name) => {
    const replay = replayOf(name);
    const random = seededIntegers(`flipped ${name}`);
    for (const { start, end, isClear } of replay.packets()) {
      if (isClear) continue;
      const flip = (from: number, to: number) => {
        const changed = flipped(replay.server, from + random(to - from), random(8));
        return expectPrefix(replay, replay.run(changed)).error;
      };
      // A wrong length that could be right makes the client wait for a packet which then has a wrong tag, or for ever.
      expect(["ProtocolError", "DisconnectError"]).toContain(flip(start, start + 4));
      const tagLength = lengthOfTag(replay.flow.options.macs?.[0]);
      expect(flip(start + 4, end - tagLength), "in the body").toBe("ProtocolError");
      expect(flip(end - tagLength, end), "in the tag").toBe("ProtocolError");
    }
  });
});

describe("the handshake in the clear, of which only the exchange hash says that it was not altered", () => {
  const replay = replayOf("exec-chacha20-poly1305.json");
  const packets = replay.packets().filter(({ isClear }) => isClear);
  const random = seededIntegers("the handshake in the clear");
  const faults = ["ProtocolError", "NegotiationError", "HostKeyError", "DisconnectError"];

  test("it is the version line, KEXINIT, the reply and NEWKEYS", () => {
    const names = ["version", "SSH_MSG_KEXINIT", "SSH_MSG_KEX_ECDH_REPLY", "SSH_MSG_NEWKEYS"];
    expect(packets.map(({ name }) => name)).toEqual(names);
  });

  test.each(packets)(
    "a bit flipped anywhere in $name, its padding aside, ends the session before authentication",
    (packet) => {
      const step = packet.end - packet.start > 500 ? 4 : 1;
      for (let at = packet.start; at < paddingOf(packet, replay.server); at += step) {
        const { error, told } = expectPrefix(replay, replay.run(flipped(replay.server, at, random(8))));
        expect(faults).toContain(error);
        expect(told).toBeLessThanOrEqual(packet.name === "SSH_MSG_NEWKEYS" ? 1 : 0);
      }
    },
  );

  test("nothing covers the padding of a packet in the clear (RFC 4253 §8): its bits change nothing", () => {
    for (const packet of packets.slice(1)) {
      for (let at = paddingOf(packet, replay.server); at < packet.end; at++) {
        const { events, sent } = replay.run(flipped(replay.server, at, random(8)));
        expect(events).toEqual(replay.events);
        expect(sent).toEqual(replay.sent);
      }
    }
  });
});

describe("what the recordings are for is in them", () => {
  test.each([
    ["exec-chacha20-poly1305.json", "chacha20-poly1305@openssh.com"],
    ["exec-aes256-gcm.json", "aes256-gcm@openssh.com"],
    ["exec-aes128-gcm.json", "aes128-gcm@openssh.com"],
  ])("%s is under %s, with strict kex", (name, cipher) => {
    const chosen = `chosen: curve25519-sha256, ssh-ed25519, ${cipher}, ${cipher}, strict kex`;
    expect(replayOf(name).run().traces).toContain(chosen);
  });

  test.each([
    ["exec-ecdsa.json", "ecdsa-sha2-nistp256", 1],
    ["rekey-rsa.json", "rsa-sha2-512", 2],
    ["rekey-certificate.json", "ssh-ed25519-cert-v01@openssh.com", 2],
  ])("in %s the host key is of %s", (name, hostKey, exchanges) => {
    const chosen = replayOf(name)
      .run()
      .traces.filter((trace) => trace.startsWith("chosen: "));
    expect(chosen).toHaveLength(exchanges);
    for (const each of chosen) expect(each).toMatch(new RegExp(`^chosen: curve25519-sha256, ${hostKey}, `));
  });

  test.each([
    ["ctr-256-mac-256.json", "aes256-ctr", "hmac-sha2-256"],
    ["ctr-192-mac-512.json", "aes192-ctr", "hmac-sha2-512"],
    ["ctr-128-etm-256.json", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"],
    ["ctr-256-etm-512.json", "aes256-ctr", "hmac-sha2-512-etm@openssh.com"],
  ])("%s is under %s with %s", (name, cipher, mac) => {
    const chosen = `chosen: curve25519-sha256, ssh-ed25519, ${cipher}, ${cipher}, ${mac}, ${mac}, strict kex`;
    expect(replayOf(name).run().traces).toContain(chosen);
  });

  test.each(recordedKexMethods)("rekey-%s.json has two exchanges by that method", (method) => {
    const { traces } = replayOf(`rekey-${method}.json`).run();
    const chosen = traces.filter((trace) => trace.startsWith("chosen: "));
    expect(chosen).toHaveLength(2);
    for (const each of chosen) expect(each).toMatch(new RegExp(`^chosen: ${method}, ssh-ed25519, `));
  });

  test("in rekey-ours.json data comes between our KEXINIT and the server's, and goes right before ours", () => {
    const log = messagesOf("rekey-ours.json");
    const ours = log.lastIndexOf("sent KEXINIT");
    const theirs = log.lastIndexOf("received KEXINIT");
    expect(log[ours - 1]).toBe("sent CHANNEL_DATA");
    expect(log.slice(ours + 1, theirs)).toContain("received CHANNEL_DATA");
  });

  test("in rekey-theirs.json the server's KEXINIT comes first, several times, with data both ways in between", () => {
    const log = messagesOf("rekey-theirs.json");
    const theirs = log.flatMap((message, at) => (message === "received KEXINIT" ? [at] : [])).slice(1);
    expect(theirs.length).toBeGreaterThan(2);
    for (const at of theirs) expect(log[at + 1]).toBe("sent KEXINIT");
    const between = log.slice(theirs[0], theirs.at(-1));
    expect(between).toEqual(expect.arrayContaining(["received CHANNEL_DATA", "sent CHANNEL_DATA"]));
  });

  test("in keepalive-theirs.json we answer on the channel, in keepalive-ours.json the server answers twice", () => {
    expect(messagesOf("keepalive-theirs.json")).toContain("sent CHANNEL_FAILURE");
    const answers = messagesOf("keepalive-ours.json").filter((message) => message === "received REQUEST_FAILURE");
    expect(answers).toHaveLength(2);
  });

  test("in banner.json no character of the server's could steer a terminal", () => {
    const banner = replayOf("banner.json").events.find(({ type }) => type === "banner");
    expect(banner?.["lines"]).toEqual([
      "Only for those who were asked in.",
      "\\x1b[2J\\x1b]0;owned\\x07cleared?",
      "right-to-left \\u{202e} and a line separator\\u{2028}here",
    ]);
  });

  test("in partial-success.json two keys sign, and in too-many-failures.json the server says why it leaves", () => {
    const signs = replayOf("partial-success.json").events.filter(({ type }) => type === "sign");
    expect(signs.map(({ key }) => key)).toEqual([0, 1]);
    const end = replayOf("too-many-failures.json").events.at(-1) as { error: object };
    expect(end.error).toMatchObject({ class: "DisconnectError", message: expect.stringContaining("(reason 2)") });
  });
});

function lengthOfTag(mac: string | undefined): number {
  if (mac === undefined) return 16;
  return mac.includes("512") ? 64 : 32;
}

/** Names of messages as they came and went. */
function messagesOf(name: string): readonly string[] {
  const traces = replayOf(name).run().traces;
  return traces.flatMap((trace) => /^((?:sent|received) )SSH_MSG_(\w+),/.exec(trace)?.slice(1).join("") ?? []);
}

function nameOf(event: RecordedEvent): unknown {
  return event["type"] === "channel" ? (event["news"] as { readonly news: string }).news : event["type"];
}

/** Nothing is told but what was recorded, and then one end. Returns how much was told and the end's error class. */
function expectPrefix(
  replay: Replay,
  { events }: Replayed,
): { readonly told: number; readonly error: string | undefined } {
  const told = events.slice(0, -1);
  expect(told).toEqual(replay.events.slice(0, told.length));
  const end = events.at(-1);
  expect(end?.["type"]).toBe("ended");
  return { told: told.length, error: (end?.["error"] as { readonly class: string } | null)?.class };
}

function flipped(server: Uint8Array, at: number, bit: number): Uint8Array {
  const bytes = server.slice();
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
  return bytes;
}

/** Where the padding of a packet in the clear starts; a version line has none. */
function paddingOf({ name, start, end }: Packet, server: Uint8Array): number {
  return name === "version" ? end : end - (server[start + 4] as number);
}

/** Pieces from 1 byte up, most of them small. */
function randomCuts(seed: string): Cut {
  const random = seededIntegers(seed);
  return () => 1 + random(1 << random(13));
}
