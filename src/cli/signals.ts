/**
 * Signals: SIGTERM, SIGINT and SIGHUP end us in an orderly way, and within a second in any way.
 */
import { constants } from "node:os";

/** What an orderly end may take in all, in milliseconds; after it we exit as we stand. */
const patience = 950;

/** Resolves to the number of the first such signal; the exit code is 128 more. A second signal exits at once. */
export function stopSignal(): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      const number = constants.signals[name];
      process.on(name, () => {
        if (isStopping) process.exit(128 + number);
        isStopping = true;
        setTimeout(() => process.exit(128 + number), patience).unref();
        resolve(number);
      });
    }
  });
}
