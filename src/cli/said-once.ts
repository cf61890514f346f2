/** Said once: what a server says at each login, and what is said of the configuration each time it is read, is said once. */
import type { Log } from "../node/log.ts";

/** How much is remembered, UTF-16 units; a server may say another thing each time. */
const MOST = 256 * 1024;

/** A log on which a text that was said before goes to DEBUG: a text as a whole, in which lines may come again. */
export function sayingOnce(log: Log): Log {
  const said = new Set<string>();
  let size = 0;
  const once =
    (say: Log["info"]): Log["info"] =>
    (text) => {
      if (said.has(text)) return log.debug(text);
      if (size + text.length > MOST) {
        said.clear();
        size = 0;
      }
      said.add(text);
      size += text.length;
      return say(text);
    };
  return { ...log, info: once(log.info), warning: once(log.warning) };
}
