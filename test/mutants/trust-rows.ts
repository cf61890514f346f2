/** Faults in trust: who is believed to be the host, and what is written of that. */
import type { Mutant } from "./mutant.ts";

export const trustRows: readonly Mutant[] = [
  {
    id: "known-hosts-order-ignores-negation",
    file: "src/ssh/known-hosts.ts",
    find: "const others = entries.filter((entry) => !isBest(entry) && isFor(entry.hosts, name));",
    replace: "const others = entries.filter((entry) => !isBest(entry));",
    why: "another host's RSA key makes this one show its RSA key, which is not known",
    caughtBy: { file: "test/ssh/known-hosts.test.ts", test: "RSA, but not this host" },
  },
  {
    id: "known-hosts-order-tells-friends",
    file: "src/ssh/known-hosts.ts",
    find: "if (known.has(best)) return offered;",
    replace: "if (known.has(best) && known.size === 1 && offered.length === 1) return offered;",
    why: "a certificate's name moves behind its key's for those who know the key: the network tells them from strangers (CVE-2020-14145)",
    caughtBy: { file: "test/ssh/known-hosts.test.ts", test: "as to a stranger, certificates first" },
  },
  {
    id: "known-hosts-order-by-revoked",
    file: "src/ssh/known-hosts.ts",
    find: '.filter(({ marker }) => marker !== "revoked");',
    replace: '.filter(({ marker }) => marker !== "");',
    why: "a revoked key's type is asked for, as if it were an authority's",
    caughtBy: { file: "test/ssh/known-hosts.test.ts", test: "only what is revoked, with certificates" },
  },
  {
    id: "client-host-key-algorithms-ignored",
    file: "src/ssh/client.ts",
    find: "table: withHostKeys(options.table ?? table, options.hostKeyAlgorithms),",
    replace: "table: options.table ?? table,",
    why: "a host whose RSA key is known shows its ed25519 key, and people learn to ignore the alarm",
    caughtBy: { file: "test/ssh/client.test.ts", test: "are offered where" },
  },
];
