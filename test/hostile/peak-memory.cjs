/** Loaded before the command (`node --require`): writes the process's peak of memory, in KiB, where the test reads it. */
const { writeFileSync } = require("node:fs");

process.on("exit", () => writeFileSync(process.env.HOSTILE_PEAK_FILE, String(process.resourceUsage().maxRSS)));
