/**
 * Kex: the pure part of a key exchange. Choosing algorithms (RFC 4253 §7.1), the exchange hash H (§8, RFC 8731 §3.1),
 * deriving keys (§7.2). Sends and keeps nothing.
 */
import type {
  AlgorithmTable,
  KexMethod,
  Keys,
  Negotiated,
  PacketCipher,
  RandomBytes,
} from "./algorithms/interfaces.ts";
import { NegotiationError } from "./errors.ts";
import type { KEXINIT } from "./messages.ts";
import { printable } from "./printable.ts";
import { concat, encodeString, type Message, utf8 } from "./wire.ts";

export type KexInit = Message<typeof KEXINIT>;

const strictKexServer = "kex-strict-s-v00@openssh.com";

type ListName = { [K in keyof KexInit]: KexInit[K] extends readonly string[] ? K : never }[keyof KexInit];

/** What the lists of both sides come to. */
export type Choice = Omit<Negotiated, "strictKex">;

/** Our KEXINIT: the table's rows in order; the markers stand in the first one only. RFC 4253 §7.1, RFC 8308 §2.1. */
export function clientKexInit(table: AlgorithmTable, randomBytes: RandomBytes, turn: "first" | "again"): KexInit {
  const cipher = Object.keys(table.cipher);
  const mac = Object.keys(table.mac);
  const compression = Object.keys(table.compression);
  return {
    cookie: randomBytes(16),
    kexAlgorithms: [...Object.keys(table.kex), ...(turn === "first" ? table.markers : [])],
    serverHostKeyAlgorithms: Object.keys(table.hostKey),
    encryptionAlgorithmsClientToServer: cipher,
    encryptionAlgorithmsServerToClient: cipher,
    macAlgorithmsClientToServer: mac,
    macAlgorithmsServerToClient: mac,
    compressionAlgorithmsClientToServer: compression,
    compressionAlgorithmsServerToClient: compression,
    languagesClientToServer: [],
    languagesServerToClient: [],
    firstKexPacketFollows: false,
    reserved: 0,
  };
}

/** Whether the server takes part in strict kex. OpenSSH PROTOCOL 1.10: looked for in its first KEXINIT only. */
export function isStrict(server: KexInit): boolean {
  return server.kexAlgorithms.includes(strictKexServer);
}

/**
 * Chooses the first of ours that the server has too, list by list. No MAC is negotiated beside an AEAD, which brings its
 * own (RFC 5647 §5.1, OpenSSH PROTOCOL.chacha20poly1305).
 * @throws NegotiationError where a list has nothing in common. RFC 4253 §7.1.
 */
export function chooseAlgorithms(client: KexInit, server: KexInit, table: AlgorithmTable): Choice {
  const pick = (what: string, list: ListName): string => choose(what, withoutMarkers(client[list]), server[list]);
  pick("compression method", "compressionAlgorithmsClientToServer");
  pick("compression method", "compressionAlgorithmsServerToClient");
  const kex = pick("key exchange method", "kexAlgorithms");
  const hostKey = pick("host key algorithm", "serverHostKeyAlgorithms");
  const cipherClientToServer = pick("cipher", "encryptionAlgorithmsClientToServer");
  const cipherServerToClient = pick("cipher", "encryptionAlgorithmsServerToClient");
  const isBare = (cipher: string): boolean => "withMac" in row(table.cipher, cipher);
  return {
    ...{ kex, hostKey, cipherClientToServer, cipherServerToClient },
    ...(isBare(cipherClientToServer) && { macClientToServer: pick("MAC", "macAlgorithmsClientToServer") }),
    ...(isBare(cipherServerToClient) && { macServerToClient: pick("MAC", "macAlgorithmsServerToClient") }),
  };
}

/**
 * CVE-2023-48795: without strict kex, chacha20-poly1305 lets an attacker cut messages off the start of the session.
 * @throws NegotiationError, whose `theirs` are the server's ciphers for both ways, so that a caller can see whether
 * another connection has a way.
 */
export function refuseTerrapin(choice: Choice, server: KexInit): void {
  const cipher = "chacha20-poly1305@openssh.com";
  if (choice.cipherClientToServer !== cipher && choice.cipherServerToClient !== cipher) return;
  const message =
    `the server takes ${cipher} but not part in strict kex, which leaves it open to the Terrapin attack ` +
    "(CVE-2023-48795): update the server, connect without offering this cipher, or allow it for this server";
  const { encryptionAlgorithmsClientToServer: toServer, encryptionAlgorithmsServerToClient: toClient } = server;
  const bothWays = toServer.filter((name) => toClient.includes(name));
  throw new NegotiationError(message, "strict kex", [cipher], bothWays);
}

/** A direction's cipher, with its MAC where it is no AEAD. RFC 4253 §6.3, §6.4. */
export function packetCipher(table: AlgorithmTable, cipher: string, mac: string | undefined): PacketCipher {
  const chosen = row(table.cipher, cipher);
  return "withMac" in chosen ? chosen.withMac(row(table.mac, mac ?? "")) : chosen;
}

/** A row that was chosen from our own list is there. */
export function row<T>(rows: Readonly<Record<string, T>>, name: string): T {
  const found = rows[name];
  if (found === undefined) throw new TypeError(`no algorithm ${name}`);
  return found;
}

/** Whether a first kex packet that the server sent on a guess is the right one. RFC 4253 §7. */
export function isGuessRight(client: KexInit, server: KexInit): boolean {
  return (
    client.kexAlgorithms[0] === server.kexAlgorithms[0] &&
    client.serverHostKeyAlgorithms[0] === server.serverHostKeyAlgorithms[0]
  );
}

/** A flag is never chosen, even if the server names it too. RFC 8308 §2.2. */
function withoutMarkers(names: readonly string[]): readonly string[] {
  return names.filter((name) => !/^(ext-info|kex-strict)-[cs]/.test(name));
}

function choose(list: string, ours: readonly string[], theirs: readonly string[]): string {
  const chosen = ours.find((name) => theirs.includes(name));
  if (chosen !== undefined) return chosen;
  throw new NegotiationError(
    `no ${list} in common: we have ${ours.join(", ")}; the server has ${printable(theirs.join(", ")) || "none"}`,
    list,
    ours,
    theirs.map((name) => printable(name)),
  );
}

/** What the exchange hash covers, in the order of RFC 8731 §3.1 (RFC 5656 §4). `K` is already encoded. */
export interface ExchangeHashInput {
  /** V_C and V_S: identification strings without CR LF. */
  readonly clientVersion: Uint8Array;
  readonly serverVersion: Uint8Array;
  /** I_C and I_S: whole KEXINIT payloads. */
  readonly clientKexInit: Uint8Array;
  readonly serverKexInit: Uint8Array;
  /** K_S */
  readonly hostKeyBlob: Uint8Array;
  /** Q_C and Q_S */
  readonly clientShare: Uint8Array;
  readonly serverShare: Uint8Array;
  readonly K: Uint8Array;
}

/** The exchange hash H. RFC 4253 §8, RFC 8731 §3.1. */
export function exchangeHash(method: KexMethod, input: ExchangeHashInput): Uint8Array {
  const strings = [
    input.clientVersion,
    input.serverVersion,
    input.clientKexInit,
    input.serverKexInit,
    input.hostKeyBlob,
    input.clientShare,
    input.serverShare,
  ];
  return method.hash(concat(...strings.map(encodeString), input.K));
}

/** What a direction uses from its NEWKEYS on. Of the keys none but the cipher keeps a copy. RFC 4253 §7.2. */
export function directionKeys(
  table: AlgorithmTable,
  choice: Choice,
  direction: "clientToServer" | "serverToClient",
  { K, H, sessionId }: { readonly K: Uint8Array; readonly H: Uint8Array; readonly sessionId: Uint8Array },
): Keys {
  const cipher =
    direction === "clientToServer"
      ? packetCipher(table, choice.cipherClientToServer, choice.macClientToServer)
      : packetCipher(table, choice.cipherServerToClient, choice.macServerToClient);
  const { key, iv, macKey } = deriveKeys(row(table.kex, choice.kex), K, H, sessionId, direction, cipher);
  const keyed = cipher.create(key, iv, macKey);
  for (const secret of [key, iv, macKey]) secret.fill(0);
  return { row: cipher, keyed };
}

/** Keys and IV of one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly macKey: Uint8Array;
}

/**
 * Derives the keys and IV of one direction from K (already encoded), H and the session id, as long as `cipher` wants
 * them. The letters are those of RFC 4253 §7.2: A, C and E for client to server, B, D and F for server to client.
 */
export function deriveKeys(
  method: KexMethod,
  K: Uint8Array,
  H: Uint8Array,
  sessionId: Uint8Array,
  direction: "clientToServer" | "serverToClient",
  cipher: PacketCipher,
): DirectionKeys {
  const letters = { clientToServer: ["A", "C", "E"], serverToClient: ["B", "D", "F"] } as const;
  const [ivLetter, keyLetter, macLetter] = letters[direction];
  const derive = (letter: string, length: number): Uint8Array => {
    let bytes = method.hash(concat(K, H, utf8(letter), sessionId)); // K1 = HASH(K || H || X || session_id)
    while (bytes.length < length) bytes = concat(bytes, method.hash(concat(K, H, bytes))); // K2 = HASH(K || H || K1)...
    return bytes.subarray(0, length);
  };
  return {
    iv: derive(ivLetter, cipher.ivLength),
    key: derive(keyLetter, cipher.keyLength),
    macKey: derive(macLetter, cipher.macKeyLength),
  };
}

/** Its lists that are not empty, for a log. */
export function describeKexInit(message: KexInit): string {
  const lists = Object.entries(message).filter(([, value]) => Array.isArray(value) && value.length > 0);
  return printable(lists.map(([name, value]) => `${name}=${value}`).join(" "), 4096);
}
