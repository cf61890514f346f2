/**
 * Packet: the binary packet protocol of RFC 4253 §6. Framing, padding, sequence numbers and the cipher of each
 * direction; knows no message. The cipher `none` takes the same path as any other.
 */
import type { Keys, RandomBytes } from "./algorithms/interfaces.ts";
import { DISCONNECT_REASON, ProtocolError } from "./errors.ts";

/**
 * The largest packet_length that we read. RFC 4253 §6.1 asks for 35,000 bytes in all and allows more; OpenSSH's limit
 * is taken over, so that nothing which OpenSSH's client reads is refused here.
 */
export const MAXIMUM_PACKET_LENGTH: number = 256 * 1024;

const minimumPadding = 4; // RFC 4253 §6: there MUST be at least four bytes of padding
const minimumPacketLength = 1 + 1 + minimumPadding; // padding_length, a message number, padding

const noData: Uint8Array = new Uint8Array(0);

/** A packet's payload. Borrowed: valid until the next `receive` or `next`. */
export interface InboundPacket {
  readonly payload: Uint8Array;
  readonly sequenceNumber: number;
}

/** What both directions have: keys, and counts of what was opened or sealed. */
class Direction {
  protected keys: Keys;
  protected nextNumber: number;
  protected bytes = 0;
  protected packets = 0;

  /** `sequenceNumber`: of the first packet; 0 but for tests of the wrap. RFC 4253 §6.4. */
  constructor(keys: Keys, sequenceNumber = 0) {
    this.keys = keys;
    this.nextNumber = sequenceNumber;
  }

  /** Sequence number of the next packet. RFC 4253 §6.4. */
  get sequenceNumber(): number {
    return this.nextNumber;
  }

  /** Bytes opened or sealed with the present keys. */
  get bytesSinceKeys(): number {
    return this.bytes;
  }

  /** Packets likewise. */
  get packetsSinceKeys(): number {
    return this.packets;
  }

  /** Takes new keys into use, from the next packet on; strict kex counts from 0 again. RFC 4253 §7.3. */
  changeKeys(keys: Keys, resetSequenceNumber: boolean): void {
    this.keys.keyed.wipe();
    this.keys = keys;
    this.bytes = 0;
    this.packets = 0;
    if (resetSequenceNumber) this.nextNumber = 0;
  }
}

/** Bytes from the peer -> payloads. */
export class PacketReader extends Direction {
  #buffer: Uint8Array = new Uint8Array(4096);
  #start = 0;
  #end = 0;
  #packetLength: number | undefined;

  /** Takes a copy of `bytes`. */
  receive(bytes: Uint8Array): void {
    if (this.#start === this.#end) this.#start = this.#end = 0; // packets stand at multiples of 4, which ciphers like
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Bytes up to and without the next LF, as the version exchange reads them; undefined while there is none. Borrowed. */
  nextLine(): Uint8Array | undefined {
    const at = this.#buffer.subarray(this.#start, this.#end).indexOf(0x0a);
    if (at < 0) return undefined;
    const line = this.#buffer.subarray(this.#start, this.#start + at);
    this.#start += at + 1;
    return line;
  }

  /** Bytes received and not yet read. */
  get unread(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /**
   * Opens the next packet; undefined until it is whole.
   * @throws ProtocolError on a wrong length, padding or tag. RFC 4253 §6.
   */
  next(): InboundPacket | undefined {
    const { row, keyed } = this.keys;
    const available = this.#end - this.#start;
    if (available < 4) return undefined;
    this.#packetLength ??= this.#readLength();
    const size = 4 + this.#packetLength + row.tagLength;
    if (available < size) return undefined;
    const packet = this.#buffer.subarray(this.#start, this.#start + size);
    if (!keyed.open(packet, this.nextNumber)) {
      throw new ProtocolError("the packet's authentication tag is wrong", "RFC 4253 §6.4", DISCONNECT_REASON.MAC_ERROR);
    }
    const payload = payloadOf(packet, this.#packetLength);
    const sequenceNumber = this.nextNumber;
    this.#start += size;
    this.#packetLength = undefined;
    this.nextNumber = (sequenceNumber + 1) >>> 0; // RFC 4253 §6.4: wraps around to zero after 2^32
    this.bytes += size;
    this.packets += 1;
    return { payload, sequenceNumber };
  }

  #readLength(): number {
    const { row, keyed } = this.keys;
    const packetLength = keyed.length(this.#buffer.subarray(this.#start, this.#end), this.nextNumber);
    if (packetLength > MAXIMUM_PACKET_LENGTH) {
      throw new ProtocolError(
        `packet_length ${packetLength}, at most ${MAXIMUM_PACKET_LENGTH} is read`,
        "RFC 4253 §6.1",
      );
    }
    const padded = row.isLengthPadded ? packetLength + 4 : packetLength;
    if (packetLength < minimumPacketLength) {
      throw new ProtocolError(
        `packet_length ${packetLength}, at least ${minimumPacketLength} is needed`,
        "RFC 4253 §6",
      );
    }
    if (padded % row.blockLength !== 0) {
      throw new ProtocolError(`packet_length ${packetLength} is not a multiple of ${row.blockLength}`, "RFC 4253 §6");
    }
    return packetLength;
  }

  #makeRoom(length: number): void {
    if (this.#end + length <= this.#buffer.length) return;
    const unread = this.unread;
    const wanted = unread.length + length;
    const target = wanted > this.#buffer.length ? new Uint8Array(2 * wanted) : this.#buffer;
    target.set(unread, 0);
    this.#buffer = target;
    this.#start = 0;
    this.#end = unread.length;
  }
}

/** Payloads -> bytes for the peer. */
export class PacketWriter extends Direction {
  readonly #randomBytes: RandomBytes;
  #output: Uint8Array = noData;
  /** What the last `lend` gave, or will be given next. */
  #lent: Uint8Array = noData;
  #length = 0;

  constructor(keys: Keys, randomBytes: RandomBytes, sequenceNumber?: number) {
    super(keys, sequenceNumber);
    this.#randomBytes = randomBytes;
  }

  /** Bytes that wait for `take`. */
  get pending(): number {
    return this.#length;
  }

  /** Appends bytes that are no packet: the version line. */
  writeRaw(bytes: Uint8Array): void {
    this.#allocate(bytes.length).set(bytes);
  }

  /** Seals a payload, `head` and `data` behind it (both copied), as the next packet. RFC 4253 §6. */
  write(head: Uint8Array, data: Uint8Array = noData): void {
    const { row, keyed } = this.keys;
    const payloadLength = head.length + data.length;
    const aligned = (row.isLengthPadded ? 4 : 0) + 1 + payloadLength + minimumPadding;
    const padding = minimumPadding + ((row.blockLength - (aligned % row.blockLength)) % row.blockLength);
    const packetLength = 1 + payloadLength + padding;
    const packet = this.#allocate(4 + packetLength + row.tagLength);
    packet[0] = packetLength >>> 24;
    packet[1] = packetLength >>> 16;
    packet[2] = packetLength >>> 8;
    packet[3] = packetLength;
    packet[4] = padding;
    packet.set(head, 5);
    packet.set(data, 5 + head.length);
    packet.set(this.#randomBytes(padding), 5 + payloadLength); // RFC 4253 §6: padding SHOULD be random
    keyed.seal(packet, this.nextNumber);
    this.nextNumber = (this.nextNumber + 1) >>> 0;
    this.bytes += packet.length;
    this.packets += 1;
  }

  /** What is to be sent; the array is the caller's. */
  take(): Uint8Array {
    const output = this.#output.slice(0, this.#length); // what they are sealed in is kept: growing it is what costs
    this.#length = 0;
    return output;
  }

  /** As `take`, but borrowed: valid until the next `lend`. What is sealed meanwhile goes to the other of two buffers. */
  lend(): Uint8Array {
    const output = this.#output.subarray(0, this.#length);
    [this.#output, this.#lent] = [this.#lent, this.#output];
    this.#length = 0;
    return output;
  }

  #allocate(size: number): Uint8Array {
    const end = this.#length + size;
    if (end > this.#output.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#output.length, 1024));
      larger.set(this.#output.subarray(0, this.#length));
      this.#output = larger;
    }
    const place = this.#output.subarray(this.#length, end);
    this.#length = end;
    return place;
  }
}

function payloadOf(packet: Uint8Array, packetLength: number): Uint8Array {
  const padding = packet[4] as number;
  if (padding < minimumPadding) {
    throw new ProtocolError(`padding_length ${padding}, at least ${minimumPadding} is asked for`, "RFC 4253 §6");
  }
  const payloadLength = packetLength - 1 - padding;
  if (payloadLength < 1) {
    throw new ProtocolError(`padding_length ${padding} leaves no payload in ${packetLength} bytes`, "RFC 4253 §6");
  }
  return packet.subarray(5, 5 + payloadLength);
}
