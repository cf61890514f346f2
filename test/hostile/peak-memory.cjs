/** Loaded before the command (`node --require`): writes the process's peak of memory, in KiB, where the test reads it. */
const { existsSync, readFileSync, writeFileSync } = require("node:fs");

const status = "/proc/self/status";

/** Linux has `maxRSS` begin with what the process that started this one weighed, and VmHWM with nothing. */
function peak() {
  if (!existsSync(status)) return process.resourceUsage().maxRSS;
  return /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))[1];
}

process.on("exit", () => writeFileSync(process.env.HOSTILE_PEAK_FILE, String(peak())));
