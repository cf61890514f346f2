/**
 * Recorded sessions with bytes changed on the way: pieces flipped, lost, doubled, swapped, put in from another session.
 * What is told is what was recorded, up to where the change is noticed; then one end, by an error of ours.
 */
import fc from "fast-check";
import { describe, expect } from "vitest";
import { loadFlows } from "../support/flow.ts";
import { Replay } from "../support/replay.ts";
import { cuts, mutated, mutations } from "./mutations.ts";
import { expectPrintable, property } from "./property.ts";

const replays = new Map([...loadFlows()].map(([name, flow]) => [name, new Replay(flow)]));
/** Those that cost little. */
const names = [...replays].filter(([, { server }]) => server.length < 20_000).map(([name]) => name);
const faults = ["ProtocolError", "NegotiationError", "HostKeyError", "AuthError", "DisconnectError"];

describe("a recorded session that was changed on the way", () => {
  property(
    "tells what was recorded and nothing else, and ends by an error of ours",
    fc.record({
      name: fc.constantFrom(...names),
      other: fc.option(fc.record({ name: fc.constantFrom(...names), from: fc.nat(5000), length: fc.nat(500) }), {
        nil: undefined,
        freq: 4,
      }),
      changes: mutations,
      lengths: cuts,
    }),
    ({ name, other, changes, lengths }) => {
      const replay = replays.get(name) as Replay;
      let server = mutated(replay.server, changes);
      if (other !== undefined) {
        const donor = (replays.get(other.name) as Replay).server;
        const piece = donor.subarray(other.from % donor.length).subarray(0, other.length);
        const at = other.from % (server.length + 1);
        server = Uint8Array.from(Buffer.concat([server.subarray(0, at), piece, server.subarray(at)]));
      }
      let turn = 0;
      const { events, traces } = replay.run(server, (left) => lengths[turn++ % lengths.length] ?? left);
      for (const trace of traces) expectPrintable(trace);
      const told = events.slice(0, -1);
      expect(told).toEqual(replay.events.slice(0, told.length));
      expect(events.at(-1)?.["type"]).toBe("ended");
      const error = events.at(-1)?.["error"] as { readonly class: string; readonly message: string } | null;
      if (error === null) expect(events).toEqual(replay.events);
      else {
        expect(faults).toContain(error.class);
        expectPrintable(error.message);
      }
    },
    250,
  );
});
