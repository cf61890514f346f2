/**
 * `npm run fuzz -- [MINUTES] [PART...]`: the properties with a fresh seed, each for its share of the minutes (3 unless
 * given), those in files whose name holds a PART or all. Ends at the first failure of each property, which prints the seed
 * and the path to keep; FUZZ_SEED gives a run its seed again.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL(".", import.meta.url);
const [first, ...others] = process.argv.slice(2);
const isNumber = first !== undefined && /^\d+(\.\d+)?$/.test(first);
const minutes = isNumber ? Number(first) : 3;
const parts = isNumber || first === undefined ? others : [first, ...others];

const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts") && (parts.length === 0 || parts.some((part) => name.includes(part))))
  .map((name) => ({ name, count: readFileSync(new URL(name, folder), "utf8").match(/^ *property\(/gm)?.length ?? 0 }));
const count = files.reduce((sum, file) => sum + file.count, 0);
if (count === 0) {
  console.error("no property there");
  process.exit(2);
}
const seed = process.env["FUZZ_SEED"] ?? String(randomInt(2 ** 31));
const time = Math.round((minutes * 60_000) / count);
console.log(`FUZZ_SEED=${seed}: ${count} properties, ${time / 1000} s each`);

const paths = files.map(({ name }) => `test/fuzz/${name}`);
const vitest = spawn("npx", ["vitest", "run", "--no-file-parallelism", ...paths], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_SEED: seed, FUZZ_TIME: String(time) },
});
/** A loop without end does not heed vitest's own times: what is not over by then never will be. */
const patience = minutes * 60_000 * 2 + 180_000;
const watchdog = setTimeout(() => {
  console.error(`no end after ${Math.round(patience / 60_000)} minutes: something stalls (FUZZ_SEED=${seed})`);
  vitest.kill("SIGKILL");
}, patience);
vitest.on("exit", (code) => {
  clearTimeout(watchdog);
  process.exitCode = code ?? 1;
});
