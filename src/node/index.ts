/** The face of what is Node's: re-exports, and a connection over TCP in one call. */
import { connect } from "../ssh/connect.ts";
import type { ConnectOptions, SshConnection } from "../ssh/connection.ts";
import { loadPlatform } from "./platform.ts";
import { dial } from "./tcp.ts";
import { knownHostsTrust } from "./trust.ts";

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

/** As ConnectOptions; `verifyHostKey` is done by ssh's own known_hosts files, `table` is what `loadPlatform` gives unless given. */
export type TcpConnectOptions = Omit<ConnectOptions, "verifyHostKey"> &
  Partial<Pick<ConnectOptions, "verifyHostKey">> & {
    readonly host: string;
    /** 22 unless given. */
    readonly port?: number;
  };

/** Connects to an SSH server over TCP. @throws DialError, FileError, and what `connect` throws */
export async function connectTcp({ host, port = 22, ...options }: TcpConnectOptions): Promise<SshConnection> {
  const { verifyHostKey, hostKeyAlgorithms } = options;
  const trust = verifyHostKey === undefined ? await knownHostsTrust({ host, port }) : { verifyHostKey };
  const offer = hostKeyAlgorithms === undefined ? {} : { hostKeyAlgorithms };
  const socket = await dial(host, port, options.signal === undefined ? {} : { signal: options.signal });
  const { table } = await loadPlatform();
  return connect(socket, { table, ...options, ...trust, ...offer });
}
