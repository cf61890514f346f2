/** Clock: time that only goes forward. */

/** Milliseconds since some moment. `performance` has Node load its perf_hooks, which takes a start a millisecond. */
export function steadyNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
