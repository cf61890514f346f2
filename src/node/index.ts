/** The face of what is Node's: re-exports, and a connection over TCP in one call. */
import type { ConnectOptions, SshConnection } from "../ssh/connection.ts";
import { loadPlatform, platformRandomBytes } from "./platform.ts";
import { dial } from "./tcp.ts";
import { knownHostsTrust, type TrustOptions } from "./trust.ts";
import { connectTrusted } from "./trusted-connect.ts";

export { Agent, type AgentOptions } from "./agent.ts";
export { FileError } from "./files.ts";
export { type HostKeyPin, parseHostKeyPin } from "./host-key-pin.ts";
export { agentPath } from "./key-choices.ts";
export { type CreatedKey, createKey, type KeyCreation } from "./key-creation.ts";
export { type KeyOptions, loadPrivateKey } from "./keys.ts";
export { rememberHostKey } from "./known-hosts-file.ts";
export { loadPlatform, type Platform } from "./platform.ts";
export { type ScanOptions, scanHostKeys } from "./scan-host-keys.ts";
export { DialError, type DialOptions, dial, type Lookup } from "./tcp.ts";
export { type HostTrust, knownHostsTrust, type TrustOptions } from "./trust.ts";

/**
 * As ConnectOptions; the host key is judged by ssh's own known_hosts files, or as `trust` says, unless `verifyHostKey` is
 * given; `table` is what `loadPlatform` gives unless given.
 */
export type TcpConnectOptions = Omit<ConnectOptions, "verifyHostKey"> &
  Partial<Pick<ConnectOptions, "verifyHostKey">> & {
    readonly host: string;
    /** 22 unless given. */
    readonly port?: number;
    /** Pins, other files, what becomes of unknown keys. */
    readonly trust?: Omit<TrustOptions, "host" | "port">;
  };

/** Connects to an SSH server over TCP. @throws DialError, FileError, and what `connect` throws */
export async function connectTcp(options: TcpConnectOptions): Promise<SshConnection> {
  const { host, port = 22, trust: asked, verifyHostKey, ...rest } = options;
  // who judges by himself leaves it to the table which keys are offered
  const trust = verifyHostKey
    ? { verifyHostKey, otherHostKeyAlgorithms: () => [] }
    : await knownHostsTrust({ host, port, ...asked });
  const open = () => dial(host, port, { signal: rest.signal });
  const { table } = await loadPlatform();
  const { otherHostKeyAlgorithms, ...judged } = trust;
  return connectTrusted(
    open,
    { table, randomBytes: platformRandomBytes(), ...judged, ...rest },
    { otherHostKeyAlgorithms },
    () => undefined,
  );
}
