/**
 * Replays a recorded flow: the server's bytes, whole or cut or changed, go into a fresh client with the same seed, and
 * the recorded calls are made where they were made. No network and no clock.
 */
import { isDeepStrictEqual } from "node:util";
import type { AlgorithmTable, HostKeyAlgorithm, KexMethod, Signer } from "../../src/ssh/algorithms/interfaces.ts";
import type { SshClient } from "../../src/ssh/client.ts";
import { table } from "../../src/ssh/table.ts";
import * as f from "./flow.ts";

/** How long the next piece of the server's bytes is; `left`: how many there are before the driver acts. */
export type Cut = (left: number) => number;

export interface Replayed {
  readonly events: readonly f.RecordedEvent[];
  /** What the client sent, a digest where the recording has one. */
  readonly sent: readonly f.Digest[];
  /** What consumers got, of all channels. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** The client's own log: names and sizes of messages. */
  readonly traces: readonly string[];
}

/** A stretch of the server's bytes up to `end`, and what the driver did behind it. */
interface Stretch {
  readonly end: number;
  readonly reactions: readonly Reaction[];
}

/** A call, or the taking of output; `due`: how many events were recorded before. */
interface Reaction {
  readonly step: Exclude<f.Step, { readonly from: "server" } | { readonly event: unknown }>;
  readonly due: number;
}

/** A flow made ready to be replayed many times. */
export class Replay {
  readonly flow: f.Flow;
  /** All that the server sent. */
  readonly server: Uint8Array;
  /** What was recorded. */
  readonly events: readonly f.RecordedEvent[];
  readonly sent: readonly f.Digest[];
  readonly #stretches: readonly Stretch[];
  readonly #table: AlgorithmTable;
  readonly #keys: readonly Signer[];
  readonly #driven: f.Driven;

  constructor(flow: f.Flow) {
    const memory: Memory = new Map();
    this.flow = flow;
    this.server = Uint8Array.from(Buffer.concat(flow.steps.map(serverBytes))); // a Buffer has another slice()
    this.events = flow.steps.flatMap((step) => ("event" in step ? [step.event] : []));
    this.sent = flow.steps.flatMap((step) => sentDigest(step) ?? []);
    this.#stretches = stretchesOf(flow.steps);
    this.#table = remembering(table, memory);
    this.#keys = f.signersOf(flow.options);
    const { input, sign } = f.drivenBy(flow, this.#keys);
    this.#driven = {
      input,
      sign: (key, data) => remember(memory, [`sign ${key}`, data], () => sign(key, data)).slice(),
    };
  }

  /**
   * Gives a client `server`'s bytes and the recorded calls. Where what happens is no longer what was recorded, the
   * calls stop; the bytes go on to their end, and then the stream ends.
   * @throws whatever the client throws: nothing is caught here.
   */
  run(server: Uint8Array = this.server, cut: Cut = (left) => left): Replayed {
    return new Run(f.clientOf(this.flow, this.#keys, this.#table), this.#driven, this.events).run(
      this.#stretches,
      server,
      cut,
    );
  }

  /**
   * The server's messages and where they stand, found by giving the client one byte at a time: a packet ends where the
   * client's log says that it came.
   */
  packets(): readonly Packet[] {
    const packets: Packet[] = [];
    const client = f.clientOf(this.flow, this.#keys, this.#table);
    const watch = (end: number): void => {
      for (const trace of client.takeTraces()) {
        const name = /^(?:received (\S+),|server version)/.exec(trace);
        if (name === null) continue;
        const start = packets.at(-1)?.end ?? 0;
        const isClear = !packets.some((packet) => packet.name === "SSH_MSG_NEWKEYS");
        packets.push({ name: name[1] ?? "version", start, end, isClear });
      }
    };
    new Run(client, this.#driven, this.events, watch).run(this.#stretches, this.server, () => 1);
    return packets;
  }
}

/** One packet of the server's, or its version line. */
export interface Packet {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Not encrypted: nothing but the exchange hash protects it. */
  readonly isClear: boolean;
}

/** One replay. */
class Run {
  readonly #client: SshClient;
  readonly #driven: f.Driven;
  readonly #expected: readonly f.RecordedEvent[];
  readonly #watch: ((at: number) => void) | undefined;
  readonly #events: f.RecordedEvent[] = [];
  readonly #sent: Uint8Array[] = [];
  readonly #output: Uint8Array[] = [];
  readonly #data: Readonly<Record<"data" | "stderr", Uint8Array[]>> = { data: [], stderr: [] };
  #dataToSign: Uint8Array = new Uint8Array(0);
  #equal = 0;

  /** `watch`: told after each piece; the host key is accepted at once then, so that each packet is read when it is whole. */
  constructor(client: SshClient, driven: f.Driven, expected: readonly f.RecordedEvent[], watch?: (at: number) => void) {
    this.#client = client;
    this.#driven = driven;
    this.#expected = expected;
    this.#watch = watch;
  }

  run(stretches: readonly Stretch[], server: Uint8Array, cut: Cut): Replayed {
    let at = 0;
    this.#drain();
    for (const { end, reactions } of stretches) {
      for (const stop = Math.min(end, server.length); at < stop; ) {
        const size = Math.max(1, Math.min(cut(stop - at), stop - at));
        this.#client.receive(server.subarray(at, at + size));
        at += size;
        this.#drain();
        this.#watch?.(at);
      }
      if (end > server.length) break;
      for (const reaction of reactions) this.#react(reaction);
    }
    this.#client.receiveEnd();
    this.#drain();
    return {
      events: this.#events,
      sent: this.#sent.map(f.digest),
      stdout: Buffer.concat(this.#data.data),
      stderr: Buffer.concat(this.#data.stderr),
      traces: this.#client.takeTraces(),
    };
  }

  #drain(): void {
    for (let event = this.#client.nextEvent(); event !== undefined; event = this.#client.nextEvent()) {
      if (event.type === "sign") this.#dataToSign = event.data.slice();
      if (event.type === "channel" && "data" in event.news) this.#data[event.news.news].push(event.news.data.slice());
      this.#events.push(f.recordable(event));
      if (event.type === "host-key" && this.#watch !== undefined) this.#client.acceptHostKey();
    }
    this.#output.push(this.#client.takeOutput());
  }

  #react({ step, due }: Reaction): void {
    if (!this.#isAsRecorded(due)) return;
    if ("from" in step) {
      this.#sent.push(Buffer.concat(this.#output.splice(0)));
      return;
    }
    const taken = f.perform(this.#client, step.call, this.#driven, this.#dataToSign);
    if (step.call.name === "write" && taken !== step.call.taken) {
      throw new Error(`write took ${taken}, recorded was ${step.call.taken}`);
    }
    this.#drain();
  }

  #isAsRecorded(due: number): boolean {
    if (this.#events.length !== due) return false;
    while (this.#equal < due && isDeepStrictEqual(this.#events[this.#equal], this.#expected[this.#equal]))
      this.#equal++;
    return this.#equal === due;
  }
}

function serverBytes(step: f.Step): Uint8Array {
  return "from" in step && step.from === "server" ? Buffer.from(step.bytes, "base64") : new Uint8Array(0);
}

function sentDigest(step: f.Step): f.Digest | undefined {
  if ("digest" in step) return step.digest;
  return "from" in step && step.from === "client" ? f.digest(Buffer.from(step.bytes, "base64")) : undefined;
}

/** Bytes of the server's that came one after the other, with nothing but events in between, are one stretch. */
function stretchesOf(steps: readonly f.Step[]): readonly Stretch[] {
  const stretches: { end: number; reactions: Reaction[] }[] = [{ end: 0, reactions: [] }];
  let end = 0;
  let due = 0;
  for (const step of steps) {
    if ("event" in step) due += 1;
    else if ("from" in step && step.from === "server") end += serverBytes(step).length;
    else {
      if (stretches.at(-1)?.end !== end) stretches.push({ end, reactions: [] });
      stretches.at(-1)?.reactions.push({ step, due });
    }
  }
  return [...stretches, { end, reactions: [] }];
}

// A replay repeats what another one computed: the slow pure functions are asked once for each input.

type Memory = Map<string, unknown>;

function remember<T>(memory: Memory, inputs: readonly (string | Uint8Array)[], compute: () => T): T {
  const name = inputs.map((input) => Buffer.from(input).toString("latin1")).join("\0");
  if (!memory.has(name)) memory.set(name, compute());
  return memory.get(name) as T;
}

function remembering(rows: AlgorithmTable, memory: Memory): AlgorithmTable {
  const kex = Object.entries(rows.kex).map(([name, method]) => [name, rememberingKex(name, method, memory)] as const);
  const hostKey = Object.entries(rows.hostKey).map(([name, row]) => [name, rememberingHostKey(row, memory)] as const);
  return { ...rows, kex: Object.fromEntries(kex), hostKey: Object.fromEntries(hostKey) };
}

function rememberingKex(name: string, method: KexMethod, memory: Memory): KexMethod {
  return {
    hash: method.hash,
    start(randomBytes) {
      const drawn = remember(memory, ["drawn", name], () => lengthsDrawn(method)).map(randomBytes);
      const secret = Buffer.concat(drawn);
      const begin = () => {
        const left = drawn.map((each) => each.slice()); // it wipes what it is given
        return method.start(() => left.shift() as Uint8Array);
      };
      const init = remember(memory, ["init", secret], () => begin().init);
      const finish = (share: Uint8Array) => remember(memory, ["K", secret, share], () => begin().finish(share)).slice();
      return { init, finish, discard: () => undefined };
    },
  };
}

/** How many bytes a method asks for, each time that it asks. */
function lengthsDrawn(method: KexMethod): readonly number[] {
  const lengths: number[] = [];
  method.start((length) => {
    lengths.push(length);
    return new Uint8Array(length).fill(1);
  });
  return lengths;
}

function rememberingHostKey(algorithm: HostKeyAlgorithm, memory: Memory): HostKeyAlgorithm {
  return {
    parse(blob) {
      const key = blob.slice();
      const verifier = remember(memory, ["parse", key], () => algorithm.parse(key));
      const verify = (data: Uint8Array, signature: Uint8Array) =>
        remember(memory, ["verify", key, data, signature], () => verifier.verify(data, signature));
      return { ...verifier, verify };
    },
  };
}
