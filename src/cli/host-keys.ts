/**
 * Host keys: what becomes of the server's list of them, where the user asked for it. Waits for the session, which must
 * not wait for this.
 */
import type { HostKeyUpdateOptions } from "../node/host-key-update.ts";
import type { HostKey, Notice, SshConnection } from "../ssh/connection.ts";
import { describeInternal } from "./failure.ts";

type HostKeysNotice = Extract<Notice, { readonly type: "host-keys" }>;

export class HostKeyFollower {
  readonly #options: HostKeyUpdateOptions;
  #keys: readonly HostKey[] | undefined;
  #connection: SshConnection | undefined;

  constructor(options: HostKeyUpdateOptions) {
    this.#options = options;
  }

  /** The server's list has come. */
  listed({ keys, fault }: HostKeysNotice): void {
    if (fault !== undefined) {
      this.#options.log.warning(`the server's list of its host keys is not believed: ${fault}`);
      return;
    }
    this.#keys = keys;
    this.#follow();
  }

  /** The session is open. */
  opened(connection: SshConnection): void {
    this.#connection = connection;
    this.#follow();
  }

  #follow(): void {
    const [connection, keys, options] = [this.#connection, this.#keys, this.#options];
    if (connection === undefined || keys === undefined) return;
    import("../node/host-key-update.ts")
      .then(({ updateHostKeys }) => updateHostKeys(connection, keys, options))
      .catch((error) => options.log.warning(describeInternal(error)));
  }
}
