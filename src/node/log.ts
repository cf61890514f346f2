/**
 * Log: lines on stderr as Python's logging writes them, which users of the replaced tool may parse:
 * `2026-11-22 12:01:25,996 - mcp_ssh_client.transport - INFO - text`. What a message of MCP holds never gets here.
 */

/** From the most talkative to the quietest. */
export const logLevels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

export type LogLevel = (typeof logLevels)[number];

/** Writes one line a call, or one for each line of `text`. `text` is printable already. */
export type LogLine = (text: string) => void;

/** One for each level. */
export type Log = Readonly<Record<Lowercase<LogLevel>, LogLine>>;

export interface LogOptions {
  /** As in `mcp_ssh_client.transport`. */
  readonly name: string;
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** Takes one line with its newline; must not block. */
  readonly write: (line: string) => void;
  /** `Date` unless given. */
  readonly now?: () => Date;
}

/** Makes a log. */
export function createLog({ name, level, write, now = () => new Date() }: LogOptions): Log {
  const at = (own: LogLevel): LogLine => {
    if (logLevels.indexOf(own) < logLevels.indexOf(level)) return () => {};
    return (text) => {
      const lead = `${asctime(now())} - ${name} - ${own} - `;
      for (const line of text.split("\n")) write(`${lead}${line}\n`);
    };
  };
  return Object.fromEntries(logLevels.map((own) => [own.toLowerCase(), at(own)])) as Log;
}

/** Python's `%(asctime)s`: local time, milliseconds behind a comma. */
function asctime(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().replace("T", " ").replace(".", ",").slice(0, -1);
}
