/** What every load must come to, and within how much memory. */
import { expect } from "vitest";
import type { LoadHost } from "./load-host.ts";

export const MIB: number = 2 ** 20;

/** Our peak of memory with a line of 64 MiB, and without: a bare Node of version 20 has 45 MiB of it. */
export const WITH_A_LARGE_LINE: number = 160 * MIB;
export const OTHERWISE: number = 96 * MIB;

/** Both ends agree about every byte, and the session ends well. Returns our peak of memory in bytes. */
export async function agree(host: LoadHost): Promise<number> {
  const { peak, read } = host;
  const { result } = await host.ask("load/report");
  expect(result).toEqual({ received: host.written, sent: read });
  host.end();
  expect(await host.exit).toEqual({ code: 0, signal: null });
  return peak;
}
