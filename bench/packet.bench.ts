/**
 * Sealing and opening one packet: our packets (framing, padding, sequence numbers, cipher), our cipher's row alone, the
 * same primitives of noble called by hand on the same bytes, and ssh2's ciphers. One process, in turns.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import type { KeyedCipher, PacketCipher } from "../src/ssh/algorithms/interfaces.ts";
import { built } from "./built.ts";
import { cpuTime, fullOrQuick, median, print, significant, takeTurns } from "./measure.ts";
import type { PacketResults } from "./results.ts";
import type { Ssh2Crypto, Ssh2Decipher } from "./ssh2-crypto.ts";
import { ssh2Package } from "./ssh2-package.ts";

const { platformTable: table } = await built("node/platform"); // the kernel, and AES-GCM by node:crypto: as the command has them
const { PacketReader, PacketWriter } = await built("ssh/packet");
const randomBytes = (await built("ssh/random-bytes")).systemRandomBytes(); // as in connect.ts
const ssh2: Ssh2Crypto = createRequire(import.meta.url)(join(ssh2Package().folder, "lib/protocol/crypto.js"));
await ssh2.init;

const ciphers = { "chacha20-poly1305@openssh.com": "chacha20", "aes256-gcm@openssh.com": "aes-256-gcm" } as const;
type CipherName = keyof typeof ciphers;
const sizes = [64, 1024, 32 * 1024];
const rounds = fullOrQuick(21, 2);
const sampleMilliseconds = fullOrQuick(12, 1);

/** What one implementation does with packets of one size; `run` processes that many. */
interface Candidate {
  readonly cipher: CipherName;
  readonly operation: "seal" | "open";
  readonly size: number;
  readonly implementation: "noble" | "row" | "packet" | "ssh2";
  readonly run: (count: number) => void;
  count: number;
}

const candidates = sizes.flatMap((size) => [
  ...candidatesOf("chacha20-poly1305@openssh.com", size),
  ...candidatesOf("aes256-gcm@openssh.com", size),
]);
for (const candidate of candidates) calibrate(candidate);
const samples = await takeTurns(rounds, candidates, (it) => (cpuTime(() => it.run(it.count)) * 1000) / it.count);
print(resultsOf());

function resultsOf(): PacketResults {
  const of = (cipher: CipherName, operation: string, size: number, implementation: string): number => {
    const found = candidates.find(
      (it) =>
        it.cipher === cipher && it.operation === operation && it.size === size && it.implementation === implementation,
    );
    return significant(median((found && samples.get(found)) ?? []));
  };
  const rows = (Object.keys(ciphers) as CipherName[]).flatMap((cipher) =>
    (["seal", "open"] as const).flatMap((operation) =>
      sizes.map((size) => ({
        cipher,
        operation,
        payloadBytes: size,
        microseconds: {
          noble: of(cipher, operation, size, "noble"),
          cipher: of(cipher, operation, size, "row"),
          packet: of(cipher, operation, size, "packet"),
          ssh2: of(cipher, operation, size, "ssh2"),
        },
      })),
    ),
  );
  return { rounds, ssh2HasNativeAddon: ssh2.bindingAvailable, rows };
}

/** So many packets that a sample takes its milliseconds; warms the code up on the way. */
function calibrate(candidate: Candidate): void {
  for (candidate.count = 1; ; candidate.count *= 2) {
    if (cpuTime(() => candidate.run(candidate.count)) >= sampleMilliseconds) return;
  }
}

function candidatesOf(name: CipherName, size: number): Candidate[] {
  const row = table.cipher[name] as PacketCipher | undefined;
  if (row === undefined) throw new Error(`no cipher ${name}`);
  const keys = { key: randomBytes(row.keyLength), iv: randomBytes(row.ivLength) };
  const payload = randomBytes(size);
  const pool = sealPool(row, keys, payload, Math.min(256, Math.ceil((1024 * 1024) / size)));
  const noble = name === "aes256-gcm@openssh.com" ? nobleGcm(keys) : nobleChaCha(keys);
  check(row, keys, noble, pool[0] as Uint8Array);
  const shape = { cipher: name, size, count: 1 };
  return [
    { ...shape, operation: "seal", implementation: "noble", run: sealInPlace(pool, () => noble.seal) },
    { ...shape, operation: "seal", implementation: "row", run: sealInPlace(pool, () => sealOf(row, keys)) },
    { ...shape, operation: "seal", implementation: "packet", run: sealPackets(row, keys, payload) },
    { ...shape, operation: "seal", implementation: "ssh2", run: sealBySsh2(name, keys, payload) },
    { ...shape, operation: "open", implementation: "noble", run: openAll(pool, () => noble.open()) },
    { ...shape, operation: "open", implementation: "row", run: openAll(pool, () => openOf(row, keys)) },
    { ...shape, operation: "open", implementation: "packet", run: openAll(pool, openPackets(row, keys)) },
    { ...shape, operation: "open", implementation: "ssh2", run: openBySsh2(name, keys, pool) },
  ];
}

interface KeyMaterial {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** Processes a whole sealed packet in place. */
type InPlace = (packet: Uint8Array, sequenceNumber: number) => void;

// Ours

/** Packets with the sequence numbers 0, 1, 2... as they stand on the wire. */
function sealPool(row: PacketCipher, keys: KeyMaterial, payload: Uint8Array, count: number): Uint8Array[] {
  const writer = new PacketWriter({ row, keyed: row.create(keys.key, keys.iv) }, randomBytes);
  return Array.from({ length: count }, () => {
    writer.write(payload);
    return writer.take().slice();
  });
}

function sealOf(row: PacketCipher, keys: KeyMaterial): InPlace {
  const keyed: KeyedCipher = row.create(keys.key, keys.iv);
  return (packet, sequenceNumber) => keyed.seal(packet, sequenceNumber);
}

function openOf(row: PacketCipher, keys: KeyMaterial): InPlace {
  const keyed: KeyedCipher = row.create(keys.key, keys.iv);
  return (packet, sequenceNumber) => {
    keyed.length(packet, sequenceNumber);
    if (!keyed.open(packet, sequenceNumber)) throw new Error("the tag is wrong");
  };
}

function sealPackets(row: PacketCipher, keys: KeyMaterial, payload: Uint8Array): (count: number) => void {
  const writer = new PacketWriter({ row, keyed: row.create(keys.key, keys.iv) }, randomBytes);
  return (count) => {
    for (let i = 0; i < count; i++) {
      writer.write(payload);
      writer.take();
    }
  };
}

function openPackets(row: PacketCipher, keys: KeyMaterial): () => InPlace {
  return () => {
    const reader = new PacketReader({ row, keyed: row.create(keys.key, keys.iv) });
    return (packet) => {
      reader.receive(packet);
      const opened = reader.next();
      if (opened === undefined || opened.payload.length >= packet.length) throw new Error("no packet");
    };
  };
}

function sealInPlace(pool: readonly Uint8Array[], start: () => InPlace): (count: number) => void {
  const seal = start();
  const packet = firstOf(pool);
  return (count) => {
    for (let i = 0; i < count; i++) seal(packet, i);
  };
}

/**
 * Opens the packets of the pool again and again, each turn with a cipher that begins anew. Each is copied to `packet` first,
 * also for those that do not open in place: it would be nothing to decrypt a second time.
 */
function openAll(pool: readonly Uint8Array[], start: () => InPlace, packet = firstOf(pool)): (count: number) => void {
  return (count) => {
    for (let done = 0; done < count; done += pool.length) {
      const open = start();
      const batch = Math.min(pool.length, count - done);
      for (let i = 0; i < batch; i++) {
        packet.set(pool[i] as Uint8Array);
        open(packet, i);
      }
    }
  };
}

/** A copy. */
function firstOf(pool: readonly Uint8Array[]): Uint8Array {
  return (pool[0] as Uint8Array).slice();
}

// noble by hand: what any implementation on it has to call

interface Noble {
  readonly seal: InPlace;
  readonly open: () => InPlace;
}

function nobleChaCha({ key }: KeyMaterial): Noble {
  const mainKey = key.slice(0, 32);
  const headerKey = key.slice(32);
  const nonce = new Uint8Array(12);
  const nonceView = new DataView(nonce.buffer);
  const zeros = new Uint8Array(32);
  const tagOf = (packet: Uint8Array, end: number): Uint8Array =>
    poly1305(packet.subarray(0, end), chacha20(mainKey, nonce, zeros, undefined, 0));
  const crypt = (packet: Uint8Array, end: number): void => {
    chacha20(headerKey, nonce, packet.subarray(0, 4), packet.subarray(0, 4), 0);
    chacha20(mainKey, nonce, packet.subarray(4, end), packet.subarray(4, end), 1);
  };
  const open: InPlace = (packet, sequenceNumber) => {
    const end = packet.length - 16;
    nonceView.setUint32(8, sequenceNumber);
    chacha20(headerKey, nonce, packet.subarray(0, 4));
    if (!equalBytes(tagOf(packet, end), packet.subarray(end))) throw new Error("the tag is wrong");
    crypt(packet, end);
  };
  return {
    seal: (packet, sequenceNumber) => {
      const end = packet.length - 16;
      nonceView.setUint32(8, sequenceNumber);
      crypt(packet, end);
      packet.set(tagOf(packet, end), end);
    },
    open: () => open,
  };
}

function nobleGcm({ key, iv }: KeyMaterial): Noble {
  const ivOf = (sequenceNumber: number): Uint8Array => {
    const own = iv.slice();
    const view = new DataView(own.buffer);
    view.setBigUint64(4, view.getBigUint64(4) + BigInt(sequenceNumber));
    return own;
  };
  return {
    seal: (packet, sequenceNumber) => {
      const cipher = gcm(key, ivOf(sequenceNumber), packet.subarray(0, 4));
      packet.set(cipher.encrypt(packet.subarray(4, packet.length - 16)), 4);
    },
    open: () => (packet, sequenceNumber) => {
      const cipher = gcm(key, ivOf(sequenceNumber), packet.subarray(0, 4));
      packet.set(cipher.decrypt(packet.subarray(4)), 4);
    },
  };
}

// ssh2

function sealBySsh2(name: CipherName, keys: KeyMaterial, payload: Uint8Array): (count: number) => void {
  const cipherInfo = ssh2.CIPHER_INFO[name];
  const outbound = { seqno: 0, onWrite: () => undefined, cipherInfo, ...buffers("cipher", keys) };
  const cipher = ssh2.createCipher({ outbound });
  return (count) => {
    for (let i = 0; i < count; i++) {
      const packet = cipher.allocPacket(payload.length);
      packet.set(payload, 5);
      cipher.encrypt(packet);
    }
  };
}

function openBySsh2(name: CipherName, keys: KeyMaterial, pool: readonly Uint8Array[]): (count: number) => void {
  const packet = Buffer.from(firstOf(pool));
  const start = (): InPlace => {
    let opened = -1;
    const decipher = decipherOf(name, keys, () => {
      opened += 1;
    });
    return (_, sequenceNumber) => {
      decipher.decrypt(packet, 0, packet.length);
      if (opened !== sequenceNumber) throw new Error("ssh2 opened no packet");
    };
  };
  return openAll(pool, start, packet);
}

function decipherOf(name: CipherName, keys: KeyMaterial, onPayload: (payload: Buffer) => void): Ssh2Decipher {
  const decipherInfo = ssh2.CIPHER_INFO[name];
  return ssh2.createDecipher({ inbound: { seqno: 0, onPayload, decipherInfo, ...buffers("decipher", keys) } });
}

function buffers(prefix: "cipher" | "decipher", { key, iv }: KeyMaterial): Record<string, Buffer> {
  return { [`${prefix}Key`]: Buffer.from(key), [`${prefix}IV`]: Buffer.from(iv) };
}

/** The hand-made calls do the row's work, and no less: the same bytes come out both ways. */
function check(row: PacketCipher, keys: KeyMaterial, noble: Noble, sealed: Uint8Array): void {
  const packet = sealed.slice();
  openOf(row, keys)(packet, 0);
  noble.seal(packet, 0);
  if (!equalBytes(packet, sealed)) throw new Error("noble by hand seals other bytes than the row");
  noble.open()(packet, 0);
}
