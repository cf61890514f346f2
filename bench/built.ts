/**
 * The built library: benches measure what is shipped, not what tsx makes of the sources. Not imported by its path, so
 * that the type check needs no build.
 */

interface Modules {
  "ssh/table": typeof import("../src/ssh/table.ts");
  "ssh/algorithms/chacha-kernel/cipher": typeof import("../src/ssh/algorithms/chacha-kernel/cipher.ts");
  "ssh/client": typeof import("../src/ssh/client.ts");
  "ssh/connect": typeof import("../src/ssh/connect.ts");
  "ssh/packet": typeof import("../src/ssh/packet.ts");
  "ssh/random-bytes": typeof import("../src/ssh/random-bytes.ts");
  "node/platform": typeof import("../src/node/platform.ts");
  "node/tcp": typeof import("../src/node/tcp.ts");
}

/** A module of dist/. Needs `npm run build` to have run. */
export async function built<Name extends keyof Modules>(name: Name): Promise<Modules[Name]> {
  return import(new URL(`../dist/${name}.js`, import.meta.url).href);
}
