/** Said once: what a server says at each login, and what is said of the configuration each time it is read, is said once. */
import type { Log } from "../node/log.ts";

/** How many texts are remembered; a server may say another one each time. */
const MOST = 1000;

/** A log on which what was said before goes to DEBUG. */
export function sayingOnce(log: Log): Log {
  const said = new Set<string>();
  const once =
    (say: Log["info"]): Log["info"] =>
    (text) => {
      if (said.has(text)) return log.debug(text);
      if (said.size >= MOST) said.clear();
      said.add(text);
      return say(text);
    };
  return { ...log, info: once(log.info), warning: once(log.warning) };
}
