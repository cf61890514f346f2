/** Aims: what the benches are measured against, each with what came out. */
import type { ClientName, Figures, LinkResults, PacketRow, Results } from "./results.ts";

export interface Aim {
  readonly title: string;
  /** As in `at most 1.05`. */
  readonly bound: string;
  /** NaN where it was not measured. */
  readonly value: number;
  /** The same of a pipe in Node without SSH; NaN where there is no such figure. */
  readonly ofBarePipe: number;
  readonly isMet: boolean;
}

const chacha = "chacha20-poly1305@openssh.com";

export function aimsOf({ command, packet }: Results): readonly Aim[] {
  const { loopback, delayed } = command;
  const ofBare = (of: (figures: Figures) => number): number =>
    loopback.bare === null ? Number.NaN : of(loopback.bare);
  const beside = (title: string, other: ClientName, of: (figures: Figures) => number): [string, number, number] => {
    const theirs = figureOf(loopback, other, of);
    return [`${title}, ours / ${other}`, figureOf(loopback, "mcp-ssh-client", of) / theirs, ofBare(of) / theirs];
  };
  const peak: [string, number, number] = [
    "Peak memory, with transfers, MiB",
    figureOf(loopback, "mcp-ssh-client", (row) => row.peakRss),
    ofBare((figures) => figures.peakRss),
  ];
  const late =
    figureOf(delayed, "mcp-ssh-client", (row) => row.firstReply) - figureOf(delayed, "ssh", (row) => row.firstReply);
  const native = (row: PacketRow): number => (packet.ssh2HasNativeAddon ? row.microseconds.ssh2 : Number.NaN);
  return [
    atMost(1.15, ...beside("First reply", "ssh", (row) => row.firstReply)),
    atMost(1, ...beside("First reply", "ssh2", (row) => row.firstReply)),
    atMost(1.05, ...beside("Round trip, p50", "ssh", (row) => row.roundTripP50)),
    atMost(1, ...beside("Round trip, p50", "ssh2", (row) => row.roundTripP50)),
    atMost(1, ...beside("Round trip late in a session, p50", "ssh2", (row) => row.lateRoundTripP50)),
    atMost(1, ...beside("Round trip, p99", "ssh2", (row) => row.roundTripP99)),
    atLeast(1, ...beside("Calls a second", "ssh", (row) => row.callsPerSecond)),
    atLeast(1, ...beside("Calls a second", "ssh2", (row) => row.callsPerSecond)),
    atLeast(1, ...beside("Download", "ssh2", (row) => row.download)),
    atLeast(1, ...beside("Upload", "ssh2", (row) => row.upload)),
    atMost(0.5, ...beside("CPU of a session", "ssh2", (row) => row.cpu)),
    atMost(64, ...peak),
    atMost(80, ...peak),
    atMost(delayed.delay, `First reply ${delayed.delay} ms away, ours - ssh, ms`, late),
    ...packet.rows.flatMap((row): Aim[] => {
      if (row.cipher !== chacha) return [];
      const size = row.payloadBytes < 1024 ? `${row.payloadBytes} B` : `${row.payloadBytes / 1024} KiB`;
      const what = `${row.operation} ${chacha}, ${size}`;
      const rate = row.microseconds.noble / row.microseconds.cipher;
      const addon = native(row) / row.microseconds.packet;
      const least = new Map([
        [64, 20],
        [32 * 1024, 8],
      ]).get(row.payloadBytes);
      return [
        ...(least === undefined ? [] : [atLeast(least, `${what}, rate / noble's`, rate)]),
        atLeast(row.payloadBytes <= 1024 ? 1 : 0.5, `${what}, rate / that of ssh2's addon`, addon),
      ];
    }),
  ];
}

function figureOf(link: LinkResults, name: ClientName, of: (figures: Figures) => number): number {
  const row = link.clients.find(({ client }) => client === name);
  return row === undefined ? Number.NaN : of(row);
}

function atMost(most: number, title: string, value: number, ofBarePipe: number = Number.NaN): Aim {
  return { title, bound: `at most ${most}`, value, ofBarePipe, isMet: value <= most };
}

function atLeast(least: number, title: string, value: number, ofBarePipe: number = Number.NaN): Aim {
  return { title, bound: `at least ${least}`, value, ofBarePipe, isMet: value >= least };
}
