/**
 * `npm run sbom`: a CycloneDX list of what is in the package, on stdout: the packages that the command holds a part of or
 * that the library imports, with the versions and hashes of the lockfile, and what made the files. The same for the same
 * source: no time, no random number.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { bundle } from "./bundle.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const manifestOf = (name: string): Manifest => readJson(`node_modules/${name}/package.json`) as Manifest;
const locked = (readJson("package-lock.json") as { packages: Record<string, { integrity?: string }> }).packages;

const own = readJson("package.json") as Manifest;
const { text, metafile } = await bundle();

/** The packages whose code stands in the command. */
const bundledPackages = new Set(
  Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1] ?? []),
);
const imported = Object.keys(own.dependencies ?? {});
const names = [...new Set([...bundledPackages, ...imported])].sort();

const purl = ({ name, version }: Manifest): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;
const licenses = ({ license }: Manifest) => [{ license: { id: license } }];
const dependsOn = (manifest: Manifest): readonly string[] =>
  Object.keys(manifest.dependencies ?? {})
    .filter((name) => names.includes(name))
    .map((name) => purl(manifestOf(name)));

function component(name: string) {
  const manifest = manifestOf(name);
  const [, hash = ""] = /^sha512-(.+)$/.exec(locked[`node_modules/${name}`]?.integrity ?? "") ?? [];
  return {
    type: "library",
    "bom-ref": purl(manifest),
    name,
    version: manifest.version,
    licenses: licenses(manifest),
    purl: purl(manifest),
    hashes: [{ alg: "SHA-512", content: Buffer.from(hash, "base64").toString("hex") }],
    properties: [
      { name: "mcp-ssh-client:bundled", value: String(bundledPackages.has(name)) },
      { name: "mcp-ssh-client:imported", value: String(imported.includes(name)) },
    ],
  };
}

const tools = ["esbuild", "typescript"].map((name) => ({
  type: "application",
  name,
  version: manifestOf(name).version,
}));
const command = {
  type: "file",
  "bom-ref": "dist/mcp-ssh-client.js",
  name: "dist/mcp-ssh-client.js",
  hashes: [{ alg: "SHA-256", content: createHash("sha256").update(text).digest("hex") }],
};
const bom = {
  $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    tools: { components: tools },
    component: {
      type: "application",
      "bom-ref": purl(own),
      name: own.name,
      version: own.version,
      licenses: licenses(own),
      purl: purl(own),
      components: [command],
    },
  },
  components: names.map(component),
  dependencies: [
    { ref: purl(own), dependsOn: names.map((name) => purl(manifestOf(name))) },
    ...names.map((name) => ({ ref: purl(manifestOf(name)), dependsOn: dependsOn(manifestOf(name)) })),
  ],
};
process.stdout.write(`${JSON.stringify(bom, undefined, 2)}\n`);
