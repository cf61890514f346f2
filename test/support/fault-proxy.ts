/**
 * Fault proxy: a TCP relay on loopback between a client and a real server, whose faults are data: what goes wrong, in
 * which direction, and where in its bytes. A test may also bring a fault about at a moment of its own choosing.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type Direction = "to server" | "to client";

export type FaultKind =
  /** Both connections end, as when a process dies: FIN. */
  | "cut"
  /** Both are reset: RST. */
  | "reset"
  /** Both stay, and nothing is forwarded any more, either way. */
  | "black hole"
  /** Nothing more is forwarded in this direction; the other one goes on. */
  | "stall"
  /** This direction ends (FIN), the other one goes on. */
  | "half-close"
  /** One bit of the byte there is flipped. */
  | "corrupt";

/** Where in the bytes of one direction: undefined as long as too few have come to tell. */
export type Place = (bytes: Buffer) => number | undefined;

export interface Fault {
  readonly kind: FaultKind;
  readonly direction: Direction;
  readonly at: Place;
}

/** How one connection is treated. */
export interface Treatment {
  readonly fault?: Fault;
  /** Milliseconds that each piece waits, both ways. */
  readonly delay?: number;
  /** Every byte travels by itself, both ways. */
  readonly isByteByByte?: boolean;
  /** It is turned away in these words, which nobody waits to see read; the server hears nothing of it. */
  readonly refusal?: string;
}

export interface FaultProxy {
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** How many planned faults have come about. */
  readonly fired: number;
  /** All bytes that one direction of the `n`-th connection that was relayed has forwarded, from 0; kept where its treatment has a fault. */
  bytes(n: number, direction: Direction): Buffer;
  /** Does this to every connection that there is. */
  now(kind: "cut" | "reset" | "black hole"): void;
  /** Refuses connections from now on (ECONNREFUSED), until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Where further connections lead. */
  target(port: number): void;
  stop(): Promise<void>;
}

export function afterBytes(count: number): Place {
  return (bytes) => (bytes.length > count ? count : undefined);
}

/** The middle of the version line (packet 0) or of the n-th packet after it. */
export function inPacket(n: number): Place {
  return (bytes) => {
    const { start, end } = packets(bytes)[n] ?? {};
    return start === undefined || end === undefined ? undefined : Math.floor((start + end) / 2);
  };
}

/** Behind the version line (packet 0) or the n-th packet after it. */
export function behindPacket(n: number): Place {
  return (bytes) => packets(bytes)[n]?.end;
}

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** SSH_MSG_NEWKEYS. RFC 4253 §7.3. */
const newKeys = 21;
const gcmTag = 16;

/**
 * The version line, and each packet whose length has come. Behind NEWKEYS the lengths must be those of AES-GCM, which
 * leaves them readable: RFC 5647 §7.3. Text before the version line is part of it.
 */
export function packets(bytes: Buffer): readonly Stretch[] {
  const version = bytes.indexOf("SSH-");
  const line = version < 0 ? -1 : bytes.indexOf("\n", version);
  if (line < 0) return [];
  const found: Stretch[] = [{ start: 0, end: line + 1 }];
  let tag = 0;
  for (let start = line + 1; start + 4 <= bytes.length; ) {
    const end = start + 4 + bytes.readUInt32BE(start) + tag;
    found.push({ start, end });
    if (tag === 0 && bytes[start + 5] === newKeys) tag = gcmTag;
    start = end;
  }
  return found;
}

/** `treat`: what becomes of connection `n`, from 0; all are relayed as they are unless given. */
export async function startFaultProxy(
  targetPort: number,
  treat: (n: number) => Treatment = () => ({}),
): Promise<FaultProxy> {
  const relays: Relay[] = [];
  let target = targetPort;
  let connections = 0;
  const accept = (near: Socket): void => {
    const treatment = treat(connections++);
    near.on("error", () => undefined);
    if (treatment.refusal !== undefined) near.write(treatment.refusal, () => near.destroy());
    else relays.push(new Relay(near, connect({ port: target, host: "127.0.0.1", ...sockets }), treatment));
  };
  let server = await listen(0, accept);
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const relay of relays) relay.do("cut");
    await once(server, "close");
  };
  return {
    port,
    get connections() {
      return connections;
    },
    get fired() {
      return relays.filter(({ hasFired }) => hasFired).length;
    },
    bytes: (n, direction) => relays[n]?.bytes(direction) ?? Buffer.alloc(0),
    now: (kind) => {
      for (const relay of relays) relay.do(kind);
    },
    down: close,
    up: async () => {
      server = await listen(port, accept);
    },
    target: (other) => {
      target = other;
    },
    stop: close,
  };
}

const sockets = { noDelay: true, allowHalfOpen: true } as const;

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(sockets, accept);
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}

interface Way {
  readonly from: Socket;
  readonly to: Socket;
  readonly kept: Buffer[];
  isStalled: boolean;
}

/** One connection of the client's, and the one to the server that answers it. */
class Relay {
  hasFired = false;
  readonly #treatment: Treatment;
  readonly #ways: Readonly<Record<Direction, Way>>;
  #isOver = false;

  constructor(near: Socket, far: Socket, treatment: Treatment) {
    this.#treatment = treatment;
    this.#ways = {
      "to server": { from: near, to: far, kept: [], isStalled: false },
      "to client": { from: far, to: near, kept: [], isStalled: false },
    };
    for (const direction of ["to server", "to client"] as const) void this.#carry(direction);
    for (const socket of [near, far]) socket.on("error", () => this.do("cut"));
  }

  bytes(direction: Direction): Buffer {
    return Buffer.concat(this.#ways[direction].kept);
  }

  do(kind: "cut" | "reset" | "black hole"): void {
    const ways = Object.values(this.#ways);
    for (const way of ways) way.isStalled = true;
    if (kind === "black hole" || this.#isOver) return;
    this.#isOver = true;
    for (const { to } of ways) {
      if (kind === "reset") to.resetAndDestroy();
      else to.destroySoon();
    }
  }

  async #carry(direction: Direction): Promise<void> {
    const way = this.#ways[direction];
    try {
      for await (const chunk of way.from.iterator({ destroyOnReturn: false }))
        await this.#forward(direction, chunk as Buffer);
      if (!way.isStalled) way.to.end();
    } catch {
      // the socket broke: its error event has ended both
    }
  }

  async #forward(direction: Direction, chunk: Buffer): Promise<void> {
    const { delay, isByteByByte } = this.#treatment;
    const pieces = isByteByByte ? [...chunk].map((byte) => Buffer.of(byte)) : [chunk];
    for (const piece of pieces) {
      if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
      await this.#write(direction, piece);
    }
  }

  async #write(direction: Direction, piece: Buffer): Promise<void> {
    const way = this.#ways[direction];
    const { fault } = this.#treatment;
    if (way.isStalled) return;
    if (fault === undefined || this.hasFired || fault.direction !== direction) return send(way.to, piece);
    const before = way.kept.reduce((sum, { length }) => sum + length, 0);
    way.kept.push(piece);
    const at = fault.at(Buffer.concat(way.kept));
    if (at === undefined || at >= before + piece.length) return send(way.to, piece);
    this.hasFired = true;
    const cut = Math.max(0, at - before); // it may be known only when its bytes are gone
    await send(way.to, piece.subarray(0, cut));
    const rest = Buffer.from(piece.subarray(cut));
    if (fault.kind === "corrupt") {
      rest[0] = (rest[0] ?? 0) ^ 1;
      await send(way.to, rest);
      return;
    }
    if (fault.kind !== "stall" && fault.kind !== "half-close") return this.do(fault.kind);
    way.isStalled = true;
    if (fault.kind === "half-close") way.to.end();
  }
}

/** Resolves when the system has room for more. */
async function send(socket: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || socket.destroyed) return;
  if (!socket.write(bytes)) await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => undefined);
}
