import { expect, it } from "vitest";
import { sayingOnce } from "../../src/cli/said-once.ts";
import { createLog, type LogLevel } from "../../src/node/log.ts";

function told(level: LogLevel): { log: ReturnType<typeof sayingOnce>; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): number => lines.push(line.replace(/^.* - log - /, ""));
  return { log: sayingOnce(createLog({ name: "log", level, write })), lines };
}

it("says a banner whole, whatever lines come again in it, and at the next login not at all", () => {
  const { log, lines } = told("INFO");
  log.info("****\nhello\n****");
  log.info("****\nhello\n****");
  expect(lines).toEqual(["INFO - ****\n", "INFO - hello\n", "INFO - ****\n"]);
});

it("says at DEBUG what was said before", () => {
  const { log, lines } = told("DEBUG");
  log.warning("careful");
  log.warning("careful");
  expect(lines).toEqual(["WARNING - careful\n", "DEBUG - careful\n"]);
});

it("remembers 256 Ki of text, then begins anew", () => {
  const { log, lines } = told("INFO");
  log.info("a");
  log.info("b".repeat(256 * 1024 - 1));
  log.info("a");
  expect(lines).toHaveLength(2);
  log.info("c");
  log.info("a");
  expect(lines.slice(2)).toEqual(["INFO - c\n", "INFO - a\n"]);
});
