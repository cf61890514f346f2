/** The programs that stand in for others, by their paths. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const support = join(dirname(fileURLToPath(import.meta.url)), "..", "support");

/** A remote MCP server that keeps a book. */
export const ledgerServer: string = join(support, "ledger-server.mjs");

/** A ProxyCommand. */
export const relay: string = join(support, "relay.mjs");
