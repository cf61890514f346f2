/**
 * Algorithm list: what a server would be offered, in its order, under the flag that narrows each list. Loaded only when
 * somebody asks.
 */
import { loadTable } from "../node/platform.ts";
import type { AlgorithmTable } from "../ssh/algorithms/interfaces.ts";
import { offering } from "../ssh/algorithms/offer.ts";
import { SshError } from "../ssh/errors.ts";
import type { Listing } from "./settings.ts";
import { UsageError } from "./values.ts";

/** Lines for stdout, which carries no MCP then. @throws UsageError for names that nobody knows, and what does not run here */
export async function listAlgorithms(listing: Listing): Promise<string> {
  const { kex, hostKey, cipher, mac } = await offered(listing);
  const sections = [
    ["key exchange methods (--kex)", kex],
    ["host key algorithms (--host-key-algorithms)", hostKey],
    ["ciphers (--ciphers)", cipher],
    ["MACs, for the ciphers that need one (--macs)", mac],
  ] as const;
  const lines = sections.flatMap(([title, rows]) => [`${title}:`, ...Object.keys(rows).map((name) => `  ${name}`)]);
  return lines.map((line) => `${line}\n`).join("");
}

async function offered({ lists, crypto }: Listing): Promise<AlgorithmTable> {
  try {
    return offering(await loadTable(crypto), lists);
  } catch (error) {
    if (error instanceof SshError) throw new UsageError(error.message);
    throw error;
  }
}
