import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { needsHelp } from "../../src/node/tier-up.ts";

const room = fileURLToPath(new URL("../../src/node/tier-up.ts", import.meta.url));

/** How often a function runs before V8 compiles it with its optimizing compiler. */
function runsUntilCompiled(preparation: string): number {
  const script = `${preparation}
    function sum(from) { let sum = from; for (let i = 0; i < 20; i++) sum += i; return sum; }
    let runs = 0;
    while ((%GetOptimizationStatus(sum) & 16) === 0 && runs < 1e6) { sum(runs); runs++; }
    console.log(runs);`;
  const flags = ["--allow-natives-syntax", "--no-concurrent-recompilation", "--no-use-osr"];
  const args = [...flags, "--import", "tsx", "--input-type=module", "-e", script];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

it("compiles in less than half the runs where V8 needs that, and changes nothing elsewhere", () => {
  const sooner = runsUntilCompiled(
    `const { compileSooner } = await import(${JSON.stringify(room)}); await compileSooner();`,
  );
  const usually = runsUntilCompiled("");
  expect(usually).toBeGreaterThan(10);
  expect(usually).toBeLessThan(1e6);
  if (needsHelp(process.versions)) expect(sooner).toBeLessThan(usually / 2);
  else expect(sooner).toBe(usually);
});

it.each([
  ["Node 20", { node: "20.20.2", v8: "11.3.244.8-node.38" }, true],
  ["Node 22", { node: "22.12.0", v8: "12.4.254.21-node.21" }, false],
  ["Node 24", { node: "24.21.0", v8: "13.6.233.17-node.37" }, false],
  ["Bun", { node: "24.3.0", v8: "13.6.233.10-node.18", bun: "1.4.5" }, false],
  ["Bun of Node 20's time", { node: "20.8.0", v8: "11.3.244.8-node.15", bun: "1.0.0" }, false],
  ["Deno", { node: "20.11.1", v8: "11.3.244.8", deno: "1.46.0" }, false],
])("%s needs help: %o: %s", (_, versions, isHelped) => {
  expect(needsHelp(versions as unknown as NodeJS.ProcessVersions)).toBe(isHelped);
});
