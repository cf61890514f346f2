/** Proxy log: where the proxy says what it does. Types only. */
import type { ShowLine } from "./remote-text.ts";

/** All texts are printable; none holds what a message says. */
export interface ProxyLog {
  debug(text: string): void;
  info(text: string): void;
  warning(text: string): void;
  error(text: string): void;
  /** Shows a line of the remote's own, marked. Must not block: lines wait for its promise, 64 KiB of them at most. */
  readonly remote: ShowLine;
}
