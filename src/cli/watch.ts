/**
 * Watch: how far the way to the remote has come, for whoever wants to know where it ends. The proxy does not.
 */
import type { KeyFile, KnownHostsFile } from "../node/files.ts";
import type { DialProgress } from "../node/tcp.ts";
import type { Signer } from "../ssh/algorithms/interfaces.ts";
import type { HostKey, Progress } from "../ssh/connection.ts";
import type { Settings } from "./settings.ts";

/** Each is told when it is reached; all of them again where another connection is needed. */
export type Reached =
  /** The keys to try and the known hosts are read; undefined where any host key will do. */
  | {
      readonly type: "ready";
      readonly keys: readonly Signer[];
      /** The key files that were read. */
      readonly files: readonly KeyFile[];
      readonly knownHosts: readonly KnownHostsFile[] | undefined;
    }
  | ({ readonly type: "dial" } & DialProgress)
  | Progress
  /** The server has shown it. */
  | { readonly type: "host-key"; readonly hostKey: HostKey }
  /** It is trusted, for that reason. */
  | { readonly type: "trusted"; readonly by: string }
  /** A variable that was asked for by a flag is not set there. */
  | { readonly type: "env-refused"; readonly name: string }
  /** The remote command was started. */
  | { readonly type: "session" };

/** `server`: the one that it is about, on the way or at its end. */
export type Watch = (reached: Reached, server: Settings) => void;
