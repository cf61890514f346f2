/** The list of what is in the package. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "./run.ts";

interface Bom {
  readonly metadata: { readonly component: { readonly components: readonly Component[] } };
  readonly components: readonly Component[];
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly { readonly content: string }[];
}

describe("the SBOM", () => {
  let text: string;
  let bom: Bom;
  beforeAll(async () => {
    text = await run("npx", ["tsx", "packaging/sbom.ts"]);
    bom = JSON.parse(text);
  });

  test("is CycloneDX 1.6", async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(text)).toBeNull();
  });

  test("names every package that the command holds a part of, and every dependency, by its exact version", () => {
    const named = readFileSync("dist/mcp-ssh-client.js", "utf8").matchAll(
      /^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm,
    );
    const dependencies = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).dependencies);
    const expected = [...new Set([...[...named].map(([, name = ""]) => name), ...dependencies])].sort();
    expect(bom.components.map(({ name }) => name)).toEqual(expected);
    const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
    for (const { name, version, hashes } of bom.components) {
      const { version: locked, integrity } = packages[`node_modules/${name}`];
      expect(version).toBe(locked);
      expect(`sha512-${Buffer.from(hashes[0]?.content ?? "", "hex").toString("base64")}`).toBe(integrity);
    }
  });

  test("has the hash of the command that was built", () => {
    const hash = createHash("sha256").update(readFileSync("dist/mcp-ssh-client.js")).digest("hex");
    expect(bom.metadata.component.components[0]?.hashes[0]?.content).toBe(hash);
  });
});
