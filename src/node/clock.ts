/** Clock: time that only goes forward. */

/** Milliseconds since some moment. `performance` has Node load its perf_hooks, which takes a start a millisecond. */
export function steadyNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
