/** Dial: one attempt to connect, which something else may overtake. */
import type { Happening } from "./happening.ts";
import type { OpenRemote } from "./link.ts";
import type { Occurrence } from "./waiting.ts";

/** Resolves to `connected`, to `remote-gone` where that failed, or to `ending`, which gives it up. */
export async function dial(open: OpenRemote, ending: Occurrence<Happening>): Promise<Happening> {
  const abort = new AbortController();
  const opening = (async () => open(abort.signal))(); // one that throws has failed too
  const outcome = opening.then(
    (remote): Happening => ({ what: "connected", remote }),
    (error: unknown): Happening => ({ what: "remote-gone", end: { how: "connect-failed", error } }),
  );
  const first = await ending.or(outcome);
  if (first.what === "connected" || first.what === "remote-gone") return first;
  abort.abort();
  opening.then(({ connection }) => connection.close()).catch(() => undefined); // it may have come too far to be stopped
  return first;
}
