/**
 * The entry for the MCP registry, against the registry's own schema. `registry-server-2025-12-11.schema.json` is what stands
 * at its `$id`, as the PyPI package skillsaw 0.22.0 carries it.
 */
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { flagRows } from "../../src/cli/flags.ts";

interface Package {
  readonly registryType: string;
  readonly identifier: string;
  readonly version?: string;
  readonly packageArguments?: readonly { readonly name: string }[];
}

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const entry = readJson("server.json");
const manifest = readJson("package.json");
const packages: readonly Package[] = entry.packages;

describe("the entry for the MCP registry", () => {
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const isValid = ajv.compile(readJson("test/vectors/registry-server-2025-12-11.schema.json"));
  const faults = (value: unknown) => (isValid(value) ? [] : isValid.errors);

  test("is valid, and names the schema that says so", () => {
    expect(faults(entry)).toEqual([]);
    expect(isValid.schema).toHaveProperty("$id", entry.$schema);
    expect(faults({ ...entry, description: "x".repeat(101) })).not.toEqual([]);
  });

  test("is still valid with the packages that docs/releasing.md adds", () => {
    const [, block = ""] = /```json\n([\s\S]*?)```/.exec(readFileSync("docs/releasing.md", "utf8")) ?? [];
    const added: readonly Package[] = JSON.parse(block);
    expect(added.map(({ registryType }) => registryType)).toEqual(["mcpb", "oci"]);
    expect(faults({ ...entry, packages: [...packages, ...added] })).toEqual([]);
  });

  test("has the package's name and version", () => {
    expect(entry.version).toBe(manifest.version);
    expect(packages.map(({ identifier, version }) => [identifier, version])).toEqual([
      [manifest.name, manifest.version],
    ]);
  });

  test("names flags that there are", () => {
    const named = packages.flatMap(({ packageArguments = [] }) => packageArguments.map(({ name }) => name));
    const flags = flagRows.map(({ flag }) => flag);
    expect(named.filter((name) => !flags.includes(name))).toEqual([]);
  });

  test("proves that the npm package is ours, once it has a name that is", () => {
    const isPlaceholder = entry.name.startsWith("com.example/");
    expect(manifest.mcpName).toBe(isPlaceholder ? undefined : entry.name);
  });
});
