import { describe, expect, it } from "vitest";
import { createLog, type Log, type LogLevel, logLevels } from "../../src/node/log.ts";

const at = new Date(2026, 10, 22, 12, 1, 5, 7);

function logged(level: LogLevel, use: (log: Log) => void): string[] {
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  use(createLog({ name: "mcp_ssh_client.transport", level, write, now: () => at }));
  return lines;
}

const all = (log: Log): void => {
  log.debug("d");
  log.info("i");
  log.warning("w");
  log.error("e");
  log.critical("c");
};

describe("the log", () => {
  it("writes lines as Python's logging does, in local time", () => {
    expect(logged("INFO", (log) => log.info("text"))).toEqual([
      "2026-11-22 12:01:05,007 - mcp_ssh_client.transport - INFO - text\n",
    ]);
  });

  it.each(logLevels.map((level, i) => [level, logLevels.length - i] as const))(
    "at %s writes %i of five",
    (level, n) => {
      expect(logged(level, all)).toHaveLength(n);
    },
  );

  it("gives each line of a text a line of its own", () => {
    const lines = logged("DEBUG", (log) => log.error("one\ntwo"));
    expect(lines.map((line) => line.slice(24))).toEqual([
      "- mcp_ssh_client.transport - ERROR - one\n",
      "- mcp_ssh_client.transport - ERROR - two\n",
    ]);
  });
});
