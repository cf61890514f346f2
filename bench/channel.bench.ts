/**
 * One channel in memory: our client without a socket, 32 KiB of data a packet, upload and download, beside its cipher
 * alone on as many bytes. The server's half is the tests' scripted peer; only the client's own time counts: what the
 * peer sends was sealed before, and the same seed lets each round receive the same bytes.
 */
import type { PacketCipher } from "../src/ssh/algorithms/interfaces.ts";
import * as m from "../src/ssh/messages.ts";
import { encode } from "../src/ssh/wire.ts";
import { PeerKey, seededBytes } from "../test/support/peer-crypto.ts";
import { ScriptedPeer } from "../test/support/scripted-peer.ts";
import { built } from "./built.ts";
import { cpuTime, fullOrQuick, median, print, significant, takeTurns } from "./measure.ts";
import type { ChannelResults } from "./results.ts";

const { table } = await built("ssh/table");
const { SshClient } = await built("ssh/client");
const system = (await built("ssh/random-bytes")).systemRandomBytes();
type SshClient = InstanceType<typeof SshClient>;

const chunk = new Uint8Array(32 * 1024).fill(0x61);
const socketRead = 64 * 1024; // what a socket gives at most in one read
const bytes = fullOrQuick(8, 1) * 1024 * 1024;
const rounds = fullOrQuick(7, 1);
const ciphers = ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com"] as const;
type Cipher = (typeof ciphers)[number];

interface Candidate {
  readonly cipher: Cipher;
  readonly work: "upload" | "download" | "seal" | "open";
}

const session = {
  channelType: "session",
  typeFields: new Uint8Array(0),
  requests: [{ requestType: "shell", requestFields: new Uint8Array(0), label: "shell" }],
};

const downloads = new Map(ciphers.map((cipher) => [cipher, sealDownload(cipher)]));
const candidates: Candidate[] = ciphers.flatMap((cipher) =>
  (["upload", "seal", "download", "open"] as const).map((work) => ({ cipher, work })),
);
for (const candidate of candidates) measure(candidate);
const samples = await takeTurns(rounds, candidates, measure);
print(resultsOf());

function resultsOf(): ChannelResults {
  const of = (cipher: Cipher, work: Candidate["work"]): number => {
    const found = candidates.find((it) => it.cipher === cipher && it.work === work);
    return significant(bytes / 1000 / median((found && samples.get(found)) ?? []));
  };
  const rows = ciphers.flatMap((cipher) => [
    {
      cipher,
      direction: "upload" as const,
      megabytesPerSecond: of(cipher, "upload"),
      cipherMegabytesPerSecond: of(cipher, "seal"),
    },
    {
      cipher,
      direction: "download" as const,
      megabytesPerSecond: of(cipher, "download"),
      cipherMegabytesPerSecond: of(cipher, "open"),
    },
  ]);
  return { rounds, bytes, rows };
}

/** Milliseconds of the client, or of its cipher, for `bytes` bytes of data. */
function measure({ cipher, work }: Candidate): number {
  if (work === "seal" || work === "open") return measureCipher(cipher, work);
  const { client, id } = openChannel(cipher);
  return work === "upload" ? cpuTime(() => upload(client, id)) : cpuTime(() => download(client, id, cipher));
}

function upload(client: SshClient, id: number): void {
  for (let sent = 0; sent < bytes; ) {
    const taken = client.write(id, chunk);
    sent += taken;
    if (taken < chunk.length && client.takeOutput().length === 0) throw new Error("the upload stands still");
  }
}

function download(client: SshClient, id: number, cipher: Cipher): void {
  const sealed = downloads.get(cipher) as Uint8Array;
  let received = 0;
  for (let at = 0; at < sealed.length; at += socketRead) {
    client.receive(sealed.subarray(at, at + socketRead));
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) {
      if (event.type !== "channel" || event.news.news !== "data") throw new Error(`${event.type} came`);
      received += event.news.data.length;
      client.consumed(id, event.news.data.length);
    }
    client.takeOutput();
  }
  if (received !== bytes) throw new Error(`${received} bytes came`);
}

function measureCipher(cipher: Cipher, work: "seal" | "open"): number {
  const row = table.cipher[cipher] as PacketCipher | undefined;
  if (row === undefined) throw new Error(`no cipher ${cipher}`);
  const keys = [seededBytes("key")(row.keyLength), seededBytes("iv")(row.ivLength)] as const;
  const packet = new Uint8Array(4 + 1 + 9 + chunk.length + 14 + row.tagLength);
  const sealed = packet.slice();
  row.create(...keys).seal(sealed, 0);
  const count = bytes / chunk.length;
  const sealing = row.create(...keys);
  if (work === "seal") return cpuTime(() => repeat(count, () => sealing.seal(packet, 0)));
  return cpuTime(() =>
    repeat(count, () => {
      packet.set(sealed);
      if (!row.create(...keys).open(packet, 0)) throw new Error("the tag is wrong");
    }),
  );
}

function repeat(count: number, work: () => void): void {
  for (let i = 0; i < count; i++) work();
}

interface Opened {
  readonly client: SshClient;
  readonly peer: ScriptedPeer;
  readonly id: number;
}

/** A client that has come to an open channel; seeded until then, so that the keys are the same every time. */
function openChannel(cipher: Cipher): Opened {
  const seeded = seededBytes("bench/channel");
  let isSeeded = true;
  const user = new PeerKey("the user");
  const client = new SshClient({
    user: "bench",
    keys: [user],
    randomBytes: (length) => (isSeeded ? seeded : system)(length),
    table: { ...table, cipher: Object.fromEntries(Object.entries(table.cipher).filter(([name]) => name === cipher)) },
  });
  const peer = new ScriptedPeer({ cipher, window: 0xffffffff });
  peer.greet();
  let id: number | undefined;
  for (let isReady = false; !isReady; ) {
    peer.receive(client.takeOutput());
    client.receive(peer.takeOutput());
    for (let event = client.nextEvent(); event !== undefined; event = client.nextEvent()) {
      if (event.type === "host-key") client.acceptHostKey();
      else if (event.type === "sign") client.provideSignature(user.sign(event.data));
      else if (event.type === "authenticated") id = client.openChannel(session);
      else if (event.type === "channel" && event.news.news === "ready") isReady = true;
      else throw new Error(`${event.type} came`);
    }
  }
  isSeeded = false;
  return { client, peer, id: id as number };
}

/** What the server sends in a download, sealed. */
function sealDownload(cipher: Cipher): Uint8Array {
  const { peer, id } = openChannel(cipher);
  const payload = encode(m.CHANNEL_DATA, { recipientChannel: id, data: chunk });
  const packets = Array.from({ length: bytes / chunk.length }, () => {
    peer.send(payload);
    return peer.takeOutput();
  });
  return new Uint8Array(Buffer.concat(packets));
}
