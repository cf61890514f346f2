/**
 * Signals: SIGTERM, SIGINT and SIGHUP end us in an orderly way, and within a second in any way.
 */
import { constants } from "node:os";

/** What an orderly end may take in all, in milliseconds; after it we exit as we stand. */
const patience = 950;

const names = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** The number of the signal that we were told to end by. */
let received: number | undefined;

/** Resolves to the number of the first such signal; the exit code is 128 more. A second signal exits at once. */
export function stopSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const name of names) {
      const number = constants.signals[name];
      process.on(name, () => {
        if (received !== undefined) endNow(128 + number);
        received = number;
        setTimeout(() => endNow(128 + number), patience).unref();
        resolve(number);
      });
    }
  });
}

/** How long a file that is being read may take, in milliseconds. */
const grace = 200;

/** Ends the process, which does not return. */
export async function endProcess(code: number): Promise<never> {
  for (let waited = 0; waited < grace && isHeld(); waited += 5) await new Promise((resolve) => setTimeout(resolve, 5));
  return endNow(code);
}

/**
 * `process.exit` waits for the threads that a look-up without an answer, or a file that is a pipe, may hold for long, and
 * hears no signal meanwhile. Where there are such, signals do again what they do by themselves, and the one that we were
 * told to end by does it.
 */
function endNow(code: number): never {
  if (isHeld()) {
    for (const name of names) process.removeAllListeners(name);
    if (received !== undefined) {
      process.emit("exit", code); // a prompt restores the terminal
      process.kill(process.pid, received);
    }
  }
  return process.exit(code);
}

function isHeld(): boolean {
  return (process.getActiveResourcesInfo?.() ?? []).some((name) => /^(FSReq|GetAddrInfoReq)/.test(name));
}
