/**
 * Measure: what all benches do alike. Candidates take turns within each round, so that whatever else the machine does
 * falls on all of them; of the rounds the median counts.
 */

/** Whether a bench runs to see that it runs: few rounds, no numbers worth keeping. */
export const isQuick: boolean = process.argv.includes("--quick");

/** One of two values: the second in quick mode. */
export function fullOrQuick(full: number, quick: number): number {
  return isQuick ? quick : full;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share `q` of `values` lies, between neighbours in proportion; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Runs every candidate once a round, each round beginning with another; returns the samples by candidate. */
export async function takeTurns<C, T>(
  rounds: number,
  candidates: readonly C[],
  run: (candidate: C) => T | Promise<T>,
): Promise<ReadonlyMap<C, readonly T[]>> {
  const samples = new Map<C, T[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(round + i) % candidates.length] as C;
      samples.get(candidate)?.push(await run(candidate));
    }
  }
  return samples;
}

/** Milliseconds of CPU that `work` costs this process, user and system: what else runs meanwhile does not count. */
export function cpuTime(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Rounds for people: `digits` significant ones. */
export function significant(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}

/** How a bench hands its results on: JSON on stdout, which run.ts reads. */
export function print(results: unknown): void {
  process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}
