/** Each algorithm alone, read off the library's own table, so that a new row there is a new case here. */
import { equal, ok } from "node:assert/strict";
import { NegotiationError } from "../../../src/index.ts";
import { loadPlatform } from "../../../src/node/platform.ts";
import { type Case, type Changes, NotOffered, type Visit } from "../case.ts";
import { prove } from "../remote.ts";

const { table: platformTable } = await loadPlatform();

/** The part of a KEXINIT that a row of the table is offered in. */
type Kind = "kex" | "cipher" | "mac";

const isCertified = (name: string) => name.includes("-cert-");

const defaults: Case = {
  id: "default-offer",
  sentence: "with everything offered, what is sent comes back",
  run: async (visit) => {
    const { connection, heard } = await visit.connect();
    await prove(connection, visit.site.mcp);
    const { kex, hostKey, cipherClientToServer, cipherServerToClient } = heard.negotiated;
    equal(cipherClientToServer, cipherServerToClient);
    return `${kex}, ${hostKey}, ${cipherClientToServer}`;
  },
};

const hostKeys: readonly Case[] = Object.keys(platformTable.hostKey).map((name) => ({
  id: `host-key:${name}`,
  sentence: `the server proves itself by ${name} alone`,
  needs: ["fixtures"],
  run: async (visit) => {
    const knownHosts = visit.fixtures().knownHosts(visit.site.port, isCertified(name) ? "authority" : "keys");
    const { heard } = await alone(visit, name, { hostKeyAlgorithms: [name], knownHosts });
    equal(heard.negotiated["hostKey"], name);
    return undefined;
  },
}));

export const algorithmCases: readonly Case[] = [
  defaults,
  ...each("kex", "kex", "keys are exchanged by NAME alone"),
  ...each("cipher", "cipherClientToServer", "packets are encrypted by NAME alone"),
  ...each("mac", "macClientToServer", "packets are authenticated by NAME alone"),
  ...hostKeys,
];

function each(kind: Kind, negotiated: string, sentence: string): readonly Case[] {
  return namesOf(kind).map((name) => ({
    id: `${kind}:${name}`,
    sentence: sentence.replace("NAME", name),
    run: async (visit) => {
      const { connection, heard } = await alone(visit, name, { table: tableWith(kind, name) });
      if (kind === "mac") ok(heard.traces.some((text) => text.startsWith("chosen: ") && text.includes(name)));
      else equal(heard.negotiated[negotiated], name);
      await prove(connection, visit.site.mcp);
      return undefined;
    },
  }));
}

/** A MAC of no implementation is offered beside ciphers that bring their own, and never used. */
function namesOf(kind: Kind): readonly string[] {
  return Object.entries(platformTable[kind])
    .filter(([, row]) => row !== null)
    .map(([name]) => name);
}

/** The table with one row of that kind. A MAC is used with ciphers that bring none. */
function tableWith(kind: Kind, name: string): NonNullable<Changes["table"]> {
  const rows = platformTable[kind] as Readonly<Record<string, unknown>>;
  const cipher = kind === "mac" ? { cipher: withoutAead() } : {};
  return { ...platformTable, ...cipher, [kind]: { [name]: rows[name] } };
}

function withoutAead() {
  return Object.fromEntries(Object.entries(platformTable.cipher).filter(([name]) => !/gcm|poly1305/.test(name)));
}

/** Connects where an algorithm is all that we offer of its kind. */
async function alone(visit: Visit, name: string, changes: Changes) {
  try {
    return await visit.connect(changes);
  } catch (error) {
    if (error instanceof NegotiationError && !error.theirs.includes(name))
      throw new NotOffered(`the server offers ${error.theirs.join(", ")}`);
    throw error;
  }
}
