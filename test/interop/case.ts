/** What a case of the interop suite is, and what it has to work with: types, and the few words that all cases share. */
import type { Limits, SshConnection } from "../../src/index.ts";
import type { AlgorithmTable, Signer } from "../../src/ssh/algorithms/interfaces.ts";
import type { Launch } from "../support/command.ts";
import type { Fixtures } from "./fixtures.ts";
import type { Farewell, Remote } from "./targets.ts";

/** A server that runs, whoever started it. */
export interface Site {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The path of a private key that it lets in, and its passphrase. */
  readonly clientKey: string;
  readonly passphrase?: string;
  /** The path of a known_hosts file that trusts it; ssh's own files unless given. */
  readonly knownHosts?: string;
  /** Whether chacha20-poly1305 is taken from it without strict kex, which leaves it open to Terrapin. */
  readonly allowChachaWithoutStrictKex?: boolean;
  /** How its MCP server is asked for. */
  readonly mcp?: Remote;
  /** How it is brought to end the connection by a DISCONNECT; by wrong keys unless given. */
  readonly farewell?: Farewell;
  /** The port of its key server, plain HTTP. */
  readonly keyServerPort?: number;
  /** The keys of the suite, where the server holds and knows them. */
  readonly fixtures?: Fixtures;
}

/** What a site must have for a case to run. */
export type Need = "fixtures" | "mcp" | "keyServerPort";

export interface Case {
  /** As in `exit-status` or `kex:curve25519-sha256`. */
  readonly id: string;
  /** What holds where it passes. */
  readonly sentence: string;
  readonly needs?: readonly Need[];
  /** Runs only where a target names it: it is about one server's configuration. */
  readonly isSpecial?: boolean;
  /** How long it may take, in seconds; 60 unless given. */
  readonly seconds?: number;
  /**
   * Throws where something else came back than should. Resolves to a word for the report, or to nothing.
   * @throws NotOffered where the server has no such algorithm, NotRun
   */
  readonly run: (visit: Visit) => Promise<string | undefined>;
}

/** One case's visit to a site: what it opens is closed behind it. */
export interface Visit {
  readonly site: Site;
  /** Connects, with the site's user, key and trust unless said otherwise. */
  connect(changes?: Changes): Promise<Login>;
  /** The built command with the flags that reach this site, and these. `without`: flags of those to leave out. */
  command(flags: readonly string[], without?: readonly string[]): Launch;
  /** Called when the case is over, however it ended. */
  afterwards(end: () => unknown): void;
  /** The keys of the suite. @throws Error where the site has none, which `needs` rules out */
  fixtures(): Fixtures;
}

export interface Changes {
  readonly user?: string;
  readonly keys?: readonly Signer[];
  readonly knownHosts?: string;
  /** All algorithms unless given. */
  readonly table?: AlgorithmTable;
  readonly hostKeyAlgorithms?: readonly string[];
  readonly limits?: Partial<Limits>;
}

export interface Login {
  readonly connection: SshConnection;
  readonly heard: Heard;
}

/** What a connection told while it lived. */
export interface Heard {
  /** The library's own trace: names and sizes of messages. */
  readonly traces: readonly string[];
  readonly banner: readonly string[];
  /** As in `publickey ssh-ed25519 SHA256:...`. */
  readonly authenticatedBy: string;
  readonly refusedEnv: readonly string[];
  readonly negotiated: Readonly<Record<string, string | boolean>>;
  /** The lists of the server's KEXINIT, the first one, by their names in RFC 4253 §7.1. */
  offer(): Readonly<Record<string, readonly string[]>>;
  /** How many messages of that name came, as in `SSH_MSG_KEXINIT`. */
  received(name: string): number;
  sent(name: string): number;
}

/** What the case asks is none of this site's business, for the reason given. */
export class NotRun extends Error {
  override readonly name = "NotRun";
}

/** The server's KEXINIT does not name it. */
export class NotOffered extends Error {
  override readonly name = "NotOffered";
}
